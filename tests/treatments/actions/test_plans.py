"""Courses: agreed, edited, stopped, and the dates kept on them."""

from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command

from clinic.actions.diary import Conflict, NotHealed, RestWish
from clinic.models import Appointment, AuditEvent, Rest
from clinic.scheduling.minutes import day_number
from tests import factories
from treatments.actions import diary, plans
from treatments.models import PlannedSession, TreatmentPlan

FIRST = date(2026, 12, 1)


def days(count: int) -> timedelta:
    return timedelta(days=count)


def kept(plan) -> tuple:
    """Return the kept columns as the database has them: done, last, booked, and the window."""
    plan.refresh_from_db()
    return (
        plan.status, plan.sessions_done, plan.last_session_on, plan.next_booked_on,
        plan.next_earliest_on, plan.next_ideal_on, plan.next_latest_on,
    )  # fmt: skip


def sign(plan, number: int, day: date) -> None:
    """Mark a session as done, as signing its record does."""
    row = plan.sessions.get(number=number)
    row.done_on = day
    row.save()
    for zone in plan.zones.select_related("zone"):
        area, _ = plan.patient.areas.get_or_create(zone_code=zone.zone.code)
        Rest.objects.filter(area=area, start_day=day_number(day)).delete()
        Rest.objects.create(
            area=area, kind="treated", start_day=day_number(day), end_day=day_number(day) + 28
        )
    plans.keep_dates(plan)


@pytest.fixture
def agreement(patient, practitioner, now):
    """Return what it takes to agree a course of four sessions on two zones."""
    zones = [factories.zone("UB"), factories.zone("LB")]
    return {
        "patient": patient, "protocol": factories.protocol(zones),
        "zones": [(zone, Decimal("1.5"), 4) for zone in zones], "sessions": 4, "gap_days_min": 28,
        "gap_days_ideal": 35, "gap_days_max": 42, "service": patient.clinic.services.get(),
        "practitioner": patient.clinic.resources.practitioners().first(),
        "agreed_on": now.date(), "at": now, "by": practitioner,
    }  # fmt: skip


@pytest.fixture
def course(agreement):
    """Return the course agreed."""
    return plans.agree_course(**agreement)


@pytest.fixture
def edit(course, agreement, now, lead):
    """Return a function that edits the course as its form does: every field, some changed."""

    def edited(**changes):
        course.refresh_from_db()
        values = {name: agreement[name] for name in (
            "zones", "sessions", "gap_days_min", "gap_days_ideal", "gap_days_max", "service",
            "practitioner",
        )}  # fmt: skip
        facts = {"plan": course, "version": course.version, "at": now, "by": lead}
        return plans.edit_course(**values | facts | changes)

    return edited


@pytest.fixture
def book(course, desk, now):
    """Return a function that books session k on a day."""

    def booked(number, day):
        session = course.sessions.get(number=number)
        slot = factories.slot_on(course.clinic, day)
        return diary.book_session(planned_session=session, slot=slot, at=now, by=desk)

    return booked


# --- Agree ----------------------------------------------------------------------------------------
def test_an_agreed_course_has_its_sessions_zones_and_the_protocol_of_that_day(course, agreement):
    assert list(course.sessions.values_list("number", "gap_days_min", "gap_days_ideal")) == [
        (1, 28, 35), (2, 28, 35), (3, 28, 35), (4, 28, 35),
    ]  # fmt: skip
    assert list(course.zones.values_list("zone__code", "depth_mm", "passes")) == [
        ("UB", Decimal("1.50"), 4), ("LB", Decimal("1.50"), 4),
    ]  # fmt: skip
    assert course.protocol_as_agreed["gap_days_min"] == 28
    assert course.protocol_as_agreed["depth_max_mm"] == "2.5"
    assert course.protocol_as_agreed["source"] == "Test label"
    assert course.protocol_as_agreed["effective_from"] == "2026-01-01"


def test_before_its_first_session_a_course_is_due_from_the_agreement_on(course, today):
    assert kept(course) == (
        "open", 0, None, None, today, today + days(28), today + days(42),
    )  # fmt: skip


def test_agreeing_is_one_line_in_the_audit(course, practitioner):
    line = AuditEvent.objects.get()

    assert (line.action, line.category, line.actor_id, line.patient_id) == (
        "course.agreed", "note", practitioner.pk, course.patient_id,
    )  # fmt: skip


def test_the_same_form_twice_makes_one_course(agreement):
    first, second = (plans.agree_course(**agreement, request_key=KEY) for _ in range(2))

    assert first == second
    assert PlannedSession.objects.count() == 4


