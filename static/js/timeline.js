/**
 * The planner's timeline: drag a date, or move it by keys, and set it down.
 *
 * The server draws; this only moves a dot while it is held, says what the day under it means, and
 * presses the hidden "put" button with "2:2026-12-30" when it is let go.
 */

const DAY = 86400000;
const PAUSE = 700; // after the last key, in milliseconds
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: 7, PageUp: -7 };
const words = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  day: "numeric",
  month: "short",
  timeZone: "UTC",
});

let held = null; // {dot, offset, start, pointer}
let waiting = 0;

const facts = () => JSON.parse(document.getElementById("timeline-days").textContent);
const isoOf = (first, offset) =>
  new Date(Date.parse(first) + offset * DAY).toISOString().slice(0, 10);
const spoken = (iso) => words.format(new Date(Date.parse(iso))).replace(",", "");

/** Put a dot on a day and say what that day means. */
function show(dot, offset) {
  const { first, days, lanes } = facts();
  const iso = isoOf(first, offset);
  const because = lanes[dot.dataset.number]?.[iso];
  const x = `${(100 * (offset + 0.5)) / days}%`;
  for (const circle of dot.querySelectorAll("circle")) circle.setAttribute("cx", x);
  dot.querySelector("text").setAttribute("x", x);
  dot.classList.toggle("is-refused", Boolean(because));
  dot.setAttribute("aria-valuenow", offset);
  const sentence = `${spoken(iso)}${because ? `: ${because}.` : ": can be had."}`;
  dot.setAttribute("aria-valuetext", sentence);
  const say = dot.closest("[data-timeline]").querySelector("[data-timeline-say]");
  say.textContent = `Session ${dot.dataset.number}: ${sentence}`;
  say.classList.toggle("is-refused", Boolean(because));
}

/** Let go: the server answers with the time nearest to the session's own, or with why not. */
function setDown() {
  window.clearTimeout(waiting);
  if (!held) return;
  const { dot, offset, start } = held;
  held = null;
  dot.classList.remove("is-held");
  if (offset === start) {
    show(dot, start);
    return;
  }
  const put = dot.closest("[data-timeline]").querySelector("[data-timeline-put]");
  put.value = `${dot.dataset.number}:${isoOf(facts().first, offset)}`;
  put.click();
}

/** Take it back to where it was. */
function giveUp() {
  window.clearTimeout(waiting);
  if (!held) return;
  show(held.dot, held.start);
  held.dot.classList.remove("is-held");
  held = null;
}

function take(dot, pointer) {
  const start = Number(dot.getAttribute("aria-valuenow"));
  held = { dot, offset: start, start, pointer };
  dot.classList.add("is-held");
}

function moveTo(offset) {
  const { days } = facts();
  held.offset = Math.min(Math.max(offset, 0), days - 1);
  show(held.dot, held.offset);
}

document.addEventListener("pointerdown", (event) => {
  const dot = event.target.closest?.(".tl-dot:not(.is-fixed)");
  if (!dot || event.button) return;
  if (held) setDown();
  event.preventDefault();
  take(dot, event.pointerId);
  dot.focus({ preventScroll: true });
  dot.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (held?.pointer !== event.pointerId) return;
  const box = held.dot.ownerSVGElement.getBoundingClientRect();
  const { days } = facts();
  moveTo(Math.floor(((event.clientX - box.left) / box.width) * days));
});
document.addEventListener("pointerup", (event) => {
  if (held?.pointer === event.pointerId) setDown();
});
document.addEventListener("pointercancel", (event) => {
  if (held?.pointer === event.pointerId) giveUp();
});

document.addEventListener("keydown", (event) => {
  const dot = event.target.closest?.(".tl-dot");
  if (!dot || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = STEPS[event.key];
  if (event.key === "Escape" && held) giveUp();
  else if (event.key === "Enter" || event.key === " ") setDown();
  else if (step && !dot.classList.contains("is-fixed")) {
    if (held?.dot !== dot) take(dot, null);
    moveTo(held.offset + step * (event.shiftKey && Math.abs(step) === 1 ? 7 : 1));
    window.clearTimeout(waiting);
    waiting = window.setTimeout(setDown, PAUSE);
  } else return;
  event.preventDefault();
});
document.addEventListener("focusout", (event) => {
  if (held && held.pointer === null && event.target === held.dot) setDown();
});
/** Pointing at a stretch says what it is, also where a finger gets no tooltip. */
document.addEventListener("pointerover", (event) => {
  const title = !held && event.target.closest?.(".tl-lane rect, .tl-lane line")?.querySelector("title");
  if (!title) return;
  const say = event.target.closest("[data-timeline]").querySelector("[data-timeline-say]");
  say.textContent = title.textContent;
});
