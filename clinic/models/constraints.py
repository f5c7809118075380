"""Promises the database keeps, written once for SQLite and PostgreSQL.

Each class goes into `Meta.constraints` like any Django constraint, so `makemigrations` sees it and a
table re-make on SQLite (which drops triggers) brings it back: Django re-adds every constraint then.
"""

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, F, Q

#: The number line of `NoOverlap` gives each partition 2^27 units: minutes until the year 2225.
LINE = 2**27


def _defer(templates, model, schema_editor):
    """Put statements with a `%(table)s` in them at the end of the schema change.

    The table is a reference, not text: a re-make on SQLite builds `new__table` first and renames it,
    and Django renames the references in waiting statements along with it.
    """
    for template in templates:
        table = Table(model._meta.db_table, schema_editor.quote_name)
        schema_editor.deferred_sql.append(Statement(template, table=table))


def _run(templates, model, schema_editor):
    """Run statements with a `%(table)s` in them now."""
    table = schema_editor.quote_name(model._meta.db_table)
    for template in templates:
        schema_editor.execute(template % {"table": table}, params=None)


def _set_aside(table, schema_editor):
    """Take away other tables' triggers that look at this one, and put them back at the end.

    A re-make on SQLite drops the table before it renames the new one; a trigger elsewhere that
    names the missing table would stop the rename.
    """
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(
            "SELECT name, sql FROM sqlite_master"
            " WHERE type = 'trigger' AND tbl_name <> %s AND instr(sql, %s)",
            [table, schema_editor.quote_name(table)],
        )
        for name, sql in cursor.fetchall():
            schema_editor.execute(f'DROP TRIGGER "{name}"', params=None)
            schema_editor.deferred_sql.append(sql.replace("%", "%%"))


class Promise(BaseConstraint):
    """A constraint known by what it says, so that the migration autodetector sees a change."""

    def __eq__(self, other):
        return type(self) is type(other) and self.deconstruct() == other.deconstruct()

    def __hash__(self):
        return hash((type(self), self.name))


class TriggerConstraint(Promise):
    """A constraint made of trigger statements that run once the table stands."""

    def statements(self, model, schema_editor) -> list[str]:
        """Return the statements that create the triggers, in order."""
        raise TypeError("A trigger constraint says what its triggers are.")

    def drops(self, model, schema_editor) -> list[str]:
        """Return the statements that remove the triggers."""
        raise TypeError("A trigger constraint says how its triggers go.")

    def constraint_sql(self, model, schema_editor):
        """Defer the triggers to the end of the schema change; nothing goes into CREATE TABLE."""
        _defer(self.statements(model, schema_editor), model, schema_editor)

    def create_sql(self, model, schema_editor):
        """Run the statements now (they are several, so none is returned)."""
        _run(self.statements(model, schema_editor), model, schema_editor)

    def remove_sql(self, model, schema_editor):
        """Drop the triggers now."""
        _run(self.drops(model, schema_editor), model, schema_editor)

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        """Leave the verdict to the database; actions turn its refusal into a sentence."""


