/**
 * Patient search in the top bar: arrows move, Enter opens the marked or first hit ("/" goes there:
 * keys.js).
 *
 * htmx fetches the hits. Enter pressed before they are there is remembered and honoured on arrival.
 */

const LETTERS = 3;

/** Wire the search box, if this page has one. */
export function watchQuickSearch() {
  const input = document.getElementById("quick-input");
  const results = document.getElementById("quick-results");
  if (!input) return;
  let waiting = false; // Enter was pressed, the hits are still on their way
  let shownFor = ""; // what the hits on screen answer

  const hits = () => [...results.querySelectorAll(".quick-hit")];
  const marked = () => results.querySelector("[aria-selected=true]");
  const mark = (hit) => {
    marked()?.setAttribute("aria-selected", "false");
    hit?.setAttribute("aria-selected", "true");
    hit?.scrollIntoView({ block: "nearest" });
    if (hit) input.setAttribute("aria-activedescendant", hit.id);
    else input.removeAttribute("aria-activedescendant");
  };
  const open = (yes) => {
    results.hidden = !yes;
    input.setAttribute("aria-expanded", String(yes && hits().length > 0));
    if (!yes) mark(null);
  };
  const go = (hit) => hit && window.location.assign(hit.href);

  input.addEventListener("keydown", (event) => {
    const list = hits();
    const at = list.indexOf(marked());
    if (event.key === "Escape") {
      waiting = false;
      if (results.hidden) input.blur();
      open(false);
    } else if (list.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      open(true);
      mark(list.at((at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1)) % list.length));
    } else if (event.key === "Enter" && input.value.trim().length >= LETTERS) {
      event.preventDefault();
      if (shownFor === input.value.trim()) go(marked() ?? list[0]);
      else waiting = true;
    }
  });
  input.addEventListener("input", () => {
    waiting = false;
    if (input.value.trim() === "") results.replaceChildren();
  });
  input.addEventListener("focus", () => open(true));
  results.addEventListener("htmx:afterSwap", () => {
    hits().forEach((hit, index) => {
      hit.id = `quick-hit-${index}`;
      hit.setAttribute("role", "option");
      hit.setAttribute("aria-selected", "false");
      hit.tabIndex = -1;
    });
    open(true);
    shownFor = results.querySelector("[data-for]")?.dataset.for.trim() ?? input.value.trim();
    if (waiting && shownFor === input.value.trim()) go(hits()[0]);
  });
  document.addEventListener("click", (event) => {
    if (!event.target.closest(".quick")) open(false);
  });
}
