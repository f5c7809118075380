/** Two photos of one view: beside each other, or one over the other under a slider. */

const panel = document.getElementById("compare");

/** The later photo is cut off left of the line; keyboard and touch are the range input's own. */
function slide() {
  const range = document.getElementById("compare-range");
  const at = Number(range.value);
  const sliding = panel.dataset.mode === "slide";
  panel.querySelector(".compare-second img").style.clipPath = sliding ? `inset(0 0 0 ${at}%)` : "";
  panel.querySelector(".compare-line").style.left = `${at}%`;
  range.setAttribute("aria-valuetext", `${100 - at} per cent of the later photo`);
}

function mode(name) {
  panel.dataset.mode = name;
  panel.querySelector(".compare-slider").hidden = name !== "slide";
  for (const button of panel.querySelectorAll("#compare-modes button")) {
    button.setAttribute("aria-pressed", String(button.dataset.mode === name));
  }
  slide();
}

/** Both photos lie in one box of the first one's shape. */
function shape() {
  const image = panel.querySelector(".compare-first img");
  const ratio = Number(image.getAttribute("width")) / Number(image.getAttribute("height"));
  document.getElementById("compare-stage").style.setProperty("--compare-shape", String(ratio));
}

if (panel) {
  document.getElementById("compare-modes").hidden = false;
  document.querySelector("#compare-choose button").hidden = true;
  document.getElementById("compare-choose").addEventListener("change", ({ currentTarget }) => {
    currentTarget.submit();
  });
  document.getElementById("compare-modes").addEventListener("click", ({ target }) => {
    const button = target.closest("[data-mode]");
    if (button) mode(button.dataset.mode);
  });
  document.getElementById("compare-range").addEventListener("input", slide);
  shape();
  slide();
}
