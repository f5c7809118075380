/**
 * A visit in the hand: where it may go lights up, the rest is grey with its reason; arrows, a tap or
 * the mouse choose, Enter puts it down, Escape leaves it where it was. It stays in the hand from page
 * to page.
 */

const STORE = "diary-hand";
const DAY_MIN = 24 * 60;
const OFFERS_FROM = 7; // the keys 7, 8 and 9 take an offer: the lower ones look at the diary

const bar = document.getElementById("diary-hand");
const who = bar.querySelector("#hand-who");
const where = bar.querySelector("#hand-where");
const near = bar.querySelector("#hand-near");
const put = bar.querySelector("#hand-place");

const pad = (number) => String(number).padStart(2, "0");
export const clock = (minute) => `${pad(Math.floor(minute / 60))}:${pad(minute % 60)}`;
export const dayWords = (day) =>
  new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" })
    .format(new Date(`${day}T00:00Z`)).replace(",", "");

function remember(visit) {
  try {
    if (visit) {
      const { name, ...rest } = visit; // no whole name outside the page
      window.sessionStorage.setItem(STORE, JSON.stringify({ ...rest, name: rest.initials }));
    } else window.sessionStorage.removeItem(STORE);
  } catch {
    // Without storage the hand is empty on the next page.
  }
}

function remembered() {
  try {
    return JSON.parse(window.sessionStorage.getItem(STORE));
  } catch {
    return null;
  }
}

export class Hand {
  /** `sheet` is the calendar's element; `paint` redraws it, `done` takes the answer of a put-down, `left` a visit that was left. */
  constructor(sheet, { paint, done, left }) {
    this.sheet = sheet;
    this.paint = paint;
    this.done = done;
    this.left = left;
    this.visit = null;
    this.targets = null;
    this.cursor = null;
    put.addEventListener("click", () => this.cursor && this.put(this.cursor));
    bar.querySelector("#hand-leave").addEventListener("click", () => this.leave());
    document.addEventListener("keydown", (event) => this.onKey(event), { capture: true });
  }

  get isFull() {
    return this.visit !== null;
  }

