"""How long something takes, how many queries it asks, and what the bare database needs for them."""

import math
import statistics
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

WARM_UPS = 2
Statement = tuple[str, tuple]


def percentile(figures: Iterable[float], share: float) -> float:
    """Return the smallest figure that `share` of them do not exceed."""
    ordered = sorted(figures)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


@dataclass
class Result:
    """What one row of the table says; times in milliseconds, `peak_mb` in 10^6 bytes."""

    name: str
    times: list[float] = field(default_factory=list)
    floors: list[float] = field(default_factory=list)
    queries: list[int] = field(default_factory=list)
    work: list[float] = field(default_factory=list)  # processor time of this process alone
    peak_mb: float | None = None
    floor_name: str = ""
    target: str = ""
    target_ms: float | None = None
    target_ratio: float | None = None
    target_queries: int | None = None
    target_mb: float | None = None

    @property
    def p50(self) -> float:
        """Return the middle time."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """Return the time 95 of 100 keep."""
        return percentile(self.times, 0.95)

    @property
    def ratio(self) -> float:
        """Return the middle time over the middle floor."""
        return self.p50 / statistics.median(self.floors)

    @property
    def verdict(self) -> str:
        """Return "yes", or what misses."""
        missed = [
            what
            for what, found, limit in (
                ("p95", self.p95, self.target_ms),
                ("queries", max(self.queries, default=0), self.target_queries),
                ("ratio", self.ratio, self.target_ratio),
                ("peak", self.peak_mb, self.target_mb),
            )
            if limit is not None and found > limit
        ]
        return "**no**: " + ", ".join(missed) if missed else "yes"


class Watch:
    """Counts the statements of a block and keeps them, without the cost of DEBUG."""

    def __init__(self) -> None:
        self.statements: list[Statement] = []

    def __call__(self, execute, sql, params, many, context):
        """Pass a statement on and keep it, unless it only begins or ends a transaction."""
        if not sql.startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT")):
            self.statements.append((sql, params))
        return execute(sql, params, many, context)

    def __enter__(self):
        from django.db import connection  # photos are measured without a database

        self._wrapped = connection.execute_wrapper(self)
        self._wrapped.__enter__()
        return self

    def __exit__(self, *problem):
        self._wrapped.__exit__(*problem)

    @property
    def reads(self) -> list[Statement]:
        """Return the statements that only read."""
        reading = ("SELECT", "(SELECT")  # the latter a union on PostgreSQL
        return [(sql, params) for sql, params in self.statements if sql.startswith(reading)]


def clocked(deed: Callable[[], object]) -> tuple[float, float, object]:
    """Return (milliseconds by the clock, of this process's processor, what the deed returned)."""
    begun, work = time.perf_counter(), time.process_time()
    answer = deed()
    work = time.process_time() - work
    return (time.perf_counter() - begun) * 1000, work * 1000, answer


def replay(statements: list[Statement]) -> None:
    """Ask the same questions of the bare database and take every row."""
    from django.db import connection

    with connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(sql, params)
            cursor.fetchall()


def measure(result: Result, deeds: list[Callable[[], object]], samples: int) -> Result:
    """Time reading deeds in turn, each followed by a replay of its own statements as the floor."""
    for number in range(samples + WARM_UPS):
        deed = deeds[number % len(deeds)]
        with Watch() as watch:
            elapsed, work, _ = clocked(deed)
        floor, *_ = clocked(lambda reads=watch.reads: replay(reads))
        if number >= WARM_UPS:
            result.times.append(elapsed)
            result.work.append(work)
            result.floors.append(floor)
            result.queries.append(len(watch.statements))
    return result
