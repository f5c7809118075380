/**
 * The search of the patients page: arrows move through the rows, three letters and Enter open the
 * first one. htmx fetches the rows; Enter pressed before they are there is remembered.
 */

const LETTERS = 3;
const input = document.getElementById("finder");
const rows = document.getElementById("finder-rows");
let waiting = false; // Enter was pressed, the rows are still on their way

const hits = () => [...rows.querySelectorAll(".finder-hit")];
const shownFor = () => rows.querySelector("[data-for]")?.dataset.for.trim();
const typed = () => input.value.replaceAll("\0", "").trim().slice(0, 120);

function open() {
  const hit = hits()[0];
  if (hit) window.location.assign(hit.href);
}

function move(step) {
  const list = hits();
  const at = list.indexOf(document.activeElement);
  if (at + step < 0) input.focus();
  else list[Math.min(at + step, list.length - 1)]?.focus();
}

input.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || typed().length < LETTERS) return;
  event.preventDefault();
  if (shownFor() === typed()) open();
  else waiting = true;
});
input.addEventListener("input", () => {
  waiting = false;
});
document.addEventListener("keydown", (event) => {
  const here = event.target === input || event.target.closest(".finder-hit");
  if (!here || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  event.preventDefault();
  move(event.key === "ArrowDown" ? 1 : -1);
});
rows.addEventListener("htmx:afterSwap", () => {
  if (waiting && shownFor() === typed()) open();
});
