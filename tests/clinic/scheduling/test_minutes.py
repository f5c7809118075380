"""Wall time and minutes: clock changes, odd offsets, and every zone there is."""

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest

from clinic.scheduling.minutes import (
    day_bounds,
    day_number,
    day_of,
    instant_of,
    minute_of,
    minute_of_instant,
    wall_of,
)

ROME = ZoneInfo("Europe/Rome")
FORWARD = date(2027, 3, 28)
BACK = date(2027, 10, 31)


def hours_long(day, zone):
    start, end = day_bounds(day, zone)
    return (end - start) / 60


def test_a_minute_is_the_utc_instant_of_the_wall_time():
    minute = minute_of(date(2026, 11, 23), 9 * 60, ROME)

    assert instant_of(minute) == datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_wall_time_comes_back_from_its_minute():
    assert wall_of(minute_of(date(2026, 11, 23), 545, ROME), ROME) == (date(2026, 11, 23), 545)


def test_an_instant_of_any_offset_gives_its_minute_and_seconds_are_cut():
    instant = datetime(1970, 1, 1, 3, 7, 59, tzinfo=timezone(timedelta(hours=2)))

    assert minute_of_instant(instant) == 67


def test_a_naive_instant_is_refused():
    with pytest.raises(ValueError, match="aware"):
        minute_of_instant(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("wall_min", [-1, 1441])
def test_wall_minutes_outside_the_day_are_refused(wall_min):
    with pytest.raises(ValueError, match=r"0\.\.1440"):
        minute_of(date(2026, 1, 1), wall_min, ROME)


def test_day_numbers_count_from_the_epoch_and_back():
    assert day_number(date(1970, 1, 1)) == 0
    assert day_number(date(1969, 12, 31)) == -1
    assert day_of(day_number(date(2027, 3, 28))) == date(2027, 3, 28)


def test_minute_1440_is_the_next_local_midnight():
    assert minute_of(FORWARD, 1440, ROME) == minute_of(date(2027, 3, 29), 0, ROME)


def test_days_of_change_in_rome_have_23_and_25_hours():
    assert [hours_long(day, ROME) for day in (FORWARD, BACK, date(2027, 6, 1))] == [23, 25, 24]


def test_a_time_that_does_not_exist_moves_forward_by_the_gap():
    assert wall_of(minute_of(FORWARD, 150, ROME), ROME) == (FORWARD, 210)


def test_a_time_that_happens_twice_is_its_first_pass():
    assert instant_of(minute_of(BACK, 150, ROME)) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_one_to_four_is_two_hours_in_spring_and_four_in_autumn():
    lengths = [minute_of(day, 240, ROME) - minute_of(day, 60, ROME) for day in (FORWARD, BACK)]

    assert lengths == [120, 240]


def test_28_local_days_over_the_march_change_are_671_hours():
    first = date(2027, 3, 10)
    second = first + timedelta(days=28)

    assert day_number(second) - day_number(first) == 28
    assert minute_of(second, 600, ROME) - minute_of(first, 600, ROME) == 671 * 60


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Australia/Lord_Howe", date(2027, 4, 4), 24.5),
        ("Antarctica/Troll", date(2027, 3, 28), 22),
        ("Antarctica/Troll", date(2027, 10, 31), 26),
        ("America/Nuuk", date(2027, 3, 27), 23),
        ("America/Nuuk", date(2027, 10, 30), 25),
        ("Africa/Cairo", date(2027, 4, 30), 23),
        ("Asia/Beirut", date(2027, 3, 28), 23),
        ("America/Santiago", date(2027, 9, 5), 23),
        ("America/Havana", date(2027, 3, 14), 23),
    ],
)
def test_odd_changes_give_days_of_the_right_length(zone, day, hours):
    assert hours_long(day, ZoneInfo(zone)) == hours


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Africa/Cairo", date(2027, 4, 30)),
        ("Asia/Beirut", date(2027, 3, 28)),
        ("America/Santiago", date(2027, 9, 5)),
        ("America/Havana", date(2027, 3, 14)),
    ],
)
def test_a_day_without_midnight_begins_at_one(zone, day):
    place = ZoneInfo(zone)

    assert wall_of(minute_of(day, 0, place), place) == (day, 60)
    assert minute_of(day - timedelta(days=1), 1440, place) == minute_of(day, 0, place)


def test_a_gap_before_midnight_leads_into_tomorrow():
    nuuk = ZoneInfo("America/Nuuk")

    assert wall_of(minute_of(date(2027, 3, 27), 23 * 60 + 30, nuuk), nuuk) == (
        date(2027, 3, 28),
        30,
    )


@cache
def days_of_change(zone):
    """Local days in 2026-2027 around which the offset differs, found by weeks, then by days."""
    changes = set()
    start = datetime(2025, 12, 31, tzinfo=UTC)
    offsets = [(start + timedelta(days=7 * n)).astimezone(zone).utcoffset() for n in range(106)]
    for n in range(105):
        if offsets[n] != offsets[n + 1]:
            days = [(start + timedelta(days=7 * n + d)).date() for d in range(-1, 9)]
            changes.update(day for day in days if hours_long(day, zone) != 24)
    return changes


def test_every_zone_keeps_its_wall_times_in_2026_and_2027():
    wrong = []
    zones = sorted(available_timezones())
    for name in zones:
        zone = ZoneInfo(name)
        days = {date(2026, 1, 5), date(2026, 7, 6), date(2027, 12, 30)}
        for day in days_of_change(zone):
            days |= {day - timedelta(days=1), day, day + timedelta(days=1)}
        for day in days:
            if day_bounds(day, zone)[1] != day_bounds(day + timedelta(days=1), zone)[0]:
                wrong.append((name, day, "bounds"))
            # 04:00 to 21:30 are outside every change; clinics live there.
            wrong += [
                (name, day, wall_min)
                for wall_min in (240, 480, 725, 1020, 1290)
                if wall_of(minute_of(day, wall_min, zone), zone) != (day, wall_min)
            ]

    assert len(zones) > 400
    assert wrong == []
