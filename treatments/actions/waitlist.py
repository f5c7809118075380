"""Deeds of the waitlist: put a patient on it, take them off, give them a place that became free."""

from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from clinic.actions import diary as bookings
from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict
from clinic.models import Appointment
from clinic.scheduling.slots import Slot
from treatments.actions import diary
from treatments.models import WaitlistEntry

Ended = WaitlistEntry.Ended


@deed
def add_to_waitlist(
    *, patient, plan=None, service, practitioner=None, weekdays=(), from_min=None, to_min=None,
    until: date | None = None, short_notice_ok: bool = False, is_urgent: bool = False,
    at: datetime, by,
) -> WaitlistEntry:  # fmt: skip
    """Keep that a patient would come earlier, for their course's next session or for a service.

    Raises ValidationError when the same wish is on the list already.
    """
    if service.clinic_id != patient.clinic_id or (plan and plan.patient_id != patient.pk):
        raise ValidationError("This course or service belongs to somebody else.", code="foreign")
    entry = WaitlistEntry(
        clinic=patient.clinic, patient=patient, plan=plan, service=service, until=until,
        practitioner=practitioner, weekdays=sorted(weekdays), from_min=from_min, to_min=to_min,
        short_notice_ok=short_notice_ok, is_urgent=is_urgent, added_at=at, added_by=by,
    )  # fmt: skip
    if from_min is not None and to_min is not None and from_min >= to_min:
        raise ValidationError("Hours need a start before their end.", code="hours")
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError as error:
        raise ValidationError(f"{patient.full_name} is on the waitlist.", code="twice") from error
    _tell("added", entry, at, by)
    return entry


@deed
def end_wish(*, entry: WaitlistEntry, how: str = Ended.WITHDRAWN, at: datetime, by) -> None:
    """Take a wish off the list; one that has ended stays as it ended."""
    row = WaitlistEntry.objects.select_for_update().get(pk=entry.pk)
    if row.ended_at:
        return
    row.ended_at, row.ended_by, row.ended_how = at, by, how
    row.save(update_fields=["ended_at", "ended_by", "ended_how"])
    _tell(how, row, at, by)


@deed
def give_place(
    *, entry: WaitlistEntry, slot: Slot, planned=None, visit: Appointment | None = None,
    version: int = 0, at: datetime, by,
) -> Appointment:  # fmt: skip
    """Book a free time for a waiting patient, or move the visit they have into it.

    `planned` is the session of the course; `visit` and the `version` that was seen where one is
    moved. Raises Conflict for a wish that has ended, else as booking and moving do.
    """
    row = WaitlistEntry.objects.select_related("patient", "service", "clinic").get(pk=entry.pk)
    if row.ended_at:
        raise Conflict("Somebody settled this wish meanwhile.", current=row)
    if visit is not None:
        given = diary.move_appointment(appointment=visit, slot=slot, version=version, at=at, by=by)
    elif planned is not None:
        given = diary.book_session(planned_session=planned, slot=slot, at=at, by=by)
    else:
        given = bookings.book(
            clinic=row.clinic, patient=row.patient, service=row.service, slot=slot, at=at, by=by
        )
    end_wish(entry=row, how=Ended.BOOKED, at=at, by=by)
    return given


def _tell(what: str, entry: WaitlistEntry, at, by) -> None:
    record(f"waitlist.{what}", entry, at=at, by=by, patient=entry.patient, category="schedule")
