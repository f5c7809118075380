"""What a slot search is made of, and the masks of legal starts, worked out once per day.

A service is a set of phases; a snapshot is the hours and the taken stretches of the resources
that may serve it. Rooms and devices are interchangeable and picked by the search; the
practitioner is part of the answer.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from .hours import DatedException, WeeklyRule, merged, open_stretches
from .masks import (
    GRID_BASE_MIN,
    DayFrame,
    bits,
    even_open_mask,
    frame_of,
    grid_mask,
    open_mask,
    runs,
    span,
)
from .minutes import wall_of

Kind = Literal["practitioner", "room", "device"]
KINDS: tuple[Kind, ...] = ("practitioner", "room", "device")


@dataclass(frozen=True)
class PhaseNeed:
    """One resource kind needed for `minutes` from `offset_min` after the start of the visit."""

    kind: Kind
    offset_min: int
    minutes: int

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of resource: {self.kind!r}")
        if self.offset_min < 0 or self.minutes <= 0:
            raise ValueError("a phase starts at or after the visit and lasts at least a minute")


@dataclass(frozen=True)
class ServiceShape:
    """The phases of a visit. Phases of one kind are served by the same resource throughout.

    `grid_min` is the distance of the starts in minutes, a multiple of 5 counted from local
    midnight. Raises ValueError without a practitioner phase: a visit nobody attends is no visit.
    """

    phases: tuple[PhaseNeed, ...]
    grid_min: int = 10

    def __post_init__(self) -> None:
        if not any(phase.kind == "practitioner" for phase in self.phases):
            raise ValueError("a service needs at least one practitioner phase")
        if self.grid_min <= 0 or self.grid_min % GRID_BASE_MIN:
            raise ValueError(f"the grid must be a multiple of {GRID_BASE_MIN} minutes")

    @cached_property
    def total_min(self) -> int:
        """Minutes from the start of the visit to the end of its last phase."""
        return max(phase.offset_min + phase.minutes for phase in self.phases)

    @cached_property
    def needs(self) -> Mapping[Kind, tuple[tuple[int, int], ...]]:
        """Per kind the taken stretches (from, to) in minutes after the start, merged; () if none.

        A practitioner who applies cream 0-5 and needles 45-80 is taken in two stretches.
        """
        return {
            kind: merged(
                (phase.offset_min, phase.offset_min + phase.minutes)
                for phase in self.phases
                if phase.kind == kind
            )
            for kind in KINDS
        }


@dataclass(frozen=True)
class ResourceHours:
    """One practitioner, room or device (always a single unit) and when it can be had."""

    resource_id: int
    kind: Kind
    weekly: tuple[WeeklyRule, ...]
    exceptions: tuple[DatedException, ...] = ()


@dataclass(frozen=True)
class Snapshot:
    """Everything a search may know, read once.

    resources: only those competent for and usable by the service.
    clinic_exceptions: 'off' closes every resource; 'extra' opens rooms and devices but calls in
        no practitioner, who needs extra hours of their own.
    busy: resource id -> taken (start, end) in epoch minutes, any order, touching or overlapping
        allowed. Resources without holds may be missing. Treat it as frozen: masks are kept.
    """

    zone: ZoneInfo
    resources: tuple[ResourceHours, ...]
    clinic_exceptions: tuple[DatedException, ...] = ()
    busy: Mapping[int, Sequence[tuple[int, int]]] = field(default_factory=dict)
    _finders: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def finder(self, shape: ServiceShape) -> "Finder":
        """The finder for `shape`; the same one each time, so that its masks are made once."""
        if shape not in self._finders:
            self._finders[shape] = Finder(self, shape)
        return self._finders[shape]


@dataclass(frozen=True, slots=True)
class Slot:
    """A legal start: local day and wall minutes (the promise), epoch minutes, and who and what.

    `touches` counts how many ends of the practitioner's stretches meet a taken stretch: the more,
    the less of the day is lost in gaps.
    """

    day: date
    wall_min: int
    start: int
    end: int
    practitioner_id: int
    room_id: int | None
    device_id: int | None
    touches: int = 0

    @property
    def key(self) -> tuple[int, int]:
        """What makes it this appointment and no other: start and practitioner."""
        return self.start, self.practitioner_id


@lru_cache(maxsize=4096)
def _even_hours(stretches: tuple[tuple[int, int], ...]) -> int:
    """Mask of a plain day's hours; most resources keep the same ones."""
    return even_open_mask(merged(stretches))


