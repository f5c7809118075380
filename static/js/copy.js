/** `<button data-copy="id">` puts the text of an element on the clipboard. */

import { toast } from "./toast.js";

/** Mark the text, so that Ctrl+C takes it where the browser keeps the clipboard to itself. */
function mark(element) {
  const range = document.createRange();
  range.selectNodeContents(element);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast("Copied.");
  } catch {
    mark(source);
    toast("The browser did not allow it. The address is marked: copy it with Ctrl+C.", "warning");
  }
});
