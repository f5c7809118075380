"""Deeds of the worklist: what came of a contact, and putting a course off until a day."""

from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError

from clinic.actions.audit import record
from clinic.actions.locks import deed
from treatments.actions.kept import AWAKE, lock_plan
from treatments.models import ContactLog, TreatmentPlan

LONGEST_SNOOZE_DAYS = 365


@deed
def log_contact(
    *, plan: TreatmentPlan, result: str, way: str = ContactLog.Way.CALL, note: str = "",
    request_key=None, at: datetime, by,
) -> ContactLog:  # fmt: skip
    """Keep one attempt to reach a patient about a course.

    An answer begins the count of unanswered contacts anew; at `LAPSE_AFTER_CONTACTS` of them the
    course lapses and a practitioner decides. The same `request_key` again returns the first row.
    """
    row = lock_plan(plan)
    if request_key and (first := row.contacts.filter(request_key=request_key).first()):
        return first
    contact = ContactLog(
        clinic=row.clinic, patient=row.patient, plan=row, way=way, result=result, note=note,
        request_key=request_key, at=at, by=by,
    )  # fmt: skip
    contact.full_clean(exclude=["clinic", "patient", "plan", "by"], validate_constraints=False)
    contact.save(force_insert=True)
    row.contacts_unanswered = (
        0 if result in ContactLog.ANSWERS else min(row.contacts_unanswered + 1, 99)
    )
    row.save(update_fields=["contacts_unanswered"])
    _tell("contacted", row, at, by, details={"way": way, "result": result})
    return contact


@deed
def put_off(
    *, plan: TreatmentPlan, until: date, because: str, today: date, at: datetime, by
) -> TreatmentPlan:
    """Take a course off the worklist until a day, with a reason that is kept."""
    row = lock_plan(plan)
    if not because.strip():
        raise ValidationError("Say why it is put off.", code="reason")
    if not today < until <= today + timedelta(days=LONGEST_SNOOZE_DAYS):
        raise ValidationError("Choose a day within the next year.", code="until")
    row.snoozed_until, row.snoozed_because, row.snoozed_by = until, because.strip(), by
    row.save(update_fields=["snoozed_until", "snoozed_because", "snoozed_by"])
    _tell("put_off", row, at, by, reason=because, details={"until": until.isoformat()})
    return row


@deed
def call_again(*, plan: TreatmentPlan, at: datetime, by) -> TreatmentPlan:
    """Put a course back on the worklist: awake, with no unanswered contacts."""
    row = lock_plan(plan)
    for name, value in AWAKE.items():
        setattr(row, name, value)
    row.save(update_fields=[*AWAKE])
    _tell("call_again", row, at, by)
    return row


def _tell(action, plan, at, by, *, reason="", details=None) -> None:
    record(
        f"course.{action}", plan, at=at, by=by, patient=plan.patient, category="schedule",
        reason=reason, details=details,
    )  # fmt: skip
