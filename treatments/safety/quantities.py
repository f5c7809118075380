"""How the safety rules judge a recorded quantity, show it, and count minutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal


def fault_of(
    value: object, *, above: Decimal | None = Decimal(0), at_most: Decimal | None = None
) -> str:
    """What is wrong with a recorded quantity, in words; empty where nothing is.

    Only a finite `Decimal` greater than `above` (None: any) and not over `at_most` passes. A float
    is refused, because it cannot hold 0.1.
    """
    if not isinstance(value, Decimal):
        return "is not a decimal number"
    if not value.is_finite():
        return "is not a number"
    if above is not None and value <= above:
        return f"is not above {shown(above)}"
    if at_most is not None and value > at_most:
        return f"is over {shown(at_most)}, which is not plausible"
    return ""


def must_be_quantity(name: str, value: object, *, zero_allowed: bool = False) -> None:
    """Raise `ValueError` unless a catalogue figure is None or a finite, positive `Decimal`."""
    if value is None or (zero_allowed and isinstance(value, Decimal) and value.is_zero()):
        return
    if fault := fault_of(value):
        raise ValueError(f"{name} {value!r} {fault}")


def shown(value: Decimal) -> str:
    """A quantity as recorded, without trailing zeros or exponent: `60.1`, `600`."""
    if not value.is_finite() or abs(value.adjusted()) > 12:
        return str(value)
    return f"{value.normalize():f}" if value else "0"


def rounded(value: Decimal, places: str = "0.01") -> str:
    """A calculated quantity rounded half up for reading: `9.38`. Limits compare the exact one."""
    if abs(value.adjusted()) > 12:
        return str(value)
    return f"{value.quantize(Decimal(places), rounding=ROUND_HALF_UP):f}"


def days_text(count: int) -> str:
    """`1 day`, `2 days`."""
    return f"{count} day" if count == 1 else f"{count} days"


def is_aware(moment: object) -> bool:
    """Whether this is a datetime that knows its offset from UTC."""
    return isinstance(moment, datetime) and moment.utcoffset() is not None


def minutes_between(start: datetime, end: datetime) -> Decimal:
    """Elapsed minutes; negative where `end` is earlier.

    Both are taken to UTC first: two wall times of one zone subtract without the hour that a change
    of clocks adds or takes.
    """
    elapsed = end.astimezone(UTC) - start.astimezone(UTC)
    return Decimal(elapsed // timedelta(microseconds=1)) / Decimal(60_000_000)


def after_minutes(start: datetime, minutes: Decimal) -> datetime:
    """The moment so many minutes after `start`, in the time zone of `start`."""
    elapsed = timedelta(microseconds=int(minutes * 60_000_000))
    return (start.astimezone(UTC) + elapsed).astimezone(start.tzinfo)
