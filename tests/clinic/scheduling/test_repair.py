"""The repair of a small diary, rule by rule."""

from dataclasses import replace
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from clinic.scheduling.disruption import Place, Problem, Unit, Visit, charges, check, price
from clinic.scheduling.finder import PhaseNeed, ServiceShape
from clinic.scheduling.masks import span
from clinic.scheduling.reasons import sentence
from clinic.scheduling.repair import repair
from clinic.scheduling.shortage import Extra, call_order, extra_hours, extra_words

MONDAY = date(2026, 11, 23)
DAYS = tuple(MONDAY + timedelta(days=n) for n in range(5))
OPEN = span(540, 720)
SHAPE = ServiceShape(
    (PhaseNeed("practitioner", 0, 60), PhaseNeed("room", 0, 60), PhaseNeed("device", 0, 60))
)
ADA, BEN, ROOM, PEN = 1, 2, 10, 20


def diary(*visits, away=(), free=OPEN) -> Problem:
    """Return five mornings with two practitioners, a room and a device; Ada is away on `away`."""
    units = (
        Unit(ADA, "practitioner", tuple(0 if n in away else free for n in range(5))),
        Unit(BEN, "practitioner", (free,) * 5),
        Unit(ROOM, "room", (OPEN,) * 5),
        Unit(PEN, "device", (OPEN,) * 5),
    )
    return Problem(ZoneInfo("Europe/London"), DAYS, MONDAY - timedelta(days=7), units, visits)


def visit(key=1, day=1, bit=540, **facts) -> Visit:
    """Return a visit that was with Ada."""
    values = {"visit_id": key, "shape": SHAPE, "was_on": DAYS[day], "was_bit": bit, "was_with": ADA,
              "unit_ids": frozenset({ADA, BEN, ROOM, PEN})}  # fmt: skip
    return Visit(**values | facts)


def test_another_day_with_the_same_person_is_less_than_another_person():
    asked = diary(visit(), away=(1,))

    plan = repair(asked)

    assert plan.places[1].practitioner_id == ADA
    assert plan.places[1].day in (0, 2)
    assert plan.points == 10


def test_healing_is_never_shortened_and_a_late_course_costs_points():
    asked = diary(visit(first_day=DAYS[3], max_day=DAYS[2]), away=(3, 4))

    plan = repair(asked)

    assert plan.places[1] == Place(3, plan.places[1].bit, BEN, ROOM, PEN)
    assert {r.code: r["cost"] for r in charges(asked, asked.visits[0], plan.places[1])} == {
        "days_later": 20, "other_hands": 40, "past_max": 30,
    }  # fmt: skip


def test_a_visit_nobody_can_take_is_left_to_call():
    asked = diary(visit(closed=frozenset(DAYS)))

    plan = repair(asked)

    assert plan.unplaced == (1,)
    assert plan.points == price(asked, plan.places) == 2000


def test_rooms_and_devices_are_shared_out_between_the_visits():
    asked = diary(*(visit(key, was_with=BEN if key > 3 else ADA) for key in range(1, 5)))

    plan = repair(asked)

    assert check(asked, plan.places) == []
    assert plan.unplaced == ()
    places = plan.places.values()
    assert len({(place.day, place.bit // 60) for place in places if place.bit % 60 == 0}) <= 4


def test_what_is_pinned_stays_and_the_rest_is_planned_around_it():
    asked = diary(visit(1), visit(2, bit=600), away=(1,))
    pinned = Place(4, 660, BEN, ROOM, PEN)

    plan = repair(asked, fixed={1: pinned})

    assert plan.places[1] == pinned
    assert plan.places[2].practitioner_id == ADA


def test_a_pin_that_is_no_longer_legal_does_not_bind():
    asked = diary(visit(1, closed=frozenset({DAYS[4]})), away=(1,))

    plan = repair(asked, fixed={1: Place(4, 660, BEN, ROOM, PEN)})

    assert plan.points == 10


def test_a_visit_that_may_stay_moves_only_to_make_room():
    stays = visit(2, bit=540, was_with=BEN, must_move=False, stay=Place(1, 540, BEN, ROOM, PEN))
    asked = diary(stays)

    assert repair(asked).points == 0


def test_a_place_is_checked_minute_by_minute():
    asked = diary(visit(1), visit(2), away=(1,))
    same = Place(2, 540, ADA, ROOM, PEN)

    found = check(asked, {1: same, 2: same, 3: same})

    assert found == [
        "visit 2: practitioner 1 is with visit 1 at minute 540",
        "visit 2: room 10 is with visit 1 at minute 540",
        "visit 2: device 20 is with visit 1 at minute 540",
        "visit 3 was not to be moved",
    ]


def test_reasons_are_sentences():
    asked = replace(diary(visit(weekdays=(1,), from_min=540, to_min=600)), today=DAYS[2])
    words = [sentence(r) for r in charges(asked, asked.visits[0], Place(2, 610, BEN, ROOM, PEN))]

    assert words == [
        "1 day later", "With another practitioner", "Not on a preferred weekday",
        "Outside the preferred hours", "At short notice",
    ]  # fmt: skip


def test_the_call_list_begins_with_who_has_least_time_left():
    rows = (visit(1, max_day=DAYS[4]), visit(2, max_day=DAYS[2]), visit(3))

    order = call_order(diary(*rows), [1, 2, 3])

    assert [row.visit_id for row in order] == [2, 1, 3]


def test_extra_half_days_are_counted_in_words():
    asked = diary(*(visit(key) for key in range(1, 5)), free=0)
    plan = repair(asked)

    extra = extra_hours(asked, plan)

    assert plan.unplaced == (1, 2, 3, 4)
    assert extra == (Extra(DAYS[0], "morning", 3), Extra(DAYS[1], "morning", 1))
    assert extra_words(extra) == "Two extra mornings would place 4."
