"""Is it well: process, database, storage, worker."""

from datetime import timedelta

import pytest
from django.core.files.storage import storages
from django.db import DatabaseError
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

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


@pytest.mark.parametrize(("minutes", "state"), [(4, "ok"), (6, "is not taking work")])
def test_work_waiting_longer_than_five_minutes_means_no_worker(client, minutes, state):
    row = DBTaskResult.objects.create(task_path="x", args_kwargs={}, run_after=timezone.now(),
                                      backend_name="default", queue_name="default")  # fmt: skip
    waited = timezone.now() - timedelta(minutes=minutes)
    DBTaskResult.objects.filter(pk=row.pk).update(enqueued_at=waited)

    assert client.get("/healthz").json()["worker"] == state
