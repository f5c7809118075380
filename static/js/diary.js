/**
 * The diary: draws what `data-url` answers on the calendar, opens the card of a visit, moves visits
 * by drag or with a visit in the hand. Times are the clinic's wall time; the browser's zone is never
 * asked.
 */

/* global EventCalendar */
import { Hand, clock, dayWords } from "./diary-hand.js";
import { showUndo } from "./diary-undo.js";
import { drawCard, drawVisit } from "./diary-visit.js";
import { toast } from "./toast.js";

const FRESH = 60_000;
const LONG_PRESS = 350;
const root = document.documentElement;
const sheet = document.getElementById("diary");
const card = document.getElementById("diary-card");
const { view, by, on, url } = sheet.dataset;
const isDay = view === "day";
let data = null;
let loadedAt = 0;
let calendar = null;
let chosen = null; // the visit whose card is open
let focusNext = null; // the key of the visit that has the focus after the next drawing
let dragging = null; // the key of a visit under the pointer

const pad = (number) => String(number).padStart(2, "0");
/** A calendar's local Date as (day, minute) of the clinic's wall. */
const placeOf = (date) => ({
  day: `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`,
  minute: date.getHours() * 60 + date.getMinutes(),
});
const wall = (day, minute) => (minute < 1440
  ? `${day}T${clock(minute)}`
  : `${new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10)}T00:00`);
const column = (resource) => (isDay ? resource?.id ?? "" : data.resources[0]?.id ?? "");

// --- What is drawn --------------------------------------------------------------------------------
function background(id, start, end, resource, classNames, title = "") {
  const ids = isDay && resource ? { resourceIds: [resource] } : {};
  return { id, start, end, title, display: "background", classNames, ...ids };
}

/** The clinic's wall clock now: the server's, moved on by what has passed since. */
function nowOnTheWall() {
  const then = Date.parse(`${data.now}Z`);
  return new Date(then + performance.now() - loadedAt).toISOString().slice(0, 16);
}

function* handEvents() {
  if (!hand.targets) return;
  for (const { day, column: lane, refused, bands } of hand.lanes()) {
    const stretches = refused ? [[0, 1440, refused]] : bands;
    for (const [from, to, because] of stretches) {
      const classes = because ? ["is-refused"] : ["is-legal"];
      yield background(`b${day}${lane}${from}`, wall(day, from), wall(day, to), lane, classes, refused ?? "");
    }
  }
  if (!hand.cursor) return;
  const { day, minute, column: lane } = hand.cursor;
  const end = Math.min(minute + hand.targets.minutes, 1440);
  yield background("cursor", wall(day, minute), wall(day, end), lane, ["is-cursor"], clock(minute));
}

function events() {
  const closed = data.closed.map((row, at) => background(`c${at}`, row.start, row.end, row.resource, ["is-closed"]));
  const visits = data.visits.map((visit) => ({
    id: `v${visit.id}`, start: visit.start, end: visit.end, title: visit.name,
    ...(isDay ? { resourceIds: [visit.resource] } : {}),
    startEditable: visit.movable, extendedProps: { visit },
    classNames: hand.visit?.id === visit.id ? ["is-in-hand"] : [],
  }));
  const now = nowOnTheWall();
  const line = background("now", now, new Date(Date.parse(`${now}Z`) + 60_000).toISOString().slice(0, 16), null, ["is-now"]);
  const lines = isDay ? data.resources.map(({ id }) => ({ ...line, id: `now${id}`, resourceIds: [id] })) : [line];
  return [...closed, ...handEvents(), ...visits, ...lines];
}

function content({ event }) {
  const { visit } = event.extendedProps;
  if (!visit) return event.title ? { domNodes: [document.createTextNode(event.title)] } : "";
  const other = by === "practitioner" ? visit.room : visit.who;
  return { domNodes: [drawVisit(visit, visit.start.slice(11), other)] };
}

/** The calendar calls itself a table without rows and its visits buttons: say what they are. */
function fixRoles() {
  const wrong = "[role=table],[role=row],[role=cell],[role=columnheader],[role=rowheader],[role=rowgroup],[aria-colindex]";
  for (const node of sheet.querySelectorAll(wrong)) {
    for (const name of ["role", "aria-colindex", "aria-colspan", "aria-rowspan", "aria-rowindex"]) node.removeAttribute(name);
  }
  for (const node of sheet.querySelectorAll(".ec-event, .ec-bg-event")) {
    node.removeAttribute("role");
    node.removeAttribute("tabindex");
  }
  const main = sheet.querySelector(".ec-main");
  for (const [name, value] of [["role", "region"], ["aria-label", "Times"], ["tabindex", "0"]]) {
    if (main && main.getAttribute(name) !== value) main.setAttribute(name, value); // what is set is observed
  }
}

/** Right after each drawing, in the same task: also after one the calendar tells nobody of. */
const roles = new MutationObserver(fixRoles);
roles.observe(sheet, { subtree: true, childList: true, attributeFilter: ["role", "tabindex", "aria-colindex"] });

