"""Where a visit that was picked up may be put down: every start of a day, legal or with its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from .finder import ServiceShape, Snapshot
from .masks import bits, span
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
    in_room = -1 if room_id is None else finder.unit_starts(day, "room", room_id)
    for bit in bits(board.grid):
        start = board.frame.start + bit
        if start < from_minute:
            reason = Reason.of("past")
        elif legal >> bit & 1:
            free = in_room >> bit & 1
            reason = None if free else Reason.of("taken", need="room", resource=room_id)
        else:
            reason = why_not(snapshot, shape, start=start, practitioner_id=who)
        if room_id is not None and reason is not None and reason.get("need") == "room":
            reason = Reason.of(reason.code, need="room", resource=room_id)
        if reason is not None and reason.code == "taken" and reason["resource"] is not None:
            reason = _with_stretch(finder, board, bit, reason)
        yield board.frame.wall_min(bit), reason


def _with_stretch(finder, board, bit: int, reason: Reason) -> Reason:
    """Return the reason with the taken stretch that is met, in wall minutes.

    From the first taken minute to the last one; what is free in between does not help this visit.
    """
    lane = next(row for row in finder.by_kind[reason["need"]]
                if row.resource_id == reason["resource"])  # fmt: skip
    taken = lane.taken(board.frame)
    wanted = 0
    for start, end in finder.shape.needs[reason["need"]]:
        wanted |= span(bit + start, bit + end)
    met = list(bits(taken & wanted))
    if not met:  # not taken but shut: a room outside its hours
        return reason
    first, last = met[0], met[-1]
    while first and taken >> (first - 1) & 1:
        first -= 1
    while taken >> last & 1:
        last += 1
    busy = board.frame.wall_min(first), board.frame.wall_min(last)
    return Reason.of("taken", busy_from=busy[0], busy_to=busy[1], **dict(reason.figures))
