"""The chain shows every change: edited, removed, added, moved and cut lines, and a rolled-back head."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from clinic.actions.audit import record
from clinic.models import AuditEvent, AuditHead
from tests import factories


@pytest.fixture
def log(patient, lead, now):
    """Return a clinic's log of five lines whose guards somebody with the database has removed."""
    for _ in range(5):
        record("patient.viewed", patient, at=now, by=lead, patient=patient)
    return patient.clinic_id


def sql(statement, *values):
    """Change the log as somebody who owns the database can: without its guards."""
    promise = next(c for c in AuditEvent._meta.constraints if c.name == "auditevent_append_only")
    with connection.cursor() as cursor:
        for drop in promise.drops(AuditEvent, connection.schema_editor()):
            cursor.execute(drop % {"table": "clinic_auditevent"})
        cursor.execute(statement, values)


def verify(**options):
    """Run the command; return what it says and whether it found a break."""
    out = StringIO()
    try:
        call_command("verify_audit", stdout=out, **options)
    except CommandError as error:
        return f"{'BROKEN' if error.returncode == 1 else 'FAILED'} {error}"
    return out.getvalue().strip()


def test_a_log_nobody_touched_holds(log):
    assert verify() == "Audit log intact: 5 lines in 1 chains."


@pytest.mark.parametrize(("column", "value"), [
    ("action", "nothing"), ("actor_name", "Somebody else"), ("patient_id", 999),
    ("at", "2020-01-01 00:00:00+00:00"), ("category", "x"), ("details", '{"fields": ["x"]}'),
])  # fmt: skip
def test_an_edited_line_is_named(log, column, value):
    sql(f"UPDATE clinic_auditevent SET {column} = %s WHERE seq = 3", value)

    assert verify() == f"BROKEN Clinic {log}, line 3: was changed after it was written."


def test_a_removed_line_is_named(log):
    sql("DELETE FROM clinic_auditevent WHERE seq = 2")

    assert verify() == f"BROKEN Clinic {log}, line 2: is missing."


def test_a_removed_line_whose_gap_was_closed_is_named(log):
    sql("DELETE FROM clinic_auditevent WHERE seq = 2")
    for seq in (3, 4, 5):
        sql("UPDATE clinic_auditevent SET seq = %s WHERE seq = %s", seq - 1, seq)

    assert verify() == f"BROKEN Clinic {log}, line 2: does not follow the line before it."


def test_removed_last_lines_are_named(log):
    sql("DELETE FROM clinic_auditevent WHERE seq > 3")

    assert verify() == (
        f"BROKEN Clinic {log}, line 4: is where the log ends, but its head says otherwise."
    )


def test_an_added_line_is_named(log):
    last = AuditEvent.objects.get(seq=5)
    last.pk, last.seq, last.previous_mac = None, 6, last.mac
    last.mac = last.expected_mac("not the key")
    last.save(force_insert=True)
    AuditHead.objects.update(seq=6, mac=last.mac)

    assert verify() == f"BROKEN Clinic {log}, line 6: was changed after it was written."


def test_two_swapped_lines_are_named(log):
    for old, new in ((2, 90), (3, 2), (90, 3)):
        sql("UPDATE clinic_auditevent SET seq = %s WHERE seq = %s", new, old)

    assert verify() == f"BROKEN Clinic {log}, line 2: does not follow the line before it."


def test_a_line_moved_to_another_clinics_chain_is_named(log, lead, now):
    elsewhere = factories.patient(factories.clinic())
    record("patient.viewed", elsewhere, at=now, by=lead)
    sql("UPDATE clinic_auditevent SET clinic_id = %s, seq = 2 WHERE clinic_id = %s AND seq = 5",
        elsewhere.clinic_id, log)  # fmt: skip

    assert verify() == (
        f"BROKEN Clinic {log}, line 5: is where the log ends, but its head says otherwise.\n"
        f"Clinic {elsewhere.clinic_id}, line 2: does not follow the line before it."
    )


def test_a_log_without_any_line_left_is_named(log):
    sql("DELETE FROM clinic_auditevent")

    assert verify().startswith(f"BROKEN Clinic {log}, line 1: is where the log ends")


def test_a_log_cut_short_with_its_head_is_found_by_a_kept_head(log, tmp_path):
    kept = tmp_path / "heads"
    kept.write_text(verify(head=True))
    fourth = AuditEvent.objects.get(seq=4)
    sql("DELETE FROM clinic_auditevent WHERE seq = 5")
    AuditHead.objects.update(seq=4, mac=fourth.mac)

    assert verify() == "Audit log intact: 4 lines in 1 chains."  # why heads are kept elsewhere
    assert verify(kept=str(kept)) == (f"BROKEN Clinic {log}: line 5 is not the line that was kept.")


def test_a_kept_head_stays_good_while_the_log_grows(log, patient, lead, now, tmp_path):
    kept = tmp_path / "heads"
    kept.write_text(verify(head=True) + "\n")

    record("patient.viewed", patient, at=now, by=lead)

    assert verify(kept=str(kept)) == "Audit log intact: 6 lines in 1 chains."


def test_heads_are_printed_one_a_line(log):
    head = AuditHead.objects.get()

    assert verify(head=True) == f"{log} 5 {head.mac}"


def test_another_key_opens_nothing(log, settings):
    settings.AUDIT_KEY = "another"

    assert verify() == f"BROKEN Clinic {log}, line 1: was changed after it was written."
