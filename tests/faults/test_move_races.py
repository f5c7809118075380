"""Two desks drag the same visit, one cancels what another wants: one wins, nobody is left in doubt."""

from collections import Counter

import pytest

from tests.support.scenes import answers, scenes

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene of the diary on a scratch copy of the test database."""
    with scenes("moves", tmp_path) as play:
        yield play


def test_of_eight_desks_that_drag_a_session_one_wins_and_seven_are_offered_three_others(scene):
    played = scene("one_session")

    assert [Counter(round_) for round_ in played["rounds"]] == [
        {"200 0 nearest": 1, "409 3 nearest": 7}
    ] * 3
    assert (played["overlaps"], played["rest_overlaps"], played["orphans"]) == (0, 0, 0)


def test_a_cancellation_taken_back_and_a_booking_never_hold_one_time(scene):
    played = scene("cancel_and_back")

    said = answers(played)
    assert said.keys() <= {"back", "won", "SlotTaken taken"}, said
    for round_ in played["rounds"]:
        held = [answer for answer in round_ if answer in {"back", "won"}]
        assert len(held) == 1
    assert (played["overlaps"], played["orphans"]) == (0, 0)


def test_of_desks_that_cancel_and_desks_that_rebook_one_deed_stands_and_the_others_are_told(scene):
    played = scene("cancel_or_move")

    for round_, status in zip(played["rounds"], played["status"], strict=True):
        done = Counter(answer for answer in round_ if not answer.startswith("told: "))
        assert done in ({"cancelled": 4}, {"moved": 1}), round_
        assert status == {"cancelled": "cancelled", "moved": "booked"}[next(iter(done))]
    assert (played["overlaps"], played["rest_overlaps"], played["orphans"]) == (0, 0, 0)
    assert played["appointments"] == 3


def test_desks_that_do_not_say_what_they_saw_cancel_what_was_just_moved(scene):
    played = scene("cancel_or_move_unprotected")

    mixed = [set(round_) & {"moved", "cancelled"} for round_ in played["rounds"]]
    assert {"moved", "cancelled"} in mixed, played["rounds"]
    assert (played["overlaps"], played["orphans"]) == (0, 0)
