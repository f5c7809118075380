"""Why a deed did not happen: refusals with what to do instead, and how to read a database's "no"."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property

from django.core.exceptions import ValidationError
from django.db import DatabaseError, OperationalError

from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import Slot

BUSY = "The diary is being changed right now. Nothing was written; try again in a moment."
DEADLOCK = "deadlock"
_SQLSTATES_OF_WAITING = {"40P01", "55P03"}  # a deadlock, and a lock that did not come in time
_SQLITE_BUSY = 5  # the last byte of SQLite's code: another process writes, and went on for too long


class Conflict(ValidationError):  # noqa: N818 -- a refusal, not a fault
    """Somebody changed the row since this person saw it; nothing was written.

    `current` is the row as it is now.
    """

    def __init__(self, sentence: str, *, current=None) -> None:
        super().__init__(sentence, code="conflict")
        self.current = current


class SlotTaken(ValidationError):  # noqa: N818 -- a refusal, not a fault
    """The time is no longer free. `nearest` are up to three free slots, in order of time.

    They are searched when first asked for: after the refused deed let go of its locks. `number` is
    the session of a course it happened to, None outside courses.
    """

    def __init__(
        self, sentence: str, *, search: Callable[[], Sequence[Slot]], number: int | None = None
    ) -> None:
        super().__init__(sentence, code="taken")
        self._search = search
        self.number = number

    @cached_property
    def nearest(self) -> tuple[Slot, ...]:
        """Return the nearest free slots as of now."""
        return tuple(self._search())


class NotHealed(ValidationError):  # noqa: N818 -- a refusal, not a fault
    """The skin of a zone has not healed by then, or would not heal before its next session.

    `first_day` is the first day that would do; `number` as in `SlotTaken`.
    """

    def __init__(self, sentence: str, *, first_day: date, number: int | None = None) -> None:
        super().__init__(sentence, code="not_healed")
        self.first_day = first_day
        self.number = number

    @classmethod
    def until(cls, first_day: date, *, number: int | None = None) -> "NotHealed":
        """Return the refusal that names the first possible day."""
        session = f"Session {number}: the" if number else "The"
        return cls(
            f"{session} skin has not healed by then. Possible from {day_words(first_day)}.",
            first_day=first_day,
            number=number,
        )


def wrong_state(row, verb: str) -> ValidationError:
    """Return the refusal of a deed that an appointment's state does not allow."""
    return ValidationError(
        f"An appointment in state “{row.get_status_display()}” cannot be {verb}.", code="state"
    )


def conflict(now) -> Conflict:
    """Return the refusal to change an appointment that is not as it was seen; `now` is the row."""
    return Conflict(
        f"Somebody changed this appointment meanwhile: it is now {now.get_status_display().lower()}"
        f" for {day_words(now.local_date)}, {now.start_clock}.",
        current=now,
    )


def busy() -> ValidationError:
    """Return the refusal of a deed that waited for others to finish writing, in vain."""
    return ValidationError(BUSY, code="busy")


def waited_in_vain(error: BaseException | None) -> bool:
    """Say whether an error is `busy`, or a database's own word for it outside a deed."""
    if isinstance(error, ValidationError):
        return getattr(error, "code", "") == "busy"
    return isinstance(error, OperationalError) and broken_promise(error) == DEADLOCK


def broken_promise(error: DatabaseError) -> str:
    """Return the name of the constraint a database error tells of, `DEADLOCK`, or "".

    A lock waited for in vain counts as a deadlock, on SQLite the one writer's. PostgreSQL names constraints. SQLite's triggers
    raise "NoOverlap <name>"; its own constraints say "UNIQUE constraint failed: table.column" or
    "CHECK constraint failed: name", of which the last word is returned.
    """
    cause = error.__cause__
    if getattr(cause, "sqlstate", None) in _SQLSTATES_OF_WAITING:
        return DEADLOCK
    if (getattr(cause, "sqlite_errorcode", None) or 0) & 0xFF == _SQLITE_BUSY:
        return DEADLOCK
    diag = getattr(cause, "diag", None)
    if diag is not None:
        return diag.constraint_name or ""
    words = str(error).split()
    return words[-1] if words else ""
