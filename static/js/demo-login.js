/** Sign-in page in demo mode: a demo account fills the form, the person still presses Sign in. */

document.addEventListener("click", (event) => {
  const account = event.target.closest("[data-demo-username]");
  if (!account) return;
  const form = document.getElementById("sign-in");
  form.elements.login.value = account.dataset.demoUsername;
  form.elements.password.value = account.dataset.demoPassword;
  form.querySelector("[type=submit]").focus();
});
