"""Sixteen desks want the same thing at the same moment: real processes, real databases.

Every test has a twin that takes the protection off and must see the damage: a race test that cannot
fail proves nothing. The scenes are in tests/faults/desks.py.
"""

from collections import Counter

import pytest
from django.db import connection

from tests.support.scenes import answers, scenes

#: With a transaction of its own a test's connection can be closed, so that it can be copied.
pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene on a scratch copy of the test database."""
    with scenes("desks", tmp_path) as play:
        yield play


def test_of_sixteen_desks_one_gets_the_slot_and_fifteen_are_told(scene):
    played = scene("same_slot")

    assert [Counter(round_) for round_ in played["rounds"]] == [
        {"won": 1, "SlotTaken taken": 15}
    ] * 8
    assert (played["overlaps"], played["orphans"], played["appointments"]) == (0, 0, 8)


def test_the_same_race_without_the_constraint_double_books(scene):
    if connection.vendor == "postgresql":
        played = scene("same_slot_unprotected")
        assert answers(played)["won"] > 8
    else:  # one writer at a time: no race, but nothing but the trigger refuses an overlap
        played = scene("overlap_unprotected")
    assert played["overlaps"] > 0


def test_whatever_desks_do_at_once_no_time_is_taken_twice_and_none_is_left_over(scene):
    played = scene("anything")

    known = {
        "won", "moved", "cancelled", "SlotTaken taken", "NotHealed not_healed",
        "ValidationError patient_busy",
    }  # fmt: skip
    assert answers(played).keys() <= known, answers(played)
    assert answers(played)["won"] > 10
    assert (played["overlaps"], played["rest_overlaps"], played["orphans"]) == (0, 0, 0)


def test_one_zone_is_never_booked_twice_within_its_healing_time(scene):
    played = scene("same_zone")

    assert [Counter(round_) for round_ in played["rounds"]] == [
        {"won": 1, "NotHealed not_healed": 15}
    ] * 6
    assert (played["rest_overlaps"], played["orphans"], played["appointments"]) == (0, 0, 6)


def test_of_eight_desks_that_move_a_visit_one_does_and_seven_are_told(scene):
    played = scene("one_visit")

    assert [Counter(round_) for round_ in played["rounds"]] == [
        {"won": 1, "Conflict conflict": 7}
    ] * 4
    assert (played["overlaps"], played["orphans"], played["appointments"]) == (0, 0, 4)


def test_desks_that_do_not_look_lose_each_others_moves(scene):
    played = scene("one_visit_unprotected")

    assert answers(played)["won"] == 32
    assert played["appointments"] == 4


def test_a_form_sent_twelve_times_makes_one_appointment_and_twelve_same_answers(scene):
    played = scene("one_form")

    assert [len(set(round_)) for round_ in played["rounds"]] == [1] * 5, answers(played)
    assert all(round_[0].startswith("appointment ") for round_ in played["rounds"])
    assert (played["appointments"], played["orphans"]) == (5, 0)


def test_a_form_without_a_key_answers_eleven_of_twelve_with_a_refusal(scene):
    played = scene("one_form_unprotected")

    answered = sum(count for word, count in answers(played).items() if word.startswith("app"))
    assert answered == 5
