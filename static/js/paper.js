/** A page made for paper: its button opens the browser's print dialog. */

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-print]")) window.print();
});
