"""The bounded search for the cheapest path: what it leaves out never matters."""

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product

import pytest

from clinic.scheduling.course import (
    CourseRequest,
    CourseWish,
    ListedCandidates,
    SessionWish,
    propose_three,
)
from clinic.scheduling.path import FAR, LIMIT, DeadEnd, Edge, Path, best_of, best_path
from clinic.scheduling.slots import Slot

FIRST = date(2026, 12, 7)  # a Monday
WHOLE = (LIMIT - 1,)  # a search that leaves nothing out


@dataclass
class Net:
    """A network written down in full, which remembers the days it was asked for."""

    days: list[int]
    rows: list[list[list[int]]]  # [layer][day][lane]
    edges: list[Edge]
    switch: int
    origin: int = 0
    asked: set[int] = field(default_factory=set)

    @property
    def lanes(self):
        return len(self.rows[0][0])

    def nodes(self, layer, index, within):
        self.asked.add(index)
        return self.rows[layer][index]


def random_net(seed, *, layers, length, lanes):
    """Costs that are often equal, so that the choice among equals is tried as well."""
    rnd = random.Random(seed)
    days = sorted(rnd.sample(range(2 * length), length))
    points = rnd.choice([(0, 0, 20, FAR), (0, 1, 2, 300), (25, 40, FAR, FAR), (0, 3000, 9000)])
    edges = []
    for _ in range(layers):
        least, ideal = rnd.randint(1, 6), rnd.randint(1, 9)
        edges.append(
            Edge(least, ideal, ideal + rnd.randint(0, 4), rnd.randint(0, 3), rnd.randint(0, 4),
                 rnd.choice((0, 40)))
        )  # fmt: skip
    return Net(
        days,
        [[[rnd.choice(points) for _ in range(lanes)] for _ in days] for _ in range(layers)],
        edges,
        rnd.choice((0, 1, 60)),
    )


def enumerated(net):
    """The cheapest path by trying all of them, the latest session compared first among equals."""
    found = []
    nodes = list(product(range(len(net.days)), range(net.lanes)))
    for steps in product(nodes, repeat=len(net.edges)):
        total, day_before, lane_before = 0, net.origin, None
        for layer, (day, lane) in enumerate(steps):
            gap = net.edges[layer].cost(net.days[day] - day_before)
            total += FAR if gap is None else gap + net.rows[layer][day][lane]
            total += net.switch * (lane_before not in (None, lane))
            day_before, lane_before = net.days[day], lane
        found.append((total, tuple(reversed(steps))))
    total, steps = min(found)
    return Path(total, tuple(reversed(steps))) if total < LIMIT else None


@pytest.mark.parametrize("seed", range(40))
def test_the_bounded_search_finds_what_trying_every_path_finds(seed):
    net = random_net(seed, layers=3, length=7, lanes=2)

    found = best_path(net)

    assert (found if isinstance(found, Path) else None) == enumerated(net)


@pytest.mark.parametrize("seed", range(150))
def test_the_bounded_search_finds_what_the_whole_search_finds(seed):
    net = random_net(seed, layers=5, length=60, lanes=3)

    assert best_path(net) == best_path(net, WHOLE)


@pytest.mark.parametrize("seed", range(40))
def test_the_cheapest_of_several_networks_is_that_of_searching_each_to_its_end(seed):
    nets = [random_net(7 * seed + n, layers=3, length=20, lanes=2) for n in range(5)]
    found = [(n, best_path(net, WHOLE)) for n, net in enumerate(nets)]
    paths = [(path.total, n, path) for n, path in found if isinstance(path, Path)]

    best = best_of(nets)

    assert best == ((min(paths)[1:3]) if paths else None)


def test_days_no_cheap_path_can_use_are_not_looked_at():
    edge = Edge(28, 35, 42, 3, 4, 40)
    free = [[0] for _ in range(730)]
    net = Net(list(range(730)), [free] * 3, [Edge(0, 0, 730, 0, 4, 0), edge, edge], 60)

    assert best_path(net) == Path(0, ((0, 0), (35, 0), (70, 0)))
    assert net.asked == {0, 1, 2, *range(32, 38), *range(67, 73)}


def test_a_dead_end_is_told_as_by_the_whole_search():
    edge = Edge(5, 5, 5, 1, 1, 1)
    net = Net([0, 1, 2], [[[FAR], [0], [0]], [[0], [0], [0]]], [Edge(0, 0, 9, 0, 1, 0), edge], 0)

    assert best_path(net) == best_path(net, WHOLE) == DeadEnd(1, 1)


@dataclass(frozen=True)
class Watched(ListedCandidates):
    """Candidates that remember which days were looked at."""

    seen: set[date] = field(default_factory=set)

    def suited(self, day, from_min, to_min):
        self.seen.add(day)
        return super().suited(day, from_min, to_min)

    def why_empty(self, day):
        self.seen.add(day)
        return super().why_empty(day)


def year_of_openings(seed):
    """A course of four whose near days are full and whose later ones are ever freer."""
    rnd = random.Random(seed)
    by_day = {}
    for number in range(365):
        day = FIRST + timedelta(days=number)
        by_day[day] = [
            Slot(day, wall, wall, wall + 90, who, None, None)
            for who in (1, 2, 3)
            for wall in (540, 630, 900)
            if day.weekday() < 5 and rnd.random() < number / 120
        ]
    return CourseRequest(
        tuple(SessionWish(n, 28, 35, 42) for n in range(1, 5)),
        Watched(by_day),
        FIRST,
        wish=CourseWish(weekdays=rnd.choice((None, (1, 3))), from_min=rnd.choice((0, 840)),
                        primary_practitioner_id=rnd.choice((None, 2))),
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_without_the_days_that_were_not_looked_at_all_three_proposals_are_the_same(seed):
    whole = year_of_openings(seed)
    proposals = propose_three(whole)
    seen = whole.candidates.seen

    only_seen = {day: slots for day, slots in whole.candidates.by_day.items() if day in seen}
    short = propose_three(replace(whole, candidates=ListedCandidates(only_seen)))

    assert [row.as_dict() for row in short] == [row.as_dict() for row in proposals]
    assert max(seen) < FIRST + timedelta(days=365 - 60)
