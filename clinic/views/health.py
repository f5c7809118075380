"""Is this installation well? For monitors and for a worried person with a browser."""

from datetime import timedelta

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

#: A task waiting longer than this means that no worker is taking work.
WORKER_PATIENCE = timedelta(minutes=5)


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return "does not answer"
    return "ok"


def _storage() -> str:
    storage = storages["photos"]
    try:
        name = storage.save("health/probe", ContentFile(b"well"))
        storage.delete(name)
    except Exception:
        return "cannot write"
    return "ok"


def _worker() -> str:
    try:
        stuck = DBTaskResult.objects.filter(
            status=TaskResultStatus.READY, enqueued_at__lt=timezone.now() - WORKER_PATIENCE
        ).exists()
    except DatabaseError:
        return "unknown"
    return "is not taking work" if stuck else "ok"


@never_cache
def healthz(request):
    """Answer 200 when process, database, photo storage and worker are well, else 503 and which."""
    parts = {"process": "ok", "database": _database(), "storage": _storage(), "worker": _worker()}
    well = all(state == "ok" for state in parts.values())
    response = JsonResponse(parts, status=200 if well else 503)
    if not well:
        response["Retry-After"] = "30"
    return response
