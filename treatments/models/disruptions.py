"""Visits to move, and everything a repair must know about them, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from django.db.models import Prefetch

from clinic.models import Appointment, Clinic, Rest
from clinic.models.openings import shape_of, snapshot
from clinic.models.patients import Blackout
from clinic.models.services import Competence
from clinic.scheduling.disruption import Place, Problem, RepairWeights, Unit, Visit
from clinic.scheduling.finder import Slot, free_minutes
from clinic.scheduling.masks import frame_of, span
from clinic.scheduling.minutes import DAY_MIN, day_number, minute_of_instant
from treatments.models.openings import Course, day_of_session
from treatments.models.planned import PlannedSession
from treatments.models.plans import PlanZone

FORTNIGHT_DAYS, LONGEST_DAYS, AROUND_DAYS = 14, 35, 7
#: A new time is told by message. One for the same day may be read too late, and preparing the skin
#: begins the day before: for today only the very same time, with somebody else, is proposed.
NOTICE_DAYS = 1


@dataclass(frozen=True)
class Refused:
    """What a patient will not have: single days, weekdays (Monday 0), practitioners."""

    days: frozenset[date] = frozenset()
    weekdays: frozenset[int] = frozenset()
    practitioner_ids: frozenset[int] = frozenset()

    def closes(self, day: date) -> bool:
        """Say whether a day is refused."""
        return day in self.days or day.weekday() in self.weekdays

    def __bool__(self) -> bool:
        return bool(self.days or self.weekdays or self.practitioner_ids)

    def __or__(self, other: "Refused") -> "Refused":
        return Refused(self.days | other.days, self.weekdays | other.weekdays,
                       self.practitioner_ids | other.practitioner_ids)  # fmt: skip

    def __sub__(self, other: "Refused") -> "Refused":
        return Refused(self.days - other.days, self.weekdays - other.weekdays,
                       self.practitioner_ids - other.practitioner_ids)  # fmt: skip


NOTHING_REFUSED = Refused()


@dataclass(frozen=True)
class Window:
    """The days healing leaves for a visit (None: no limit), and the longest interval's last day."""

    first: date | None = None
    last: date | None = None
    longest: date | None = None


