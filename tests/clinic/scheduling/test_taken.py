"""Taken stretches as numbers: the same minutes as the pairs they were made from."""

import random
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling.masks import frame_of, span
from clinic.scheduling.taken import Stretches

ROME = ZoneInfo("Europe/Rome")
MARCH = date(2027, 3, 26)  # clocks go forward on the 28th


@pytest.mark.parametrize("seed", range(20))
def test_every_day_has_the_minutes_of_the_pairs_that_reach_into_it(seed):
    rnd = random.Random(seed)
    first = frame_of(MARCH, ROME).start
    starts = [first + rnd.randrange(-4000, 9000) for _ in range(12)]
    pairs = [(start, start + rnd.choice((5, 90, 1440, 4000))) for start in starts]
    taken = Stretches.of(pairs)

    for number in range(6):
        frame = frame_of(MARCH + timedelta(days=number), ROME)
        wanted = 0
        for start, end in pairs:
            wanted |= span(max(start - frame.start, 0), min(end, frame.end) - frame.start)
        assert taken.mask(frame) == wanted


def test_stretches_of_at_most_a_day_come_back_as_they_were_in_order():
    pairs = [(5000, 5090), (-10, 1430), (100, 105)]

    assert list(Stretches.of(pairs)) == sorted(pairs)
    assert len(Stretches.of(pairs)) == 3
