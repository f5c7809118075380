"""A course's rows into the wishes of the pure planner, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise

from django.db.models import BigIntegerField, OuterRef, Subquery

from clinic.models import Appointment, TreatedArea
from clinic.models.openings import (
    Healing,
    RestWish,
    Stretch,
    shape_of,
    slot_of,
    snapshot,
    with_promised,
)
from clinic.models.prepared import Given, Prepared
from clinic.scheduling.course import Proposal, Refusal, Weights, first_free, propose_three
from clinic.scheduling.minutes import DAY_MIN, day_bounds, day_of
from clinic.scheduling.slots import FoundCandidates
from clinic.scheduling.terms import Blackout, CourseRequest, CourseWish, Habit, SessionWish
from treatments.models.planned import PlannedSession
from treatments.models.plans import PlanZone, TreatmentPlan
from treatments.models.standing import LAPSE_AFTER_DAYS

LONGEST_SEARCH_DAYS = 730
_PLAN = Given("plan", BigIntegerField())


@Prepared
def _sessions():
    """Ask for the sessions of a course with their appointments."""
    return PlannedSession.objects.filter(plan=_PLAN).select_related("appointment").order_by()


@Prepared
def _zones():
    """Ask for the codes of a course's zones in order, with the patient's areas where they exist."""
    area = TreatedArea.objects.filter(
        patient=OuterRef("plan__patient"), zone_code=OuterRef("zone__code")
    )
    rows = PlanZone.objects.filter(plan=_PLAN).order_by("zone__order", "pk")
    return rows.values_list("zone__code", Subquery(area.values("pk")[:1]))


def _sessions_of(plan: TreatmentPlan) -> list[PlannedSession]:
    """Return a course's sessions in order, each with its appointment."""
    sessions = _sessions.rows(plan=plan.pk)
    for session in sessions:
        session.plan = plan
    return sorted(sessions, key=lambda session: session.number)


def day_of_session(session: PlannedSession) -> date | None:
    """Return the day a session was done or is booked for, None without either."""
    if session.done_on:
        return session.done_on
    return session.appointment.local_date if session.is_booked else None


