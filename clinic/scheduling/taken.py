"""The taken stretches of one resource as sorted numbers, taken apart for the days looked at alone.

A stretch of at most a day is the number `start * LONGER + minutes`: numbers sort by their starts,
and a database can send thousands of them as one text.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from .masks import DayFrame, span
from .minutes import DAY_MIN

LONGER = 2048  # more minutes than a stretch may have


class Stretches:
    """Taken (start, end) of one resource in epoch minutes; they may touch and overlap."""

    def __init__(self, codes: Iterable[int]) -> None:
        self._codes = sorted(codes)
        self._longest = max((code % LONGER for code in self._codes), default=0)

    @classmethod
    def of(cls, pairs: "Iterable[tuple[int, int]] | Stretches") -> "Stretches":
        """The stretches of (start, end) pairs; one that is longer than a day becomes several."""
        if isinstance(pairs, cls):
            return pairs
        return cls(
            piece * LONGER + min(end - piece, DAY_MIN)
            for start, end in pairs
            for piece in range(start, end, DAY_MIN)
        )

    def __len__(self) -> int:
        return len(self._codes)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for code in self._codes:
            start, minutes = divmod(code, LONGER)
            yield start, start + minutes

    def mask(self, frame: DayFrame) -> int:
        """The taken minutes of a day."""
        codes, opens, closes = self._codes, frame.start, frame.end
        mask, first = 0, bisect_left(codes, (opens - self._longest) * LONGER)
        for code in codes[first : bisect_left(codes, closes * LONGER, first)]:
            start, minutes = code // LONGER - opens, code % LONGER
            if start >= 0 and start + minutes <= frame.minutes:
                mask |= span(start, start + minutes)
            else:
                mask |= span(max(start, 0), min(start + minutes, frame.minutes))
        return mask
