"""What is asked and written so often that its SQL is worked out once, and its plan too.

Turning a QuerySet into SQL takes Django ten times as long as most databases take to answer: of the
24 000 Python calls a booking used to make, 17 000 did nothing else. A `Prepared` question is written
as any other, with `Given` in the places of what is known only when it is asked; what the ORM made
of it is kept, and the values go through the same fields as ever. `insert` and `change` write rows in
the same way. PostgreSQL is told to keep its plan as well, which took it up to ten times as long as
the answer.
"""

import functools
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import SimpleNamespace
from typing import NamedTuple

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
from django.db.models.sql import InsertQuery, UpdateQuery
from django.db.transaction import TransactionManagementError

NO_SHIFT = timedelta()


class Given(Expression):
    """A value named when the question is asked, of the column type `output_field`.

    A day or an instant may be shifted: `Given("today", DateField()) + timedelta(days=14)`.
    """

    def __init__(self, name: str, output_field: models.Field, shift: timedelta = NO_SHIFT) -> None:
        super().__init__(output_field)
        self.name, self.shift = name, shift

    def __add__(self, more: timedelta) -> "Given":
        return Given(self.name, self.output_field, self.shift + more)

    def __sub__(self, less: timedelta) -> "Given":
        return self + -less

    def as_sql(self, compiler, connection):
        """Return a mark, and itself in the place of its value."""
        return "%s", [self]

    def value_in(self, values: dict):
        """Return what the database is given of the values a question is asked with."""
        value = values[self.name]
        if self.shift and value is not None:
            value += self.shift
        return self.output_field.get_db_prep_value(value, connection)


class Made(NamedTuple):
    """What the ORM made of a question for one kind of database."""

    sql: str
    params: tuple
    converters: tuple  # (place of a column, the steps from the database to Python, the column)
    locks: bool
    model: type[models.Model] | None = None  # where it asks for rows of a model: which,
    names: tuple[str, ...] = ()  # the names of its columns
    first: int = 0  # and where they begin,
    joined: tuple = ()  # and what makes the rows joined to it

    def converted(self, row) -> tuple:
        """Return a row as Python has it: what a database keeps as text or number becomes a value."""
        values = list(row)
        for at, convert, column in self.converters:
            for step in convert:
                values[at] = step(values[at], column, connection)
        return tuple(values)

    def instance(self, values) -> models.Model:
        """Return a row's converted values as the model it is, with what `select_related` joined."""
        own = values[self.first : self.first + len(self.names)]
        row = self.model.from_db(connection.alias, self.names, own)
        for joined in self.joined:
            joined.populate(values, row)
        return row


class Prepared:
    """One question, asked with values by name.

    `question` returns a QuerySet with `Given`s in it and is called once for each kind of database,
    when first asked there. How many values there are is part of the SQL: a list of unknown length is
    no question for this class. One that locks rows is asked inside a transaction only.
    """

    def __init__(self, question: Callable[[], models.QuerySet]) -> None:
        self._question = question
        self._kept: dict[str, Made] = {}

    def __call__(self, **values) -> list[tuple]:
        """Ask, and return every row as the values of its columns, those of `values_list`."""
        made = self._made
        if made.locks and connection.get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of one.")
        given = [
            param.value_in(values) if isinstance(param, Given) else param for param in made.params
        ]
        with _cursor() as cursor:
            cursor.execute(made.sql, given)
            rows = cursor.fetchall()
        return [made.converted(row) for row in rows] if made.converters else rows

    def rows(self, **values) -> list[models.Model]:
        """Ask, and return every row as the model it is, with what `select_related` joined."""
        made = self._made
        return [made.instance(row) for row in self(**values)]

    @property
    def _made(self) -> Made:
        vendor = connection.vendor
        if vendor not in self._kept:
            query = self._question().query
            self._kept[vendor] = make(query, query.get_compiler(connection=connection))
        return self._kept[vendor]


