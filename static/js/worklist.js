/** The worklist: one row's fold is open at a time, and the focus follows what was opened. */

const list = document.getElementById("due");

list.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches("details[open]")) return;
    for (const other of list.querySelectorAll("details.due-fold[open]")) {
      if (other !== target) other.open = false;
    }
    target.querySelector("input:not([type=hidden], .btn-check), button")?.focus();
  },
  { capture: true },
);

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (!target.matches?.(".due-more")) return;
  if (detail.requestConfig.verb === "get") target.querySelector(".three-date")?.focus();
  else target.querySelector("[tabindex='-1']")?.focus();
});
