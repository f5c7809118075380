"""A kept time expires while desks want it: real processes, real databases.

The scenes are in tests/faults/kept.py.
"""

from collections import Counter

import pytest

from tests.support.scenes import answers, scenes

#: With a transaction of its own a test's connection can be closed, so that it can be copied.
pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
WHOLE = {"overlaps": 0, "rest_overlaps": 0, "orphans": 0, "kept_bare": 0, "strays": 0}


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene on a scratch copy of the test database."""
    with scenes("kept", tmp_path) as play:
        yield play


def whole(played) -> dict:
    """Return the figures that must all be nought."""
    return {name: played[name] for name in WHOLE}


def test_as_a_kept_time_expires_one_desk_gets_it_and_the_others_are_shown_three_more(scene):
    played = scene("expiring")

    rounds = [Counter(round_) for round_ in played["rounds"]]
    assert rounds == [{"late won": 1, "late told 3": 7, "early told 3": 8}] * 8
    assert whole(played) == WHOLE
    assert (played["appointments"], played["kept"]) == (8, 0)


def test_a_kept_time_that_nobody_clears_is_never_booked_again(scene):
    played = scene("expiring_uncleared")

    assert answers(played) == {"early told 3": 64, "late told 3": 64}
    assert (played["appointments"], played["kept"]) == (0, 8)


def test_a_time_that_still_stands_is_its_takers(scene):
    played = scene("taken_before")

    rounds = [Counter(round_) for round_ in played["rounds"]]
    assert rounds == [{"taker won": 1, "other told 3": 7}] * 8
    assert whole(played) == WHOLE
    assert (played["appointments"], played["kept"], played["linked"]) == (8, 0, 0)


@pytest.mark.parametrize("clocks", ["taken_at_expiry", "taken_by_two_clocks"])
def test_as_it_expires_the_taker_or_one_other_gets_it_and_the_rest_are_told(scene, clocks):
    played = scene(clocks)

    for round_ in played["rounds"]:
        assert Counter(answer.split()[1] for answer in round_) == {"won": 1, "told": 7}, round_
    assert {answer.split()[-1] for round_ in played["rounds"] for answer in round_} == {"won", "3"}
    assert whole(played) == WHOLE
    assert (played["appointments"], played["kept"], played["linked"]) == (8, 0, 0)


def test_for_one_session_one_time_is_kept_however_many_desks_keep_one(scene):
    played = scene("one_session")

    assert answers(played) == {"won": 32}
    assert whole(played) == WHOLE
    assert (played["kept"], played["linked"]) == (1, 1)


def test_whatever_desks_keep_take_and_let_go_nothing_is_taken_twice(scene):
    played = scene("anything")

    known = {
        "won", "kept", "let go", "SlotTaken taken", "NotHealed not_healed",
        "ValidationError patient_busy",
    }  # fmt: skip
    assert answers(played).keys() <= known, answers(played)
    assert answers(played)["kept"] > 10
    assert whole(played) == WHOLE
