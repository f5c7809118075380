"""Slot search: phases, capacity, ranking, rooms and devices, clock changes, and why not."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling.hours import DatedException, WeeklyRule
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import (
    FoundCandidates,
    PhaseNeed,
    Reason,
    ResourceHours,
    ServiceShape,
    Snapshot,
    Wish,
    day_slots,
    holds_of,
    nearest_slots,
    next_slots,
    search_bounds,
    slot_at,
    why_empty,
    why_not,
)

ROME = ZoneInfo("Europe/Rome")
MONDAY = date(2026, 11, 23)
ANNA, BRUNO, ROOM, OTHER_ROOM, PEN = 1, 2, 11, 12, 21

# Cream 0-5, needling 45-80 by the same practitioner; room and cleaning to 90.
NUMBED = ServiceShape(
    (
        PhaseNeed("practitioner", 0, 5),
        PhaseNeed("practitioner", 45, 35),
        PhaseNeed("room", 0, 90),
        PhaseNeed("device", 45, 45),
    )
)
TALK = ServiceShape((PhaseNeed("practitioner", 0, 30),))


def week(from_min, to_min, days=range(7)):
    return tuple(WeeklyRule(weekday, from_min, to_min) for weekday in days)


def practice(*, busy=None, zone=ROME, hours=(540, 1080), ids=(ANNA, ROOM, PEN), closings=()):
    kinds = {0: "practitioner", 1: "room", 2: "device"}
    rows = tuple(ResourceHours(i, kinds[i // 10], week(*hours)) for i in ids)
    return Snapshot(zone, rows, closings, busy or {})


def at(wall_min, day=MONDAY, zone=ROME):
    return minute_of(day, wall_min, zone)


def stretch(from_min, to_min, day=MONDAY):
    return at(from_min, day), at(to_min, day)


def starts(slots):
    return [slot.wall_min for slot in slots]


# Phases


def test_phases_of_one_kind_are_merged_into_stretches():
    shape = ServiceShape((PhaseNeed("practitioner", 0, 5), PhaseNeed("practitioner", 5, 10)))

    assert shape.needs["practitioner"] == ((0, 15),)
    assert shape.total_min == 15


@pytest.mark.parametrize(
    "build",
    [
        lambda: ServiceShape((PhaseNeed("room", 0, 30),)),
        lambda: ServiceShape(TALK.phases, grid_min=7),
        lambda: PhaseNeed("laser", 0, 30),
        lambda: PhaseNeed("room", 0, 0),
    ],
)
def test_impossible_services_are_refused(build):
    with pytest.raises(ValueError, match=r"needs|grid|kind|phase"):
        build()


def test_an_empty_day_offers_every_grid_start_the_visit_fits_into():
    assert starts(day_slots(practice(hours=(540, 660)), NUMBED, day=MONDAY)) == [540, 550, 560, 570]


def test_a_visit_may_overlap_another_ones_numbing_but_not_its_needling():
    busy = {ANNA: [stretch(540, 545), stretch(585, 620)]}
    snapshot = practice(busy=busy, ids=(ANNA, ROOM, OTHER_ROOM, PEN), hours=(540, 720))

    # 580: cream just before the needling at 585, own needling at 625.
    assert starts(day_slots(snapshot, NUMBED, day=MONDAY)) == [580, 620, 630]


def test_what_is_known_of_some_resources_offers_them_alone():
    known = practice(busy={ROOM: [stretch(540, 660)]}, ids=(ANNA, BRUNO, ROOM, OTHER_ROOM, PEN),
                     hours=(540, 660))  # fmt: skip

    only = known.only({ANNA, ROOM, PEN}), known.only({BRUNO, OTHER_ROOM, PEN})

    assert [starts(day_slots(some, NUMBED, day=MONDAY)) for some in only] == [
        [], [540, 550, 560, 570]
    ]  # fmt: skip
    assert {slot.practitioner_id for slot in day_slots(only[1], NUMBED, day=MONDAY)} == {BRUNO}


def test_the_needed_holds_are_one_per_stretch_sorted_by_resource():
    slot = day_slots(practice(), NUMBED, day=MONDAY)[0]

    assert holds_of(slot, NUMBED) == (
        (ANNA, *stretch(540, 545)),
        (ANNA, *stretch(585, 620)),
        (ROOM, *stretch(540, 630)),
        (PEN, *stretch(585, 630)),
    )


def book_all(shape, grid_min):
    """Patients one practitioner can see in a 540-minute day when each takes the best slot."""
    shape = ServiceShape(shape.phases, grid_min)
    busy, patients = {ANNA: []}, 0
    while found := next_slots(practice(busy=busy), shape, from_minute=at(0), days=1, count=1):
        busy = {ANNA: busy[ANNA] + [hold[1:] for hold in holds_of(found[0], shape)]}
        patients += 1
    return patients


def test_phases_double_the_day_on_a_ten_minute_grid():
    phased = ServiceShape((PhaseNeed("practitioner", 0, 5), PhaseNeed("practitioner", 45, 35)))
    blocked = ServiceShape((PhaseNeed("practitioner", 0, 80),))

    assert [book_all(phased, 10), book_all(phased, 15), book_all(blocked, 10)] == [12, 6, 6]


# Rooms, devices and competing needs


def test_the_lowest_free_room_is_picked_and_kept_through_all_room_phases():
    shape = ServiceShape(
        (PhaseNeed("practitioner", 0, 30), PhaseNeed("room", 0, 10), PhaseNeed("room", 20, 10))
    )
    # The first room is taken late, so only the second serves both phases.
    snapshot = practice(busy={ROOM: [stretch(560, 565)]}, ids=(ANNA, OTHER_ROOM, ROOM))

    assert slot_at(snapshot, shape, start=at(540), practitioner_id=ANNA).room_id == OTHER_ROOM
    assert slot_at(snapshot, shape, start=at(570), practitioner_id=ANNA).room_id == ROOM


def test_rooms_split_over_the_phases_do_not_add_up():
    shape = ServiceShape(
        (PhaseNeed("practitioner", 0, 30), PhaseNeed("room", 0, 10), PhaseNeed("room", 20, 10))
    )
    busy = {ROOM: [stretch(560, 565)], OTHER_ROOM: [stretch(540, 545)]}
    snapshot = practice(busy=busy, ids=(ANNA, ROOM, OTHER_ROOM))

    assert slot_at(snapshot, shape, start=at(540), practitioner_id=ANNA) is None


def test_a_service_without_rooms_or_devices_asks_for_none():
    slot = day_slots(practice(), TALK, day=MONDAY)[0]

    assert (slot.room_id, slot.device_id) == (None, None)


def test_a_hold_off_the_grid_blocks_exactly_its_minutes():
    snapshot = practice(busy={ANNA: [stretch(573, 577)]}, hours=(540, 660))

    assert starts(day_slots(snapshot, TALK, day=MONDAY)) == [540, 580, 590, 600, 610, 620, 630]


def test_a_hold_from_the_evening_before_blocks_the_morning():
    overnight = (at(1380, MONDAY - timedelta(days=1)), at(60))
    snapshot = practice(busy={ANNA: [overnight]}, hours=(0, 120))

    assert starts(day_slots(snapshot, TALK, day=MONDAY)) == [60, 70, 80, 90]


# Searching and ranking


def test_starts_that_touch_a_taken_stretch_come_first():
    snapshot = practice(busy={ANNA: [stretch(660, 720)]}, hours=(540, 900))
    found = next_slots(snapshot, TALK, from_minute=at(0), days=1, count=2)

    assert [(slot.wall_min, slot.touches) for slot in found] == [(630, 1), (720, 1)]


def test_a_gap_that_is_filled_exactly_beats_one_that_is_touched_once():
    snapshot = practice(busy={ANNA: [stretch(540, 600), stretch(630, 700)]}, hours=(540, 900))
    found = next_slots(snapshot, TALK, from_minute=at(0), days=1, count=1)

    assert [(slot.wall_min, slot.touches) for slot in found] == [(600, 2)]


def test_the_offers_of_a_day_are_real_alternatives():
    found = next_slots(practice(), TALK, from_minute=at(0), days=1, max_per_day=3)

    assert starts(found) == [540, 570, 600]


def test_overlapping_offers_fill_up_when_nothing_else_is_free():
    found = next_slots(practice(hours=(540, 590)), TALK, from_minute=at(0), days=1)

    assert starts(found) == [540, 550, 560]


def test_the_search_stops_at_count_and_takes_at_most_three_a_day():
    found = next_slots(practice(), TALK, from_minute=at(0), days=9, count=7)

    assert [(slot.day - MONDAY).days for slot in found] == [0, 0, 0, 1, 1, 1, 2]


def test_nothing_starts_before_the_earliest_minute():
    assert starts(day_slots(practice(), TALK, day=MONDAY, from_minute=at(1041))) == [1050]


def test_days_are_counted_with_the_first_one_included():
    closed_today = DatedException(MONDAY, MONDAY, "off")
    snapshot = practice(closings=(closed_today,))

    assert next_slots(snapshot, TALK, from_minute=at(0), days=1) == ()
    assert len(next_slots(snapshot, TALK, from_minute=at(0), days=2)) == 3


def test_a_wish_limits_weekday_hours_and_practitioner():
    snapshot = practice(ids=(ANNA, BRUNO, ROOM, PEN))
    wish = Wish(practitioner_ids=(BRUNO,), weekdays=(2,), from_min=1020)
    found = next_slots(snapshot, TALK, from_minute=at(0), days=9, wish=wish)

    assert [(s.day.isoformat(), s.wall_min, s.practitioner_id) for s in found] == [
        ("2026-11-25", 1020, BRUNO),
        ("2026-11-25", 1030, BRUNO),
        ("2026-11-25", 1050, BRUNO),
    ]


def test_the_whole_visit_lies_within_the_wished_hours():
    found = [
        starts(day_slots(practice(), TALK, day=MONDAY, wish=Wish(from_min=600, to_min=to_min)))
        for to_min in (639, 640)
    ]

    assert found == [[600], [600, 610]]


def test_the_nearest_slots_lie_on_both_sides_of_a_refused_start():
    snapshot = practice(busy={ANNA: [stretch(600, 700)]})

    assert starts(nearest_slots(snapshot, TALK, around=at(630), count=3)) == [560, 570, 700]


def test_the_nearest_slots_reach_over_the_night():
    snapshot = practice(busy={ANNA: [stretch(540, 1080)]})
    found = nearest_slots(snapshot, TALK, around=at(600), count=3)

    assert [(slot.day - MONDAY).days for slot in found] == [-1, -1, -1]
    assert starts(found) == [1030, 1040, 1050]


def test_the_nearest_slots_never_lie_before_the_earliest_minute():
    snapshot = practice(busy={ANNA: [stretch(540, 1080)]})
    found = nearest_slots(snapshot, TALK, around=at(600), count=2, from_minute=at(0))

    assert [((slot.day - MONDAY).days, slot.wall_min) for slot in found] == [(1, 540), (1, 550)]


@pytest.mark.parametrize("hours", [(540, 1080), (0, 1440)])
def test_nearest_slots_agree_with_sorting_every_start(hours):
    busy = {ANNA: [stretch(400, 800), stretch(850, 1440), stretch(540, 900, MONDAY + timedelta(1))]}
    snapshot = practice(busy=busy, hours=hours)
    days = [MONDAY + timedelta(days=n) for n in range(-14, 15)]
    every = [slot for day in days for slot in day_slots(snapshot, TALK, day=day)]
    for around in range(at(0), at(1440), 35):
        expected = sorted(every, key=lambda s: (abs(s.start - around), s.start))[:4]

        assert nearest_slots(snapshot, TALK, around=around, count=4) == tuple(
            sorted(expected, key=lambda s: s.start)
        )


# Why not


@pytest.mark.parametrize(
    ("start", "reason"),
    [
        (600, None),
        (605, Reason.of("off_grid", grid=10)),
        (500, Reason.of("outside_hours", need="practitioner", resource=ANNA)),
        (700, Reason.of("taken", need="practitioner", resource=ANNA)),
        (760, Reason.of("taken", need="room", resource=ROOM)),
        (860, Reason.of("taken", need="device", resource=PEN)),
        (920, Reason.of("clinic_closed")),
        (1000, Reason.of("outside_hours", need="room", resource=ROOM)),
    ],
)
def test_a_refused_start_has_its_reason(start, reason):
    closing = DatedException(MONDAY, MONDAY, "off", 960, 990)
    busy = {
        ANNA: [stretch(690, 702)],
        ROOM: [stretch(845, 850)],
        PEN: [stretch(910, 940)],
    }
    snapshot = practice(busy=busy, closings=(closing,))

    assert why_not(snapshot, NUMBED, start=at(start)) == reason


def test_any_practitioner_will_do_unless_one_is_named():
    snapshot = practice(busy={ANNA: [stretch(600, 630)]}, ids=(ANNA, BRUNO))

    assert why_not(snapshot, TALK, start=at(600)) is None
    assert why_not(snapshot, TALK, start=at(600), practitioner_id=ANNA) == Reason.of(
        "taken", need="practitioner", resource=ANNA
    )


def test_why_not_is_silent_exactly_where_a_slot_is_legal():
    busy = {ANNA: [stretch(600, 640)], ROOM: [stretch(800, 815)], PEN: [stretch(700, 701)]}
    snapshot = practice(busy=busy)
    legal = set(starts(day_slots(snapshot, NUMBED, day=MONDAY)))
    silent = {m for m in range(0, 1440, 5) if why_not(snapshot, NUMBED, start=at(m)) is None}

    assert silent == legal


def test_a_day_without_slots_says_which_need_is_missing():
    full = [stretch(0, 1440)]
    reasons = [
        why_empty(practice(busy=busy), NUMBED, day=MONDAY)
        for busy in ({}, {ANNA: full}, {ROOM: full}, {PEN: full})
    ]

    assert reasons == [
        None,
        Reason.of("no_free_slot", need="practitioner"),
        Reason.of("no_free_slot", need="room"),
        Reason.of("no_free_slot", need="device"),
    ]


def test_a_closed_clinic_is_closed_for_everyone():
    snapshot = practice(closings=(DatedException(MONDAY, MONDAY, "off", reason="holiday"),))

    assert why_empty(snapshot, NUMBED, day=MONDAY) == Reason.of("clinic_closed")
    assert why_not(snapshot, NUMBED, start=at(600)) == Reason.of("clinic_closed")


def test_extra_clinic_hours_open_rooms_but_call_in_no_practitioner():
    extra = DatedException(MONDAY, MONDAY, "extra", 1080, 1200)
    snapshot = practice(closings=(extra,))

    assert why_not(snapshot, NUMBED, start=at(1090)) == Reason.of(
        "outside_hours", need="practitioner", resource=ANNA
    )


# Candidates for the planner


def test_candidates_are_the_best_slot_per_practitioner_inside_the_hours_if_possible():
    snapshot = practice(busy={BRUNO: [stretch(600, 1080)]}, ids=(ANNA, BRUNO))
    found = FoundCandidates(snapshot, TALK, from_minute=at(0), days=2)

    assert [(s.practitioner_id, s.wall_min) for s in found.best(MONDAY, 720, 900)] == [
        (ANNA, 720),
        (BRUNO, 570),
    ]


def test_candidates_of_the_first_day_keep_to_the_earliest_minute():
    found = FoundCandidates(practice(), TALK, from_minute=at(1055), days=2)

    assert found.best(MONDAY) == ()
    assert found.why_empty(MONDAY) == Reason.of("no_free_slot", need="practitioner")
    assert starts(found.best(MONDAY + timedelta(days=1))) == [540]


def test_the_bounds_of_a_search_are_those_of_its_local_days():
    from_minute = at(1000, date(2027, 3, 27))

    assert search_bounds(ROME, from_minute=from_minute, days=2) == (
        at(0, date(2027, 3, 27)),
        at(0, date(2027, 3, 29)),
    )
