"""A visit cancelled, and its steps taken and undone."""

from datetime import UTC, datetime, timedelta

import pytest

from clinic.actions import diary
from clinic.actions.diary import RestWish, SlotTaken
from clinic.models import AuditEvent, Hold, Rest
from tests import factories
from tests.support.diary import TUESDAY, holds, refused, slot_of

LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_cancelled_visit_frees_time_and_skin(wish, now, desk):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    for _ in range(2):  # a double tap
        gone = diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    assert (gone.status, gone.cancel_reason, gone.ended_at, gone.ended_by) == (
        "cancelled", "patient", now, desk,
    )  # fmt: skip
    assert (Hold.objects.count(), Rest.objects.count()) == (0, 0)
    actions = AuditEvent.objects.order_by("seq").values_list("action", "reason")
    assert list(actions) == [("appointment.booked", ""), ("appointment.cancelled", "patient")]


def test_cancelling_keeps_the_rest_of_what_was_treated(wish, now, desk, patient):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
    Rest.objects.update(kind="treated")

    diary.cancel(appointment=appointment, reason="clinic", at=now, by=desk)

    assert Rest.objects.count() == 1


def test_a_cancel_without_a_known_reason_is_refused(wish, now, desk):
    appointment = diary.book(**wish)

    assert (
        refused(diary.cancel, appointment=appointment, reason="", at=now, by=desk).code == "reason"
    )


def test_the_steps_of_a_visit_each_leave_their_time(wish, now, desk):
    appointment = diary.book(**wish)
    diary.confirm(appointment=appointment, at=now, by=desk)

    for minutes, step in enumerate((diary.arrive, diary.start, diary.finish)):
        row = step(appointment=appointment, at=LATER + timedelta(minutes=minutes), by=desk)

    assert (row.status, row.confirmed_at) == ("fulfilled", now)
    assert [row.arrived_at, row.started_at, row.finished_at] == [
        LATER + timedelta(minutes=n) for n in range(3)
    ]
    assert list(AuditEvent.objects.order_by("seq").values_list("action", flat=True)) == [
        f"appointment.{word}" for word in ("booked", "confirmed", "arrived", "started", "finished")
    ]


def test_a_step_taken_twice_changes_nothing(wish, desk):
    appointment = diary.book(**wish)

    first = diary.arrive(appointment=appointment, at=LATER, by=desk)
    second = diary.arrive(appointment=appointment, at=LATER + timedelta(minutes=1), by=desk)

    assert (second.arrived_at, second.version) == (first.arrived_at, first.version)


@pytest.mark.parametrize("step", [diary.arrive, diary.start, diary.mark_noshow])
def test_nobody_arrives_before_the_day(wish, now, desk, step):
    appointment = diary.book(**wish)

    assert refused(step, appointment=appointment, at=now, by=desk).code == "not_yet"


@pytest.mark.parametrize("step", [diary.arrive, diary.start, diary.finish, diary.mark_noshow])
def test_a_cancelled_visit_takes_no_step(wish, now, desk, step):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    assert refused(step, appointment=appointment, at=LATER, by=desk).code == "state"


def test_a_missed_visit_keeps_its_time_and_frees_the_skin(wish, desk):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    missed = diary.mark_noshow(appointment=appointment, at=LATER, by=desk)

    assert (missed.status, missed.ended_by) == ("noshow", desk)
    assert (Hold.objects.count(), Rest.objects.count()) == (4, 0)


def test_undo_steps_back_one_state_at_a_time(wish, desk):
    appointment = diary.book(**wish)
    for step in (diary.arrive, diary.start, diary.finish):
        step(appointment=appointment, at=LATER, by=desk)

    rows = [diary.undo(appointment=appointment, at=LATER, by=desk) for _ in range(3)]

    assert [row.status for row in rows] == ["in_session", "arrived", "booked"]
    last = rows[-1]
    assert (last.arrived_at, last.started_at, last.finished_at) == (None, None, None)
    assert refused(diary.undo, appointment=appointment, at=LATER, by=desk).code == "state"


def test_undo_of_a_missed_visit_reserves_the_skin_again(wish, desk):
    rest = RestWish("UB", TUESDAY, 28)
    appointment = diary.book(**wish, rests=[rest])
    diary.mark_noshow(appointment=appointment, at=LATER, by=desk)

    row = diary.undo(appointment=appointment, rests=[rest], at=LATER, by=desk)

    assert (row.status, row.ended_at, row.ended_by) == ("booked", None, None)
    assert Rest.objects.count() == 1


def test_undo_of_a_cancel_takes_the_time_back(wish, now, desk):
    rest = RestWish("UB", TUESDAY, 28)
    appointment = diary.book(**wish, rests=[rest])
    before = holds(appointment)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    row = diary.undo(appointment=appointment, rests=[rest], at=now, by=desk)

    assert (row.status, row.cancel_reason) == ("booked", "")
    assert holds(row) == before
    assert Rest.objects.count() == 1


def test_undo_of_a_cancel_is_refused_when_the_time_is_gone(wish, now, desk, clinic):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)
    diary.book(**wish | {"patient": factories.patient(clinic)})

    refusal = refused(diary.undo, appointment=appointment, at=now, by=desk)

    assert isinstance(refusal, SlotTaken)
    assert len(refusal.nearest) == 3


def test_undo_of_a_cancel_is_refused_when_another_time_was_booked(wish, now, desk, clinic):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)
    diary.book(**wish | {"slot": slot_of(clinic, start=900)})

    assert refused(diary.undo, appointment=appointment, at=now, by=desk).code == "replaced"