  /** Ask the server where a visit may go on the days on the screen. */
  async look(visit) {
    const address = `${visit.targets_url}${this.sheet.dataset.query}`;
    const answer = await fetch(address, { headers: { accept: "application/json" } });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.refusal);
    return found;
  }

  /** Take a visit up. */
  async take(visit) {
    this.visit = visit;
    who.textContent = `Moving ${document.documentElement.dataset.private === "on" ? visit.initials : visit.name}`;
    where.textContent = "Looking where it may go …";
    near.replaceChildren();
    bar.hidden = false;
    try {
      this.targets = await this.look(visit);
    } catch (refusal) {
      this.leave();
      throw refusal;
    }
    if (this.visit !== visit) return;
    remember(visit);
    this.cursor = this.first();
    this.say();
    this.paint();
  }

  /** Take up again what was in the hand on the page before. */
  resume() {
    const visit = remembered();
    return visit ? this.take(visit) : null;
  }

  /** Empty the hand. */
  leave() {
    const { visit } = this;
    this.visit = this.targets = this.cursor = null;
    bar.hidden = true;
    remember(null);
    if (visit) this.left(visit);
    else this.paint();
  }

  // --- Where it may go ---------------------------------------------------------------------------
  days() {
    return Object.keys(this.targets?.days ?? {});
  }

  /** Every column in order: {day, column, bands, refused}. */
  lanes() {
    return this.days().flatMap((day) => {
      const { refused, lanes, note } = this.targets.days[day];
      const columns = lanes ? Object.keys(lanes) : [""];
      const order = [...this.sheet.dataset.columns.split(",")];
      columns.sort((a, b) => order.indexOf(a) - order.indexOf(b));
      return columns.map((column) => ({ day, column, refused, note, bands: lanes?.[column] ?? [] }));
    });
  }

  legal(lane) {
    const starts = [];
    for (const [from, to, because] of lane.bands) {
      if (because) continue;
      for (let at = from; at < to; at += this.targets.grid) starts.push(at);
    }
    return starts;
  }

  /** The verdict on a place: the reason why not, or what else would move. */
  verdict({ day, minute, column }) {
    const known = this.targets?.days[day];
    if (!known) return { because: "This day is not on the screen." };
    if (known.refused) return { because: known.refused };
    const band = known.lanes[column]?.find(([from, to]) => from <= minute && minute < to);
    if (!band) return { because: "The clocks skip this time." };
    return band[2] ? { because: band[2] } : { note: known.note };
  }

  /** The free place to begin with: the next one after where the visit stands. */
  first() {
    const { visit } = this;
    const [day, time] = (visit.start ?? "").split("T");
    const now = time ? Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5)) : -1;
    const free = this.lanes().flatMap((lane) =>
      this.legal(lane).map((minute) => ({ day: lane.day, column: lane.column, minute })));
    const mine = free.filter((place) => place.column === visit.resource || free.every((p) => p.column !== visit.resource));
    const later = mine.filter((place) => place.day > day || (place.day === day && place.minute > now));
    return later[0] ?? mine[0] ?? free[0] ?? null;
  }

  snap(minute) {
    return Math.floor(minute / this.targets.grid) * this.targets.grid;
  }

  /** Say the place under the cursor or the pointer. */
  say(place = this.cursor) {
    put.hidden = !this.cursor;
    if (!place) {
      const reasons = this.days().map((day) => this.targets.days[day].refused).filter(Boolean);
      where.textContent = `${reasons.at(-1) ?? "Nothing is free here."} Look at another day: it stays in your hand.`;
      return;
    }
    const { because, note } = this.verdict(place);
    const name = this.sheet.querySelector(`[data-column="${place.column}"]`)?.textContent ?? "";
    const words = `${dayWords(place.day)}, ${clock(place.minute)}${name ? ` · ${name}` : ""}`;
    where.textContent = because ? `${words}: ${because}` : `${words}: free. ${note ?? ""}`;
    where.classList.toggle("is-refused", Boolean(because));
  }

  // --- Keys --------------------------------------------------------------------------------------
  onKey(event) {
    if (bar.hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, textarea, select, dialog")) return;
    const deeds = { Escape: () => this.leave() };
    if (this.targets) {
      deeds.ArrowDown = () => this.along(1);
      deeds.ArrowUp = () => this.along(-1);
      deeds.ArrowRight = () => this.across(1);
      deeds.ArrowLeft = () => this.across(-1);
    }
    if (this.targets && event.key === "Enter" && !event.target.closest("a, #hand-near, #hand-leave, .diary-bar")) {
      deeds.Enter = () => this.cursor && this.put(this.cursor);
    }
    if (!deeds[event.key]) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    deeds[event.key]();
  }

  at() {
    const lanes = this.lanes();
    const index = lanes.findIndex(({ day, column }) => day === this.cursor?.day && column === this.cursor?.column);
    return [lanes, index];
  }

  along(step) {
    const [lanes, index] = this.at();
    if (index < 0) return;
    const starts = this.legal(lanes[index]);
    const to = starts[starts.indexOf(this.cursor.minute) + step];
    if (to !== undefined) this.goTo({ ...this.cursor, minute: to });
  }

  across(step) {
    const [lanes, index] = this.at();
    for (let at = index + step; index >= 0 && at >= 0 && at < lanes.length; at += step) {
      const starts = this.legal(lanes[at]);
      if (!starts.length) continue;
      const minute = starts.reduce((best, one) =>
        Math.abs(one - this.cursor.minute) < Math.abs(best - this.cursor.minute) ? one : best);
      this.goTo({ day: lanes[at].day, column: lanes[at].column, minute });
      return;
    }
    document.querySelector(`.diary-step [data-key="${step > 0 ? "ArrowRight" : "ArrowLeft"}"]`).click();
  }

  goTo(place) {
    this.cursor = place;
    this.say();
    this.paint();
  }

  // --- Put down ----------------------------------------------------------------------------------
  /** Send a place; `visit` is given for one that was dragged and never in the hand. */
  async put(place, visit = this.visit) {
    const inRoom = this.sheet.dataset.by === "room";
    const form = new FormData();
    form.set("day", place.day);
    form.set("minute", place.minute);
    form.set("version", place.version ?? this.targets?.version ?? visit.version);
    const person = place.practitioner ?? (inRoom ? visit.practitioner ?? this.targets?.practitioner : place.column);
    form.set("practitioner", person);
    form.set("by", this.sheet.dataset.by);
    const room = place.room ?? (inRoom ? place.column : "");
    if (room) form.set("room", room);
    const answer = await fetch(visit.place_url, {
      method: "POST", body: form,
      headers: { "x-csrftoken": this.sheet.dataset.csrf, accept: "application/json" },
    });
    const told = await answer.json().catch(() => ({ refusal: "That did not work. Try again.", nearest: [] }));
    if (told.ask) {
      remember(null);
      window.location.assign(told.ask);
      return told;
    }
    if (told.done || told.stays) this.leave();
    else this.refused(visit, told);
    this.done(told, visit);
    return told;
  }

  /** It was not put down: say why, and offer the nearest places, one tap each. */
  refused(visit, told) {
    this.visit = visit;
    this.targets = null;
    this.cursor = null;
    bar.hidden = false;
    put.hidden = true;
    who.textContent = `Not moved: ${document.documentElement.dataset.private === "on" ? visit.initials : visit.name}`;
    where.textContent = told.refusal;
    where.classList.add("is-refused");
    near.replaceChildren(...(told.nearest ?? []).map((place, index) => {
      const button = document.createElement("button");
      button.dataset.key = String(OFFERS_FROM + index);
      button.type = "button";
      button.className = "btn btn-outline-secondary";
      button.textContent = place.words;
      button.addEventListener("click", () => this.put({ ...place, version: told.version }, visit));
      return button;
    }));
    near.querySelector("button")?.focus();
    this.paint();
  }
}

export { DAY_MIN };
