"""Freed times, and all that must be known of those who wait, in a fixed number of queries."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property

from django.core.exceptions import ValidationError

from clinic.models import Appointment, Clinic, FreedTime, Rest
from clinic.models.openings import Healing, shape_of, snapshot
from clinic.models.services import Competence
from clinic.scheduling.minutes import day_bounds, day_number, wall_of
from clinic.scheduling.slots import ServiceShape, Slot, Snapshot, Wish, day_slots
from treatments.models.openings import Course, courses_of
from treatments.models.planned import PlannedSession
from treatments.models.worklist import WaitlistEntry

LOOKED_AT = 60  # wishes in turn that are tried for one gap


@dataclass(frozen=True)
class Gap:
    """A freed stretch of one practitioner: minutes since the epoch, `[start, end)`.

    `left_by` are the patients who left it: it is not offered to them again.
    """

    day: date
    start: int
    end: int
    practitioner_id: int
    left_by: frozenset[int] = frozenset()

    @classmethod
    def read(cls, text: str, zone) -> "Gap | None":
        """Read "29384756-29384846.3" (start, end, practitioner); None for anything else."""
        span, _, who = text.partition(".")
        start, _, end = span.partition("-")
        if not all(part.isascii() and part.isdecimal() and len(part) < 12
                   for part in (start, end, who)):  # fmt: skip
            return None
        first, last = int(start), int(end)
        if not first < last <= first + 1440 or last > 10**8:
            return None
        return cls(wall_of(first, zone)[0], first, last, int(who))

    @property
    def word(self) -> str:
        """Return the text `read` reads."""
        return f"{self.start}-{self.end}.{self.practitioner_id}"

    def clock(self, zone) -> str:
        """Return its wall times: "10:00 to 11:30"."""
        walls = (wall_of(minute, zone)[1] for minute in (self.start, self.end))
        return " to ".join(f"{wall // 60:02d}:{wall % 60:02d}" for wall in walls)


def open_gaps(clinic: Clinic, at: datetime) -> list[Gap]:
    """Return the freed times of a clinic that are still to come and free, by time. One query."""
    left: dict[tuple[int, int, int], set[int]] = {}
    for row in FreedTime.objects.open(clinic, at):
        left.setdefault((row.start, row.end, row.practitioner_id), set()).add(row.patient_id)
    return [
        Gap(wall_of(start, clinic.zone)[0], start, end, who, frozenset(patients))
        for (start, end, who), patients in left.items()
    ]


@dataclass
class Waiting:
    """Who waits at a clinic, for these gaps, and what the rules of booking ask about them.

    Each part is read for everybody at once when it is first asked for: at most 13 queries, however
    many gaps there are and however many wait.
    """

    clinic: Clinic
    at: datetime
    gaps: Sequence[Gap]
    _slots: dict[tuple, Slot | None] = field(default_factory=dict, init=False)

    @cached_property
    def today(self) -> date:
        """Return the clinic's day."""
        return self.clinic.local_date(self.at)

    @cached_property
    def over(self) -> tuple[int, ...]:
        """Return the keys of kept times that have expired: what they hold is free."""
        return Appointment.tentative.over(self.clinic, self.at)

    # --- The wishes -------------------------------------------------------------------------------
    def in_turn(self, gap: Gap) -> Iterable[WaitlistEntry]:
        """Yield the first wishes that hold on the day of a gap: urgent first, then the longest wait."""
        return (self._entries[key] for key in self._turns[gap])

    @cached_property
    def _turns(self) -> dict[Gap, list[int]]:
        """The keys of the wishes each gap is tried with, in turn."""
        first = min(gap.day for gap in self.gaps)
        rows = WaitlistEntry.objects.of(self.clinic).waiting(first).in_turn()
        wishes = list(rows.values_list("pk", "patient_id", "until"))
        return {
            gap: [
                key for key, patient_id, until in wishes
                if patient_id not in gap.left_by and (until is None or until >= gap.day)
            ][:LOOKED_AT]
            for gap in self.gaps
        }  # fmt: skip

    @cached_property
    def _entries(self) -> dict[int, WaitlistEntry]:
        keys = {key for turn in self._turns.values() for key in turn}
        rows = WaitlistEntry.objects.filter(pk__in=keys).with_people()
        found = {}
        for row in rows.prefetch_related("patient__blackouts", "service__phases"):
            row.clinic = row.patient.clinic = self.clinic
            if row.plan:
                row.plan.patient, row.plan.clinic = row.patient, row.clinic
            found[row.pk] = row
        return found

    # --- What they have ---------------------------------------------------------------------------
    def course(self, entry: WaitlistEntry) -> Course | None:
        """Return the course a wish is for, None outside courses."""
        return self._courses.get(entry.plan_id)

    @cached_property
    def _courses(self) -> dict[int, Course]:
        return courses_of(row.plan for row in self._entries.values() if row.plan)

    def visit_of(self, entry: WaitlistEntry) -> tuple[PlannedSession | None, Appointment | None]:
        """Return the session a wish is for and the visit it has: the next one that has not begun."""
        if entry.plan is None:
            return None, self._visits.get((entry.patient_id, entry.service_id))
        for row in self.course(entry).sessions:
            if row.done_on:
                continue
            if not row.is_booked:
                return row, None
            if row.appointment.status == "booked" and row.appointment.local_date >= self.today:
                return row, row.appointment
        return None, None

    @cached_property
    def _visits(self) -> dict[tuple[int, int], Appointment]:
        """The next visit of each patient for each service they wait for outside courses."""
        wishes = [row for row in self._entries.values() if row.plan is None]
        rows = Appointment.objects.filter(
            patient__in={row.patient_id for row in wishes},
            service__in={row.service_id for row in wishes},
            status="booked", local_date__gte=self.today,
        )  # fmt: skip
        found: dict[tuple[int, int], Appointment] = {}
        for row in rows.order_by("local_date", "local_start_min", "pk"):
            found.setdefault((row.patient_id, row.service_id), row)
        return found

    def healing(self, entry: WaitlistEntry, session: PlannedSession | None) -> Healing | None:
        """Return what the zones of a wish's course rest, its own bookings aside; None outside."""
        if session is None:
            return None
        course = self.course(entry)
        gone, codes = {*course.giving_way(session.number), *self.over}, set(course.zone_codes)
        return Healing.of(
            (code, start, end) for code, start, end, kind, visit_id in self._rests[entry.patient_id]
            if code in codes and not (kind == Rest.Kind.BOOKED and visit_id in gone)
        )  # fmt: skip

    @cached_property
    def _rests(self) -> dict[int, list[tuple]]:
        """What rests on any day to come, by patient."""
        rows = Rest.objects.filter(
            area__patient__in={row.patient_id for row in self._entries.values() if row.plan},
            end_day__gt=day_number(self.today),
        ).order_by("start_day")
        found = defaultdict(list)
        for patient_id, *rest in rows.values_list(
            "area__patient_id", "area__zone_code", "start_day", "end_day", "kind", "appointment_id"
        ):
            found[patient_id].append(tuple(rest))
        return found

    # --- The diary --------------------------------------------------------------------------------
    def slot(self, entry: WaitlistEntry, gap: Gap) -> Slot | None:
        """Return the first time in a gap, with its practitioner, that a wish would take."""
        if entry.practitioner_id not in {None, gap.practitioner_id}:
            return None
        key = gap, entry.service_id, entry.from_min or 0, entry.to_min or 1440
        if key not in self._slots:
            self._slots[key] = self._first(*key)
        return self._slots[key]

    def _first(self, gap: Gap, service_id: int, from_min: int, to_min: int) -> Slot | None:
        shape, known = self._services[service_id]
        if shape is None:
            return None
        slots = day_slots(
            known, shape, day=gap.day, from_minute=day_bounds(gap.day, self.clinic.zone)[0],
            wish=Wish((gap.practitioner_id,), from_min=from_min, to_min=to_min),
        )  # fmt: skip
        return next((slot for slot in slots if gap.start <= slot.start < gap.end), None)

    @cached_property
    def _services(self) -> dict[int, tuple[ServiceShape | None, Snapshot]]:
        """Each service somebody waits for: its shape (None: not bookable), and the diary for it."""
        services = {row.service_id: row.service for row in self._entries.values()}
        able: dict[int, set[int]] = defaultdict(set)
        rows = Competence.objects.filter(service__in=services)
        for service_id, resource_id in rows.values_list("service_id", "resource_id"):
            able[service_id].add(resource_id)
        return {
            key: (_shape(service), self._diary.only(able[key])) for key, service in services.items()
        }

    @cached_property
    def _diary(self) -> Snapshot:
        """The diary from the first gap's day to the last one's, of their practitioners alone."""
        first, last = (choose(gap.day for gap in self.gaps) for choose in (min, max))
        return snapshot(
            self.clinic, None, from_day=first, days=(last - first).days + 1,
            practitioner_ids={gap.practitioner_id for gap in self.gaps}, ignore=self.over,
        )  # fmt: skip


def _shape(service) -> ServiceShape | None:
    try:
        return shape_of(service)
    except ValidationError:  # nobody is needed in it
        return None
