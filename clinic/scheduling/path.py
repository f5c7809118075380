"""The cheapest way through a course: one day and one lane (practitioner) per session.

Node costs come from the caller; edges are the gaps between sessions. The gap cost is linear in
pieces (early, late, past the maximum), so each piece is a minimum over a window of the sessions
before and the whole answer is exact: it is a shortest path, not a heuristic.

It looks at few days, and proves that they are enough. A search within a bound of B points follows
only what costs at most B from the first session on. No cost is negative, so every part of a path
that costs at most B costs at most B itself: all such paths are followed, each at its full price.
If the cheapest of them is found, whatever was left out costs more than B, hence more than it; and
as no path of the same price was left out either, the choice among equals is that of the whole
search too. If none is found the bound is raised; the last bound leaves nothing out.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

FAR = 1 << 40  # the cost of what cannot be had
LIMIT = FAR // 2
#: Points a path may cost before it is followed no further, tried in turn. Most courses cost little,
#: so that most days of a long search are never looked at; the last bound leaves nothing out.
BOUNDS = (10, 50, 200, 800, 3200, LIMIT - 1)


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

    def shortest(self, points: int) -> int:
        """The shortest gap that may cost no more than `points`."""
        return max(self.min, self.ideal - points // self.early) if self.early else self.min

    def widest(self, points: int) -> int | None:
        """The longest gap that costs no more than `points`, or a little more; None for no end."""
        if self.late and self.ideal + points // self.late <= self.max:
            return self.ideal + points // self.late
        slope = self.late + self.past
        if not slope:
            return None
        return max((points + self.late * self.ideal + self.past * self.max) // slope, self.max)


class Network(Protocol):
    """What a course may be made of; a node is a day (by its index in `days`) and a lane."""

    days: Sequence[int]
    """The day numbers, ascending."""
    lanes: int
    """How many lanes there are."""
    switch: int
    """Points for a change of lane."""
    origin: int
    """The day number the first gap is counted from."""
    edges: Sequence[Edge]
    """The gap before each layer."""

    def nodes(self, layer: int, index: int, within: int) -> Sequence[int] | None:
        """Points of each lane on a day, FAR where it cannot be had; None when no lane can.

        Asked only for days that can be reached, with the points that are left: None may also be
        given when every lane costs more than `within`.
        """


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


def best_path(network: Network, bounds: Sequence[int] = BOUNDS) -> Path | DeadEnd:
    """The cheapest choice of one (day, lane) per layer that costs no more than the last bound.

    Of equally cheap paths the one with the earliest last day, then the earliest day before it and
    so on, is taken, and the lowest lane: equal input gives equal output.
    """
    for bound in bounds:
        found = path_within(network, bound)
        if isinstance(found, Path):
            break
    return found


def best_of(networks: Sequence[Network]) -> tuple[int, Path] | None:
    """The network with the cheapest path, the first of equals, and that path; None without any.

    All are searched within a bound before any is searched further, and once a path is found the
    others only for a cheaper one.
    """
    for bound in BOUNDS:
        best = None
        for number, network in enumerate(networks):
            found = path_within(network, best[1].total - 1 if best else bound)
            if isinstance(found, Path):
                best = number, found
        if best:
            return best
    return None


def path_within(network: Network, bound: int) -> Path | DeadEnd:
    """The cheapest path if it costs no more than `bound`, else where the search ended."""
    if not network.lanes:
        return DeadEnd(0, None)
    front = _Front([network.origin], [[0]] * network.lanes)
    back: list[_Front] = []
    for layer in range(len(network.edges)):
        found = _step(network, layer, front, bound)
        if not found.days:
            return DeadEnd(layer, back[-1].first if back else None)
        back.append(found)
        front = found
    return _walk_back(network, back)


class _Front:
    """What one layer costs: `rows[lane][n]` for day number `days[n]`, from index `first` on.

    A cost is a code: points * unit + the node it belongs to, so that the least code is the cheapest
    node and of equals the earliest, then the lowest. `came` names the node before each node.
    """

    def __init__(self, days: Sequence[int], rows: Sequence[list[int]], first: int = 0) -> None:
        self.days, self.rows, self.first = days, rows, first
        self.came: dict[int, list[int]] = {}


def _step(network: Network, layer: int, before: _Front, bound: int) -> _Front:
    """The costs within the bound of reaching the nodes of a layer from those before it."""
    days, lanes, edge = network.days, network.lanes, network.edges[layer]
    unit = len(days) * lanes
    anyone = list(map(min, *before.rows)) if lanes > 1 else list(before.rows[0])
    cheapest = _Leg(before.days, anyone, edge, unit)
    changed = [code + network.switch * unit for code in anyone]
    legs = [_Leg(before.days, list(map(min, row, changed)), edge, unit) for row in before.rows]
    reached: dict[int, list[int]] = {}
    came: dict[int, list[int]] = {}
    for index in _reachable(days, before.days, edge, bound):
        day = days[index]
        window = cheapest.window(day)
        left = bound - cheapest.least(day, window) // unit
        nodes = network.nodes(layer, index, left) if left >= 0 else None
        if nodes is None or min(nodes) > left:
            continue
        codes, pointers = [FAR * unit] * lanes, [0] * lanes
        for lane, node in enumerate(nodes):
            if node <= left:
                cost, pointers[lane] = divmod(legs[lane].least(day, window), unit)
                if cost + node <= bound:
                    codes[lane] = (cost + node) * unit + index * lanes + lane
        if min(codes) < LIMIT * unit:
            reached[index], came[index] = codes, pointers
    return _front(days, lanes, reached, came)


def _front(days, lanes: int, reached: dict[int, list[int]], came: dict) -> _Front:
    """The days reached, with the days between them that were not, as rows by lane."""
    if not reached:
        return _Front((), ())
    first, last = min(reached), max(reached)
    none = [FAR * len(days) * lanes] * lanes
    columns = [reached.get(index, none) for index in range(first, last + 1)]
    front = _Front(days[first : last + 1], list(map(list, zip(*columns, strict=True))), first)
    front.came = came
    return front


def _reachable(days: Sequence[int], before: Sequence[int], edge: Edge, bound: int) -> range:
    """The indexes of the days to which the days before lead within the bound."""
    widest = edge.widest(bound)
    end = len(days) if widest is None else bisect_right(days, before[-1] + widest)
    return range(bisect_left(days, before[0] + edge.shortest(bound)), end)


class _Leg:
    """The cheapest way from the days before to a later one, by the three pieces of the gap."""

    def __init__(self, days: Sequence[int], codes: Sequence[int], edge: Edge, unit: int) -> None:
        self.days, self.edge, self.none = days, edge, FAR * unit
        self.early, self.late = edge.early * unit, edge.late * unit
        self.steep = self.late + edge.past * unit
        both = list(zip(codes, days, strict=True))
        self.before_ideal = [code + self.early * (edge.ideal + day) for code, day in both]
        self.after_ideal = [code - self.late * (edge.ideal + day) for code, day in both]
        overdue = self.late * (edge.max - edge.ideal)
        self.after_max = list(
            accumulate((code + overdue - self.steep * (edge.max + day) for code, day in both), min)
        )

    def window(self, day: int) -> tuple[int, int, int, int, int]:
        """Which earlier days are early, which late but within the maximum, how many lie beyond."""
        days, edge = self.days, self.edge
        return (
            bisect_left(days, day - edge.ideal + 1),
            bisect_right(days, day - edge.min),
            bisect_left(days, day - edge.max),
            bisect_right(days, day - max(edge.min, edge.ideal)),
            bisect_right(days, day - max(edge.min, edge.max + 1)),
        )

    def least(self, day: int, window: tuple[int, int, int, int, int]) -> int:
        """The least code of any of the days before, the gap to `day` included."""
        soon, soon_end, later, later_end, beyond = window
        best = self.none
        if soon < soon_end:
            best = min(best, min(self.before_ideal[soon:soon_end]) - self.early * day)
        if later < later_end:
            best = min(best, min(self.after_ideal[later:later_end]) + self.late * day)
        if beyond:
            best = min(best, self.after_max[beyond - 1] + self.steep * day)
        return best


def _walk_back(network: Network, back: Sequence[_Front]) -> Path:
    unit = len(network.days) * network.lanes
    total, node = divmod(min(min(row) for row in back[-1].rows), unit)
    steps = [divmod(node, network.lanes)]
    for front in reversed(back[1:]):
        day, lane = steps[-1]
        steps.append(divmod(front.came[day][lane], network.lanes))
    return Path(total, tuple(reversed(steps)))
