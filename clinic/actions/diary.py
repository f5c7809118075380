"""Deeds of the diary: book, move, cancel and the steps of a visit.

Times and skin are guarded by the database (`hold_no_overlap`, `rest_no_overlap`); what is checked
here first is for the sentence, and for what the database cannot know: hours, grid, competence.
Every deed returns the appointment as it now is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import F

from clinic.actions import messages
from clinic.actions.locks import deed, share_diary
from clinic.actions.placing import (
    Visit,
    columns,
    freed_by,
    let_go,
    make_way,
    not_healed,
    place_words,
    put,
    remember_freed,
    reserve,
    shifted_rests,
    take,
    tell,
    tell_gone,
    with_key,
)  # fmt: skip
from clinic.actions.refusals import (
    Conflict,
    NotHealed,
    SlotTaken,
    broken_promise,
    conflict,
    wrong_state,
)
from clinic.models import Appointment, Rest
from clinic.models.openings import RestWish, slot_of
from clinic.models.prepared import insert
from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import Slot

__all__ = [
    "Conflict", "NotHealed", "RestWish", "SlotTaken", "arrive", "attended", "book", "cancel",
    "change_rests", "confirm", "finish", "join_booking", "mark_noshow", "mark_to_move", "move",
    "numb", "start", "unbook", "undo",
]  # fmt: skip

Status = Appointment.Status


@deed
def book(*, clinic, **facts) -> Appointment:
    """Book a visit as a deed of its own, see `join_booking`; when it is refused nothing is written."""
    share_diary(clinic.pk)
    return join_booking(clinic=clinic, **facts)


@transaction.atomic(savepoint=False)  # part of a deed that shares the diary already
def join_booking(
    *, clinic, patient, service, slot: Slot, rests: Sequence[RestWish] = (), at: datetime, by,
    note: str = "", request_key=None, why: Iterable = (), quiet: bool = False,
    instead_of: Iterable[int | None] = (),
) -> Appointment:  # fmt: skip
    """Book a visit at a slot and reserve the healing time of its zones.

    Only the slot's start and practitioner bind: a room or device taken meanwhile is swapped for a
    free one. `why` are plain values of `Reason.as_dict()`; with `quiet` the caller tells the
    patient. `instead_of` are keys of kept times that give way: a time kept is taken so. The same
    `request_key` again returns the first appointment. Raises SlotTaken, NotHealed, or (a slot that
    may not be offered) ValidationError; then the whole deed is taken back.
    """
    if patient.clinic_id != clinic.pk or service.clinic_id != clinic.pk:
        raise ValidationError("This patient or service belongs to another clinic.", code="foreign")
    visit = Visit(
        clinic=clinic, patient=patient, service=service, slot=slot, rests=rests, at=at,
        request_key=request_key,
    )  # fmt: skip
    gone = visit.make_way(instead_of)

    def place(free: Slot) -> Appointment:
        row = Appointment(
            clinic=clinic, patient=patient, service=service, booked_at=at, booked_by=by, note=note,
            request_key=request_key, why_this_date=list(why), **columns(free),
        )  # fmt: skip
        insert([row])
        take(row, free, visit.shape, rests)
        return row

    try:
        appointment, is_new = visit.placed(place)
    except ValidationError:
        # The twin of a double tap may have committed meanwhile: then its answer is this one's too.
        if first := with_key(clinic, patient, request_key):
            return first
        raise
    if is_new:
        tell("booked", appointment, at, by, details=place_words(appointment))
        tell_gone(gone, instead=appointment, at=at, by=by)
        if not quiet:
            messages.tell_booked([appointment], at=at)
    return appointment


@deed
def move(
    *, appointment: Appointment, slot: Slot, rests: Sequence[RestWish] | None = None, version: int,
    at: datetime, by, why: Iterable = (), quiet: bool = False,
    instead_of: Iterable[int | None] = (),
) -> Appointment:  # fmt: skip
    """Give an appointment another time; one that waited to be moved is booked again.

    `version` is the one the person saw: Conflict when somebody was quicker. `rests` None shifts
    the reserved healing times along. Clears the confirmation. The rest as `book`.
    """
    share_diary(appointment.clinic_id)
    taken = Appointment.objects.filter(pk=appointment.pk, version=version)
    if not taken.update(version=F("version") + 1):  # locks the row: the other desk waits here
        raise conflict(Appointment.objects.get(pk=appointment.pk))
    row = _locked(appointment)
    if not row.can_be_moved:
        raise wrong_state(row, "moved")
    before, freed = place_words(row), freed_by(row)
    if rests is None:
        rests = shifted_rests(row, slot.day)
    visit = _again(row, slot, rests, at=at)
    gone = visit.make_way(instead_of)

    def place(free: Slot) -> Appointment:
        let_go(row)
        put(row, free)
        row.status, row.to_move_since, row.to_move_because = Status.BOOKED, None, ""
        row.confirmed_at, row.why_this_date = None, list(why)
        row.save()
        take(row, free, visit.shape, rests)
        return row

    visit.placed(place)
    remember_freed(freed, at=at)
    if not quiet:
        messages.tell([row], at=at)
    tell("moved", row, at, by, details=place_words(row) | {"before": before})
    tell_gone(gone, instead=row, at=at, by=by)
    return row


@deed
def cancel(*, appointment: Appointment, reason: str, at: datetime, by) -> Appointment:
    """Cancel a visit that has not begun and free its time and healing time.

    `reason` is one of `Appointment.CancelReason`. Cancelling twice changes nothing.
    """
    row = _locked(appointment)
    if row.status == Status.CANCELLED:
        return row
    if row.status not in {Status.BOOKED, Status.PROPOSED, Status.ARRIVED}:
        raise wrong_state(row, "cancelled")
    if reason not in Appointment.CancelReason.values:
        raise ValidationError("Say why the appointment is cancelled.", code="reason")
    remember_freed(freed_by(row), at=at)
    let_go(row)
    row.cancel_reason, row.to_move_since, row.to_move_because = reason, None, ""
    return _ended(row, Status.CANCELLED, "cancelled", at, by, reason=reason)


@deed
def unbook(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Take back a booking made a moment ago, as if it had been a slip: its time is free again."""
    row = _locked(appointment)
    if row.status != Status.BOOKED:
        raise wrong_state(row, "taken back")
    let_go(row)
    return _ended(row, Status.ENTERED_IN_ERROR, "unbooked", at, by)


