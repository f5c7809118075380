"""Six workers at one outbox: every letter is handed over once, and none is forgotten."""

import pytest

from tests.support.scenes import scenes

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def scene(tmp_path):
    """Return a function that plays a scene on a scratch copy of the test database."""
    folder = tmp_path / "post"
    folder.mkdir()
    with scenes("posts", tmp_path, NEEDLEPOINT_POST=str(folder)) as play:
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
