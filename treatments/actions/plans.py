"""Deeds on courses: agree, edit, stop, change an interval.

Lock order, so that two deeds never wait for each other: the course, then appointments and holds,
then the audit's head. Whoever calls `keep_dates` calls `lock_plan` (or it) before `record`.
"""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.actions import diary
from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict, NotHealed, broken_promise
from clinic.models import Appointment, Rest
from clinic.scheduling.minutes import day_number
from treatments.actions.kept import keep_dates, lock_plan
from treatments.models import PlannedSession, PlanZone, Protocol, TreatmentPlan, Zone
from treatments.models.openings import Course

ZoneWish = tuple[Zone, Decimal, int]  # zone, set depth in mm, passes
Status = TreatmentPlan.Status


@deed
def agree_course(
    *, patient, protocol: Protocol, zones: Iterable[ZoneWish], sessions: int, gap_days_min: int,
    gap_days_ideal: int, gap_days_max: int, service, practitioner=None,
    event_on: date | None = None, calm_days: int | None = None, notes: str = "", agreed_on: date,
    request_key=None, at: datetime, by,
) -> TreatmentPlan:  # fmt: skip
    """Agree a course with a patient: its zones, its sessions and their intervals; nothing booked.

    The protocol's figures and source are kept as they are today. The same `request_key` again
    returns the first course.
    """
    if first := _with_key(patient, request_key):
        return first
    plan = TreatmentPlan(
        clinic=patient.clinic, patient=patient, protocol=protocol, service=service,
        practitioner=practitioner, sessions_planned=sessions, gap_days_min=gap_days_min,
        gap_days_ideal=gap_days_ideal, gap_days_max=gap_days_max, event_on=event_on,
        calm_days=calm_days if event_on else None, notes=notes, agreed_on=agreed_on,
        request_key=request_key, protocol_as_agreed=as_agreed(protocol),
    )  # fmt: skip
    zones = list(zones)
    _check(plan, zones)
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as error:
        if "request_key" not in broken_promise(error):
            raise
        if first := _with_key(patient, request_key):
            return first
        raise ValidationError("This form was already used.", code="request_key") from error
    _write_zones(plan, zones)
    _write_sessions(plan, range(1, sessions + 1))
    keep_dates(plan)
    _tell("agreed", plan, at, by)
    return plan


def as_agreed(protocol: Protocol) -> dict:
    """Return a protocol's figures and source as plain values, to keep with a course."""
    names = (
        "code", "name", "modality", "depth_min_mm", "depth_default_mm", "depth_max_mm",
        "passes_min", "passes_default", "passes_max", "gap_days_min", "gap_days_ideal",
        "gap_days_max", "sessions_min", "sessions_default", "sessions_max", "review_after",
        "yearly_max", "endpoint", "calm_days", "source", "effective_from",
    )  # fmt: skip
    values = {name: getattr(protocol, name) for name in names}
    return {
        name: str(value) if isinstance(value, Decimal | date) else value
        for name, value in values.items()
    }


# --- Edit, stop, change an interval ---------------------------------------------------------------
@deed
def edit_course(
    *, plan: TreatmentPlan, version: int, zones: Iterable[ZoneWish], sessions: int,
    gap_days_min: int, gap_days_ideal: int, gap_days_max: int, service, practitioner=None,
    event_on: date | None = None, calm_days: int | None = None, notes: str = "", at: datetime, by,
) -> TreatmentPlan:  # fmt: skip
    """Change what is still to come of a course; sessions done stay as they were.

    Intervals change for sessions that are not done and have none of their own. Raises Conflict
    when `version` is not the row's, ValidationError when sessions done or booked would fall away,
    and NotHealed when a booked date is too soon under the new intervals or zones.
    """
    row = lock_plan(plan)
    if row.version != version:
        raise Conflict("Somebody changed this course meanwhile.", current=row)
    if row.status == Status.STOPPED:
        raise ValidationError("This course was stopped.", code="state")
    values = {
        "sessions_planned": sessions, "gap_days_min": gap_days_min,
        "gap_days_ideal": gap_days_ideal, "gap_days_max": gap_days_max, "service": service,
        "practitioner": practitioner, "event_on": event_on,
        "calm_days": calm_days if event_on else None, "notes": notes,
    }  # fmt: skip
    zones = list(zones)
    changed = sorted(name for name, value in values.items() if getattr(row, name) != value)
    for name, value in values.items():
        setattr(row, name, value)
    _check(row, zones)
    _must_keep_done_and_booked(row)
    row.version += 1
    row.save()
    if _write_zones(row, zones):
        changed.append("zones")
    _fit_sessions(row)
    if {"zones", "gap_days_min", "sessions_planned"} & set(changed):
        _reserve_again(row)
    keep_dates(row)
    _tell("edited", row, at, by, details={"fields": changed})
    return row


