/** Short notes at the edge of the page. `toast("Saved")`, `toast("Not saved.", "error")`. */

const ICONS = {
  success: "bi-check-circle-fill",
  info: "bi-info-circle-fill",
  warning: "bi-exclamation-triangle-fill",
  error: "bi-x-octagon-fill",
};
const STAYS = new Set(["warning", "error"]); // what went wrong stays until it is closed
const MILLISECONDS = 7000;

/** Let a note go after a while, but never while a pointer or the focus rests on it. */
function fade(note) {
  let timer = window.setTimeout(() => note.remove(), MILLISECONDS);
  const hold = () => window.clearTimeout(timer);
  const release = () => {
    hold();
    timer = window.setTimeout(() => note.remove(), MILLISECONDS / 2);
  };
  note.addEventListener("pointerenter", hold);
  note.addEventListener("focusin", hold);
  note.addEventListener("pointerleave", release);
  note.addEventListener("focusout", release);
}

/**
 * Show a note.
 * @param {string} text one sentence
 * @param {"success"|"info"|"warning"|"error"} level
 */
export function toast(text, level = "success") {
  const kind = level in ICONS ? level : "info";
  const note = document.getElementById("toast-blank").content.firstElementChild.cloneNode(true);
  note.classList.add(`note-${kind}`);
  note.querySelector(".bi").classList.add(ICONS[kind]);
  note.querySelector("p").textContent = text;
  document.getElementById(kind === "error" ? "toasts-urgent" : "toasts-calm").append(note);
  if (!STAYS.has(kind)) fade(note);
}

/** Close buttons, notes the server printed, and the `toast` event of an HX-Trigger header. */
export function watchToasts() {
  const fadeAll = () => {
    for (const note of document.querySelectorAll(".note[data-fade]")) {
      delete note.dataset.fade;
      fade(note);
    }
  };
  fadeAll();
  document.addEventListener("htmx:afterSettle", fadeAll); // notes that came with a part
  document.addEventListener("click", (event) => {
    event.target.closest("[data-note-close]")?.closest(".note").remove();
  });
  document.addEventListener("toast", ({ detail }) => {
    toast(detail.text ?? detail.value ?? "", detail.level);
  });
}
