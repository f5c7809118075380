"""The cheapest way through a course: one day and one lane (practitioner) per session.

Node costs come from the caller; edges are the gaps between sessions. The gap cost is linear in
pieces (early, late, past the maximum), so each piece is a minimum over a window of the sessions
before and the whole answer is exact: it is a shortest path, not a heuristic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

FAR = 1 << 60  # the cost of what cannot be had
_LIMIT = FAR // 2

Nodes = Sequence[Sequence[int]]  # [lane][day] -> points or FAR


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


def best_path(layers: Sequence[Nodes], edges: Sequence[Edge], switch: int) -> Path | DeadEnd:
    """The cheapest choice of one (day, lane) per layer, days strictly ordered by the edges.

    `edges[k]` lies between layer k and layer k + 1; a change of lane costs `switch`. Of equally
    cheap paths the one with the earliest last day, then the earliest day before it and so on,
    is taken, and the lowest lane: equal input gives equal output.
    """
    reach = [list(lane) for lane in layers[0]]
    if not _reached(reach):
        return DeadEnd(0, None)
    back: list[list[list[int]]] = []
    for layer, edge in enumerate(edges, start=1):
        before = reach
        reach, pointers = _step(before, layers[layer], edge, switch)
        back.append(pointers)
        if not _reached(reach):
            return DeadEnd(layer, _first_day(before))
    return _walk_back(reach, back)


def _reached(reach: Nodes) -> bool:
    return any(min(lane, default=FAR) < _LIMIT for lane in reach)


def _first_day(reach: Nodes) -> int:
    return min(day for lane in reach for day, cost in enumerate(lane) if cost < _LIMIT)


def _step(
    before: Nodes, nodes: Nodes, edge: Edge, switch: int
) -> tuple[list[list[int]], list[list[int]]]:
    """Costs of reaching each node of a layer, and the (day * lanes + lane) each came from."""
    lanes, days = len(before), len(before[0])
    unit = lanes * days  # one point; the rest of a number names the node it came from
    coded = [
        [cost * unit + day * lanes + lane if cost < _LIMIT else FAR * unit for day, cost in row]
        for lane, row in ((lane, enumerate(costs)) for lane, costs in enumerate(before))
    ]
    anyone = [min(column) + switch * unit for column in zip(*coded, strict=True)]
    reach, back = [], []
    for lane in range(lanes):
        costs, pointers = [FAR] * days, [0] * days
        cheapest = _over_gaps(list(map(min, coded[lane], anyone)), edge, unit)
        for day, node in enumerate(nodes[lane]):
            if node < _LIMIT and (value := cheapest(day)) < _LIMIT * unit:
                cost, pointers[day] = divmod(value, unit)
                costs[day] = cost + node
        reach.append(costs)
        back.append(pointers)
    return reach, back


def _over_gaps(came: list[int], edge: Edge, unit: int):
    """Function day -> cheapest coded cost over all earlier days, by the three pieces of a gap."""
    early, late, past = edge.early * unit, edge.late * unit, edge.past * unit
    before_ideal = [value + early * day for day, value in enumerate(came)]
    after_ideal = [value - late * day for day, value in enumerate(came)]
    after_max = list(
        accumulate((value - (late + past) * day for day, value in enumerate(came)), min)
    )
    on_time, over = max(edge.min, edge.ideal), max(edge.min, edge.max + 1)

    def cheapest(day: int) -> int:
        best = FAR * unit
        if window := before_ideal[max(day - edge.ideal + 1, 0) : max(day - edge.min + 1, 0)]:
            best = min(window) + early * (edge.ideal - day)
        if window := after_ideal[max(day - edge.max, 0) : max(day - on_time + 1, 0)]:
            best = min(best, min(window) + late * (day - edge.ideal))
        if day >= over:
            value = after_max[day - over] + late * (day - edge.ideal) + past * (day - edge.max)
            best = min(best, value)
        return best

    return cheapest


def _walk_back(reach: Nodes, back: Sequence[Nodes]) -> Path:
    total, day, lane = min(
        (cost, day, lane) for lane, costs in enumerate(reach) for day, cost in enumerate(costs)
    )
    steps = [(day, lane)]
    for pointers in reversed(back):
        day, lane = divmod(pointers[lane][day], len(reach))
        steps.append((day, lane))
    return Path(total, tuple(reversed(steps)))
