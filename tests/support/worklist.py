"""Courses on the worklist for tests, at noon of one day, and where they stand on it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from tests import factories
from treatments.models import TreatmentPlan
from treatments.views.worklist import due_list

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=ZoneInfo("Europe/London"))
TODAY = NOON.date()
WEEK = timedelta(days=7)


def course(clinic, *, first=0, ideal=7, latest=14, **facts) -> TreatmentPlan:
    """Return a course whose next session's first, ideal and latest day are so many days off."""
    patient = facts.pop("patient", None) or factories.patient(clinic)
    days = [TODAY + timedelta(days=offset) for offset in (first, ideal, latest)]
    return factories.plan(patient, sessions_done=1, next_earliest_on=days[0],
                          next_ideal_on=days[1], next_latest_on=days[2], **facts)  # fmt: skip


def where(plan, today=TODAY) -> tuple[str, str] | None:
    """Return the list a course is on and its state there, None when it is on none."""
    for name in ("call", "lapsed", "blocked", "snoozed"):
        for row in listed(plan.clinic, name, today=today):
            if row.pk == plan.pk:
                return name, row.state_on(today)
    return None


def listed(clinic, name, *, today=TODAY) -> list[TreatmentPlan]:
    """Return the courses of one list in their order."""
    return [row for question in due_list(clinic, name, today=today) for row in question]
