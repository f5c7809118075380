"""Every address × role × method behaves as the table declares; a refusal leaks no word."""

import pytest
from django.urls import NoReverseMatch, reverse

from clinic.models import Role
from clinic.permissions import CARE, PAGES, may
from tests import factories
from tests.attack import world as worlds

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NO_REVERSE = {"account_reset_password_from_key", "account_confirm_email"}


@pytest.fixture
def world(db):
    """Return the first clinic with one row of everything."""
    return worlds.build()


def addresses(world):
    """Return (name, path) of every declared address that can be reversed."""
    found = {}
    for name, pattern in worlds.walk():
        try:
            arguments = worlds.arguments(pattern, world)
            if name in NO_REVERSE:
                arguments["key"] = "not-a-key"
            found[name] = reverse(name, kwargs=arguments)
        except NoReverseMatch:
            continue  # the admin's unnamed old-address redirect
    # The admin's autocomplete answers a whole question only.
    found["admin:autocomplete"] += "?app_label=clinic&model_name=resource&field_name=user"
    return found


def test_every_address_is_declared_and_every_declared_page_exists():
    names = {name for name, _ in worlds.walk()}

    assert names - PAGES.keys() == set()
    assert PAGES.keys() - names == set()


@pytest.mark.parametrize("role", [None, *Role.values])
def test_every_address_answers_a_role_as_declared(world, client, role):
    client.raise_request_exception = True
    if role:
        user = factories.staff(world.clinic, role)
    wrong = []
    for name, path in addresses(world).items():
        for method in METHODS:
            if role:
                client.force_login(
                    user, backend="allauth.account.auth_backends.AuthenticationBackend"
                )
            answer = client.generic(method, path)
            seen = verdict(answer)
            if PAGES[name].public and seen == "login":
                seen = "open"  # the page itself sends back whoever has not begun to sign in
            if seen != expected(name, role, method):
                wrong.append((name, method, answer.status_code, expected(name, role, method)))

    assert wrong == []


def verdict(answer) -> str:
    """Name what an answer decided."""
    if answer.status_code == 405:
        return "method"
    if answer.status_code == 403:
        return "denied"
    if answer.status_code == 302 and "/account/login/" in answer["Location"]:
        return "login"
    return "open"


def expected(name: str, role: str | None, method: str) -> str:
    """Name what the table decides."""
    declared = PAGES[name]
    if declared.public:
        return "open" if method in declared.methods else "method"
    if role is None:
        return "login"
    if method not in declared.methods:
        return "method"
    return "open" if declared.allows(role, method) else "denied"


@pytest.mark.parametrize("role", Role.values)
def test_a_refusal_carries_none_of_the_patients_words(world, client, role):
    user = factories.staff(world.clinic, role)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    leaks = []
    for name, path in addresses(world).items():
        if may(role, name):
            continue
        answer = client.get(path)
        leaks += [(name, word) for word in words(answer) if word in everything(answer)]

    assert leaks == []


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.FRONT_DESK, Role.LEAD])
def test_another_clinics_rows_are_not_found_and_leak_nothing(world, client, role):
    other = factories.clinic_with_diary()
    client.force_login(
        factories.staff(other, role),
        backend="allauth.account.auth_backends.AuthenticationBackend",
    )
    wrong = []
    for name, pattern in worlds.walk():
        keyed = set(pattern.pattern.converters) & {
            "patient_id", "appointment_id", "plan_id", "session_id", "key",
            "message_id", "wish_id",
        }  # fmt: skip
        if not keyed or name.startswith(("account", "mfa", "admin")):
            continue
        path = reverse(name, kwargs=worlds.arguments(pattern, world))
        for method in ("GET", "POST"):
            if not may(role, name, method):
                continue
            answer = client.generic(method, path)
            leak = [word for word in words(answer) if word in everything(answer)]
            if answer.status_code != 404 or leak:
                wrong.append((name, method, answer.status_code, leak))

    assert wrong == []


def test_the_front_desk_reads_no_clinical_word_on_any_of_its_pages(world, client):
    desk = factories.staff(world.clinic, "front_desk")
    client.force_login(desk, backend="allauth.account.auth_backends.AuthenticationBackend")
    leaks = []
    for name, path in addresses(world).items():
        if not may("front_desk", name) or name.startswith(("account", "mfa")):
            continue
        text = everything(client.get(path))
        leaks += [(name, word) for word in (*worlds.CLINICAL, "17.37") if word in text]

    assert leaks == []


def test_the_desk_sees_no_page_of_care():
    clinical = {name for name, page in PAGES.items() if page.roles == CARE}

    assert {name for name in clinical if may("front_desk", name)} == set()


def test_a_role_withdrawn_shuts_the_door_at_the_next_request(world, client, now):
    user = factories.staff(world.clinic, "practitioner")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    chart = reverse("chart", args=[world.patient.pk])
    before = client.get(chart).status_code

    user.memberships.update(ended_at=now)

    assert (before, client.get(chart).status_code) == (200, 403)


def words(answer):
    """Return every canary."""
    return (*worlds.IDENTITY, *worlds.CLINICAL)


def everything(answer) -> str:
    """Return body and headers as text."""
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return body.decode(errors="replace") + str(answer.headers)
