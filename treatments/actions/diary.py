"""Deeds of the diary for visits that may belong to a course.

Each locks the course first, does what `clinic.actions.diary` does with the healing times the course
asks for, and leaves the course's kept dates right. Pages call these.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID, uuid5

from django.core.exceptions import ValidationError

from clinic.actions import diary, messages, tentative
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict, NotHealed, SlotTaken
from clinic.models import Appointment, Hold, Rest
from clinic.models.prepared import change
from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import Slot
from treatments.actions.kept import keep_dates, lock_plan
from treatments.models import PlannedSession, TreatmentPlan, TreatmentSession
from treatments.models.openings import Course

__all__ = [
    "STEPS", "Conflict", "NotHealed", "SlotTaken", "book_course", "book_session",
    "cancel_appointment", "keep_session", "move_appointment", "move_session", "step", "undo",
]  # fmt: skip

#: The steps of a visit by the word in the address, and the deed of each.
STEPS = {
    "confirm": diary.confirm,
    "arrive": diary.arrive,
    "numb": diary.numb,
    "start": diary.start,
    "finish": diary.finish,
    "noshow": diary.mark_noshow,
    "attended": diary.attended,
}


# --- Book -----------------------------------------------------------------------------------------
@deed
def book_session(
    *, planned_session: PlannedSession, slot: Slot, at: datetime, by, note: str = "",
    request_key=None, why: Iterable = (),
) -> Appointment:  # fmt: skip
    """Book one session of a course.

    Raises SlotTaken (with the three nearest times that suit the course), NotHealed (with the first
    possible day), ValidationError for a session that is done or booked. The same `request_key`
    again returns the first appointment.
    """
    course = _locked_course(planned_session.plan)
    row = course.session(planned_session.number)
    if request_key and row.appointment and row.appointment.request_key == request_key:
        return row.appointment
    if row.is_booked:
        raise ValidationError(f"Session {row.number} is already booked.", code="booked")
    _check_days(course, {row.number: slot})
    keys = {row.number: request_key}
    booked = _place(
        course, row, slot, at=at, by=by, note=note, keys=keys, why={row.number: why},
        instead_of=[row.tentative_id],
    )  # fmt: skip
    keep_dates(course.plan, course.sessions)
    return booked


@deed
def book_course(
    *, plan: TreatmentPlan, slots: Mapping[int, Slot], at: datetime, by,
    request_key: UUID | None = None, why: Mapping[int, Sequence] | None = None,
    moves: bool = True,
) -> list[Appointment]:  # fmt: skip
    """Book sessions of a course, all or none; `slots` by number of the session.

    A session already booked keeps its time when the slot is the same and is moved otherwise, or
    refused without `moves`: whoever chose its time saw no booking. The same `request_key` again
    changes nothing. `why` are reasons by number. Returns the appointments in the order of the
    sessions. Raises as `book_session`, with the `number` of the session that is in the way.
    """
    course = _locked_course(plan)
    keys = {n: uuid5(request_key, str(n)) if request_key else None for n in slots}
    if request_key and Appointment.objects.filter(request_key__in=keys.values()).exists():
        return [course.session(number).appointment for number in sorted(slots)]
    _check_days(course, slots)
    wanted = {
        number: slot
        for number, slot in sorted(slots.items())
        if not _stands_at(course.session(number), slot)
    }
    if not moves:
        _must_be_open(course.session(number) for number in wanted)
    known = _make_way(course.session(number) for number in wanted)
    kept = [course.session(number).tentative_id for number in wanted]
    booked = [
        _place(course, course.session(number), slot, at=at, by=by, keys=keys, why=why or {},
               instead_of=kept, quiet=True)
        for number, slot in wanted.items()
    ]  # fmt: skip
    if booked:  # one message for them all
        (messages.tell if known else messages.tell_booked)(booked, at=at)
    keep_dates(course.plan, course.sessions)
    return [course.session(number).appointment for number in sorted(slots)]


def _must_be_open(sessions: Iterable[PlannedSession]) -> None:
    for row in sessions:
        if row.is_booked:
            visit = row.appointment
            raise ValidationError(
                f"Session {row.number} has been booked meanwhile: "
                f"{day_words(visit.local_date)}, {visit.start_clock}.", code="booked",
            )  # fmt: skip


def _make_way(sessions: Iterable[PlannedSession]) -> bool:
    """Free the times of visits about to move, so that siblings do not stand in each other's way.

    Says whether any of them has a visit that its patient may have heard of.
    """
    visits = [row.appointment for row in sessions if row.appointment]
    moving = [visit.pk for visit in visits if visit.is_live]
    Hold.objects.filter(appointment__in=moving).delete()
    Rest.objects.filter(appointment__in=moving, kind=Rest.Kind.BOOKED).delete()
    return any(visit.can_be_moved for visit in visits)


def _locked_course(plan: TreatmentPlan) -> Course:
    course = Course(lock_plan(plan))
    _must_run(course)
    return course


def _must_run(course: Course) -> None:
    if course.plan.status == TreatmentPlan.Status.STOPPED:
        raise ValidationError("This course was stopped.", code="state")


def _stands_at(session: PlannedSession, slot: Slot) -> bool:
    visit = session.appointment
    return session.is_booked and (
        (visit.local_date, visit.local_start_min, visit.practitioner_id)
        == (slot.day, slot.wall_min, slot.practitioner_id)
    )


def _check_days(course: Course, slots: Mapping[int, Slot]) -> None:
    """Refuse days that are too soon by the course's own intervals, or sessions already done."""
    for number in slots:
        if course.session(number).done_on:
            raise ValidationError(f"Session {number} is done.", code="done")
    _must_be_healed(course, {number: slot.day for number, slot in slots.items()})