@deed
def mark_to_move(*, appointment: Appointment, because: str, at: datetime, by) -> Appointment:
    """Free a booked visit's time because it can no longer stand, and put it on the list to move."""
    row = _locked(appointment)
    if row.status == Status.PROPOSED:
        return row
    if row.status != Status.BOOKED:
        raise wrong_state(row, "put on the list to move")
    if not because.strip():
        raise ValidationError("Say why the appointment must move.", code="reason")
    remember_freed(freed_by(row), at=at)
    let_go(row)
    row.status, row.to_move_since, row.to_move_because = Status.PROPOSED, at, because
    row.confirmed_at = None
    messages.tell([row], at=at)
    return _saved(row, "to_move", at, by, reason=because)


@deed
def change_rests(*, appointment: Appointment, rests: Sequence[RestWish]) -> None:
    """Replace the healing times a booked visit reserves; part of another deed, which is audited.

    Raises NotHealed when a zone is then still healing or needled too soon afterwards.
    """
    try:
        with transaction.atomic():
            appointment.rests.filter(kind=Rest.Kind.BOOKED).delete()
            reserve(appointment, rests)
    except DatabaseError as error:
        if broken_promise(error) != "rest_no_overlap":
            raise
        raise not_healed(appointment.patient, rests, ignore=(appointment.pk,)) from error


