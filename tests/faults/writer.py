"""A process that writes for too long: `DATABASE_URL=… python -m tests.faults.writer`.

Holds what every deed needs, SQLite's one write lock or PostgreSQL's heads of the audit and the
sessions, prints "held", and lets go when its input ends.
"""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup()

from django.db import connection, transaction  # noqa: E402

if __name__ == "__main__":
    with transaction.atomic():  # BEGIN IMMEDIATE on SQLite
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("LOCK TABLE clinic_audithead, django_session IN EXCLUSIVE MODE")
        sys.stdout.write("held\n")
        sys.stdout.flush()
        sys.stdin.read()
