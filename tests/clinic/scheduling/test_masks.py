"""Days as masks: runs of free minutes, and the grid on days when clocks change."""

from datetime import date
from zoneinfo import ZoneInfo, available_timezones

import pytest

from clinic.scheduling.hours import WeeklyRule
from clinic.scheduling.masks import bits, frame_of, runs, span
from clinic.scheduling.minutes import wall_of
from clinic.scheduling.slots import PhaseNeed, ResourceHours, ServiceShape, Snapshot, day_slots

ROME = ZoneInfo("Europe/Rome")
MONDAY = date(2026, 11, 23)
TALK = ServiceShape((PhaseNeed("practitioner", 0, 30),))


def practice(*, hours, zone=ROME):
    week = tuple(WeeklyRule(weekday, *hours) for weekday in range(7))
    return Snapshot(zone, (ResourceHours(1, "practitioner", week),))


def starts(slots):
    return [slot.wall_min for slot in slots]


def test_runs_marks_every_bit_with_enough_free_bits_after_it():
    assert list(bits(runs(span(3, 10) | span(12, 14), 4))) == [3, 4, 5, 6]


@pytest.mark.parametrize("length", range(1, 40))
def test_runs_agrees_with_counting_bit_by_bit(length):
    mask = span(0, 7) | span(9, 40) | span(41, 43) | span(60, 99)
    expected = [i for i in range(100) if all(mask >> (i + k) & 1 for k in range(length))]

    assert list(bits(runs(mask, length))) == expected


@pytest.mark.parametrize("day", [date(2027, 3, 28), date(2027, 10, 31)])
def test_hours_keep_their_wall_time_on_days_of_change(day):
    found = day_slots(practice(hours=(480, 1020)), TALK, day=day)

    assert starts(found) == list(range(480, 1000, 10))
    assert [wall_of(slot.start, ROME) for slot in found] == [(day, s.wall_min) for s in found]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2027, 3, 28), [60, 90, 180, 210]),
        # The second pass of 02:00-03:00 cannot be named by a wall time and is not offered.
        (date(2027, 10, 31), [60, 90, 120, 150, 180, 210]),
    ],
)
def test_a_night_of_change_offers_only_starts_the_clock_can_name(day, expected):
    shape = ServiceShape(TALK.phases, grid_min=30)

    assert starts(day_slots(practice(hours=(60, 240)), shape, day=day)) == expected


def test_the_grid_of_kathmandu_begins_at_local_midnight():
    zone = ZoneInfo("Asia/Kathmandu")
    shape = ServiceShape(TALK.phases, grid_min=30)
    found = day_slots(practice(zone=zone, hours=(540, 660)), shape, day=MONDAY)

    assert starts(found) == [540, 570, 600, 630]
    assert [slot.start % 30 for slot in found] == [15, 15, 15, 15]


def test_a_gap_before_midnight_leaks_no_start_into_tomorrow():
    nuuk = ZoneInfo("America/Nuuk")
    day = date(2027, 3, 27)
    found = day_slots(practice(zone=nuuk, hours=(1260, 1440)), TALK, day=day)

    assert {wall_of(slot.start, nuuk)[0] for slot in found} == {day}
    assert max(slot.end for slot in found) <= frame_of(day, nuuk).end


def test_every_zone_offers_starts_at_their_wall_time_on_days_of_change():
    wrong, uneven = [], 0
    shape = ServiceShape(TALK.phases, grid_min=20)
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        summer, winter = (frame_of(day, zone).start % 1440 for day in (date(2026, 9, 1), MONDAY))
        if summer == winter:
            continue
        snapshot = practice(zone=zone, hours=(0, 1440))
        for ordinal in range(date(2026, 9, 1).toordinal(), date(2026, 11, 5).toordinal()):
            day = date.fromordinal(ordinal)
            if frame_of(day, zone).is_even:
                continue
            uneven += 1
            wrong += [
                (name, slot)
                for slot in day_slots(snapshot, shape, day=day)
                if wall_of(slot.start, zone) != (day, slot.wall_min) or slot.wall_min % 20
            ]

    assert uneven > 100
    assert wrong == []
