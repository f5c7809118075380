"""The promises stand after every kind of schema change, on scratch tables."""

import pytest
from django.apps import apps
from django.db import connection, models
from django.db.models import Q
from django.test.utils import isolate_apps

from clinic.models import Rest
from clinic.models.constraints import AppendOnly, Frozen, FrozenWith, NoOverlap
from tests.support.diary import broken
from treatments.models import Addendum, TreatmentSession, ZoneTreatment


@pytest.fixture
def tables(transactional_db):
    """Return scratch models with every promise, their tables made; gone afterwards."""
    with isolate_apps("clinic"):

        class Whole(models.Model):  # noqa: DJ008 -- nobody reads it
            status = models.CharField(max_length=9)
            note = models.CharField(max_length=9, default="")
            struck = models.CharField(max_length=9, default="")

            class Meta:
                app_label = "clinic"
                db_table = "scratch_whole"
                constraints = [
                    Frozen(column="status", values=("signed", "error"), mutable=("struck",),
                           moves=(("signed", "error"),), name="scratch_whole_stays")
                ]  # fmt: skip

        class Part(models.Model):  # noqa: DJ008 -- nobody reads it
            whole = models.ForeignKey(Whole, models.CASCADE)
            text = models.CharField(max_length=9, default="")

            class Meta:
                app_label = "clinic"
                db_table = "scratch_part"
                constraints = [
                    FrozenWith(parent="whole", column="status", values=("signed",),
                               name="scratch_part_frozen")
                ]  # fmt: skip

        class Line(models.Model):  # noqa: DJ008 -- nobody reads it
            text = models.CharField(max_length=9)

            class Meta:
                app_label = "clinic"
                db_table = "scratch_line"
                constraints = [AppendOnly(name="scratch_line_append_only")]

        class Span(models.Model):  # noqa: DJ008 -- nobody reads it
            lane = models.IntegerField()
            start = models.IntegerField()
            end = models.IntegerField()

            class Meta:
                app_label = "clinic"
                db_table = "scratch_span"
                constraints = [
                    NoOverlap(partition="lane", start="start", end="end", longest=100,
                              name="scratch_span_no_overlap")
                ]  # fmt: skip

    made = (Whole, Part, Line, Span)
    with connection.schema_editor() as editor:
        for model in made:
            editor.create_model(model)
    yield dict(zip(("whole", "part", "line", "span"), made, strict=True))
    with connection.schema_editor() as editor:
        for model in reversed(made):
            editor.delete_model(model)


def altered(model, name: str, field: models.Field) -> None:
    """Change a column, which makes the table anew on SQLite."""
    old = model._meta.get_field(name)
    field.set_attributes_from_name(name)
    field.model = model
    with connection.schema_editor() as editor:
        editor.alter_field(model, old, field)


def promised(model, constraint) -> None:
    """Add a constraint, which makes the table anew on SQLite."""
    model._meta.constraints.append(constraint)
    with connection.schema_editor() as editor:
        editor.add_constraint(model, constraint)


CHANGES = {
    "as made": lambda model, column: None,
    "after AlterField": lambda model, column: altered(
        model, column, models.CharField(max_length=60, default="")
        if column != "lane" else models.BigIntegerField()
    ),
    "after AddConstraint": lambda model, column: promised(
        model, models.CheckConstraint(condition=Q(pk__gt=0), name=f"{model.__name__}_pk")
    ),
}  # fmt: skip


@pytest.fixture(params=CHANGES)
def changed(request):
    """Return a function that does one schema change to a table."""
    return CHANGES[request.param]


def test_overlaps_are_refused_after_a_schema_change(tables, changed):
    spans = tables["span"].objects
    spans.create(lane=1, start=0, end=10)

    changed(tables["span"], "lane")

    assert broken(lambda: spans.create(lane=1, start=9, end=20)) == "scratch_span_no_overlap"
    assert spans.create(lane=1, start=10, end=20).pk
    assert spans.create(lane=2, start=9, end=20).pk


