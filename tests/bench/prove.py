"""The least points a repair can have, proven: `python -m tests.bench.prove E 1 2 3 [--seconds 300]`.

Needs OR-tools, which is no part of this project: make a virtual environment outside the repository,
`pip install ortools tzdata`, and run this module with it from the repository's root. It prints a row
per seed for tests/clinic/scheduling/test_repair_fixtures.py: visits, points, and the bound where it
lies below them (nothing proven within the time).

One boolean per visit and place it could have, each priced by `disruption.charges`, so that nothing
here shares a line with the search. A practitioner serves one visit per five minutes; rooms and
devices are counted first, and the plan found is then carried out with named ones. Where that fails
the named ones of that day enter the sum and it is solved again. What is printed as proven was
therefore carried out, checked minute by minute, and cannot be bettered.
"""

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass

from ortools.sat.python import cp_model

from clinic.scheduling.disruption import Place, Problem, Visit, charges, check, price
from clinic.scheduling.finder import KINDS
from clinic.scheduling.repair import repair
from tests.support.disruptions import problem

CELL_MIN = 5  # every start and phase of the made-up fortnights lies on it
SHARED = ("room", "device")
STARTS = 4  # searches the solver may begin from


@dataclass(frozen=True)
class Way:
    """One place a visit could have, rooms and devices left open unless it stays where it is."""

    visit: Visit
    day: int
    bit: int
    practitioner_id: int
    points: int

    def cells(self, kind: str) -> range | list[int]:
        """Five-minute cells in which it needs one of a kind."""
        return [
            minute
            for start, end in self.visit.shape.needs[kind]
            for minute in range(self.bit + start, self.bit + end, CELL_MIN)
        ]


def ways_of(asked: Problem, visit: Visit) -> list[Way]:
    """Every place a visit could have if it were alone."""
    out = []
    of_kind = {
        kind: [u for u in asked.units if u.kind == kind and u.unit_id in visit.unit_ids]
        for kind in KINDS
    }
    for day, on in enumerate(asked.days):
        if not visit.may_come(on):
            continue
        for bit in range(0, asked.frames[day].minutes, visit.shape.grid_min):
            if any(visit.busy_on(day) >> bit + n & 1 for n in range(visit.shape.total_min)):
                continue
            if not all(
                not visit.shape.needs[kind]
                or any(_is_free(unit, day, bit, visit, kind) for unit in of_kind[kind])
                for kind in SHARED
            ):
                continue
            for unit in of_kind["practitioner"]:
                if _is_free(unit, day, bit, visit, "practitioner"):
                    place = Place(day, bit, unit.unit_id)
                    cost = sum(row["cost"] for row in charges(asked, visit, place))
                    if cost < asked.weights.unplaced:
                        out.append(Way(visit, day, bit, unit.unit_id, cost))
    return out


def _is_free(unit, day: int, bit: int, visit: Visit, kind: str) -> bool:
    return all(
        (unit.free[day] >> bit + start) & ((1 << end - start) - 1) == (1 << end - start) - 1
        for start, end in visit.shape.needs[kind]
    )


def _solver(limit_s: float) -> cp_model.CpSolver:
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.linearization_level = 2
    solver.parameters.cp_model_probing_level = 0
    solver.parameters.symmetry_level = 0
    solver.parameters.max_presolve_iterations = 1
    solver.parameters.max_time_in_seconds = limit_s
    return solver


