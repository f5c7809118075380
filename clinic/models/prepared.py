"""Questions asked so often that their SQL is worked out once.

Turning a QuerySet into SQL takes Django ten times as long as most databases take to answer: of the
24 000 Python calls a booking used to make, 17 000 did nothing else. A `Prepared` question is written
as any other, with `Given` in the places of what is known only when it is asked; what the ORM made
of it is kept, and the values go through the same fields as ever.
"""

from collections.abc import Callable, Sequence

from django.db import connection, models
from django.db.models.expressions import Expression
from django.db.transaction import TransactionManagementError


class Given(Expression):
    """A value named when the question is asked, of the column type `output_field`."""

    def __init__(self, name: str, output_field: models.Field) -> None:
        super().__init__(output_field)
        self.name = name

    def as_sql(self, compiler, connection):
        """Return a mark, and itself in the place of its value."""
        return "%s", [self]


class Prepared:
    """One question, asked with values by name; it answers with rows of plain values.

    `question` returns a QuerySet with `Given`s in it and is called once for each kind of database,
    when first asked there. How many values there are is part of the SQL: a list of unknown length is
    no question for this class. Columns come in the order of `values_list`, or of the model and then
    of what is joined, for `loaded`. One that locks rows is asked inside a transaction only.
    """

    def __init__(self, question: Callable[[], models.QuerySet]) -> None:
        self._question = question
        self._made: dict[str, tuple] = {}

    def __call__(self, **values) -> list[tuple]:
        """Ask, and return every row."""
        sql, params, converters, locks = self._made.get(connection.vendor) or self._make()
        if locks and connection.get_autocommit():
            raise TransactionManagementError("select_for_update cannot be used outside of one.")
        given = [
            param.output_field.get_db_prep_value(values[param.name], connection)
            if isinstance(param, Given)
            else param
            for param in params
        ]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = cursor.fetchall()
        return [_converted(row, converters) for row in rows] if converters else rows

    def _make(self) -> tuple:
        query = self._question().query
        compiler = query.get_compiler(connection=connection)
        sql, params = compiler.as_sql()
        steps = compiler.get_converters(column for column, *_ in compiler.select)
        converters = tuple((at, *pair) for at, pair in steps.items())
        locks = query.select_for_update and connection.features.has_select_for_update
        self._made[connection.vendor] = made = sql, tuple(params), converters, locks
        return made


def loaded(model: type[models.Model], values: Sequence) -> models.Model:
    """Return the row of a model that its columns, all and in its order, make."""
    return model.from_db(connection.alias, (), values)


def _converted(row, converters) -> tuple:
    """Return a row as Python has it: what a database keeps as text or number becomes a value."""
    values = list(row)
    for at, convert, column in converters:
        for step in convert:
            values[at] = step(values[at], column, connection)
    return tuple(values)
