/* Light or dark, before the first paint: a classic script in <head>, so it blocks for a moment on purpose.
   The choice is kept under the same key and words as Django's admin uses ("light", "dark", "auto"). */
(() => {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const choice = () => {
    try {
      return window.localStorage.getItem("theme") || "auto";
    } catch {
      return "auto"; // storage may be closed to us: follow the system
    }
  };
  const apply = () => {
    const wanted = choice();
    const mood = wanted === "light" || wanted === "dark" ? wanted : dark.matches ? "dark" : "light";
    document.documentElement.setAttribute("data-bs-theme", mood);
  };
  dark.addEventListener("change", apply);
  document.addEventListener("np:theme", apply);
  window.addEventListener("storage", apply);
  apply();
})();
