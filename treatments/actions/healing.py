"""Skin heals slower than planned: more days before the next session, whatever is booked."""

from datetime import datetime

from django.core.exceptions import ValidationError

from clinic.actions.audit import record
from clinic.actions.diary import mark_to_move
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict
from clinic.models import Appointment, Rest
from clinic.scheduling.minutes import day_number
from clinic.scheduling.reasons import day_words
from treatments.actions.kept import keep_dates, lock_plan
from treatments.actions.signing import rest_days, set_rests
from treatments.models import PlannedSession, TreatmentPlan, TreatmentSession
from treatments.models.openings import Course

EXTRA_DAYS = (7, 14, 21)
LONGEST_REASON = 200


@deed
def slow_healing(
    *, session: TreatmentSession, extra_days: int, because: str, version: int, at: datetime, by
) -> list[Appointment]:
    """Add days of healing after a signed session of a course; returns the visits that lost their time.

    The interval to the next session grows, the zones rest longer, and a date that has thereby become
    illegal is free at once and waits to be moved: nothing booked stands in the way. `version` is the
    course's that the person saw: Conflict when it was changed since, so a double tap adds once.
    """
    if session.status != TreatmentSession.Status.SIGNED or session.plan_id is None:
        raise ValidationError("Healing is noted on a signed session of a course.", code="state")
    if extra_days not in EXTRA_DAYS or not because.strip():
        raise ValidationError("Say how many days more, and what was seen.", code="reason")
    plan = lock_plan(session.plan)
    if plan.version != version:
        raise Conflict("Somebody changed this course meanwhile.", current=plan)
    planned = session.planned_session
    following = _following(plan, planned)
    before = _rest_length(session)
    if following:
        _lengthen(following, extra_days, because)
    plan.version += 1
    plan.save(update_fields=["version"])
    booked = {row.pk for row in _bookings(plan)}
    session.plan = plan
    days = rest_days(session) if following else before + extra_days
    set_rests(session, days=days, at=at, by=by)
    _free_too_soon(plan, planned, at, by)
    keep_dates(plan)
    freed = [row for row in _bookings(plan, held=False) if row.pk in booked]
    record(
        "course.healing_slower", plan, at=at, by=by, patient=plan.patient, category="note",
        reason=because, details={"session": planned.number, "days": extra_days,
                                 "freed": [row.pk for row in freed]},
    )  # fmt: skip
    return freed


def _following(plan: TreatmentPlan, planned: PlannedSession | None) -> PlannedSession | None:
    """Return the session after the one that was done, None after the last."""
    if planned is None:
        raise ValidationError("This record closes no session of a course.", code="state")
    following = plan.sessions.filter(number=planned.number + 1).first()
    if following and following.done_on:
        raise ValidationError(
            f"Session {following.number} is done already; note it there.", code="done"
        )
    return following


def _lengthen(row: PlannedSession, extra_days: int, because: str) -> None:
    row.gap_days_min += extra_days
    row.gap_days_ideal += extra_days
    row.gap_days_max += extra_days
    row.gap_changed_because = f"Slower healing, {extra_days} days more: {because}"[:LONGEST_REASON]
    row.full_clean(exclude=["plan", "appointment"])
    row.save()


def _rest_length(session: TreatmentSession) -> int:
    """Return how long the zones of a session rest as of now, the shortest interval without a rest."""
    start = day_number(session.performed_on)
    rests = Rest.objects.filter(
        area__patient_id=session.patient_id, kind=Rest.Kind.TREATED, start_day=start
    )
    lengths = [rest.end_day - rest.start_day for rest in rests]
    return max(lengths, default=session.plan.gap_days_min)


def _bookings(plan: TreatmentPlan, *, held: bool = True):
    status = "booked" if held else "proposed"
    return Appointment.objects.filter(planned_session__plan=plan, status=status).order_by("pk")


def _free_too_soon(plan: TreatmentPlan, planned: PlannedSession, at: datetime, by) -> None:
    """Free the course's own dates that come too soon now, also where other zones were treated."""
    course = Course(plan)
    done_on = course.days[planned.number]
    for row in course.sessions:
        if row.number <= planned.number or not row.is_booked:
            continue
        visit = row.appointment
        gap = (visit.local_date - done_on).days
        if gap < course.least_days(planned.number, row.number) and visit.status == "booked":
            because = f"Too soon after the session of {day_words(done_on)}."
            mark_to_move(appointment=visit, because=because, at=at, by=by)
