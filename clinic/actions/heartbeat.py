"""The background worker's heartbeat: a task that runs once a minute and asks for the next one.

A quiet server has no other work, so only this tells a worker that is idle from one that is gone.
The next beat always stands in the queue: once no worker takes it, it is late. The chain is begun by
a worker that starts, and again by whoever looks (`keep_beating`). Each beat looks whether a night's
rounds are due.
"""

from datetime import datetime, timedelta

from django.db.models import Q
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult, get_date_max

from clinic.actions.nightly import begin_rounds

#: How far beats lie apart.
BEAT = timedelta(minutes=1)
#: A task that could have run for longer than this means that no worker is taking work.
PATIENCE = timedelta(minutes=5)


@task()
def beat() -> None:
    """Be alive: forget the beats before this one, ask for the next, and begin what night it is."""
    _beats(TaskResultStatus.SUCCESSFUL).delete()
    keep_beating()
    begin_rounds(at=timezone.now())


def keep_beating() -> None:
    """Ask the background worker for a beat, unless one is asked for already."""
    if beat.get_backend().supports_defer and not _beats(TaskResultStatus.READY).exists():
        beat.using(run_after=timezone.now() + BEAT).enqueue()


def is_worker_gone(at: datetime) -> bool:
    """Say whether a task, be it a beat, could have run for longer than a living worker takes.

    A task waits from when it was asked for, or from the time it was put off to if that is later.
    """
    long_ago = at - PATIENCE
    may_run = Q(run_after__lt=long_ago) | Q(run_after=get_date_max())  # the second: not put off
    waiting = DBTaskResult.objects.filter(may_run, status=TaskResultStatus.READY)
    return waiting.filter(enqueued_at__lt=long_ago).exists()


def _beats(status: str):
    return DBTaskResult.objects.filter(status=status, task_path=beat.module_path)
