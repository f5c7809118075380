"""Wall time <-> integer minutes since 1970-01-01 00:00 UTC.

The wall time of the clinic is what a patient is promised; the minute is what is stored and
compared. A wall time that the clocks skip moves forward by the gap (02:30 -> 03:30); one that
happens twice means its first pass. Intervals between sessions are counted in local days, never
in hours: 28 days over the March change are 671 hours.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_MIN = 1440
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_MINUTE = timedelta(minutes=1)


def day_number(day: date) -> int:
    """Days from 1970-01-01 to `day`; negative before it."""
    return day.toordinal() - _EPOCH_ORDINAL


def day_of(number: int) -> date:
    """The date that lies `number` days after 1970-01-01."""
    return date.fromordinal(number + _EPOCH_ORDINAL)


def minute_of(day: date, wall_min: int, zone: ZoneInfo) -> int:
    """Epoch minute of the wall time `wall_min` (0..1440 minutes after 00:00) on `day` in `zone`.

    1440 is the next local midnight. A skipped wall time moves forward by the gap, an ambiguous
    one is its first pass. Raises ValueError when `wall_min` is out of range.
    """
    if not 0 <= wall_min <= DAY_MIN:
        raise ValueError(f"wall_min must be 0..1440, not {wall_min}")
    # Aware arithmetic is wall arithmetic, and fold=0 takes the offset from before a change:
    # this is exactly "forward by the gap" and "first pass".
    wall = datetime.combine(day, time(), zone) + timedelta(minutes=wall_min)
    return day_number(day) * DAY_MIN + wall_min - wall.utcoffset() // _MINUTE


def wall_of(minute: int, zone: ZoneInfo) -> tuple[date, int]:
    """Local date and minutes after 00:00 on the wall clock at the epoch minute `minute`."""
    local = instant_of(minute).astimezone(zone)
    return local.date(), local.hour * 60 + local.minute


def day_bounds(day: date, zone: ZoneInfo) -> tuple[int, int]:
    """First minute of the local day and first minute of the next one: 23, 24 or 25 hours."""
    return minute_of(day, 0, zone), minute_of(day, DAY_MIN, zone)


def minute_of_instant(instant: datetime) -> int:
    """Epoch minute in which the aware `instant` lies. Raises ValueError when it is naive."""
    if instant.tzinfo is None or instant.utcoffset() is None:
        raise ValueError("an aware datetime is needed")
    return (instant - _EPOCH) // _MINUTE


def instant_of(minute: int) -> datetime:
    """The aware UTC datetime at the epoch minute `minute`."""
    return _EPOCH + minute * _MINUTE
