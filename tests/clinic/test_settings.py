"""The secret is the switch, and a server's settings are tight."""

import os
import subprocess
import sys

import pytest
from django.db import connection

from clinic.sqlite import is_sound

SERVER = {"SECRET_KEY": "correct-horse-9" * 6, "ALLOWED_HOSTS": "clinic.example.org"}


def run(*arguments, **environment):
    """Run a Python of this environment with a server's or laptop's variables and nothing else."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "NEEDLEPOINT_VAR")
            if name in os.environ}  # fmt: skip
    return subprocess.run(
        [sys.executable, *arguments], env=kept | environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_the_deploy_check_is_quiet_with_a_servers_environment():
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **SERVER)

    assert (done.returncode, done.stdout.strip()) == (
        0, "System check identified no issues (0 silenced).",
    )  # fmt: skip


@pytest.mark.parametrize("laptop", [{}, {"DEBUG": "false"}, {"NEEDLEPOINT_DEMO": "1"}])
def test_the_servers_door_stays_shut_in_laptop_mode(laptop):
    done = run("-c", "import clinic.wsgi", **laptop)

    assert done.returncode == 1
    assert done.stderr.strip().endswith("Set SECRET_KEY to run Needlepoint as a server.")


def test_a_laptop_answers_its_own_address_only():
    code = "from django.conf import settings as s; print(s.DEBUG, s.ALLOWED_HOSTS)"

    done = run("-c", code, DJANGO_SETTINGS_MODULE="clinic.settings")

    assert done.stdout.strip() == "True ['localhost', '127.0.0.1', '[::1]']"


def test_the_demo_shows_a_clinics_error_pages():
    code = """if True:
        import django; django.setup()
        from django.test import Client
        answer = Client().get("/nothing/here/", headers={"host": "localhost"})
        print(answer.status_code, "URLconf" in answer.content.decode())
        print(Client().get("/static/css/board.css", headers={"host": "localhost"}).status_code)
    """

    done = run("-c", code, DJANGO_SETTINGS_MODULE="clinic.settings", NEEDLEPOINT_DEMO="1")

    assert done.stdout.split() == ["404", "False", "200"]


def test_a_secret_may_come_from_a_file(tmp_path):
    (tmp_path / "key").write_text("f" * 64)
    code = "from django.conf import settings as s; print(s.DEBUG, s.SECRET_KEY == 'f' * 64)"

    done = run("-c", code, DJANGO_SETTINGS_MODULE="clinic.settings",
               SECRET_KEY_FILE=str(tmp_path / "key"))  # fmt: skip

    assert done.stdout.strip() == "False True"


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False), ((3, 44, 5), False), ((3, 44, 6), True), ((3, 45, 0), False),
        ((3, 50, 6), False), ((3, 50, 7), True), ((3, 51, 2), False), ((3, 51, 3), True),
        ((3, 52, 0), False), ((3, 53, 4), True),
    ],
)  # fmt: skip
def test_sqlite_is_refused_before_the_wal_reset_mend(version, sound):
    assert is_sound(version) is sound


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own settings")
def test_every_connection_writes_ahead_and_waits_for_the_disk():
    with connection.cursor() as cursor:
        found = {}
        for name in ("journal_mode", "synchronous", "mmap_size", "foreign_keys", "secure_delete"):
            cursor.execute(f"PRAGMA {name}")
            row = cursor.fetchone()
            found[name] = row[0] if row else 0

    assert found == {"journal_mode": "wal", "synchronous": 2, "mmap_size": 0, "foreign_keys": 1,
                     "secure_delete": 1}  # fmt: skip
