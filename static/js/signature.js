/**
 * A field to sign in: strokes of finger, pen or mouse, kept as whole numbers of the field's own size.
 *
 * The hidden input holds them as JSON: a list of lines, each a list of [x, y]. Without this script
 * the typed name below the field signs.
 */

const NEAR = 2; // points closer than this say nothing new
const MOST_POINTS = 3900; // the server takes a few more (treatments/forms/consents.py)
const SVG = "http://www.w3.org/2000/svg";

const path = (line) => {
  const [first, ...rest] = line.map((point) => point.join(" "));
  return `M${first} L${(rest.length ? rest : [first]).join(" ")}`;
};

function watch(box) {
  const pad = box.querySelector("svg");
  const input = document.getElementById(box.dataset.signature);
  const clear = box.querySelector("[data-signature-clear]");
  const state = box.querySelector("[data-signature-state]");
  const asks = state.textContent;
  const { width, height } = pad.viewBox.baseVal;
  let lines = [];
  let drawn = null; // the path of the line being drawn

  const point = ({ clientX, clientY }) => {
    const { left, top, width: wide, height: high } = pad.getBoundingClientRect();
    const within = (value, most) => Math.min(Math.max(Math.round(value), 0), most);
    return [within(((clientX - left) / wide) * width, width), within(((clientY - top) / high) * height, height)];
  };

  const add = (line) => {
    const element = document.createElementNS(SVG, "path");
    element.setAttribute("d", path(line));
    pad.append(element);
    return element;
  };

  const tell = () => {
    input.value = lines.length ? JSON.stringify(lines) : "";
    clear.disabled = !lines.length;
    state.textContent = lines.length ? "Signed." : asks;
    input.dispatchEvent(new Event("input", { bubbles: true })); // the page asks before it is left
  };

  const count = () => lines.reduce((sum, line) => sum + line.length, 0);

  pad.addEventListener("pointerdown", (event) => {
    if (drawn || (event.pointerType === "mouse" && event.button !== 0) || count() >= MOST_POINTS) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    lines.push([point(event)]);
    drawn = { id: event.pointerId, element: add(lines.at(-1)) };
  });
  pad.addEventListener("pointermove", (event) => {
    if (event.pointerId !== drawn?.id) return;
    const line = lines.at(-1);
    const between = event.getCoalescedEvents?.() ?? [];
    for (const one of between.length ? between : [event]) {
      const [x, y] = point(one);
      const [lastX, lastY] = line.at(-1);
      if (Math.hypot(x - lastX, y - lastY) >= NEAR && count() < MOST_POINTS) line.push([x, y]);
    }
    drawn.element.setAttribute("d", path(line));
  });
  for (const name of ["pointerup", "pointercancel"]) {
    pad.addEventListener(name, (event) => {
      if (event.pointerId !== drawn?.id) return;
      drawn = null;
      tell();
    });
  }
  clear.addEventListener("click", () => {
    lines = [];
    for (const element of pad.querySelectorAll("path")) element.remove();
    tell();
  });

  if (input.value) {
    try { // a form that came back keeps what was drawn
      lines = JSON.parse(input.value);
      lines.forEach(add);
    } catch {
      lines = [];
    }
    tell();
  }
  box.hidden = false;
}

for (const box of document.querySelectorAll("[data-signature]")) watch(box);
