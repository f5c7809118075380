/** The one script of every page: wires the shared behaviour once. */

import { watchConfirms } from "./confirm.js";
import { watchForms } from "./forms.js";
import { watchKeys } from "./keys.js";
import { watchQuickSearch } from "./quick-search.js";
import { watchTheme } from "./theme-pick.js";
import { toast, watchToasts } from "./toast.js";

/** What htmx could not fetch is said in words, never swallowed. */
function watchRequests() {
  document.addEventListener("htmx:sendError", () => {
    toast("No connection. What you typed is still here; try again in a moment.", "error");
  });
  document.addEventListener("htmx:responseError", ({ detail }) => {
    const { status, responseText } = detail.xhr;
    const words = { 403: "You may not do this.", 503: responseText };
    toast(words[status] ?? "That did not work. What you typed is still here.", "error");
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out meanwhile: the answer is the sign-in page, which belongs in no part of this one.
    const login = document.body.dataset.loginUrl;
    const { xhr } = event.detail;
    if (login && xhr.responseURL && new URL(xhr.responseURL).pathname === login) {
      event.detail.shouldSwap = false;
      window.location.reload();
    }
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Freed times that are being read stay as they are; only what was just done here renews them.
    const { target, requestConfig } = event.detail;
    const isPolled = !requestConfig?.triggeringEvent;
    if (isPolled && target.id === "gap" && target.querySelector("details[open]")) event.detail.shouldSwap = false;
  });
  document.addEventListener("allauth.error", (event) => {
    event.preventDefault();
    toast("The passkey was not used. Try again, or sign in another way.", "warning");
  });
}

watchConfirms(); // first: its listeners must run before the others
watchForms();
watchQuickSearch();
watchKeys();
watchTheme();
watchToasts();
watchRequests();
