"""Courses for tests of booking and planning: four sessions, booked by number on a day at 10:00."""

from datetime import date, timedelta

from tests import factories
from treatments.actions import diary, plans

FIRST = date(2026, 12, 1)  # a Tuesday


def days(count: int) -> timedelta:
    """Return a stretch of whole days."""
    return timedelta(days=count)


def course_of_four(patient):
    """Return a course of four sessions on two zones, 28 / 35 / 42 days apart."""
    row = factories.plan(patient, zones=[factories.zone("UB"), factories.zone("LB")])
    plans.keep_dates(row)
    return row


def book(course, number: int, day: date, **facts):
    """Book session `number` of a course on a day at 10:00; `at` and `by` as the deed takes them."""
    return diary.book_session(
        planned_session=course.sessions.get(number=number),
        slot=factories.slot_on(course.clinic, day), **facts,
    )  # fmt: skip


def booked_on(course) -> list[date | None]:
    """Return the day of each session that is booked, None for the others; the course anew."""
    course.refresh_from_db()
    sessions = course.sessions.select_related("appointment")
    return [row.appointment.local_date if row.is_booked else None for row in sessions]
