"""Slot search: the next free starts, all starts of a day, the nearest ones, and why not.

Days are local days, hours are wall-clock minutes, starts are epoch minutes. Nothing reads a
clock: `from_minute` is the earliest start the caller allows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from .finder import (
    KINDS,
    Finder,
    Kind,
    PhaseNeed,
    ResourceHours,
    ServiceShape,
    Slot,
    Snapshot,
)
from .masks import frame_of, runs, span
from .minutes import DAY_MIN, day_bounds, wall_of
from .reasons import Reason, sentence

__all__ = [
    "KINDS",
    "FoundCandidates",
    "Kind",
    "PhaseNeed",
    "Reason",
    "ResourceHours",
    "ServiceShape",
    "Slot",
    "Snapshot",
    "Wish",
    "day_slots",
    "holds_of",
    "nearest_slots",
    "next_slots",
    "search_bounds",
    "sentence",
    "slot_at",
    "why_empty",
    "why_not",
]


@dataclass(frozen=True)
class Wish:
    """What a search must keep to. None means anyone, any weekday (Monday 0).

    The whole visit, from start to last phase, lies between `from_min` and `to_min` (wall time).
    """

    practitioner_ids: tuple[int, ...] | None = None
    weekdays: tuple[int, ...] | None = None
    from_min: int = 0
    to_min: int = DAY_MIN

    def allows_day(self, day: date) -> bool:
        """Whether the weekday is wanted."""
        return self.weekdays is None or day.weekday() in self.weekdays


ANY = Wish()


def search_bounds(zone: ZoneInfo, *, from_minute: int, days: int) -> tuple[int, int]:
    """Epoch minutes [from, to) of the local days a search over `days` days looks at.

    Holds that overlap this stretch are the ones to read into the snapshot.
    """
    first = wall_of(from_minute, zone)[0]
    last = first + timedelta(days=days - 1)
    return day_bounds(first, zone)[0], day_bounds(last, zone)[1]


def _ranked(finder: Finder, day: date, wish: Wish, from_minute: int | None) -> list[Slot]:
    """All slots of a day that keep the wish: most touches first, then earliest, then lowest id."""
    if not wish.allows_day(day):
        return []
    window = finder.within(day, wish.from_min, wish.to_min)
    if from_minute is not None:
        frame = frame_of(day, finder.snapshot.zone)
        window &= span(max(from_minute - frame.start, 0), frame.minutes)
    found = []
    people = finder.practitioner_ids(wish.practitioner_ids)
    for practitioner_id, legal in finder.legal(day, people, window).items():
        found += finder.slots(day, practitioner_id, legal)
    return sorted(found, key=lambda slot: (-slot.touches, slot.start, slot.practitioner_id))


def _by_time(slots: Iterable[Slot]) -> tuple[Slot, ...]:
    return tuple(sorted(slots, key=lambda slot: slot.key))


def _choice(ranked: Sequence[Slot], count: int) -> list[Slot]:
    """The best `count` that are real alternatives: first visits that do not overlap in time.

    09:00, 09:10 and 09:20 are one offer, not three; they only fill up when nothing else is free.
    """
    chosen: list[Slot] = []
    for slot in ranked:
        if len(chosen) == count:
            return chosen
        if all(slot.end <= other.start or other.end <= slot.start for other in chosen):
            chosen.append(slot)
    rest = [slot for slot in ranked if slot not in chosen]
    return chosen + rest[: count - len(chosen)]


def next_slots(
    snapshot: Snapshot,
    shape: ServiceShape,
    *,
    from_minute: int,
    days: int,
    count: int = 10,
    max_per_day: int = 3,
    wish: Wish = ANY,
) -> tuple[Slot, ...]:
    """The next `count` slots at or after `from_minute`, at most `max_per_day` on one local day.

    `days` local days are searched, the day of `from_minute` included. Within a day slots whose
    practitioner stretches touch taken ones are preferred (picking at random loses 15-30 % of a
    day), then early ones; the answer is in order of time.
    """
    finder = snapshot.finder(shape)
    first = wall_of(from_minute, snapshot.zone)[0]
    found: list[Slot] = []
    for offset in range(days):
        ranked = _ranked(finder, first + timedelta(days=offset), wish, from_minute)
        found += _by_time(_choice(ranked, min(max_per_day, count - len(found))))
        if len(found) >= count:
            break
    return tuple(found)


def day_slots(
    snapshot: Snapshot,
    shape: ServiceShape,
    *,
    day: date,
    wish: Wish = ANY,
    from_minute: int | None = None,
) -> tuple[Slot, ...]:
    """Every legal start on one local day, per practitioner, in order of time and id."""
    return _by_time(_ranked(snapshot.finder(shape), day, wish, from_minute))


def nearest_slots(
    snapshot: Snapshot,
    shape: ServiceShape,
    *,
    around: int,
    count: int = 3,
    days: int = 14,
    wish: Wish = ANY,
    from_minute: int | None = None,
) -> tuple[Slot, ...]:
    """The `count` legal starts nearest to the epoch minute `around`, before or after, by time.

    One slot per start time; `days` local days are looked at on either side, never before
    `from_minute`. Of two equally near ones the earlier is taken.
    """
    finder = snapshot.finder(shape)
    middle = wall_of(around, snapshot.zone)[0]
    nearest: dict[int, Slot] = {}
    rings_after_full = 0
    for ring in range(days + 1):
        for day in {middle - timedelta(days=ring), middle + timedelta(days=ring)}:
            for slot in _ranked(finder, day, wish, from_minute):
                nearest.setdefault(slot.start, slot)
        # A slot of the next ring may still be nearer than one of this ring (late or early in
        # the day), one of the ring after that cannot.
        rings_after_full += len(nearest) >= count
        if rings_after_full == 2:
            break
    by_distance = sorted(nearest.values(), key=lambda slot: (abs(slot.start - around), slot.start))
    return _by_time(by_distance[:count])


def slot_at(
    snapshot: Snapshot,
    shape: ServiceShape,
    *,
    start: int,
    practitioner_id: int,
    room_id: int | None = None,
    device_id: int | None = None,
) -> Slot | None:
    """The slot at this very start with this practitioner, or None when it is not legal.

    In the room `room_id` and with the device `device_id` where these are free, else in and with the
    first ones that are.
    """
    finder = snapshot.finder(shape)
    day, bit = finder.locate(start)
    people = finder.practitioner_ids((practitioner_id,))
    for legal in finder.legal(day, people, 1 << bit).values():
        slot = next(finder.slots(day, practitioner_id, legal))
        wanted = {"room": room_id, "device": device_id}
        free = {f"{kind}_id": key for kind, key in wanted.items()
                if finder.unit_starts(day, kind, key) >> bit & 1}  # fmt: skip
        return replace(slot, **free)
    return None


def holds_of(slot: Slot, shape: ServiceShape) -> tuple[tuple[int, int, int], ...]:
    """The holds (resource id, start, end) a slot takes, sorted: the order to insert them in."""
    ids = {"practitioner": slot.practitioner_id, "room": slot.room_id, "device": slot.device_id}
    return tuple(
        sorted(
            (ids[kind], slot.start + start, slot.start + end)
            for kind in KINDS
            for start, end in shape.needs[kind]
        )
    )


def _covers(mask: int, bit: int, stretches: Sequence[tuple[int, int]]) -> bool:
    return all(runs(mask, end - start) >> (bit + start) & 1 for start, end in stretches)


def why_not(
    snapshot: Snapshot,
    shape: ServiceShape,
    *,
    start: int,
    practitioner_id: int | None = None,
) -> Reason | None:
    """Why a visit cannot start at the epoch minute `start`; None when it can.

    Codes, first failing one wins: clinic_closed; outside_hours{need, resource}; taken{need,
    resource}; off_grid{grid}. `need` is practitioner, room or device; `resource` is the id when
    only one resource could have served, else None. Without `practitioner_id` anyone will do.
    """
    finder = snapshot.finder(shape)
    day, bit = finder.locate(start)
    board = finder.board(day)
    if _is_closed(finder, day, bit):
        return Reason.of("clinic_closed")
    for code in ("outside_hours", "taken"):
        for kind, needed in shape.needs.items():
            lanes = [
                lane
                for lane in finder.by_kind[kind]
                if kind != "practitioner" or practitioner_id in (None, lane.resource_id)
            ]
            masks = (
                lane.open(board.frame)
                & (-1 if code == "outside_hours" else ~lane.taken(board.frame))
                for lane in lanes
            )
            if needed and not any(_covers(mask, bit, needed) for mask in masks):
                only = lanes[0].resource_id if len(lanes) == 1 else None
                return Reason.of(code, need=kind, resource=only)
    return None if board.grid >> bit & 1 else Reason.of("off_grid", grid=shape.grid_min)


def _is_closed(finder: Finder, day: date, bit: int) -> bool:
    """Whether nothing is open on the day, or a closing of the clinic falls into the visit."""
    board = finder.board(day)
    if board.is_closed:
        return True
    visit = span(bit, bit + finder.shape.total_min)
    return any(
        span(board.frame.bit(closing.span[0]), board.frame.bit(closing.span[1])) & visit
        for closing in finder.snapshot.clinic_exceptions
        if closing.kind == "off" and closing.applies_on(day)
    )


def why_empty(
    snapshot: Snapshot, shape: ServiceShape, *, day: date, wish: Wish = ANY
) -> Reason | None:
    """Why a local day has no slot: clinic_closed or no_free_slot{need}; None when it has one.

    `need` is the first of practitioner, room, device that leaves no start. Weekdays and hours of
    the wish are not looked at: they are preferences, not reasons of the day.
    """
    finder = snapshot.finder(shape)
    board = finder.board(day)
    if board.is_closed:
        return Reason.of("clinic_closed")
    left = 0
    for mask in finder.attended(day, finder.practitioner_ids(wish.practitioner_ids)).values():
        left |= mask
    for need, kind in (("practitioner", None), ("room", "room"), ("device", "device")):
        left = board.served(kind, left) if kind else left
        if not left:
            return Reason.of("no_free_slot", need=need)
    return None


class FoundCandidates:
    """Candidates for the course planner, found day by day when asked for.

    `days` local days from the day of `from_minute`; per day and practitioner only the best slot
    is made: inside the asked-for hours if there is one, touching taken stretches, early.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        shape: ServiceShape,
        *,
        from_minute: int,
        days: int,
        practitioner_ids: tuple[int, ...] | None = None,
    ) -> None:
        self._finder = snapshot.finder(shape)
        self._from_minute = from_minute
        self._wish = Wish(practitioner_ids)
        self.practitioner_ids = self._finder.practitioner_ids(practitioner_ids)
        first = wall_of(from_minute, snapshot.zone)[0]
        self.days: tuple[date, ...] = tuple(first + timedelta(days=n) for n in range(days))
        self._legal: dict[date, dict[int, int]] = {}

    def best(self, day: date, from_min: int = 0, to_min: int = DAY_MIN) -> tuple[Slot, ...]:
        """At most one slot per practitioner, inside the wall minutes given where possible."""
        return tuple(self.slot(day, pid, from_min, to_min) for pid in self._on(day))

    def suited(self, day: date, from_min: int, to_min: int) -> dict[int, bool]:
        """Who has a slot that day, and whether one of them lies within the wall minutes."""
        wanted = self._finder.within(day, from_min, to_min)
        if self._finder.board(day).frame.is_even:
            return {pid: bool(legal & wanted) for pid, legal in self._on(day).items()}
        # Where clocks change a visit's last wall minute is not its first plus its length.
        return {
            slot.practitioner_id: slot.lies_within(from_min, to_min)
            for slot in self.best(day, from_min, to_min)
        }

    def slot(self, day: date, practitioner_id: int, from_min: int, to_min: int) -> Slot:
        """The best slot of somebody who has one: inside the minutes if possible."""
        legal = self._on(day)[practitioner_id]
        wanted = self._finder.within(day, from_min, to_min)
        return self._finder.best(day, practitioner_id, legal & wanted or legal)

    def _on(self, day: date) -> dict[int, int]:
        """Mask per practitioner of the legal starts, on the first day from the minute given."""
        if day not in self._legal:
            among = -1
            if day == self.days[0]:
                frame = self._finder.board(day).frame
                among = span(self._from_minute - frame.start, frame.minutes)
            self._legal[day] = self._finder.legal(day, self.practitioner_ids, among)
        return self._legal[day]

    def all_of(self, day: date) -> tuple[Slot, ...]:
        """Every legal start of the day, in order of time and practitioner."""
        finder, first = self._finder, self._from_minute if day == self.days[0] else None
        return day_slots(finder.snapshot, finder.shape, day=day, wish=self._wish, from_minute=first)

    def why_empty(self, day: date) -> Reason | None:
        """Why the day has no candidate, None when it has one."""
        reason = why_empty(self._finder.snapshot, self._finder.shape, day=day, wish=self._wish)
        if reason is None and day == self.days[0] and not self._on(day):
            return Reason.of("no_free_slot", need="practitioner")
        return reason
