"""A course is told as one: booked, moved and taken back together."""

from datetime import date, timedelta
from uuid import uuid4

import pytest

from clinic.actions.outbox import work
from clinic.models import OutboxMessage
from tests import factories
from treatments.actions import diary, plans
from treatments.actions.undo import after, before, take_back

DAYS = {1: date(2026, 12, 1), 2: date(2027, 1, 5), 3: date(2027, 2, 9)}
SHIFTED = {2: date(2027, 1, 7), 3: date(2027, 2, 11)}


@pytest.fixture
def course(clinic):
    """Return a course of three sessions of a patient who reads e-mail."""
    row = factories.plan(factories.patient(clinic, email="ada@example.org"), sessions=3)
    plans.keep_dates(row)
    return row


@pytest.fixture
def book(course, clinic, desk, now):
    """Return a function that books sessions of the course by number and day."""

    def book(days, *, at=now, **facts):
        slots = {n: factories.slot_on(clinic, day) for n, day in days.items()}
        return diary.book_course(plan=course, slots=slots, at=at, by=desk, **facts)

    return book


def written(**which):
    """Return (kind, visits) of the messages, in the order they were written."""
    rows = OutboxMessage.objects.filter(**which).exclude(kind__startswith="reminder")
    return list(rows.order_by("pk").values_list("kind", "visits"))


def keys(visits):
    """Return the visits' keys."""
    return [visit.pk for visit in visits]


def test_a_course_is_one_confirmation_and_two_reminders_a_session(
    book, django_assert_max_num_queries
):
    with django_assert_max_num_queries(150) as seen:
        visits = book(DAYS)

    assert written() == [("course_booked", keys(visits))]
    assert OutboxMessage.objects.filter(kind__startswith="reminder").count() == 6
    inserts = [q["sql"] for q in seen if "outboxmessage" in q["sql"]]
    assert [sql.split()[0] for sql in inserts] == ["INSERT"]


def test_the_same_form_twice_is_one_confirmation(book):
    key = uuid4()
    for _ in range(2):
        book(DAYS, request_key=key)

    assert len(written()) == 1


def test_a_session_cancelled_at_once_is_left_out_of_the_confirmation(book, desk, now, mailoutbox):
    visits = book(DAYS)

    diary.cancel_appointment(
        appointment=visits[1], reason="patient", at=now + timedelta(minutes=1), by=desk
    )
    work(now=lambda: now + timedelta(minutes=5))

    (mail,) = mailoutbox
    assert "1 December" in mail.body
    assert "9 February" in mail.body
    assert "5 January" not in mail.body


def test_the_rest_of_a_course_moved_together_is_one_message(book, now, mailoutbox):
    visits = book(DAYS)
    work(now=lambda: now + timedelta(minutes=5))

    book(SHIFTED, at=now + timedelta(hours=1))
    work(now=lambda: now + timedelta(hours=2))

    assert written()[1:] == [("course_booked", keys(visits[1:]))]
    assert "Thursday 7 January 2027" in mailoutbox[1].body
    assert "1 December" not in mailoutbox[1].body


def test_one_session_moved_in_the_course_is_a_change(book, now):
    visits = book(DAYS)
    work(now=lambda: now + timedelta(minutes=5))

    book({2: SHIFTED[2]}, at=now + timedelta(hours=1))

    assert written(status="queued") == [("changed", [visits[1].pk])]


def test_a_course_taken_back_within_three_minutes_sends_nothing(book, desk, now, mailoutbox):
    visits = book(DAYS)
    work(now=lambda: now + timedelta(minutes=5))
    at = now + timedelta(hours=1)
    places = [before(visit, "moved") for visit in visits[1:]]
    book(SHIFTED, at=at)

    take_back(places=after(places), at=at + timedelta(minutes=2), by=desk)
    work(now=lambda: at + timedelta(hours=1))

    assert len(mailoutbox) == 1
    assert OutboxMessage.objects.queued().count() == 6  # the reminders


def test_a_stopped_course_tells_every_cancelled_session(course, book, desk, now):
    book(DAYS)
    work(now=lambda: now + timedelta(minutes=5))

    plans.stop_course(
        plan=course, because="Moved away", on=date(2026, 12, 24), at=now + timedelta(hours=1),
        by=desk,
    )  # fmt: skip

    assert [kind for kind, _ in written(status="queued")] == ["cancelled", "cancelled"]