class _Lane:
    """One resource: its free and taken minutes of a day as masks."""

    def __init__(self, snapshot: Snapshot, row: ResourceHours) -> None:
        self.resource_id = row.resource_id
        self.kind = row.kind
        self._weekly = tuple(
            tuple(rule for rule in row.weekly if rule.weekday == weekday) for weekday in range(7)
        )
        self._exceptions = row.exceptions + tuple(
            closing
            for closing in snapshot.clinic_exceptions
            if closing.kind == "off" or row.kind != "practitioner"
        )
        # Most days are plain ones: 24 hours, rules without an end and no exception that day.
        self._plain = [
            _even_hours(tuple((rule.from_min, rule.to_min) for rule in rules))
            if all(rule.valid_from is None and rule.valid_to is None for rule in rules)
            else None
            for rules in self._weekly
        ]
        self._busy = merged(snapshot.busy.get(row.resource_id, ()))
        self._ends = [end for _, end in self._busy]

    def open(self, frame: DayFrame) -> int:
        """Working minutes of the day, taken or not."""
        day, weekday = frame.day, frame.day.weekday()
        exceptions = [row for row in self._exceptions if row.from_day <= day <= row.to_day]
        if not exceptions and frame.is_even and self._plain[weekday] is not None:
            return self._plain[weekday]
        return open_mask(frame, open_stretches(day, self._weekly[weekday], exceptions))

    def taken(self, frame: DayFrame) -> int:
        """Taken minutes of the day."""
        mask, busy, opens, closes = 0, self._busy, frame.start, frame.end
        for index in range(bisect_left(self._ends, opens + 1), len(busy)):
            start, end = busy[index]
            if start >= closes:
                break
            mask |= span(max(start - opens, 0), min(end, closes) - opens)
        return mask


@lru_cache(maxsize=2048)
def _starts(free: int, stretches: tuple[tuple[int, int], ...]) -> int:
    """Bits from which every stretch of a need lies in free minutes."""
    mask = -1
    for start, end in stretches:
        mask &= runs(free, end - start) >> start
    return mask


class Board:
    """The masks of one local day: which starts each resource could serve."""

    def __init__(self, finder: "Finder", day: date) -> None:
        self.frame = frame_of(day, finder.snapshot.zone)
        self.grid = grid_mask(self.frame, finder.shape.grid_min)
        self.open: dict[int, int] = {}
        self.taken: dict[int, int] = {}
        self._needs = finder.shape.needs
        self.starts: dict[Kind, dict[int, int]] = {kind: {} for kind in KINDS}
        for lane in finder.lanes:
            self.open[lane.resource_id] = hours = lane.open(self.frame)
            if not hours:
                continue
            self.taken[lane.resource_id] = taken = lane.taken(self.frame)
            mask = _starts(hours & ~taken, finder.shape.needs[lane.kind])
            if mask:
                self.starts[lane.kind][lane.resource_id] = mask
        self.shared = self.grid & self.any("room") & self.any("device")

    def any(self, kind: Kind) -> int:
        """Starts that at least one resource of the kind could serve; all when none is needed."""
        if not self._needs[kind]:
            return -1
        mask = 0
        for starts in self.starts[kind].values():
            mask |= starts
        return mask

    def pick(self, kind: Kind, bit: int) -> int | None:
        """The lowest id that serves the start, None when the service needs none of the kind."""
        for resource_id, starts in self.starts[kind].items():
            if starts >> bit & 1:
                return resource_id
        return None