class NoOverlap(Promise):
    """No two rows of one partition may share a stretch `[start, end)` of whole numbers.

    `partition` is a foreign key or integer field; `start` and `end` are integer fields in one unit
    (minutes or days since the epoch); `lasts` in place of `end` is a field with the length. PostgreSQL gets one exclusion constraint over a single number
    line (no extension needed); SQLite gets BEFORE triggers, whose look-back is bounded by `longest`.
    A check constraint beside it must say that a stretch is at least 1 and at most `longest` long.
    """

    def __init__(
        self, *, partition, start, longest, name, end=None, lasts=None, violation_error_message=None
    ):
        super().__init__(
            name=name, violation_error_code="overlap",
            violation_error_message=violation_error_message,
        )  # fmt: skip
        self.partition, self.start, self.longest = partition, start, longest
        self.end, self.lasts = end, lasts

    def _columns(self, model, schema_editor):
        quote, field = schema_editor.quote_name, model._meta.get_field
        names = (self.partition, self.start, self.end or self.lasts)
        return tuple(quote(field(name).column) for name in names)

    def _end(self, start: str, last: str, row: str = "") -> str:
        """Return where a stretch of a row ends, as SQL over its quoted columns."""
        return f"{row}{last}" if self.end else f"({row}{start} + {row}{last})"

    def _postgres_body(self, model, schema_editor):
        key, start, last = self._columns(model, schema_editor)
        end = self._end(start, last)
        return (
            f"EXCLUDE USING gist (int8range({key} * {LINE} + {start}, {key} * {LINE} + {end}, '[)')"
            f" WITH &&) WHERE ({start} < {end})"
        )

    def _sqlite_triggers(self, model, schema_editor):
        key, start, last = self._columns(model, schema_editor)
        end, new_end = self._end(start, last), self._end(start, last, "NEW.")
        pk = schema_editor.quote_name(model._meta.pk.column)
        clash = (
            f"EXISTS (SELECT 1 FROM %(table)s WHERE {key} = NEW.{key} AND {start} < {new_end}"  # noqa: S608 -- our own columns, quoted
            f" AND {start} > NEW.{start} - {self.longest} AND {end} > NEW.{start}"
        )
        own = {"insert": ")", "update": f" AND {pk} IS NOT OLD.{pk})"}
        bad = f"{new_end} <= NEW.{start} OR {new_end} > NEW.{start} + {self.longest} OR "
        events = {"insert": "INSERT", "update": f"UPDATE OF {key}, {start}, {last}"}
        return [
            f'CREATE TRIGGER "{self.name}_{kind}" BEFORE {event} ON %(table)s '
            f"WHEN {bad}{clash}{own[kind]} "
            f"BEGIN SELECT RAISE(ABORT, 'NoOverlap {self.name}'); END"
            for kind, event in events.items()
        ]

    def constraint_sql(self, model, schema_editor):
        """Return the clause for CREATE TABLE, or defer the triggers on SQLite."""
        if schema_editor.connection.vendor == "postgresql":
            name = schema_editor.quote_name(self.name)
            return f"CONSTRAINT {name} {self._postgres_body(model, schema_editor)}"
        _defer(self._sqlite_triggers(model, schema_editor), model, schema_editor)
        return None

    def create_sql(self, model, schema_editor):
        """Return the statement that adds the promise to a standing table."""
        if schema_editor.connection.vendor == "postgresql":
            table, name = (schema_editor.quote_name(n) for n in (model._meta.db_table, self.name))
            body = self._postgres_body(model, schema_editor)
            return f"ALTER TABLE {table} ADD CONSTRAINT {name} {body}"
        _run(self._sqlite_triggers(model, schema_editor), model, schema_editor)
        return None

    def remove_sql(self, model, schema_editor):
        """Return the statement that takes the promise back."""
        if schema_editor.connection.vendor == "postgresql":
            table, name = (schema_editor.quote_name(n) for n in (model._meta.db_table, self.name))
            return f"ALTER TABLE {table} DROP CONSTRAINT {name}"
        for kind in ("insert", "update"):
            schema_editor.execute(f'DROP TRIGGER IF EXISTS "{self.name}_{kind}"', params=None)
        return None

    def validate(self, model, instance, exclude=None, using=DEFAULT_DB_ALIAS):
        """Refuse an overlap in a form; the database refuses it in any case."""
        exclude = exclude or ()
        last = self.end or self.lasts
        if {self.partition, self.start, last} & set(exclude):
            return
        key = getattr(instance, model._meta.get_field(self.partition).attname)
        start, end = getattr(instance, self.start), getattr(instance, last)
        if None in (key, start, end):
            return
        end = end if self.end else start + end
        rows = model._default_manager.using(using).annotate(
            upto=F(self.end) if self.end else F(self.start) + F(self.lasts)
        )
        clash = rows.filter(**{
            self.partition: key, f"{self.start}__lt": end, "upto__gt": start,
            f"{self.start}__gt": start - self.longest,
        })  # fmt: skip
        if clash.exclude(pk=instance.pk).exists():
            raise ValidationError(self.get_violation_error_message(), code="overlap")

    def deconstruct(self):
        """Return what a migration needs to write this down."""
        path, args, kwargs = super().deconstruct()
        kwargs.pop("violation_error_code", None)
        last = {"end": self.end} if self.end else {"lasts": self.lasts}
        kwargs |= {
            "partition": self.partition,
            "start": self.start,
            "longest": self.longest,
            **last,
        }
        return path, args, kwargs


