"""Let things happen in order of time, so that the audit reads as it would have been written."""

import heapq
from collections.abc import Callable
from datetime import date, datetime
from itertools import count

from clinic.scheduling.minutes import instant_of, minute_of


class Agenda:
    """What is to happen and when. A deed may put further deeds on it.

    What lies after `now` does not happen: today's visits come out arrived, in the room or still
    expected by themselves.
    """

    def __init__(self, *, now: datetime) -> None:
        self.now = now
        self._waiting: list = []
        self._order = count()

    def put(self, at: datetime, deed: Callable[[datetime], None]) -> None:
        """Let a deed happen at an instant; it is called with that instant."""
        heapq.heappush(self._waiting, (at, next(self._order), deed))

    def run(self) -> None:
        """Let everything up to `now` happen."""
        while self._waiting and self._waiting[0][0] <= self.now:
            at, _, deed = heapq.heappop(self._waiting)
            deed(at)


def instant(day: date, wall_min: int, zone) -> datetime:
    """Return the instant of a wall-clock minute of a local day."""
    return instant_of(minute_of(day, wall_min, zone))
