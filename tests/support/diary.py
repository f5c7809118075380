"""What tests of the diary share: what a visit takes, a slot as a form names it, a clean refusal."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction

from clinic.actions.refusals import broken_promise
from clinic.models import Appointment, AuditEvent, Hold, Rest
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import Slot

TUESDAY = date(2026, 11, 24)


def holds(appointment) -> list[tuple[str, int, int]]:
    """Return what a visit takes: kind, and minutes after its start."""
    start = minute_of(
        appointment.local_date, appointment.local_start_min, appointment.clinic.zone
    )  # fmt: skip
    rows = appointment.holds.order_by("resource__kind", "start")
    return [(row.resource.kind, row.start - start, row.end - start) for row in rows]


def slot_of(clinic, *, start, day=TUESDAY):
    """Return a slot as a form would name it: only its start and practitioner are true."""
    who = clinic.resources.practitioners().first()
    minute = minute_of(day, start, clinic.zone)
    return Slot(day, start, minute, minute + 90, who.pk, None, None)


def refused(deed, **facts) -> ValidationError:
    """Return the refusal of a deed that must leave no trace."""
    before = Appointment.objects.count(), Hold.objects.count(), Rest.objects.count()
    lines = AuditEvent.objects.count()
    with pytest.raises(ValidationError) as refusal:
        deed(**facts)
    assert (Appointment.objects.count(), Hold.objects.count(), Rest.objects.count()) == before
    assert AuditEvent.objects.count() == lines
    return refusal.value


def broken(change) -> str:
    """Return the name of the promise that refuses a change; the change must leave no trace."""
    with pytest.raises(DatabaseError) as error, transaction.atomic():
        change()
    assert isinstance(error.value, IntegrityError)
    return broken_promise(error.value)