def test_lines_stay_after_a_schema_change(tables, changed):
    lines = tables["line"].objects
    lines.create(text="one")

    changed(tables["line"], "text")

    broken(lambda: lines.update(text="two"))
    broken(lambda: lines.all()._raw_delete("default"))
    assert lines.create(text="three").pk


def test_a_signed_row_stays_after_a_schema_change(tables, changed):
    wholes = tables["whole"].objects
    draft, signed = (wholes.create(status=status) for status in ("draft", "signed"))

    changed(tables["whole"], "note")

    broken(lambda: wholes.filter(pk=signed.pk).update(note="new"))
    broken(lambda: wholes.filter(pk=signed.pk).update(status="draft"))
    broken(lambda: wholes.filter(pk=signed.pk)._raw_delete("default"))
    assert wholes.filter(pk=draft.pk).update(note="new") == 1
    assert wholes.filter(pk=signed.pk).update(status="error", struck="why") == 1
    broken(lambda: wholes.filter(pk=signed.pk).update(status="signed"))
    assert wholes.filter(pk=draft.pk).update(status="signed") == 1


def test_parts_of_a_signed_row_stay_after_a_schema_change(tables, changed):
    wholes, parts = tables["whole"].objects, tables["part"].objects
    draft, signed = (wholes.create(status="draft") for _ in range(2))
    mine, theirs = (parts.create(whole=whole) for whole in (draft, signed))
    wholes.filter(pk=signed.pk).update(status="signed")

    changed(tables["part"], "text")

    broken(lambda: parts.create(whole=signed))
    broken(lambda: parts.filter(pk=theirs.pk).update(text="new"))
    broken(lambda: parts.filter(pk=theirs.pk).update(whole=draft))
    broken(lambda: parts.filter(pk=mine.pk).update(whole=signed))
    broken(lambda: parts.filter(pk=theirs.pk)._raw_delete("default"))
    assert parts.filter(pk=mine.pk).update(text="new") == 1
    assert parts.filter(pk=mine.pk)._raw_delete("default") == 1


def test_a_promise_taken_back_no_longer_refuses(tables):
    span = tables["span"]
    constraint = span._meta.constraints.pop()
    span.objects.create(lane=1, start=0, end=10)

    with connection.schema_editor() as editor:
        editor.remove_constraint(span, constraint)

    assert span.objects.create(lane=1, start=0, end=10).pk


# --- The tables of the house ----------------------------------------------------------------------
def triggers() -> set[str]:
    """Return the names of all triggers of the database."""
    source = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }
    with connection.cursor() as cursor:
        cursor.execute(source[connection.vendor])
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize(
    ("model", "column", "wider"),
    [
        (TreatmentSession, "struck_because", models.CharField(max_length=400)),
        (ZoneTreatment, "speed", models.BigIntegerField(null=True)),
        (Addendum, "reason", models.CharField(max_length=300)),
        (Rest, "start_day", models.BigIntegerField()),
    ],
)
def test_a_table_of_the_house_can_be_made_anew_and_keeps_its_guards(
    transactional_db, model, column, wider
):
    before, old = triggers(), model._meta.get_field(column)
    wider.set_attributes_from_name(column)
    wider.model = model

    for change in ((old, wider), (wider, old)):
        with connection.schema_editor() as editor:
            editor.alter_field(model, *change)

        assert triggers() == before


def guard_of(name: str) -> str:
    """Return what a guard of the database says, as it stands there."""
    source = {
        "sqlite": "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = %s",
        "postgresql": "SELECT prosrc FROM pg_proc WHERE proname = %s || '_refuses'",
    }
    with connection.cursor() as cursor:
        cursor.execute(source[connection.vendor], [name])
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("model", "frozen"),
    [
        (model, constraint)
        for model in apps.get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, Frozen)
    ],
)
def test_a_frozen_row_keeps_every_column_also_those_added_since(db, model, frozen):
    guard = guard_of(f"{frozen.name}_update")

    unguarded = [
        field.name
        for field in model._meta.local_concrete_fields
        if f'NEW."{field.column}"' not in guard
    ]

    assert set(unguarded) == set(frozen.mutable)
