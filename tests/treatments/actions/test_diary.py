"""Visits of a course: booked, moved, cancelled, and what that does to the course."""

from datetime import UTC, date, datetime
from functools import partial
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from clinic.actions.diary import NotHealed, SlotTaken
from clinic.models import Appointment, Hold, Rest
from clinic.scheduling.minutes import day_number
from tests import factories
from tests.support import courses
from tests.support.courses import FIRST, booked_on, days
from treatments.actions import diary, plans
from treatments.models import TreatmentSession
from treatments.models.openings import rests_for


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


@pytest.fixture
def course(patient, today):
    """Return a course of four sessions on two zones, 28 / 35 / 42 days apart."""
    return courses.course_of_four(patient)


@pytest.fixture
def book(course, desk, now):
    """Return a function that books session k on a day at 10:00."""

    return partial(courses.book, course, at=now, by=desk)


@pytest.fixture
def slots(course):
    """Return a function that finds free slots: number of the session -> days after the first."""

    def found(**after):
        return {
            int(number[1:]): factories.slot_on(course.clinic, FIRST + days(count))
            for number, count in after.items()
        }

    return found


def rests(course) -> set[tuple[str, int, int]]:
    """Return what rests: zone, first day and length, in days after `FIRST`."""
    rows = Rest.objects.filter(area__patient=course.patient)
    return {
        (row.area.zone_code, row.start_day - day_number(FIRST), row.end_day - row.start_day)
        for row in rows.select_related("area")
    }


def traces() -> tuple[int, int, int]:
    return Appointment.objects.count(), Hold.objects.count(), Rest.objects.count()


def done(course, number: int, day: date) -> None:
    """Say that a session is done, as signing does, without its rests."""
    course.sessions.filter(number=number).update(done_on=day)
    plans.keep_dates(course)


# --- One session ----------------------------------------------------------------------------------
def test_a_booked_session_reserves_the_gap_to_the_next_in_each_zone(course, book):
    course.sessions.filter(number=2).update(gap_days_min=30)

    book(1, FIRST)

    assert rests(course) == {("UB", 0, 30), ("LB", 0, 30)}
    course.refresh_from_db()
    assert course.next_booked_on == FIRST


def test_booking_a_session_takes_a_fixed_number_of_statements(
    course, book, desk, now, django_assert_num_queries
):
    book(1, FIRST)
    session = course.sessions.select_related("plan__clinic", "plan__patient", "plan__service").get(
        number=2
    )
    slot = factories.slot_on(course.clinic, FIRST + days(28))

    locks = int(connection.vendor == "postgresql")  # of the diary; SQLite has one writer anyway
    with django_assert_num_queries(16 + locks):  # four of them begin and end the two savepoints
        diary.book_session(planned_session=session, slot=slot, at=now, by=desk)


def test_the_last_session_reserves_the_shortest_interval_of_the_course(course):
    last = course.sessions.get(number=4)

    assert [(wish.zone_code, wish.days) for wish in rests_for(last, FIRST)] == [
        ("UB", 28), ("LB", 28),
    ]  # fmt: skip


def test_day_27_is_refused_and_day_28_is_booked(course, book):
    book(1, FIRST)

    with pytest.raises(NotHealed) as refusal:
        book(2, FIRST + days(27))

    assert refusal.value.messages == [
        "Session 2: the skin has not healed by then. Possible from Tue 29 Dec."
    ]
    assert book(2, FIRST + days(28)).status == "booked"


def test_healing_counts_from_a_session_done_even_without_a_rest_on_file(course, book):
    done(course, 1, FIRST)

    with pytest.raises(NotHealed):
        book(2, FIRST + days(27))

    assert book(2, FIRST + days(28)).status == "booked"


def test_a_session_is_not_squeezed_before_the_next_one_booked(course, book):
    book(1, FIRST)
    book(3, FIRST + days(57))

    with pytest.raises(NotHealed) as refusal:
        book(2, FIRST + days(30))

    assert refusal.value.number == 3
    assert book(2, FIRST + days(29)).status == "booked"


def test_a_session_is_not_booked_after_the_next_one(course, book):
    book(2, FIRST + days(28))

    with pytest.raises(NotHealed):
        book(1, FIRST + days(70))