@deed
def stop_course(
    *, plan: TreatmentPlan, because: str, on: date, at: datetime, by,
    cancel_reason: str = Appointment.CancelReason.CLINIC,
) -> TreatmentPlan:  # fmt: skip
    """End a course before all its sessions are done, and cancel its bookings from `on` onwards.

    A visit that has begun stays. Stopping twice changes nothing.
    """
    row = lock_plan(plan)
    if row.status == Status.STOPPED:
        return row
    if row.status == Status.DONE:
        raise ValidationError("All sessions of this course are done.", code="state")
    if not because.strip():
        raise ValidationError("Say why the course is stopped.", code="reason")
    cancelled = []
    for session in Course(row).sessions:
        visit = session.appointment
        if not session.done_on and visit and visit.can_be_moved and visit.local_date >= on:
            diary.cancel(appointment=visit, reason=cancel_reason, at=at, by=by)
            cancelled.append(visit.pk)
    row.status, row.stopped_on, row.stopped_because = Status.STOPPED, on, because
    row.version += 1
    row.save()
    keep_dates(row)
    _tell("stopped", row, at, by, reason=because, details={"cancelled": cancelled})
    return row


@deed
def change_gap(
    *, planned_session: PlannedSession, gap_days_min: int, gap_days_ideal: int, gap_days_max: int,
    because: str, at: datetime, by,
) -> PlannedSession:  # fmt: skip
    """Give one session that is not done its own interval since the session before it.

    The healing time after that session follows. Raises NotHealed when a date already booked is too
    soon under the new interval: move it first.
    """
    plan = lock_plan(planned_session.plan)
    row = PlannedSession.objects.select_for_update().get(pk=planned_session.pk)
    if row.done_on:
        raise ValidationError("This session is done.", code="state")
    if not because.strip():
        raise ValidationError("Say why the interval changes.", code="reason")
    row.gap_days_min, row.gap_days_ideal, row.gap_days_max = (
        gap_days_min, gap_days_ideal, gap_days_max,
    )  # fmt: skip
    row.gap_changed_because = because
    row.full_clean(exclude=["plan", "appointment"])
    row.save()
    _reserve_again(plan)
    keep_dates(plan)
    details = {"session": row.number, "days": [gap_days_min, gap_days_ideal, gap_days_max]}
    _tell("gap_changed", plan, at, by, reason=because, details=details)
    return row


# --- How ------------------------------------------------------------------------------------------
def _with_key(patient, request_key) -> TreatmentPlan | None:
    if request_key is None:
        return None
    return TreatmentPlan.objects.filter(request_key=request_key, patient=patient).first()


def _check(plan: TreatmentPlan, zones: list[ZoneWish]) -> None:
    """Refuse what the course's own row and zones cannot say."""
    plan.full_clean(exclude=["patient", "clinic", "protocol"])
    if plan.service.clinic_id != plan.clinic_id or (
        plan.practitioner and plan.practitioner.clinic_id != plan.clinic_id
    ):
        raise ValidationError(
            "This service or practitioner belongs to another clinic.", code="foreign"
        )
    if not zones:
        raise ValidationError("A course has at least one zone.", code="zones")
    names = [zone.name for zone, _, _ in zones]
    if len(set(names)) != len(names):
        raise ValidationError("Each zone is named once.", code="zones")
    if forbidden := [zone.name for zone, _, _ in zones if zone.forbidden]:
        raise ValidationError(f"{forbidden[0]} is never needled.", code="zones")


