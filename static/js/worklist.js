/** The worklist: a row's buttons open and close what they ask for, and the focus goes where it is. */

const list = document.getElementById("due");
const FIRST = ".three-date, input:not([type=hidden], .btn-check), button, a";

const openers = (row) => row.querySelectorAll("[hx-get]:not(.due-best)");
const rowOf = (element) => element.closest?.(".due") ?? null;

/** Say on a row's buttons which of them is open. */
function mark(row, opener) {
  for (const one of openers(row)) one.setAttribute("aria-expanded", String(one === opener));
}

function close(row) {
  const opener = row.querySelector("[aria-expanded=true]");
  row.querySelector(".due-more").replaceChildren();
  mark(row, null);
  opener?.focus();
}

/** The button of what is open closes it again. */
list.addEventListener("htmx:beforeRequest", (event) => {
  const { target } = event;
  if (!target.matches("[aria-expanded=true]")) return;
  event.preventDefault();
  close(rowOf(target));
});

list.addEventListener("keydown", (event) => {
  const more = event.key === "Escape" && event.target.closest(".due-more");
  if (more) close(rowOf(more));
});

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  const row = rowOf(target);
  if (row === target) {
    if (document.activeElement === document.body) row.querySelector("[data-row-focus]").focus();
  } else if (target.matches?.(".due-more")) {
    const { verb, elt } = detail.requestConfig;
    if (verb === "get") mark(row, elt);
    const first = ["[tabindex='-1']", "[data-fold-focus]", FIRST];
    first.map((one) => target.querySelector(one)).find(Boolean)?.focus();
  }
});
