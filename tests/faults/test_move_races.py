"""Two desks drag the same visit, one cancels what another wants: one wins, nobody is left in doubt."""

import json
import os
import subprocess
import sys
from collections import Counter

import pytest

from tests.faults.test_races import ROOT, SECONDS, answers, scratch_copy

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene of the diary on a scratch copy of the test database."""
    with scratch_copy(tmp_path) as url:

        def play(name):
            done = subprocess.run(
                [sys.executable, "-m", "tests.faults.moves", name],
                cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, timeout=SECONDS,
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

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
