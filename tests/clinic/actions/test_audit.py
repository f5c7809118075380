"""The log: one line a deed in the deed's own transaction, nothing about it changes afterwards."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, connection, transaction

from clinic.actions.audit import record
from clinic.models import AuditEvent, AuditHead
from tests import factories


def test_a_line_keeps_who_in_which_role_did_what_to_whom(clinic, patient, lead, now):
    line = record("patient.edited", patient, at=now, by=lead, patient=patient,
                  category="demographics", details={"fields": ["phone"]})  # fmt: skip

    line.refresh_from_db()
    assert (
        line.clinic_id, line.seq, line.at, line.actor_id, line.actor_name, line.actor_role,
        line.action, line.object_type, line.object_id, line.patient_id, line.details,
    ) == (
        clinic.pk, 1, now, lead.pk, str(lead), "lead", "patient.edited", "clinic.patient",
        str(patient.pk), patient.pk, {"fields": ["phone"]},
    )  # fmt: skip


def test_a_line_ties_to_the_line_before_it_and_the_head_follows(clinic, patient, lead, now):
    first = record("patient.viewed", patient, at=now, by=lead)
    second = record("patient.viewed", patient, at=now, by=lead)

    assert (second.seq, second.previous_mac) == (2, first.mac)
    assert AuditHead.objects.values_list("clinic_id", "seq", "mac").get() == (
        clinic.pk, 2, second.mac,
    )  # fmt: skip


def test_each_clinic_has_a_chain_of_its_own(clinic, patient, lead, now):
    elsewhere = factories.patient(factories.clinic())

    lines = [record("patient.viewed", row, at=now, by=lead) for row in (patient, elsewhere)]

    assert [line.seq for line in lines] == [1, 1]
    assert [line.actor_role for line in lines] == ["lead", ""]


@transaction.atomic
def record_and_fail(patient, *, at, by):
    record("patient.edited", patient, at=at, by=by)
    return 1 // 0


def test_a_line_lives_and_dies_with_its_deed(patient, lead, now):
    record("patient.viewed", patient, at=now, by=lead)

    with pytest.raises(ZeroDivisionError):
        record_and_fail(patient, at=now, by=lead)
    after = record("patient.viewed", patient, at=now, by=lead)

    assert list(AuditEvent.objects.values_list("seq", "action").order_by("seq")) == [
        (1, "patient.viewed"), (2, "patient.viewed"),
    ]  # fmt: skip
    assert AuditEvent.objects.first_break(after.clinic_id, "") is not None  # another key


def test_the_system_acts_under_its_own_name(clinic, now):
    line = record("clinic.founded", clinic, clinic=clinic, at=now, by=None)

    assert (line.actor_id, line.actor_name, line.actor_role) == (None, "Needlepoint", "")


def test_a_name_longer_than_the_column_is_cut(clinic, now):
    lead = factories.staff(clinic, "lead", first_name="A" * 150, last_name="B" * 150)

    assert record("x", clinic, clinic=clinic, at=now, by=lead).actor_name == "A" * 150


@pytest.mark.parametrize("deed", [
    lambda rows: rows.update(action="nothing"),
    lambda rows: rows.delete(),
])  # fmt: skip
def test_the_log_refuses_changes_through_the_orm(patient, lead, now, deed):
    record("patient.viewed", patient, at=now, by=lead)

    with pytest.raises(ValidationError, match="append-only"):
        deed(AuditEvent.objects.all())


@pytest.mark.parametrize("deed", [
    lambda line: line.save(),
    lambda line: line.delete(),
    lambda line: AuditEvent.objects.bulk_update([line], ["action"]),
])  # fmt: skip
def test_the_log_refuses_changes_to_one_row(patient, lead, now, deed):
    line = record("patient.viewed", patient, at=now, by=lead)
    line.action = "nothing"

    with pytest.raises((ValidationError, DatabaseError)), transaction.atomic():
        deed(line)

    assert AuditEvent.objects.get().action == "patient.viewed"


@pytest.mark.parametrize("sql", [
    "UPDATE clinic_auditevent SET action = 'nothing'",
    "DELETE FROM clinic_auditevent",
])  # fmt: skip
def test_the_database_refuses_changes_by_sql(patient, lead, now, sql):
    record("patient.viewed", patient, at=now, by=lead)

    with (
        pytest.raises(IntegrityError, match="auditevent_append_only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)
