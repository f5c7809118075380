/** Times kept for a patient on the telephone: how long each still stands. */

const OVER = "The ten minutes are over: others may book it now";
const ends = new WeakMap();

const clock = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;

function tick() {
  for (const place of document.querySelectorAll("[data-kept-seconds]")) {
    if (!ends.has(place)) ends.set(place, performance.now() + Number(place.dataset.keptSeconds) * 1000);
    const left = Math.ceil((ends.get(place) - performance.now()) / 1000);
    place.textContent = left > 0 ? clock(left) : OVER;
    place.closest(".kept-time").classList.toggle("is-over", left <= 0);
  }
}

tick();
window.setInterval(tick, 1000);
