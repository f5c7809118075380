"""Plays a scene of tests/faults in processes of its own, on a scratch copy of the test database."""

import contextlib
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


@contextlib.contextmanager
def scenes(module, folder, **environment):
    """Yield a function that plays a scene of `tests.faults.<module>` by name; returns what it told."""
    with scratch_copy(folder) as url:

        def play(name):
            done = subprocess.run(
                [sys.executable, "-m", f"tests.faults.{module}", name],
                cwd=ROOT, env={**os.environ, "DATABASE_URL": url, **environment}, timeout=SECONDS,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield play


@contextlib.contextmanager
def scratch_copy(folder):
    """Copy the test database as it was migrated; yields the copy's DATABASE_URL."""
    if connection.vendor == "sqlite":
        path = folder / "race.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(path)])
        yield f"sqlite:///{path}"
        return
    name = connection.settings_dict["NAME"]
    connection.close()  # a template must not be in use
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE race TEMPLATE "{name}"')
    try:
        # A race asks who comes first, not how long a busy machine lets the others wait.
        patient = "options=-c%20lock_timeout%3D50000"
        yield f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/race?{patient}"
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute("DROP DATABASE race WITH (FORCE)")


def answers(played) -> Counter:
    """Return how often each answer was given, over all rounds."""
    return Counter(answer for round_ in played["rounds"] for answer in round_)
