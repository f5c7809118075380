/**
 * Booking by keyboard: arrows walk through the free times, Enter books the one in focus.
 *
 * Also: three letters and Enter open the first patient found, and a form that was filled in from a
 * protocol still asks before it is left.
 */

const SLOTS = ".slot-button";
const TYPING = "input, textarea, select, [contenteditable], dialog";
const NEXT = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 };

/** Move the focus among the times; from nowhere to the first one. */
function onArrow(event) {
  const step = NEXT[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const slots = [...document.querySelectorAll(SLOTS)];
  const at = slots.indexOf(document.activeElement);
  if (!slots.length || (at < 0 && document.activeElement.closest(`${TYPING}, a, button:not(.slots-jump button)`))) return;
  const to = at < 0 ? slots[0] : slots[Math.min(Math.max(at + step, 0), slots.length - 1)];
  event.preventDefault();
  to.focus();
}

/** "Who is it for?": Enter opens the first patient, also when the answer is still on its way. */
function watchWho() {
  const input = document.getElementById("who-q");
  const found = document.getElementById("who-found");
  if (!input) return;
  let waiting = false;
  const shown = () => found.querySelector("[data-for]")?.dataset.for.trim();
  const go = () => found.querySelector("a")?.click();
  input.form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (shown() === input.value.trim()) go();
    else waiting = true;
  });
  input.addEventListener("input", () => {
    waiting = false;
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown") return;
    event.preventDefault();
    found.querySelector("a")?.focus();
  });
  found.addEventListener("keydown", (event) => {
    const links = [...found.querySelectorAll("a")];
    const step = NEXT[event.key];
    if (!step) return;
    event.preventDefault();
    const at = links.indexOf(document.activeElement) + step;
    (at < 0 ? input : links[Math.min(at, links.length - 1)]).focus();
  });
  found.addEventListener("htmx:afterSwap", () => {
    if (waiting && shown() === input.value.trim()) go();
  });
}

/** A time was chosen for a session: its list is gone, the focus goes back to its row. */
function afterPick({ detail }) {
  const { elt } = detail.requestConfig ?? {};
  if (elt?.name !== "pick") return;
  document.getElementById(`edit-${elt.value.split(":")[0]}`)?.focus();
}

document.addEventListener("keydown", onArrow);
document.addEventListener("htmx:afterSettle", afterPick);
document.addEventListener("htmx:afterRequest", ({ target }) => {
  const form = target.closest?.("[data-prefill]")?.closest("form");
  if (form) form.dataset.dirty = "1";
});
watchWho();
