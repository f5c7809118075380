/** The worklist: one thing is open in one row at a time, and the focus follows what was opened. */

const list = document.getElementById("due");

list.addEventListener(
  "toggle",
  ({ target }) => {
    if (!target.matches("details[open]")) return;
    for (const other of list.querySelectorAll("details.due-fold[open]")) {
      if (other !== target) other.open = false;
    }
    for (const more of list.querySelectorAll(".due-more")) more.replaceChildren();
    target.querySelector("[data-fold-focus]")?.focus();
  },
  { capture: true },
);

document.addEventListener("htmx:afterSettle", ({ target, detail }) => {
  if (!target.matches?.(".due-more")) return;
  for (const fold of target.closest(".due").querySelectorAll("details[open]")) fold.open = false;
  if (detail.requestConfig.verb === "get") target.querySelector(".three-date")?.focus();
  else target.querySelector("[tabindex='-1']")?.focus();
});
