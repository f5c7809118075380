"""The background worker, with a heart that beats from its first second."""

from contextlib import suppress

from django.db import OperationalError
from django_tasks_db.management.commands.db_worker import Command as Worker

from clinic.actions.heartbeat import keep_beating


class Command(Worker):
    """The task library's worker; it asks for the first beat itself, so nobody has to look."""

    def handle(self, **options):
        """Begin the chain of beats where it is broken, then work."""
        with suppress(OperationalError):  # others write for long: a look at /healthz begins it then
            keep_beating()
        super().handle(**options)
