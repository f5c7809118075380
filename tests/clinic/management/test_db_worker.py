"""A worker that starts begins the heartbeat itself."""

import pytest
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from clinic.actions.heartbeat import beat


@pytest.mark.django_db(transaction=True)
def test_a_worker_asks_for_the_first_beat(settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

    call_command("db_worker", batch=True, startup_delay=False, queue_name="*")

    assert [row.task_path for row in DBTaskResult.objects.all()] == [beat.module_path]
