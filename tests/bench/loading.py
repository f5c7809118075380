"""Many rows into tables quickly: promises and indexes off, rows in, promises and indexes back."""

import contextlib
import json
import time
from collections.abc import Callable, Iterable

from django.db import connection, models, transaction

from clinic.actions.statistics import gather_statistics
from clinic.models import Hold, Rest

GUARDED = (Hold, Rest)  # their `NoOverlap` is dropped, added again and looked at


def fill(model: type[models.Model], names: list[str], rows: Iterable[tuple], **same) -> None:
    """Insert rows of plain values (`names` are attnames); other columns are `same` or the default.

    Plain means what both databases take: numbers, text, None; days and instants in ISO form.
    """
    rest = {
        field.attname: _plain(field.get_default())
        for field in model._meta.local_concrete_fields
        if field.attname not in names and not field.primary_key
    } | same
    columns = [model._meta.get_field(name).column for name in [*names, *rest]]
    tail = tuple(rest.values())
    listed = ", ".join(connection.ops.quote_name(column) for column in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    whole = (row + tail for row in rows)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in whole:
                    copy.write_row(row)
        else:
            marks = ", ".join("?" * len(columns))
            bare = connection.connection.cursor()  # Django's own would rewrite every parameter
            bare.executemany(f"INSERT INTO {table} ({listed}) VALUES ({marks})", whole)


def _plain(value):
    if isinstance(value, dict | list):
        return json.dumps(value)
    return int(value) if isinstance(value, bool) else value


@contextlib.contextmanager
def unguarded(tables: list[type[models.Model]], say: Callable[[str], None]):
    """Take away promises against overlap, secondary indexes and foreign keys inside the block.

    Everything is back and verified when the block ends; a database of its own is taken for granted.
    `say` is told how long each step took.
    """
    begun = time.perf_counter()

    def took(step: str) -> None:
        nonlocal begun
        say(f"{step}: {time.perf_counter() - begun:.0f} s")
        begun = time.perf_counter()

    with connection.cursor() as cursor:
        _hurry(cursor)
        for model in GUARDED:
            _run(cursor, _promise(model, "remove_sql"))
        indexes = [row for model in tables for row in _indexes(cursor, model._meta.db_table)]
        for name, _ in indexes:
            cursor.execute(f'DROP INDEX "{name}"')
    with transaction.atomic():
        yield
    took("rows")
    with connection.cursor() as cursor:
        for _, statement in indexes:
            cursor.execute(statement)
        took("indexes")
        for model in GUARDED:
            _run(cursor, _promise(model, "create_sql"))
            took(f"promise of {model._meta.verbose_name_plural}")
        _settle(cursor, tables)
    took("statistics")


def _hurry(cursor) -> None:
    if connection.vendor == "postgresql":
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SET idle_in_transaction_session_timeout = 0")
        cursor.execute("SET session_replication_role = replica")  # foreign keys are not asked
        cursor.execute("SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '1GB'")  # an index is sorted in memory
        cursor.execute("ALTER SYSTEM SET max_wal_size = '16GB'")  # no checkpoint in between
        cursor.execute("SELECT pg_reload_conf()")
    else:
        cursor.execute("PRAGMA foreign_keys = OFF")
        cursor.execute("PRAGMA journal_mode = MEMORY")  # a broken load is thrown away
        cursor.execute("PRAGMA synchronous = OFF")
        cursor.execute("PRAGMA secure_delete = OFF")
        cursor.execute("PRAGMA cache_size = -500000")


def settle(tables: list[type[models.Model]]) -> None:
    """Set the counters of the keys and gather statistics, as `unguarded` does at its end."""
    with connection.cursor() as cursor:
        _settle(cursor, tables)


def _settle(cursor, tables) -> None:
    """Set the counters of the keys, gather statistics and go back to the usual settings."""
    if connection.vendor == "postgresql":
        for model in tables:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('\"{table}\"', 'id'),"
                f' (SELECT coalesce(max(id), 1) FROM "{table}"))'
            )
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("ALTER SYSTEM RESET max_wal_size")
        cursor.execute("SELECT pg_reload_conf()")
        cursor.execute("CHECKPOINT")
    else:
        broken = cursor.execute("PRAGMA foreign_key_check").fetchall()
        if broken:
            raise ValueError(f"{len(broken)} rows point nowhere, the first: {broken[0]}")
        gather_statistics()  # as the product does
    connection.close()  # the next one has the application's own settings


def _promise(model, verb: str) -> list[str]:
    """Return the statements that give (`create_sql`) or take back (`remove_sql`) a `NoOverlap`."""
    statements = []
    for constraint in model._meta.constraints:
        if type(constraint).__name__ != "NoOverlap":
            continue
        editor = connection.schema_editor(collect_sql=True)
        returned = getattr(constraint, verb)(model, editor)
        statements += [str(returned)] if returned else editor.collected_sql
    return statements


def _run(cursor, statements: Iterable[str]) -> None:
    for statement in statements:
        cursor.execute(statement)


def _indexes(cursor, table: str) -> list[tuple[str, str]]:
    """Return (name, statement) of the indexes that no constraint needs."""
    if connection.vendor == "postgresql":
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = %s AND NOT EXISTS"
            " (SELECT 1 FROM pg_constraint WHERE conname = indexname)", [table],
        )  # fmt: skip
    else:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = %s"
            " AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%%'", [table],
        )  # fmt: skip
    return cursor.fetchall()


def overlaps() -> int:
    """Return how many neighbouring holds or rests overlap: none may."""
    found = 0
    for model, key, start, end in ((Hold, "resource_id", "start", "end"),
                                   (Rest, "area_id", "start_day", "end_day")):  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(
                f'SELECT count(*) FROM (SELECT "{key}" AS k, "{start}" AS s, lag("{end}") OVER'
                f' (PARTITION BY "{key}" ORDER BY "{start}") AS e FROM "{model._meta.db_table}") t'
                " WHERE e > s"
            )
            found += cursor.fetchone()[0]
    return found
