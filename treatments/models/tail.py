"""A course's rows into the question what one changed session does to the others."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from clinic.models import Appointment
from clinic.scheduling.slots import Slot
from clinic.scheduling.tail import Tail, mend
from clinic.scheduling.terms import Refusal
from treatments.models.openings import Course, course_request
from treatments.models.planned import PlannedSession


def session_of(appointment: Appointment) -> PlannedSession | None:
    """Return the session of a running course that a visit stands for, None outside courses.

    Asks nothing: the visit comes with its patient and clinic and `planned_session__plan__service`.
    """
    session = getattr(appointment, "planned_session", None)
    if session is None or session.plan.status != "open":
        return None
    session.plan.patient, session.plan.clinic = appointment.patient, appointment.clinic
    return session


def tail_of(
    session: PlannedSession, *, course: Course, today: date, slot: Slot | None = None,
    avoid: date | None = None, also: Collection[int] = (), over: tuple[int, ...] = (),
) -> Tail | Refusal | None:  # fmt: skip
    """Return what it does to the rest when a session moves to `slot`, or loses its day `avoid`.

    None when the session is done or has begun. A slot without room or device (as a form names it)
    is taken with its time only. `also` are later sessions that lost their day, `over` keys of kept
    times that have expired. `course` is the session's, read. 11 queries.
    """
    first = min(slot.day, today + timedelta(days=1)) if slot else today + timedelta(days=1)
    request = course_request(
        session.plan,
        today=today,
        from_day=max(first, today),
        keep_booked=False,
        course=course,
        over=over,
    )
    if request is None or session.number not in {wish.number for wish in request.sessions}:
        return None
    return mend(request, number=session.number, slot=slot, avoid=avoid, also=also)


@dataclass(frozen=True)
class Rest:
    """The sessions of a course after session `number`: what stays when that one changes."""

    course: Course
    number: int

    @property
    def booked(self) -> list[PlannedSession]:
        """Return the later sessions that hold a time, in order, with their appointments."""
        rows = self.course.sessions
        return [row for row in rows if row.number > self.number and row.is_booked]

    @property
    def lost(self) -> list[PlannedSession]:
        """Return the later sessions that lost their day: their visits wait for another one."""
        return [row for row in self.undated if row.lost_its_day]

    @property
    def undated(self) -> list[PlannedSession]:
        """Return the later sessions that are neither done nor booked."""
        rows = (row for row in self.course.sessions if row.number > self.number)
        return [row for row in rows if not row.is_booked and not row.done_on]

    @property
    def kept(self) -> list[tuple[PlannedSession, date]]:
        """Return the later sessions that hold a time, each with the last day of the changed one
        up to which it can keep it: nearer would be too soon by the shortest intervals.
        """
        return [
            (row, row.appointment.local_date
             - timedelta(days=self.course.least_days(self.number, row.number)))
            for row in self.booked
        ]  # fmt: skip

    def gap_before(self, number: int, days: dict[int, date]) -> tuple[int, int, int, int] | None:
        """Return (session before, days since it, least, most) of session k; None without one."""
        before = max((n for n in days if n < number), default=None)
        if before is None:
            return None
        gap = (days[number] - days[before]).days
        course = self.course
        return before, gap, course.least_days(before, number), course.most_days(before, number)

    def too_late(self, day: date) -> tuple[int, int] | None:
        """Return (session k, days past its longest interval) where the change to `day` causes it.

        Looks at the next session that is booked: the change alters the gap before it alone.
        """
        following = next(iter(self.booked), None)
        if following is None:
            return None
        past = [self._past(following.number, days)
                for days in (self.course.days, self.course.days | {self.number: day})]  # fmt: skip
        return (following.number, past[1]) if past[1] > max(past[0], 0) else None

    def _past(self, number: int, days: dict[int, date]) -> int:
        found = self.gap_before(number, days)
        return found[1] - found[3] if found else 0
