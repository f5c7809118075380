/** How one visit looks in the diary, and the card that says more about it. */

const SHORT = 30; // minutes that have room for one line only
const BRIEF = 45; // minutes that have room for two

const make = (tag, classes, text = "") => {
  const element = document.createElement(tag);
  element.className = classes;
  if (text) element.textContent = text;
  return element;
};

function icon(name, words) {
  const element = make("i", `bi bi-${name}`);
  element.title = words;
  element.setAttribute("aria-hidden", "true");
  return element;
}

/** What a visit wears: [icon, words]. */
export function badges(visit) {
  return [
    visit.first && ["1-circle", "First visit"],
    visit.unconfirmed && ["question-circle", "Not confirmed"],
    visit.lacks_health && ["clipboard2-x", "Health check missing"],
    visit.lacks_consent && ["file-earmark-x", "Consent missing"],
    visit.lacks_photo && ["camera", "Photo missing"],
  ].filter(Boolean);
}

function stretch(classes, [from, to], minutes) {
  const element = make("span", classes);
  element.style.top = `${(100 * from) / minutes}%`;
  element.style.height = `${(100 * (to - from)) / minutes}%`;
  return element;
}

/** Name and initials both, one of them shown (privacy). */
function called(visit) {
  return [make("b", "is-name", visit.name), make("b", "is-initials", visit.initials)];
}

/** The button a visit is drawn as; `clock` is its start. */
export function drawVisit(visit, clock, other) {
  const box = make("button", `visit tone-${visit.tone} state-${visit.state}`);
  box.type = "button";
  box.classList.toggle("is-short", visit.minutes < SHORT);
  box.classList.toggle("is-brief", visit.minutes < BRIEF);
  box.dataset.visit = visit.id;
  for (const [kind, from, to] of visit.phases) {
    box.append(stretch(`phase phase-${kind}`, [from, to], visit.minutes));
  }
  for (const hand of visit.hands) box.append(stretch("hand", hand, visit.minutes));
  const words = make("span", "visit-words");
  const first = make("span", "visit-name");
  const mark = visit.state === "proposed" ? make("span", "visit-letter", "M") : icon(visit.icon, visit.word);
  mark.setAttribute("aria-hidden", "true"); // its word is read out
  mark.title = visit.word;
  first.append(mark, ...called(visit));
  const second = make("span", "visit-facts");
  second.append(make("span", "visit-clock", clock));
  if (visit.session) second.append(make("span", "visit-session", visit.session));
  if (visit.state === "proposed") second.append(make("span", "visit-until", "to be moved"));
  if (visit.until) second.append(make("span", "visit-until", `kept until ${visit.until}`));
  for (const [name, told] of badges(visit)) second.append(icon(name, told));
  second.append(make("span", "visit-other", other));
  const told = [visit.word, visit.session && `session ${visit.session.replace("/", " of ")}`];
  told.push(...badges(visit).map(([, one]) => one.toLowerCase()));
  words.append(first, second, make("span", "visually-hidden", told.filter(Boolean).join(", ")));
  box.append(words);
  return box;
}

/** Fill the card of a visit from the page's template. */
export function drawCard(card, visit, when) {
  const blank = document.getElementById("card-blank").content.cloneNode(true);
  const texts = { name: visit.name, when, service: visit.service, who: visit.who, room: visit.room || "None" };
  for (const place of blank.querySelectorAll("[data-fill]")) {
    const { fill } = place.dataset;
    if (fill === "badges") {
      const word = visit.until ? `${visit.word} until ${visit.until}` : visit.word;
      const state = make("li", `chip tone-${visit.tone}`, word);
      state.prepend(icon(visit.icon, visit.word));
      place.append(state);
      if (visit.session) place.append(make("li", "chip tone-void", `Session ${visit.session.replace("/", " of ")}`));
      for (const [name, told] of badges(visit)) {
        const row = make("li", "chip tone-warn", told);
        row.prepend(icon(name, told));
        place.append(row);
      }
    } else if (fill === "name") place.append(...called(visit));
    else place.textContent = texts[fill];
  }
  for (const link of blank.querySelectorAll("[data-card]")) {
    link.href = visit[link.dataset.card];
    const over = !visit.movable && ["move_url", "cancel_url"].includes(link.dataset.card);
    link.hidden = over && !(visit.state === "arrived" && link.dataset.card === "cancel_url");
  }
  blank.querySelector("[data-card-move]").hidden = !visit.movable;
  card.replaceChildren(blank);
  card.hidden = false;
}
