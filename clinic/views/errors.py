"""Our own error pages: one sentence, a way back, none of the patient's words."""

from django.http import HttpResponseServerError
from django.shortcuts import render
from django.template import loader
from django.views.decorators.csrf import requires_csrf_token


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
