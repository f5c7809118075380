"""Where a course stands today: the states, and the conditions they hang on in the database.

`TreatmentPlan.state_on` says the same of one row; a test holds the two together.
"""

from datetime import date, timedelta

from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from clinic.models import Blackout

LAPSE_AFTER_DAYS = 42  # past the latest day: scheduling practice, reference "worklist states"
BOOK_AHEAD_DAYS = 14
LAPSE_AFTER_CONTACTS = 3  # calls or messages in a row that nobody answered


class PlanState(models.TextChoices):
    """Where a course stands today; the order is the order of urgency."""

    AT_RISK = "at_risk", "At risk"
    OVERDUE = "overdue", "Overdue"
    BOOK_NOW = "book_now", "Book now"
    BLOCKED = "blocked", "Blocked"
    ON_TRACK = "on_track", "On track"
    LAPSED = "lapsed", "Lapsed"
    DONE = "done", "Done"
    STOPPED = "stopped", "Stopped"


def has_lapsed(today: date) -> Q:
    """Return the condition of a course that waits for a practitioner's decision."""
    lapsed = Q(next_latest_on__lt=today - timedelta(days=LAPSE_AFTER_DAYS))
    return lapsed | Q(contacts_unanswered__gte=LAPSE_AFTER_CONTACTS)


def too_late(today: date) -> Q:
    """Return the condition that a next session without a time cannot be had in time any more.

    The event cannot be met with all sessions, or every legal day up to the latest is taken.
    """
    no_event = Q(start_by_on__lt=today) | Q(start_by_on__lt=F("next_earliest_on"))
    return no_event | Q(next_free_on__gt=F("next_latest_on"))


def in_time(today: date) -> Q:
    """Return the opposite of `too_late`, for what is known; unknown days are not held against it."""
    met = Q(start_by_on__gte=today) & Q(start_by_on__gte=F("next_earliest_on"))
    free = Q(next_free_on=None) | Q(next_free_on__lte=F("next_latest_on"))
    return (Q(start_by_on=None) | met) & free


def booked_too_late(today: date) -> Q:
    """Return the condition that the next session's time ahead is no time in time.

    It lies past the latest day, or past the last one that still meets an event to come.
    """
    past_latest = Q(next_booked_on__gt=F("next_latest_on"))
    no_event = Q(event_on__gte=today, next_booked_on__gt=F("start_by_on"))
    return Q(next_booked_on__gte=today) & (past_latest | no_event)


def is_near(today: date) -> Q:
    """Return the condition that a next session without a time may be asked for by now.

    A day that was lost is asked for at once, however far ahead it was.
    """
    return Q(next_earliest_on__lte=today + timedelta(days=BOOK_AHEAD_DAYS)) | Q(next_to_move=True)


def paused_on(today: date) -> Exists:
    """Return the condition that a medical pause of the patient covers a day."""
    return Exists(Blackout.objects.filter(
        patient=OuterRef("patient"), kind="medical", from_day__lte=today, to_day__gte=today
    ))  # fmt: skip


def standing(today: date, *, value, kind) -> Case:
    """Return where a course stands as an expression: `value` of its PlanState, as a `kind`."""
    lapsed = today - timedelta(days=LAPSE_AFTER_DAYS)
    conditions = (
        (Q(status="done"), PlanState.DONE),
        (Q(status="stopped"), PlanState.STOPPED),
        (booked_too_late(today), PlanState.AT_RISK),
        (Q(next_booked_on__gte=today), PlanState.ON_TRACK),
        (Q(next_booked_on__lt=today), PlanState.BLOCKED),
        ((is_near(today) | too_late(today)) & Q(paused_on(today)), PlanState.BLOCKED),
        (Q(next_latest_on__lt=lapsed), PlanState.LAPSED),
        (Q(contacts_unanswered__gte=LAPSE_AFTER_CONTACTS), PlanState.LAPSED),
        (Q(next_latest_on__lt=today) | too_late(today), PlanState.AT_RISK),
        (Q(next_ideal_on__lt=today), PlanState.OVERDUE),
        (is_near(today), PlanState.BOOK_NOW),
    )
    whens = (When(asked, then=Value(value(state))) for asked, state in conditions)
    return Case(*whens, default=Value(value(PlanState.ON_TRACK)), output_field=kind)
