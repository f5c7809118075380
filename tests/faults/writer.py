"""A process that writes for too long: `python -m tests.faults.writer VENDOR WHERE`.

Holds what every deed needs, the one write lock of an SQLite file or PostgreSQL's heads of the audit
and the sessions, prints "held", and lets go when its input ends. Without Django, to begin at once.
"""

import sys

from clinic.sqlite import prefer_sound_library

LOCK = "BEGIN; LOCK TABLE clinic_audithead, django_session IN EXCLUSIVE MODE"


def hold(vendor: str, where: str):
    """Return a connection that holds the lock; `where` is SQLite's file or libpq's parameters."""
    if vendor == "postgresql":
        import psycopg

        connection = psycopg.connect(where, autocommit=True)
        connection.execute(LOCK)
        return connection
    prefer_sound_library()
    import sqlite3

    connection = sqlite3.connect(where, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    return connection


if __name__ == "__main__":
    held = hold(*sys.argv[1:])
    sys.stdout.write("held\n")
    sys.stdout.flush()
    sys.stdin.read()
    held.close()
