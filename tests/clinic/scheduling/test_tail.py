"""What one changed session does to the rest of its course: keep what can stay, move the fewest."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import pytest

from clinic.scheduling.finder import Slot
from clinic.scheduling.minutes import day_number
from clinic.scheduling.tail import Tail, mend
from clinic.scheduling.terms import CourseRequest, ListedCandidates, Refusal, SessionWish

FIRST = date(2026, 12, 1)


def slot(days: int, who: int = 1) -> Slot:
    """Return the slot at 10:00 some days after the first."""
    day = FIRST + timedelta(days=days)
    start = day_number(day) * 1440 + 600
    return Slot(day, 600, start, start + 90, who, None, None)


def request(*booked, days=range(200), **facts) -> CourseRequest:
    """Return a course booked on these days after the first; None for a session without a date."""
    sessions = tuple(
        SessionWish(number, 28, 35, 42, booked=None if at is None else slot(at))
        for number, at in enumerate(booked, 1)
    )
    free = {FIRST + timedelta(days=n): (slot(n),) for n in days}
    return CourseRequest(sessions, ListedCandidates(free), first_day=FIRST, **facts)


def days(tail: Tail) -> dict:
    rows = (tail.changed, *tail.kept, *tail.moved)
    return {row.number: (row.slot.day - FIRST).days for row in sorted(rows, key=lambda r: r.number)}


def test_nothing_moves_when_the_others_are_still_legal():
    tail = mend(request(0, 35, 70, 105), number=2, slot=slot(40))

    assert [row.number for row in tail.kept] == [1, 3, 4]
    assert tail.moved == ()


def test_only_the_session_that_comes_too_soon_moves():
    tail = mend(request(0, 35, 70, 110), number=2, slot=slot(50))

    assert [row.number for row in tail.moved] == [3]
    assert days(tail) == {1: 0, 2: 50, 3: 78, 4: 110}


def test_a_long_delay_takes_as_many_along_as_it_must():
    tail = mend(request(0, 35, 70, 105), number=2, slot=slot(90))

    assert [row.number for row in tail.moved] == [3, 4]
    gaps = [b - a for a, b in zip([*days(tail).values()], [*days(tail).values()][1:], strict=False)]
    assert min(gaps) >= 28


def test_sessions_before_the_changed_one_never_move():
    tail = mend(request(0, 35, 70), number=3, slot=slot(64))

    assert (days(tail), tail.moved) == ({1: 0, 2: 35, 3: 64}, ())


def test_a_session_without_a_date_keeps_its_room_between_two_booked_ones():
    tail = mend(request(0, 35, None, 105), number=2, slot=slot(50))

    assert days(tail) == {1: 0, 2: 50, 4: 120}


def test_a_lost_session_gets_a_new_date_and_the_others_stay():
    tail = mend(request(0, 35, 80), number=2, avoid=FIRST + timedelta(days=35))

    assert [row.number for row in tail.kept] == [1, 3]
    assert days(tail)[2] == 38


def test_no_legal_rest_is_a_refusal_with_its_session():
    found = mend(request(0, 35, 70, days=range(60)), number=2, slot=slot(50))

    assert isinstance(found, Refusal)
    assert found.sessions[0].number == 3


def test_a_session_that_is_not_planned_cannot_be_changed():
    with pytest.raises(ValueError, match="session 9"):
        mend(request(0, 35), number=9, slot=slot(40))


def test_every_change_leaves_at_least_the_healing_time_between_any_two():
    base = request(0, 30, 60, 95, 130)
    for to in range(28, 110):
        tail = mend(base, number=2, slot=slot(to))
        places = sorted(days(tail).values())
        assert all(b - a >= 28 for a, b in itertools.pairwise(places)), (to, places)


def test_the_fewest_sessions_move_that_can():
    """Counted against trying every set of sessions to keep."""
    base = request(0, 30, 60, 95, 130)
    for to in range(30, 75, 3):
        tail = mend(base, number=2, slot=slot(to))
        must = sum(1 for k, at in enumerate((60, 95, 130)) if at < to + 28 * (k + 1))
        assert len(tail.moved) >= must
        assert len(tail.moved) <= must + 1  # one more only where it saves more than it costs
    assert replace(base).sessions == base.sessions


def test_later_sessions_that_lost_their_date_too_get_one_and_count_as_moved():
    tail = mend(request(0, None, None, 105), number=2, also=[3])

    assert ([row.number for row in tail.kept], [row.number for row in tail.moved]) == ([1, 4], [3])
    assert days(tail) == {1: 0, 2: 35, 3: 70, 4: 105}
