"""Is this installation well? For monitors and for a worried person with a browser."""

from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import DatabaseError, connection
from django.http import JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from clinic.actions.heartbeat import is_worker_gone, keep_beating


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
        is_gone = is_worker_gone(timezone.now())
        keep_beating()
    except DatabaseError:
        return "unknown"
    return "is not taking work" if is_gone else "ok"


@never_cache
def healthz(request):
    """Answer 200 when process, database, photo storage and worker are well, else 503 and which."""
    parts = {"process": "ok", "database": _database(), "storage": _storage(), "worker": _worker()}
    well = all(state == "ok" for state in parts.values())
    response = JsonResponse(parts, status=200 if well else 503)
    if not well:
        response["Retry-After"] = "30"
    return response
