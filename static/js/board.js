/**
 * Today's board: minutes that pass and numbing that runs out.
 *
 * Times are the server's: what this computer's clock says is only used to count on from there.
 */

const TICK = 5000; // milliseconds
const MINUTE = 60000;
let ahead = 0; // this computer's clock minus the server's

const board = () => document.getElementById("board");
const now = () => Date.now() - ahead;
const minutes = (from, to) => Math.floor((to - from) / MINUTE);

/** "45 min", "1 h 30 min". */
const length = (total) => {
  const hours = total >= 60 ? `${Math.floor(total / 60)} h` : "";
  return total % 60 || !hours ? `${hours} ${total % 60} min`.trim() : hours;
};

/** Read the server's clock from a board that has just come. */
function setClock() {
  ahead = Date.now() - Date.parse(board().dataset.now);
}

/** "18 min left", from the planned end "Time is up", 15 minutes later "15 min over". */
function countDown(span) {
  const left = Math.ceil((Date.parse(span.dataset.until) - now()) / MINUTE);
  const limit = Number(board().dataset.over);
  span.classList.toggle("is-up", left <= 0 && -left < limit);
  span.classList.toggle("is-over", -left >= limit);
  const words = left > 0 ? `${length(left)} left` : left === 0 ? "Time is up" : `${length(-left)} over`;
  if (span.querySelector("b").textContent !== words) span.querySelector("b").textContent = words;
}

function tick() {
  for (const since of board().querySelectorAll("[data-since]")) {
    since.textContent = length(Math.max(minutes(Date.parse(since.dataset.since), now()), 0));
  }
  for (const span of board().querySelectorAll("[data-until]")) countDown(span);
}

document.addEventListener("htmx:afterSettle", ({ target }) => {
  if (!board() || target.closest?.(".quick")) return;
  setClock();
  tick();
});

setClock();
tick();
window.setInterval(tick, TICK);
