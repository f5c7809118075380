"""What the database itself refuses, on SQLite and on PostgreSQL alike, whoever asks."""

import subprocess
from datetime import date
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from clinic.models import AuditEvent, Hold, Rest, TreatedArea
from clinic.scheduling.minutes import day_number
from tests import factories
from tests.support.diary import broken

ROOT = Path(__file__).resolve().parents[3]
TEN = 29_880_000  # some minute far from any hold of the factories
FIRST = day_number(date(2027, 3, 1))


# --- Hold -----------------------------------------------------------------------------------------
@pytest.fixture
def hold(clinic, patient):
    """Return a function that takes `[start, end)` minutes after `TEN` of a resource."""
    appointment = factories.appointment(patient, date(2026, 11, 24))
    first = clinic.resources.first()

    def take(start, end, resource=first):
        return Hold.objects.create(
            appointment=appointment, resource=resource, start=TEN + start, end=TEN + end
        )

    return take


@pytest.mark.parametrize(
    ("start", "end"),
    [(60, 120), (70, 80), (0, 180), (0, 61), (119, 180), (60, 61), (119, 120), (-1300, 70)],
)
def test_no_minute_of_a_resource_is_taken_twice(hold, start, end):
    hold(60, 120)

    assert broken(lambda: hold(start, end)) == "hold_no_overlap"


@pytest.mark.parametrize(("start", "end"), [(0, 60), (120, 180), (-1380, 60)])
def test_stretches_that_touch_are_both_taken(hold, start, end):
    hold(60, 120)

    assert hold(start, end).pk


def test_each_resource_has_its_own_time(hold, clinic):
    hold(60, 120)

    assert hold(60, 120, clinic.resources.last()).pk


@pytest.mark.parametrize(("start", "end"), [(60, 60), (60, 59), (0, 1441)])
def test_a_hold_lasts_a_minute_to_a_day(hold, start, end):
    assert broken(lambda: hold(start, end)) in {"hold_up_to_a_day", "hold_no_overlap"}
    assert hold(0, 1440).pk


def test_a_whole_day_is_guarded_to_its_last_minute(hold):
    hold(0, 1440)

    assert broken(lambda: hold(1439, 1500)) == "hold_no_overlap"


def test_two_holds_of_one_statement_guard_against_each_other(hold, clinic):
    mine = hold(0, 10)

    def bulk():
        Hold.objects.bulk_create(
            Hold(appointment=mine.appointment, resource=mine.resource, start=TEN + n, end=TEN + 99)
            for n in (60, 70)
        )

    assert broken(bulk) == "hold_no_overlap"


def test_no_hold_is_changed_into_anothers_time(hold, clinic):
    first, second = hold(0, 60), hold(60, 120)
    other = hold(0, 60, clinic.resources.last())

    assert broken(lambda: Hold.objects.filter(pk=second.pk).update(start=TEN + 59)) == (
        "hold_no_overlap"
    )
    assert broken(lambda: Hold.objects.filter(pk=first.pk).update(end=TEN + 61)) == (
        "hold_no_overlap"
    )
    assert broken(
        lambda: Hold.objects.filter(pk=other.pk).update(resource=first.resource)
    ) == "hold_no_overlap"  # fmt: skip


def test_a_hold_may_shrink_grow_and_move_inside_its_own_time(hold):
    row = hold(60, 120)

    for start, end in ((70, 110), (60, 130), (90, 150)):
        assert Hold.objects.filter(pk=row.pk).update(start=TEN + start, end=TEN + end) == 1


def test_raw_sql_is_refused_too(hold):
    row = hold(60, 120)

    def insert():
        with connection.cursor() as cursor:
            cursor.execute(
                'INSERT INTO clinic_hold (appointment_id, resource_id, start, "end")'
                " VALUES (%s, %s, %s, %s)",
                [row.appointment_id, row.resource_id, row.start + 1, row.end + 1],
            )

    assert broken(insert) == "hold_no_overlap"


