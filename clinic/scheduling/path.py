"""The cheapest way through a course: one day and one lane (practitioner) per session.

Node costs come from the caller; edges are the gaps between sessions. The gap cost is linear in
pieces (early, late, past the maximum), so each piece is a minimum over a window of the sessions
before and the whole answer is exact: it is a shortest path, not a heuristic.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

FAR = 1 << 40  # the cost of what cannot be had
_LIMIT = FAR // 2
#: Points a path may cost before it is followed no further, tried in turn. Most courses cost little,
#: so that most days of a long search are never looked at; the last bound leaves nothing out.
_BOUNDS = (100, 500, 2500, _LIMIT - 1)

Nodes = Sequence[Sequence[int]]  # [lane][day index] -> points or FAR


@dataclass(frozen=True)
class Edge:
    """Cost of the days between two sessions: None below `min`, else points per day.

    `early` for each day before `ideal`, `late` for each day after it, and `past` on top of `late`
    for each day after `max`.
    """

    min: int
    ideal: int
    max: int
    early: int
    late: int
    past: int

    def cost(self, gap: int) -> int | None:
        """Points of a gap in days, None when it is shorter than healing allows."""
        if gap < self.min:
            return None
        return (
            self.early * max(self.ideal - gap, 0)
            + self.late * max(gap - self.ideal, 0)
            + self.past * max(gap - self.max, 0)
        )

    def widest(self, points: int) -> int | None:
        """The longest gap that costs no more than `points`, or a little more; None for no end."""
        if self.late and self.ideal + points // self.late <= self.max:
            return self.ideal + points // self.late
        slope = self.late + self.past
        if not slope:
            return None
        return max((points + self.late * self.ideal + self.past * self.max) // slope, self.max)


@dataclass(frozen=True)
class Path:
    """The cheapest path: total points and (day index, lane index) per layer."""

    total: int
    steps: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class DeadEnd:
    """No path: the first layer that cannot be reached and the earliest day of the one before."""

    layer: int
    earliest_before: int | None


def best_path(
    days: Sequence[int], layers: Sequence[Nodes], edges: Sequence[Edge], switch: int
) -> Path | DeadEnd:
    """The cheapest choice of one (day, lane) per layer; `days` are the day numbers, ascending.

    `edges[k]` lies between layer k and layer k + 1; a change of lane costs `switch`. Of equally
    cheap paths the one with the earliest last day, then the earliest day before it and so on,
    is taken, and the lowest lane: equal input gives equal output.
    """
    for bound in _BOUNDS:
        # No cost is negative: a path within the bound has every part within it, so nothing that is
        # left out could be cheaper than what is found, or as cheap.
        found = _path_within(days, layers, edges, switch, bound)
        if isinstance(found, Path):
            break
    return found


def _path_within(days, layers, edges, switch: int, bound: int) -> Path | DeadEnd:
    """The cheapest path if it costs no more than `bound`."""
    reach = [[cost if cost <= bound else FAR for cost in lane] for lane in layers[0]]
    if not _reached(reach):
        return DeadEnd(0, None)
    back: list[Nodes] = []
    for layer, edge in enumerate(edges, start=1):
        before = reach
        reach, pointers = _step(days, before, layers[layer], edge=edge, switch=switch, bound=bound)
        back.append(pointers)
        if not _reached(reach):
            return DeadEnd(layer, _first_day(before))
    return _walk_back(reach, back)


def _reached(reach: Nodes) -> bool:
    return any(min(lane, default=FAR) < _LIMIT for lane in reach)


def _first_day(reach: Nodes) -> int:
    return min(day for lane in reach for day, cost in enumerate(lane) if cost < _LIMIT)


def _step(
    days: Sequence[int], before: Nodes, nodes: Nodes, *, edge: Edge, switch: int, bound: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Costs of reaching each node of a layer, and the (day * lanes + lane) each came from."""
    lanes = len(before)
    unit = lanes * len(days)  # one point; the rest of a number names the node it came from
    coded = [
        [cost * unit + day * lanes + lane if cost < _LIMIT else FAR * unit for day, cost in row]
        for lane, row in ((lane, enumerate(costs)) for lane, costs in enumerate(before))
    ]
    anyone = [min(column) + switch * unit for column in zip(*coded, strict=True)]
    windows = [
        (index, *_window(days, edge, days[index])) for index in _within(days, before, edge, bound)
    ]
    reach, back = [], []
    for lane in range(lanes):
        came = list(map(min, coded[lane], anyone))
        filled = _fill(days, came, nodes[lane], windows, edge=edge, unit=unit, bound=bound)
        reach.append(filled[0])
        back.append(filled[1])
    return reach, back


def _within(days: Sequence[int], before: Nodes, edge: Edge, bound: int) -> range:
    """The days that the days reached before lead to within the bound."""
    reached = [day for day, costs in enumerate(zip(*before, strict=True)) if min(costs) < _LIMIT]
    widest = edge.widest(bound)
    end = len(days) if widest is None else bisect_right(days, days[reached[-1]] + widest)
    return range(bisect_left(days, days[reached[0]] + edge.min), end)


def _window(days: Sequence[int], edge: Edge, day: int) -> tuple[slice, slice, int]:
    """Which earlier days are early, which late but within the maximum, how many lie beyond."""
    on_time, beyond = day - max(edge.min, edge.ideal), day - max(edge.min, edge.max + 1)
    before_ideal = slice(
        bisect_left(days, day - edge.ideal + 1), bisect_right(days, day - edge.min)
    )
    after_ideal = slice(bisect_left(days, day - edge.max), bisect_right(days, on_time))
    return before_ideal, after_ideal, bisect_right(days, beyond)


def _fill(
    days: Sequence[int],
    came: Sequence[int],
    nodes: Sequence[int],
    windows: Sequence[tuple[int, slice, slice, int]],
    *,
    edge: Edge,
    unit: int,
    bound: int,
) -> tuple[list[int], list[int]]:
    """Cheapest cost of every node of one lane, by the three pieces of the gap before it."""
    costs, pointers = [FAR] * len(days), [0] * len(days)
    limit, early, late = _LIMIT * unit, edge.early * unit, edge.late * unit
    steep = late + edge.past * unit
    before_ideal = [value + early * day for value, day in zip(came, days, strict=True)]
    after_ideal = [value - late * day for value, day in zip(came, days, strict=True)]
    after_max = list(
        accumulate((value - steep * day for value, day in zip(came, days, strict=True)), min)
    )
    for index, soon, later, beyond in windows:
        node = nodes[index]
        if node > bound:
            continue
        best, day = limit, days[index]
        if found := before_ideal[soon]:
            best = min(found) + early * (edge.ideal - day)
        if found := after_ideal[later]:
            best = min(best, min(found) + late * (day - edge.ideal))
        if beyond:
            overdue = late * (edge.max - edge.ideal) + steep * (day - edge.max)
            best = min(best, after_max[beyond - 1] + overdue)
        if best < limit:
            cost, pointers[index] = divmod(best, unit)
            if cost + node <= bound:
                costs[index] = cost + node
    return costs, pointers


def _walk_back(reach: Nodes, back: Sequence[Nodes]) -> Path:
    total, day, lane = min(
        (cost, day, lane) for lane, costs in enumerate(reach) for day, cost in enumerate(costs)
    )
    steps = [(day, lane)]
    for pointers in reversed(back):
        day, lane = divmod(pointers[lane][day], len(reach))
        steps.append((day, lane))
    return Path(total, tuple(reversed(steps)))
