"""A disruption as values: who is away, whose visits must move, what each move costs.

The search is in `repair`; what stands here says what a plan *is*, what it costs (`price`) and
whether it is legal (`check`), without a line in common with the search, so that each proves the
other. Points as in docs/decisions/0006: they are settings of the practice, not facts.

Days are numbered along `Problem.days`; a minute of a day is a bit after its first minute, as in
`masks`. "Free" never contains the time of anybody who stays where they are.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

from .finder import KINDS, Kind, ServiceShape
from .masks import DayFrame, frame_of
from .minutes import DAY_MIN
from .reasons import Reason


@dataclass(frozen=True)
class RepairWeights:
    """Points of a plan; the fewer the less is disturbed. `version` is kept with every booking."""

    other_practitioner: int = 40
    per_day: int = 10
    same_day: int = 5  # plus one for every full half hour
    weekday: int = 25
    hours: int = 15
    past_max_per_day: int = 30
    short_notice: int = 50
    short_notice_days: int = 2
    unneeded: int = 100
    unplaced: int = 2000
    version: str = "repair-1"


HALF_HOUR_MIN = 30


@dataclass(frozen=True)
class Unit:
    """One practitioner, room or device; `free` has one mask per day of the problem."""

    unit_id: int
    kind: Kind
    free: tuple[int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a visit stands: day number, start bit, and with whom and what (None: not needed)."""

    day: int
    bit: int
    practitioner_id: int
    room_id: int | None = None
    device_id: int | None = None

    def unit(self, kind: Kind) -> int | None:
        """The unit of one kind."""
        return {
            "practitioner": self.practitioner_id, "room": self.room_id, "device": self.device_id,
        }[kind]  # fmt: skip


@dataclass(frozen=True)
class Visit:
    """A visit the search may move.

    was_on, was_bit, was_with: the place the patient was promised; it may lie outside the problem.
    unit_ids: the practitioners, rooms and devices competent for it.
    first_day, last_day: healing, hard; None means no limit. max_day: the longest interval of the
        course, each day past it costs points.
    closed: days the patient cannot come (blackouts with their margins, refused days).
    busy: (day number, mask) of the patient's other visits.
    weekdays, from_min, to_min: what the patient prefers (wall minutes, whole visit inside).
    must_move: False for a visit that may stay, moved only where that frees a place.
    stay: the place it may stay at.
    """

    visit_id: int
    shape: ServiceShape
    was_on: date
    was_bit: int
    was_with: int
    unit_ids: frozenset[int]
    first_day: date | None = None
    last_day: date | None = None
    max_day: date | None = None
    closed: frozenset[date] = frozenset()
    busy: tuple[tuple[int, int], ...] = ()
    weekdays: tuple[int, ...] | None = None
    from_min: int = 0
    to_min: int = DAY_MIN
    short_notice_ok: bool = False
    must_move: bool = True
    stay: Place | None = None

    def may_come(self, day: date) -> bool:
        """Whether healing and the patient's own calendar allow the day."""
        return (
            (self.first_day is None or self.first_day <= day)
            and (self.last_day is None or day <= self.last_day)
            and day not in self.closed
        )

    def busy_on(self, number: int) -> int:
        """Minutes of a day taken by the patient's other visits."""
        mask = 0
        for day, taken in self.busy:
            if day == number:
                mask |= taken
        return mask


@dataclass(frozen=True)
class Problem:
    """Everything a repair may know. `today` is what short notice counts from."""

    zone: ZoneInfo
    days: tuple[date, ...]
    today: date
    units: tuple[Unit, ...]
    visits: tuple[Visit, ...]
    weights: RepairWeights = field(default_factory=RepairWeights)

    @cached_property
    def frames(self) -> tuple[DayFrame, ...]:
        """The days on the minute line."""
        return tuple(frame_of(day, self.zone) for day in self.days)

    @cached_property
    def unit(self) -> Mapping[int, Unit]:
        """Units by id."""
        return {unit.unit_id: unit for unit in self.units}

    @cached_property
    def visit(self) -> Mapping[int, Visit]:
        """Visits by id."""
        return {visit.visit_id: visit for visit in self.visits}


@dataclass(frozen=True)
class Plan:
    """A place, or None, for every visit, by id in order; `points` as the search counted them."""

    places: Mapping[int, Place | None]
    points: int
    weights_version: str

    @property
    def unplaced(self) -> tuple[int, ...]:
        """Visits without a place."""
        return tuple(key for key, place in self.places.items() if place is None)

    @property
    def digest(self) -> str:
        """A fingerprint of the plan: equal plans, equal words."""
        rows = [
            (key, place and (place.day, place.bit, *(place.unit(kind) for kind in KINDS)))
            for key, place in sorted(self.places.items())
        ]
        return hashlib.sha256(repr((rows, self.points)).encode()).hexdigest()


