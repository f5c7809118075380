"""Several short lists read at once: one trip to the database instead of one for each.

A page that shows a record whole needs a dozen lists of a few rows that do not hang on each other.
Each stays a QuerySet as any other; `read_together` sends them as the columns of one row, each the
list of its rows as JSON, and makes of them what the ORM would have made.
"""

import json
from decimal import Decimal
from typing import NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection, models
from django.db.models import QuerySet

from clinic.models.prepared import Made, make


class _Asked(NamedTuple):
    """One list as it is asked for: its SQL, what the ORM knows of it and its columns' names."""

    sql: str
    made: Made
    fields: tuple[models.Field, ...]


def read_together(**lists: QuerySet) -> dict[str, list[models.Model]]:
    """Return the rows of every list by its name. One query.

    A list is a QuerySet of rows of a model, with what `select_related` joins: a hundred columns at
    most. Neither annotations nor `prefetch_related` nor locks are kept; bytes have no JSON.
    """
    found, asked = {name: [] for name in lists}, {}
    for name, rows in lists.items():
        try:
            asked[name] = _ask(rows.query)
        except EmptyResultSet:  # Django knows without asking that there is none
            continue
    for (name, one), text in zip(asked.items(), _columns(asked.values()), strict=True):
        found[name] = [one.made.instance(_values(one, row)) for row in _loaded(text)]
    return found


def _ask(query) -> _Asked:
    """Return a list as an SQL expression of one JSON text."""
    compiler = query.get_compiler(connection=connection)
    made = make(query, compiler, with_col_aliases=True)
    names = ", ".join(connection.ops.quote_name(alias) for *_, alias in compiler.select)
    if connection.vendor == "postgresql":
        sql = f"(SELECT json_agg(json_build_array({names}))::text FROM ({made.sql}) one)"  # noqa: S608
    else:
        sql = f"(SELECT json_group_array(json_array({names})) FROM ({made.sql}) one)"  # noqa: S608 -- all of it Django's own
    fields = tuple(column.output_field for column, *_ in compiler.select)
    return _Asked(sql, made, fields)


def _columns(asked) -> tuple:
    """Ask for all lists and return the JSON text of each."""
    asked = list(asked)
    if not asked:
        return ()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(one.sql for one in asked),
            [param for one in asked for param in one.made.params],
        )
        return cursor.fetchone()


def _loaded(text: str | None) -> list:
    """Return the rows of a list; a figure stays what the database said, digit by digit."""
    exact = {"parse_float": Decimal} if connection.vendor == "postgresql" else {}
    return json.loads(text, **exact) if text else []


def _values(one: _Asked, row: list) -> tuple:
    """Return a row's values as the model takes them.

    SQLite keeps in JSON what it keeps in a table, so the converters do the rest. PostgreSQL's driver
    would have made days, instants and figures itself.
    """
    if connection.vendor == "postgresql":
        row = [_native(field, value) for field, value in zip(one.fields, row, strict=True)]
    return one.made.converted(row)


def _native(field: models.Field, value):
    if value is None:
        return None
    if isinstance(field, models.JSONField):
        return json.dumps(value, default=float)
    return field.to_python(value)