# --- The steps of a visit -------------------------------------------------------------------------
@deed
def confirm(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that the patient said they will come."""
    row = _locked(appointment)
    if row.status != Status.BOOKED:
        raise wrong_state(row, "confirmed")
    if row.confirmed_at:
        return row
    row.confirmed_at = at
    return _saved(row, "confirmed", at, by)


@deed
def arrive(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that the patient is here."""
    return _step(
        appointment, "arrived", to=Status.ARRIVED, allowed={Status.BOOKED},
        stamps=("arrived_at",), at=at, by=by,
    )  # fmt: skip


@deed
def numb(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that numbing has begun for a patient who is here; a second time changes nothing."""
    row = _locked(appointment)
    if row.status not in {Status.ARRIVED, Status.IN_SESSION}:
        raise wrong_state(row, "numbed")
    if row.numbing_at:
        return row
    row.numbing_at = at
    return _saved(row, "numbing", at, by)


@deed
def start(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that the patient is in the room; one nobody greeted has thereby arrived."""
    return _step(
        appointment, "started", to=Status.IN_SESSION, allowed={Status.BOOKED, Status.ARRIVED},
        stamps=("arrived_at", "started_at"), at=at, by=by,
    )  # fmt: skip


@deed
def finish(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that the visit is over."""
    return _step(
        appointment, "finished", to=Status.FULFILLED, allowed={Status.ARRIVED, Status.IN_SESSION},
        stamps=("started_at", "finished_at"), at=at, by=by,
    )  # fmt: skip


@deed
def attended(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep afterwards that a visit of an earlier day took place, at the time it was booked for.

    Stamps that are missing become the booked times: when they were clicked says nothing.
    """
    row = _locked(appointment)
    if row.status == Status.FULFILLED:
        return row
    if row.status not in {Status.BOOKED, Status.ARRIVED, Status.IN_SESSION}:
        raise wrong_state(row, "marked as done")
    if at < row.ends_at:
        raise ValidationError("This appointment is not over yet.", code="not_yet")
    row.arrived_at = row.arrived_at or row.starts_at
    row.started_at = row.started_at or max(row.arrived_at, row.starts_at)
    row.finished_at = max(row.started_at, row.ends_at)
    row.status = Status.FULFILLED
    return _saved(row, "finished", at, by, details={"afterwards": True})


@deed
def mark_noshow(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Keep that the patient did not come. The time stays taken, the skin needs no rest."""
    row = _locked(appointment)
    if row.status == Status.NOSHOW:
        return row
    if row.status != Status.BOOKED:
        raise wrong_state(row, "marked as not attended")
    if at < row.starts_at:
        raise ValidationError("This appointment has not begun yet.", code="not_yet")
    row.rests.filter(kind=Rest.Kind.BOOKED).delete()
    return _ended(row, Status.NOSHOW, "missed", at, by)


@deed
def undo(
    *, appointment: Appointment, rests: Sequence[RestWish] = (), at: datetime, by,
    instead_of: Iterable[int | None] = (),
) -> Appointment:  # fmt: skip
    """Step a visit back by one state: done, in room, arrived, booked.

    A missed visit is booked again, a cancelled one too if its time is still free; neither when the
    patient was given another time since. `rests` are the healing times such a visit reserves again.
    """
    row, gone = _locked(appointment), []
    before = row.status
    if before in {Status.CANCELLED, Status.NOSHOW}:
        _must_not_be_replaced(row)
        gone = make_way(clinic=row.clinic, at=at, giving_way=instead_of)
    if before == Status.CANCELLED:
        _take_again(row, rests, at)
    elif before == Status.NOSHOW:
        change_rests(appointment=row, rests=rests)
    elif before not in _BACK:
        raise wrong_state(row, "stepped back")
    row.status, stamp = _BACK.get(before, (Status.BOOKED, None))
    if before == Status.ARRIVED and row.numbing_at:
        row.status, stamp = Status.ARRIVED, "numbing_at"
    if stamp:
        setattr(row, stamp, None)
    row.ended_at = row.ended_by = None
    row.cancel_reason = ""
    if before == Status.CANCELLED:
        messages.tell([row], at=at)
    _saved(row, "undone", at, by, details={"was": before})
    tell_gone(gone, instead=row, at=at, by=by)
    return row


#: Where a step goes back to, and the stamp it takes away.
_BACK = {
    Status.FULFILLED: (Status.IN_SESSION, "finished_at"),
    Status.IN_SESSION: (Status.ARRIVED, "started_at"),
    Status.ARRIVED: (Status.BOOKED, "arrived_at"),
}


# --- How ----------------------------------------------------------------------------------------
def _locked(appointment: Appointment) -> Appointment:
    """Return the row as it is now, held until the deed commits."""
    share_diary(appointment.clinic_id)
    return Appointment.objects.select_for_update().get(pk=appointment.pk)


def _must_not_be_replaced(row: Appointment) -> None:
    since = Appointment.objects.live().filter(patient=row.patient, booked_at__gte=row.ended_at)
    if since.exists():
        raise ValidationError("Another time has been booked since.", code="replaced")


def _take_again(row: Appointment, rests, at) -> None:
    """Give a cancelled visit its time back, with whichever room and device are free."""
    visit = _again(row, slot_of(row), rests, at=at)

    def place(free: Slot) -> Appointment:
        put(row, free)
        take(row, free, visit.shape, rests)
        return row

    visit.placed(place)


def _again(row: Appointment, slot: Slot, rests, *, at) -> Visit:
    return Visit(clinic=row.clinic, patient=row.patient, service=row.service, slot=slot,
                 rests=rests, at=at, ignore=(row.pk,))  # fmt: skip


def _step(appointment, action, *, to, allowed, stamps, at, by) -> Appointment:
    """Go on by one state; a step already taken (a double tap) changes nothing."""
    row = _locked(appointment)
    if row.status == to:
        return row
    if row.status not in allowed:
        raise wrong_state(row, f"marked as {Status(to).label.lower()}")
    if row.local_date > row.clinic.local_date(at):
        words = f"This appointment is on {day_words(row.local_date)}."
        raise ValidationError(words, code="not_yet")
    for stamp in stamps:
        setattr(row, stamp, getattr(row, stamp) or at)
    row.status = to
    return _saved(row, action, at, by)


def _ended(row, status, action, at, by, *, reason="") -> Appointment:
    row.status, row.ended_at, row.ended_by = status, at, by
    messages.tell([row], at=at)
    return _saved(row, action, at, by, reason=reason)


def _saved(row, action, at, by, *, reason="", details=None) -> Appointment:
    row.version += 1
    row.save()
    tell(action, row, at, by, reason=reason, details=details)
    return row