class Finder:
    """Legal starts of one service on one snapshot. Days are worked out when first asked for."""

    def __init__(self, snapshot: Snapshot, shape: ServiceShape) -> None:
        self.snapshot = snapshot
        self.shape = shape
        # Only what the service needs, lowest id first: the order in which resources are picked.
        self.lanes = [
            _Lane(snapshot, row)
            for row in sorted(snapshot.resources, key=lambda row: row.resource_id)
            if shape.needs[row.kind]
        ]
        self._boards: dict[date, Board] = {}

    def board(self, day: date) -> Board:
        """The masks of `day`."""
        if day not in self._boards:
            self._boards[day] = Board(self, day)
        return self._boards[day]

    def practitioner_ids(self, wanted: Sequence[int] | None) -> tuple[int, ...]:
        """The practitioners of the snapshot among `wanted` (None: all), lowest id first."""
        ids = (lane.resource_id for lane in self.lanes if lane.kind == "practitioner")
        return tuple(pid for pid in ids if wanted is None or pid in wanted)

    def legal(self, day: date, practitioner_id: int) -> int:
        """Mask of the legal starts on `day` with this practitioner."""
        board = self.board(day)
        return board.starts["practitioner"].get(practitioner_id, 0) & board.shared

    def within(self, day: date, from_min: int, to_min: int) -> int:
        """Mask of the starts whose whole visit lies between two wall minutes of `day`."""
        frame = frame_of(day, self.snapshot.zone)
        return span(frame.bit(from_min), frame.bit(to_min) - self.shape.total_min + 1)

    def by_touches(self, day: date, practitioner_id: int, legal: int) -> Iterator[tuple[int, int]]:
        """(touches, mask) of the legal starts, those that touch the most taken stretches first."""
        taken = self.board(day).taken.get(practitioner_id, 0)
        at_least = [legal]
        if taken and legal:
            for start, end in self.shape.needs["practitioner"]:
                for edge in ((taken << 1) >> start, taken >> end):
                    at_least.append(0)
                    for level in range(len(at_least) - 1, 0, -1):
                        at_least[level] |= at_least[level - 1] & edge
            while not at_least[-1]:
                at_least.pop()
        more = 0
        for touches in range(len(at_least) - 1, -1, -1):
            if exactly := at_least[touches] & ~more:
                yield touches, exactly
            more |= at_least[touches]

    def slot(self, day: date, practitioner_id: int, bit: int, touches: int = 0) -> Slot:
        """The slot at a legal bit, with the lowest free room and device through all phases."""
        board = self.board(day)
        start = board.frame.start + bit
        return Slot(
            day=day,
            wall_min=board.frame.wall_min(bit),
            start=start,
            end=start + self.shape.total_min,
            practitioner_id=practitioner_id,
            room_id=board.pick("room", bit),
            device_id=board.pick("device", bit),
            touches=touches,
        )

    def slots(self, day: date, practitioner_id: int, legal: int) -> Iterator[Slot]:
        """Slots for every bit of `legal`, those that touch the most first, then the earliest."""
        for touches, mask in self.by_touches(day, practitioner_id, legal):
            for bit in bits(mask):
                yield self.slot(day, practitioner_id, bit, touches)

    def best(self, day: date, practitioner_id: int, legal: int) -> Slot:
        """The first of `slots`; `legal` must have a bit."""
        touches, mask = next(self.by_touches(day, practitioner_id, legal))
        return self.slot(day, practitioner_id, (mask & -mask).bit_length() - 1, touches)

    def locate(self, start: int) -> tuple[date, int]:
        """Local day and bit of an epoch minute."""
        day = wall_of(start, self.snapshot.zone)[0]
        return day, start - frame_of(day, self.snapshot.zone).start


def free_minutes(snapshot: Snapshot, days: Sequence[date]) -> dict[int, tuple[int, ...]]:
    """Per resource one mask for each of `days`: open and not taken, bit 0 the day's first minute."""
    frames = [frame_of(day, snapshot.zone) for day in days]
    lanes = [_Lane(snapshot, row) for row in snapshot.resources]
    return {
        lane.resource_id: tuple(lane.open(frame) & ~lane.taken(frame) for frame in frames)
        for lane in lanes
    }
