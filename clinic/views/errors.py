"""Our own error pages: one sentence, a way back, none of the patient's words."""

from allauth.account.views import LoginView
from django.http import HttpResponse, HttpResponseServerError, JsonResponse
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token

from clinic.actions.refusals import BUSY

SIGN_IN_BUSY = (
    "The database is busy right now, so you could not be signed in. Type your password again in a "
    "moment."
)
RETRY_S = 5
UNAVAILABLE = 503
#: Pages of sign-in and second factors: what is typed there is never put into another page.
SECRET = ("account_", "mfa_")


def bad_request(request, exception):
    """Say that the request made no sense (400)."""
    return render(request, "400.html", status=400)


def denied(request, exception):
    """Say that this page is not for this role (403)."""
    return render(request, "403.html", status=403)


def not_found(request, exception):
    """Say that there is nothing here (404): the same for unknown rows and other clinics' rows."""
    return render(request, "404.html", status=404)


def broken(request):
    """Say that something broke (500), needing neither database nor context."""
    return HttpResponseServerError(loader.get_template("500.html").render())


@requires_csrf_token
def csrf_failure(request, reason=""):
    """Say that the form was too old to trust (403) and how to go on."""
    return render(request, "403_csrf.html", status=403)


def busy(request):
    """Say that somebody else was writing for too long (503); what was typed goes along.

    A part of a page and a script get the sentence alone; whoever signs in gets that page again.
    """
    if request.headers.get("accept") == "application/json":
        answer = JsonResponse({"refusal": BUSY, "sentence": BUSY}, status=UNAVAILABLE)
    elif request.htmx and not request.htmx.boosted:
        answer = HttpResponse(BUSY, content_type="text/plain", status=UNAVAILABLE)
    elif request.method == "POST" and request.resolver_match.view_name == "account_login":
        answer = _sign_in_again(request)
    else:
        facts = {"sentence": BUSY, "typed": _typed(request), "files": bool(request.FILES)}
        answer = render(request, "503.html", facts, status=UNAVAILABLE)
    answer.headers["Retry-After"] = str(RETRY_S)
    return answer


def _sign_in_again(request):
    """Show the sign-in page with what was typed, but for the password."""
    view = LoginView()
    view.setup(request)
    typed = {name: request.POST.get(name, "") for name in ("login", "remember")}
    form = view.get_form_class()(request=request, initial=typed)
    facts = view.get_context_data(form=form, busy=SIGN_IN_BUSY)
    return render(request, "account/login.html", facts, status=UNAVAILABLE)


def _typed(request) -> list[tuple[str, str]] | None:
    """Return what a form sent, to be sent again as it was; None where it must not be repeated."""
    if request.method != "POST" or request.resolver_match.view_name.startswith(SECRET):
        return None
    rows = request.POST.lists()
    return [(name, value) for name, values in rows for value in values
            if name != "csrfmiddlewaretoken"]  # fmt: skip
