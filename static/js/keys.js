/**
 * The keyboard map of every page: `<button data-key="a">` is pressed by the key a.
 *
 * - Any visible, enabled element with `data-key` counts; a field is focused, everything else clicked
 *   (`data-key-does="focus"` focuses a button or link too). The style sheet prints the key on it.
 * - Inside a list of rows (`data-rows` around `data-row`) keys act on the row in focus; the arrows
 *   up and down move from row to row.
 * - `?` opens a dialog that lists the keys of this page, read from the page itself. Single keys can
 *   be switched off there (WCAG 2.1.4); arrows and Tab work all the same. What a page's own script
 *   does with keys stands in its `template#keys-more`; the elements it speaks of are in
 *   `[data-keys-told]`.
 * - Nothing happens while a field has the focus, with Ctrl, Alt or Meta, while a key is held down,
 *   or behind an open dialog.
 */

const STORE = "single-keys";
const HELP = "?";
const NAMES = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", "-": "−", Enter: "↵", Escape: "Esc" };
const NO_TEXT = "button, checkbox, color, file, image, radio, range, reset, submit".split(", ");
const root = document.documentElement;
const dialog = document.getElementById("keys");

/** Say whether a person is writing here, or choosing from a list that takes letters itself. */
function takesText(element) {
  if (!(element instanceof Element)) return false;
  if (element.matches("input")) return !NO_TEXT.includes(element.type);
  return Boolean(
    element.closest("textarea, select, [contenteditable]:not([contenteditable=false]), [role=listbox], [role=menu]"),
  );
}

const isOn = () => root.dataset.keys !== "off";

function switchTo(on) {
  root.dataset.keys = on ? "on" : "off";
  try {
    window.localStorage.setItem(STORE, root.dataset.keys);
  } catch {
    // Without storage the choice holds for this page.
  }
}

function stored() {
  try {
    return window.localStorage.getItem(STORE) !== "off";
  } catch {
    return true;
  }
}

const usable = (element) =>
  element.checkVisibility({ visibilityProperty: true }) &&
  !element.closest("[inert], [aria-disabled=true], form.htmx-request, .htmx-dim.htmx-request") &&
  !element.disabled;

/** The layer in front: an open dialog, else the page. */
const layer = () => document.querySelector("dialog[open]") ?? document;
const rowOf = (element) => element?.closest?.("[data-row]") ?? null;

/** Everything a key reaches now. */
function targets() {
  return [...layer().querySelectorAll("[data-key]")].filter(usable);
}

/** The element a key means: in the row in focus first, then outside of any row, the page before its frame. */
function meant(key) {
  const found = targets().filter(({ dataset }) => dataset.key === key);
  const row = rowOf(document.activeElement);
  const own = (row && found.find((element) => row.contains(element))) || null;
  if (row && !own && found.some(rowOf)) return null; // a key of rows, and not of this one
  const outside = found.filter((element) => !rowOf(element));
  return own ?? outside.find((element) => !element.closest(".topbar")) ?? outside[0];
}

/** Press an element the way a person would. */
function press(element) {
  const isField = element.matches("input, select, textarea") && takesText(element);
  if (isField || element.dataset.keyDoes === "focus") {
    element.focus();
    element.select?.();
  } else {
    if (element.matches("summary")) element.focus(); // what opens is the next thing Tab reaches
    element.click();
  }
}

/** Where the focus goes in a row: its marked element, else the first one that takes it. */
const handle = (row) => row.querySelector("[data-row-focus]") ?? row.querySelector("a, button");

const rowsNow = () => [...layer().querySelectorAll("[data-rows] [data-row]")].filter(usable);

/** The row a page begins with: of the list marked `data-rows="first"`, else the first one shown. */
const firstOf = (rows) => Math.max(rows.findIndex((row) => row.closest("[data-rows=first]")), 0);

/** Up and down: to the next row that is shown; from nowhere to the one the page begins with. */
function step(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return false;
  const rows = rowsNow();
  const at = rows.indexOf(rowOf(document.activeElement));
  const idle = document.activeElement === document.body || document.activeElement.matches("main");
  if (!rows.length || (at < 0 && !idle)) return false;
  const to = at < 0 ? firstOf(rows) : Math.min(Math.max(at + (event.key === "ArrowDown" ? 1 : -1), 0), rows.length - 1);
  handle(rows[to])?.focus();
  return true;
}

/**
 * A row in focus that htmx replaces keeps the focus; where it is gone, the row that took its place
 * gets it.
 */
function keepRow() {
  let name = "";
  let at = -1;
  document.addEventListener("htmx:beforeSwap", () => {
    const row = rowOf(document.activeElement);
    name = row?.dataset.row ?? "";
    at = row ? rowsNow().indexOf(row) : -1;
  });
  document.addEventListener("htmx:afterSettle", () => {
    if (at < 0 || (document.activeElement && document.activeElement !== document.body)) return;
    const rows = rowsNow();
    const row = rows.find(({ dataset }) => dataset.row === name) ?? rows[Math.min(at, rows.length - 1)];
    if (row) handle(row)?.focus();
    at = -1;
  });
}