# --- What it costs --------------------------------------------------------------------------------
def charges(problem: Problem, visit: Visit, place: Place | None) -> tuple[Reason, ...]:
    """Everything a place costs a visit, each with its points as the figure `cost`."""
    weights = problem.weights
    if place is None:
        return (Reason.of("unplaced", cost=weights.unplaced),)
    day = problem.days[place.day]
    out = _shift(visit, day, place, weights)
    if not out and place.practitioner_id == visit.was_with:
        return ()  # it stays
    if not visit.must_move:
        out.append(Reason.of("unneeded", cost=weights.unneeded))
    if place.practitioner_id != visit.was_with:
        out.append(Reason.of("other_hands", cost=weights.other_practitioner))
    if visit.weekdays is not None and day.weekday() not in visit.weekdays:
        out.append(Reason.of("weekday", cost=weights.weekday))
    frame = problem.frames[place.day]
    end = place.bit + visit.shape.total_min
    if place.bit < frame.bit(visit.from_min) or end > frame.bit(visit.to_min):
        out.append(Reason.of("hours", cost=weights.hours))
    if visit.max_day and day > visit.max_day:
        over = (day - visit.max_day).days
        out.append(Reason.of("past_max", days=over, cost=weights.past_max_per_day * over))
    notice = (day - problem.today).days
    if notice <= weights.short_notice_days and not visit.short_notice_ok:
        out.append(Reason.of("short_notice", days=notice, cost=weights.short_notice))
    return tuple(out)


def _shift(visit: Visit, day: date, place: Place, weights: RepairWeights) -> list[Reason]:
    days = (day - visit.was_on).days
    if days:
        code = "days_later" if days > 0 else "days_earlier"
        return [Reason.of(code, days=abs(days), cost=weights.per_day * abs(days))]
    minutes = place.bit - visit.was_bit
    if not minutes:
        return []
    code = "minutes_later" if minutes > 0 else "minutes_earlier"
    cost = weights.same_day + abs(minutes) // HALF_HOUR_MIN
    return [Reason.of(code, minutes=abs(minutes), cost=cost)]


def price(problem: Problem, places: Mapping[int, Place | None]) -> int:
    """Points of a plan from its definition; visits not in `places` are not placed."""
    return sum(
        reason["cost"]
        for visit in problem.visits
        for reason in charges(problem, visit, places.get(visit.visit_id))
    )


# --- Whether it is legal --------------------------------------------------------------------------
def check(problem: Problem, places: Mapping[int, Place | None]) -> list[str]:
    """Every hard rule a plan breaks, as sentences; empty when it is legal.

    Minute by minute: hours and holds of those who stay, competence, grid, healing and blackouts,
    the patient's other visits, and nobody twice at once.
    """
    broken: list[str] = []
    taken: dict[tuple[int, int, int], int] = {}  # (unit, day, minute) -> visit
    for key, place in sorted(places.items()):
        visit = problem.visit.get(key)
        if visit is None:
            broken.append(f"visit {key} was not to be moved")
        elif place is not None:
            broken += [f"visit {key}: {words}" for words in _faults(problem, visit, place, taken)]
    return broken


def _faults(problem, visit: Visit, place: Place, taken) -> list[str]:
    if not 0 <= place.day < len(problem.days):
        return ["outside the days searched"]
    day, frame, out = problem.days[place.day], problem.frames[place.day], []
    if visit.stay != place and not visit.may_come(day):
        out.append(f"the patient may not come on {day}")
    if frame.wall_min(place.bit) % visit.shape.grid_min and visit.stay != place:
        out.append("not on the grid")
    if any(visit.busy_on(place.day) >> m & 1
           for m in range(place.bit, place.bit + visit.shape.total_min)):  # fmt: skip
        out.append("the patient is elsewhere")
    for kind in KINDS:
        unit_id, needs = place.unit(kind), visit.shape.needs[kind]
        if (unit_id is not None) != bool(needs):
            out.append(f"a {kind} too many or too few")
            continue
        if not needs:
            continue
        unit = problem.unit.get(unit_id)
        if unit is None or unit.kind != kind or unit_id not in visit.unit_ids:
            out.append(f"{kind} {unit_id} cannot serve it")
            continue
        for start, end in needs:
            for minute in range(place.bit + start, place.bit + end):
                if not unit.free[place.day] >> minute & 1:
                    out.append(f"{kind} {unit_id} is not free at minute {minute}")
                    break
                other = taken.setdefault((unit_id, place.day, minute), visit.visit_id)
                if other != visit.visit_id:
                    out.append(f"{kind} {unit_id} is with visit {other} at minute {minute}")
                    break
    return out
