"""The page behind a message's link: what it shows, what it takes, and when it is dead."""

from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from clinic.actions import diary
from clinic.actions.links import token_for
from clinic.models import AuditEvent, MoveWish
from tests import factories

DAY = date(2026, 12, 14)


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def visit(clinic):
    """Return a visit of a patient with a name that can be told apart."""
    type(clinic).objects.filter(pk=clinic.pk).update(phone="020 7946 0000")
    clinic.refresh_from_db()
    patient = factories.patient(
        clinic, given_name="Zanzi", family_name="Quokka", email="z@example.org"
    )
    return factories.appointment(patient, DAY)


def address(visit):
    """Return the address in a message to this visit's patient."""
    return reverse("visit_answer", args=[token_for(visit)])


def test_the_page_says_clinic_day_and_hour_and_one_letter_of_the_name(client, visit):
    answer = client.get(address(visit))

    text = answer.content.decode()
    assert answer.status_code == 200
    assert "Mon 14 Dec 2026, 10:00" in text
    assert f"For Z. at {visit.clinic}" in text
    for word in ("anzi", "Quokka", "z@example.org", visit.patient.phone, visit.service.name,
                 visit.practitioner.name):  # fmt: skip
        assert word not in text


@pytest.mark.parametrize("method", ["get", "head"])
def test_opening_the_link_never_acts(client, visit, method):
    for query in ("", "?answer=come", "?answer=move"):
        getattr(client, method)(address(visit) + query)

    visit.refresh_from_db()
    assert (visit.confirmed_at, MoveWish.objects.count(), visit.version) == (None, 0, 1)


def test_i_will_come_is_kept_and_shown(client, visit, now):
    answer = client.post(address(visit), {"answer": "come"}, follow=True)

    visit.refresh_from_db()
    assert visit.confirmed_at == now
    assert "You said you will come" in answer.content.decode()
    assert AuditEvent.objects.get(action="appointment.confirmed").actor_name == "Patient by link"


def test_another_time_is_a_wish_for_the_desk_with_its_words(client, visit, as_user, desk):
    answer = client.post(address(visit), {"answer": "move", "words": "<b>Fridays</b>"}, follow=True)
    assert "You asked for another time" in answer.content.decode()

    page = as_user(desk).get(reverse("message_list")).content.decode()

    assert "“&lt;b&gt;Fridays&lt;/b&gt;”" in page
    assert "Quokka, Zanzi" in page


def test_an_answer_that_is_neither_is_asked_again(client, visit):
    answer = client.post(address(visit), {"answer": "maybe"})

    assert answer.status_code == 422
    assert "Please choose one of the two answers" in answer.content.decode()


def test_a_post_without_its_token_is_refused(visit):
    answer = Client(enforce_csrf_checks=True).post(address(visit), {"answer": "come"})

    assert answer.status_code == 403


def test_after_a_move_the_earlier_link_is_dead_and_lives_again_when_the_move_is_undone(
    client, clinic, visit, desk, now
):
    link = address(visit)
    slot = factories.slot_on(clinic, date(2026, 12, 16))
    moved = diary.move(appointment=visit, slot=slot, version=visit.version, at=now, by=desk)

    answer = client.post(link, {"answer": "come"})
    assert answer.status_code == 410
    assert "Please call" in answer.content.decode()
    assert "020 7946 0000" in answer.content.decode()
    moved.refresh_from_db()
    assert moved.confirmed_at is None

    back = factories.slot_on(clinic, DAY)
    diary.move(appointment=moved, slot=back, version=moved.version, at=now, by=desk)
    assert client.get(link).status_code == 200


def test_a_link_is_dead_once_the_visit_begins_and_after_a_cancellation(client, visit, desk, now):
    with time_machine.travel(visit.starts_at, tick=False):
        assert client.get(address(visit)).status_code == 410

    diary.cancel(appointment=visit, reason="patient", at=now, by=desk)
    assert client.get(address(visit)).status_code == 410


def test_a_link_that_was_changed_is_not_found(client, visit):
    token = token_for(visit)
    pk, rest = token.split("-", 1)
    forged = [f"{int(pk) + 1}-{rest}", token[:-1] + ("a" if token[-1] != "a" else "b"), "x", pk]

    answers = [client.get(reverse("visit_answer", args=[one])).status_code for one in forged]

    assert answers == [404] * 4


def test_thirty_looks_a_minute_are_enough_for_anybody(client, visit):
    answers = [client.get(address(visit)).status_code for _ in range(31)]

    assert answers == [200] * 30 + [429]
    with time_machine.travel(visit.booked_at + timedelta(minutes=2), tick=False):
        assert client.get(address(visit)).status_code == 200
