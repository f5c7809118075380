"""The course planner: exact dates for all sessions still to come, and why.

Layers are sessions, states are (day, practitioner), the cheapest path is the proposal. Healing,
blackouts, closed days and taken slots are never bought with points. Three weightings give three
proposals, all priced with the same published points so that they can be compared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from .finder import Slot
from .minutes import day_number
from .path import FAR, DeadEnd, Path, best_path
from .reasons import Reason, sentence
from .tariff import (
    blackout_on,
    charges,
    disturbs_event,
    edge_of,
    forbidden,
    forbids_fixed,
    node_cost,
    start_cost,
    suits_hours,
)
from .terms import (
    Blackout,
    Candidates,
    CourseRequest,
    CourseWish,
    ListedCandidates,
    Placed,
    Proposal,
    Refusal,
    RunnerUp,
    SessionWish,
    Unplaced,
    Verdict,
    Weights,
)

__all__ = [
    "WEIGHTINGS",
    "Blackout",
    "Candidates",
    "CourseRequest",
    "CourseWish",
    "ListedCandidates",
    "Placed",
    "Proposal",
    "Reason",
    "Refusal",
    "RunnerUp",
    "SessionWish",
    "Unplaced",
    "Verdict",
    "Weights",
    "day_verdicts",
    "propose",
    "propose_three",
    "sentence",
]

WEIGHTINGS = ("nearest_to_ideal", "same_weekday_and_hour", "before_event")

Options = Mapping[tuple[date, int], Slot]


def _options(request: CourseRequest, days: Iterable[date]) -> Options:
    """The best slot per allowed day and practitioner: wished hours, then touching, then early."""
    wish, found = request.wish, {}
    for day in days:
        if day < request.first_day or blackout_on(day, wish.blackouts):
            continue
        ranked: dict[tuple[date, int], tuple] = {}
        for slot in request.candidates.best(day, wish.from_min, wish.to_min):
            rank = (not suits_hours(slot, wish), -slot.touches, slot.start)
            key = (day, slot.practitioner_id)
            if key not in ranked or rank < ranked[key]:
                ranked[key], found[key] = rank, slot
    return found


class _Table:
    """A request in numbers: node costs as [session][lane][day], lanes being practitioners."""

    def __init__(self, request: CourseRequest, weights: Weights, options: Options) -> None:
        self.request, self.weights, self.options = request, weights, options
        slots = [*options.values(), *(s.booked for s in request.sessions if s.booked)]
        self.lanes = sorted({slot.practitioner_id for slot in slots})
        self.days = sorted({slot.day for slot in slots})
        self._day_index = {day: index for index, day in enumerate(self.days)}
        self._lane_index = {lane: index for index, lane in enumerate(self.lanes)}
        self._base = self._nothing()
        for slot in options.values():
            self._set(self._base, slot, node_cost(slot, request.wish, weights))
        self.layers = [self._layer(index) for index in range(len(request.sessions))]

    def state(self, slot: Slot) -> tuple[int, int]:
        """Day index and lane index of a slot."""
        return self._day_index[slot.day], self._lane_index[slot.practitioner_id]

    def _nothing(self) -> list[list[int]]:
        return [[FAR] * len(self.days) for _ in self.lanes]

    def _set(self, rows: list[list[int]], slot: Slot, cost: int) -> None:
        day, lane = self.state(slot)
        rows[lane][day] = cost

    def _layer(self, index: int) -> list[list[int]]:
        request, session = self.request, self.request.sessions[index]
        booked = session.booked
        if session.is_fixed:
            rows = self._nothing()
            if forbids_fixed(booked.day, request.wish.blackouts) is None:
                self._set(rows, booked, 0)
        else:
            moved = self.weights.changed if booked else 0
            rows = [[cost + moved for cost in row] if moved else row[:] for row in self._base]
            if booked and blackout_on(booked.day, request.wish.blackouts) is None:
                self._set(rows, booked, 0)
        is_last = index == len(request.sessions) - 1
        for number, day in enumerate(self.days):
            more = 0
            if disturbs_event(request, day, is_last=is_last):
                more = self.weights.event_calm
            if index == 0:
                start = start_cost(request, self.weights, day)
                more += FAR if start is None else start
            if more:
                for row in rows:
                    row[number] += more
        return rows

    def solve(self) -> Path | DeadEnd:
        """The cheapest path through the layers."""
        edges = [edge_of(session, self.weights) for session in self.request.sessions[1:]]
        numbers = [day_number(day) for day in self.days]
        return best_path(numbers, self.layers, edges, self.weights.switch)

    def slot(self, index: int, state: tuple[int, int]) -> Slot:
        """The slot a state of session `index` stands for; the booked one where there is one."""
        booked = self.request.sessions[index].booked
        if booked is not None and self.state(booked) == state:
            return booked
        return self.options[self.days[state[0]], self.lanes[state[1]]]

    def slots(self, path: Path) -> list[Slot]:
        """The slots along a path."""
        return [self.slot(index, state) for index, state in enumerate(path.steps)]


def propose(
    request: CourseRequest, weights: Weights | None = None, *, name: str = "best"
) -> Proposal | Refusal:
    """The cheapest dates for all sessions of the request, or why there are none. Exact."""
    weights = weights or Weights()
    table = _Table(request, weights, _options(request, request.candidates.days))
    path = table.solve()
    if isinstance(path, DeadEnd):
        return _refusal(table, path, name)
    return _priced(table, table.slots(path), name)


def propose_three(
    request: CourseRequest, weights: Weights | None = None
) -> tuple[Proposal | Refusal, ...]:
    """One outcome per weighting, in the order and with the names of `WEIGHTINGS`.

    nearest_to_ideal: days off the ideal count five times.
    same_weekday_and_hour: all sessions on the one weekday, and near the one hour, that cost least.
    before_event: being early costs nothing, missing the event ten times as much; without an event
    this is the course that ends earliest at little cost.
    Points and reasons are those of `weights` in all three; two outcomes may have the same dates.
    """
    weights = weights or Weights()
    table = _Table(request, weights, _options(request, request.candidates.days))
    path = table.solve()
    if isinstance(path, DeadEnd):
        return tuple(_refusal(table, path, name) for name in WEIGHTINGS)
    nearest = replace(
        weights,
        early_per_day=weights.early_per_day * 5,
        late_per_day=weights.late_per_day * 5,
        past_max_per_day=weights.past_max_per_day * 5,
    )
    event = replace(weights, early_per_day=0, event_calm=weights.event_calm * 10)
    chosen = (
        _solved(request, nearest, table.options),
        _same_weekday_and_hour(table) or table.slots(path),
        _solved(request, event, table.options),
    )
    return tuple(
        _priced(table, slots, name) for slots, name in zip(chosen, WEIGHTINGS, strict=True)
    )


def _solved(request: CourseRequest, weights: Weights, options: Options) -> list[Slot] | None:
    table = _Table(request, weights, options)
    path = table.solve()
    return None if isinstance(path, DeadEnd) else table.slots(path)


def _same_weekday_and_hour(table: _Table) -> list[Slot] | None:
    """The best course on one weekday, then the best hour of those its sessions begin at."""
    request, best = table.request, None
    weekdays = range(7) if request.wish.weekdays is None else sorted(set(request.wish.weekdays))
    for weekday in weekdays:
        options = {key: slot for key, slot in table.options.items() if key[0].weekday() == weekday}
        day_table = _Table(request, table.weights, options)
        path = day_table.solve()
        if isinstance(path, Path) and (best is None or path.total < best[0]):
            best = (path.total, weekday, day_table.slots(path))
    if best is None:
        return None
    _, weekday, slots = best
    days = [day for day in request.candidates.days if day.weekday() == weekday]
    heavy = replace(table.weights, hours=table.weights.hours * 10)
    cheapest = None
    for from_min, length in sorted({(slot.wall_min, slot.end - slot.start) for slot in slots}):
        wish = replace(request.wish, from_min=from_min, to_min=from_min + length)
        hour_request = replace(request, wish=wish)
        hour_table = _Table(hour_request, heavy, _options(hour_request, days))
        path = hour_table.solve()
        if isinstance(path, Path) and (cheapest is None or path.total < cheapest[0]):
            cheapest = (path.total, hour_table.slots(path))
    return cheapest[1] if cheapest else slots


def _priced(table: _Table, slots: Sequence[Slot], name: str) -> Proposal:
    """The proposal for these slots, with the points, reasons and runners-up of the table."""
    request, weights = table.request, table.weights
    reasons = [
        charges(request, weights, index, slot, slots[index - 1] if index else None)
        for index, slot in enumerate(slots)
    ]
    points = [sum(reason["cost"] for reason in row) for row in reasons]
    total = sum(points)
    placed = tuple(
        Placed(
            session.number,
            slots[index],
            points[index],
            reasons[index],
            _runner_up(table, slots, index, total - points[index]),
        )
        for index, session in enumerate(request.sessions)
    )
    return Proposal(name, placed, total, _refused(request, slots), weights.version)


@dataclass(frozen=True)
class _Side:
    """The neighbour of a session: what days and practitioners cost towards it."""

    gaps: list[int]
    lane: int | None


def _side(table: _Table, slots: Sequence[Slot], index: int, step: int) -> _Side:
    """Gap costs per day index towards the session before (step -1) or after (step 1)."""
    other = index + step
    if not 0 <= other < len(slots):
        return _Side([0] * len(table.days), None)
    edge = edge_of(table.request.sessions[max(index, other)], table.weights)
    there = slots[other].day
    costs = (edge.cost((day - there).days * -step) for day in table.days)
    return _Side([FAR if cost is None else cost for cost in costs], table.state(slots[other])[1])


def _runner_up(table: _Table, slots: Sequence[Slot], index: int, others: int) -> RunnerUp | None:
    """The cheapest other day for this session alone; `others` are the points of the other ones.

    The gap to the next session is part of that session's points and is exchanged too.
    """
    sides = [_side(table, slots, index, -1), _side(table, slots, index, 1)]
    day_now, lane_now = table.state(slots[index])
    after = sides[1]
    switch = table.weights.switch
    others -= after.gaps[day_now] + switch * (after.lane not in (None, lane_now))
    gaps = [
        (day, sum(costs)) for day, costs in enumerate(zip(*(s.gaps for s in sides), strict=True))
    ]
    gaps = [(day, cost) for day, cost in gaps if cost < FAR and day != day_now]
    best = None
    for lane, row in enumerate(table.layers[index]):
        turn = switch * sum(side.lane not in (None, lane) for side in sides)
        for day, cost in gaps:
            total = row[day] + cost + turn
            if total < FAR and (best is None or (total, day, lane) < best):
                best = (total, day, lane)
    if best is None:
        return None
    return RunnerUp(table.slot(index, best[1:]), others + best[0])


def _refused(request: CourseRequest, slots: Sequence[Slot]) -> Mapping[date, Reason]:
    """Why the days from the first possible one to the last session cannot be had, in order."""
    refused: dict[date, Reason] = {}
    day, after = request.first_day, request.last_done
    for session, slot in zip(request.sessions, slots, strict=True):
        while day < slot.day:
            if reason := forbidden(request, session, day, after):
                refused[day] = reason
            day += timedelta(days=1)
        day, after = slot.day + timedelta(days=1), slot.day
    return refused


def _refusal(table: _Table, end: DeadEnd, name: str) -> Refusal:
    request = table.request
    stuck = request.sessions[end.layer]
    after = request.last_done
    if end.layer:
        after = table.days[end.earliest_before]
    rows = [Unplaced(stuck.number, _why_no_day(request, stuck, after))]
    rows += [
        Unplaced(session.number, (Reason.of("earlier_session", number=stuck.number),))
        for session in request.sessions[end.layer + 1 :]
    ]
    return Refusal(name, tuple(rows), table.weights.version)


def _why_no_day(
    request: CourseRequest, session: SessionWish, after: date | None
) -> tuple[Reason, ...]:
    """The reasons of all searched days, each once with the number of days, commonest first."""
    days = [day for day in request.candidates.days if day >= request.first_day]
    last_day = max(days, default=request.first_day)
    if session.is_fixed:
        days = [session.booked.day]
    latest: dict[tuple, Reason] = {}
    count: dict[tuple, int] = {}
    for day in days:
        reason = forbidden(request, session, day, after)
        if reason is None:
            continue
        key = (reason.code, reason.get("kind"), reason.get("need"))
        latest[key] = reason
        count[key] = count.get(key, 0) + 1
    order = sorted(latest, key=lambda key: (-count[key], str(key)))
    reasons = [
        Reason.of(latest[k].code, **dict(latest[k].figures), on_days=count[k]) for k in order
    ]
    if not session.is_fixed:
        reasons.append(Reason.of("horizon", last_day=last_day))
    return tuple(reasons)


def day_verdicts(
    request: CourseRequest,
    weights: Weights | None = None,
    *,
    number: int,
    before: Slot | None = None,
) -> Mapping[date, Verdict]:
    """What each searched day means for session `number` after the slot `before`, in order.

    Without `before` the session follows `last_done`. The best slot of the day is named with its
    points and reasons, or the first hard rule the day breaks. KeyError for an unknown number.
    """
    weights = weights or Weights()
    index = {session.number: i for i, session in enumerate(request.sessions)}[number]
    session = request.sessions[index]
    after = request.last_done if before is None else before.day
    options: dict[date, list[Slot]] = {}
    for (day, _), slot in _options(request, request.candidates.days).items():
        options.setdefault(day, []).append(slot)
    if session.booked:
        options.setdefault(session.booked.day, []).append(session.booked)
    verdicts = {}
    for day in sorted({*request.candidates.days, *options}):
        if reason := forbidden(request, session, day, after):
            verdicts[day] = Verdict(None, 0, (reason,))
            continue
        priced = [
            (charges(request, weights, index, slot, before), slot) for slot in options.get(day, ())
        ]
        sums = [(sum(r["cost"] for r in row), s.key, row, s) for row, s in priced]
        if sums:
            points, _, row, slot = min(sums, key=lambda item: item[:2])
            verdicts[day] = Verdict(slot, points, row)
    return verdicts
