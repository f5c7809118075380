"""Tentative appointments: until when, at most one a session, and who sees them."""

from datetime import timedelta

import pytest

from clinic.actions.tentative import keep
from clinic.models import Appointment, Hold
from clinic.models.openings import snapshot
from tests import factories
from tests.support.clock import NOON
from tests.support.diary import TUESDAY, broken
from treatments.models import PlannedSession

pytestmark = pytest.mark.django_db


@pytest.fixture
def kept(clinic, patient, desk):
    """Return Tuesday at ten, kept for the patient."""
    return keep(clinic=clinic, patient=patient, service=clinic.services.get(), at=NOON, by=desk,
                slot=factories.slot_on(clinic, TUESDAY))  # fmt: skip


def test_a_tentative_appointment_says_until_when(kept):
    rows = Appointment.tentative.filter(pk=kept.pk)

    assert broken(lambda: rows.update(expires_at=None)) == "appointment_tentative_until"
    assert broken(lambda: rows.update(status="booked")) == "appointment_tentative_until"


def test_an_agreed_appointment_never_expires(patient):
    visit = factories.appointment(patient, TUESDAY)
    rows = Appointment.objects.filter(pk=visit.pk)

    assert broken(lambda: rows.update(expires_at=NOON)) == "appointment_tentative_until"


def test_a_kept_time_is_kept_for_one_session_only(kept, patient):
    first, second = factories.plan(patient).sessions.order_by("number")[:2]
    PlannedSession.objects.filter(pk=first.pk).update(tentative=kept)

    told = broken(lambda: PlannedSession.objects.filter(pk=second.pk).update(tentative=kept))

    assert "tentative" in told


def test_a_kept_time_is_no_appointment_to_whoever_does_not_ask_for_it(kept, patient, clinic):
    assert list(Appointment.objects.all()) == []
    assert list(patient.appointments.all()) == []
    assert list(clinic.appointments.all()) == []
    assert list(Appointment.tentative.all()) == [kept]
    assert list(Appointment.everything.all()) == [kept]
    assert (kept.is_live, kept.can_be_moved) == (False, False)


@pytest.mark.parametrize(
    ("after", "is_open"),
    [(timedelta(minutes=10, microseconds=-1), True), (timedelta(minutes=10), False),
     (timedelta(minutes=10, microseconds=1), False)],
)  # fmt: skip
def test_a_kept_time_stands_until_its_last_instant(kept, after, is_open):
    assert Appointment.tentative.open(NOON + after).exists() is is_open
    assert Appointment.tentative.expired(NOON + after).exists() is not is_open


def test_what_is_kept_counts_as_taken_and_not_as_a_visit(kept, clinic):
    who = kept.practitioner
    day = snapshot(clinic, kept.service, from_day=TUESDAY, days=1)
    stretch = [(row.start, row.end) for row in kept.holds.all()]

    assert who.pk in day.busy
    assert Hold.objects.visits_in(
        {"a": ({"resource": who}, stretch)}, at=NOON - timedelta(days=365)
    ) == {"a": 0}
