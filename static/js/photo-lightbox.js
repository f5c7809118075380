/** One photo, large, over the page: `<a data-lightbox data-caption="…">`; arrow keys go through a row. */

const dialog = document.getElementById("lightbox");
const image = document.getElementById("lightbox-image");
let row = [];
let at = 0;

function show() {
  const { href, dataset } = row[at];
  image.src = href;
  image.alt = dataset.caption;
  document.getElementById("lightbox-caption").textContent = dataset.caption;
  for (const button of dialog.querySelectorAll("[data-lightbox-step]")) {
    button.disabled = !row[at + Number(button.dataset.lightboxStep)];
  }
}

function step(by) {
  if (!row[at + by]) return;
  at += by;
  show();
}

function open(link) {
  row = [...(link.closest(".shelf-row") ?? link.parentElement).querySelectorAll("[data-lightbox]")];
  at = row.indexOf(link);
  show();
  dialog.showModal();
}

/** Links open here instead of a page of their own; without this script they still open. */
export function watchLightbox() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-lightbox]");
    if (link && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      open(link);
    }
  });
  dialog.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-lightbox-step]");
    if (button) step(Number(button.dataset.lightboxStep));
    else if (target === dialog || target.closest("[data-lightbox-close]")) dialog.close();
  });
  dialog.addEventListener("keydown", ({ key }) => {
    if (key === "ArrowLeft") step(-1);
    if (key === "ArrowRight") step(1);
  });
  dialog.addEventListener("close", () => image.removeAttribute("src"));
}
