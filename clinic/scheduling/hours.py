"""Working hours: weekly rules and dated exceptions give the open wall-clock stretches of a day.

There is no recurrence language: hours are weekly with dated exceptions, in wall-clock minutes of
the clinic's zone, so they keep their wall time over every clock change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from .minutes import DAY_MIN

Stretches = tuple[tuple[int, int], ...]


def _check_span(from_min: int, to_min: int) -> None:
    if not 0 <= from_min < to_min <= DAY_MIN:
        raise ValueError(f"hours must satisfy 0 <= from < to <= 1440, not {from_min}-{to_min}")


@dataclass(frozen=True)
class WeeklyRule:
    """Open from `from_min` to `to_min` (wall minutes, 0..1440) on a weekday (Monday 0).

    `valid_from` and `valid_to` are both inside the validity; None means unbounded.
    """

    weekday: int
    from_min: int
    to_min: int
    valid_from: date | None = None
    valid_to: date | None = None

    def __post_init__(self) -> None:
        _check_span(self.from_min, self.to_min)
        if not 0 <= self.weekday <= 6:
            raise ValueError(f"weekday must be 0..6, not {self.weekday}")

    def applies_on(self, day: date) -> bool:
        """Whether the rule gives hours on `day`."""
        return (
            self.weekday == day.weekday()
            and (self.valid_from is None or self.valid_from <= day)
            and (self.valid_to is None or day <= self.valid_to)
        )


@dataclass(frozen=True)
class DatedException:
    """From `from_day` to `to_day` (both included): closed ('off') or additionally open ('extra').

    The minutes hold for each of the days. An 'off' without minutes closes the whole day; an
    'extra' needs them. Raises ValueError on anything else.
    """

    from_day: date
    to_day: date
    kind: Literal["off", "extra"]
    from_min: int | None = None
    to_min: int | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.kind not in ("off", "extra"):
            raise ValueError(f"kind must be 'off' or 'extra', not {self.kind!r}")
        if self.to_day < self.from_day:
            raise ValueError("an exception ends before it begins")
        if (self.from_min is None) != (self.to_min is None):
            raise ValueError("give both minutes or neither")
        if self.from_min is not None:
            _check_span(self.from_min, self.to_min)
        elif self.kind == "extra":
            raise ValueError("extra hours need their minutes")

    @property
    def span(self) -> tuple[int, int]:
        """Wall minutes the exception covers on each of its days."""
        return (0, DAY_MIN) if self.from_min is None else (self.from_min, self.to_min)

    def applies_on(self, day: date) -> bool:
        """Whether the exception touches `day`."""
        return self.from_day <= day <= self.to_day


def merged(stretches: Iterable[tuple[int, int]]) -> Stretches:
    """The stretches in order, overlapping and touching ones joined, empty ones dropped."""
    out: list[tuple[int, int]] = []
    for start, end in sorted(stretches):
        if out and start <= out[-1][1]:
            if end > out[-1][1]:
                out[-1] = (out[-1][0], end)
        elif start < end:
            out.append((start, end))
    return tuple(out)


def _without(stretches: Stretches, cut: tuple[int, int]) -> Stretches:
    pieces = []
    for start, end in stretches:
        pieces += [(start, min(end, cut[0])), (max(start, cut[1]), end)]
    return tuple((start, end) for start, end in pieces if start < end)


def open_stretches(
    day: date, weekly: Iterable[WeeklyRule], exceptions: Iterable[DatedException]
) -> Stretches:
    """Merged open wall-clock stretches (from_min, to_min) of `day`, in order.

    Extra hours are added to the weekly ones first and every 'off' is removed last, whatever the
    order of the rows: a closure always wins, so nobody is booked into an absence. To open inside
    a closure the closure itself is shortened.
    """
    today = [row for row in exceptions if row.applies_on(day)]
    spans = [(rule.from_min, rule.to_min) for rule in weekly if rule.applies_on(day)]
    spans += [row.span for row in today if row.kind == "extra"]
    stretches = merged(spans)
    for row in today:
        if row.kind == "off":
            stretches = _without(stretches, row.span)
    return stretches