class Course:
    """A course with its sessions and its zones' codes, read once: which days, which rests, which gaps.

    Two queries, one where the codes are known. The sessions carry their appointments; `session(k)`
    is session k. `areas` are the patient's areas by the code of the zone, where they are known.
    """

    def __init__(self, plan: TreatmentPlan, zone_codes: Iterable[str] | None = None) -> None:
        self.plan, self.sessions = plan, _sessions_of(plan)
        areas = (
            _zones(plan=plan.pk) if zone_codes is None else ((code, None) for code in zone_codes)
        )
        self.areas: dict[str, int | None] = dict(areas)

    @classmethod
    def draft(
        cls, plan: TreatmentPlan, sessions: Sequence[PlannedSession], zone_codes: Sequence[str]
    ) -> "Course":
        """Return a course that is not written yet, with its sessions and zones as wished."""
        course = cls.__new__(cls)
        course.plan, course.sessions = plan, list(sessions)
        course.areas = dict.fromkeys(zone_codes)
        return course

    @property
    def zone_codes(self) -> list[str]:
        """Return the codes of the course's zones, in order."""
        return list(self.areas)

    def session(self, number: int) -> PlannedSession:
        """Return session k; KeyError when the course has none of that number."""
        return {row.number: row for row in self.sessions}[number]

    @property
    def days(self) -> dict[int, date]:
        """Return the days known, by number of the session."""
        known = ((row.number, day_of_session(row)) for row in self.sessions)
        return {number: day for number, day in known if day}

    @property
    def booked_ids(self) -> list[int]:
        """Return the keys of the appointments of sessions that are not done."""
        return [row.appointment_id for row in self.sessions if row.is_booked]

    def giving_way(self, number: int) -> list[int]:
        """Return the keys of what does not stand in the way of session k: bookings, its kept time.

        Between the course's own bookings its intervals decide.
        """
        kept = self.session(number).tentative_id
        return [*self.booked_ids, kept] if kept else self.booked_ids

    def healing_days(self, number: int) -> int:
        """Return how long the zones rest after session k: the gap to the next one.

        After the last session the course's own shortest interval.
        """
        following = (row.gap_days_min for row in self.sessions if row.number == number + 1)
        return next(following, self.plan.gap_days_min)

    def rests(self, number: int, day: date) -> list[RestWish]:
        """Return the healing times that session k on `day` reserves, one per zone."""
        days = self.healing_days(number)
        return [RestWish(code, day, days, area) for code, area in self.areas.items()]

    def least_days(self, earlier: int, later: int) -> int:
        """Return the shortest time allowed from session `earlier` to session `later`."""
        return sum(row.gap_days_min for row in self.sessions if earlier < row.number <= later)

    def most_days(self, earlier: int, later: int) -> int:
        """Return the longest time meant from session `earlier` to session `later`."""
        return sum(row.gap_days_max for row in self.sessions if earlier < row.number <= later)

    def too_soon(
        self, days: Mapping[int, date], concerning: Collection[int]
    ) -> tuple[int, date] | None:
        """Return a session of `days` that is too soon after the one before it, and its first day.

        Looks only at pairs with a session of `concerning`: what was done once is not judged again.
        """
        for earlier, later in pairwise(sorted(days)):
            first = days[earlier] + timedelta(days=self.least_days(earlier, later))
            if days[later] < first and {earlier, later} & set(concerning):
                return later, first
        return None

    def first_by_sessions(self, number: int, days: Mapping[int, date]) -> date:
        """Return the first day session k may have after the sessions before it, at `days`."""
        first = self.plan.agreed_on
        for row in self.sessions:
            if row.number > number:
                break
            if row.number > 1:
                first += timedelta(days=row.gap_days_min)
            if row.number < number:
                first = days.get(row.number, first)
        return first


def courses_of(plans: Iterable[TreatmentPlan]) -> dict[int, Course]:
    """Return courses by key, each with its sessions and its zones' codes. Two queries for them all.

    The sessions carry their appointments and the very plan that was given.
    """
    known = {plan.pk: plan for plan in plans}
    sessions, codes = defaultdict(list), defaultdict(list)
    rows = PlannedSession.objects.filter(plan__in=list(known)).order_by("plan", "number")
    for row in rows.select_related("appointment"):
        row.plan = known[row.plan_id]
        sessions[row.plan_id].append(row)
    zones = PlanZone.objects.filter(plan__in=list(known)).order_by("zone__order", "pk")
    for key, code in zones.values_list("plan", "zone__code"):
        codes[key].append(code)
    return {key: Course.draft(plan, sessions[key], codes[key]) for key, plan in known.items()}


def rests_for(planned_session: PlannedSession, day: date) -> list[RestWish]:
    """Return the healing times a session on `day` reserves: each zone, until the next session may be.

    The interval is the next session's shortest one, after the last session the course's.
    """
    return Course(planned_session.plan).rests(planned_session.number, day)


def first_legal_day(plan: TreatmentPlan, number: int, *, course: Course | None = None) -> date:
    """Return the first day session k may be booked for, bookings of this course after it aside.

    Counts the shortest intervals from the last session with a day (from the agreement without one)
    and every rest of the course's zones, whichever course it came from.
    """
    course = course or Course(plan)
    first = course.first_by_sessions(number, course.days)
    healing = Healing(plan.patient, course.zone_codes, ignore=course.giving_way(number))
    return healing.first_day(course.rests(number, first)) if course.zone_codes else first