@dataclass
class Disruption:
    """The visits of a clinic that wait to be moved, read once, and the pure problem they make.

    `refused` and `forgotten`: what was just said no to, and what of the refusals kept holds no
    longer, by visit.
    """

    clinic: Clinic
    at: datetime
    refused: Mapping[int, Refused] = field(default_factory=dict)
    forgotten: Mapping[int, Refused] = field(default_factory=dict)
    weights: RepairWeights = field(default_factory=RepairWeights)

    @cached_property
    def today(self) -> date:
        """Return the clinic's day."""
        return self.clinic.local_date(self.at)

    @cached_property
    def visits(self) -> list[Appointment]:
        """Return the visits to move by time, with what a page prints of them."""
        rows = Appointment.objects.waiting_to_move(self.clinic)
        rows = rows.select_related("patient", "service", "practitioner", "room", "device", "clinic")
        rows = rows.prefetch_related("service__phases", "patient__blackouts", "refusals")
        return sorted(rows, key=lambda row: (row.local_date, row.local_start_min, row.pk))

    @cached_property
    def days(self) -> tuple[date, ...]:
        """Return the days to search: two weeks at least, a week around the visits, five at most."""
        first = max(self.today, min((row.local_date for row in self.visits), default=self.today)
                    - timedelta(days=AROUND_DAYS))  # fmt: skip
        last = max((row.local_date for row in self.visits), default=first)
        count = max((last - first).days + 1 + AROUND_DAYS, FORTNIGHT_DAYS)
        return tuple(first + timedelta(days=n) for n in range(min(count, LONGEST_DAYS)))

    @cached_property
    def over(self) -> tuple[int, ...]:
        """Return the keys of kept times that have expired: what they hold is free."""
        return Appointment.tentative.over(self.clinic, self.at)

    @cached_property
    def problem(self) -> Problem:
        """Return the problem for the search; the holds of the visits to move count as free."""
        gone = [*(row.pk for row in self.visits), *self.over]
        known = snapshot(
            self.clinic, None, from_day=self.days[0], days=len(self.days), ignore=gone
        )  # fmt: skip
        kinds = {row.resource_id: row.kind for row in known.resources}
        free = free_minutes(known, self.days)
        units = tuple(Unit(key, kinds[key], self._from_now(free[key])) for key in sorted(kinds))
        return Problem(self.clinic.zone, self.days, self.today, units,
                       tuple(self._visit(row) for row in self.visits), self.weights)  # fmt: skip

    def _from_now(self, free: tuple[int, ...]) -> tuple[int, ...]:
        """Leave out what is over."""
        if self.days[0] > self.today:
            return free
        frame = frame_of(self.today, self.clinic.zone)
        over = min(max(minute_of_instant(self.at) - frame.start, 0), frame.minutes)
        return (free[0] & ~span(0, over), *free[1:])

    def _visit(self, row: Appointment) -> Visit:
        patient, frame = row.patient, frame_of(row.local_date, self.clinic.zone)
        refused, shape = self.refusals(row), shape_of(row.service)
        window = self.windows.get(row.pk, Window())
        return Visit(
            visit_id=row.pk, shape=shape, was_on=row.local_date,
            was_bit=frame.bit(row.local_start_min), was_with=row.practitioner_id,
            unit_ids=frozenset(self.competent(row) - refused.practitioner_ids),
            first_day=window.first, last_day=window.last, max_day=window.longest,
            closed=self._closed(row, refused), busy=self._busy(row, frame, shape.total_min),
            weekdays=tuple(sorted(patient.preferred_weekdays)) or None,
            from_min=patient.preferred_from_min or 0,
            to_min=DAY_MIN if patient.preferred_to_min is None else patient.preferred_to_min,
            short_notice_ok=patient.short_notice_ok,
        )  # fmt: skip

    # --- What was said no to ----------------------------------------------------------------------
    def refusals(self, row: Appointment) -> Refused:
        """Return what the patient of a visit will not have: as kept, and as just said."""
        gone = self.forgotten.get(row.pk, NOTHING_REFUSED)
        return (self.kept_refusals(row) - gone) | self.refused.get(row.pk, NOTHING_REFUSED)

    def kept_refusals(self, row: Appointment) -> Refused:
        """Return what was said no to before: days of the patient, the rest of this visit."""
        said = list(row.refusals.all())
        return Refused(
            frozenset(
                away.from_day + timedelta(days=n)
                for away in row.patient.blackouts.all() if away.kind == Blackout.Kind.REFUSED
                for n in range((away.to_day - away.from_day).days + 1)
            ),
            frozenset(one.weekday for one in said if one.weekday is not None),
            frozenset(one.practitioner_id for one in said if one.practitioner_id),
        )  # fmt: skip

    # --- The patient's days -----------------------------------------------------------------------
    def _closed(self, row: Appointment, refused: Refused) -> frozenset[date]:
        away = self.away_days(row, self.days)
        soon = {day for day in self.days if (day - self.today).days < NOTICE_DAYS}
        return away | {day for day in self.days if refused.closes(day)} | soon - {row.local_date}

    def away_days(self, row: Appointment, days: Iterable[date]) -> frozenset[date]:
        """Return those of `days` the patient is away or the zones of the course are healing."""
        rows = [row for row in row.patient.blackouts.all() if row.kind != Blackout.Kind.REFUSED]
        spans = self._healing(row)
        return frozenset(
            day for day in days
            if any(_blocks(away, day) for away in rows)
            or any(start < day_number(day) < end for start, end in spans)
        )  # fmt: skip

    def _healing(self, row: Appointment) -> list[tuple[int, int]]:
        """Return the day numbers between which other treatments of the same zones forbid a visit."""
        session = self._sessions.get(row.pk)
        if session is None:
            return []
        course = self._courses[session.plan_id]
        heals, codes = course.healing_days(session.number), set(course.zone_codes)
        own = self._own_visits(session.plan_id)
        return [
            (start - heals, end) for start, end, code, visit_id in self._rests[row.patient_id]
            if code in codes and visit_id not in own
        ]  # fmt: skip

    def _busy(self, row: Appointment, frame, total_min: int) -> tuple[tuple[int, int], ...]:
        """Return the patient's other visits; of a day too near all but the old time itself."""
        busy = list(self._elsewhere.get(row.patient_id, ()))
        if (row.local_date - self.today).days < NOTICE_DAYS and row.local_date in self.days:
            first = frame.bit(row.local_start_min)
            other = span(0, frame.minutes) & ~span(first, first + total_min)
            busy.append((self.days.index(row.local_date), other))
        return tuple(busy)

    @cached_property
    def _elsewhere(self) -> dict[int, list[tuple[int, int]]]:
        """Minutes the patients are taken by other visits: patient -> (day number, mask)."""
        others = Appointment.objects.live().filter(
            patient__in={row.patient_id for row in self.visits},
            local_date__range=(self.days[0], self.days[-1]),
        )
        found = defaultdict(list)
        for row in others.values_list("patient_id", "local_date", "starts_at", "ends_at"):
            frame = frame_of(row[1], self.clinic.zone)
            start, end = (minute_of_instant(at) - frame.start for at in row[2:])
            found[row[0]].append((self.days.index(row[1]), span(start, end)))
        return found

    @cached_property
    def _rests(self) -> dict[int, list[tuple[int, int, str, int | None]]]:
        rows = Rest.objects.filter(
            area__patient__in={row.patient_id for row in self.visits},
            end_day__gt=day_number(self.today),
        ).exclude(appointment__in=self.over)
        found = defaultdict(list)
        for patient_id, *rest in rows.values_list(
            "area__patient_id", "start_day", "end_day", "area__zone_code", "appointment_id"
        ):
            found[patient_id].append(tuple(rest))
        return found

    # --- The courses ------------------------------------------------------------------------------
    @cached_property
    def _sessions(self) -> dict[int, PlannedSession]:
        """The session each visit is for, by visit."""
        rows = PlannedSession.objects.filter(appointment__in=[row.pk for row in self.visits])
        rows = rows.select_related("plan").prefetch_related(
            Prefetch("plan__sessions", PlannedSession.objects.select_related("appointment")),
            Prefetch("plan__zones", PlanZone.objects.select_related("zone")),
        )
        return {row.appointment_id: row for row in rows}

    @cached_property
    def _courses(self) -> dict[int, Course]:
        return {
            session.plan_id: Course.draft(
                session.plan,
                sorted(session.plan.sessions.all(), key=lambda row: row.number),
                [row.zone.code for row in session.plan.zones.all()],
            )
            for session in self._sessions.values()
        }

    def _own_visits(self, plan_id: int) -> set[int | None]:
        """The visits to come of a course: between them its own intervals decide."""
        return {row.appointment_id for row in self._courses[plan_id].sessions
                if row.done_on is None and row.appointment_id}  # fmt: skip

    def session(self, row: Appointment) -> PlannedSession | None:
        """Return the session of a course a visit is for."""
        return self._sessions.get(row.pk)

    @cached_property
    def windows(self) -> dict[int, Window]:
        """Return the days healing leaves for every visit of a course.

        Two visits to move of one course keep clear of each other: the later one never moves
        before its old day, the earlier one never so late that it would have to.
        """
        moving = {row.pk: row.local_date for row in self.visits}
        return {
            key: _window(self._courses[session.plan_id], session, moving)
            for key, session in self._sessions.items()
        }

    def competent(self, row: Appointment) -> set[int]:
        """Return the keys of the people, rooms and devices that can serve a visit."""
        return self._competent[row.service_id]

    @cached_property
    def _competent(self) -> dict[int, set[int]]:
        rows = Competence.objects.filter(
            service__in={row.service_id for row in self.visits}, resource__active=True
        )
        found: dict[int, set[int]] = defaultdict(set)
        for service_id, resource_id in rows.values_list("service_id", "resource_id"):
            found[service_id].add(resource_id)
        return found

    # --- From the plan back to the diary ----------------------------------------------------------
    def slot(self, row: Appointment, place: Place) -> Slot:
        """Return the slot of a place."""
        frame = self.problem.frames[place.day]
        total = self.problem.visit[row.pk].shape.total_min
        return Slot(
            frame.day, frame.wall_min(place.bit), frame.start + place.bit,
            frame.start + place.bit + total, place.practitioner_id, place.room_id, place.device_id,
        )  # fmt: skip

    def place(self, start: int, practitioner_id: int, room_id, device_id) -> Place | None:
        """Return the place of an epoch minute, None when its day is not searched."""
        for number, frame in enumerate(self.problem.frames):
            if frame.start <= start < frame.end:
                return Place(number, start - frame.start, practitioner_id, room_id, device_id)
        return None


def _blocks(away: Blackout, day: date) -> bool:
    before, after = (
        timedelta(days=n) for n in (away.margin_before_days, away.margin_after_days)
    )  # fmt: skip
    return away.from_day - before <= day <= away.to_day + after


def _window(course: Course, session: PlannedSession, moving: Mapping[int, date]) -> Window:
    """Return the window of a session between its neighbours, see `Disruption.windows`."""
    days: dict[int, date] = {}
    for row in course.sessions:
        day = day_of_session(row) or moving.get(row.appointment_id)
        if day and row.number != session.number:
            days[row.number] = day
    first = last = longest = None
    for number, day in days.items():
        other = course.session(number)
        if number < session.number:
            gap = course.least_days(number, session.number)
            also_moves = other.appointment_id in moving
            legal = moving[session.appointment_id] if also_moves else day + timedelta(days=gap)
            first = max(first or legal, legal, day + timedelta(days=gap))
        else:
            legal = day - timedelta(days=course.least_days(session.number, number))
            last = min(last or legal, legal)
    if session.number - 1 in days:
        longest = days[session.number - 1] + timedelta(days=session.gap_days_max)
    return Window(first, last, longest)
