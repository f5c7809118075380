"""Measured: a fortnight of 400 appointments repaired, by processor time; the floor is its greedy start.

Pure sums: the made-up fortnights of tests/support/disruptions.py, no database. Quality is held by
tests/clinic/scheduling/test_repair_fixtures.py against proven optima.
"""

from collections.abc import Iterator

from clinic.scheduling.repair import repair
from tests.bench.timing import Result, clocked
from tests.support.disruptions import problem

ROUNDS, SEEDS = 3, range(1, 9)
ROWS = (
    ("A", "repair 400 appointments, one person off 3 days", 1000),
    ("C", "repair 400 appointments, two people off a week", 1000),
    ("E", "repair 520 appointments, dense, two people off a week", 1000),
)


def repairs(samples: int) -> Iterator[Result]:
    """Measure the search of all its turns, the eight stored fortnights of a scenario in turn.

    `samples` is bounded, for each takes most of a second.
    """
    for name, words, limit in ROWS:
        fortnights = [problem(name, seed) for seed in SEEDS]
        result = Result(words, target=f"p95 ≤ {limit} ms of processor", target_ms=limit)
        for n in range(min(samples, ROUNDS * len(SEEDS))):
            asked = fortnights[n % len(SEEDS)]
            _, work, _ = clocked(lambda asked=asked: repair(asked))
            _, floor, _ = clocked(lambda asked=asked: repair(asked, turns=0))
            result.times.append(work)
            result.work.append(work)
            result.floors.append(floor)
        yield result
