"""The next step on a chart: the most pressing thing, by role."""

from datetime import timedelta

import pytest
from django.urls import reverse

from tests import factories
from tests.support import charts
from tests.support.clock import NOON
from treatments.models import TreatmentSession

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def step(client, patient):
    return client.get(patient.get_absolute_url()).context["story"].step


def test_a_draft_comes_before_everything_else(patient, practitioner, as_user):
    visit = charts.appointment(patient, NOON, practitioner)
    draft = TreatmentSession.objects.create(
        clinic=patient.clinic, patient=patient, practitioner=visit.practitioner,
        performed_on=NOON.date(), opened_at=NOON, opened_by=practitioner,
    )  # fmt: skip

    assert step(as_user(practitioner), patient).url == draft.get_absolute_url()


def test_somebody_expected_today_is_marked_as_arrived(patient, desk, as_user):
    visit = charts.appointment(patient, NOON + timedelta(hours=2), desk)
    client = as_user(desk)

    now = step(client, patient)

    assert (now.label, now.writes, now.url) == (
        "Mark as arrived", True, reverse("appointment_step", args=[visit.pk, "arrive"]),
    )  # fmt: skip


@pytest.mark.parametrize(("role", "label"), [
    ("practitioner", "Open today’s record"), ("front_desk", "Open appointment"),
])  # fmt: skip
def test_somebody_here_is_treated_by_who_treats(clinic, patient, desk, as_user, role, label):
    charts.appointment(patient, NOON, desk, status="arrived", arrived_at=NOON)

    assert step(as_user(factories.staff(clinic, role)), patient).label == label


def test_a_visit_that_must_be_moved_names_why(patient, desk, as_user):
    charts.appointment(patient, NOON + timedelta(days=3), desk, status="proposed",
                       to_move_since=NOON, to_move_because="Room closed")  # fmt: skip

    now = step(as_user(desk), patient)

    assert (now.label, now.text) == ("Move", f"{patient.clinic.services.get()} of Thu 26 Nov must be moved: Room closed.")  # fmt: skip


def test_an_overdue_session_is_booked_before_a_later_visit_is_shown(patient, desk, as_user):
    plan = factories.plan(patient, next_ideal_on=NOON.date() - timedelta(days=3))
    charts.appointment(patient, NOON + timedelta(days=3), desk)

    now = step(as_user(desk), patient)

    assert (now.title, now.url) == (
        "Book session 1 of 4", reverse("course_dates", args=[plan.pk]),
    )  # fmt: skip


def test_a_booked_session_is_the_next_step_of_a_course_on_track(patient, desk, as_user):
    later = NOON + timedelta(days=3)
    plan = factories.plan(patient, next_booked_on=later.date(), next_latest_on=later.date())
    visit = charts.appointment(patient, later, desk)
    plan.sessions.filter(number=1).update(appointment=visit)

    now = step(as_user(desk), patient)

    told = f"Session 1 of 4 at {visit.start_clock} with {visit.practitioner}."
    assert (now.title, now.text) == ("Next visit Thu 26 Nov", told)


def test_a_session_booked_too_late_is_shown_with_how_late_and_not_booked_anew(
    patient, desk, as_user
):
    later = NOON + timedelta(days=43)
    plan = factories.plan(patient, next_booked_on=later.date(),
                          next_latest_on=NOON.date() + timedelta(days=42))  # fmt: skip
    visit = charts.appointment(patient, later, desk)
    plan.sessions.filter(number=1).update(appointment=visit)

    answer = as_user(desk).get(patient.get_absolute_url())

    now, (course,) = answer.context["story"].step, answer.context["story"].plans
    told = f"Session 1 of 4 at {visit.start_clock} with {visit.practitioner}, 1 day late."
    assert (now.label, now.text) == ("Open appointment", told)
    assert (course.state, [row.days_late for row in course.sessions.all()]) == (
        "at_risk", [1, 0, 0, 0],
    )  # fmt: skip
    assert '<b class="ink-stop">1 day late</b>' in answer.content.decode()


def test_a_course_far_from_due_still_offers_its_dates(patient, desk, as_user):
    far = NOON.date() + timedelta(days=60)
    factories.plan(patient, next_earliest_on=far, next_ideal_on=far, next_latest_on=far)

    assert step(as_user(desk), patient).label == "Choose dates"


def test_a_finished_course_leads_to_a_new_one(patient, lead, as_user):
    factories.plan(patient, status="done", sessions_done=4)

    assert step(as_user(lead), patient).label == "Plan a course"


def test_yesterdays_forgotten_visit_is_over(patient, desk, as_user):
    charts.appointment(patient, NOON - timedelta(days=1), desk)

    answer = as_user(desk).get(patient.get_absolute_url())

    assert (len(answer.context["story"].upcoming), len(answer.context["story"].past)) == (0, 1)