/** The calendar draws its visits anew: the one in focus gets the focus back. */
function onDrawn() {
  if (!focusNext) return;
  sheet.querySelector(`[data-visit="${focusNext}"]`)?.focus();
  focusNext = null;
}

// --- The calendar ---------------------------------------------------------------------------------
function options() {
  const shown = isDay ? "resourceTimeGridDay" : "timeGridWeek";
  return {
    view: shown, date: on, resources: isDay ? data.resources : [], events: events(),
    headerToolbar: { start: "", center: "", end: "" }, firstDay: 1, locale: "en-GB", height: "100%",
    allDaySlot: false, slotDuration: "00:30", slotHeight: 48, snapDuration: "00:10", slotEventOverlap: false,
    slotMinTime: `${clock(data.opens)}:00`, slotMaxTime: data.closes === 1440 ? "24:00:00" : `${clock(data.closes)}:00`,
    slotLabelFormat: (time) => `${pad(time.getHours())}:${pad(time.getMinutes())}`,
    scrollTime: scrollTime(), hiddenDays: hiddenDays(), longPressDelay: LONG_PRESS,
    dayHeaderFormat: (date) => dayWords(placeOf(date).day),
    resourceLabelContent: ({ resource }) => label(resource),
    eventStartEditable: true, eventDurationEditable: false, eventDragMinDistance: 4,
    eventContent: content, eventClick: onClick, eventDragStart: onDragStart, eventDrop: onDrop, dateClick: onTap,
    eventAllUpdated: onDrawn,
  };
}

function label(resource) {
  const name = document.createElement("span");
  name.dataset.column = resource.id;
  name.textContent = resource.title;
  return { domNodes: [name] };
}

/** Open near the present, a working day's begin on any other day. */
function scrollTime() {
  const [day, time] = nowOnTheWall().split("T");
  const minute = Number(time.slice(0, 2)) * 60;
  return `${clock(day === on ? Math.max(minute - 60, data.opens) : data.opens)}:00`;
}

/** Weekend days on which nobody works and nobody comes take no room. */
function hiddenDays() {
  if (isDay) return [];
  const days = [6, 0].filter((weekday) => {
    const offset = weekday === 0 ? 6 : 5;
    const day = new Date(Date.parse(`${on}T00:00Z`) + offset * 86_400_000).toISOString().slice(0, 10);
    const isShut = data.closed.some(({ start, end }) => start === `${day}T00:00` && end > `${day}T23:59`);
    return isShut && !data.visits.some(({ start }) => start.startsWith(day));
  });
  return days.includes(0) ? days : [];
}

/** Draw again what changes: visits, bands, the line of the present. */
function paint() {
  if (!calendar) return;
  sheet.classList.toggle("is-placing", Boolean(hand.targets));
  focusNext ??= document.activeElement?.dataset?.visit ?? null;
  calendar.setOption("events", events());
}

async function load() {
  const answer = await fetch(url, { headers: { accept: "application/json" } });
  if (!answer.ok || answer.redirected) throw new Error("The diary could not be read.");
  data = await answer.json();
  loadedAt = performance.now();
  sheet.dataset.columns = data.resources.map(({ id }) => id).join(",");
  showUndo(data.undo);
  if (calendar) paint();
}

// --- Deeds ----------------------------------------------------------------------------------------
function choose(visit, button) {
  chosen = visit;
  const [day, time] = visit.start.split("T");
  drawCard(card, visit, `${dayWords(day)}, ${time} to ${visit.end.slice(11)}`);
  const { left, right } = button.getBoundingClientRect();
  card.classList.toggle("is-left", (left + right) / 2 > window.innerWidth / 2);
  for (const one of sheet.querySelectorAll(".visit")) one.classList.toggle("is-chosen", one === button);
}

function closeCard() {
  card.hidden = true;
  const button = chosen && sheet.querySelector(`[data-visit="${chosen.id}"]`);
  button?.classList.remove("is-chosen");
  if (card.contains(document.activeElement)) button?.focus();
  chosen = null;
}

async function take(visit) {
  closeCard();
  try {
    await hand.take(visit);
  } catch (refusal) {
    toast(refusal.message, "error");
  }
}

function onClick({ event, jsEvent, el }) {
  const { visit } = event.extendedProps;
  if (hand.targets && jsEvent instanceof MouseEvent && jsEvent.detail) {
    const found = calendar.dateFromPoint(jsEvent.clientX, jsEvent.clientY);
    if (found) onTap(found);
    return;
  }
  if (visit && !hand.targets) choose(visit, el.querySelector(".visit"));
}

function onTap({ date, resource }) {
  if (!hand.targets) return;
  const { day, minute } = placeOf(date);
  const place = { day, minute: hand.snap(minute), column: column(resource) };
  if (hand.verdict(place).because) hand.say(place);
  else hand.put(place);
}

