/**
 * The session record: saved as it is filled in, findings beside it, timers for the cream.
 *
 * One save is under way at a time; what is typed meanwhile goes with the next one. The server's answer
 * carries whole parts of the page, each put where its id stands. After a conflict nothing is saved
 * until a person has chosen.
 */

import { toast } from "./toast.js";

const PAUSE = 700; // after the last change, in milliseconds
const RETRY = 5000;
const TICK = 5000;

const form = document.getElementById("record-form");
let timer = 0;
let saving = null; // the promise of the save under way
let again = false;
let edited = false;
let paused = document.querySelector("#conflict .conflict") !== null;

const byId = (id) => document.getElementById(id);
const say = (text) => {
  byId("saved-at").textContent = text;
};

/** Put parts of the answer in place; keep reasons that are being typed. */
function place(html) {
  const parts = new DOMParser().parseFromString(html, "text/html");
  const typed = new Map();
  for (const input of document.querySelectorAll("#findings [data-finding]")) {
    if (input.value) typed.set(input.dataset.finding, input.value);
  }
  const focused = document.activeElement?.dataset?.finding;
  const openNotes = document.querySelector("#findings details[open]") !== null;
  for (const part of [...parts.body.children]) {
    if (part.id) byId(part.id)?.replaceWith(document.importNode(part, true));
  }
  for (const input of document.querySelectorAll("#findings [data-finding]")) {
    input.value = typed.get(input.dataset.finding) ?? "";
    if (input.dataset.finding === focused) input.focus();
  }
  if (openNotes) document.querySelector("#findings details")?.setAttribute("open", "");
  tick();
}

/** Sentences beside the fields they speak of. */
function showFaults() {
  for (const old of form.querySelectorAll("[data-fault]")) old.remove();
  for (const bad of form.querySelectorAll(".is-invalid, .is-invalid-group")) {
    bad.classList.remove("is-invalid", "is-invalid-group");
    bad.removeAttribute("aria-invalid");
  }
  for (const { dataset, textContent } of byId("faults").children) {
    const field = byId(dataset.for) ?? byId(`${dataset.for}_0`);
    const box = byId(`div_${dataset.for}`) ?? field?.parentElement;
    if (!box) continue;
    const note = document.createElement("div");
    note.className = "invalid-feedback";
    note.id = `${dataset.for}_fault`;
    note.dataset.fault = "";
    note.textContent = textContent;
    box.append(note);
    field?.classList.add("is-invalid");
    field?.setAttribute("aria-invalid", "true");
    field?.setAttribute("aria-describedby", note.id);
  }
  byId("faults").replaceChildren();
}

async function send() {
  const body = new FormData(form);
  const resolving = body.has("resolving");
  edited = false;
  say("Saving …");
  const answer = await fetch(form.dataset.saveUrl, { method: "POST", body });
  if (new URL(answer.url).pathname === document.body.dataset.loginUrl) {
    window.location.reload();
    return;
  }
  if (!answer.ok && answer.status !== 409) throw new Error(String(answer.status));
  place(await answer.text());
  if (answer.status === 409) {
    paused = true;
    say("Not saved yet: choose first");
    byId("conflict").scrollIntoView({ block: "start" });
    return;
  }
  if (!edited) delete form.dataset.dirty;
  form.elements.version.value = byId("record-state").dataset.version;
  form.elements.opened.value = byId("record-state").dataset.opened;
  byId("conflict").replaceChildren();
  if (resolving) {
    delete form.dataset.dirty;
    window.location.reload();
    return;
  }
  showFaults();
}

/** Save now; a save under way is followed by another. */
export function save() {
  window.clearTimeout(timer);
  if (paused) return Promise.resolve();
  if (saving) {
    again = true;
    return saving.then(() => (again || edited ? save() : undefined));
  }
  again = false;
  saving = send()
    .catch(() => {
      form.dataset.dirty = "1";
      edited = true;
      say("Not saved; trying again");
      timer = window.setTimeout(save, RETRY);
    })
    .finally(() => {
      saving = null;
    });
  return saving;
}

function later() {
  edited = true;
  form.dataset.dirty = "1";
  if (paused) return;
  window.clearTimeout(timer);
  timer = window.setTimeout(save, PAUSE);
}

/** The chosen cream zones' cm² from the patient's body surface, until somebody types another figure. */
function sumArea(row) {
  const areas = JSON.parse(byId("numbing").dataset.areas || "{}");
  const input = row.querySelector("[name$='-area_cm2']");
  const codes = [...row.querySelectorAll("[name$='-zone_codes']:checked")].map((box) => box.value);
  if (!input || input.dataset.typed || codes.some((code) => !(code in areas))) return;
  const sum = codes.reduce((total, code) => total + Number(areas[code]), 0);
  input.value = sum ? sum.toFixed(1).replace(/\.0$/, "") : "";
}