@dataclass(frozen=True)
class _Search:
    """What a planner's request is made from: which sessions are still open, and since when."""

    course: Course
    today: date
    from_day: date
    keep_booked: bool
    over: tuple[int, ...] = ()

    @cached_property
    def open(self) -> list[PlannedSession]:
        """Sessions that need a day or whose booking may still move."""
        return [row for row in self.course.sessions if not row.done_on and not self._begun(row)]

    def _begun(self, row: PlannedSession) -> bool:
        """Say whether a visit has begun or is past: for the planner it has taken place."""
        return row.is_booked and (
            not row.appointment.can_be_moved or row.appointment.local_date < self.today
        )

    @property
    def last_done(self) -> date | None:
        """Return the day of the last session that has taken place."""
        open_numbers = {row.number for row in self.open}
        return max((d for n, d in self.course.days.items() if n not in open_numbers), default=None)

    @property
    def held(self) -> Habit | None:
        """Return when the last session that has taken place did, by the clock where a visit says so."""
        open_numbers = {row.number for row in self.open}
        past = (row for row in self.course.sessions if row.number not in open_numbers)
        row = max(past, key=lambda row: row.number, default=None)
        day = row and day_of_session(row)
        if not day:
            return None
        visit = row.appointment
        came = visit is not None and visit.local_date == day
        return Habit(day.weekday(), visit.local_start_min if came else None)

    @property
    def ignore(self) -> list[int]:
        """Return the keys of the appointments and kept times that give way to the plan."""
        kept = [row.tentative_id for row in self.open if row.tentative_id]
        booked = [row.appointment_id for row in self.open if row.is_booked]
        return [*booked, *kept, *self.over]

    @cached_property
    def blackouts(self) -> tuple[Blackout, ...]:
        """Return the patient's blackouts, and as medical ones the rests of the course's zones."""
        patient = self.course.plan.patient
        away = [
            Blackout(b.from_day, b.to_day, b.kind, b.margin_before_days, b.margin_after_days)
            for b in patient.blackouts.all()
        ]
        longest = max(self.course.healing_days(row.number) for row in self.open)
        healing = Healing(patient, self.course.zone_codes, ignore=self.ignore)
        spans = sorted({(start, end) for _, start, end in healing.rests})
        return (*away, *(
            Blackout(day_of(start), day_of(end - 1), "medical", margin_before=longest - 1)
            for start, end in spans if day_of(end) > self.from_day
        ))  # fmt: skip

    @property
    def horizon_days(self) -> int:
        """Return how many days to look at: every longest interval, what lies in the way, slack."""
        ends = [b.to_day + timedelta(days=b.margin_after) for b in self.blackouts]
        blocked = max((day - self.from_day).days for day in [self.from_day, *ends])
        wanted = sum(row.gap_days_max for row in self.open) + blocked + LAPSE_AFTER_DAYS
        return min(wanted, LONGEST_SEARCH_DAYS)

    def wishes(self) -> tuple[SessionWish, ...]:
        """Return the open sessions, with their bookings."""
        return tuple(
            SessionWish(
                row.number, row.gap_days_min, row.gap_days_ideal, row.gap_days_max,
                booked=slot_of(row.appointment) if row.is_booked else None,
                is_fixed=row.is_booked and self.keep_booked,
            )
            for row in self.open
        )  # fmt: skip

    def wish(self) -> CourseWish:
        """Return what the patient would like and cannot do."""
        return wish_of(self.course.plan, self.blackouts)


def wish_of(plan: TreatmentPlan, blackouts: Sequence[Blackout] = ()) -> CourseWish:
    """Return what a course's patient would like, and the days on which they cannot come."""
    patient = plan.patient
    hours = patient.preferred_from_min, patient.preferred_to_min
    return CourseWish(
        weekdays=tuple(sorted(patient.preferred_weekdays)) or None,
        from_min=hours[0] if hours[0] is not None else 0,
        to_min=hours[1] if hours[1] is not None else DAY_MIN,
        primary_practitioner_id=plan.practitioner_id or patient.preferred_practitioner_id,
        event_day=plan.event_on, calm_days=plan.calm_days or 0, blackouts=tuple(blackouts),
    )  # fmt: skip


