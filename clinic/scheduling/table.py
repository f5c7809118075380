"""A course request in numbers: what every session would cost on every day with everybody.

Nothing is worked out before the search asks for it; the slots themselves are made only for the
days that are chosen.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from datetime import date

from .finder import Slot
from .minutes import day_number
from .path import FAR, DeadEnd, Path, best_path
from .tariff import blackout_on, disturbs_event, edge_of, forbids_fixed, origin_of
from .terms import CourseRequest, Weights


class Options:
    """Who could see the patient on a day, and at what points: the wishes alone, no gap.

    A lane is a practitioner, by place in `lanes`. The points depend on the wish and on what the
    weights ask for weekday, hours and practitioner; tables that share those share their options.
    """

    def __init__(self, request: CourseRequest, weights: Weights) -> None:
        self._wish, self._candidates = request.wish, request.candidates
        booked = (s.booked.practitioner_id for s in request.sessions if s.booked)
        self.lanes = sorted({*request.candidates.practitioner_ids, *booked})
        self.days = [day for day in request.candidates.days if day >= request.first_day]
        own = request.wish.primary_practitioner_id
        self._persons = [weights.not_primary * (own not in (None, lane)) for lane in self.lanes]
        self._weekday, self._hours = weights.weekday, weights.hours
        self._points: dict[date, list[int] | None] = {}

    def points(self, day: date) -> list[int] | None:
        """Points per lane, FAR for who has no slot; None when nobody has or a blackout forbids."""
        if day not in self._points:
            self._points[day] = self._worked_out(day)
        return self._points[day]

    def _worked_out(self, day: date) -> list[int] | None:
        wish = self._wish
        if wish.blackouts and blackout_on(day, wish.blackouts):
            return None
        suited = self._candidates.suited(day, wish.from_min, wish.to_min)
        if not suited:
            return None
        asked = 0
        if wish.weekdays is not None and day.weekday() not in wish.weekdays:
            asked = self._weekday
        by_suit = {True: asked, False: asked + self._hours, None: FAR}
        return [
            by_suit[suited.get(lane)] + person
            for lane, person in zip(self.lanes, self._persons, strict=True)
        ]

    def slot(self, day: date, lane: int) -> Slot:
        """The best slot of a lane that has one that day."""
        wish = self._wish
        return self._candidates.slot(day, self.lanes[lane], wish.from_min, wish.to_min)

    def slots(self, day: date) -> list[Slot]:
        """The best slot of each lane that has one."""
        points = self.points(day) or ()
        return [self.slot(day, lane) for lane, cost in enumerate(points) if cost < FAR]


class Table:
    """A request as the network `path` searches: sessions are layers, practitioners lanes.

    `days` keeps it to some of the days of the options; booked days are always among its dates.
    """

    def __init__(
        self,
        request: CourseRequest,
        weights: Weights,
        options: Options,
        days: Iterable[date] | None = None,
    ) -> None:
        self.request, self.weights, self.options = request, weights, options
        self._open = frozenset(options.days if days is None else days)
        self.dates = sorted({*self._open, *(s.booked.day for s in request.sessions if s.booked)})
        self.days = [day_number(day) for day in self.dates]
        self.lanes, self.switch = len(options.lanes), weights.switch
        origin, first = origin_of(request, weights)
        self.origin = day_number(origin)
        self.edges = (first, *(edge_of(session, weights) for session in request.sessions[1:]))

    def nodes(self, layer: int, index: int, within: int) -> Sequence[int] | None:
        """Points of each lane for a session on a day, its gaps and changes of lane aside."""
        request, day = self.request, self.dates[index]
        is_last = layer == len(request.sessions) - 1
        more = self.weights.event_calm if disturbs_event(request, day, is_last=is_last) else 0
        if more > within:
            return None
        row = self._row(layer, day)
        return [cost + more for cost in row] if row and more else row

    def _row(self, layer: int, day: date) -> list[int] | None:
        session = self.request.sessions[layer]
        booked, blackouts = session.booked, self.request.wish.blackouts
        if session.is_fixed:
            if day != booked.day or forbids_fixed(day, blackouts):
                return None
            return self._booked(None, booked)
        row = self.options.points(day) if day in self._open else None
        if booked is None:
            return row
        if row is not None:
            row = [cost + self.weights.changed for cost in row]
        if day == booked.day and blackout_on(day, blackouts) is None:
            return self._booked(row, booked)
        return row

    def _booked(self, row: list[int] | None, slot: Slot) -> list[int]:
        """A row with the booked slot in it, which costs nothing."""
        row = row or [FAR] * self.lanes
        row[self.state(slot)[1]] = 0
        return row

    def solve(self) -> Path | DeadEnd:
        """The cheapest path through the sessions."""
        return best_path(self)

    def state(self, slot: Slot) -> tuple[int, int]:
        """Day index and lane index of a slot."""
        return bisect_left(self.dates, slot.day), self.options.lanes.index(slot.practitioner_id)

    def slot(self, index: int, state: tuple[int, int]) -> Slot:
        """The slot a state of session `index` stands for; the booked one where there is one."""
        booked = self.request.sessions[index].booked
        if booked is not None and self.state(booked) == state:
            return booked
        return self.options.slot(self.dates[state[0]], state[1])

    def slots(self, path: Path) -> list[Slot]:
        """The slots along a path."""
        return [self.slot(index, state) for index, state in enumerate(path.steps)]
