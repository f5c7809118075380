"""Candidates for the course planner's tests: days after one Monday, slots and sessions."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clinic.scheduling.course import ListedCandidates, SessionWish
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import Slot

ROME = ZoneInfo("Europe/Rome")
FIRST = date(2026, 12, 7)  # a Monday
ANNA, BRUNO = 1, 2


def days_on(number):
    """Return the day so many days after `FIRST`."""
    return FIRST + timedelta(days=number)


def slot_on(day, practitioner_id=ANNA, wall_min=600, minutes=90):
    """Return a slot of a day in room 11 with device 21."""
    start = minute_of(day, wall_min, ROME)
    return Slot(day, wall_min, start, start + minutes, practitioner_id, 11, 21)


def open_days(numbers, ids=(ANNA,), walls=(600,)):
    """Return candidates on these days for each practitioner and start."""
    return ListedCandidates(
        {days_on(n): [slot_on(days_on(n), i, w) for i in ids for w in walls] for n in numbers}
    )


def sessions(count, least=28, ideal=35, most=42):
    """Return the wishes of `count` sessions with one interval."""
    return tuple(SessionWish(n, least, ideal, most) for n in range(1, count + 1))
