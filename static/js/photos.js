/**
 * The photo board: each file is a request of its own, with progress, its own words and another try.
 *
 * Without this script the same form sends several files at once. Pictures are shown from memory
 * (blob:) until the server has made its small sizes; nothing is kept in the browser.
 */

import { watchLightbox } from "./photo-lightbox.js";
import { toast } from "./toast.js";

const AT_ONCE = 2; // the server decodes two at a time; more would only wait there
const WORDS = {
  waiting: ["bi-hourglass", "Waiting"],
  sending: ["bi-arrow-up-circle", "Sending"],
  reading: ["bi-gear", "Being read and cleaned"],
  stored: ["bi-check-circle-fill", "Stored"],
  known: ["bi-info-circle-fill", "Already on file"],
  refused: ["bi-x-octagon-fill", ""],
  failed: ["bi-wifi-off", "Not sent. Check the connection."],
  barred: ["bi-shield-lock", "Waits for the patient's permission."],
};
const OVER = new Set(["stored", "known", "refused", "failed", "barred"]);
const SIGNED_OUT = "You were signed out. Reload the page and add this photo again.";
const SHOWN_AS_IS = new Set(["image/jpeg", "image/png", "image/webp"]);

const form = document.getElementById("photo-upload");
const tray = document.getElementById("photo-tray");
const list = document.getElementById("photo-tray-list");
const items = [];
const blobs = new Map(); // photo key -> blob: address, for the gallery

const permit = document.getElementById("id_permit"); // not there where the patient permits photos

const chosenView = () => form.querySelector("input[name=view]:checked");

function tell(item, state, sentence = "") {
  const [icon, word] = WORDS[state];
  const { row } = item;
  item.state = state;
  row.dataset.state = state;
  row.querySelector(".tray-state .bi").className = `bi ${icon}`;
  row.querySelector(".tray-state span").textContent = sentence || word;
  row.querySelector("progress").hidden = state !== "sending" && state !== "waiting";
  row.querySelector("[data-tray=retry]").hidden = state !== "failed" && state !== "barred";
  row.querySelector("[data-tray=view]").hidden = state === "refused";
  row.querySelector("[data-tray=view]").disabled = state === "reading";
  row.querySelector("[data-tray=remove]").hidden = !OVER.has(state) && state !== "waiting";
  count();
}

function count() {
  const count = (wanted) => items.filter(({ state }) => state === wanted).length;
  const [stored, known, refused] = ["stored", "known", "refused"].map(count);
  const failed = items.filter(({ state }) => state === "failed").length;
  const parts = [`${stored} of ${items.length} stored`];
  if (known) parts.push(`${known} already on file`);
  if (refused) parts.push(`${refused} refused`);
  if (failed) parts.push(`${failed} not sent`);
  const barred = items.filter(({ state }) => state === "barred").length;
  if (barred) parts.push(`${barred} waiting for permission`);
  document.getElementById("photo-tray-count").textContent = parts.join(", ");
  document.getElementById("photo-tray-clear").hidden = !(stored + known);
  tray.hidden = !items.length;
}

function picture(item) {
  if (!SHOWN_AS_IS.has(item.file.type)) return; // HEIC: most browsers cannot draw it
  item.blob = URL.createObjectURL(item.file);
  const image = item.row.querySelector(".tray-picture img");
  image.addEventListener("load", () => {
    image.hidden = false;
  });
  image.src = item.blob;
}

function add(file) {
  const row = document.getElementById("photo-tray-blank").content.firstElementChild.cloneNode(true);
  const item = { file, row, key: "", blob: "", state: "waiting" };
  row.querySelector(".tray-name").textContent = file.name;
  row.querySelector("[data-tray=view]").value = chosenView()?.value ?? "";
  row.querySelector("[data-tray=view]").addEventListener("change", () => sort(item));
  row.querySelector("[data-tray=retry]").addEventListener("click", () => again(item));
  row.querySelector("[data-tray=remove]").addEventListener("click", () => remove(item));
  items.push(item);
  list.append(row);
  tell(item, "waiting");
  if (file.size > Number(form.dataset.maxBytes)) {
    const megabytes = Math.floor(Number(form.dataset.maxBytes) / 1024 ** 2);
    tell(item, "refused", `This file is larger than ${megabytes} MB. Choose a smaller photo.`);
    return;
  }
  picture(item);
}

function remove(item) {
  item.row.remove();
  items.splice(items.indexOf(item), 1);
  if (item.blob && !item.key) URL.revokeObjectURL(item.blob);
  count();
}

function again(item) {
  tell(item, "waiting");
  pump();
}

/** Send what waits, a few at a time. */
function pump() {
  const busy = items.filter(({ state }) => state === "sending" || state === "reading").length;
  for (const item of items.filter(({ state }) => state === "waiting").slice(0, AT_ONCE - busy)) {
    send(item);
  }
}

function body(item) {
  const data = new FormData();
  item.sentView = item.row.querySelector("[data-tray=view]").value;
  data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
  data.append("files", item.file, item.file.name);
  data.append("view", item.sentView);
  data.append("session", form.elements.session.value);
  data.append("taken_on", form.elements.taken_on.value);
  if (permit?.checked) data.append("permit", permit.value);
  return data;
}

function isSignedOut({ status, responseURL }) {
  return status === 403 || new URL(responseURL).pathname === document.body.dataset.loginUrl;
}