class _Guard(TriggerConstraint):
    """Triggers that abort a change of rows which must stand."""

    def _create(self, model, schema_editor, event, when):
        name = f"{self.name}_{event.lower()}"
        message = f"{type(self).__name__} {self.name}"
        if schema_editor.connection.vendor == "postgresql":
            # Not in a WHEN clause: the type of a column named there could never change again.
            function, row = f'"{name}_refuses"', "OLD" if event == "DELETE" else "NEW"
            return [
                f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ "
                f"BEGIN IF {when} THEN RAISE EXCEPTION '{message}'"
                f" USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$",
                f'CREATE OR REPLACE TRIGGER "{name}" BEFORE {event} ON %(table)s FOR EACH ROW '
                f"EXECUTE FUNCTION {function}()",
            ]
        return [
            f'CREATE TRIGGER "{name}" BEFORE {event} ON %(table)s WHEN {when} '
            f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        ]

    def drops(self, model, schema_editor):
        """Return the statements that take both guards away."""
        on = " ON %(table)s" if schema_editor.connection.vendor == "postgresql" else ""
        return [
            f'DROP TRIGGER IF EXISTS "{self.name}_{event}"{on}'
            for event in ("insert", "update", "delete")
        ]


class AppendOnly(_Guard):
    """Rows of this table are added and never changed or removed."""

    def statements(self, model, schema_editor):
        """Return guards against UPDATE and DELETE of any row."""
        always = "true" if schema_editor.connection.vendor == "postgresql" else "1"
        return [
            sql
            for event in ("UPDATE", "DELETE")
            for sql in self._create(model, schema_editor, event, always)
        ]


class Frozen(_Guard):
    """A row whose `column` holds one of `values` keeps every column but those of `mutable`.

    `moves` lists the changes of `column` that stay open, as (from, to) pairs: a signed record may
    become entered in error and nothing else. A frozen row is never deleted.
    """

    def __init__(self, *, column, values, mutable=(), moves=(), name):
        super().__init__(name=name)
        self.column, self.values = column, tuple(values)
        self.mutable, self.moves = tuple(mutable), tuple(tuple(move) for move in moves)

    def constraint_sql(self, model, schema_editor):
        """Defer the guards; the parts' triggers step aside while SQLite makes this table anew."""
        if schema_editor.connection.vendor == "sqlite":
            _set_aside(model._meta.db_table.removeprefix("new__"), schema_editor)
        super().constraint_sql(model, schema_editor)

    def statements(self, model, schema_editor):
        """Return guards against UPDATE of frozen columns and DELETE of frozen rows."""
        quote = schema_editor.quote_name
        column = quote(model._meta.get_field(self.column).column)
        listed = ", ".join(f"'{value}'" for value in self.values)
        is_frozen = f"OLD.{column} IN ({listed})"
        differs = " OR ".join(
            f"NEW.{quote(field.column)} IS DISTINCT FROM OLD.{quote(field.column)}"
            for field in model._meta.local_concrete_fields
            if field.name not in {*self.mutable, self.column}
        )
        moved = f"NEW.{column} IS DISTINCT FROM OLD.{column}"
        open_moves = " OR ".join(
            f"(OLD.{column} = '{old}' AND NEW.{column} = '{new}')" for old, new in self.moves
        )
        illegal = f"({moved} AND NOT ({open_moves}))" if open_moves else moved
        update = f"{is_frozen} AND (({differs}) OR {illegal})"
        return [
            *self._create(model, schema_editor, "UPDATE", update),
            *self._create(model, schema_editor, "DELETE", is_frozen),
        ]

    def deconstruct(self):
        """Return what a migration needs to write this down."""
        path, args, kwargs = super().deconstruct()
        kwargs |= {"column": self.column, "values": self.values, "mutable": self.mutable,
                   "moves": self.moves}  # fmt: skip
        return path, args, kwargs