KEY = uuid4()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sessions": 0}, "A course has between 1 and 12 sessions."),
        ({"sessions": 13}, "A course has between 1 and 12 sessions."),
        ({"gap_days_min": 36}, "Intervals go from minimum to ideal to maximum."),
        ({"gap_days_max": 34}, "Intervals go from minimum to ideal to maximum."),
        ({"zones": []}, "A course has at least one zone."),
    ],
)
def test_a_course_that_makes_no_sense_is_refused(agreement, changes, words):
    with pytest.raises(ValidationError) as refusal:
        plans.agree_course(**agreement | changes)

    assert refusal.value.messages == [words]
    assert TreatmentPlan.objects.count() == 0


def test_a_zone_that_is_never_needled_is_refused(agreement):
    eyelid = factories.zone("EY", name="Eyelid", forbidden=True)

    with pytest.raises(ValidationError, match="Eyelid is never needled"):
        plans.agree_course(**agreement | {"zones": [(eyelid, Decimal("1"), 4)]})


def test_a_service_of_another_clinic_is_refused(agreement):
    elsewhere = factories.clinic_with_diary()

    with pytest.raises(ValidationError, match="another clinic"):
        plans.agree_course(**agreement | {"service": elsewhere.services.get()})


# --- The kept dates -------------------------------------------------------------------------------
def test_the_window_counts_from_the_last_session_done(course, book):
    book(1, FIRST)
    sign(course, 1, FIRST)

    assert kept(course) == (
        "open", 1, FIRST, None, FIRST + days(28), FIRST + days(35), FIRST + days(42),
    )  # fmt: skip


def test_a_booking_counts_when_it_is_the_next_sessions(course, book):
    book(2, FIRST + days(42))
    assert kept(course)[3] is None

    book(1, FIRST)
    assert kept(course)[3] == FIRST


def test_a_course_with_all_sessions_done_is_done_and_open_again_when_one_is_struck_out(course):
    for number in range(1, 5):
        sign(course, number, FIRST + days(28 * number))
    assert kept(course) == ("done", 4, FIRST + days(112), None, None, None, None)

    course.sessions.filter(number=4).update(done_on=None)
    plans.keep_dates(course)

    assert kept(course)[:3] == ("open", 3, FIRST + days(84))


# --- Edit -----------------------------------------------------------------------------------------
def test_more_sessions_are_added_at_the_end(edit, course):
    edit(sessions=6, gap_days_min=21, gap_days_ideal=28)

    assert list(course.sessions.values_list("number", "gap_days_min")) == [
        (number, 21) for number in range(1, 7)
    ]
    assert AuditEvent.objects.last().details == {
        "fields": ["gap_days_ideal", "gap_days_min", "sessions_planned"],
    }  # fmt: skip


def test_intervals_of_sessions_done_or_changed_by_hand_stay(edit, course, now, lead):
    sign(course, 1, now.date())
    second = course.sessions.get(number=2)
    plans.change_gap(
        planned_session=second, gap_days_min=42, gap_days_ideal=49, gap_days_max=56,
        because="Heals slowly", at=now, by=lead,
    )  # fmt: skip

    edit(gap_days_min=21)

    assert list(course.sessions.values_list("gap_days_min", flat=True)) == [28, 42, 21, 21]


@pytest.mark.parametrize("sessions", [1, 2])
def test_sessions_done_or_booked_do_not_fall_away(edit, course, book, sessions):
    sign(course, 1, FIRST)
    book(3, FIRST + days(70))

    with pytest.raises(ValidationError) as refusal:
        edit(sessions=sessions)

    assert refusal.value.messages == ["Session 3 is booked; the course cannot have fewer."]
    assert course.sessions.count() == 4
    assert edit(sessions=3).sessions.count() == 3


def test_somebody_who_saw_an_older_course_is_told(edit, course):
    edit(notes="First")

    with pytest.raises(Conflict):
        edit(notes="Second", version=1)

    course.refresh_from_db()
    assert (course.notes, course.version) == ("First", 2)


def test_a_longer_interval_is_refused_while_a_booking_is_too_soon_under_it(edit, book, course):
    book(1, FIRST)
    book(2, FIRST + days(28))

    with pytest.raises(NotHealed) as refusal:
        edit(gap_days_min=29)

    assert (refusal.value.number, refusal.value.first_day) == (2, FIRST + days(29))
    assert set(Rest.objects.values_list("end_day", flat=True)) == {
        day_number(FIRST) + 28, day_number(FIRST) + 56,
    }  # fmt: skip


def test_a_shorter_interval_shortens_what_bookings_reserve(edit, book):
    book(1, FIRST)

    edit(gap_days_min=21)

    assert set(Rest.objects.values_list("end_day", flat=True)) == {day_number(FIRST) + 21}


