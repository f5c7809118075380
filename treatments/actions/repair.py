"""Deeds of a repair: keep an absence and what it does to the visits, apply a plan, let a visit stay.

Lock order: the diary (alone for an absence), courses by key, appointments and holds, the audit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from clinic.actions.absences import (
    Absence,
    Outcome,
    check_absence,
    handle_visits,
    keep_exception,
    let_times_go,
    visits_in,
)
from clinic.actions.audit import record
from clinic.actions.locks import deed, own_diary
from clinic.actions.patients import forget_away, note_away
from clinic.actions.placing import make_way
from clinic.actions.refusals import SlotTaken, conflict
from clinic.models import Appointment, Blackout, Clinic, Hold, Refusal
from clinic.models.openings import shape_of
from clinic.scheduling.minutes import minute_of_instant
from clinic.scheduling.slots import Slot
from treatments.actions.diary import move_appointment
from treatments.actions.kept import keep_dates, lock_plan
from treatments.models import TreatmentPlan
from treatments.models.disruptions import NOTHING_REFUSED, Refused

__all__ = ["Absence", "Applied", "Chosen", "Said", "apply_repair", "keep_absence"]


@dataclass(frozen=True)
class Chosen:
    """One row of a plan to carry out: the visit, the version seen, its new slot and why."""

    appointment: Appointment
    version: int
    slot: Slot
    why: tuple = ()


@dataclass(frozen=True)
class Said:
    """What was said about one visit, moved or not: new refusals, and kept ones that are over."""

    appointment: Appointment
    refused: Refused = NOTHING_REFUSED
    forgotten: Refused = NOTHING_REFUSED


@dataclass
class Applied:
    """What became of a plan: visits moved, and those whose place was gone, with the sentence.

    `refusals` counts what patients said no to, as far as it was not kept before.
    """

    moved: list[Appointment] = field(default_factory=list)
    clashed: dict[int, str] = field(default_factory=dict)
    refusals: int = 0


@deed
def keep_absence(*, clinic: Clinic, absence: Absence, at: datetime, by) -> Outcome:
    """Keep that somebody or something is away; every visit it falls into becomes work.

    A failed room or device is swapped for a free one; the other visits are to be moved, their time
    still taken. The same absence again changes nothing but marks what was booked since.
    Raises ValidationError for days that make no sense or another clinic's resource.
    """
    if absence.resource and absence.resource.clinic_id != clinic.pk:
        raise ValidationError("This belongs to another clinic.", code="foreign")
    check_absence(absence, today=clinic.local_date(at))
    own_diary(clinic.pk)
    make_way(clinic=clinic, at=at)  # a room kept for nobody any more may be swapped into
    visits = visits_in(clinic, absence, at=at)
    plans = _locked_plans(visits)
    visits = visits_in(clinic, absence, at=at) if plans else visits
    outcome = Outcome(keep_exception(clinic, absence, at=at, by=by))
    handle_visits(visits, absence, outcome, at=at, by=by)
    for plan in plans:
        keep_dates(plan)
    return outcome


@deed
def apply_repair(
    *, clinic: Clinic, rows: Sequence[Chosen], said: Sequence[Said] = (), at: datetime, by
) -> Applied:
    """Carry out the rows of a plan in one transaction, in order of their new times.

    The visits make way for each other first. A row whose place is gone, or that somebody changed,
    stays exactly as it was, its old time still taken, and is named in `clashed`, as is whoever was
    to have that old time; the others are done. A row that already stands where it should (a double
    tap) counts as moved and is not written again. What was said about any visit, moved or not, is
    kept.
    """
    plans = _locked_plans(row.appointment for row in rows)
    now = _locked_visits(clinic, [*rows, *said])
    applied, waiting = Applied(), []
    for one in said:
        if visit := now.get(one.appointment.pk):
            applied.refusals += _keep_refusals(one, visit, at=at, by=by)
    for row in sorted(rows, key=lambda row: (row.slot.start, row.appointment.pk)):
        visit = now.get(row.appointment.pk)
        if visit is None:
            applied.clashed[row.appointment.pk] = "This appointment is not to be moved."
        elif visit.status == Appointment.Status.BOOKED and _stands_at(visit, row.slot):
            applied.moved.append(visit)
        elif visit.status != Appointment.Status.PROPOSED or visit.version != row.version:
            applied.clashed[visit.pk] = " ".join(conflict(visit).messages)
        else:
            waiting.append((row, visit))
    moved = _carry_out(waiting, applied.clashed, at=at, by=by)
    applied.moved += moved
    for plan in plans:
        keep_dates(plan)
    if moved:
        _tell(clinic, applied, at=at, by=by)
    return applied


class _NotAllMoved(Exception):  # noqa: N818 -- takes an attempt back, nobody is told of it
    """Some rows of an attempt were refused; `clashed` says which and why."""

    def __init__(self, clashed: Mapping[int, str]) -> None:
        super().__init__()
        self.clashed = clashed


def _carry_out(waiting: list, clashed: dict[int, str], *, at, by) -> list[Appointment]:
    """Move the rows that can be; one that is refused is named in `clashed` and stays as it was.

    Whoever has moved into the time of a refused one would leave it without any. So an attempt with
    a refusal is taken back whole, and the other rows are tried again around what that one still
    holds. Every attempt has fewer rows, and mostly the second is the last.
    """
    while waiting:
        try:
            with transaction.atomic():
                return _all_moved(waiting, at=at, by=by)
        except _NotAllMoved as refused:
            clashed |= refused.clashed
            waiting = [pair for pair in waiting if pair[1].pk not in clashed]
    return []


def _all_moved(waiting: Sequence, *, at, by) -> list[Appointment]:
    """Let the old times of all these visits go and move each. Raises _NotAllMoved if one cannot."""
    moved, clashed = [], {}
    let_times_go((visit for _, visit in waiting), at=at)
    for row, visit in waiting:
        try:
            with transaction.atomic():
                facts = {"slot": row.slot, "version": row.version, "at": at, "by": by}
                moved.append(move_appointment(appointment=visit, why=row.why, **facts))
        except ValidationError as refusal:
            is_taken = isinstance(refusal, SlotTaken)
            words = _still_kept(row.slot, visit) if is_taken else ""
            clashed[visit.pk] = words or " ".join(refusal.messages)
    if clashed:
        raise _NotAllMoved(clashed)
    return moved


def _still_kept(slot: Slot, visit: Appointment) -> str:
    """Return who keeps a slot without being able to come then, "" where somebody else has it."""
    units = [key for key in (slot.practitioner_id, slot.room_id, slot.device_id) if key]
    end = slot.start + shape_of(visit.service).total_min
    held = Hold.objects.touching(units, start=slot.start, end=end).exclude(appointment=visit)
    others = Appointment.objects.waiting_to_move(visit.clinic)
    other = others.filter(pk__in=held.values("appointment")).first()
    if other is None:
        return ""
    return f"This time is still kept for {other.patient.full_name}, who has no new time yet."


def _keep_refusals(said: Said, visit: Appointment, *, at, by) -> int:
    """Keep what a patient said no to, forget what no longer holds; return how many were new.

    Days become days of the patient on which nothing is booked; weekdays and practitioners stay
    with the visit, for its next new time.
    """
    patient, gone = visit.patient, said.forgotten
    kept = {row.from_day: row for row in patient.blackouts.filter(kind=Blackout.Kind.REFUSED)}
    for day in sorted(gone.days & kept.keys()):
        forget_away(blackout=kept[day], at=at, by=by)
    fresh = sorted(said.refused.days - kept.keys())
    for day in fresh:
        note_away(patient=patient, kind=Blackout.Kind.REFUSED, from_day=day, to_day=day, at=at,
                  by=by)  # fmt: skip
    units = visit.clinic.resources.practitioners()
    people = units.filter(pk__in=said.refused.practitioner_ids).values_list("pk", flat=True)
    weekdays = sorted(said.refused.weekdays)
    wanted = [*({"weekday": day} for day in weekdays), *({"practitioner_id": pk} for pk in people)]
    over = visit.refusals.filter(
        Q(weekday__in=gone.weekdays) | Q(practitioner__in=gone.practitioner_ids)
    )
    forgotten = list(over.values("weekday", "practitioner_id"))
    over.delete()
    new = [one for one in wanted if not visit.refusals.filter(**one).exists()]
    Refusal.objects.bulk_create(
        Refusal(appointment=visit, said_at=at, said_by=by, **one) for one in new
    )
    if new or forgotten:
        record("appointment.refused", visit, at=at, by=by, patient=patient, category="schedule",
               details={"refused": new, "forgotten": forgotten})  # fmt: skip
    return len(fresh) + len(new)


def _stands_at(visit: Appointment, slot: Slot) -> bool:
    return (minute_of_instant(visit.starts_at), visit.practitioner_id) == slot.key


def _locked_plans(visits: Iterable[Appointment]) -> list[TreatmentPlan]:
    """Return the courses of these visits, locked, lowest key first."""
    ids = [visit.pk for visit in visits]
    plans = TreatmentPlan.objects.filter(sessions__appointment__in=ids).distinct().order_by("pk")
    return [lock_plan(plan) for plan in plans]


def _locked_visits(clinic: Clinic, rows: Sequence[Chosen | Said]) -> dict[int, Appointment]:
    """Return the clinic's visits of these rows as they are now, held, lowest key first."""
    ids = [row.appointment.pk for row in rows]
    found = Appointment.objects.of(clinic).filter(pk__in=ids).order_by("pk")
    found = found.select_related("clinic", "patient", "service")
    return {row.pk: row for row in found.select_for_update(of=("self",))}


def _tell(clinic: Clinic, applied: Applied, *, at, by) -> None:
    record("repair.applied", clinic, clinic=clinic, at=at, by=by, category="schedule",
           details={"moved": [visit.pk for visit in applied.moved],
                    "clashed": sorted(applied.clashed)})  # fmt: skip