class FrozenWith(_Guard):
    """Rows that are part of a frozen whole are neither added, changed nor removed.

    `parent` is the foreign key to the whole, `column` and `values` as in `Frozen`.
    """

    def __init__(self, *, parent, column, values, name):
        super().__init__(name=name)
        self.parent, self.column, self.values = parent, column, tuple(values)

    def statements(self, model, schema_editor):
        """Return guards against INSERT, UPDATE and DELETE while the whole is frozen."""
        quote, field = schema_editor.quote_name, model._meta.get_field(self.parent)
        whole = field.remote_field.model._meta
        listed = ", ".join(f"'{value}'" for value in self.values)

        def frozen(row):
            return (
                f"EXISTS (SELECT 1 FROM {quote(whole.db_table)} w WHERE w.{quote(whole.pk.column)}"  # noqa: S608 -- our own names, quoted
                f" = {row}.{quote(field.column)} AND"
                f" w.{quote(whole.get_field(self.column).column)} IN ({listed}))"
            )

        if schema_editor.connection.vendor == "postgresql":
            return self._postgres(model, schema_editor, frozen)
        return [
            *self._create(model, schema_editor, "INSERT", frozen("NEW")),
            *self._create(model, schema_editor, "UPDATE", f"{frozen('OLD')} OR {frozen('NEW')}"),
            *self._create(model, schema_editor, "DELETE", frozen("OLD")),
        ]

    def _postgres(self, model, schema_editor, frozen):
        # A WHEN clause may hold no subquery on PostgreSQL: the function asks instead.
        function = schema_editor.quote_name(f"{self.name}_refuses")
        refuse = (
            f"RAISE EXCEPTION 'FrozenWith {self.name}'"
            " USING ERRCODE = 'integrity_constraint_violation';"
        )
        return [
            f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF TG_OP <> 'INSERT' AND {frozen('OLD')} THEN {refuse} END IF; "
            f"IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; "
            f"IF {frozen('NEW')} THEN {refuse} END IF; RETURN NEW; END $$",
            f'CREATE OR REPLACE TRIGGER "{self.name}_update" BEFORE INSERT OR UPDATE OR DELETE'
            f" ON %(table)s FOR EACH ROW EXECUTE FUNCTION {function}()",
        ]

    def deconstruct(self):
        """Return what a migration needs to write this down."""
        path, args, kwargs = super().deconstruct()
        kwargs |= {"parent": self.parent, "column": self.column, "values": self.values}
        return path, args, kwargs


def all_or_none(*fields: str, blank: tuple[str, ...] = ()) -> Q:
    """Return a condition: these nullable fields (and `blank` text fields) are set together or not.

    State travels with its evidence: who, when and why belong together.
    """
    filled = (
        Q(*[(f"{name}__isnull", False) for name in fields])
        & ~Q(*[(name, "") for name in blank], _connector=Q.OR)
        if blank
        else Q(*[(f"{name}__isnull", False) for name in fields])
    )
    empty = Q(*[(f"{name}__isnull", True) for name in fields], *[(name, "") for name in blank])
    return filled | empty


def before_or_open(start: str, end: str) -> Q:
    """Return a condition: `end` is empty or not before `start`."""
    return Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": F(start)})
