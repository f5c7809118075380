"""Skin heals slower than planned: the next date is free at once, the zones rest longer."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.actions.refusals import Conflict
from clinic.models import AuditEvent, Hold, Rest
from clinic.scheduling.minutes import day_number
from tests import factories
from treatments.actions import diary, plans
from treatments.actions.healing import slow_healing
from treatments.models import TreatmentSession, ZoneTreatment

FIRST = date(2026, 11, 10)  # a Tuesday, two weeks ago
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.fixture
def course(patient):
    """Return a course of four sessions of one zone, 28 / 35 / 42 days apart."""
    row = factories.plan(patient, zones=[factories.zone("UB")], agreed_on=FIRST)
    plans.keep_dates(row)
    return row


@pytest.fixture
def record(course, practitioner):
    """Return the signed record of session 1, with the rest that signing leaves."""
    planned = course.sessions.get(number=1)
    row = TreatmentSession.objects.create(
        clinic=course.clinic, patient=course.patient, plan=course, planned_session=planned,
        practitioner=course.practitioner, performed_on=FIRST, opened_at=AT, opened_by=practitioner,
    )  # fmt: skip
    ZoneTreatment.objects.create(session=row, zone=course.zones.first().zone, depth_mm="1.5")
    TreatmentSession.objects.filter(pk=row.pk).update(
        status="signed", signed_at=AT, signed_by=practitioner, signed_content={}, findings=[],
        signed_hash="0" * 64,
    )  # fmt: skip
    course.sessions.filter(number=1).update(done_on=FIRST)
    area = course.patient.areas.create(zone_code="UB")
    start = day_number(FIRST)
    Rest.objects.create(area=area, kind="treated", start_day=start, end_day=start + 28)
    plans.keep_dates(course)
    row.refresh_from_db()
    return row


def book(course, number, days, by):
    return diary.book_session(
        planned_session=course.sessions.get(number=number), at=AT, by=by,
        slot=factories.slot_on(course.clinic, FIRST + timedelta(days=days)),
    )  # fmt: skip


def slower(record, by, days=14, **facts):
    record.plan.refresh_from_db()
    values = {"session": record, "extra_days": days, "because": "Still red", "at": AT, "by": by,
              "version": record.plan.version} | facts  # fmt: skip
    return slow_healing(**values)


def test_a_date_that_comes_too_soon_is_free_at_once_and_waits_to_be_moved(course, record, desk):
    second = book(course, 2, 35, desk)

    freed = slower(record, desk)

    second.refresh_from_db()
    assert freed == [second]
    assert (second.status, second.to_move_because) == (
        "proposed", "Too soon after the session of Tue 10 Nov.",
    )  # fmt: skip
    assert Hold.objects.filter(appointment=second).count() == 0
    assert second.rests.count() == 0


def test_the_zone_rests_longer_and_the_interval_grows(course, record, desk):
    slower(record, desk, days=21)

    rest = Rest.objects.get()
    assert rest.end_day - rest.start_day == 49
    following = course.sessions.get(number=2)
    assert (following.gap_days_min, following.gap_days_ideal, following.gap_days_max) == (
        49,
        56,
        63,
    )
    assert following.gap_changed_because == "Slower healing, 21 days more: Still red"
    course.refresh_from_db()
    assert course.next_earliest_on == FIRST + timedelta(days=49)


def test_a_date_that_is_late_enough_stays(course, record, desk):
    second = book(course, 2, 42, desk)

    freed = slower(record, desk)

    second.refresh_from_db()
    assert (freed, second.status) == ([], "booked")


def test_only_the_next_session_loses_its_time_when_the_one_after_can_stay(course, record, desk):
    book(course, 2, 31, desk)
    third = book(course, 3, 77, desk)

    slower(record, desk)

    third.refresh_from_db()
    assert third.status == "booked"
    course.refresh_from_db()
    assert course.next_booked_on is None


def test_a_double_tap_adds_once(course, record, desk):
    seen = course.version

    slower(record, desk, version=seen)
    with pytest.raises(Conflict):
        slow_healing(
            session=record, extra_days=14, because="Still red", version=seen, at=AT, by=desk
        )

    assert course.sessions.get(number=2).gap_days_min == 42


def test_healing_is_not_noted_after_the_next_session_is_done(course, record, desk):
    course.sessions.filter(number=2).update(done_on=FIRST + timedelta(days=28))

    with pytest.raises(ValidationError) as refusal:
        slower(record, desk)

    assert refusal.value.messages == ["Session 2 is done already; note it there."]


def test_it_is_kept_who_said_so_and_what_it_freed(course, record, desk):
    second = book(course, 2, 35, desk)

    slower(record, desk)

    line = AuditEvent.objects.get(action="course.healing_slower")
    assert (line.reason, line.details) == (
        "Still red", {"session": 1, "days": 14, "freed": [second.pk]},
    )  # fmt: skip


def test_a_lost_day_puts_the_course_among_those_to_call_today(course, record, desk):
    book(course, 2, 35, desk)
    today = AT.date()
    course.refresh_from_db()
    assert course.state_on(today) == "on_track"

    slower(record, desk, days=21)

    course.refresh_from_db()
    rows = type(course).objects.to_call(today, at_risk=False)
    assert course.next_earliest_on > today + timedelta(days=14)
    assert (course.next_to_move, course.state_on(today)) == (True, "book_now")
    assert course in rows


def test_a_new_day_answers_the_lost_one(course, record, desk):
    book(course, 2, 35, desk)
    slower(record, desk)

    book(course, 2, 45, desk)

    course.refresh_from_db()
    assert (course.next_to_move, course.state_on(AT.date())) == (False, "on_track")
