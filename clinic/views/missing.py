"""What a visit still lacks before needling: its health check, the consent to its course."""

from collections.abc import Iterable
from datetime import date

from clinic.models import Appointment
from treatments.models import lacking_consent
from treatments.models.screening import lacking as lacking_check

#: A visit that is still to come or going on; what it lacks can still be had.
AHEAD = frozenset({
    Appointment.Status.BOOKED, Appointment.Status.ARRIVED, Appointment.Status.IN_SESSION,
})  # fmt: skip


class Missing:
    """What the visits of a page lack: two queries for all of them, however many there are.

    `visits` come with `planned_session` joined and the phases of their services prefetched; `today`
    is the clinic's day. Front desks read it too: it says that something is missing, never what a
    patient answered.
    """

    def __init__(self, visits: Iterable[Appointment], *, today: date) -> None:
        ahead = [row for row in visits if row.status in AHEAD]
        self._unchecked = lacking_check(ahead, today=today)
        courses = {course for row in ahead if (course := _course_of(row))}
        self._unsigned = lacking_consent(courses, today)

    def check(self, row: Appointment) -> bool:
        """Say whether the visit is one of the next days and has no health check."""
        return row.pk in self._unchecked

    def consent(self, row: Appointment) -> bool:
        """Say whether something of the visit's course has to be signed before needling."""
        return asks_consent(row) and _course_of(row) in self._unsigned


def asks_consent(row: Appointment) -> bool:
    """Say whether consent matters to a visit: it belongs to a course and is not over."""
    return row.status in AHEAD and _course_of(row) is not None


def _course_of(row: Appointment) -> int | None:
    planned = getattr(row, "planned_session", None)
    return planned.plan_id if planned else None