function onKey(event) {
  if (event.defaultPrevented || event.isComposing) return;
  if (event.ctrlKey || event.metaKey || event.altKey || takesText(event.target)) return;
  if (step(event)) {
    event.preventDefault();
    return;
  }
  if (!isOn() || event.repeat) return;
  if (event.key === HELP && layer() === document) {
    event.preventDefault();
    help();
    return;
  }
  const element = meant(event.key);
  if (!element) return;
  event.preventDefault();
  press(element);
}

// --- The dialog -----------------------------------------------------------------------------------
/** What a key does, in the words of its element. */
function words(element) {
  const own = element.dataset.keyLabel ?? element.getAttribute("aria-label");
  if (own) return own;
  if (element.labels?.length) return element.labels[0].textContent.trim();
  const copy = element.cloneNode(true);
  for (const hidden of copy.querySelectorAll(".visually-hidden, [aria-hidden=true]")) hidden.remove();
  return copy.textContent.replace(/\s+/g, " ").trim();
}

/** Print one group of [key, words] into its list and hide it when there is none. */
function print(list, pairs) {
  const once = new Map(pairs.map(([key, text]) => [`${key} ${text}`, [key, text]]));
  list.replaceChildren(
    ...[...once.values()].map(([key, text]) => {
      const row = document.createElement("div");
      const name = document.createElement("dt");
      const cap = document.createElement("kbd");
      const what = document.createElement("dd");
      cap.textContent = NAMES[key] ?? key;
      name.append(cap);
      what.textContent = text;
      row.append(name, what);
      return row;
    }),
  );
  list.closest("section").hidden = !once.size;
}

/** Print what the page's own script does with keys, group by group. */
function tell() {
  const groups = document.getElementById("keys-more")?.content.querySelectorAll("section") ?? [];
  dialog.querySelector("#keys-told").replaceChildren(...[...groups].map((group) => {
    const section = document.createElement("section");
    const title = document.createElement("h3");
    const list = document.createElement("dl");
    title.textContent = group.dataset.title;
    list.className = "keys-list";
    section.append(title, list);
    print(list, [...group.querySelectorAll("[data-of]")].map((one) => [one.dataset.of, one.textContent]));
    return section;
  }));
}

/** Open the list of keys, made from what is on the page at this moment. */
function help() {
  const all = targets();
  const pair = (element) => [element.dataset.key, words(element)];
  const inFrame = (element) => element.closest(".topbar") !== null;
  const rows = document.querySelector("[data-rows] [data-row]")
    ? [["ArrowUp", "Row above"], ["ArrowDown", "Row below"]]
    : [];
  const inRows = [...document.querySelectorAll("[data-row] [data-key]")].filter(usable);
  const list = (id) => dialog.querySelector(`#${id}`);
  const ofPage = all.filter((e) => !rowOf(e) && !inFrame(e));
  const hidden = new Set(ofPage.map(({ dataset }) => dataset.key)); // the page comes before its frame
  const ofFrame = all.filter((e) => inFrame(e) && !hidden.has(e.dataset.key));
  print(list("keys-page"), ofPage.filter((e) => !e.closest("[data-keys-told]")).map(pair));
  tell();
  print(list("keys-row"), [...rows, ...inRows.map(pair)]);
  print(list("keys-frame"), [...ofFrame.map(pair), [HELP, "This list"]]);
  dialog.querySelector("#keys-on").checked = isOn();
  dialog.showModal();
}

/** Tell assistive technology which keys there are, also in parts that came later. */
function announce() {
  for (const element of document.querySelectorAll("[data-key]")) {
    if (isOn()) element.setAttribute("aria-keyshortcuts", element.dataset.key === "+" ? "Plus" : element.dataset.key);
    else element.removeAttribute("aria-keyshortcuts");
  }
}

/** Wire the map, once for every page. */
export function watchKeys() {
  if (!dialog) return;
  root.dataset.keys = stored() ? "on" : "off";
  announce();
  keepRow();
  document.addEventListener("keydown", onKey);
  document.addEventListener("htmx:load", announce);
  document.addEventListener(
    "toggle", // a list that was folded up and opens gives its first row the focus
    ({ target }) => {
      if (target.matches("details[open][data-rows]")) handle(target.querySelector("[data-row]"))?.focus();
    },
    { capture: true },
  );
  document.addEventListener("click", ({ target }) => {
    if (target.closest("[data-keys-open]")) help();
  });
  dialog.querySelector("#keys-on").addEventListener("change", ({ target }) => {
    switchTo(target.checked);
    announce();
  });
}
