"""Deeds of a repair: keep an absence and what it does to the visits, apply a plan, let a visit stay.

Lock order: the diary (alone for an absence), courses by key, appointments and holds, the audit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

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
from clinic.actions.locks import own_diary
from clinic.actions.refusals import Conflict, broken_promise
from clinic.models import Appointment, Blackout, Clinic, Hold
from clinic.scheduling.minutes import minute_of_instant
from clinic.scheduling.slots import Slot
from treatments.actions.diary import move_appointment
from treatments.actions.kept import keep_dates, lock_plan
from treatments.models import TreatmentPlan

__all__ = ["Absence", "Applied", "Chosen", "apply_repair", "keep_absence"]


@dataclass(frozen=True)
class Chosen:
    """One row of a plan to carry out: the visit, the version seen, its new slot and why.

    `refused_days` are days the patient said no to: kept as days away.
    """

    appointment: Appointment
    version: int
    slot: Slot
    why: tuple = ()
    refused_days: frozenset[date] = frozenset()


@dataclass
class Applied:
    """What became of a plan: visits moved, and those whose place was gone, with the sentence."""

    moved: list[Appointment] = field(default_factory=list)
    clashed: dict[int, str] = field(default_factory=dict)


@transaction.atomic
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
    visits = visits_in(clinic, absence, at=at)
    plans = _locked_plans(visits)
    visits = visits_in(clinic, absence, at=at) if plans else visits
    outcome = Outcome(keep_exception(clinic, absence, at=at, by=by))
    handle_visits(visits, absence, outcome, at=at, by=by)
    for plan in plans:
        keep_dates(plan)
    return outcome


@transaction.atomic
def apply_repair(*, clinic: Clinic, rows: Sequence[Chosen], at: datetime, by) -> Applied:
    """Carry out the rows of a plan in one transaction, in order of their new times.

    The visits make way for each other first. A row whose place is gone, or that somebody changed,
    stays to be moved and is named in `clashed`; the others are done. A row that already stands
    where it should (a double tap) counts as moved and is not written again.
    """
    plans = _locked_plans(row.appointment for row in rows)
    now = _locked_visits(clinic, rows)
    applied, waiting = Applied(), []
    for row in sorted(rows, key=lambda row: (row.slot.start, row.appointment.pk)):
        visit = now.get(row.appointment.pk)
        if visit is None:
            applied.clashed[row.appointment.pk] = "This appointment is not to be moved."
        elif visit.status == Appointment.Status.BOOKED and _stands_at(visit, row.slot):
            applied.moved.append(visit)
        elif visit.status != Appointment.Status.PROPOSED or visit.version != row.version:
            applied.clashed[visit.pk] = "Somebody changed this appointment meanwhile."
        else:
            waiting.append((row, visit))
    held = let_times_go((visit for _, visit in waiting), at=at)
    for row, visit in waiting:
        _move(row, visit, applied, at=at, by=by)
    _take_back(held, applied.clashed)
    for plan in plans:
        keep_dates(plan)
    if waiting and applied.moved:
        _tell(clinic, applied, at=at, by=by)
    return applied


def _move(row: Chosen, visit: Appointment, applied: Applied, *, at, by) -> None:
    """Move one visit and keep the days its patient refused, or say why it could not be."""
    try:
        with transaction.atomic():
            moved = move_appointment(
                appointment=visit, slot=row.slot, version=row.version, at=at, by=by, why=row.why
            )
            _keep_refusals(row, moved, at=at, by=by)
    except Conflict:
        applied.clashed[visit.pk] = "Somebody changed this appointment meanwhile."
    except ValidationError as refusal:
        applied.clashed[visit.pk] = " ".join(refusal.messages)
    else:
        applied.moved.append(moved)


def _keep_refusals(row: Chosen, visit: Appointment, *, at, by) -> None:
    """Keep the days a patient said no to as days away."""
    known = set(visit.patient.blackouts.values_list("from_day", "to_day"))
    for day in sorted(row.refused_days):
        if (day, day) not in known:
            Blackout.objects.create(
                patient=visit.patient, kind=Blackout.Kind.HOLIDAY, from_day=day, to_day=day
            )
            record("patient.away_added", visit.patient, at=at, by=by, patient=visit.patient,
                   category="schedule", details={"day": day.isoformat()})  # fmt: skip


def _take_back(held: Mapping[int, list[tuple[int, int, int]]], clashed: Mapping[int, str]) -> None:
    """Give visits that could not move their old time back, where nobody was put into it."""
    for key in sorted(held.keys() & clashed.keys()):
        try:
            with transaction.atomic():
                Hold.objects.bulk_create(
                    Hold(appointment_id=key, resource_id=resource, start=start, end=end)
                    for resource, start, end in held[key]
                )
        except DatabaseError as error:
            if broken_promise(error) != "hold_no_overlap":
                raise


def _stands_at(visit: Appointment, slot: Slot) -> bool:
    return (minute_of_instant(visit.starts_at), visit.practitioner_id) == slot.key


def _locked_plans(visits: Iterable[Appointment]) -> list[TreatmentPlan]:
    """Return the courses of these visits, locked, lowest key first."""
    ids = [visit.pk for visit in visits]
    plans = TreatmentPlan.objects.filter(sessions__appointment__in=ids).distinct().order_by("pk")
    return [lock_plan(plan) for plan in plans]


def _locked_visits(clinic: Clinic, rows: Sequence[Chosen]) -> dict[int, Appointment]:
    """Return the clinic's visits of these rows as they are now, held, lowest key first."""
    ids = [row.appointment.pk for row in rows]
    found = Appointment.objects.of(clinic).filter(pk__in=ids).order_by("pk")
    found = found.select_related("clinic", "patient", "service")
    return {row.pk: row for row in found.select_for_update(of=("self",))}


def _tell(clinic: Clinic, applied: Applied, *, at, by) -> None:
    record("repair.applied", clinic, clinic=clinic, at=at, by=by, category="schedule",
           details={"moved": [visit.pk for visit in applied.moved],
                    "clashed": sorted(applied.clashed)})  # fmt: skip