def test_a_new_zone_rests_with_the_sessions_already_booked(edit, book, agreement):
    book(1, FIRST)
    neck = (factories.zone("NE"), Decimal("1"), 4)

    edit(zones=[agreement["zones"][0], neck])

    assert set(Rest.objects.values_list("area__zone_code", flat=True)) == {"UB", "NE"}


# --- Stop -----------------------------------------------------------------------------------------
def test_stopping_cancels_what_is_booked_from_that_day_on(course, book, now, lead):
    first, second = book(1, FIRST), book(2, FIRST + days(35))

    plans.stop_course(plan=course, because="Moved away", on=FIRST + days(1), at=now, by=lead)

    assert kept(course) == ("stopped", 0, None, None, None, None, None)
    assert (course.stopped_because, course.stopped_on) == ("Moved away", FIRST + days(1))
    assert [Appointment.objects.get(pk=row.pk).status for row in (first, second)] == [
        "booked", "cancelled",
    ]  # fmt: skip


def test_stopping_needs_a_reason(course, now, lead):
    with pytest.raises(ValidationError, match="Say why"):
        plans.stop_course(plan=course, because=" ", on=FIRST, at=now, by=lead)


# --- An interval of its own -----------------------------------------------------------------------
@pytest.fixture
def shorten(course, now, lead):
    """Return a function that gives session 2 another shortest interval."""

    def changed(gap_days_min):
        return plans.change_gap(
            planned_session=course.sessions.get(number=2), gap_days_min=gap_days_min,
            gap_days_ideal=max(gap_days_min, 35), gap_days_max=max(gap_days_min, 42),
            because="Agreed with the patient", at=now, by=lead,
        )  # fmt: skip

    return changed


def test_a_shorter_interval_of_one_session_lets_it_be_booked_earlier(course, book, shorten):
    sign(course, 1, FIRST)
    with pytest.raises(NotHealed):
        book(2, FIRST + days(21))

    shorten(21)

    assert kept(course)[4] == FIRST + days(21)
    assert book(2, FIRST + days(21)).status == "booked"
    with pytest.raises(NotHealed):
        book(3, FIRST + days(48))


def test_a_longer_interval_of_one_session_is_kept_by_the_skin_too(course, book, shorten):
    sign(course, 1, FIRST)

    shorten(35)

    with pytest.raises(NotHealed) as refusal:
        book(2, FIRST + days(34))
    assert refusal.value.first_day == FIRST + days(35)
    ends = Rest.objects.filter(kind="treated").values_list("end_day", flat=True)
    assert set(ends) == {day_number(FIRST) + 35}


def test_a_longer_interval_is_refused_while_the_session_is_booked_before_it(course, book, shorten):
    sign(course, 1, FIRST)
    book(2, FIRST + days(28))

    with pytest.raises(NotHealed) as refusal:
        shorten(35)

    assert (refusal.value.number, refusal.value.first_day) == (2, FIRST + days(35))
    assert course.sessions.get(number=2).gap_days_min == 28


def test_the_reason_for_an_interval_is_kept(shorten, course):
    shorten(21)

    line = AuditEvent.objects.last()
    assert (line.action, line.reason) == ("course.gap_changed", "Agreed with the patient")
    assert course.sessions.get(number=2).gap_changed_because == "Agreed with the patient"


# --- The nightly check ----------------------------------------------------------------------------
def check(*arguments) -> str:
    out = StringIO()
    call_command("check_courses", *arguments, stdout=out)
    return out.getvalue()


def test_courses_that_are_right_are_counted(course, django_assert_max_num_queries):
    for _ in range(3):
        plans.keep_dates(factories.plan(course.patient))

    with django_assert_max_num_queries(3):
        assert check() == "4 courses checked, 0 wrong.\n"


def test_a_course_that_is_wrong_is_named_and_put_right(course, today):
    TreatmentPlan.objects.filter(pk=course.pk).update(sessions_done=2, next_booked_on=FIRST)

    with pytest.raises(CommandError):
        check()
    said = check("--fix")

    assert said == (
        f"Course {course.pk}: sessions_done is 2, should be 0;"
        " next_booked_on is 2026-12-01, should be None\n1 courses checked, 1 put right.\n"
    )
    assert kept(course)[:5] == ("open", 0, None, None, today)


def test_a_rest_of_another_course_says_no_to_a_longer_one(course, patient, now, lead):
    sign(course, 1, FIRST)
    later = FIRST + days(30)
    factories.appointment(patient, later, rests=[RestWish("UB", later, 28)])

    with pytest.raises(ValidationError, match="Another course needs a zone"):
        plans.change_gap(
            planned_session=course.sessions.get(number=2), gap_days_min=35, gap_days_ideal=35,
            gap_days_max=42, because="Heals slowly", at=now, by=lead,
        )  # fmt: skip