class Sum:
    """The whole question as one sum; `named` are the (kind, day) whose units have names in it."""

    def __init__(self, asked: Problem, named: frozenset[tuple[str, int]]) -> None:
        self.asked, self.named = asked, named
        self.model = cp_model.CpModel()
        self.ways = {visit.visit_id: ways_of(asked, visit) for visit in asked.visits}
        self.chosen = {
            way: self.model.new_bool_var("") for ways in self.ways.values() for way in ways
        }
        for ways in self.ways.values():
            self.model.add_at_most_one(self.chosen[way] for way in ways)
        self._people()
        for kind in SHARED:
            for day in range(len(asked.days)):
                (self._with_names if (kind, day) in named else self._counted)(kind, day)
        self.model.minimize(
            sum((way.points - asked.weights.unplaced) * var for way, var in self.chosen.items())
        )

    def _people(self) -> None:
        rows = defaultdict(set)
        for way in self.chosen:
            for cell in way.cells("practitioner"):
                rows[way.practitioner_id, way.day, cell].add(way)
        for row in _undominated(rows.values()):
            self.model.add_at_most_one(self.chosen[way] for way in row)

    def _counted(self, kind: str, day: int) -> None:
        rows = defaultdict(set)
        for way in self.chosen:
            if way.day == day:
                for cell in way.cells(kind):
                    rows[cell].add(way)
        by_count = defaultdict(list)
        for cell, row in rows.items():
            free = sum(u.kind == kind and u.free[day] >> cell & 1 for u in self.asked.units)
            by_count[free].append(row)
        for free, group in by_count.items():
            for row in _undominated(group):
                self.model.add(sum(self.chosen[way] for way in row) <= free)

    def _with_names(self, kind: str, day: int) -> None:
        """Every way of that day takes one named unit for its whole need."""
        starts = defaultdict(list)
        for way in self.chosen:
            if way.day == day and way.visit.shape.needs[kind]:
                starts[way.visit.visit_id, way.bit].append(way)
        cells = defaultdict(list)
        for ways in starts.values():
            way, takes = ways[0], []
            for unit in self.asked.units:
                may = unit.kind == kind and unit.unit_id in way.visit.unit_ids
                if may and _is_free(unit, day, way.bit, way.visit, kind):
                    var = self.model.new_bool_var("")
                    takes.append(var)
                    for cell in way.cells(kind):
                        cells[unit.unit_id, cell].append(var)
            self.model.add(sum(takes) == sum(self.chosen[way] for way in ways))
        for row in cells.values():
            self.model.add_at_most_one(row)

    def solve(self, limit_s: float) -> tuple[list[Way], int, bool]:
        """(the ways chosen, the bound in points, whether it is proven)."""
        tried = (repair(self.asked, seed=seed) for seed in range(1, STARTS + 1))
        known = min(tried, key=lambda plan: plan.points).places
        for way, var in self.chosen.items():
            place = known[way.visit.visit_id]
            at = place and (place.day, place.bit, place.practitioner_id)
            self.model.add_hint(var, at == (way.day, way.bit, way.practitioner_id))
        solver = _solver(limit_s)
        status = solver.solve(self.model)
        none = self.asked.weights.unplaced * len(self.asked.visits)
        chosen = [way for way, var in self.chosen.items() if solver.value(var)]
        bound = -int(-solver.best_objective_bound // 1) + none
        return chosen, bound, status == cp_model.OPTIMAL


def _undominated(rows) -> list[set]:
    """The rows that lie in no other row."""
    out: list[set] = []
    for row in sorted({frozenset(row) for row in rows}, key=len, reverse=True):
        if len(row) > 1 and not any(row <= other for other in out):
            out.append(row)
    return out


def carried_out(asked: Problem, chosen: list[Way]) -> tuple[dict[int, Place | None], set]:
    """(places with named rooms and devices, the (kind, day) for which no names were found)."""
    names: dict[tuple[int, str], int] = {}
    failed = set()
    for kind in SHARED:
        for day in range(len(asked.days)):
            ways = [way for way in chosen if way.day == day and way.visit.shape.needs[kind]]
            found = _names(asked, ways, kind, day)
            if found is None:
                failed.add((kind, day))
            names |= found or {}
    places: dict[int, Place | None] = {visit.visit_id: None for visit in asked.visits}
    for way in chosen:
        key = way.visit.visit_id
        places[key] = Place(
            way.day, way.bit, way.practitioner_id, *(names.get((key, kind)) for kind in SHARED)
        )
    return places, failed


def _names(asked: Problem, ways: list[Way], kind: str, day: int):
    model, cells, var = cp_model.CpModel(), defaultdict(list), {}
    for way in ways:
        for unit in asked.units:
            may = unit.kind == kind and unit.unit_id in way.visit.unit_ids
            if may and _is_free(unit, day, way.bit, way.visit, kind):
                var[way, unit.unit_id] = model.new_bool_var("")
                for cell in way.cells(kind):
                    cells[unit.unit_id, cell].append(var[way, unit.unit_id])
        model.add_exactly_one(v for (other, _), v in var.items() if other == way)
    for row in cells.values():
        model.add_at_most_one(row)
    solver = _solver(60)
    if solver.solve(model) not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    return {(way.visit.visit_id, kind): unit for (way, unit), v in var.items() if solver.value(v)}


def prove(asked: Problem, limit_s: float) -> tuple[int, int]:
    """(points of the best plan carried out, the bound no plan can go below)."""
    named: frozenset = frozenset()
    while True:
        chosen, bound, _ = Sum(asked, named).solve(limit_s)
        places, failed = carried_out(asked, chosen)
        if not failed:
            assert check(asked, places) == []
            return price(asked, places), bound
        named |= failed


def main(name: str, seeds: list[int], seconds: float) -> None:
    """Print one row per seed."""
    for seed in seeds:
        asked = problem(name, seed)
        began = time.perf_counter()
        points, bound = prove(asked, seconds)
        found, took = repair(asked).points, time.perf_counter() - began
        print(
            f"{name} {seed}: {len(asked.visits)} visits, {points} points, bound {bound}; "
            f"the search {found} (+{100 * (found / points - 1):.2f} %); {took:.0f} s",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices="ABCDEFG")
    parser.add_argument("seeds", nargs="*", type=int, default=list(range(1, 9)))
    parser.add_argument("--seconds", type=float, default=300)
    given = parser.parse_args()
    main(given.name, given.seeds, given.seconds)
