"""The course planner: exact dates for all sessions still to come, and why.

Layers are sessions, states are (day, practitioner), the cheapest path is the proposal. Healing,
blackouts, closed days and taken slots are never bought with points. Three weightings give three
proposals, all priced with the same published points so that they can be compared.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from .finder import Slot
from .minutes import day_number
from .path import FAR, DeadEnd, best_of
from .reasons import Reason, sentence
from .table import Options, Table
from .tariff import charges, forbidden, too_soon
from .terms import (
    Blackout,
    Candidates,
    CourseRequest,
    CourseWish,
    Habit,
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
    "Habit",
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
    "first_free",
    "propose",
    "propose_three",
    "sentence",
]

WEIGHTINGS = ("nearest_to_ideal", "same_weekday_and_hour", "before_event")


def propose(
    request: CourseRequest, weights: Weights | None = None, *, name: str = "best"
) -> Proposal | Refusal:
    """The cheapest dates for all sessions of the request, or why there are none. Exact."""
    weights = weights or Weights()
    table = Table(request, weights, Options(request, weights))
    path = table.solve()
    if isinstance(path, DeadEnd):
        return _refusal(table, path, name)
    return _priced(table, table.slots(path), name)


def propose_three(
    request: CourseRequest, weights: Weights | None = None
) -> tuple[Proposal | Refusal, ...]:
    """One outcome per weighting, in the order and with the names of `WEIGHTINGS`.

    nearest_to_ideal: days off the ideal count five times.
    same_weekday_and_hour: all sessions on the weekday, and near the hour, of the last one booked or
    held; before the first, and where that weekday cannot be had, on those that cost least.
    before_event: being early costs nothing, missing the event ten times as much; without an event
    this is the course that ends earliest at little cost.
    Points and reasons are those of `weights` in all three; two outcomes may have the same dates.
    """
    weights = weights or Weights()
    table = Table(request, weights, Options(request, weights))
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
        _solved(table, nearest),
        _same_weekday_and_hour(table) or table.slots(path),
        _solved(table, event),
    )
    return tuple(
        _priced(table, slots, name) for slots, name in zip(chosen, WEIGHTINGS, strict=True)
    )


def _solved(table: Table, weights: Weights) -> list[Slot]:
    """The slots of the best course of a table by other weights for gaps and event."""
    other = Table(table.request, weights, table.options)
    return other.slots(other.solve())


def _same_weekday_and_hour(table: Table) -> list[Slot] | None:
    """The best course on one weekday and near one hour: those the patient comes at, if there are."""
    habit, wished = table.request.habit, table.request.wish.weekdays
    if habit and (found := _on_one_weekday(table, [habit.weekday], habit.wall_min)):
        return found
    return _on_one_weekday(table, range(7) if wished is None else sorted(set(wished)), None)


def _on_one_weekday(
    table: Table, weekdays: Sequence[int], wall_min: int | None
) -> list[Slot] | None:
    """The best course on one of these weekdays, then near `wall_min` or else the best hour."""
    request, by_weekday = table.request, defaultdict(list)
    for day in table.options.days:
        by_weekday[day.weekday()].append(day)
    tables = [
        Table(request, table.weights, table.options, by_weekday[weekday]) for weekday in weekdays
    ]
    best = best_of(tables)
    if best is None:
        return None
    number, path = best
    slots, days = tables[number].slots(path), by_weekday[weekdays[number]]
    heavy = replace(table.weights, hours=table.weights.hours * 10)
    hours = []
    for from_min, length in sorted({(slot.wall_min, slot.end - slot.start) for slot in slots}):
        start = from_min if wall_min is None else wall_min
        wish = replace(request.wish, from_min=start, to_min=start + length)
        hour = replace(request, wish=wish)
        hours.append(Table(hour, heavy, Options(hour, heavy), days))
    cheapest = best_of(hours)
    return hours[cheapest[0]].slots(cheapest[1]) if cheapest else slots


def _priced(table: Table, slots: Sequence[Slot], name: str) -> Proposal:
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


def _runner_up(table: Table, slots: Sequence[Slot], index: int, others: int) -> RunnerUp | None:
    """The cheapest other day for this session alone; `others` are the points of the other ones.

    The gap to the next session is part of that session's points and is exchanged too. Days are
    looked at in the order of what their gaps cost; none is looked at whose gaps alone cost more
    than the best one found, as no other cost is negative.
    """
    day_now, lane_now = table.state(slots[index])
    beside = [table.state(slots[at])[1] for at in (index - 1, index + 1) if 0 <= at < len(slots)]
    switch = table.weights.switch
    if index + 1 < len(slots):
        others -= table.edges[index + 1].cost((slots[index + 1].day - slots[index].day).days)
        others -= switch * (beside[-1] != lane_now)
    best = None
    for gaps, day in _other_days(table, slots, index, day_now):
        if best is not None and gaps > best[0]:
            break
        for lane, cost in enumerate(table.nodes(index, day, FAR) or ()):
            found = cost + gaps + switch * sum(other != lane for other in beside), day, lane
            if found[0] < FAR and (best is None or found < best):
                best = found
    if best is None:
        return None
    return RunnerUp(table.slot(index, best[1:]), others + best[0])


def _other_days(
    table: Table, slots: Sequence[Slot], index: int, day_now: int
) -> list[tuple[int, int]]:
    """(points of the gaps on both sides, day index) of the other legal days, cheapest first."""
    before = day_number(slots[index - 1].day) if index else table.origin
    start, end = bisect_left(table.days, before + table.edges[index].min), len(table.days)
    following = None
    if index + 1 < len(slots):
        following, after = table.edges[index + 1], day_number(slots[index + 1].day)
        end = bisect_right(table.days, after - following.min)
    found = []
    for day in range(start, end):
        if day != day_now:
            gaps = table.edges[index].cost(table.days[day] - before)
            if following:
                gaps += following.cost(after - table.days[day])
            found.append((gaps, day))
    return sorted(found)


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


def _refusal(table: Table, end: DeadEnd, name: str) -> Refusal:
    request = table.request
    stuck = request.sessions[end.layer]
    after = request.last_done
    if end.layer:
        after = table.dates[end.earliest_before]
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
    found = Options(request, weights)
    options = {day: found.slots(day) for day in found.days}
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


def first_free(request: CourseRequest, *, number: int, before: Slot | None = None) -> date | None:
    """The first searched day on which session `number` is legal and somebody is free.

    Counted as `day_verdicts` does, bookings of later sessions aside: they can move along. None when
    no searched day is. KeyError for an unknown number.
    """
    session = {row.number: row for row in request.sessions}[number]
    after = request.last_done if before is None else before.day
    options = Options(request, Weights())
    legal = (day for day in options.days if too_soon(session, day, after) is None)
    return next((day for day in legal if options.points(day)), None)
