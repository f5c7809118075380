"""Times kept for a session of a course: one at most, and they heed the course's intervals."""

from datetime import timedelta
from uuid import uuid4

import pytest

from clinic.actions.diary import NotHealed, SlotTaken
from clinic.actions.tentative import KEPT_FOR
from clinic.models import Appointment, AuditEvent, Hold, Rest
from tests import factories
from tests.support import courses
from tests.support.clock import NOON
from tests.support.courses import FIRST, days
from tests.support.diary import refused, slot_of
from treatments.actions import diary, plans
from treatments.models.openings import course_request, first_legal_day

pytestmark = pytest.mark.django_db


@pytest.fixture
def course(patient, today):
    """Return a course of four sessions on two zones, 28 / 35 / 42 days apart."""
    return courses.course_of_four(patient)


@pytest.fixture
def book(course, desk, now):
    """Return a function that books session k on a day at 10:00."""
    return at_ten(diary.book_session, course, desk, now)


@pytest.fixture
def keep(course, desk, now):
    """Return a function that keeps 10:00 on a day for session k."""
    return at_ten(diary.keep_session, course, desk, now)


def at_ten(deed, course, desk, now):
    """Return a deed on a course as a function of the session's number and the day."""

    def do(number, day, **facts):
        values = {"planned_session": course.sessions.get(number=number), "at": now, "by": desk,
                  "slot": ten(course, day)}  # fmt: skip
        return deed(**values | facts)

    return do


def ten(course, day):
    """Return 10:00 of a day as a form names it."""
    return slot_of(course.clinic, start=600, day=day)


def kept_numbers(course) -> list[int]:
    return list(course.sessions.exclude(tentative=None).values_list("number", flat=True))


def deeds() -> list[str]:
    lines = AuditEvent.objects.filter(action__startswith="appointment.").order_by("pk")
    return list(lines.values_list("action", flat=True))


def test_a_kept_time_reserves_the_zones_and_changes_no_kept_date(course, keep):
    keep(1, FIRST)

    assert Rest.objects.count() == 2
    assert kept_numbers(course) == [1]
    course.refresh_from_db()
    assert course.next_booked_on is None
    assert [row.state for row in course.sessions.all()] == ["planned"] * 4


def test_keeping_another_time_lets_the_first_one_go(course, keep):
    keep(1, FIRST)

    second = keep(1, FIRST + days(1))

    assert list(Appointment.tentative.all()) == [second]
    assert course.sessions.get(number=1).tentative == second
    assert deeds() == ["appointment.kept", "appointment.kept", "appointment.let_go"]


def test_the_same_form_again_keeps_the_same_time(keep):
    key = uuid4()

    assert keep(1, FIRST, request_key=key) == keep(1, FIRST, request_key=key)


def test_day_27_is_refused_and_day_28_is_kept(book, keep):
    book(1, FIRST)

    with pytest.raises(NotHealed) as refusal:
        keep(2, FIRST + days(27))

    assert (refusal.value.number, refusal.value.first_day) == (2, FIRST + days(28))
    assert keep(2, FIRST + days(28)).local_date == FIRST + days(28)


def test_two_sessions_are_not_kept_nearer_than_their_interval(keep):
    keep(1, FIRST)

    with pytest.raises(NotHealed) as refusal:
        keep(2, FIRST + days(27))

    assert refusal.value.messages == [
        "Session 2: the skin has not healed by then. Possible from Tue 29 Dec."
    ]
    assert keep(2, FIRST + days(28)).local_date == FIRST + days(28)


def test_a_session_that_is_booked_or_of_a_stopped_course_keeps_no_time(course, book, keep, lead):
    book(1, FIRST)
    told = refused(keep, number=1, day=FIRST + days(1))
    assert told.messages == ["Session 1 is already booked."]

    plans.stop_course(plan=course, because="Moved away.", on=FIRST,
                      at=NOON, by=lead)  # fmt: skip

    assert refused(keep, number=2, day=FIRST + days(28)).messages == ["This course was stopped."]


def test_a_time_taken_by_others_is_refused_with_days_that_suit_the_course(course, keep):
    factories.appointment(factories.patient(course.clinic), FIRST)

    with pytest.raises(SlotTaken) as refusal:
        keep(1, FIRST)

    assert refusal.value.number == 1
    assert len(refusal.value.nearest) == 3


def test_taking_it_books_the_session_in_its_place(course, book, keep):
    keep(1, FIRST)

    visit = book(1, FIRST)

    session = course.sessions.get(number=1)
    assert (session.appointment, session.tentative, session.is_booked) == (visit, None, True)
    assert (Hold.objects.count(), Rest.objects.count()) == (4, 2)
    assert deeds() == ["appointment.kept", "appointment.booked", "appointment.taken"]


def test_booking_another_day_lets_the_kept_one_go(course, book, keep):
    keep(1, FIRST)

    book(1, FIRST + days(3))

    assert Appointment.everything.count() == 1
    assert deeds()[-1] == "appointment.let_go"


def test_booking_the_whole_course_takes_what_is_kept_for_it(course, keep, desk, now):
    keep(1, FIRST)
    keep(2, FIRST + days(42))
    slots = {n: ten(course, FIRST + days(35 * (n - 1))) for n in (1, 2, 3, 4)}

    booked = diary.book_course(plan=course, slots=slots, at=now, by=desk)

    assert [row.status for row in booked] == ["booked"] * 4
    assert kept_numbers(course) == []
    assert Appointment.tentative.count() == 0


def test_a_visit_that_waits_to_be_moved_is_moved_to_the_kept_time(course, book, keep, desk, now):
    waiting = book(1, FIRST)
    diary.diary.mark_to_move(appointment=waiting, because="The room is closed.", at=now, by=desk)
    kept = keep(1, FIRST + days(2))

    moved = book(1, FIRST + days(2))

    assert (moved.pk, moved.local_date) == (waiting.pk, kept.local_date)
    assert Appointment.everything.count() == 1


def test_a_cancelled_visit_that_comes_back_lets_the_kept_time_go(course, book, keep, desk, now):
    visit = book(1, FIRST)
    diary.cancel_appointment(appointment=visit, reason="patient", at=now, by=desk)
    keep(1, FIRST + days(2))

    back = diary.undo(appointment=visit, at=now, by=desk)

    assert back.status == "booked"
    assert Appointment.tentative.count() == 0


@pytest.mark.parametrize("late", [False, True])
def test_an_expired_time_of_another_course_blocks_no_session(course, keep, desk, now, late):
    zones = [row.zone for row in course.zones.all()]
    other = factories.plan(factories.patient(course.clinic), zones=zones)
    keep(1, FIRST)
    facts = {"planned_session": other.sessions.get(number=1), "by": desk,
             "slot": ten(course, FIRST)}  # fmt: skip
    at = now + KEPT_FOR - timedelta(microseconds=not late)

    if late:
        assert diary.book_session(**facts, at=at).local_date == FIRST
        assert kept_numbers(course) == []
    else:
        with pytest.raises(SlotTaken):
            diary.book_session(**facts, at=at)
        assert kept_numbers(course) == [1]


def test_what_is_kept_for_a_session_does_not_stand_in_its_own_way(course, keep, today):
    keep(1, FIRST)
    course.refresh_from_db()

    assert first_legal_day(course, 1) == course.agreed_on
    request = course_request(course, today=today)
    starts = {slot.start for slot in request.candidates.all_of(FIRST)}
    assert ten(course, FIRST).start in starts
    assert all(blackout.kind != "medical" for blackout in request.wish.blackouts)
