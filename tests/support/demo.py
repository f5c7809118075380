"""The demo on a server of its own, at an instant of its own: for journeys through the whole app.

    DATABASE_URL=… python -m tests.support.demo

plays the demo into that (migrated, empty) database, prints the port and a session of the front desk
as JSON, and serves until its input ends. Pictures are left out: no journey looks at them, and
drawing them takes longer than everything else.
"""

import io
import json
import os
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parents[2]
#: Monday 23 November 2026, when the demo's story of that day stops.
AT = datetime(2026, 11, 23, 11, 20, tzinfo=ZoneInfo("Europe/London"))
LONGEST_START_S = 30


class Demo(NamedTuple):
    """Where the demo answers, and the cookie that signs the front desk in."""

    url: str
    cookie: dict


@contextmanager
def running_demo(database_url: str, folder: Path):
    """Play and serve the demo on a migrated, empty database inside the block."""
    environment = {**os.environ, "DATABASE_URL": database_url, "NEEDLEPOINT_DEMO": "1",
                   "NEEDLEPOINT_VAR": str(folder)}  # fmt: skip
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.support.demo"], cwd=ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        told = server.stdout.readline()
        if not told:
            raise RuntimeError(server.stderr.read())
        threading.Thread(target=server.stderr.read, daemon=True).start()  # nobody waits for room
        port, name, value = json.loads(told)
        _wait(port)
        url = f"http://127.0.0.1:{port}"
        yield Demo(url, {"name": name, "value": value, "url": url})
    finally:
        server.stdin.close()
        server.terminate()
        server.wait()


def _wait(port: int) -> None:
    """Return once the port answers."""
    until = time.monotonic() + LONGEST_START_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
        else:
            return


def main() -> None:
    """Play the demo, say where it is, serve it; the clock goes on from `AT`."""
    import django
    import time_machine

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
    django.setup()

    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from clinic.models import User
    from treatments.management.demo import play

    play.VIEWS = ()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    time_machine.travel(AT + timedelta(minutes=1), tick=True).start()
    call_command("demo", today=AT.date(), stdout=io.StringIO())
    client = Client()
    client.force_login(User.objects.get(username="desk"),
                       backend="allauth.account.auth_backends.AuthenticationBackend")  # fmt: skip
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    name = settings.SESSION_COOKIE_NAME
    print(json.dumps([port, name, client.cookies[name].value]), flush=True)
    sys.stdout = sys.stderr
    call_command("runserver", f"127.0.0.1:{port}", use_reloader=False, verbosity=0)


if __name__ == "__main__":
    main()
