"""Where a visit that was picked up may be put down: every start of a day, legal or with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from .finder import ServiceShape, Snapshot
from .masks import bits
from .reasons import Reason
from .slots import why_not


@dataclass(frozen=True)
class Band:
    """Starts from `from_min` to before `to_min` (wall minutes); legal when `reason` is None."""

    from_min: int
    to_min: int
    reason: Reason | None


def start_bands(
    snapshot: Snapshot, shape: ServiceShape, *, day: date, practitioner_id: int,
    room_id: int | None = None, opens: int, closes: int, from_minute: int = 0,
) -> tuple[Band, ...]:  # fmt: skip
    """Return the starts on `day` between two wall minutes as bands of one verdict each, in order.

    With `room_id` the visit must be in that room. Starts before the epoch minute `from_minute` are
    over (`past`). A start the clocks skip is in no band.
    """
    verdicts = _verdicts(
        snapshot, shape, day, who=practitioner_id, room_id=room_id, from_minute=from_minute
    )
    seen = [(wall, reason) for wall, reason in verdicts if opens <= wall < closes]
    bands = []
    for reason, group in groupby(seen, key=lambda row: row[1]):
        walls = [wall for wall, _ in group]
        bands.append(Band(walls[0], walls[-1] + shape.grid_min, reason))
    return tuple(bands)


def _verdicts(
    snapshot, shape, day, *, who: int, room_id: int | None, from_minute: int
) -> Iterator[tuple[int, Reason | None]]:
    finder = snapshot.finder(shape)
    board = finder.board(day)
    legal = finder.legal(day, finder.practitioner_ids((who,))).get(who, 0)
    in_room = -1 if room_id is None else finder.room_starts(day, room_id)
    for bit in bits(board.grid):
        start = board.frame.start + bit
        if start < from_minute:
            reason = Reason.of("past")
        elif legal >> bit & 1:
            free = in_room >> bit & 1
            reason = None if free else Reason.of("taken", need="room", resource=room_id)
        else:
            reason = why_not(snapshot, shape, start=start, practitioner_id=who)
        yield board.frame.wall_min(bit), reason
