"""Deeds on messages: queue what a patient must hear, take back what no longer holds.

What is queued is the difference between what the patient was told last (`told_start`) and what now
holds. So a deed and its undoing leave nothing to send, and two moves send one change.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from clinic.actions.audit import record
from clinic.actions.links import still_holds
from clinic.actions.locks import deed
from clinic.actions.outbox import wake
from clinic.models import Appointment, MoveWish, OutboxMessage
from clinic.models.messages import REMINDERS, UNDO_WINDOW, Channel, Kind
from clinic.scheduling.minutes import instant_of, minute_of

Status, State = Appointment.Status, OutboxMessage.Status
#: Reminders leave at this wall-clock minute of the clinic.
REMIND_AT_MIN = 9 * 60
BY_LINK = "Patient by link"
GONE = frozenset({Status.CANCELLED, Status.ENTERED_IN_ERROR})


def channel_for(patient) -> str | None:
    """Return how this patient is reached: e-mail first, SMS where it is set up, None if neither."""
    if patient.email:
        return Channel.EMAIL
    if patient.phone and settings.MESSAGE_CHANNELS[Channel.SMS]:
        return Channel.SMS
    return None


# --- Part of a deed in the diary ------------------------------------------------------------------
def tell_booked(visits: Sequence[Appointment], *, at: datetime) -> None:
    """Queue one confirmation of new visits of one patient, and their reminders: one insert."""
    queue = _Queue(visits[0], at=at)
    queue.announce(Kind.COURSE_BOOKED, visits)
    queue.remind(visits)
    queue.write()


def tell(visits: Sequence[Appointment], *, at: datetime) -> None:
    """Bring the outbox in line with one deed on visits of one patient that may be known already.

    Call it with the rows as the deed leaves them, inside its transaction. Raises their sequence.
    """
    rows = Appointment.objects.filter(pk__in=[visit.pk for visit in visits])
    rows.update(sequence=F("sequence") + 1, changed_at=at)
    for visit in visits:
        visit.sequence, visit.changed_at = visit.sequence + 1, at
    MoveWish.objects.filter(appointment__in=visits, settled_at=None).update(settled_at=at)
    _settle(visits, at=at)


def withdraw_for(*, appointment: Appointment, at: datetime) -> None:
    """Take back what is queued about a visit and no longer true.

    The deeds of the diary do this by themselves, their undoing included.
    """
    tell([appointment], at=at)


def _settle(visits: Sequence[Appointment], *, at: datetime) -> None:
    queue = _Queue(visits[0], at=at)
    by_pk = {visit.pk: visit for visit in visits}
    waiting = OutboxMessage.objects.queued().filter(patient=queue.patient).order_by("pk")
    leaving, covered = set(), set()  # keys of visits a message in hand, or one to come, tells of
    for message in waiting.select_for_update():
        mine = by_pk.keys() & set(message.visits)
        if not mine:
            continue
        if message.is_leaving(at):
            leaving |= mine
        elif message.kind == Kind.COURSE_BOOKED:
            covered |= _keep_confirmation(message, by_pk, at=at)
        else:
            _take_back(message)
    fresh = [visit for visit in visits if visit.pk not in covered]
    _announce(queue, fresh, leaving)
    queue.remind([visit for visit in visits if visit.status == Status.BOOKED])
    queue.write()


def _announce(queue: "_Queue", visits: Iterable[Appointment], leaving: set[int]) -> None:
    """Queue the news of these visits: one message for what stands, one for each that is gone."""
    news = []
    for visit in visits:
        told = visit.told_start is not None or visit.pk in leaving
        if visit.status in GONE and told:
            queue.announce(Kind.CANCELLED, [visit])
        elif visit.status == Status.BOOKED and (
            visit.told_start != visit.starts_at or visit.pk in leaving
        ):
            news.append((visit, told))
    if len(news) == 1 and news[0][1]:
        queue.announce(Kind.CHANGED, [news[0][0]])
    elif news:
        queue.announce(Kind.COURSE_BOOKED, [visit for visit, _ in news])


def _keep_confirmation(message: OutboxMessage, by_pk: dict, *, at: datetime) -> set[int]:
    """Let a confirmation that has not left tell of what now stands; return the visits it tells of.

    It reads the times when it leaves, so a move needs no other message. It waits for the undo of
    this deed too.
    """
    gone = {pk for pk, visit in by_pk.items() if visit.status != Status.BOOKED}
    left = [pk for pk in message.visits if pk not in gone]
    if not left:
        _take_back(message)
        return set()
    message.visits, message.appointment_id = left, left[0]
    message.not_before = at + UNDO_WINDOW
    message.next_try_at = max(message.next_try_at, message.not_before)
    message.version += 1
    message.save(update_fields=["visits", "appointment", "not_before", "next_try_at", "version"])
    return by_pk.keys() & set(left)


def _take_back(message: OutboxMessage, because: str = "") -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(
        status=State.WITHDRAWN, last_error=because, version=F("version") + 1
    )


class _Queue:
    """Messages of one deed, written together at its end."""

    def __init__(self, first: Appointment, *, at: datetime) -> None:
        self.patient, self.clinic, self.at = first.patient, first.clinic, at
        self.rows: list[OutboxMessage] = []
        self.channel = channel_for(self.patient)

    def announce(self, kind: str, visits: Sequence[Appointment]) -> None:
        """Add a message that leaves when the deed can no longer be taken back."""
        self._add(kind, visits, due_at=self.at + UNDO_WINDOW)

    def remind(self, visits: Iterable[Appointment]) -> None:
        """Add the reminders of visits that are still to come."""
        if not self.channel:
            return
        for visit in visits:
            for kind, days in REMINDERS.items():
                day = visit.local_date - timedelta(days=days)
                due_at = instant_of(minute_of(day, REMIND_AT_MIN, self.clinic.zone))
                if due_at > self.at:
                    self._add(kind, [visit], due_at=due_at)

    def _add(self, kind, visits, *, due_at) -> None:
        first, not_before = visits[0], self.at + UNDO_WINDOW
        self.rows.append(OutboxMessage(
            clinic=self.clinic, patient=self.patient, appointment=first, kind=kind,
            visits=[visit.pk for visit in visits], channel=self.channel or "",
            key=f"{first.pk}:{kind}:{first.sequence}", queued_at=self.at, due_at=due_at,
            not_before=not_before, next_try_at=max(due_at, not_before),
        ))  # fmt: skip

    def write(self) -> None:
        """Insert the messages; a patient without an address gets none."""
        if self.rows and self.channel:
            OutboxMessage.objects.bulk_create(self.rows)
            transaction.on_commit(wake, robust=True)


# --- At the desk ----------------------------------------------------------------------------------
@deed
def retry_message(*, message: OutboxMessage, at: datetime, by) -> OutboxMessage:
    """Send a failed or waiting message at the next round, with all its tries before it."""
    row = OutboxMessage.objects.select_for_update().get(pk=message.pk)
    if row.status not in {State.FAILED, State.QUEUED} or row.is_leaving(at):
        raise _stays(row, at, "sent again")
    if row.not_before > at:
        raise ValidationError("It leaves when its deed can no longer be taken back.", code="undo")
    row.status, row.attempts, row.next_try_at, row.claimed_at = State.QUEUED, 0, at, None
    row.version += 1
    row.save()
    _tell_audit("message.retried", row, at, by)
    transaction.on_commit(wake, robust=True)
    return row


@deed
def withdraw_message(*, message: OutboxMessage, at: datetime, by) -> OutboxMessage:
    """Take a message back that has not left. Taking it back twice changes nothing."""
    row = OutboxMessage.objects.select_for_update().get(pk=message.pk)
    if row.status == State.WITHDRAWN:
        return row
    if row.status == State.SENT or row.is_leaving(at):
        raise _stays(row, at, "withdrawn")
    row.status, row.last_error = State.WITHDRAWN, "Withdrawn at the desk"
    row.version += 1
    row.save()
    _tell_audit("message.withdrawn", row, at, by)
    return row


@deed
def settle_wish(*, wish: MoveWish, at: datetime, by) -> MoveWish:
    """Keep that the desk has answered a patient who asked for another time."""
    row = MoveWish.objects.select_for_update().get(pk=wish.pk)
    if row.settled_at:
        return row
    row.settled_at, row.settled_by = at, by
    row.save()
    visit = row.appointment
    record("appointment.wish_settled", visit, at=at, by=by, patient=visit.patient,
           category="schedule")  # fmt: skip
    return row


def _stays(row: OutboxMessage, at: datetime, verb: str) -> ValidationError:
    state = "leaving right now" if row.is_leaving(at) else row.get_status_display().lower()
    return ValidationError(f"This message is {state} and cannot be {verb}.", code="state")


def _tell_audit(action, row, at, by) -> None:
    record(action, row, at=at, by=by, patient=row.patient, category="schedule",
           details={"kind": row.kind, "appointment": row.appointment_id})  # fmt: skip


# --- The patient's answer by link -----------------------------------------------------------------
@deed
def confirm_by_link(*, appointment: Appointment, start: int, at: datetime) -> Appointment:
    """Keep that the patient said by link that they will come; saying it twice changes nothing.

    `start` is the epoch minute the link promised. Raises ValidationError where it no longer holds.
    """
    row = _promised(appointment, start, at)
    row.move_wishes.filter(settled_at=None).update(settled_at=at)
    if row.confirmed_at:
        return row
    row.confirmed_at = at
    _answered(row, "appointment.confirmed", at)
    return row


@deed
def ask_to_move(*, appointment: Appointment, start: int, words: str, at: datetime) -> MoveWish:
    """Put a patient's wish for another time before the desk; asking again renews its words.

    A confirmation given before no longer stands. The appointment keeps its time. Raises as
    `confirm_by_link`.
    """
    row = _promised(appointment, start, at)
    row.confirmed_at = None
    wish, _ = MoveWish.objects.update_or_create(
        appointment=row, settled_at=None, defaults={"words": words[:200]},
        create_defaults={"words": words[:200], "asked_at": at},
    )  # fmt: skip
    _answered(row, "appointment.move_asked", at)
    return wish


def _promised(appointment: Appointment, start: int, at: datetime) -> Appointment:
    row = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if not still_holds(row, start, at=at):
        raise ValidationError("This appointment has changed meanwhile.", code="gone")
    return row


def _answered(row: Appointment, action: str, at: datetime) -> None:
    row.version += 1
    row.save()
    record(action, row, at=at, by=None, actor=BY_LINK, patient=row.patient, category="schedule")