def course_request(
    plan: TreatmentPlan, *, today: date, from_day: date | None = None, keep_booked: bool = True,
    course: Course | None = None, promised: Iterable[Stretch] = (), over: tuple[int, ...] = (),
    days: int | None = None,
) -> CourseRequest | None:  # fmt: skip
    """Return what the planner plans: every session that is not done, None when there is none.

    Bookings stay where they are; without `keep_booked` they may move at a cost. No other session is
    put before `from_day`, tomorrow unless told. `course` when it is at hand, or not written yet
    (`Course.draft`). `promised` are stretches that count as taken though nothing is written yet:
    those of courses planned a moment before; `over` keys of kept times that have expired and count
    as free. At most `days` days are looked at. 12 queries, however long the course and the diary.
    """
    from_day = from_day or today + timedelta(days=1)
    search = _Search(course or Course(plan), today, from_day, keep_booked, over)
    if not search.open:
        return None
    zone, days = plan.clinic.zone, min(search.horizon_days, days or LONGEST_SEARCH_DAYS)
    known = snapshot(
        plan.clinic, plan.service, from_day=search.from_day, days=days, ignore=search.ignore
    )
    known = with_promised(known, promised)
    found = FoundCandidates(
        known, shape_of(plan.service), from_minute=day_bounds(search.from_day, zone)[0], days=days
    )
    return CourseRequest(
        sessions=search.wishes(), candidates=found, first_day=search.from_day,
        last_done=search.last_done, wish=search.wish(),
        held=search.held,
    )  # fmt: skip


def propose(
    plan: TreatmentPlan,
    *,
    today: date,
    from_day: date | None = None,
    weights: Weights | None = None,
    course: Course | None = None,
    over: tuple[int, ...] = (),
) -> Sequence[Proposal | Refusal]:
    """Return three proposals of dates for all sessions to come (or why not), none when all is done.

    One per weighting of `clinic.scheduling.course.WEIGHTINGS`. What is booked stays; only when no
    dates can be found around it (healing took longer, the patient is away) may it move. `course` and
    `over` as for `course_request`.
    """
    asked = {"today": today, "from_day": from_day, "course": course, "over": over}
    request = course_request(plan, **asked)
    if request is None:
        return ()
    found = propose_three(request, weights)
    has_bookings = any(wish.booked for wish in request.sessions)
    if has_bookings and any(isinstance(row, Refusal) for row in found):
        request = course_request(plan, **asked, keep_booked=False)
        found = propose_three(request, weights)
    return found


def next_free_day(plan: TreatmentPlan, *, today: date) -> date | None:
    """Return the first day after `today` that is legal and free for the next session.

    The day after its latest one where no day up to there is. None where nothing is to be looked
    for: nothing left, a time booked or under way, or the latest day is over.
    """
    latest = plan.next_latest_on
    if latest is None or latest <= today:
        return None
    course = Course(plan)
    request = course_request(plan, today=today, course=course, days=(latest - today).days)
    return request and free_from(request, course, latest, today=today)


def free_from(
    request: CourseRequest, course: Course, latest: date | None, *, today: date
) -> date | None:
    """Return what a request from tomorrow on says of the course's next session: `next_free_day`."""
    if latest is None or latest <= today:
        return None
    following = next(row for row in course.sessions if not row.done_on)
    wish = request.sessions[0]
    if wish.number != following.number or wish.booked:
        return None
    found = first_free(request, number=wish.number)
    return found if found and found <= latest else latest + timedelta(days=1)


def bookings_of(plan: TreatmentPlan):
    """Return the course's appointments that hold a time, in order."""
    booked = Appointment.objects.live().filter(planned_session__plan=plan)
    return booked.order_by("local_date", "pk")
