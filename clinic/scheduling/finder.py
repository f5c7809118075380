"""What a slot search is made of, and the masks of legal starts, worked out once per day.

A service is a set of phases; a snapshot is the hours and the taken stretches of the resources
that may serve it. Rooms and devices are interchangeable and picked by the search; the
practitioner is part of the answer.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from .taken import Stretches

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
        allowed, as pairs or `Stretches`. Resources without holds may be missing. Treat it as
        frozen: masks are kept.
    """

    zone: ZoneInfo
    resources: tuple[ResourceHours, ...]
    clinic_exceptions: tuple[DatedException, ...] = ()
    busy: Mapping[int, Sequence[tuple[int, int]] | Stretches] = field(default_factory=dict)
    _finders: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    def finder(self, shape: ServiceShape) -> "Finder":
        """The finder for `shape`; the same one each time, so that its masks are made once."""
        if shape not in self._finders:
            self._finders[shape] = Finder(self, shape)
        return self._finders[shape]

    def only(self, resource_ids: Collection[int]) -> "Snapshot":
        """The same of these resources alone: of those that can serve one service, say."""
        rows = tuple(row for row in self.resources if row.resource_id in resource_ids)
        return replace(self, resources=rows)


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

    def lies_within(self, from_min: int, to_min: int) -> bool:
        """Whether the whole visit lies between two wall minutes of its day."""
        return from_min <= self.wall_min and self.wall_min + self.end - self.start <= to_min


@lru_cache(maxsize=4096)
def _even_hours(stretches: tuple[tuple[int, int], ...]) -> int:
    """Mask of a plain day's hours; most resources keep the same ones."""
    return even_open_mask(merged(stretches))


class Lane:
    """One resource: its free and taken minutes of a day as masks, made when asked for."""

    def __init__(self, snapshot: Snapshot, row: ResourceHours) -> None:
        self.resource_id = row.resource_id
        self.kind = row.kind
        self._row, self._snapshot = row, snapshot
        self._plain: dict[int, int | None] = {}

    @cached_property
    def _exceptions(self) -> tuple[DatedException, ...]:
        return self._row.exceptions + tuple(
            closing
            for closing in self._snapshot.clinic_exceptions
            if closing.kind == "off" or self.kind != "practitioner"
        )

    @cached_property
    def _busy(self) -> Stretches:
        return Stretches.of(self._snapshot.busy.get(self.resource_id, ()))

    def open(self, frame: DayFrame) -> int:
        """Working minutes of the day, taken or not."""
        day, weekday = frame.day, frame.day.weekday()
        if weekday not in self._plain:
            self._plain[weekday] = _plain_hours(self._row.weekly, weekday)
        exceptions = [row for row in self._exceptions if row.from_day <= day <= row.to_day]
        if not exceptions and frame.is_even and self._plain[weekday] is not None:
            return self._plain[weekday]
        return open_mask(frame, open_stretches(day, self._row.weekly, exceptions))

    def taken(self, frame: DayFrame) -> int:
        """Taken minutes of the day."""
        return self._busy.mask(frame)


def _plain_hours(weekly: tuple[WeeklyRule, ...], weekday: int) -> int | None:
    """The hours of a plain day: 24 hours, no exception; None when a rule begins or ends."""
    rules = [rule for rule in weekly if rule.weekday == weekday]
    if any(rule.valid_from is not None or rule.valid_to is not None for rule in rules):
        return None
    return _even_hours(tuple((rule.from_min, rule.to_min) for rule in rules))


@lru_cache(maxsize=2048)
def _starts(free: int, stretches: tuple[tuple[int, int], ...]) -> int:
    """Bits from which every stretch of a need lies in free minutes."""
    mask = -1
    for start, end in stretches:
        mask &= runs(free, end - start) >> start
    return mask


