"""Every night the earliest free day of each course without a booking is looked up."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from tests import factories
from tests.support.clock import NOON
from treatments.actions.kept import keep_dates
from treatments.models import TreatmentPlan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
TODAY = NOON.date()
DONE_ON = date(2026, 11, 17)  # a Tuesday: the next session from 15 December to 29 December


@pytest.fixture
def course(patient):
    """Return a course whose first session was done last week: its second is not due yet."""
    plan = factories.plan(patient)
    plan.sessions.filter(number=1).update(done_on=DONE_ON)
    keep_dates(plan)
    return plan


def look_ahead(**options) -> str:
    out = StringIO()
    call_command("look_ahead", stdout=out, **options)
    return out.getvalue().strip()


def close(clinic, days: int) -> None:
    """Close the clinic from the first possible day on."""
    first = DONE_ON + timedelta(days=28)
    clinic.hours_exceptions.create(kind="off", reason="holiday", from_day=first,
                             to_day=first + timedelta(days=days - 1))  # fmt: skip


@pytest.mark.parametrize(
    ("closed", "free", "state", "told"),
    [
        (14, DONE_ON + timedelta(days=42), "on_track", "0 without"),
        (15, DONE_ON + timedelta(days=43), "at_risk", "1 without"),
    ],
)
def test_a_course_with_no_free_day_up_to_its_latest_is_at_risk_weeks_before(
    course, clinic, closed, free, state, told
):
    close(clinic, closed)

    said = look_ahead()

    course.refresh_from_db()
    assert said == f"1 courses looked up, {told} a free day in time, 0 left out."
    assert (course.next_free_on, course.next_free_seen_at) == (free, NOON)
    assert course.state_on(TODAY) == state


def test_a_day_that_became_free_takes_a_course_out_of_risk_the_next_night(course, clinic):
    close(clinic, 15)
    look_ahead()
    clinic.hours_exceptions.all().delete()

    look_ahead()

    course.refresh_from_db()
    assert course.state_on(TODAY) == "on_track"


def test_the_one_looked_up_longest_ago_comes_first(course, clinic):
    other = factories.plan(factories.patient(clinic))
    other.sessions.filter(number=1).update(done_on=DONE_ON)
    keep_dates(other)
    TreatmentPlan.objects.filter(pk=course.pk).update(
        next_free_on=TODAY, next_free_seen_at=NOON - timedelta(days=1)
    )

    look_ahead(limit=1)

    other.refresh_from_db()
    course.refresh_from_db()
    assert (other.next_free_seen_at, course.next_free_on) == (NOON, TODAY)


def test_a_course_nobody_can_serve_is_left_out(course):
    course.service.phases.all().delete()

    assert look_ahead() == "0 courses looked up, 0 without a free day in time, 1 left out."
