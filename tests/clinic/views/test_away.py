"""Days away: told on the phone, kept clear by the planner, taken back."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.models import AuditEvent, Blackout
from tests import factories


@pytest.fixture(autouse=True)
def _clock(now):
    """Stop the clock at the tests' own instant."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def today(clinic, now):
    """Return the clinic's day."""
    return clinic.local_date(now)


def send(client, patient, **fields):
    """Send the form of days away."""
    return client.post(reverse("patient_away", args=[patient.pk]), fields)


@pytest.fixture
def at_desk(as_user, desk):
    """Return a browser signed in for the front desk."""
    return as_user(desk)


def test_the_desk_writes_days_away_and_one_day_needs_no_last_day(at_desk, patient, today):
    first = today + timedelta(days=5)

    answer = send(at_desk, patient, kind="holiday", from_day=f"{first}")

    row = patient.blackouts.get()
    assert answer.status_code == 302
    assert (row.kind, row.from_day, row.to_day, row.margin_after_days) == (
        "holiday", first, first, 0,
    )  # fmt: skip
    event = AuditEvent.objects.get(action="patient.away_noted")
    assert event.details == {"from": f"{first}", "to": f"{first}"}


def test_the_same_days_told_twice_are_one_row(at_desk, patient, today):
    for _ in range(2):
        send(at_desk, patient, kind="sun", from_day=f"{today}", margin_after_days="14")

    assert patient.blackouts.get().margin_after_days == 14


@pytest.mark.parametrize(("first", "last", "says"), [
    (3, 2, "The last day cannot come before the first."),
    (-4, -1, "These days have gone by already."),
    (0, 400, "That is over a year; check the days."),
])  # fmt: skip
def test_days_that_make_no_sense_stay_in_the_form_with_a_sentence(
    at_desk, patient, today, first, last, says
):
    typed = {"from_day": f"{today + timedelta(days=first)}",
             "to_day": f"{today + timedelta(days=last)}"}  # fmt: skip

    answer = send(at_desk, patient, kind="holiday", **typed)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert typed["from_day"] in page
    assert patient.blackouts.count() == 0


def test_medical_reasons_are_neither_written_nor_read_nor_removed_by_the_desk(
    at_desk, patient, today
):
    row = Blackout.objects.create(patient=patient, kind="medical", from_day=today, to_day=today)

    written = send(at_desk, patient, kind="medical", from_day=f"{today + timedelta(days=9)}")
    removed = send(at_desk, patient, remove=f"{row.pk}")
    page = at_desk.get(reverse("patient_away", args=[patient.pk])).content.decode()

    assert (written.status_code, removed.status_code) == (422, 404)
    assert ("medical" in page.lower(), "not available" in page) == (False, True)
    assert patient.blackouts.get() == row


def test_a_practitioner_takes_days_back(as_user, practitioner, patient, today):
    row = Blackout.objects.create(patient=patient, kind="medical", from_day=today, to_day=today)

    answer = send(as_user(practitioner), patient, remove=f"{row.pk}")

    assert answer.status_code == 302
    assert patient.blackouts.count() == 0
    assert AuditEvent.objects.filter(action="patient.away_forgotten").count() == 1


def test_days_of_another_patient_cannot_be_removed_here(at_desk, clinic, patient, today):
    other = Blackout.objects.create(
        patient=factories.patient(clinic), kind="holiday", from_day=today, to_day=today
    )

    assert send(at_desk, patient, remove=f"{other.pk}").status_code == 404
    assert send(at_desk, patient, remove="x").status_code == 404
    assert Blackout.objects.get() == other


def test_what_is_booked_into_days_away_is_shown_on_page_and_chart(at_desk, clinic, patient, today):
    day = today + timedelta(days=(7 - today.weekday()) % 7 + 1)  # a Tuesday
    visit = factories.appointment(patient, day, 600)
    Blackout.objects.create(patient=patient, kind="holiday", from_day=day, to_day=day)

    page = at_desk.get(reverse("patient_away", args=[patient.pk])).content.decode()
    chart = at_desk.get(patient.get_absolute_url()).content.decode()

    assert reverse("appointment_move", args=[visit.pk]) in page
    assert "1 visit booked" in chart
