"""Why a visit is on its day: the reasons its booking keeps, and how they are told."""

from datetime import date

import pytest
from django.urls import reverse

from clinic.models import Patient
from tests import factories
from tests.clinic.views.test_diary import MONDAY, book, word
from tests.support.clock import NOON
from treatments.actions.diary import book_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient)


def test_why_this_date_is_told_in_sentences(desk, plan, as_user):
    session = plan.sessions.get(number=1)
    visit = book_session(
        planned_session=session, slot=factories.slot_on(plan.clinic, MONDAY), at=NOON, by=desk,
        why=[{"code": "late", "days": 3, "cost": 12}],
    )  # fmt: skip

    answer = as_user(desk).get(visit.get_absolute_url())

    assert answer.context["visit"].reasons == ["3 days after the ideal interval."]


def test_a_booking_keeps_how_far_it_is_from_the_ideal_day(desk, plan, as_user):
    book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                 slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip
    second = plan.sessions.get(number=2)

    book(as_user(desk), plan.patient, word(plan.clinic, date(2027, 1, 1)),
         visit=f"session-{second.pk}")  # fmt: skip

    second.refresh_from_db()
    assert second.appointment.why_this_date == [{"code": "early", "days": 3}]


def test_a_move_outside_the_patients_wishes_keeps_what_is_not_as_wished(desk, plan, as_user):
    patient, (own, other) = plan.patient, plan.clinic.resources.practitioners()[:2]
    Patient.objects.filter(pk=patient.pk).update(
        preferred_weekdays=[2], preferred_from_min=840, preferred_to_min=1020,
        preferred_practitioner=own,
    )  # fmt: skip
    plan.practitioner = None
    plan.save()
    visit = book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                         slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip

    as_user(desk).post(reverse("appointment_move", args=[visit.pk]), {
        "slot": word(plan.clinic, date(2026, 12, 1), who=other), "version": visit.version,
    })  # fmt: skip

    answer = as_user(desk).get(visit.get_absolute_url())
    assert answer.context["visit"].reasons == [
        "Not on a preferred weekday.",
        "Outside the preferred hours.",
        "Not with the patient's own practitioner.",
    ]
