/** The Light / Dark / Auto buttons of the user menu: `<button data-theme-choice="dark">`. */

const stored = () => {
  try {
    return window.localStorage.getItem("theme") || "auto";
  } catch {
    return "auto";
  }
};

const show = () => {
  for (const button of document.querySelectorAll("[data-theme-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.themeChoice === stored()));
  }
};

/** Wire the buttons and show which one holds. */
export function watchTheme() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-theme-choice]");
    if (!button) return;
    event.stopPropagation(); // the menu stays open: people try both
    try {
      window.localStorage.setItem("theme", button.dataset.themeChoice);
    } catch {
      return;
    }
    document.dispatchEvent(new CustomEvent("np:theme"));
    show();
  });
  show();
}
