"""Migrating ends with SQLite knowing how its rows are spread."""

import pytest
from django.core.management import call_command
from django.db import connection

pytestmark = [pytest.mark.django_db(transaction=True)]


def counted_tables() -> set[str]:
    """Return the tables SQLite has statistics of."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tbl FROM sqlite_stat1")
        return {table for (table,) in cursor.fetchall()}


@pytest.fixture
def uncounted(patient):
    """Make SQLite forget what it has counted; there is a patient to count."""
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL counts by itself.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # makes the table of statistics
        cursor.execute("DELETE FROM sqlite_stat1")


def test_after_migrating_the_rows_are_counted(uncounted):
    call_command("migrate", verbosity=0)

    assert "clinic_patient" in counted_tables()


@pytest.mark.parametrize("look", [{"check_unapplied": True}, {"plan": True}])
def test_a_look_at_what_would_be_migrated_counts_nothing(uncounted, look):
    call_command("migrate", verbosity=0, **look)

    assert counted_tables() == set()
