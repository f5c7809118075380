/**
 * "Are you sure?" in the page's own dialog.
 *
 * `<form data-confirm="Cancel this appointment?">`, or the attribute on a submit button, a button or a link.
 * Optional: data-confirm-ok="Cancel appointment", data-confirm-tone="danger".
 */

const passed = new WeakSet();

/** Ask; resolves to true when the person agrees. */
export function ask(sentence, { ok = "Continue", tone = "primary" } = {}) {
  const dialog = document.getElementById("ask");
  const yes = dialog.querySelector("[value=yes]");
  dialog.querySelector("h2").textContent = sentence;
  yes.textContent = ok;
  yes.className = `btn btn-${tone === "danger" ? "danger" : "primary"}`;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
  });
}

const askFor = ({ dataset }) =>
  ask(dataset.confirm, { ok: dataset.confirmOk, tone: dataset.confirmTone });

async function onSubmit(event) {
  const form = event.target;
  const source = event.submitter?.dataset.confirm ? event.submitter : form;
  if (!source.dataset.confirm || passed.delete(form)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  if (await askFor(source)) {
    passed.add(form);
    form.requestSubmit(submitter);
  }
}

async function onClick(event) {
  const source = event.target.closest("[data-confirm]");
  if (!source || source.matches("form, [type=submit], button:not([type])")) return;
  if (passed.delete(source)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await askFor(source)) {
    passed.add(source);
    source.click();
  }
}

/** Listen before anything else does, htmx included. */
export function watchConfirms() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("click", onClick, { capture: true });
}