/** "1.5 → 1.75 mm" where the set depth is not last time's. */
function showChange(row) {
  const note = row.querySelector("[data-change]");
  const now = row.querySelector("[name$='-depth_mm']")?.value;
  const { last } = row.dataset;
  if (!note || !last) return;
  note.dataset.same ??= note.textContent;
  const differs = now !== "" && Number(now) !== Number(last);
  note.textContent = differs ? `${Number(last)} → ${Number(now)} mm` : note.dataset.same;
  row.classList.toggle("is-changed", differs);
}

function addRow(name) {
  const total = form.elements[`${name}-TOTAL_FORMS`];
  const holder = document.createElement("template");
  holder.innerHTML = byId(`blank-${name}`).innerHTML.replaceAll("__prefix__", total.value);
  total.value = Number(total.value) + 1;
  const row = holder.content.querySelector("[data-row]");
  byId(`rows-${name}`).append(row);
  row.querySelector("select, input:not([type=hidden], .btn-check[name$=DELETE])")?.focus();
}

const minutes = (from, to) => Math.floor((to - from) / 60000);

/** Minutes since the cream went on and until it has to come off; thresholds are spoken once. */
function tick() {
  for (const item of document.querySelectorAll(".timer")) {
    const { applied, alarm, removeBy, removed, name } = item.dataset;
    const start = Date.parse(applied);
    const now = removed ? Date.parse(removed) : Date.now();
    item.querySelector("[data-elapsed]").textContent = ` · ${Math.max(minutes(start, now), 0)} min`;
    if (removed || !removeBy) continue;
    const end = Date.parse(removeBy);
    const left = minutes(now, end);
    const level = now >= end ? "over" : now >= Date.parse(alarm) ? "soon" : "";
    item.classList.toggle("is-soon", level === "soon");
    item.classList.toggle("is-over", level === "over");
    speak(`${name}-${applied}-${level}`, level && (level === "over"
      ? `${name} has to come off now.` : `${name} has to come off in ${left} minutes.`));
  }
}

const spoken = new Set();
function speak(key, sentence) {
  if (!sentence || spoken.has(key)) return;
  spoken.add(key);
  byId("timer-voice").textContent = sentence;
  toast(sentence, "warning");
  if (key.endsWith("over")) save();
}

/** Steps, speeds and cartridges are the device's: after another one is chosen the page is new. */
async function onDevice() {
  await save();
  if (!paused) window.location.reload();
}

async function onAnswer(event) {
  event.preventDefault();
  event.stopPropagation();
  const answering = event.target;
  const body = new FormData(answering);
  body.append("part", "1");
  const answer = await fetch(answering.action, { method: "POST", body });
  if (answer.ok || answer.status === 422) {
    for (const input of answering.querySelectorAll("[data-finding]")) {
      if (answer.ok) input.value = "";
    }
    place(await answer.text()); // faults of fields stay as they are
  } else {
    toast(answer.status === 403 ? "You may not do this." : "Not kept. What you typed is still here; try again.", "error");
  }
}

form.addEventListener("input", ({ target }) => {
  if (target.name?.endsWith("-area_cm2")) target.dataset.typed = target.value ? "1" : "";
  const row = target.closest("[data-row]");
  if (row && target.name?.endsWith("-depth_mm")) showChange(row);
  later();
});
form.addEventListener("change", ({ target }) => {
  const row = target.closest("[data-row]");
  if (row && target.name?.endsWith("-zone_codes")) sumArea(row);
  if (target.name === "device") onDevice();
  else later();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  paused = false;
  const chosen = byId("conflict").querySelector("[data-version]") ?? byId("conflict");
  if (chosen.dataset.version) form.elements.version.value = chosen.dataset.version;
  save();
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-answer]")) onAnswer(event);
}, { capture: true });
document.addEventListener("click", (event) => {
  const adding = event.target.closest("[data-add]");
  if (!adding) return;
  event.preventDefault();
  addRow(adding.dataset.add);
});
byId("to-sign").addEventListener("click", async (event) => {
  event.preventDefault();
  await save();
  if (!paused && !edited) window.location.assign(byId("to-sign").href);
});
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden" && form.dataset.dirty) save();
});

for (const row of form.querySelectorAll("[data-row]")) {
  showChange(row);
  for (const input of row.querySelectorAll("[name$='-area_cm2']")) {
    if (input.value) input.dataset.typed = "";
  }
}
/** A link to what is missing leads to its field. */
function focusNamed() {
  if (!window.location.hash.startsWith("#div_")) return;
  byId(window.location.hash.slice(1))?.querySelector("input, select")?.focus({ preventScroll: true });
}
window.addEventListener("hashchange", focusNamed);
focusNamed();
window.setInterval(tick, TICK);
tick();
