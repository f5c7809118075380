"""Questions asked so often that their SQL is worked out once.

Turning a QuerySet into SQL takes Django ten times as long as most databases take to answer: of the
24 000 Python calls a booking used to make, 17 000 did nothing else. A `Prepared` question is written
as any other, with `Given` in the places of what is known only when it is asked; what the ORM made
of it is kept, and the values go through the same fields as ever.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.models.query import get_related_populators
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
        with connection.cursor() as cursor:
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
