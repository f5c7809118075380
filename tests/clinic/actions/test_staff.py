"""Deeds on staff: invitations that work once, roles that open and close doors."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from clinic.actions.staff import end_membership, found_clinic, give_role, invite_staff
from clinic.models import AuditEvent, Clinic, Membership, Role, User
from tests import factories

PERSON = {"first_name": "Nora", "last_name": "Testperson", "username": "nora",
          "email": "nora@example.org", "site": "https://clinic.example/"}  # fmt: skip
PASSWORD = "a long enough secret"


def invite(clinic, by, now, **changes):
    facts = {"role": Role.PRACTITIONER} | PERSON | changes
    return invite_staff(clinic=clinic, at=now, by=by, **facts)


def follow(client, invitation):
    """Open the link as a browser does, choose a password, return the answer."""
    page = client.get(invitation.link.removeprefix("https://clinic.example"))
    if page.status_code == 302:
        page = client.post(page.url, {"password1": PASSWORD, "password2": PASSWORD})
    return page


def test_an_invited_person_has_no_password_until_the_link_is_used(
    clinic, lead, now, client, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        invitation = invite(clinic, lead, now)

    assert not invitation.user.has_usable_password()
    assert [(mail.to, invitation.link in mail.body) for mail in mailoutbox] == [
        (["nora@example.org"], True)
    ]
    follow(client, invitation)
    invitation.user.refresh_from_db()
    assert invitation.user.check_password(PASSWORD)


def test_the_link_works_once(clinic, lead, now, client):
    invitation = invite(clinic, lead, now)
    follow(client, invitation)
    kept = User.objects.get(username="nora").password

    again = follow(client, invitation)

    assert again.status_code == 200
    assert User.objects.get(username="nora").password == kept


def test_the_link_expires_after_72_hours(clinic, lead, now, client, monkeypatch):
    from allauth.account.forms import default_token_generator as tokens

    invitation = invite(clinic, lead, now)
    later = timezone.localtime(timezone=None).replace(tzinfo=None) + timedelta(hours=72, seconds=5)
    monkeypatch.setattr(tokens, "_now", lambda: later)

    follow(client, invitation)

    assert not User.objects.get(username="nora").has_usable_password()


def test_an_invitation_is_logged_without_address_or_link(clinic, lead, now):
    invite(clinic, lead, now)

    line = AuditEvent.objects.get()
    nora = User.objects.get(username="nora")
    assert (line.action, line.details) == (
        "membership.given", {"user": nora.pk, "role": "practitioner"},
    )  # fmt: skip
    assert b"example" not in line.canonical()


@pytest.mark.parametrize("same", ["username", "email"])
def test_an_account_is_not_made_twice(clinic, lead, now, same):
    invite(clinic, lead, now)
    other = {"username": "other", "email": "other@example.org"} | {same: PERSON[same].upper()}

    with pytest.raises(ValidationError) as refused:
        invite(clinic, lead, now, **other)

    assert list(refused.value.message_dict) == [same]


def test_only_leads_enter_the_admin(clinic, lead, now):
    member = give_role(clinic=clinic, user=factories.staff(clinic), role=Role.LEAD, at=now, by=lead)

    assert User.objects.get(pk=member.user_id).is_staff
    end_membership(membership=member, at=now, by=lead)
    assert not User.objects.get(pk=member.user_id).is_staff


def test_an_ended_membership_closes_the_clinic_at_once(clinic, lead, now, as_user):
    desk = factories.staff(clinic, "front_desk")
    browser = as_user(desk)
    assert browser.get("/patients/").status_code == 200

    end_membership(membership=desk.memberships.get(), at=now, by=lead)

    assert browser.get("/patients/").status_code == 403


def test_ending_twice_ends_once(clinic, lead, desk, now):
    member = desk.memberships.get()
    end_membership(membership=member, at=now, by=lead)

    again = end_membership(membership=member, at=now + timedelta(days=1), by=lead)

    assert again.ended_at == now
    assert AuditEvent.objects.filter(action="membership.ended").count() == 1


@pytest.mark.parametrize("deed", [
    lambda member, now: end_membership(membership=member, at=now, by=member.user),
    lambda member, now: give_role(clinic=member.clinic, user=member.user, role=Role.AUDITOR,
                                  at=now, by=member.user),
])  # fmt: skip
def test_a_clinic_keeps_its_last_lead(clinic, lead, now, deed):
    with pytest.raises(ValidationError, match="needs a lead"):
        deed(lead.memberships.get(), now)

    assert Membership.objects.active().filter(user=lead, role=Role.LEAD).exists()


def test_an_ended_membership_can_be_given_again(clinic, lead, desk, now):
    end_membership(membership=desk.memberships.get(), at=now, by=lead)

    give_role(clinic=clinic, user=desk, role=Role.PRACTITIONER, at=now, by=lead)

    assert desk.memberships.values_list("role", "ended_at").get() == ("practitioner", None)


LEAD = {"username": "lead", "email": "lead@example.org", "first_name": "", "last_name": ""}


def test_the_first_clinic_is_founded_with_its_lead(db, now):
    clinic, invitation = found_clinic(
        name="Harbour Skin", time_zone="Europe/Dublin", lead=LEAD, site="http://x", at=now
    )

    assert (clinic.slug, clinic.time_zone) == ("harbour-skin", "Europe/Dublin")
    assert invitation.user.memberships.values_list("clinic", "role").get() == (clinic.pk, "lead")
    assert list(AuditEvent.objects.order_by("seq").values_list("action", flat=True)) == [
        "clinic.founded", "membership.given",
    ]  # fmt: skip


def test_a_second_clinic_is_not_founded_this_way(clinic, now):
    with pytest.raises(ValidationError, match="already stands"):
        found_clinic(name="B", time_zone="Europe/London", lead=LEAD, site="http://x", at=now)


def test_a_wrong_time_zone_leaves_nothing_behind(db, now):
    with pytest.raises(ValidationError, match="time zone"):
        found_clinic(name="B", time_zone="Mars/Base", lead=LEAD, site="http://x", at=now)

    assert (Clinic.objects.count(), User.objects.count()) == (0, 0)
