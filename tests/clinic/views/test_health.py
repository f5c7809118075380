"""Is it well: process, database, storage, worker."""

from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

pytestmark = pytest.mark.django_db
WELL = {"process": "ok", "database": "ok", "storage": "ok", "worker": "ok"}


def test_a_well_installation_answers_200_without_signing_in(client):
    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, WELL)


def test_a_database_that_does_not_answer_is_named_and_answers_503(client, monkeypatch):
    def refuse(*args):
        raise DatabaseError

    monkeypatch.setattr("clinic.views.health.connection.cursor", refuse)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["database"]) == (503, "does not answer")
    assert answer["Retry-After"] == "30"


def test_a_storage_that_cannot_write_is_named(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError

    monkeypatch.setattr(storages["photos"], "save", refuse)

    answer = client.get("/healthz")

    assert (answer.status_code, answer.json()["storage"]) == (503, "cannot write")


@pytest.fixture
def queue(settings):
    """Let tasks wait in the database's queue."""
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def work():
    """Run what may run, as a worker does."""
    for row in DBTaskResult.objects.ready():
        row.claim("a worker")
        row.set_successful(row.task.call())


def waits(asked, put_off_to=None):
    """Put a task into the queue that was asked for `asked` ago and put off to `put_off_to` ago."""
    now = timezone.now()
    row = DBTaskResult.objects.create(
        task_path="x", args_kwargs={}, backend_name="default", queue_name="default",
        run_after=get_date_max() if put_off_to is None else now - timedelta(minutes=put_off_to),
    )  # fmt: skip
    asked_at = now - timedelta(minutes=asked)
    DBTaskResult.objects.filter(pk=row.pk).update(enqueued_at=asked_at)


@pytest.mark.parametrize(("minutes", "state"), [(4.9, "ok"), (5.1, "is not taking work")])
def test_work_waiting_longer_than_five_minutes_means_no_worker(client, minutes, state):
    waits(minutes)

    assert client.get("/healthz").json()["worker"] == state


@pytest.mark.parametrize(
    ("put_off_to", "state"), [(-1440, "ok"), (4.9, "ok"), (5.1, "is not taking work")]
)
def test_work_that_was_put_off_waits_from_the_time_it_was_put_off_to(client, put_off_to, state):
    waits(600, put_off_to)

    assert client.get("/healthz").json()["worker"] == state


def test_on_a_quiet_server_a_worker_that_died_is_found_by_its_heartbeat(
    client, queue, time_machine, now
):
    states = []
    for seconds in (0, 60 + 299, 60 + 301):
        time_machine.move_to(now + timedelta(seconds=seconds), tick=False)
        states.append(client.get("/healthz").json()["worker"])

    assert states == ["ok", "ok", "is not taking work"]


def test_a_living_worker_beats_again_and_again_and_leaves_two_rows(
    client, queue, time_machine, now
):
    states = []
    for minutes in range(12):
        time_machine.move_to(now + timedelta(minutes=minutes, seconds=minutes), tick=False)
        states.append(client.get("/healthz").json()["worker"])
        work()

    assert states == ["ok"] * 12
    assert sorted(DBTaskResult.objects.values_list("status", flat=True)) == ["READY", "SUCCESSFUL"]


def test_a_heartbeat_is_asked_for_once_however_often_somebody_looks(client, queue):
    client.get("/healthz")
    client.get("/healthz")

    assert DBTaskResult.objects.count() == 1
