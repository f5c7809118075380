"""Weeks of the calendar, Monday to Sunday, and how much of each is taken."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from .finder import ResourceHours
from .hours import DatedException, open_stretches

WEEK = timedelta(days=7)
#: A load from these percents on has this name; figures of the eye, not of a source.
LEVELS = ((100, "full"), (85, "high"), (50, "busy"), (1, "light"))
Level = Literal["shut", "empty", "light", "busy", "high", "full"]


def monday_of(day: date) -> date:
    """The Monday on or before `day`."""
    return day - timedelta(days=day.weekday())


def weeks_from(day: date, count: int) -> list[date]:
    """The Mondays of `count` weeks, that of `day` first."""
    first = monday_of(day)
    return [first + WEEK * number for number in range(count)]


def days_of(monday: date) -> list[date]:
    """The seven days of a week."""
    return [monday + timedelta(days=number) for number in range(7)]


@dataclass(frozen=True)
class Load:
    """How much of a resource's open time is taken, in minutes."""

    open_min: int
    taken_min: int

    def __add__(self, other: "Load") -> "Load":
        """Both together."""
        return Load(self.open_min + other.open_min, self.taken_min + other.taken_min)

    @property
    def percent(self) -> int | None:
        """Taken of open in whole percent, over 100 where more is taken; None without open time."""
        return round(100 * self.taken_min / self.open_min) if self.open_min else None

    @property
    def free_min(self) -> int:
        """Open minutes that are not taken, never below zero."""
        return max(self.open_min - self.taken_min, 0)

    @property
    def level(self) -> Level:
        """How full it is, in a word; taken time without open time counts as full."""
        if not self.open_min:
            return "full" if self.taken_min else "shut"
        return next((name for least, name in LEVELS if self.percent >= least), "empty")


def open_minutes(
    days: Iterable[date], unit: ResourceHours, closures: Sequence[DatedException] = ()
) -> int:
    """Open wall-clock minutes of a resource on these days.

    `closures` are the exceptions of the whole clinic: an 'off' closes everything, an 'extra' opens
    rooms and devices alone, as in the slot search.
    """
    whole = [row for row in closures if row.kind == "off" or unit.kind != "practitioner"]
    rows = [*unit.exceptions, *whole]
    return sum(end - start for day in days for start, end in open_stretches(day, unit.weekly, rows))
