"""The sessions of a course after one that changes."""

from datetime import date, timedelta

import pytest

from tests import factories
from treatments.actions.diary import book_session
from treatments.models.openings import Course
from treatments.models.tail import Rest

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def plan(patient):
    return factories.plan(patient, agreed_on=TUESDAY)


@pytest.fixture
def book(plan, desk, now):
    """Return a function that books session k some days after the first day."""

    def book(number, days):
        slot = factories.slot_on(plan.clinic, TUESDAY + timedelta(days=days))
        return book_session(
            planned_session=plan.sessions.get(number=number), slot=slot, at=now, by=desk
        )

    return book


def test_the_rest_are_the_later_sessions_booked_and_without_a_date(plan, book):
    for number, days in ((1, 0), (2, 35), (4, 105)):
        book(number, days)

    rest = Rest(Course(plan), 1)

    assert [row.number for row in rest.booked] == [2, 4]
    assert [row.number for row in rest.undated] == [3]


@pytest.mark.parametrize("late", [0, 1])
def test_a_later_session_stays_up_to_the_day_its_shortest_intervals_allow(plan, book, late):
    for number, days in ((1, 0), (2, 35), (4, 105)):
        book(number, days)
    course = Course(plan)

    kept = {row.number: until for row, until in Rest(course, 1).kept}

    assert kept == {2: TUESDAY + timedelta(days=7), 4: TUESDAY + timedelta(days=21)}
    moved = {1: kept[4] + timedelta(days=late), 4: course.days[4]}
    assert (course.too_soon(moved, [1]) is None) is (late == 0)


@pytest.mark.parametrize(("to", "late"), [(0, None), (-1, (2, 1)), (-10, (2, 10)), (5, None)])
def test_a_session_comes_late_when_the_one_before_goes_too_far_ahead(plan, book, to, late):
    book(1, 0)
    book(2, 42)

    assert Rest(Course(plan), 1).too_late(TUESDAY + timedelta(days=to)) == late


def test_what_was_late_before_and_comes_no_later_is_not_held_against_a_move(plan, book):
    book(1, 0)
    book(2, 50)
    rest = Rest(Course(plan), 1)

    assert rest.too_late(TUESDAY) is None
    assert rest.too_late(TUESDAY + timedelta(days=3)) is None
    assert rest.too_late(TUESDAY - timedelta(days=1)) == (2, 9)


def test_intervals_of_sessions_without_a_date_add_up(plan, book):
    book(1, 0)
    book(3, 84)
    rest = Rest(Course(plan), 1)

    assert rest.gap_before(3, rest.course.days) == (1, 84, 56, 84)
    assert rest.too_late(TUESDAY - timedelta(days=2)) == (3, 2)


def test_without_a_later_booking_nothing_comes_late(plan, book):
    book(1, 0)

    assert Rest(Course(plan), 1).too_late(TUESDAY - timedelta(days=20)) is None