def test_a_form_hears_of_an_overlap_before_the_database_does(hold):
    row = hold(60, 120)

    twin = Hold(appointment=row.appointment, resource=row.resource, start=row.start, end=row.end)

    with pytest.raises(ValidationError, match="This time is already taken"):
        twin.validate_constraints()
    row.validate_constraints()  # itself is not in its way


# --- Rest -----------------------------------------------------------------------------------------
@pytest.fixture
def rest(patient):
    """Return a function that lets a zone rest for 28 days from a day after `FIRST`."""

    def take(day, length=28, zone="UB", of=patient):
        area, _ = TreatedArea.objects.get_or_create(patient=of, zone_code=zone)
        return Rest.objects.create(
            area=area, kind="treated", start_day=FIRST + day, end_day=FIRST + day + length
        )

    return take


@pytest.mark.parametrize("day", [0, 1, 27, -27])
def test_a_zone_is_not_needled_before_day_28(rest, day):
    rest(0)

    assert broken(lambda: rest(day)) == "rest_no_overlap"


@pytest.mark.parametrize("day", [28, 29, -28])
def test_a_zone_is_needled_again_from_day_28_on(rest, day):
    rest(0)

    assert rest(day).pk


def test_nothing_is_squeezed_between_two_sessions(rest):
    rest(0)
    rest(42)

    assert broken(lambda: rest(28)) == "rest_no_overlap"
    assert rest(28, length=14).pk


def test_slower_healing_is_refused_until_the_next_session_has_moved(rest):
    first, second = rest(0), rest(28)
    slower = Rest.objects.filter(pk=first.pk)

    assert broken(lambda: slower.update(end_day=F("end_day") + 7)) == "rest_no_overlap"
    with transaction.atomic():
        Rest.objects.filter(pk=second.pk).update(
            start_day=F("start_day") + 7, end_day=F("end_day") + 7
        )
        assert slower.update(end_day=F("end_day") + 7) == 1


def test_other_zones_and_other_patients_heal_by_themselves(rest, clinic):
    rest(0)

    assert rest(1, zone="LB").pk
    assert rest(1, of=factories.patient(clinic)).pk


@pytest.mark.parametrize("length", [0, 401])
def test_a_rest_lasts_1_to_400_days(rest, length):
    assert broken(lambda: rest(0, length)) in {"rest_up_to_400_days", "rest_no_overlap"}
    assert rest(0, 400).pk


def test_a_booked_rest_belongs_to_an_appointment(rest):
    row = rest(0)

    assert broken(lambda: Rest.objects.filter(pk=row.pk).update(kind="booked")) == (
        "rest_booked_by_an_appointment"
    )


# --- Rows that stay -------------------------------------------------------------------------------
@pytest.mark.parametrize("sql", ["UPDATE clinic_auditevent SET action = 'x'", "DELETE FROM clinic_auditevent"])  # fmt: skip
def test_no_statement_changes_or_removes_an_audit_line(patient, sql):
    factories.appointment(patient, date(2026, 11, 24))

    def run():
        with connection.cursor() as cursor:
            cursor.execute(sql)

    broken(run)
    assert AuditEvent.objects.count() == 1


# --- The tables of the house ----------------------------------------------------------------------
def test_the_migrations_say_what_the_models_say(db):
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_no_code_lets_the_database_drop_a_hold_or_rest_silently():
    """`ignore_conflicts` drops an overlapping row on PostgreSQL: only areas may use it."""
    lines = subprocess.run(
        ["grep", "-rn", "-B3", "ignore_conflicts", "--include=*.py", "clinic", "treatments"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip

    assert "TreatedArea" in lines
    assert "Hold(" not in lines
    assert "Rest(" not in lines


def test_the_guard_looks_back_as_far_as_the_longest_rest(rest):
    rest(-400, length=400)

    assert broken(lambda: rest(-1)) == "rest_no_overlap"
    assert rest(0).pk
