"""A signed record never changes (A57): whoever tries, by whichever way, is refused by the database."""

import pytest
from django.db import DatabaseError, connection, models, transaction

from tests import factories
from tests.support.records import numbing, ready
from treatments.actions.sessions import add_addendum, save_draft, strike_session
from treatments.actions.signing import is_intact, sign_session
from treatments.models import (
    Addendum,
    AnaestheticApplication,
    CartridgeUse,
    FindingAnswer,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
)

PARTS = [ZoneTreatment, CartridgeUse, AnaestheticApplication, ProductUse, FindingAnswer]
OPEN = {"struck_at", "struck_by", "struck_because", "version", "status", "id"}
FROZEN = [field.name for field in TreatmentSession._meta.concrete_fields if field.name not in OPEN]


@pytest.fixture
def signed(patient, practitioner, now):
    """Return a signed record that has every kind of part."""
    session = ready(factories.plan(patient), practitioner, now, serum=True)
    cream = {**numbing(patient.clinic, session, now)}
    session = save_draft(
        session=session, version=session.version, at=now, by=practitioner,
        values={"numbing": [cream], "no_numbing_because": "", "notes": "Calm."},
    )  # fmt: skip
    FindingAnswer.objects.create(session=session, finding_key="X:", level="WARN", reason="Seen",
                                 by=practitioner, at=now)  # fmt: skip
    return sign_session(session=session, version=session.version, at=now, by=practitioner)


def refused(deed):
    """Say whether the database refuses a deed."""
    try:
        with transaction.atomic():
            deed()
    except DatabaseError:
        return True
    return False


def other_value(row, field):
    """Return a value for a column that differs from the one it holds."""
    value = getattr(row, field.attname)
    if isinstance(field, models.BooleanField):
        return not value
    if isinstance(field, models.JSONField):
        return {"other": True}
    if isinstance(field, models.ForeignKey):
        return None if value else 1
    if isinstance(field, models.DateField):
        return None if field.null and value else "2020-01-01T00:00:00+00:00"[: 10 if type(
            field) is models.DateField else 25]  # fmt: skip
    if isinstance(field, models.IntegerField):
        return (value or 0) + 1
    if isinstance(field, models.DecimalField):
        return (value or 0) + 1
    return f"~{value[1:]}"


def test_every_kind_of_part_is_there(signed):
    assert [model.objects.filter(session=signed).count() for model in PARTS] == [1, 1, 1, 1, 1]


@pytest.mark.parametrize("name", FROZEN)
def test_no_column_of_a_signed_record_can_be_written(signed, name):
    field = TreatmentSession._meta.get_field(name)
    value = other_value(signed, field)

    rows = TreatmentSession.objects.filter(pk=signed.pk)
    assert refused(lambda: rows.update(**{field.attname: value}))
    assert is_intact(TreatmentSession.objects.get(pk=signed.pk))


@pytest.mark.parametrize("status", ["draft", "signed "])
def test_a_signed_record_never_becomes_a_draft_again(signed, status):
    rows = TreatmentSession.objects.filter(pk=signed.pk)

    assert refused(lambda: rows.update(status=status, signed_at=None, signed_by=None))
    assert refused(lambda: rows.update(status=status))


def test_saving_the_object_is_refused(signed):
    signed.notes = "Changed"

    assert refused(signed.save)
    assert TreatmentSession.objects.get(pk=signed.pk).notes == "Calm."


def test_deleting_the_record_is_refused(signed):
    assert refused(lambda: TreatmentSession.objects.filter(pk=signed.pk).delete())
    assert refused(lambda: TreatmentSession.objects.filter(pk=signed.pk)._raw_delete("default"))


def test_raw_sql_is_refused(signed):
    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql, [signed.pk])

    table = TreatmentSession._meta.db_table
    assert refused(lambda: run(f"UPDATE {table} SET notes = 'x' WHERE id = %s"))
    assert refused(lambda: run(f"UPDATE {table} SET signed_hash = '' WHERE id = %s"))
    assert refused(lambda: run(f"DELETE FROM {table} WHERE id = %s"))


@pytest.mark.parametrize("model", PARTS)
def test_parts_of_a_signed_record_stand(signed, model):
    row = model.objects.get(session=signed)
    columns = [field for field in model._meta.concrete_fields if field.name not in {"id"}]
    table = model._meta.db_table

    def run(sql):
        with connection.cursor() as cursor:
            cursor.execute(sql, [row.pk])

    for field in columns:
        if field.name != "session":
            value = other_value(row, field)
            assert refused(
                lambda field=field, value=value: model.objects.filter(pk=row.pk).update(
                    **{field.attname: value}
                )
            )
    assert refused(row.save)
    assert refused(row.delete)
    assert refused(lambda: model.objects.filter(pk=row.pk)._raw_delete("default"))
    assert refused(lambda: run(f"UPDATE {table} SET session_id = session_id WHERE id = %s"))
    assert refused(lambda: run(f"DELETE FROM {table} WHERE id = %s"))


@pytest.mark.parametrize("model", PARTS)
def test_no_part_is_added_to_a_signed_record(signed, model):
    row = model.objects.get(session=signed)
    row.pk = None
    if model is ZoneTreatment:
        row.zone = factories.zone()
    if model is FindingAnswer:
        row.finding_key = "Y:"

    assert refused(lambda: row.save(force_insert=True))


@pytest.mark.parametrize("model", PARTS)
def test_a_part_of_a_draft_is_not_moved_into_a_signed_record(signed, model, practitioner, now):
    draft = ready(factories.plan(factories.patient(signed.clinic)), practitioner, now)
    row = model.objects.get(session=signed)
    row.pk, row.session = None, draft
    if model is ZoneTreatment:
        row.zone = factories.zone()
    row.save(force_insert=True)

    assert refused(lambda: model.objects.filter(pk=row.pk).update(session=signed))


def test_an_addendum_is_never_changed_or_removed(signed, practitioner, now):
    added = add_addendum(session=signed, text="Calm at noon.", reason="Call", at=now,
                         by=practitioner)  # fmt: skip

    assert refused(lambda: Addendum.objects.filter(pk=added.pk).update(text="x"))
    assert refused(lambda: Addendum.objects.filter(pk=added.pk)._raw_delete("default"))
    assert refused(added.delete)


def test_a_struck_record_stays_as_it_was_signed(signed, practitioner, now):
    strike_session(session=signed, because="Wrong patient", at=now, by=practitioner)
    rows = TreatmentSession.objects.filter(pk=signed.pk)

    assert refused(lambda: rows.update(notes="x"))
    assert refused(lambda: rows.update(status="signed", struck_at=None, struck_by=None,
                                       struck_because=""))  # fmt: skip
    assert refused(lambda: rows._raw_delete("default"))
    assert is_intact(rows.get())


def test_a_draft_can_still_be_written(patient, practitioner, now):
    draft = ready(factories.plan(patient), practitioner, now)

    assert not refused(lambda: TreatmentSession.objects.filter(pk=draft.pk).update(notes="x"))
    assert not refused(lambda: draft.zones.update(passes=5))
