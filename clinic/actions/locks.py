"""Who waits for whom: deeds side by side, a change of hours alone, and nobody for ever.

A booking reads the hours and writes holds; an absence writes hours and reads holds. Neither sees
the other before it commits, so on PostgreSQL one could slip into the other unseen. Every deed that
gives or changes a time therefore takes the diary's shared lock first, before any row; one that
takes hours away takes it alone. SQLite has one writer at a time and needs neither.

Whoever waits for the database longer than its settings allow is told so and has written nothing.
"""

from collections.abc import Callable
from functools import wraps

from django.db import OperationalError, connection, transaction

from clinic.actions.refusals import DEADLOCK, broken_promise, busy

_DIARY = 7301  # the first key of the pair; the second is the clinic


def deed(action: Callable) -> Callable:
    """Run an action in one transaction, all or nothing.

    Raises the refusal `busy` where the database is held by others for too long: a lock that did not
    come in time, a deadlock, or SQLite's one writer at work.
    """

    @wraps(action)
    def run(*args, **kwargs):
        try:
            with transaction.atomic():
                return action(*args, **kwargs)
        except OperationalError as error:
            if broken_promise(error) != DEADLOCK:
                raise
            raise busy() from error

    return run


def share_diary(clinic_id: int) -> None:
    """Take part in the diary until the transaction ends; waits for a change of hours to commit."""
    _lock("pg_advisory_xact_lock_shared", clinic_id)


def own_diary(clinic_id: int) -> None:
    """Have the diary alone until the transaction ends; waits for the deeds under way.

    The first thing a transaction does: whoever shares the diary already must not ask for it alone.
    """
    _lock("pg_advisory_xact_lock", clinic_id)


def _lock(function: str, clinic_id: int) -> None:
    """Take a lock of the diary; the deed it is part of says so when it does not come in time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [_DIARY, clinic_id])
