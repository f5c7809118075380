"""What a course is planned from and what comes out: wishes, weights, proposals, refusals."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Literal, Protocol

from .finder import Slot
from .minutes import DAY_MIN
from .reasons import Reason


@dataclass(frozen=True)
class SessionWish:
    """One session still to come and its days after the session before it, in local days.

    `gap_min_days` is healing and is never undercut; it may exceed the other two when healing is
    slow. `booked` is the slot the session already has: keeping it costs nothing, another one
    costs `Weights.changed`. With `is_fixed` it was set by hand and stays, whatever it costs.
    Raises ValueError on a minimum under one day, an ideal past the maximum, or fixed without slot.
    """

    number: int
    gap_min_days: int
    gap_ideal_days: int
    gap_max_days: int
    booked: Slot | None = None
    is_fixed: bool = False

    def __post_init__(self) -> None:
        if self.gap_min_days < 1:
            raise ValueError("two sessions never share a day: the minimum is at least 1")
        if self.gap_ideal_days > self.gap_max_days:
            raise ValueError("the ideal interval lies within the longest one")
        if self.is_fixed and self.booked is None:
            raise ValueError("a fixed session needs its slot")


@dataclass(frozen=True)
class Blackout:
    """Days (both ends included) on which the patient cannot come, widened by the margins.

    Sun before or after a session is a margin in days; the figures come from the protocol.
    """

    from_day: date
    to_day: date
    kind: Literal["holiday", "sun", "medical", "refused"]
    margin_before: int = 0
    margin_after: int = 0


@dataclass(frozen=True)
class CourseWish:
    """What the patient would like (points) and cannot do (blackouts).

    The visit should lie between `from_min` and `to_min` on one of `weekdays` (Monday 0, None: any)
    with the primary practitioner. The course should be finished, and no session lie, within
    `calm_days` before `event_day`.
    """

    weekdays: tuple[int, ...] | None = None
    from_min: int = 0
    to_min: int = DAY_MIN
    primary_practitioner_id: int | None = None
    event_day: date | None = None
    calm_days: int = 0
    blackouts: tuple[Blackout, ...] = ()


@dataclass(frozen=True)
class Habit:
    """The weekday (Monday 0) and wall minute a patient came at last; no minute where none is known."""

    weekday: int
    wall_min: int | None = None


@dataclass(frozen=True)
class Weights:
    """Points for what is not as wished; whole numbers, none negative. `version` names the set."""

    version: str = "2026-11"
    weekday: int = 25
    hours: int = 15
    not_primary: int = 20
    early_per_day: int = 3
    late_per_day: int = 4
    past_max_per_day: int = 40
    switch: int = 60
    event_calm: int = 2000
    changed: int = 100

    def __post_init__(self) -> None:
        points = [getattr(self, row.name) for row in fields(self) if row.name != "version"]
        if any(not isinstance(value, int) or value < 0 for value in points):
            raise ValueError("weights are whole numbers, none negative")


class Candidates(Protocol):
    """Where the planner finds slots: `slots.FoundCandidates` or `ListedCandidates`.

    Days are looked at when they are first asked for, so that a planner pays for no others.
    """

    days: Sequence[date]
    practitioner_ids: Sequence[int]
    """Everyone who may have a slot on any of the days, lowest id first."""

    def suited(self, day: date, from_min: int, to_min: int) -> Mapping[int, bool]:
        """Who has a slot that day, and whether one of them lies within the wall minutes."""

    def slot(self, day: date, practitioner_id: int, from_min: int, to_min: int) -> Slot:
        """The best slot of somebody `suited` names: within the minutes, touching, early."""

    def why_empty(self, day: date) -> Reason | None:
        """Why the day has none."""


@dataclass(frozen=True)
class ListedCandidates:
    """Candidates from a mapping day -> slots, with reasons for days that have none."""

    by_day: Mapping[date, Sequence[Slot]]
    empty: Mapping[date, Reason] = field(default_factory=dict)

    @property
    def days(self) -> tuple[date, ...]:
        """All days known, with or without slots, in order."""
        return tuple(sorted({*self.by_day, *self.empty}))

    @property
    def practitioner_ids(self) -> tuple[int, ...]:
        """Everyone with a slot."""
        return tuple(sorted({s.practitioner_id for slots in self.by_day.values() for s in slots}))

    def suited(self, day: date, from_min: int, to_min: int) -> Mapping[int, bool]:
        """Everyone with a slot that day, and whether one lies within the wall minutes."""
        found: dict[int, bool] = {}
        for slot in self.by_day.get(day, ()):
            who = slot.practitioner_id
            found[who] = found.get(who, False) or slot.lies_within(from_min, to_min)
        return found

    def slot(self, day: date, practitioner_id: int, from_min: int, to_min: int) -> Slot:
        """The best slot of the practitioner: within the minutes, touching, early."""
        return min(
            (slot for slot in self.by_day[day] if slot.practitioner_id == practitioner_id),
            key=lambda slot: (not slot.lies_within(from_min, to_min), -slot.touches, slot.start),
        )

    def why_empty(self, day: date) -> Reason | None:
        """The reason given for the day, or that no practitioner is free; None when slots exist."""
        if self.by_day.get(day):
            return None
        return self.empty.get(day, Reason.of("no_free_slot", need="practitioner"))


@dataclass(frozen=True)
class CourseRequest:
    """A course to plan: the sessions in order, where slots are, and what lies before.

    No session is put before `first_day`. With `last_done` the first gap is counted from that day;
    without it the first session is the first of the course and should come soon: each day after
    `first_day` costs `Weights.late_per_day`. `held` is when the last session held took place.
    """

    sessions: tuple[SessionWish, ...]
    candidates: Candidates
    first_day: date
    last_done: date | None = None
    wish: CourseWish = CourseWish()
    held: Habit | None = None

    @property
    def habit(self) -> Habit | None:
        """The weekday and hour to stay with: of the last session booked, else of the last one held."""
        booked = [session.booked for session in self.sessions if session.booked]
        return Habit(booked[-1].day.weekday(), booked[-1].wall_min) if booked else self.held

    def __post_init__(self) -> None:
        if not self.sessions:
            raise ValueError("a course to plan has at least one session")


@dataclass(frozen=True)
class RunnerUp:
    """The next best day if this session alone were moved, and the points the course would have."""

    slot: Slot
    total_points: int


@dataclass(frozen=True)
class Placed:
    """A session with its slot. `reasons` carry the figure `cost`; `points` is their sum."""

    number: int
    slot: Slot
    points: int
    reasons: tuple[Reason, ...]
    runner_up: RunnerUp | None


def _digest(plain: object) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Proposal:
    """A date for every session. `refused`: why the other days up to the last session cannot be.

    Days that could be had but were not chosen are not in `refused`.
    """

    name: str
    sessions: tuple[Placed, ...]
    total_points: int
    refused: Mapping[date, Reason]
    weights_version: str

    @property
    def days(self) -> tuple[date, ...]:
        """The days of the sessions, in order."""
        return tuple(placed.slot.day for placed in self.sessions)

    def as_dict(self) -> dict:
        """Plain values to keep with the booking, so that 'why this date?' has an answer later."""
        return {
            "name": self.name,
            "weights_version": self.weights_version,
            "total_points": self.total_points,
            "sessions": [
                {
                    "number": placed.number,
                    "day": placed.slot.day.isoformat(),
                    "wall_min": placed.slot.wall_min,
                    "start": placed.slot.start,
                    "practitioner_id": placed.slot.practitioner_id,
                    "room_id": placed.slot.room_id,
                    "device_id": placed.slot.device_id,
                    "points": placed.points,
                    "reasons": [reason.as_dict() for reason in placed.reasons],
                    "runner_up": placed.runner_up
                    and [list(placed.runner_up.slot.key), placed.runner_up.total_points],
                }
                for placed in self.sessions
            ],
            "refused": {day.isoformat(): why.as_dict() for day, why in self.refused.items()},
        }

    def digest(self) -> str:
        """SHA-256 of the whole proposal: equal input gives an equal digest."""
        return _digest(self.as_dict())


@dataclass(frozen=True)
class Unplaced:
    """A session without a legal date, and why; the figure `on_days` counts the days it holds for."""

    number: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Refusal:
    """The course cannot be placed: the sessions that have no date, each with its reasons."""

    name: str
    sessions: tuple[Unplaced, ...]
    weights_version: str

    def as_dict(self) -> dict:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "weights_version": self.weights_version,
            "sessions": [
                {"number": row.number, "reasons": [reason.as_dict() for reason in row.reasons]}
                for row in self.sessions
            ],
        }

    def digest(self) -> str:
        """SHA-256 of the refusal."""
        return _digest(self.as_dict())


@dataclass(frozen=True)
class Verdict:
    """What one day would mean for one session: the slot and its points, or why it cannot be."""

    slot: Slot | None
    points: int
    reasons: tuple[Reason, ...]
