/** The health check: "All no" answers the open questions on the spot; the server does the same without a script. */

import { toast } from "./toast.js";

const form = document.getElementById("health-form");

function restIsNo() {
  let count = 0;
  for (const question of form.querySelectorAll(".health-question")) {
    if (question.querySelector("input[type=radio]:checked")) continue;
    question.querySelector("input[type=radio][value=no]").checked = true;
    count += 1;
  }
  return count;
}

form?.addEventListener("click", (event) => {
  if (!event.target.closest("[name=all_no]")) return;
  event.preventDefault();
  const count = restIsNo();
  form.dataset.dirty = "1";
  toast(count ? `${count} open questions now say no. Read them, then save.` : "Every question has an answer.");
});