def insert(rows: Sequence[models.Model]) -> None:
    """Write new rows of one model in one statement, as `bulk_create` does, and set their keys.

    For what every deed writes, a handful at a time: the statement is kept for each number of rows.
    """
    if not rows:
        return
    model = type(rows[0])
    fields = _columns_of(model)
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), connection)
        for row in rows
        for field in fields
    ]
    with _cursor() as cursor:
        cursor.execute(_insert_sql(connection.vendor, model, len(rows)), values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk, state = key, row._state  # noqa: SLF001 (documented: Model._state)
        state.adding, state.db = False, connection.alias


def change(row: models.Model, **values) -> int:
    """Write these columns of a stored row and of no other, as `QuerySet.update` does.

    Names are those of the columns (`appointment_id`). Returns how many rows there were: 1, or 0.
    """
    model, names = type(row), tuple(sorted(values))
    field_of = model._meta.get_field
    given = [field_of(name).get_db_prep_save(values[name], connection) for name in names]
    given.append(model._meta.pk.get_db_prep_value(row.pk, connection))
    with _cursor() as cursor:
        cursor.execute(_change_sql(connection.vendor, model, names), given)
        return cursor.rowcount


@functools.cache
def _columns_of(model) -> list[models.Field]:
    """Return the fields of a model that are written with a new row: all but a key that is counted."""
    return [field for field in model._meta.local_concrete_fields if not field.primary_key]


@functools.cache
def _insert_sql(vendor: str, model, count: int) -> str:
    """Return the statement that writes so many rows and returns their keys."""
    fields = _columns_of(model)
    blank = SimpleNamespace(**{field.attname: Given("", field) for field in fields})
    query = InsertQuery(model)
    query.insert_values(fields, [blank] * count)
    compiler = query.get_compiler(connection=connection)
    compiler.returning_fields = [model._meta.pk]
    ((sql, _),) = compiler.as_sql()
    return sql


@functools.cache
def _change_sql(vendor: str, model, names: tuple[str, ...]) -> str:
    """Return the statement that writes columns, in the order of `names`, of the row with a key."""
    query = UpdateQuery(model)
    query.add_filter("pk", Given("", model._meta.pk))
    query.add_update_values({name: Given("", model._meta.get_field(name)) for name in names})
    return query.get_compiler(connection=connection).as_sql()[0]


def _cursor():
    """Return a cursor of Django's own kind; on PostgreSQL one whose statements keep their plan."""
    if connection.vendor != "postgresql":
        return connection.cursor()
    connection.ensure_connection()
    kept = _planned_once()(connection.connection)
    return connection._prepare_cursor(kept)  # noqa: SLF001 (wrapped as any cursor is)


@functools.cache
def _planned_once() -> type:
    """Return the class of that cursor: the server binds the values and keeps the plan from the first.

    Made when first asked for: a clinic with SQLite need not load what it stands on.
    """
    from django.db.backends.postgresql.base import ServerBindingCursor

    class PlannedOnce(ServerBindingCursor):
        def execute(self, query, params=None):
            """Run a statement by its kept plan."""
            try:
                return super().execute(query, params, prepare=True)
            finally:  # what DEBUG shows; psycopg keeps no text of a prepared statement
                self._query = SimpleNamespace(query=query.encode())

    return PlannedOnce


def make(query, compiler, **options) -> Made:
    """Return a question as SQL, as the compiler of the database that is asked writes it."""
    sql, params = compiler.as_sql(**options)
    steps = compiler.get_converters(column for column, *_ in compiler.select)
    made = Made(
        sql, tuple(params), tuple((at, *pair) for at, pair in steps.items()),
        locks=query.select_for_update and connection.features.has_select_for_update,
    )  # fmt: skip
    if (about := compiler.klass_info) is None:
        return made
    own = about["select_fields"]
    return made._replace(
        model=about["model"], names=tuple(compiler.select[at][0].target.attname for at in own),
        first=own[0],
        joined=tuple(get_related_populators(about, compiler.select, connection.alias)),
    )  # fmt: skip
