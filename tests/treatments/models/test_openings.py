"""What the planner is told about a course, and that its answers can be booked."""

from datetime import UTC, date, datetime
from functools import partial

import pytest

from clinic.models import Blackout
from clinic.scheduling.course import Proposal, Refusal
from tests import factories
from tests.support import courses
from tests.support.courses import FIRST, booked_on, days
from treatments.actions import diary
from treatments.actions.kept import keep_dates
from treatments.models.openings import (
    Course,
    course_request,
    courses_of,
    first_legal_day,
    next_free_day,
    propose,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


@pytest.fixture
def course(patient, today):
    """Return a course of four sessions on two zones, 28 / 35 / 42 days apart."""
    return courses.course_of_four(patient)


@pytest.fixture
def book(course, desk, now):
    """Return a function that books session k on a day at 10:00."""

    return partial(courses.book, course, at=now, by=desk)


def done(course, number: int, day: date) -> None:
    """Say that a session is done, as signing does, without its rests."""
    course.sessions.filter(number=number).update(done_on=day)


def test_the_first_legal_day_counts_through_sessions_without_a_date(course, book):
    assert first_legal_day(course, 1) == course.agreed_on
    assert first_legal_day(course, 3) == course.agreed_on + days(56)

    book(1, FIRST)

    assert [first_legal_day(course, k) for k in (2, 3)] == [FIRST + days(28), FIRST + days(56)]


@pytest.mark.parametrize("many", [1, 3])
def test_several_courses_are_read_as_each_alone(
    course, book, clinic, many, django_assert_num_queries
):
    book(1, FIRST)
    plans = [course, *(factories.plan(factories.patient(clinic)) for _ in range(many - 1))]

    with django_assert_num_queries(2):
        found = courses_of(plans)
        known = [(found[plan.pk].plan, found[plan.pk].days) for plan in plans]

    alone = [Course(plan) for plan in plans]
    assert known == [(row.plan, row.days) for row in alone]
    for row in alone:
        assert found[row.plan.pk].zone_codes == row.zone_codes
        assert found[row.plan.pk].sessions == row.sessions


def test_the_first_legal_day_waits_for_a_zone_of_another_course(course, patient, now, desk):
    other = factories.plan(patient, zones=[course.zones.first().zone])
    diary.book_session(
        planned_session=other.sessions.get(number=1), slot=factories.slot_on(patient.clinic, FIRST),
        at=now, by=desk,
    )  # fmt: skip

    assert first_legal_day(course, 1) == FIRST + days(28)


def test_three_proposals_can_each_be_booked(course, today, now, desk):
    proposals = propose(course, today=today)

    assert [row.name for row in proposals] == [
        "nearest_to_ideal", "same_weekday_and_hour", "before_event",
    ]  # fmt: skip
    for proposal in proposals:
        assert isinstance(proposal, Proposal)
        slots = {placed.number: placed.slot for placed in proposal.sessions}
        diary.book_course(plan=course, slots=slots, at=now, by=desk)
        assert booked_on(course) == list(proposal.days)


def test_what_is_booked_is_kept_by_the_proposals(course, book, today):
    book(1, FIRST)
    book(3, FIRST + days(84))

    for proposal in propose(course, today=today):
        assert (proposal.days[0], proposal.days[2]) == (FIRST, FIRST + days(84))
        assert proposal.sessions[0].reasons[-1].code == "fixed"


def test_what_is_booked_may_move_when_the_patient_cannot_come(course, book, patient, today):
    book(1, FIRST)
    Blackout.objects.create(patient=patient, kind="medical", from_day=FIRST, to_day=FIRST + days(6))

    for proposal in propose(course, today=today):
        assert not FIRST <= proposal.days[0] <= FIRST + days(6)


def test_a_visit_that_has_begun_counts_as_done(course, book, desk):
    row = book(1, FIRST)
    diary.step(appointment=row, step="arrive", at=NOON, by=desk)

    request = course_request(course, today=FIRST)

    assert request.last_done == FIRST
    assert [wish.number for wish in request.sessions] == [2, 3, 4]


def test_proposals_keep_off_blackouts_and_other_courses(course, patient, today, now, desk):
    other = factories.plan(patient, zones=[course.zones.first().zone])
    diary.book_session(
        planned_session=other.sessions.get(number=1), slot=factories.slot_on(patient.clinic, FIRST),
        at=now, by=desk,
    )  # fmt: skip
    Blackout.objects.create(
        patient=patient, kind="holiday", from_day=FIRST + days(28), to_day=FIRST + days(29)
    )

    proposal = propose(course, today=today)[0]

    assert proposal.days[0] == FIRST + days(30)


def test_a_course_without_a_free_day_says_why(course, clinic, today):
    clinic.resources.filter(kind="device").update(active=False)

    refusal = propose(course, today=today)[0]

    assert isinstance(refusal, Refusal)
    assert refusal.sessions[0].reasons[0].code == "no_free_slot"


def test_a_course_that_is_done_has_nothing_to_propose(course, today):
    for number in range(1, 5):
        done(course, number, FIRST + days(28 * number))

    assert propose(course, today=today) == ()


def test_proposals_ask_the_database_as_often_for_a_full_diary(
    course, clinic, today, now, desk, django_assert_num_queries
):
    course.refresh_from_db()
    with django_assert_num_queries(12):
        propose(type(course).objects.get(pk=course.pk), today=today)
    for number in range(12):
        factories.appointment(factories.patient(clinic), FIRST + days(7 * number))
    for number, after in enumerate((1, 36, 71), start=1):
        diary.book_session(
            planned_session=course.sessions.get(number=number),
            slot=factories.slot_on(clinic, FIRST + days(after)), at=now, by=desk,
        )  # fmt: skip

    with django_assert_num_queries(12):
        propose(type(course).objects.get(pk=course.pk), today=today)


# --- The habit of a patient, the first free day ---------------------------------------------------
def test_the_planner_knows_when_the_last_session_took_place(course, book, today):
    book(1, FIRST)
    done(course, 1, FIRST)

    request = course_request(course, today=FIRST + days(1))

    assert (request.held.weekday, request.held.wall_min) == (FIRST.weekday(), 600)


def test_a_session_held_on_another_day_than_booked_has_a_weekday_but_no_hour(course, book):
    book(1, FIRST)
    done(course, 1, FIRST + days(1))

    held = course_request(course, today=FIRST + days(2)).held

    assert (held.weekday, held.wall_min) == ((FIRST + days(1)).weekday(), None)


@pytest.mark.parametrize(("closed", "day"), [(0, 28), (3, 31), (15, 43), (30, 43)])
def test_the_first_free_day_of_a_course_or_the_day_after_its_latest(course, closed, day):
    done(course, 1, FIRST)
    keep_dates(course)
    if closed:
        course.clinic.hours_exceptions.create(
            kind="off", reason="holiday", from_day=FIRST + days(28),
            to_day=FIRST + days(28 + closed - 1),
        )  # fmt: skip

    found = next_free_day(course, today=FIRST + days(1))

    assert found == FIRST + days(day)


def test_nothing_is_looked_for_where_a_time_is_booked_or_the_latest_day_is_over(course, book):
    done(course, 1, FIRST)
    keep_dates(course)

    assert next_free_day(course, today=FIRST + days(42)) is None
    book(2, FIRST + days(35))
    assert next_free_day(course, today=FIRST + days(1)) is None
