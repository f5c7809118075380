"""Six workers at one outbox: every letter is handed over once, and none is forgotten."""

import json
import os
import subprocess
import sys

import pytest

from tests.faults.test_races import ROOT, SECONDS, scratch_copy

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene on a scratch copy of the test database."""
    folder = tmp_path / "post"
    folder.mkdir()
    with scratch_copy(tmp_path) as url:

        def play(name):
            done = subprocess.run(
                [sys.executable, "-m", "tests.faults.posts", name],
                cwd=ROOT, timeout=SECONDS, capture_output=True, text=True, check=False,
                env={**os.environ, "DATABASE_URL": url, "NEEDLEPOINT_POST": str(folder)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield play


def test_six_workers_hand_every_letter_over_once(scene):
    played = scene("workers")

    (answers,) = played["rounds"]
    assert sum(int(answer.removeprefix("sent ")) for answer in answers) == 16, answers
    assert played["handed"] == [1] * 16
    assert dict(played["states"]) == {
        "('course_booked', 'sent', 1)": 16,
        "('reminder_2d', 'queued', 0)": 16,
        "('reminder_7d', 'queued', 0)": 16,
    }


def test_workers_that_do_not_claim_hand_one_letter_over_six_times(scene):
    played = scene("workers_unprotected")

    assert played["handed"] == [6]
