"""Days since the last session in a zone, and sessions in twelve months.

The interval counts per zone, not per patient: one part of the back may be needled while another
heals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from .findings import Finding, Level, in_order
from .quantities import days_text, fault_of, must_be_quantity, shown


@dataclass(frozen=True, slots=True)
class IntervalLimits:
    """What the protocol and the clinic ask between two sessions in one zone.

    Under `minimum_days` is a WARN. Under `hard_stop_days` at `hard_stop_depth_mm` or deeper is a
    STOP. `max_sessions` in twelve months before a review; None exempts the indication.
    """

    minimum_days: int
    hard_stop_days: int
    hard_stop_depth_mm: Decimal
    max_sessions: int | None
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("hard_stop_depth_mm", self.hard_stop_depth_mm)
        if self.minimum_days < 0 or self.hard_stop_days < 0:
            raise ValueError("days between sessions cannot be negative")
        if self.max_sessions is not None and self.max_sessions < 1:
            raise ValueError("max_sessions is None or at least 1")


def check_interval(
    zone: str,
    *,
    days_since_last: int | None,
    depth_mm: Decimal | None,
    earlier_sessions_12_months: int | None,
    limits: IntervalLimits,
) -> tuple[Finding, ...]:
    """Findings about needling `zone` again, STOP first; always at least one.

    `days_since_last` are calendar days since the last session in this zone, None where there was
    none. `depth_mm` is the deeper set depth of that session and the coming one; None is taken as
    deep. `earlier_sessions_12_months` do not count the coming one; None means not known.
    """
    return in_order(
        (
            *_gap(zone, days_since_last, depth_mm, earlier_sessions_12_months, limits),
            *_count(zone, earlier_sessions_12_months, limits),
        )
    )


def _gap(
    zone: str,
    days: int | None,
    depth_mm: Decimal | None,
    earlier: int | None,
    limits: IntervalLimits,
) -> Iterator[Finding]:
    def say(level: Level, code: str, text: str, figures: dict[str, str]) -> Finding:
        return Finding(level, code, text, figures, limits.source, zone)

    if days is None and earlier:
        text = f"{zone}: {earlier} earlier sessions but no date of the last; days are not checked."
        yield say(Level.WARN, "INTERVAL_DATE_MISSING", text, {"earlier_sessions": str(earlier)})
    elif days is None:
        text = f"{zone}: no earlier session is recorded; taken as the first."
        yield say(Level.INFO, "INTERVAL_FIRST", text, {})
    elif days < 0:
        text = f"{zone}: the last session is dated {days_text(-days)} after this one."
        yield say(Level.STOP, "INTERVAL_INVALID", text, {"days": str(days)})
    elif days < limits.hard_stop_days and _is_deep(depth_mm, limits):
        how = f"{shown(depth_mm)} mm" if not fault_of(depth_mm) else "a depth not recorded"
        text = (
            f"{zone}: {days_text(days)} since the last session, under {limits.hard_stop_days} at {how} "
            f"({shown(limits.hard_stop_depth_mm)} mm or deeper)."
        )
        figures = {
            "days": str(days),
            "depth_mm": "" if depth_mm is None else str(depth_mm),
            "hard_stop_days": str(limits.hard_stop_days),
            "hard_stop_depth_mm": shown(limits.hard_stop_depth_mm),
        }
        yield say(Level.STOP, "INTERVAL_HARD_STOP", text, figures)
    elif days < limits.minimum_days:
        text = f"{zone}: {days_text(days)} since the last session, under the {limits.minimum_days} usual."
        figures = {"days": str(days), "minimum_days": str(limits.minimum_days)}
        yield say(Level.WARN, "INTERVAL_SHORT", text, figures)
    else:
        text = f"{zone}: {days_text(days)} since the last session; the minimum is {limits.minimum_days}."
        figures = {"days": str(days), "minimum_days": str(limits.minimum_days)}
        yield say(Level.INFO, "INTERVAL_KEPT", text, figures)


def _is_deep(depth_mm: Decimal | None, limits: IntervalLimits) -> bool:
    """At or over the hard-stop depth; a depth that is missing or impossible is taken as deep."""
    return bool(fault_of(depth_mm)) or depth_mm >= limits.hard_stop_depth_mm


def _count(zone: str, earlier: int | None, limits: IntervalLimits) -> Iterator[Finding]:
    """The coming session is number `earlier` + 1 of the twelve months."""
    if limits.max_sessions is None:
        return
    if earlier is None or earlier < 0:
        text = f"{zone}: the sessions of the last 12 months are not known; not checked."
        yield Finding(Level.WARN, "INTERVAL_COUNT_MISSING", text, {}, limits.source, zone)
    elif earlier + 1 > limits.max_sessions:
        text = (
            f"{zone}: this would be session {earlier + 1} in 12 months, over "
            f"{limits.max_sessions} without a review."
        )
        figures = {"session": str(earlier + 1), "max_sessions": str(limits.max_sessions)}
        yield Finding(Level.WARN, "INTERVAL_COUNT", text, figures, limits.source, zone)
