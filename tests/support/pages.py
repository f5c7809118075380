"""What every browser test asks of a page: signed in, without complaints, accessible."""

from pathlib import Path

from django.conf import settings
from django.test import Client

AXE = Path(settings.NODE_MODULES) / "axe-core/axe.min.js"
SIZES = {"ipad": {"width": 1024, "height": 768}, "desk": {"width": 1440, "height": 900}}
# Chromium also logs a violation, but not which directive; the event says so.
REPORT_CSP_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `Content-Security-Policy: ${event.violatedDirective} blocked ${event.blockedURI || "inline"}`));
"""
# Without `preload`: for sheets that import others axe would write a style of its own into the page,
# which the policy refuses; only an experimental rule reads them. A target that is half under a bar
# which stays in place is looked at again where it is whole: its size does not hang on the scrolling.
RUN_AXE = """
async () => {
  const { violations } = await axe.run(document, {
    preload: false,
    rules: { "target-size": { enabled: true } },
  });
  const small = async ({ target }) => {
    const one = document.querySelector(target.join(" "));
    const { scrollX, scrollY } = window;
    one.scrollIntoView({ block: "center", behavior: "instant" });
    const again = await axe.run(one, { preload: false, runOnly: ["target-size"] });
    window.scrollTo({ left: scrollX, top: scrollY, behavior: "instant" });
    return again.violations.length > 0;
  };
  const found = [];
  for (const { id, help, nodes } of violations) {
    for (const node of nodes) {
      if (id === "target-size" && !(await small(node))) continue;
      found.push(`${id} (${help}): ${node.target.join(" ")}`);
    }
  }
  return found;
}
"""
# A row's own keys, the page's and its frame's are three scopes: the nearer one wins (static/js/keys.js).
FIND_KEYS_SHOWN_TWICE = """
() => {
  const layer = document.querySelector("dialog[open]") ?? document;
  const rows = [...layer.querySelectorAll("[data-row]")];
  const counts = new Map();
  for (const element of layer.querySelectorAll("[data-key]")) {
    const seen = element.checkVisibility({ visibilityProperty: true });
    if (!seen || element.disabled || element.closest("[inert], [aria-disabled=true]")) continue;
    const row = element.closest("[data-row]");
    const scope = row ? `row ${rows.indexOf(row) + 1}` : element.closest(".topbar") ? "frame" : "page";
    const name = `${scope}: ${element.dataset.key}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].filter(([, count]) => count > 1).map(([name]) => name);
}
"""


def watch(context, complaints):
    """Add to `complaints` what goes wrong in a context's pages: errors, CSP, lost requests."""
    context.add_init_script(REPORT_CSP_VIOLATIONS)
    context.on(
        "console",
        lambda message: message.type == "error" and complaints.append(f"console: {message.text}"),
    )
    context.on("weberror", lambda error: complaints.append(f"script: {error.error}"))


def sign_in(page, live_server, user):
    """Sign a user in by a session cookie, past the sign-in page."""
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies(
        [{"name": name, "value": client.cookies[name].value, "url": live_server.url}]
    )


def axe(page):
    """Assert that axe-core finds nothing wrong with the page as it is now, and no key twice.

    The script goes in over the debugging protocol, so the page's own policy may stay strict.
    """
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE.read_text())
    violations = page.evaluate(RUN_AXE)
    assert not violations, "\n".join([page.url, *violations])
    twice = page.evaluate(FIND_KEYS_SHOWN_TWICE)
    assert not twice, "\n".join([page.url, "Keys shown twice:", *twice])