def _must_keep_done_and_booked(plan: TreatmentPlan) -> None:
    surplus = plan.sessions.filter(number__gt=plan.sessions_planned)
    for session in surplus.select_related("appointment").order_by("number"):
        if session.done_on or session.is_booked or session.records.exists():
            state = "done" if session.done_on else "booked"
            raise ValidationError(
                f"Session {session.number} is {state}; the course cannot have fewer.",
                code="too_few",
            )


def _write_zones(plan: TreatmentPlan, zones: list[ZoneWish]) -> bool:
    """Make the course's zones these; say whether anything changed."""
    standing = {
        row.zone_id: (row.depth_mm, row.passes) for row in PlanZone.objects.filter(plan=plan)
    }
    wanted = {zone.pk: (depth_mm, passes) for zone, depth_mm, passes in zones}
    if standing == wanted:
        return False
    PlanZone.objects.filter(plan=plan).delete()
    PlanZone.objects.bulk_create(
        PlanZone(plan=plan, zone=zone, depth_mm=depth_mm, passes=passes)
        for zone, depth_mm, passes in zones
    )
    return True


def _write_sessions(plan: TreatmentPlan, numbers: Iterable[int]) -> None:
    PlannedSession.objects.bulk_create(
        PlannedSession(
            plan=plan, number=number, gap_days_min=plan.gap_days_min,
            gap_days_ideal=plan.gap_days_ideal, gap_days_max=plan.gap_days_max,
        )
        for number in numbers
    )  # fmt: skip


def _fit_sessions(plan: TreatmentPlan) -> None:
    """Make the sessions as many as planned, and give the open ones the course's intervals."""
    plan.sessions.filter(number__gt=plan.sessions_planned).delete()
    plan.sessions.filter(done_on=None, gap_changed_because="").update(
        gap_days_min=plan.gap_days_min, gap_days_ideal=plan.gap_days_ideal,
        gap_days_max=plan.gap_days_max,
    )  # fmt: skip
    _write_sessions(plan, range(plan.sessions.count() + 1, plan.sessions_planned + 1))


def _reserve_again(plan: TreatmentPlan) -> None:
    """Rewrite the healing times of a course's sessions after its intervals or zones changed.

    What a booking reserves is replaced; after the last session done the rest ends when the next
    session may be.
    """
    course = Course(plan)
    booked = [row for row in course.sessions if row.is_booked]
    if found := course.too_soon(course.days, [row.number for row in booked]):
        raise NotHealed.until(found[1], number=found[0])
    Rest.objects.filter(
        appointment__in=[row.appointment for row in booked], kind=Rest.Kind.BOOKED
    ).delete()
    done = [row for row in course.sessions if row.done_on]
    if done and done[-1].number < plan.sessions_planned:
        _stretch_rest(course, done[-1])
    for row in booked:
        rests = course.rests(row.number, row.appointment.local_date)
        try:
            diary.change_rests(appointment=row.appointment, rests=rests)
        except NotHealed as refusal:
            raise NotHealed.until(refusal.first_day, number=row.number) from refusal


def _stretch_rest(course: Course, last: PlannedSession) -> None:
    """Let the rest after the last session done end when the next session may be.

    Its booked rests are gone at this point; a rest of another course may stand in the way.
    """
    start = day_number(last.done_on)
    after = Rest.objects.filter(
        area__patient_id=course.plan.patient_id, area__zone_code__in=course.zone_codes,
        kind=Rest.Kind.TREATED, start_day=start,
    )  # fmt: skip
    try:
        with transaction.atomic():
            after.update(end_day=start + course.healing_days(last.number))
    except IntegrityError as error:
        if broken_promise(error) != "rest_no_overlap":
            raise
        raise ValidationError(
            "Another course needs a zone before it would have healed.", code="not_healed"
        ) from error


def _tell(action: str, plan: TreatmentPlan, at, by, *, reason="", details=None) -> None:
    record(
        f"course.{action}", plan, at=at, by=by, patient=plan.patient, category="note",
        reason=reason, details=details,
    )  # fmt: skip