def _must_be_healed(course: Course, days: Mapping[int, date]) -> None:
    if found := course.too_soon(course.days | days, days):
        raise NotHealed.until(found[1], number=found[0])


def _place(
    course, session, slot, *, at, by, keys, why, instead_of, note="", quiet=False
) -> Appointment:
    """Book or move one session, and keep its appointment with it."""
    plan, number = course.plan, session.number
    facts = {"slot": slot, "rests": course.rests(number, slot.day), "at": at, "by": by,
             "why": why.get(number, ()), "quiet": quiet, "instead_of": instead_of}  # fmt: skip
    visit = session.appointment
    try:
        if visit and visit.can_be_moved:
            visit = diary.move(appointment=visit, version=visit.version, **facts)
        elif visit and visit.is_live:
            raise ValidationError(f"Session {number} has begun.", code="state")
        else:
            visit = diary.join_booking(
                clinic=plan.clinic, patient=plan.patient, service=plan.service, note=note,
                request_key=keys.get(number), **facts,
            )  # fmt: skip
    except SlotTaken as taken:
        raise _for_session(taken, course, number) from taken
    except NotHealed as refusal:
        raise NotHealed.until(refusal.first_day, number=number) from refusal
    session.appointment = visit
    change(session, appointment_id=visit.pk)
    return visit


def _for_session(taken: SlotTaken, course: Course, number: int) -> SlotTaken:
    """Name the session and leave out times that do not lie between its neighbours."""
    days = course.days

    def search() -> list[Slot]:
        return [
            slot for slot in taken.nearest
            if course.too_soon(days | {number: slot.day}, [number]) is None
        ]  # fmt: skip

    return SlotTaken(
        f"Session {number}: this time has just been taken.", search=search, number=number
    )


# --- Keep a time for a while ----------------------------------------------------------------------
@deed
def keep_session(
    *, planned_session: PlannedSession, slot: Slot, at: datetime, by, request_key=None
) -> Appointment:
    """Keep a time for one session of a course while its patient is asked; an earlier one goes.

    Raises as `book_session`. The same `request_key` again returns the first one.
    """
    course = _locked_course(planned_session.plan)
    plan, row = course.plan, course.session(planned_session.number)
    if row.is_booked:
        raise ValidationError(f"Session {row.number} is already booked.", code="booked")
    _check_days(course, {row.number: slot})
    try:
        kept = tentative.keep(
            clinic=plan.clinic, patient=plan.patient, service=plan.service, slot=slot,
            rests=course.rests(row.number, slot.day), instead_of=[row.tentative_id], at=at, by=by,
            request_key=request_key,
        )  # fmt: skip
    except SlotTaken as taken:
        raise _for_session(taken, course, row.number) from taken
    except NotHealed as refusal:
        raise NotHealed.until(refusal.first_day, number=row.number) from refusal
    PlannedSession.objects.filter(pk=row.pk).update(tentative=kept)
    return kept


