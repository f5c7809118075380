"""A course's rows into the question what one changed session does to the others."""

from datetime import date, timedelta

from clinic.models import Appointment
from clinic.scheduling.slots import Slot
from clinic.scheduling.tail import Tail, mend
from clinic.scheduling.terms import Refusal
from treatments.models.openings import Course, course_request
from treatments.models.plans import PlannedSession


def session_of(appointment: Appointment) -> PlannedSession | None:
    """Return the session of a running course that a visit stands for, None outside courses."""
    rows = PlannedSession.objects.filter(appointment=appointment, plan__status="open")
    return rows.select_related("plan__clinic", "plan__patient", "plan__service").first()


def tail_of(
    session: PlannedSession, *, course: Course, today: date, slot: Slot | None = None,
    avoid: date | None = None,
) -> Tail | Refusal | None:  # fmt: skip
    """Return what it does to the rest when a session moves to `slot`, or loses its day `avoid`.

    None when the session is done or has begun. A slot without room or device (as a form names it)
    is taken with its time only. `course` is the session's, read. 11 queries.
    """
    first = min(slot.day, today + timedelta(days=1)) if slot else today + timedelta(days=1)
    request = course_request(
        session.plan, today=today, from_day=max(first, today), keep_booked=False, course=course
    )
    if request is None or session.number not in {wish.number for wish in request.sessions}:
        return None
    return mend(request, number=session.number, slot=slot, avoid=avoid)
