"""Booking while a sickness commits: one wins, and nobody ends up unseen inside the absence."""

import pytest
from django.db import connection

from tests.support.scenes import answers, scenes

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene of absences on a scratch copy of the test database."""
    with scenes("absences", tmp_path) as play:
        yield play


def test_a_booking_is_refused_by_the_absence_or_made_work_by_it(scene):
    played = scene("sickness")

    said = answers(played)
    known = {"won", "SlotTaken taken", "ValidationError clinic_closed",
             "ValidationError outside_hours"}  # fmt: skip
    ill = [word for word in said if word.startswith("ill")]
    assert said.keys() - set(ill) <= known, said
    assert sum(said[word] for word in ill) == 6
    assert (played["inside"], played["overlaps"]) == (0, 0)
    assert played["to_move"] == said["won"]
    assert played["to_move_held"] == 4 * played["to_move"]


def test_without_the_lock_a_booking_slips_into_the_absence(scene):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time and needs no lock of ours")

    played = scene("sickness_unprotected")

    assert answers(played) == {"won": 1, "ill, 0 to move": 1}
    assert played["inside"] == 1
