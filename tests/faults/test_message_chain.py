"""From a deed to the patient's mailbox: the worker run.py starts, a mail server, nothing pretended.

Nobody waits for minutes: `pass_time` moves everything that is stored about messages into the past.
The promise under a crash: what a worker had handed over but not yet written down when it died leaves
once more after the lease, with the same Message-ID; one letter more for each such death, and none is
lost.
"""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

import run
from clinic.actions import outbox
from clinic.models import OutboxMessage
from clinic.models.messages import LEASE, UNDO_WINDOW
from tests import factories
from tests.support.post import MailServer, entries
from treatments.actions.diary import book_course, cancel_appointment, move_appointment

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
PATIENCE = 30  # seconds for a busy machine


@pytest.fixture(autouse=True)
def _tasks_wait_for_a_worker(settings):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def post():
    """Return a mail server."""
    with MailServer() as server:
        yield server


@pytest.fixture
def worker(post):
    """Return a function that starts the background worker; those that still run end with the test."""
    started = []

    def start() -> subprocess.Popen:
        command = [
            sys.executable,
            "manage.py",
            *run.WORKER,
            "--no-startup-delay",
            "--interval",
            "0.1",
        ]
        started.append(subprocess.Popen(
            command, cwd=Path(run.__file__).parent, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "DATABASE_URL": _database(), "EMAIL_URL": post.url},
        ))  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def desk(clinic):
    """Return a front desk account."""
    return factories.staff(clinic, "front_desk")


@pytest.fixture
def patient(clinic):
    """Return a patient who reads e-mail."""
    return factories.patient(clinic, email="ada@example.org")


def _database() -> str:
    """Return the address of this test's database for another process."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{name}"


def pass_time(much: timedelta) -> None:
    """Let time pass for the outbox: what waits has waited so much longer, and a round is due.

    A worker that leaves anything waiting has asked for that round, or a deed has.
    """
    rounds = DBTaskResult.objects.filter(status=TaskResultStatus.READY)
    eventually(rounds.exists)
    names = ("queued_at", "due_at", "not_before", "next_try_at", "claimed_at")
    OutboxMessage.objects.queued().update(**{name: F(name) - much for name in names})
    rounds.update(run_after=timezone.now())


def rounds_done() -> int:
    """Return how many rounds workers have ended."""
    return DBTaskResult.objects.filter(status=TaskResultStatus.SUCCESSFUL).count()


def eventually(question) -> None:
    """Wait until a question is answered with yes."""
    until = time.monotonic() + PATIENCE
    while not question():
        assert time.monotonic() < until
        time.sleep(0.05)


def nothing_more_leaves(post) -> bool:
    """Let time pass and a worker make whole rounds; say whether they sent nothing."""
    for _ in range(2):  # the first may have begun before
        outbox.wake()
        before = rounds_done()
        pass_time(UNDO_WINDOW + LEASE)
        eventually(lambda before=before: rounds_done() > before)
    return post.letters.empty()


def first_day(weeks: int):
    """Return a Monday some weeks ahead."""
    today = timezone.localdate()
    return today + timedelta(days=7 * weeks - today.weekday())


def book(patient, by, *, sessions=1):
    """Book a course, six weeks from one session to the next; return its visits in order."""
    plan = factories.plan(patient, sessions=sessions, agreed_on=timezone.localdate())
    slots = {n: factories.slot_on(patient.clinic, first_day(6 * n)) for n in range(1, sessions + 1)}
    return book_course(plan=plan, slots=slots, at=timezone.now(), by=by)


def message(kind="course_booked") -> OutboxMessage:
    """Return the one message of a kind."""
    return OutboxMessage.objects.get(kind=kind)


def test_a_course_a_move_and_a_cancellation_reach_the_patient_once_each(
    patient, desk, post, worker
):
    _, second, third = book(patient, desk, sessions=3)
    worker()

    pass_time(UNDO_WINDOW)
    booked = entries(post.letters.get(timeout=PATIENCE))
    eventually(lambda: message().status == "sent")
    second.refresh_from_db()
    slot = factories.slot_on(patient.clinic, first_day(12) + timedelta(days=1))
    moved = move_appointment(
        appointment=second, slot=slot, version=second.version, at=timezone.now(), by=desk
    )
    pass_time(UNDO_WINDOW)
    changed = entries(post.letters.get(timeout=PATIENCE))
    eventually(lambda: message("changed").status == "sent")
    third.refresh_from_db()
    cancel_appointment(appointment=third, reason="patient", at=timezone.now(), by=desk)
    pass_time(UNDO_WINDOW)
    gone = entries(post.letters.get(timeout=PATIENCE))

    def told(entry):
        method, event = entry
        return method, str(event["UID"]), event["SEQUENCE"], event["DTSTART"].dt

    _, (_, uid_2, *_), (_, uid_3, *_) = map(told, booked)
    assert [told(entry)[::2] for entry in booked] == [("REQUEST", 0)] * 3
    assert [told(entry) for entry in changed] == [("REQUEST", uid_2, 1, moved.starts_at)]
    assert [told(entry) for entry in gone] == [("CANCEL", uid_3, 1, third.starts_at)]
    assert nothing_more_leaves(post)


def test_what_a_worker_had_sent_when_it_was_killed_leaves_once_more_and_never_again(
    patient, desk, post, worker
):
    book(patient, desk)
    first = worker()
    post.on_letter = lambda: os.kill(first.pid, signal.SIGKILL)  # taken, and never written down
    pass_time(UNDO_WINDOW)
    once = post.letters.get(timeout=PATIENCE)
    first.wait(timeout=PATIENCE)
    assert message().status == "queued"
    post.on_letter = None

    worker()
    outbox.wake()  # the next booking does this, or cron
    pass_time(LEASE)
    again = post.letters.get(timeout=PATIENCE)

    eventually(lambda: message().status == "sent")
    assert again["Message-ID"] == once["Message-ID"]
    assert nothing_more_leaves(post)


def test_a_refusal_for_now_is_tried_again_and_one_for_good_has_failed_and_both_are_seen(
    patient, desk, post, worker, as_user
):
    book(patient, desk)
    client = as_user(desk)
    worker()

    post.answer = "451 Come back later"
    pass_time(UNDO_WINDOW)
    eventually(lambda: message().attempts == 1)
    page = client.get(reverse("message_list")).content.decode()
    assert ["Trying again" in page, "451 Come back later" in page] == [True, True]
    assert outbox.BACK_OFF[0] - timedelta(seconds=PATIENCE) < (
        message().next_try_at - timezone.now()
    ) <= outbox.BACK_OFF[0]  # fmt: skip

    post.answer, post.refusal = "250 Taken", "550 No such mailbox"
    pass_time(outbox.BACK_OFF[0])
    eventually(lambda: message().status == "failed")
    page = client.get(reverse("message_list")).content.decode()
    assert "The mail server refused it: 550 No such mailbox" in page

    post.refusal = ""
    client.post(reverse("message_retry", args=[message().pk]))
    pass_time(timedelta())
    assert post.letters.get(timeout=PATIENCE)["To"] == "ada@example.org"
    eventually(lambda: message().status == "sent")
    assert nothing_more_leaves(post)