async function onDragStart({ event }) {
  const { visit } = event.extendedProps;
  closeCard();
  if (hand.isFull) hand.leave();
  dragging = visit.id;
  try {
    const targets = await hand.look(visit);
    if (dragging !== visit.id) return;
    hand.targets = targets;
    sheet.classList.add("is-placing");
    for (const row of handEvents()) calendar.addEvent(row);
  } catch {
    // The put-down says why.
  }
}

async function onDrop({ event, revert }) {
  const { visit } = event.extendedProps;
  dragging = null;
  hand.targets = null;
  sheet.classList.remove("is-placing");
  const { day, minute } = placeOf(event.start);
  const to = isDay ? event.resourceIds.at(-1) : column(null);
  const told = await hand.put({ day, minute, column: to, version: visit.version }, visit);
  if (!told.done && !told.ask) revert();
}

/** After a put-down: show the diary as it now is. */
async function onPut(told, visit) {
  if (told.done || told.stays) focusNext = visit.id;
  if (told.stays) toast(told.stays, "info");
  await load();
  if (told.done) document.body.dispatchEvent(new CustomEvent("diary:freed")); // whom does the old time suit?
}

const hand = new Hand(sheet, {
  paint,
  done: onPut,
  left: (visit) => {
    focusNext = visit.id;
    paint();
  },
});

// --- Keys and privacy -----------------------------------------------------------------------------
/** Arrows up and down walk through the visits by time; Enter opens the card of one. */
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || hand.targets) return;
  if (event.key === "Escape" && !card.hidden) return closeCard();
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const at = document.activeElement;
  if (!step || (at !== document.body && !at.matches("main, .visit, .diary-card *"))) return;
  const buttons = [...sheet.querySelectorAll(".visit")];
  const order = new Map(data.visits.map(({ id }, index) => [String(id), index]));
  buttons.sort((a, b) => order.get(a.dataset.visit) - order.get(b.dataset.visit));
  if (!buttons.length) return;
  const from = chosen ? buttons.findIndex((one) => one.dataset.visit === String(chosen.id)) : -1;
  const to = buttons[from < 0 ? firstAhead(buttons) : Math.min(Math.max(from + step, 0), buttons.length - 1)];
  event.preventDefault();
  to.focus();
  choose(data.visits.find(({ id }) => String(id) === to.dataset.visit), to);
}

/** The visit to begin with: the next one to come, the first of another day. */
function firstAhead(buttons) {
  const now = nowOnTheWall();
  const ahead = data.visits.find(({ start }) => start >= now);
  return Math.max(buttons.findIndex(({ dataset }) => dataset.visit === String(ahead?.id)), 0);
}

function watchPrivacy() {
  const button = document.getElementById("diary-private");
  const apply = (isOn) => {
    root.dataset.private = isOn ? "on" : "off";
    button.setAttribute("aria-pressed", String(isOn));
    button.firstElementChild.className = `bi bi-eye${isOn ? "-slash" : ""}`;
  };
  try {
    apply(window.localStorage.getItem("diary-private") === "on");
  } catch {
    apply(false);
  }
  button.addEventListener("click", () => {
    apply(root.dataset.private !== "on");
    try {
      window.localStorage.setItem("diary-private", root.dataset.private);
    } catch {
      // Without storage it holds for this page.
    }
  });
}

function watch() {
  document.addEventListener("keydown", onKey);
  card.addEventListener("click", ({ target }) => {
    if (target.closest("[data-card-close]")) closeCard();
    else if (target.closest("[data-card-move]")) take(chosen);
  });
  for (const button of document.querySelectorAll("[data-pick]")) {
    const { pick, targets, place } = button.dataset;
    button.addEventListener("click", () => take({
      id: Number(pick), name: button.querySelector(".is-name").textContent, targets_url: targets,
      initials: button.querySelector(".is-initials").textContent, place_url: place, resource: null,
    }));
  }
  document.querySelector(".diary-waiting")?.addEventListener("toggle", ({ target }) => {
    if (target.open) target.querySelector("button").focus();
  });
  sheet.addEventListener("pointermove", ({ clientX, clientY, pointerType }) => {
    if (!hand.targets || !hand.isFull || pointerType !== "mouse") return;
    const found = calendar.dateFromPoint(clientX, clientY);
    if (found) hand.say({ ...placeOf(found.date), column: column(found.resource) });
  });
  window.setInterval(() => {
    if (!hand.isFull && !dragging && document.visibilityState === "visible") load().catch(() => {});
  }, FRESH);
}

async function begin() {
  watchPrivacy();
  try {
    await load();
  } catch (problem) {
    toast(problem.message, "error");
    return;
  }
  calendar = EventCalendar.create(sheet, options());
  sheet.removeAttribute("aria-busy");
  watch();
  document.getElementById("diary-on").addEventListener("change", ({ target }) => target.value && target.form.requestSubmit());
  await hand.resume()?.catch((refusal) => toast(refusal.message, "error"));
}

begin();