def test_a_zone_another_course_has_needled_is_not_booked(course, book, patient, now, desk):
    other = factories.plan(patient, zones=[course.zones.first().zone])
    diary.book_session(
        planned_session=other.sessions.get(number=1), slot=factories.slot_on(patient.clinic, FIRST),
        at=now, by=desk,
    )  # fmt: skip

    with pytest.raises(NotHealed) as refusal:
        book(1, FIRST + days(10))

    assert (refusal.value.number, refusal.value.first_day) == (1, FIRST + days(28))


def test_a_taken_time_names_the_session_and_the_nearest_times(course, clinic, now, desk):
    wanted = factories.slot_on(clinic, FIRST)
    factories.appointment(factories.patient(clinic), FIRST)
    before = traces()

    with pytest.raises(SlotTaken) as refusal:
        diary.book_session(
            planned_session=course.sessions.get(number=1), slot=wanted, at=now, by=desk
        )

    assert refusal.value.messages == ["Session 1: this time has just been taken."]
    assert (refusal.value.number, len(refusal.value.nearest)) == (1, 3)
    assert traces() == before


def test_a_session_is_booked_once(course, book):
    key = uuid4()
    first = book(1, FIRST, request_key=key)

    assert diary.book_session(
        planned_session=course.sessions.get(number=1),
        slot=factories.slot_on(course.clinic, FIRST, 780), at=noon(FIRST),
        by=first.booked_by, request_key=key,
    ) == first  # fmt: skip
    with pytest.raises(ValidationError, match="Session 1 is already booked"):
        book(1, FIRST + days(1))


def test_a_session_that_is_done_is_not_booked(course, book):
    done(course, 1, FIRST)

    with pytest.raises(ValidationError, match="Session 1 is done"):
        book(1, FIRST + days(1))


# --- The whole course -----------------------------------------------------------------------------
def test_a_whole_course_is_booked_at_once(course, slots, now, desk):
    found = slots(s1=0, s2=35, s3=70, s4=105)

    booked = diary.book_course(
        plan=course, slots=found, at=now, by=desk, why={2: [{"code": "kept", "cost": 0}]}
    )

    assert booked_on(course) == [FIRST + days(n) for n in (0, 35, 70, 105)]
    assert [row.why_this_date for row in booked][:2] == [[], [{"code": "kept", "cost": 0}]]
    assert course.next_booked_on == FIRST


def test_a_clash_names_its_session_and_books_nothing(course, slots, clinic, now, desk):
    found = slots(s1=0, s2=35, s3=70, s4=105)
    factories.appointment(factories.patient(clinic), FIRST + days(70))
    before = traces()

    with pytest.raises(SlotTaken) as refusal:
        diary.book_course(plan=course, slots=found, at=now, by=desk)

    assert refusal.value.messages == ["Session 3: this time has just been taken."]
    assert {slot.day for slot in refusal.value.nearest} == {FIRST + days(70)}
    assert traces() == before
    assert booked_on(course) == [None] * 4


def test_a_session_too_soon_is_named_and_nothing_is_booked(course, slots, now, desk):
    with pytest.raises(NotHealed) as refusal:
        diary.book_course(plan=course, slots=slots(s1=0, s2=35, s3=62), at=now, by=desk)

    assert (refusal.value.number, refusal.value.first_day) == (3, FIRST + days(63))
    assert traces() == (0, 0, 0)


def test_submitting_a_course_twice_books_it_once(course, slots, now, desk):
    found, key = slots(s1=0, s2=35), uuid4()

    first = diary.book_course(plan=course, slots=found, at=now, by=desk, request_key=key)
    again = diary.book_course(plan=course, slots=found, at=now, by=desk, request_key=key)
    without_key = diary.book_course(plan=course, slots=found, at=now, by=desk)

    assert first == again == without_key
    assert traces() == (2, 8, 4)


def test_an_old_form_sent_again_does_not_move_a_course_back(course, slots, now, desk):
    old, key = slots(s1=0, s2=35), uuid4()
    diary.book_course(plan=course, slots=old, at=now, by=desk, request_key=key)
    diary.book_course(plan=course, slots=slots(s2=42), at=now, by=desk)

    diary.book_course(plan=course, slots=old, at=now, by=desk, request_key=key)

    assert booked_on(course)[1] == FIRST + days(42)


