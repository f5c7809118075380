/** Form behaviour: one submit per tap, a warning before typed text is lost, steppers, "now" buttons. */

const WAIT = 15000; // a form that never comes back is released after this long, in milliseconds

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
}

/** What a form shows is being fetched anew: sent now, it would say what stood there before. */
const isWaiting = (form) => form.closest("form.htmx-request, .htmx-dim.htmx-request") !== null;

/** A form is sent once, and as it is seen: a tap while something is on its way does nothing. */
function onSubmit(event) {
  const form = event.target;
  if (form.method !== "post" || form.dataset.guard === "off") return;
  if (form.dataset.sending || isWaiting(form)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sending = "1";
  delete form.dataset.dirty;
  event.submitter?.setAttribute("aria-busy", "true");
  window.setTimeout(() => release(form), WAIT);
}

/** `<form data-unsaved>`: leaving with typed text asks first; htmx autosave clears the mark. */
function watchUnsaved() {
  document.addEventListener("input", (event) => {
    const form = event.target.closest("form[data-unsaved]");
    if (form) form.dataset.dirty = "1";
  });
  window.addEventListener("beforeunload", (event) => {
    if (document.querySelector("form[data-unsaved][data-dirty]")) event.preventDefault();
  });
}

function limit(stepper) {
  const input = stepper.querySelector("input");
  const [less, more] = stepper.querySelectorAll("button");
  const value = input.valueAsNumber;
  less.disabled = input.disabled || (input.min !== "" && value <= Number(input.min));
  more.disabled = input.disabled || (input.max !== "" && value >= Number(input.max));
}

/** `.stepper`: the − and + buttons use the input's own min, max and step. */
function onStep(button) {
  const stepper = button.closest(".stepper");
  const input = stepper.querySelector("input");
  if (input.value === "") input.value = input.dataset.start || input.min || "0";
  else if (button.dataset.step === "up") input.stepUp();
  else input.stepDown();
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
  limit(stepper);
}

/** `<button data-now-for="id">`: put the clinic's wall time into a time input. */
function onNow(button) {
  const input = document.getElementById(button.dataset.nowFor);
  const timeZone = document.body.dataset.timeZone || undefined;
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone };
  const time = new Intl.DateTimeFormat("en-GB", clock).format(new Date());
  const day = new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date());
  input.value = input.type === "datetime-local" ? `${day}T${time}` : time;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

const limitAll = (root) => root.querySelectorAll(".stepper").forEach(limit);

/** A form that came back with faults starts at the first one. */
function goToFault(root) {
  const fault = root.querySelector(".is-invalid, .is-invalid-group input");
  fault?.closest("details")?.setAttribute("open", "");
  (fault?.matches(".stepper") ? fault.querySelector("input") : fault)?.focus();
}

/** Wire all of it, for parts that arrive later as well. */
export function watchForms() {
  document.addEventListener("submit", onSubmit, { capture: true });
  document.addEventListener("click", (event) => {
    const step = event.target.closest("[data-step]");
    const now = event.target.closest("[data-now-for]");
    if (step) onStep(step);
    if (now) onNow(now);
  });
  document.addEventListener("input", ({ target }) => {
    const stepper = target.closest(".stepper");
    if (stepper) limit(stepper);
  });
  document.addEventListener("htmx:afterRequest", ({ target, detail }) => {
    const form = target.closest?.("form");
    if (!form) return;
    release(form);
    if (detail.successful && detail.requestConfig?.verb !== "get") delete form.dataset.dirty;
  });
  document.addEventListener("htmx:load", ({ target }) => limitAll(target));
  window.addEventListener("pageshow", ({ persisted }) => {
    if (persisted) document.querySelectorAll("form[data-sending]").forEach(release);
  });
  watchUnsaved();
  limitAll(document);
  goToFault(document);
}
