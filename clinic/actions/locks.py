"""Who waits for whom in a clinic's diary: bookings side by side, a change of hours alone.

A booking reads the hours and writes holds; an absence writes hours and reads holds. Neither sees
the other before it commits, so on PostgreSQL one could slip into the other unseen. Every deed that
gives or changes a time therefore takes the diary's shared lock first, before any row; one that
takes hours away takes it alone. SQLite has one writer at a time and needs neither.
"""

from django.db import OperationalError, connection

from clinic.actions.refusals import DEADLOCK, broken_promise, busy

_DIARY = 7301  # the first key of the pair; the second is the clinic


def share_diary(clinic_id: int) -> None:
    """Take part in the diary until the transaction ends; waits for a change of hours to commit."""
    _lock("pg_advisory_xact_lock_shared", clinic_id)


def own_diary(clinic_id: int) -> None:
    """Have the diary alone until the transaction ends; waits for the deeds under way.

    The first thing a transaction does: whoever shares the diary already must not ask for it alone.
    """
    _lock("pg_advisory_xact_lock", clinic_id)


def _lock(function: str, clinic_id: int) -> None:
    """Take a lock of the diary; whoever waits too long gets a sentence and writes nothing."""
    if connection.vendor != "postgresql":
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {function}(%s, %s)", [_DIARY, clinic_id])
    except OperationalError as error:
        if broken_promise(error) != DEADLOCK:
            raise
        raise busy() from error
