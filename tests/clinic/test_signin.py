"""Signing in: closed sign-up, second factors sealed, guessing slowed."""

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from cryptography.fernet import InvalidToken
from django.contrib.auth.hashers import make_password
from django.urls import reverse

from clinic.models import User
from tests import factories

pytestmark = pytest.mark.django_db
PASSWORD = "a-long-enough-password"


@pytest.fixture
def anna(clinic):
    """Return a front desk account with a password."""
    user = factories.staff(clinic, "front_desk", username="anna", email="anna@example.org")
    user.set_password(PASSWORD)
    user.save(update_fields=["password"])
    return user


def sign_in(client, **facts):
    return client.post(reverse("account_login"), {"login": "anna", "password": PASSWORD} | facts)


def test_staff_sign_in_by_name_or_e_mail(anna, client):
    by_name = sign_in(client)
    client.logout()
    by_mail = sign_in(client, login="anna@example.org")

    assert [by_name["Location"], by_mail["Location"]] == ["/", "/"]


def test_nobody_signs_up(client):
    answer = client.post(reverse("account_signup"), {"username": "eve", "password1": PASSWORD})

    assert answer.status_code == 302
    assert not User.objects.filter(username="eve").exists()


def test_five_wrong_passwords_slow_the_sixth_even_if_it_is_right(anna, client):
    for _ in range(5):
        sign_in(client, password="wrong-wrong-wrong")

    answer = sign_in(client)

    assert answer.status_code == 200
    assert "Too many failed login attempts" in answer.content.decode()


def test_an_unknown_name_and_a_wrong_password_read_the_same(anna, client):
    unknown = sign_in(client, login="nobody").context["form"].non_field_errors()
    wrong = sign_in(client, password="wrong-wrong-wrong").context["form"].non_field_errors()

    assert unknown == wrong


def test_the_secret_of_an_authenticator_is_unreadable_in_the_database(anna):
    TOTP.activate(anna, "JBSWY3DPEHPK3PXP")

    stored = Authenticator.objects.get(user=anna).data["secret"]

    assert "JBSWY3DPEHPK3PXP" not in stored
    assert get_adapter().decrypt(stored) == "JBSWY3DPEHPK3PXP"


def test_an_older_field_key_still_opens_and_a_foreign_one_does_not(settings):
    settings.FIELD_KEYS = ["old"]
    sealed = get_adapter().encrypt("secret")

    settings.FIELD_KEYS = ["new", "old"]
    opened = get_adapter().decrypt(sealed)
    settings.FIELD_KEYS = ["new"]

    assert opened == "secret"
    with pytest.raises(InvalidToken):
        get_adapter().decrypt(sealed)


def test_a_person_without_a_second_factor_reaches_only_its_enrolment(anna, client, settings):
    settings.MFA_REQUIRED = True
    sign_in(client)

    home, enrolment = client.get("/"), client.get(reverse("mfa_index"))

    assert (home.status_code, home["Location"]) == (302, reverse("mfa_index"))
    assert enrolment.status_code == 200


def test_passwords_are_kept_with_argon2id(settings):
    settings.PASSWORD_HASHERS = ["clinic.signin.Argon2"]

    stored = make_password(PASSWORD)

    assert stored.startswith("argon2$argon2id$v=19$m=65536,t=3,p=1$")


def test_a_password_of_fourteen_characters_is_refused_and_fifteen_taken(anna, client):
    sign_in(client)
    change = reverse("account_change_password")
    typed = {"oldpassword": PASSWORD, "password1": "quokka-14-chars"[:14]}

    short = client.post(change, typed | {"password2": typed["password1"]})
    long_enough = client.post(
        change, typed | {"password1": "quokka-15-chars", "password2": "quokka-15-chars"}
    )

    assert short.context["form"].errors["password1"] == [
        "This password is too short. It must contain at least 15 characters."
    ]
    assert long_enough.status_code == 302
