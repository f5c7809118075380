"""Same weekday and hour as the last session, and the first free day."""

from dataclasses import replace
from datetime import timedelta

import pytest

from clinic.scheduling.course import (
    Blackout,
    CourseRequest,
    CourseWish,
    Habit,
    first_free,
    propose_three,
)
from tests.support.candidates import FIRST, days_on, open_days, sessions, slot_on


def same_hour(request):
    """Return (weekday, wall minute) of each date under "same weekday and hour"."""
    return [(p.slot.day.weekday(), p.slot.wall_min) for p in propose_three(request)[1].sessions]


def test_the_same_weekday_and_hour_are_those_of_the_last_session_held():
    candidates = open_days(range(120), walls=(540, 960))
    request = CourseRequest(
        sessions(2), candidates, FIRST, last_done=FIRST - timedelta(days=30),
        wish=CourseWish(weekdays=(0,)), held=Habit(3, 960),
    )  # fmt: skip

    assert same_hour(request) == [(3, 960)] * 2
    assert same_hour(replace(request, held=None)) == [(0, 540)] * 2


def test_a_session_booked_counts_before_the_one_held():
    booked = slot_on(days_on(2), wall_min=720)
    first, second = sessions(2)
    wishes = (replace(first, booked=booked, is_fixed=True), second)
    request = CourseRequest(
        wishes, open_days(range(120), walls=(540, 720)), FIRST,
        last_done=FIRST - timedelta(days=30), held=Habit(4, 540),
    )  # fmt: skip

    assert same_hour(request) == [(2, 720)] * 2


def test_a_session_held_without_a_known_hour_gives_its_weekday():
    request = CourseRequest(
        sessions(2), open_days(range(120)), FIRST, last_done=FIRST - timedelta(days=30),
        held=Habit(4),
    )  # fmt: skip

    assert same_hour(request) == [(4, 600)] * 2


def test_where_the_weekday_of_the_last_session_cannot_be_had_the_cheapest_one_is_taken():
    tuesdays = open_days([1, 36])
    request = CourseRequest(
        sessions(2), tuesdays, FIRST, last_done=FIRST - timedelta(days=30), held=Habit(4, 600)
    )

    assert same_hour(request) == [(1, 600)] * 2


# The first free day


@pytest.mark.parametrize(
    ("number", "before", "away", "day"),
    [
        (1, None, (), 4),
        (2, slot_on(FIRST), (), 28),
        (2, slot_on(days_on(1)), (), 30),
        (2, slot_on(FIRST), (Blackout(days_on(28), days_on(29), "holiday"),), 30),
        (2, slot_on(days_on(13)), (), None),
    ],
)
def test_the_first_free_day_is_healed_and_has_a_time(number, before, away, day):
    request = CourseRequest(
        sessions(2), open_days([4, 27, 28, 30, 40]), FIRST, wish=CourseWish(blackouts=away)
    )

    found = first_free(request, number=number, before=before)

    assert found == (None if day is None else days_on(day))
