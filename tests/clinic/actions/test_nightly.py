"""The nightly rounds begin once a night for each clinic, after its own wall clock."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection
from django_tasks_db.models import DBTaskResult

from clinic.actions.heartbeat import beat
from clinic.actions.nightly import begin_rounds, tidy
from clinic.models import Clinic
from tests import factories

LOOK_AHEAD = "treatments.actions.lookahead.look_ahead"
TIDY = "clinic.actions.nightly.tidy"
THREE = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)  # 03:00 in London on a Tuesday


@pytest.fixture(autouse=True)
def queue(settings):
    """Let tasks wait in the database's queue."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def queued() -> list[tuple[str, list]]:
    """Return what waits in the queue: which task, for whom."""
    rows = DBTaskResult.objects.order_by("enqueued_at", "task_path")
    return sorted((row.task_path, row.args_kwargs["args"]) for row in rows)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "begins"),
    [
        (THREE - timedelta(seconds=1), False),
        (THREE, True),
        (THREE + timedelta(seconds=1), True),
        (THREE + timedelta(hours=20, minutes=59, seconds=59), True),  # it was off all day
    ],
)
def test_the_night_begins_at_three_of_the_wall_clock(clinic, at, begins):
    begun = begin_rounds(at=at)

    clinic.refresh_from_db()
    assert begun == ([clinic] if begins else [])
    assert clinic.rounds_on == (date(2026, 11, 24) if begins else None)
    assert queued() == ([(TIDY, []), (LOOK_AHEAD, [clinic.pk])] if begins else [])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("later", "begins"),
    [(0, False), (60, False), (24 * 3600 - 1, False), (24 * 3600, True)],
)
def test_a_night_has_one_round(clinic, later, begins):
    begin_rounds(at=THREE)

    begun = begin_rounds(at=THREE + timedelta(seconds=later))

    assert begun == ([clinic] if begins else [])
    assert len(queued()) == (4 if begins else 2)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "begins"),
    [
        (datetime(2027, 3, 28, 1, 59, 59, tzinfo=UTC), False),  # 02:59:59, an hour after 00:59:59
        (datetime(2027, 3, 28, 2, 0, tzinfo=UTC), True),
        (datetime(2026, 10, 25, 2, 59, 59, tzinfo=UTC), False),  # winter time came at 01:00 UTC
        (datetime(2026, 10, 25, 3, 0, tzinfo=UTC), True),
    ],
)
def test_on_the_nights_the_clocks_change_it_is_three_once(clinic, at, begins):
    assert bool(begin_rounds(at=at)) == begins


@pytest.mark.django_db
def test_each_clinic_has_its_own_night_and_the_house_one(clinic):
    west = factories.clinic(time_zone="America/New_York")

    Clinic.objects.filter(pk=west.pk).update(rounds_on=date(2026, 11, 23))  # it is Monday there

    assert begin_rounds(at=THREE) == [clinic]
    assert begin_rounds(at=THREE + timedelta(hours=5, seconds=-1)) == []
    assert begin_rounds(at=THREE + timedelta(hours=5)) == [west]
    assert queued() == [(TIDY, []), (LOOK_AHEAD, [clinic.pk]), (LOOK_AHEAD, [west.pk])]


@pytest.mark.django_db
def test_a_night_whose_rounds_could_not_be_queued_is_not_spent(clinic, settings):
    settings.NIGHTLY_ROUNDS = {"clinic": [LOOK_AHEAD, "clinic.actions.nightly.gone"], "house": []}

    with pytest.raises(ImportError):
        begin_rounds(at=THREE)

    clinic.refresh_from_db()
    assert (clinic.rounds_on, queued()) == (None, [])


@pytest.mark.django_db
def test_the_heartbeat_looks_whether_it_is_night(clinic, time_machine):
    time_machine.move_to(THREE, tick=False)

    beat.call()

    assert (LOOK_AHEAD, [clinic.pk]) in queued()


@pytest.mark.django_db(transaction=True)
def test_the_night_leaves_sqlite_with_fresh_statistics(patient):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL counts by itself.")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("DELETE FROM sqlite_stat1")

        tidy.call()

        cursor.execute("SELECT count(*) FROM sqlite_stat1 WHERE tbl = 'clinic_patient'")
        assert cursor.fetchone()[0] > 0


@pytest.mark.django_db(transaction=True)
def test_of_four_workers_at_the_same_moment_one_begins(clinic):
    start, begun = Barrier(4), []

    def work():
        try:
            start.wait(10)
            begun.extend(begin_rounds(at=THREE))
        finally:
            connection.close()

    workers = [Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)

    assert begun == [clinic]
    assert queued() == [(TIDY, []), (LOOK_AHEAD, [clinic.pk])]
    assert Clinic.objects.get().rounds_on == THREE.date()
