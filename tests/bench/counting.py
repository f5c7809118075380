"""Counted work, the same in every run: what the database did and how much Python was called."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection, transaction

from tests.bench.timing import Watch

WARM_UPS = 3


@dataclass(frozen=True)
class Work:
    """What one deed cost, without a clock.

    `reads` is SQLite's count of virtual machine steps (what it sorts is not among them), or how
    many rows PostgreSQL looked at. `pages` of 8 kB is what the latter touched, in its memory or
    not: a row found by an index costs one for each level of it. `calls` counts Python functions,
    those written in C included.
    """

    queries: int
    reads: int
    pages: int
    calls: int
    rows: int


def counted(deed: Callable[[], int]) -> Work:
    """Return the work of a reading deed that returns how many rows it showed."""
    for _ in range(WARM_UPS):  # caches of the process are filled, statements known
        deed()
    with Watch() as watch:
        rows = deed()
    is_postgres = connection.vendor == "postgresql"
    reads, pages = _explained(watch.reads) if is_postgres else (_steps(deed), 0)
    return Work(len(watch.statements), reads, pages, _calls(deed), rows)


def _steps(deed: Callable[[], int]) -> int:
    """Return how many steps SQLite's virtual machine took."""
    steps = 0

    def step() -> int:
        nonlocal steps
        steps += 1
        return 0

    connection.ensure_connection()
    connection.connection.set_progress_handler(step, 1)
    try:
        deed()
    finally:
        connection.connection.set_progress_handler(None, 0)
    return steps


def _explained(statements) -> tuple[int, int]:
    """Return how many rows PostgreSQL looked at for statements, and how many pages it touched."""
    rows = pages = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, params in statements:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params)
            (told,) = cursor.fetchone()
            plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
            rows += _rows_of(plan)
            pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    return rows, pages


def _rows_of(node: dict) -> int:
    """Return how many rows the scans of a plan looked at, those a filter threw away included."""
    rows = sum(map(_rows_of, node.get("Plans", ())))
    if "Relation Name" in node and "Actual Rows" in node:
        each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        rows += round((each + node.get("Rows Removed by Index Recheck", 0)) * node["Actual Loops"])
    return rows


def _calls(deed: Callable[[], int]) -> int:
    """Return how many functions were called, the two that begin and end the count aside."""
    calls = 0

    def count(frame, event, what) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        deed()
    finally:
        sys.setprofile(None)
    return calls
