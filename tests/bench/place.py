"""Point Django at the database of the measurements before anything of it is imported."""

import contextlib
import os
import tempfile
from pathlib import Path

DATABASES = ("sqlite", "postgresql")


@contextlib.contextmanager
def database(kind: str, folder: str | None):
    """Set Django up on `kind` inside the block, with pages as a server shows them (DEBUG off).

    SQLite lives in `folder` and stays there; PostgreSQL is the one at DATABASE_URL, without that
    one of our own: kept in `folder` where one is named, else gone afterwards. Both keep the
    settings that make commits durable.
    """
    keep = Path(folder) / "pg" if folder else None
    folder = Path(folder or Path(tempfile.gettempdir()) / "needlepoint-bench")
    folder.mkdir(parents=True, exist_ok=True)
    os.environ |= {"NEEDLEPOINT_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "clinic.settings",
                   "DEBUG": "false", "LOG_LEVEL": "ERROR"}  # fmt: skip
    with contextlib.ExitStack() as stack:
        given = os.environ.pop("DATABASE_URL", "")
        if kind == "postgresql":
            if not given.startswith("postgres"):
                from tests.support.postgres import server

                given = stack.enter_context(server(durable=True, keep=keep))
            os.environ["DATABASE_URL"] = given
        _set_up()
        yield
        from django.db import connections

        connections.close_all()


def _set_up() -> None:
    import django
    from django.conf import settings

    # Pages name static files by plain addresses here: nothing has been collected and hashed.
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    settings.ALLOWED_HOSTS = ["testserver"]
    django.setup()
