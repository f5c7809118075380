"""Phases double the day: measured with the search the diary uses (tests/bench/capacity.py)."""

from tests.bench.capacity import PATTERNS, filled

WITH_PHASES, WITHOUT = PATTERNS.values()


def test_a_day_of_540_minutes_takes_12_patients_when_numbing_overlaps_needling():
    assert filled(WITH_PHASES, 10) == 12


def test_the_same_day_takes_6_when_the_practitioner_is_busy_for_the_whole_visit():
    assert filled(WITHOUT, 10) == 6