# --- Move, cancel, steps --------------------------------------------------------------------------
@deed
def move_appointment(
    *, appointment: Appointment, slot: Slot, version: int, at: datetime, by, why: Iterable = ()
) -> Appointment:
    """Give a visit another time; raises as `book_session`, and Conflict when somebody was quicker."""
    facts = {"appointment": appointment, "slot": slot, "version": version, "at": at, "by": by,
             "why": why}  # fmt: skip
    course, session = _course_of(appointment)
    if course is None:
        return diary.move(**facts)
    _must_run(course)
    _check_days(course, {session.number: slot})
    try:
        rests = course.rests(session.number, slot.day)
        moved = diary.move(**facts, rests=rests, instead_of=[session.tentative_id])
    except SlotTaken as taken:
        raise _for_session(taken, course, session.number) from taken
    session.appointment = moved
    keep_dates(course.plan, course.sessions)
    return moved


def move_session(
    *, planned_session: PlannedSession, slot: Slot, version: int, at: datetime, by,
    why: Iterable = (),
) -> Appointment:  # fmt: skip
    """Move the visit of one session of a course, as `move_appointment`."""
    if planned_session.appointment is None:
        raise ValidationError("This session is not booked.", code="state")
    return move_appointment(
        appointment=planned_session.appointment, slot=slot, version=version, at=at, by=by, why=why
    )


@deed
def cancel_appointment(*, appointment: Appointment, reason: str, at: datetime, by) -> Appointment:
    """Cancel a visit; its session of the course needs a date again.

    Raises ValidationError when the visit has begun or has a session record.
    """
    course, session = _course_of(appointment)
    if TreatmentSession.objects.standing().filter(appointment=appointment).exists():
        raise ValidationError("This visit has a session record.", code="record")
    row = diary.cancel(appointment=appointment, reason=reason, at=at, by=by)
    if course:
        session.appointment = row
        keep_dates(course.plan, course.sessions)
    return row


@deed
def step(*, appointment: Appointment, step: str, at: datetime, by) -> Appointment:
    """Take one of `STEPS` with a visit. Raises ValidationError for an unknown one."""
    if step not in STEPS:
        raise ValidationError("There is no such step.", code="step")
    course, session = _course_of(appointment)
    row = STEPS[step](appointment=appointment, at=at, by=by)
    if course:
        session.appointment = row
        keep_dates(course.plan, course.sessions)
    return row


@deed
def undo(*, appointment: Appointment, at: datetime, by) -> Appointment:
    """Step a visit back by one state, see `clinic.actions.diary.undo`; a signed session stays."""
    course, session = _course_of(appointment)
    if course is None:
        return diary.undo(appointment=appointment, at=at, by=by)
    if session.done_on:
        raise ValidationError(
            f"The session record of {day_words(session.done_on)} is signed.", code="done"
        )
    rests, visit = [], session.appointment
    if not visit.is_live:
        _must_run(course)
        rests = course.rests(session.number, visit.local_date)
        _must_be_healed(course, {session.number: visit.local_date})
    row = session.appointment = diary.undo(
        appointment=appointment, rests=rests, at=at, by=by, instead_of=[session.tentative_id]
    )
    keep_dates(course.plan, course.sessions)
    return row


def _course_of(appointment: Appointment) -> tuple[Course, PlannedSession] | tuple[None, None]:
    """Return the course a visit belongs to, locked, and its session; Nones for a visit of none."""
    found = PlannedSession.objects.filter(appointment=appointment).select_related("plan").first()
    if found is None:
        return None, None
    course = Course(lock_plan(found.plan))
    session = course.session(found.number)
    if session.appointment_id != appointment.pk:  # the session was booked anew a moment ago
        return None, None
    return course, session
