"""Deeds on one session that take the rest of its course along: all or nothing, one transaction."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.core.exceptions import ValidationError

from clinic.actions.locks import deed, share_diary
from clinic.actions.refusals import Conflict
from clinic.models import Appointment
from clinic.scheduling.slots import Slot
from treatments.actions.diary import book_course, cancel_appointment
from treatments.actions.kept import lock_plan
from treatments.models import PlannedSession


@deed
def move_with_tail(
    *, appointment: Appointment, slot: Slot, others: Mapping[int, Slot], version: int,
    at: datetime, by, why: Mapping[int, Sequence] | None = None,
) -> list[Appointment]:  # fmt: skip
    """Move a visit of a course and the sessions in `others`, by number, all or none.

    Returns the moved visits in the order of the sessions. Raises Conflict when somebody was
    quicker, ValidationError for a visit outside courses, and as `book_course`.
    """
    share_diary(appointment.clinic_id)
    session = _locked(appointment)
    now = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if now.version != version:
        raise Conflict("Somebody changed this appointment meanwhile.", current=now)
    slots = {session.number: slot, **others}
    return book_course(plan=session.plan, slots=slots, at=at, by=by, why=why)


@deed
def cancel_with_tail(
    *, appointment: Appointment, reason: str, slots: Mapping[int, Slot], at: datetime, by,
    version: int | None = None, why: Mapping[int, Sequence] | None = None,
) -> Appointment:  # fmt: skip
    """Cancel a visit of a course and book its session anew, with the sessions that give way.

    `slots` by number of the session; without any it only cancels, twice as good as once. Raises
    Conflict when `version` is given and not the row's, and as `cancel_appointment` and
    `book_course`; then nothing is cancelled either.
    """
    share_diary(appointment.clinic_id)
    session = _locked(appointment) if slots or _has_course(appointment) else None
    now = Appointment.objects.select_for_update().get(pk=appointment.pk)
    is_done = now.status == Appointment.Status.CANCELLED and not slots
    if version is not None and now.version != version and not is_done:
        raise Conflict("Somebody changed this appointment meanwhile.", current=now)
    row = cancel_appointment(appointment=appointment, reason=reason, at=at, by=by)
    if slots:
        book_course(plan=session.plan, slots=slots, at=at, by=by, why=why)
    return row


def _has_course(appointment: Appointment) -> bool:
    return PlannedSession.objects.filter(appointment=appointment).exists()


def _locked(appointment: Appointment) -> PlannedSession:
    """Return the session a visit stands for, its course held until the deed commits."""
    found = PlannedSession.objects.filter(appointment=appointment).select_related("plan").first()
    if found is None:
        raise ValidationError("This visit is not part of a course.", code="no_course")
    found.plan = lock_plan(found.plan)
    return found