class Board:
    """The masks of one local day: which starts each resource could serve.

    Each mask is made when first asked for: with a free room at hand the others are not looked at.
    """

    def __init__(self, finder: "Finder", day: date) -> None:
        self.frame = frame_of(day, finder.snapshot.zone)
        self.grid = grid_mask(self.frame, finder.shape.grid_min)
        self._lanes, self._needs = finder.by_kind, finder.shape.needs
        self._starts: dict[int, int] = {}

    @cached_property
    def is_closed(self) -> bool:
        """Whether nobody and nothing works on the day."""
        return not any(lane.open(self.frame) for lanes in self._lanes.values() for lane in lanes)

    def starts(self, lane: Lane) -> int:
        """Starts the resource could serve, on the grid or not."""
        if lane.resource_id not in self._starts:
            mask = lane.open(self.frame)
            if mask:
                mask = _starts(mask & ~lane.taken(self.frame), self._needs[lane.kind])
            self._starts[lane.resource_id] = mask
        return self._starts[lane.resource_id]

    def served(self, kind: Kind, among: int) -> int:
        """Those of some starts that at least one resource of the kind could serve.

        All of them when none is needed. No more resources are looked at than it takes.
        """
        if not self._needs[kind]:
            return among
        left = among
        for lane in self._lanes[kind]:
            if not left:
                break
            left &= ~self.starts(lane)
        return among & ~left

    def pick(self, kind: Kind, bit: int) -> int | None:
        """The lowest id that serves the start, None when the service needs none of the kind."""
        for lane in self._lanes[kind]:
            if self.starts(lane) >> bit & 1:
                return lane.resource_id
        return None


class Finder:
    """Legal starts of one service on one snapshot. Days are worked out when first asked for."""

    def __init__(self, snapshot: Snapshot, shape: ServiceShape) -> None:
        self.snapshot = snapshot
        self.shape = shape
        # Only what the service needs, lowest id first: the order in which resources are picked.
        rows = sorted(snapshot.resources, key=lambda row: row.resource_id)
        self.by_kind: dict[Kind, list[Lane]] = {
            kind: [Lane(snapshot, row) for row in rows if row.kind == kind and shape.needs[kind]]
            for kind in KINDS
        }
        self._people = {lane.resource_id: lane for lane in self.by_kind["practitioner"]}
        self._boards: dict[date, Board] = {}

    def board(self, day: date) -> Board:
        """The masks of `day`."""
        if day not in self._boards:
            self._boards[day] = Board(self, day)
        return self._boards[day]

    def practitioner_ids(self, wanted: Sequence[int] | None) -> tuple[int, ...]:
        """The practitioners of the snapshot among `wanted` (None: all), lowest id first."""
        return tuple(pid for pid in self._people if wanted is None or pid in wanted)

    def attended(self, day: date, practitioner_ids: Iterable[int]) -> dict[int, int]:
        """Mask per practitioner of the starts they could serve, rooms and devices aside."""
        board = self.board(day)
        masks = ((pid, board.starts(self._people[pid]) & board.grid) for pid in practitioner_ids)
        return {pid: mask for pid, mask in masks if mask}

    def legal(self, day: date, practitioner_ids: Iterable[int], among: int = -1) -> dict[int, int]:
        """Mask per practitioner of the legal starts on `day`; who has none is left out."""
        masks = self.attended(day, practitioner_ids)
        able = 0
        for mask in masks.values():
            able |= mask & among
        for kind in ("room", "device"):
            able = self.board(day).served(kind, able)
        return {pid: mask & able for pid, mask in masks.items() if mask & able}

    def unit_starts(self, day: date, kind: str, resource_id: int | None) -> int:
        """Mask of the starts one unit could serve, on the grid or not; 0 for one not known."""
        board = self.board(day)
        units = (lane for lane in self.by_kind[kind] if lane.resource_id == resource_id)
        return next((board.starts(lane) for lane in units), 0)

    def within(self, day: date, from_min: int, to_min: int) -> int:
        """Mask of the starts whose whole visit lies between two wall minutes of `day`."""
        frame = self.board(day).frame
        return span(frame.bit(from_min), frame.bit(to_min) - self.shape.total_min + 1)

    def by_touches(self, day: date, practitioner_id: int, legal: int) -> Iterator[tuple[int, int]]:
        """(touches, mask) of the legal starts, those that touch the most taken stretches first."""
        taken = self._people[practitioner_id].taken(self.board(day).frame)
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
    lanes = [Lane(snapshot, row) for row in snapshot.resources]
    return {
        lane.resource_id: tuple(lane.open(frame) & ~lane.taken(frame) for frame in frames)
        for lane in lanes
    }