function send(item) {
  const xhr = new XMLHttpRequest();
  const bar = item.row.querySelector("progress");
  bar.value = 0;
  tell(item, "sending");
  xhr.open("POST", form.action);
  xhr.responseType = "json";
  xhr.setRequestHeader("Accept", "application/json");
  xhr.upload.addEventListener("progress", ({ loaded, total }) => {
    bar.value = (100 * loaded) / total;
  });
  xhr.upload.addEventListener("load", () => tell(item, "reading"));
  xhr.addEventListener("load", () => {
    const answer = isSignedOut(xhr) ? { sentence: SIGNED_OUT } : xhr.response;
    answered(item, xhr.status, answer);
  });
  xhr.addEventListener("error", () => answered(item, 0, null));
  xhr.send(body(item));
}

function answered(item, status, answer) {
  if (answer?.key) {
    item.key = answer.key;
    item.editUrl = answer.edit_url;
    if (item.blob) blobs.set(item.key, item.blob);
    const view = item.row.querySelector("[data-tray=view]");
    if (status !== 201) view.value = answer.view; // where it was put when it first came in
    else if (view.value !== item.sentView) sort(item);
    tell(item, status === 201 ? "stored" : "known", answer.sentence);
    permitted();
  } else if (status === 409 && answer?.sentence) tell(item, "barred", answer.sentence);
  else if (status === 422 && answer?.sentence) tell(item, "refused", answer.sentence);
  else tell(item, "failed", answer?.sentence ?? "");
  pump();
  if (items.every(({ state }) => OVER.has(state))) refresh();
}

function refresh() {
  const gallery = document.getElementById("gallery");
  window.htmx.ajax("GET", gallery.dataset.url, { target: "#gallery", swap: "outerHTML" });
}

/** Another view for a photo that is stored already. */
function sort(item) {
  if (!item.editUrl) return; // it goes along with the file
  const view = item.row.querySelector("[data-tray=view]").value;
  window.htmx.ajax("POST", item.editUrl, {
    target: "#gallery",
    swap: "outerHTML",
    values: { view, csrfmiddlewaretoken: form.elements.csrfmiddlewaretoken.value },
  });
}

/** After one picture from the camera the next view without one is chosen. */
function nextView() {
  const radios = [...form.querySelectorAll("input[name=view]")].filter(({ value }) => value);
  const now = radios.findIndex(({ checked }) => checked);
  if (now < 0) return;
  markDone(radios[now].value);
  const next = radios.slice(now + 1).find(({ value }) => isOpen(value));
  if (!next) return;
  next.checked = true;
  guide();
}

const doneMark = (view) => form.querySelector(`[data-done="${view}"]`);
const isOpen = (view) => doneMark(view).classList.contains("d-none");
const markDone = (view) => doneMark(view)?.classList.remove("d-none");

function guide() {
  document.getElementById("photo-guide").textContent = chosenView()?.dataset.guide ?? "";
}

/** What the gallery says of today, and pictures from memory for what is still being prepared. */
function dress(gallery) {
  const done = new Set(gallery.dataset.doneToday.trim().split(/\s+/));
  for (const mark of form.querySelectorAll("[data-done]")) {
    mark.classList.toggle("d-none", !done.has(mark.dataset.done));
  }
  for (const link of gallery.querySelectorAll("[data-fresh]")) {
    const blob = blobs.get(link.dataset.fresh);
    if (!blob) continue;
    const image = new Image();
    image.src = blob;
    image.alt = link.dataset.caption;
    link.querySelector(".bi").replaceWith(image);
    link.classList.add("has-picture");
  }
}

/** What waits for the patient's permission goes as soon as it is recorded. */
function watchPermit() {
  permit?.addEventListener("change", () => {
    if (permit.checked) items.filter(({ state }) => state === "barred").forEach(again);
  });
}

/** The first stored photo shows that the permission is recorded: the question goes. */
function permitted() {
  const asked = document.getElementById("photo-permit");
  if (asked) asked.hidden = true;
}

function take(files, { fromCamera = false } = {}) {
  for (const file of files) add(file);
  pump();
  if (fromCamera && files.length === 1) nextView();
}

function watchDrop() {
  const zone = document.getElementById("photo-drop");
  const hasFiles = ({ dataTransfer }) => [...(dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault(); // a photo dropped beside the zone must not replace the page
    zone.classList.add("is-over");
  });
  for (const name of ["dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      if (name === "drop" || !event.relatedTarget) zone.classList.remove("is-over");
    });
  }
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    take([...event.dataTransfer.files]);
  });
}

function watchInputs() {
  for (const [id, options] of [["photo-camera", { fromCamera: true }], ["photo-files", {}]]) {
    document.getElementById(id).addEventListener("change", ({ target }) => {
      const files = [...target.files];
      target.value = ""; // the same file may be chosen again
      take(files, options);
    });
  }
  form.addEventListener("change", ({ target }) => {
    if (target.name === "view" && target.type === "radio") guide();
  });
  document.getElementById("photo-tray-clear").addEventListener("click", () => {
    items.filter(({ state }) => state === "stored" || state === "known").forEach(remove);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

document.getElementById("photo-plain").hidden = true;
document.getElementById("photo-drop").hidden = false;
document.getElementById("id_files").disabled = true;
watchInputs();
watchPermit();
watchDrop();
watchLightbox();
guide();
document.addEventListener("htmx:load", ({ target }) => {
  if (target.id === "gallery") dress(target);
});
window.addEventListener("beforeunload", (event) => {
  if (items.some(({ state }) => !OVER.has(state))) event.preventDefault();
});
window.addEventListener("offline", () => {
  if (items.some(({ state }) => !OVER.has(state))) toast("No connection. The photos stay in the list.", "warning");
});
