"""Where a visit may be put down: bands of starts, each with one verdict."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from clinic.scheduling.hours import WeeklyRule
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.reasons import sentence
from clinic.scheduling.slots import PhaseNeed, ResourceHours, ServiceShape, Snapshot, slot_at
from clinic.scheduling.targets import start_bands

LONDON = ZoneInfo("Europe/London")
TUESDAY = date(2026, 11, 24)
HOURS = tuple(WeeklyRule(day, 540, 720) for day in range(6))
SHAPE = ServiceShape((PhaseNeed("practitioner", 0, 30), PhaseNeed("room", 0, 30)), 10)
KNOWN = Snapshot(
    LONDON,
    (
        ResourceHours(1, "practitioner", HOURS), ResourceHours(7, "room", HOURS),
        ResourceHours(8, "room", HOURS),
    ),
)  # fmt: skip


def at(wall_min: int, day: date = TUESDAY) -> int:
    return minute_of(day, wall_min, LONDON)


def bands(known=KNOWN, day=TUESDAY, opens=540, closes=720, **facts):
    found = start_bands(
        known, SHAPE, day=day, practitioner_id=1, opens=opens, closes=closes, **facts
    )
    return [(b.from_min, b.to_min, b.reason and sentence(b.reason)) for b in found]


def test_an_empty_day_is_free_until_the_visit_would_not_end_in_time():
    assert bands() == [
        (540, 700, None), (700, 720, "Outside the hours of the practitioner"),
    ]  # fmt: skip


def test_a_taken_stretch_parts_the_free_starts():
    known = replace(KNOWN, busy={1: ((at(600), at(630)),)})

    assert bands(known) == [
        (540, 580, None), (580, 630, "The practitioner is already taken at this time"),
        (630, 700, None), (700, 720, "Outside the hours of the practitioner"),
    ]  # fmt: skip


def test_what_is_over_says_so():
    assert bands(from_minute=at(600))[0] == (540, 600, "This time is over")


def test_a_room_that_is_taken_is_refused_though_another_one_is_free():
    known = replace(KNOWN, busy={7: ((at(540), at(720)),)})

    assert bands(known, room_id=8)[0] == (540, 700, None)
    assert bands(known, room_id=7)[0] == (
        540, 700, "The room is already taken at this time",
    )  # fmt: skip


def test_the_wished_room_is_taken_when_it_is_free_and_the_first_one_otherwise():
    known = replace(KNOWN, busy={8: ((at(600), at(630)),)})

    wished = slot_at(known, SHAPE, start=at(540), practitioner_id=1, room_id=8)
    swapped = slot_at(known, SHAPE, start=at(600), practitioner_id=1, room_id=8)

    assert (wished.room_id, swapped.room_id) == (8, 7)


def test_a_start_the_clocks_skip_is_never_free():
    night = tuple(WeeklyRule(day, 0, 300) for day in range(7))
    known = replace(KNOWN, resources=tuple(replace(row, weekly=night) for row in KNOWN.resources))

    spring = date(2027, 3, 28)  # 01:00 becomes 02:00
    covered = [
        wall for start, end, _ in bands(known, day=spring, opens=0, closes=300)
        for wall in range(start, end, 10)
    ]  # fmt: skip

    assert [wall for wall in range(0, 300, 10) if wall not in covered] == []
    found = start_bands(known, SHAPE, day=spring, practitioner_id=1, opens=0, closes=300)
    assert [(b.from_min, b.to_min) for b in found if b.reason is None] == [(0, 280)]
