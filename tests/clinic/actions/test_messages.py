"""What a deed in the diary puts into the outbox, and what its undoing takes out."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.actions import diary
from clinic.actions.messages import (
    ask_to_move,
    confirm_by_link,
    retry_message,
    settle_wish,
    withdraw_for,
    withdraw_message,
)
from clinic.actions.outbox import work
from clinic.models import AuditEvent, MoveWish, OutboxMessage
from clinic.scheduling.minutes import minute_of_instant
from tests import factories

DAY, OTHER_DAY, NEAR = date(2026, 12, 14), date(2026, 12, 16), date(2026, 11, 27)


@pytest.fixture
def patient(clinic):
    """Return a patient who reads e-mail."""
    return factories.patient(clinic, email="ada@example.org")


@pytest.fixture
def visit(patient):
    """Return a visit three weeks ahead."""
    return factories.appointment(patient, DAY)


@pytest.fixture
def move(clinic, desk, now):
    """Return a function that moves a visit to a day."""

    def move(visit, day, *, at=now, who=None):
        visit.refresh_from_db()
        slot = factories.slot_on(clinic, day, who=who)
        return diary.move(appointment=visit, slot=slot, version=visit.version, at=at, by=desk)

    return move


def queued():
    """Return the kinds of messages that still wait, in the order they were written."""
    return list(OutboxMessage.objects.queued().order_by("pk").values_list("kind", flat=True))


def sent():
    """Return the kinds of messages that left."""
    rows = OutboxMessage.objects.filter(status="sent").order_by("sent_at", "pk")
    return list(rows.values_list("kind", flat=True))


def send_at(at):
    """Let the worker make its round."""
    work(now=lambda: at)


def later(at, minutes=4):
    """Return an instant past the time in which a deed can be taken back."""
    return at + timedelta(minutes=minutes)


def test_a_booking_queues_its_confirmation_and_both_reminders(visit, now):
    rows = OutboxMessage.objects.order_by("pk").values_list("kind", "due_at", "not_before", "key")

    undo = now + timedelta(minutes=3)
    assert list(rows) == [
        ("course_booked", undo, undo, f"{visit.pk}:course_booked:0"),
        ("reminder_7d", datetime(2026, 12, 7, 9, tzinfo=UTC), undo, f"{visit.pk}:reminder_7d:0"),
        ("reminder_2d", datetime(2026, 12, 12, 9, tzinfo=UTC), undo, f"{visit.pk}:reminder_2d:0"),
    ]


def test_the_messages_of_a_booking_are_one_insert(
    clinic, patient, desk, now, django_assert_max_num_queries
):
    slot = factories.slot_on(clinic, DAY)

    with django_assert_max_num_queries(60) as seen:
        diary.book(clinic=clinic, patient=patient, service=clinic.services.get(), slot=slot,
                   at=now, by=desk)  # fmt: skip

    written = [query["sql"] for query in seen if "outboxmessage" in query["sql"]]
    assert [sql.split()[0] for sql in written] == ["INSERT"]


def test_a_reminder_leaves_at_nine_by_the_clinics_wall_in_summer_too(clinic, patient):
    factories.appointment(patient, date(2027, 7, 1))

    due = OutboxMessage.objects.get(kind="reminder_7d").due_at
    assert due == datetime(2027, 6, 24, 8, tzinfo=UTC)


def test_a_reminder_whose_day_is_over_is_not_queued(patient):
    factories.appointment(patient, NEAR)

    assert queued() == ["course_booked", "reminder_2d"]


def test_the_same_form_sent_twice_makes_one_message(clinic, patient, desk, now):
    key, slot = "5b0d4b7e-7f0e-4a83-9a0f-1c6a0a4c9d11", factories.slot_on(clinic, DAY)
    for _ in range(2):
        diary.book(clinic=clinic, patient=patient, service=clinic.services.get(), slot=slot, at=now,
                   by=desk, request_key=key)  # fmt: skip

    assert queued() == ["course_booked", "reminder_7d", "reminder_2d"]


def test_a_patient_without_an_address_gets_no_message(clinic):
    factories.appointment(factories.patient(clinic), DAY)

    assert OutboxMessage.objects.count() == 0


def test_a_patient_without_email_gets_sms_where_it_is_set_up(clinic, settings):
    settings.MESSAGE_CHANNELS = {**settings.MESSAGE_CHANNELS, "sms": "clinic.exports.sms.FileSms"}

    factories.appointment(factories.patient(clinic), DAY)

    assert set(OutboxMessage.objects.values_list("channel", flat=True)) == {"sms"}


def test_a_refused_booking_leaves_no_message(clinic, visit, desk, now):
    other = factories.patient(clinic, email="bea@example.org")

    with pytest.raises(ValidationError):
        diary.book(
            clinic=clinic, patient=other, service=visit.service, by=desk,
            slot=diary.slot_of(visit), at=now,
        )  # fmt: skip

    assert OutboxMessage.objects.filter(patient=other).count() == 0


def test_a_move_before_the_confirmation_left_sends_one_confirmation_with_the_new_time(
    visit, move, now, mailoutbox
):
    move(visit, OTHER_DAY, at=now + timedelta(minutes=2))
    send_at(later(now))
    assert sent() == []  # the move can still be taken back

    send_at(now + timedelta(minutes=6))

    assert sent() == ["course_booked"]
    assert "Wednesday 16 December 2026 at 10:00" in mailoutbox[0].body
    assert "14 December" not in mailoutbox[0].body


def test_a_move_after_the_confirmation_sends_the_change_with_both_times(
    visit, move, now, mailoutbox
):
    send_at(later(now))

    move(visit, OTHER_DAY, at=now + timedelta(hours=1))
    send_at(later(now + timedelta(hours=1)))

    assert sent() == ["course_booked", "changed"]
    assert "has moved to Wednesday 16 December 2026 at 10:00" in mailoutbox[1].body
    assert "It is no longer on Monday 14 December 2026 at 10:00" in mailoutbox[1].body


def test_a_move_replaces_the_reminders(visit, move, now):
    move(visit, OTHER_DAY)

    rows = OutboxMessage.objects.filter(kind__startswith="reminder").order_by("pk")
    assert list(rows.values_list("kind", "status", "due_at__day")) == [
        ("reminder_7d", "withdrawn", 7), ("reminder_2d", "withdrawn", 12),
        ("reminder_7d", "queued", 9), ("reminder_2d", "queued", 14),
    ]  # fmt: skip


def test_a_move_and_a_move_back_send_nothing(visit, move, now):
    send_at(later(now))

    move(visit, OTHER_DAY, at=now + timedelta(hours=1))
    move(visit, DAY, at=now + timedelta(minutes=62))
    send_at(now + timedelta(hours=2))

    assert sent() == ["course_booked"]
    assert queued() == ["reminder_7d", "reminder_2d"]


def test_two_moves_send_one_change(visit, move, now, mailoutbox):
    send_at(later(now))

    move(visit, OTHER_DAY, at=now + timedelta(minutes=60))
    move(visit, date(2026, 12, 17), at=now + timedelta(minutes=61))
    send_at(now + timedelta(hours=2))

    assert sent() == ["course_booked", "changed"]
    assert "Thursday 17 December" in mailoutbox[1].body


def test_another_practitioner_at_the_same_time_is_no_news(clinic, visit, move, now):
    send_at(later(now))

    move(visit, DAY, at=now + timedelta(hours=1), who=clinic.resources.practitioners().last())

    assert queued() == ["reminder_7d", "reminder_2d"]


def test_a_booking_taken_back_in_time_sends_nothing(visit, desk, now):
    diary.unbook(appointment=visit, at=now + timedelta(minutes=2), by=desk)
    send_at(now + timedelta(hours=1))

    assert (sent(), queued()) == ([], [])


def test_a_booking_cancelled_before_its_confirmation_left_sends_nothing(visit, cancel, now):
    cancel(visit, at=now + timedelta(minutes=1))
    send_at(now + timedelta(hours=1))

    assert (sent(), queued()) == ([], [])


def test_a_cancellation_is_told_and_its_reminders_withdrawn(visit, cancel, now, mailoutbox):
    send_at(later(now))

    cancel(visit, at=now + timedelta(hours=1))
    assert queued() == ["cancelled"]
    send_at(now + timedelta(hours=2))

    assert sent() == ["course_booked", "cancelled"]
    assert "Monday 14 December 2026 at 10:00 is cancelled" in mailoutbox[1].body


def test_cancelling_twice_is_one_message(visit, cancel, now):
    send_at(later(now))
    cancel(visit, at=now + timedelta(hours=1))
    cancel(visit, at=now + timedelta(hours=1))

    assert queued() == ["cancelled"]


def test_a_cancellation_undone_in_time_sends_nothing_and_reminds_again(visit, cancel, desk, now):
    send_at(later(now))

    cancel(visit, at=now + timedelta(hours=1))
    diary.undo(appointment=visit, at=now + timedelta(minutes=61), by=desk)
    send_at(now + timedelta(hours=2))

    assert sent() == ["course_booked"]
    assert queued() == ["reminder_7d", "reminder_2d"]


def test_a_cancellation_undone_too_late_is_followed_by_a_new_confirmation(
    visit, cancel, desk, now, mailoutbox
):
    send_at(later(now))
    cancel(visit, at=now + timedelta(hours=1))
    send_at(now + timedelta(hours=2))

    diary.undo(appointment=visit, at=now + timedelta(hours=3), by=desk)
    send_at(now + timedelta(hours=4))

    assert sent() == ["course_booked", "cancelled", "course_booked"]


def test_a_visit_that_must_move_is_reminded_of_no_more_and_told_with_its_new_time(
    visit, move, desk, now
):
    send_at(later(now))

    diary.mark_to_move(appointment=visit, because="Sick", at=now + timedelta(hours=1), by=desk)
    assert queued() == []
    move(visit, OTHER_DAY, at=now + timedelta(hours=2))

    assert queued() == ["changed", "reminder_7d", "reminder_2d"]


def test_a_deed_while_the_confirmation_is_leaving_sends_the_change_after_it(visit, move, now):
    at = later(now)
    OutboxMessage.objects.filter(kind="course_booked").update(claimed_at=at)

    move(visit, OTHER_DAY, at=at)

    assert queued() == ["course_booked", "changed", "reminder_7d", "reminder_2d"]


def test_withdrawing_for_a_visit_leaves_what_is_true(visit, now):
    withdraw_for(appointment=visit, at=now + timedelta(minutes=1))

    assert sorted(queued()) == ["course_booked", "reminder_2d", "reminder_7d"]


def test_the_invitations_sequence_rises_with_every_change(visit, move, cancel, desk, now):
    assert visit.sequence == 0
    move(visit, OTHER_DAY)
    cancel(visit)
    diary.undo(appointment=visit, at=now, by=desk)

    visit.refresh_from_db()
    assert visit.sequence == 3


# --- At the desk ----------------------------------------------------------------------------------
def test_the_desk_withdraws_a_message_once_and_it_is_audited(visit, desk, now):
    row = OutboxMessage.objects.get(kind="reminder_2d")

    for _ in range(2):
        withdraw_message(message=row, at=now, by=desk)

    row.refresh_from_db()
    assert (row.status, row.last_error) == ("withdrawn", "Withdrawn at the desk")
    assert AuditEvent.objects.filter(action="message.withdrawn").count() == 1


def test_a_sent_message_is_not_withdrawn(visit, desk, now):
    send_at(later(now))
    row = OutboxMessage.objects.get(kind="course_booked")

    with pytest.raises(ValidationError, match="This message is sent and cannot be withdrawn"):
        withdraw_message(message=row, at=later(now), by=desk)


def test_a_failed_message_is_sent_again_from_its_first_try(visit, desk, now):
    row = OutboxMessage.objects.get(kind="course_booked")
    OutboxMessage.objects.filter(pk=row.pk).update(status="failed", last_error="x", attempts=6)

    row = retry_message(message=row, at=later(now), by=desk)

    assert (row.status, row.attempts, row.next_try_at) == ("queued", 0, later(now))


def test_a_message_is_not_hurried_past_the_time_for_undo(visit, desk, now):
    with pytest.raises(ValidationError, match="can no longer be taken back"):
        retry_message(message=OutboxMessage.objects.get(kind="course_booked"), at=now, by=desk)


# --- By link --------------------------------------------------------------------------------------
def start_of(visit):
    """Return the start a link would promise."""
    return minute_of_instant(visit.starts_at)


def test_a_patient_confirms_by_link_once_and_the_audit_says_who(visit, now):
    for _ in range(2):
        confirm_by_link(appointment=visit, start=start_of(visit), at=now)

    visit.refresh_from_db()
    line = AuditEvent.objects.get(action="appointment.confirmed")
    assert visit.confirmed_at == now
    assert (line.actor_id, line.actor_name, line.patient_id) == (
        None, "Patient by link", visit.patient_id,
    )  # fmt: skip


def test_a_wish_for_another_time_takes_the_confirmation_back_and_keeps_one_wish(visit, now):
    confirm_by_link(appointment=visit, start=start_of(visit), at=now)
    for words in ("Mornings", "Fridays"):
        ask_to_move(appointment=visit, start=start_of(visit), words=words, at=now)

    visit.refresh_from_db()
    assert (visit.confirmed_at, visit.status) == (None, "booked")
    assert MoveWish.objects.get().words == "Fridays"


def test_a_patient_who_will_come_after_all_has_no_wish_any_more(visit, now):
    ask_to_move(appointment=visit, start=start_of(visit), words="", at=now)

    confirm_by_link(appointment=visit, start=start_of(visit), at=now)

    assert MoveWish.objects.filter(settled_at=None).count() == 0


def test_an_answer_that_comes_while_the_desk_moves_the_visit_does_nothing(visit, move, now):
    start = start_of(visit)
    move(visit, OTHER_DAY)

    with pytest.raises(ValidationError, match="changed meanwhile"):
        confirm_by_link(appointment=visit, start=start, at=now)

    visit.refresh_from_db()
    assert visit.confirmed_at is None


def test_a_move_settles_the_wish_and_so_does_the_desk(visit, move, desk, now):
    wish = ask_to_move(appointment=visit, start=start_of(visit), words="", at=now)
    move(visit, OTHER_DAY)
    wish.refresh_from_db()
    visit.refresh_from_db()
    assert wish.settled_at == now

    other = ask_to_move(appointment=visit, start=start_of(visit), words="", at=now)
    settle_wish(wish=other, at=now, by=desk)

    other.refresh_from_db()
    assert (other.settled_at, other.settled_by) == (now, desk)
