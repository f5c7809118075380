"""The kept columns of a course: derived from its sessions, written in one place."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import BigIntegerField

from clinic.actions.locks import share_diary
from clinic.models.prepared import Given, Prepared, change
from treatments.models import PlannedSession, TreatmentPlan

Status = TreatmentPlan.Status
#: The worklist's columns of a course nobody has been called for.
AWAKE = {"contacts_unanswered": 0, "snoozed_until": None, "snoozed_because": "", "snoozed_by": None}


#: The earliest free day of a course for whose next session nobody has looked.
NOT_LOOKED = {"next_free_on": None, "next_free_seen_at": None}
#: What makes a free day found before say nothing about the next session any more.
_SEARCHED = {"status", "sessions_done", "next_booked_on", "next_earliest_on", "next_latest_on"}


@dataclass(frozen=True)
class Kept:
    """What a course's kept columns should say; the names are the columns'."""

    status: str
    sessions_done: int
    last_session_on: date | None = None
    next_booked_on: date | None = None
    next_earliest_on: date | None = None
    next_ideal_on: date | None = None
    next_latest_on: date | None = None
    start_by_on: date | None = None
    next_to_move: bool = False

    def differs_from(self, plan: TreatmentPlan) -> dict[str, tuple]:
        """Return column -> (kept, derived) where the row says something else."""
        return {
            name: (getattr(plan, name), value)
            for name, value in asdict(self).items()
            if getattr(plan, name) != value
        }


def derive(plan: TreatmentPlan, sessions: Sequence[PlannedSession]) -> Kept:
    """Return what the kept columns should say, from the sessions with their appointments joined.

    The window of the next session counts from the last one done. Before the first, in the course's
    own figures: from the day of agreement on, overdue after one shortest interval, at risk after one
    longest. A booking counts when it is the next session's: a later one leaves a gap to book. While
    the next session has no time, a visit of the course that waits to be moved makes it urgent.
    """
    done = [row for row in sessions if row.done_on]
    status = plan.status
    if status != Status.STOPPED:
        status = Status.DONE if sessions and len(done) == len(sessions) else Status.OPEN
    last = max((row.done_on for row in done), default=None)
    following = min(
        (row for row in sessions if not row.done_on), key=lambda row: row.number, default=None
    )
    if status != Status.OPEN or following is None:
        return Kept(status, len(done), last)
    gaps = following.gap_days_min, following.gap_days_ideal, following.gap_days_max
    if last is None:
        gaps = 0, following.gap_days_min, following.gap_days_max
    window = [(last or plan.agreed_on) + timedelta(days=gap) for gap in gaps]
    booked = following.appointment.local_date if following.is_booked else None
    start_by = _start_by(plan, following, sessions)
    to_move = booked is None and any(row.lost_its_day for row in sessions)
    return Kept(status, len(done), last, booked, *window, start_by, to_move)


def _start_by(plan, following, sessions) -> date | None:
    """Return the last day of the next session that still lets the last one heal before the event."""
    if plan.event_on is None:
        return None
    after = sum(row.gap_days_min for row in sessions if row.number > following.number)
    return plan.event_on - timedelta(days=(plan.calm_days or 0) + after)


def lock_plan(plan: TreatmentPlan) -> TreatmentPlan:
    """Return the course as it is now, held until the deed commits.

    Its clinic, patient and service are those read with `plan`, where it has them and they still are.
    """
    share_diary(plan.clinic_id)
    read = {
        name: getattr(plan, name)
        for name in ("clinic", "patient", "service")
        if TreatmentPlan._meta.get_field(name).is_cached(plan)
    }
    if missing := {"clinic", "patient", "service"} - read.keys():
        rows = TreatmentPlan.objects.select_for_update(of=("self",))
        row = rows.select_related(*sorted(missing)).get(pk=plan.pk)
    else:
        row = _locked(plan)
    for name, thing in read.items():
        if getattr(row, f"{name}_id") == thing.pk:
            setattr(row, name, thing)
    return row


@Prepared
def _row():
    """Ask for a course, held until the deed commits."""
    return TreatmentPlan.objects.select_for_update().filter(pk=Given("plan", BigIntegerField()))


def _locked(plan: TreatmentPlan) -> TreatmentPlan:
    if not (found := _row.rows(plan=plan.pk)):
        raise TreatmentPlan.DoesNotExist("This course is gone.")
    return found[0]


@transaction.atomic(savepoint=False)  # part of other deeds: they stand or fall with it
def keep_dates(
    plan: TreatmentPlan, sessions: Sequence[PlannedSession] | None = None
) -> dict[str, tuple]:
    """Write the kept columns of a course from its sessions: the one place that does.

    `sessions` are the course's, with their appointments, where the deed holds the course and has
    them as they now are; else both are read. Returns column -> (before, now) of what changed, and
    sets it on `plan` too. Part of other deeds, which are audited.
    """
    row = plan
    if sessions is None:
        row = lock_plan(plan)
        sessions = row.sessions.select_related("appointment").order_by("number")
    kept = derive(row, sessions)
    changes = kept.differs_from(row)
    if changes:
        values = {name: now for name, (_, now) in changes.items()}
        if values.get("next_booked_on") or "sessions_done" in values:
            values |= AWAKE  # a date agreed, or a session done, answers every call before it
        if values.get("next_to_move"):
            values |= {name: AWAKE[name] for name in AWAKE if name.startswith("snoozed")}
        if _SEARCHED & changes.keys():
            values |= NOT_LOOKED
        change(row, **values)
    for name, value in asdict(kept).items():
        setattr(plan, name, value)
    return changes


def keep_free_day(*, plan: TreatmentPlan, day: date, at: datetime) -> bool:
    """Keep what a search has just found: no day before `day` is free for the course's next session.

    Says whether it was written: not where the course is no longer the one that was searched, nor
    where the same was found on the same day of the clinic. A figure of the diary, nobody's deed.
    """
    day_of, seen = plan.clinic.local_date, plan.next_free_seen_at
    if plan.next_free_on == day and seen and day_of(seen) == day_of(at):
        return False
    searched = {name: getattr(plan, name) for name in _SEARCHED - {"next_booked_on"}}
    rows = TreatmentPlan.objects.filter(pk=plan.pk, next_booked_on=None, **searched)
    plan.next_free_on, plan.next_free_seen_at = day, at
    return bool(rows.update(next_free_on=day, next_free_seen_at=at))


# --- Agree ----------------------------------------------------------------------------------------
