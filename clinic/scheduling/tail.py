"""What moving or losing one session does to the rest of its course: keep what can stay.

The planner's own search with the bookings as they are: keeping one costs nothing, changing one
`Weights.changed`. Sessions before the changed one stay.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import date

from .course import propose
from .finder import Slot
from .terms import Blackout, CourseRequest, Placed, Refusal, SessionWish, Weights


@dataclass(frozen=True)
class Tail:
    """The course around one changed session: its own place, who stays, who moves where."""

    changed: Placed
    kept: tuple[Placed, ...]
    moved: tuple[Placed, ...]


def mend(
    request: CourseRequest, *, number: int, slot: Slot | None = None, avoid: date | None = None,
    weights: Weights | None = None, also: Collection[int] = (),
) -> Tail | Refusal:  # fmt: skip
    """Return the cheapest course in which session `number` stands at `slot`.

    Without `slot` it gets the best new one, not on the day `avoid`. Sessions that have no booking
    are left out, save those of `also`, which lost theirs and count as moved; the shortest intervals
    of the others still count. Bookings of `request` may not be fixed.
    Raises ValueError when the session is not one of the request.
    """
    wishes = tuple(_wishes(request, number, slot, also))
    if number not in {wish.number for wish in wishes}:
        raise ValueError(f"session {number} is not to be planned")
    wish = request.wish
    if avoid is not None:
        wish = replace(wish, blackouts=(*wish.blackouts, Blackout(avoid, avoid, "holiday")))
    found = propose(replace(request, sessions=wishes, wish=wish), weights)
    if isinstance(found, Refusal):
        return found
    standing = {row.number: row.booked for row in wishes if row.booked and row.number != number}
    others = [placed for placed in found.sessions if placed.number != number]
    stays = {n for n, slot in standing.items() for p in others
             if p.number == n and p.slot.key == slot.key}  # fmt: skip
    kept = tuple(placed for placed in others if placed.number in stays)
    moved = tuple(placed for placed in others if placed.number not in stays)
    changed = next(placed for placed in found.sessions if placed.number == number)
    return Tail(changed, kept, moved)


def _wishes(
    request: CourseRequest, number: int, slot: Slot | None, also: Collection[int]
) -> Iterator[SessionWish]:
    """Yield the sessions that have or get a date, the gaps of those left out added up."""
    skipped = (0, 0, 0)
    for row in request.sessions:
        gaps = row.gap_min_days, row.gap_ideal_days, row.gap_max_days
        total = tuple(a + b for a, b in zip(skipped, gaps, strict=True))
        if row.booked is None and row.number != number and row.number not in also:
            skipped = total
            continue
        booked, fixed = row.booked, row.number < number
        if row.number == number:
            booked, fixed = slot, slot is not None
        yield SessionWish(row.number, *total, booked=booked, is_fixed=fixed)
        skipped = (0, 0, 0)
