"""The board of a repair: units that are free alike are counted, and named when the plan stands."""

from dataclasses import replace
from datetime import date
from random import Random
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling.disruption import Place, Problem, Unit, Visit, check
from clinic.scheduling.finder import PhaseNeed, ServiceShape
from clinic.scheduling.masks import span
from clinic.scheduling.repair import repair
from clinic.scheduling.repair_board import Board

MONDAY = date(2026, 11, 23)
MORNING = span(540, 720)
PEOPLE, ROOMS, PENS = (1, 2, 3, 4), (10, 11, 12, 13), (20, 21)
FIRST, SECOND = PENS
EARLY, MIDDLE, LATE, ACROSS = range(4)


def visit(key: int, bit: int, minutes: int, **facts) -> Visit:
    """Return a visit of practitioner `key` + 1, who needs a pen for all of its minutes."""
    phases = (PhaseNeed(kind, 0, minutes) for kind in ("practitioner", "room", "device"))
    values = {"visit_id": key, "shape": ServiceShape(tuple(phases)), "was_on": MONDAY,
              "was_bit": bit, "was_with": key + 1,
              "unit_ids": frozenset({key + 1, *ROOMS, *PENS})}  # fmt: skip
    return Visit(**values | facts)


def morning(*, second=MORNING) -> Problem:
    """Return four visits of which never more than two need a pen at once, and two pens."""
    visits = (visit(EARLY, 540, 60), visit(MIDDLE, 600, 90), visit(LATE, 660, 60),
              visit(ACROSS, 570, 120))  # fmt: skip
    units = [Unit(who, "practitioner", (MORNING,)) for who in PEOPLE]
    units += [Unit(room, "room", (MORNING,)) for room in ROOMS]
    units += [Unit(FIRST, "device", (MORNING,)), Unit(SECOND, "device", (second,))]
    return Problem(ZoneInfo("UTC"), (MONDAY,), MONDAY, tuple(units), visits)


def placed(board: Board) -> dict[int, Place]:
    """Put the middle, the late and the early one; take the middle one out again."""
    places = {}
    for n, bit in ((MIDDLE, 600), (LATE, 660), (EARLY, 540)):
        _, places[n] = board.choose(n, 2000, Random(1))
        assert places[n].bit == bit
        board.take(n, places[n])
    board.give(MIDDLE, places.pop(MIDDLE))
    return places


def test_no_gap_is_left_between_pens_that_are_free_alike():
    board = Board(morning())
    board.make_pools()
    places = placed(board)

    found = board.choose(ACROSS, 2000, Random(1))

    assert found is not None
    assert (found[0], found[1].bit) == (0, 570)
    named = board.named(places | {ACROSS: found[1]})
    assert check(board.problem, named) == []
    assert {n: place.device_id for n, place in named.items()} == {
        EARLY: FIRST, LATE: FIRST, ACROSS: SECOND,
    }  # fmt: skip


def test_pens_that_are_free_at_other_times_are_told_apart():
    board = Board(morning(second=span(540, 715)))
    board.make_pools()

    assert not {unit for unit, _ in board.pool} & {board.number[pen] for pen in PENS}


def test_pens_that_serve_other_visits_are_told_apart():
    asked = morning()
    only_first = frozenset(asked.visits[LATE].unit_ids - {SECOND})
    visits = [replace(row, unit_ids=only_first) if row.visit_id == LATE else row
              for row in asked.visits]  # fmt: skip
    board = Board(replace(asked, visits=tuple(visits)))
    board.make_pools()

    assert not {unit for unit, _ in board.pool} & {board.number[pen] for pen in PENS}


def test_a_need_in_two_stretches_is_not_counted():
    asked = morning()
    shape = ServiceShape((PhaseNeed("practitioner", 0, 60), PhaseNeed("device", 0, 10),
                          PhaseNeed("device", 40, 20)))  # fmt: skip
    board = Board(replace(asked, visits=(*asked.visits, visit(4, 540, 60, shape=shape))))
    board.make_pools()

    assert {board.ids[unit] for unit, _ in board.pool} == set(ROOMS)


def test_giving_back_what_was_taken_leaves_the_board_as_it_was():
    board = Board(morning())
    board.make_pools()
    before = [list(row) for row in board.free]
    places = placed(board)
    across = board.choose(ACROSS, 2000, Random(1))[1]
    board.take(ACROSS, across)

    for n, place in (*places.items(), (ACROSS, across)):
        board.give(n, place)

    assert board.free == before


@pytest.mark.parametrize("pen", PENS)
def test_a_pinned_visit_keeps_its_pen(pen):
    asked = morning()
    pinned = Place(0, 660, LATE + 1, ROOMS[1], pen)

    plan = repair(asked, fixed={LATE: pinned})

    assert plan.places[LATE] == pinned
    assert check(asked, plan.places) == []
    assert repair(asked, start=plan.places).places == plan.places


@pytest.mark.parametrize("pen", PENS)
def test_a_visit_that_may_stay_keeps_a_pen_that_is_counted(pen):
    asked = morning()
    stay = Place(0, 540, EARLY + 1, ROOMS[0], pen)
    stays = replace(asked.visits[EARLY], must_move=False, stay=stay)

    plan = repair(replace(asked, visits=(stays, asked.visits[LATE])))

    assert plan.places[EARLY] == stay
    assert plan.points == 0
