"""A local day as one integer: bit i is the minute i after the first minute of the day.

A day has 1380, 1440 or 1500 bits (1410, 1470, 1320, 1560 where clocks move by 30 minutes or two
hours). One minute per bit keeps every hold exact; starts lie on the coarser grid of the service.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from .hours import Stretches
from .minutes import DAY_MIN, day_bounds, minute_of, wall_of

GRID_BASE_MIN = 5
_ONES = tuple((1 << n) - 1 for n in range(2 * DAY_MIN + 1))


@dataclass(frozen=True, slots=True)
class DayFrame:
    """One local day on the minute line: its first epoch minute and its length in minutes."""

    day: date
    zone: ZoneInfo
    start: int
    minutes: int

    @property
    def end(self) -> int:
        """First epoch minute of the next local day."""
        return self.start + self.minutes

    @property
    def is_even(self) -> bool:
        """Whether the day has 24 hours, so that bit number and wall minute are the same."""
        return self.minutes == DAY_MIN

    def bit(self, wall_min: int) -> int:
        """Bit of a wall minute, kept inside the day (0..minutes)."""
        if self.is_even:
            return wall_min
        return min(max(minute_of(self.day, wall_min, self.zone) - self.start, 0), self.minutes)

    def wall_min(self, bit: int) -> int:
        """Wall minute shown at `bit`."""
        return bit if self.is_even else wall_of(self.start + bit, self.zone)[1]


@lru_cache(maxsize=4096)
def frame_of(day: date, zone: ZoneInfo) -> DayFrame:
    """The frame of a local day."""
    start, end = day_bounds(day, zone)
    return DayFrame(day, zone, start, end - start)


def span(start: int, end: int) -> int:
    """Mask with the bits start..end-1 set; 0 when the span is empty."""
    return _ONES[end - start] << start if end > start else 0


def runs(mask: int, length: int) -> int:
    """Mask of the bits from which `length` consecutive bits are set in `mask`."""
    have = 1
    while have < length and mask:
        step = min(have, length - have)
        mask &= mask >> step
        have += step
    return mask


def bits(mask: int) -> Iterator[int]:
    """Positions of the set bits, lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


@lru_cache(maxsize=4096)
def even_open_mask(stretches: Stretches) -> int:
    """Mask of wall-clock stretches on a day of 24 hours."""
    mask = 0
    for start, end in stretches:
        mask |= span(start, end)
    return mask


def open_mask(frame: DayFrame, stretches: Stretches) -> int:
    """Mask of wall-clock stretches on a day; they keep their wall time on a day of change.

    01:00-04:00 is two hours long when clocks go forward inside it and four when they go back.
    """
    if frame.is_even:
        return even_open_mask(stretches)
    mask = 0
    for start, end in stretches:
        mask |= span(frame.bit(start), frame.bit(end))
    return mask


def grid_mask(frame: DayFrame, grid_min: int) -> int:
    """Mask of the grid starts, counted on the wall clock from local midnight.

    Wall times that do not exist are left out (their forward twin may lie in tomorrow), and of a
    repeated hour only the first pass is offered: a start must be named by date and wall time.
    """
    if frame.is_even:
        return _even_grid(grid_min)
    return _uneven_grid(frame, grid_min)


@lru_cache(maxsize=64)
def _even_grid(grid_min: int) -> int:
    return sum(1 << bit for bit in range(0, DAY_MIN, grid_min))


@lru_cache(maxsize=512)
def _uneven_grid(frame: DayFrame, grid_min: int) -> int:
    mask = 0
    for wall_min in range(0, DAY_MIN, grid_min):
        minute = minute_of(frame.day, wall_min, frame.zone)
        if wall_of(minute, frame.zone) == (frame.day, wall_min):
            mask |= 1 << (minute - frame.start)
    return mask