def test_booked_sessions_move_along_without_standing_in_each_others_way(course, slots, now, desk):
    diary.book_course(plan=course, slots=slots(s1=0, s2=28, s3=56), at=now, by=desk)

    diary.book_course(plan=course, slots=slots(s2=42, s3=70), at=now, by=desk)

    assert booked_on(course)[:3] == [FIRST, FIRST + days(42), FIRST + days(70)]
    assert {start for _, start, _ in rests(course)} == {0, 42, 70}
    assert Hold.objects.count() == 12


# --- Move, cancel, steps --------------------------------------------------------------------------
def test_a_move_takes_the_healing_time_along(course, book, clinic, now, desk):
    row = book(1, FIRST)

    diary.move_appointment(
        appointment=row, slot=factories.slot_on(clinic, FIRST + days(2)), version=row.version,
        at=now, by=desk,
    )  # fmt: skip

    assert rests(course) == {("UB", 2, 28), ("LB", 2, 28)}
    assert booked_on(course)[0] == course.next_booked_on == FIRST + days(2)


def test_a_session_is_not_moved_too_near_to_the_next(course, book, clinic, now, desk):
    row = book(1, FIRST)
    book(2, FIRST + days(28))
    session = course.sessions.get(number=1)

    with pytest.raises(NotHealed) as refusal:
        diary.move_session(
            planned_session=session, slot=factories.slot_on(clinic, FIRST + days(1)),
            version=row.version, at=now, by=desk,
        )  # fmt: skip

    assert (refusal.value.number, refusal.value.first_day) == (2, FIRST + days(29))


def test_a_cancelled_session_needs_a_date_again(course, book, now, desk):
    row = book(1, FIRST)

    diary.cancel_appointment(appointment=row, reason="patient", at=now, by=desk)

    assert booked_on(course)[0] is None
    assert course.next_booked_on is None
    assert rests(course) == set()
    assert book(1, FIRST + days(1)).status == "booked"


def test_a_visit_with_a_session_record_is_not_cancelled(course, book, now, desk):
    row = book(1, FIRST)
    TreatmentSession.objects.create(
        clinic=row.clinic, patient=row.patient, appointment=row, practitioner=row.practitioner,
        performed_on=FIRST, opened_at=now, opened_by=desk,
    )  # fmt: skip

    with pytest.raises(ValidationError, match="has a session record"):
        diary.cancel_appointment(appointment=row, reason="patient", at=now, by=desk)


def test_a_missed_session_needs_a_date_again(course, book, desk):
    row = book(1, FIRST)

    diary.step(appointment=row, step="noshow", at=noon(FIRST), by=desk)

    assert booked_on(course)[0] is None
    assert rests(course) == set()
    assert book(1, FIRST + days(1)).status == "booked"


def test_undo_of_a_cancel_books_the_session_again(course, book, now, desk):
    row = book(1, FIRST)
    diary.cancel_appointment(appointment=row, reason="patient", at=now, by=desk)

    diary.undo(appointment=row, at=now, by=desk)

    assert booked_on(course)[0] == course.next_booked_on == FIRST
    assert rests(course) == {("UB", 0, 28), ("LB", 0, 28)}


def test_undo_of_a_cancel_is_refused_when_the_skin_is_needed_elsewhere(course, book, now, desk):
    row = book(1, FIRST)
    diary.cancel_appointment(appointment=row, reason="patient", at=now, by=desk)
    course.sessions.filter(number=1).update(gap_days_min=1)
    Appointment.objects.filter(pk=row.pk).update(ended_at=now + days(1))
    book(2, FIRST + days(28))
    course.sessions.filter(number=2).update(gap_days_min=35, gap_days_ideal=35)

    with pytest.raises(NotHealed):
        diary.undo(appointment=row, at=now, by=desk)


def test_steps_of_a_visit_outside_a_course_are_taken_too(patient, desk):
    row = factories.appointment(patient, FIRST)

    for word in ("confirm", "arrive", "start", "finish"):
        row = diary.step(appointment=row, step=word, at=noon(FIRST), by=desk)
    back = diary.undo(appointment=row, at=noon(FIRST), by=desk)

    assert (row.status, back.status) == ("fulfilled", "in_session")
    with pytest.raises(ValidationError, match="no such step"):
        diary.step(appointment=row, step="dance", at=noon(FIRST), by=desk)


def test_a_signed_session_is_not_stepped_back(course, book, desk):
    row = book(1, FIRST)
    done(course, 1, FIRST)

    with pytest.raises(ValidationError, match="of Tue 1 Dec is signed"):
        diary.undo(appointment=row, at=noon(FIRST), by=desk)
