"""Security headers stand on every answer, whatever it says."""

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from tests import factories

pytestmark = pytest.mark.django_db
CSP = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
    "font-src 'self'", "connect-src 'self'", "manifest-src 'self'", "worker-src 'self'",
    "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
}  # fmt: skip


@pytest.fixture
def answers(clinic, desk, client):
    """Return one answer of every kind."""
    signed_in = Client(raise_request_exception=False)
    signed_in.force_login(desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    strict = Client(enforce_csrf_checks=True)
    return {
        200: client.get(reverse("account_login")),
        302: client.get("/"),
        403: signed_in.get(reverse("audit_log")),
        "csrf": strict.post(reverse("account_login"), {"login": "x", "password": "y"}),
        404: client.get("/nothing-here/"),
        405: signed_in.post("/"),
        "static": client.get("/static/css/theme.css"),
        "page": signed_in.get("/"),
    }


def test_every_kind_of_answer_carries_the_same_guards(answers):
    guards = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    for kind, answer in answers.items():
        assert {name: answer.headers.get(name) for name in guards} == guards, kind
        assert set(answer["Content-Security-Policy"].split("; ")) == CSP, kind
        assert "camera=(self)" in answer["Permissions-Policy"], kind


def test_pages_are_private_and_not_stored(answers):
    kept = {kind: answer["Cache-Control"] for kind, answer in answers.items() if kind != "static"}

    assert all("no-store" in value and "private" in value for value in kept.values()), kept


def test_a_page_that_breaks_says_so_without_a_trace(desk, monkeypatch):
    def broken(request):
        raise RuntimeError("secret words of a trace")

    client = Client(raise_request_exception=False)
    client.force_login(desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    monkeypatch.setattr("clinic.views.today._has_own_list", broken)

    with override_settings(DEBUG=False):
        answer = client.get("/")

    assert answer.status_code == 500
    assert "secret words" not in answer.content.decode()
    assert answer["X-Frame-Options"] == "DENY"
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.parametrize("next_url", ["//e.com", "https:e.com", "/\\e.com", "\t//e.com"])
def test_signing_in_never_leads_to_another_site(clinic, client, next_url):
    factories.staff(clinic, "front_desk", username="anna").set_password("x")
    user = clinic.memberships.get().user
    user.set_password("a-long-enough-password")
    user.save(update_fields=["password"])

    answer = client.post(
        reverse("account_login"),
        {"login": "anna", "password": "a-long-enough-password", "next": next_url},
    )

    assert (answer.status_code, answer["Location"]) == (302, "/")
