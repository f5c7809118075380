/** The bar that says what was done in the diary and takes it back, for as long as it can be. */

const bar = document.getElementById("diary-undo");
let ends = 0;

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;

function tick() {
  const left = Math.ceil((ends - performance.now()) / 1000);
  if (left <= 0) {
    bar.hidden = true;
    for (const later of document.querySelectorAll("[data-after-undo]")) later.hidden = false;
    return;
  }
  bar.querySelector("#diary-undo-left").textContent = clock(left);
}

/** Show what can be taken back: `{words, seconds}`, or nothing. */
export function showUndo(undo) {
  if (!bar) return;
  bar.hidden = !undo;
  if (!undo) return;
  bar.querySelector("#diary-undo-words").textContent = undo.words;
  ends = performance.now() + undo.seconds * 1000;
  tick();
}

if (bar) {
  ends = performance.now() + Number(bar.dataset.seconds) * 1000;
  if (!bar.hidden) tick();
  window.setInterval(tick, 1000);
}
