"""The worker's round: what is sent, what is tried again, what is given up, and what it remembers."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django_tasks_db.models import DBTaskResult

from clinic.actions.letters import default_texts
from clinic.actions.outbox import BACK_OFF, claim, deliver, wake, work
from clinic.models import MessageTemplate, OutboxMessage
from tests import factories

DAY = date(2026, 12, 14)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def patient(clinic):
    """Return a patient who reads e-mail."""
    return factories.patient(clinic, email="ada@example.org")


@pytest.fixture
def visit(patient):
    """Return a visit three weeks ahead, its confirmation waiting."""
    return factories.appointment(patient, DAY)


@pytest.fixture
def due(now):
    """Return the instant from which the confirmation may leave."""
    return now + 3 * MINUTE


@pytest.fixture
def no_server(settings):
    """Take the mail server away."""
    settings.MESSAGE_CHANNELS = {"email": "tests.support.post.Down", "sms": ""}


def confirmation():
    """Return the confirmation as it now is."""
    return OutboxMessage.objects.get(kind="course_booked")


def at(instant):
    """Return a clock that stands still."""
    return lambda: instant


def test_nothing_leaves_while_the_deed_can_be_taken_back(visit, due, mailoutbox):
    done = work(now=at(due - timedelta(seconds=1)))

    assert (sum(done.values()), mailoutbox) == (0, [])


def test_a_message_is_sent_once_and_what_it_told_is_kept(visit, due, mailoutbox):
    for _ in range(2):
        work(now=at(due))

    row = confirmation()
    visit.refresh_from_db()
    assert len(mailoutbox) == 1
    assert (row.status, row.sent_at, row.sent_to, row.attempts) == (
        "sent", due, "ada@example.org", 1,
    )  # fmt: skip
    assert visit.told_start == visit.starts_at


def test_a_mail_server_that_is_away_is_tried_for_half_a_day_and_then_it_shows(
    visit, due, no_server
):
    instant, waits = due, []
    while confirmation().status == "queued":
        work(now=at(instant))
        row = confirmation()
        waits.append(row.next_try_at - instant)
        instant = max(row.next_try_at, instant + MINUTE)
        if instant > due + timedelta(days=2):
            break

    assert tuple(waits[:5]) == BACK_OFF
    assert (row.status, row.attempts) == ("failed", 6)
    assert row.last_error == "SMTPServerDisconnected: Connection unexpectedly closed"


def test_between_two_tries_nothing_is_sent(visit, due, no_server):
    work(now=at(due))

    assert sum(work(now=at(due + timedelta(seconds=59))).values()) == 0
    assert (confirmation().status, confirmation().attempts) == ("queued", 1)


def test_a_try_after_the_server_is_back_succeeds(visit, due, settings, no_server, mailoutbox):
    work(now=at(due))
    settings.MESSAGE_CHANNELS = {"email": "clinic.exports.mail.Mail", "sms": ""}

    work(now=at(due + MINUTE))

    row = confirmation()
    assert (row.status, row.attempts, row.last_error, len(mailoutbox)) == ("sent", 2, "", 1)


def test_a_claimed_message_is_nobody_elses_until_the_lease_ends(visit, due):
    mine = claim(at=due)

    assert claim(at=due + 4 * MINUTE) is None
    again = claim(at=due + 5 * MINUTE)
    assert (again.pk, again.version) == (mine.pk, mine.version + 1)


def test_a_worker_that_comes_back_after_its_lease_does_not_undo_the_others_work(
    visit, due, no_server, settings
):
    slow = claim(at=due)
    quick = claim(at=due + 5 * MINUTE)
    settings.MESSAGE_CHANNELS = {"email": "clinic.exports.mail.Mail", "sms": ""}
    deliver(quick, at=due + 5 * MINUTE)
    settings.MESSAGE_CHANNELS = {"email": "tests.support.post.Down", "sms": ""}

    deliver(slow, at=due + 6 * MINUTE)

    assert confirmation().status == "sent"


def test_a_message_without_an_address_fails_at_once_and_says_so(visit, patient, due):
    patient.email = ""
    patient.save()

    work(now=at(due))

    row = confirmation()
    assert (row.status, row.last_error) == (
        "failed", "The patient has no e-mail address on file.",
    )  # fmt: skip


def test_a_channel_that_is_not_set_up_fails_at_once(visit, due, settings):
    settings.MESSAGE_CHANNELS = {"email": "", "sms": ""}

    work(now=at(due))

    assert confirmation().last_error == "This channel is not set up here."


def test_a_reminder_is_not_sent_a_day_late(visit, due, mailoutbox):
    OutboxMessage.objects.filter(kind="course_booked").update(status="withdrawn")
    reminder = OutboxMessage.objects.get(kind="reminder_7d")

    work(now=at(reminder.due_at + timedelta(hours=25)))

    reminder.refresh_from_db()
    assert (reminder.status, reminder.last_error) == ("withdrawn", "Too late to remind")


def test_a_visit_that_has_begun_is_not_told_of(visit, due, mailoutbox):
    work(now=at(visit.starts_at + MINUTE))

    assert mailoutbox == []
    assert set(OutboxMessage.objects.values_list("status", flat=True)) == {"withdrawn"}


def test_the_clinics_own_words_are_sent_with_their_placeholders_filled(visit, due, mailoutbox):
    MessageTemplate.objects.create(
        clinic=visit.clinic, kind="course_booked", channel="email", subject="Hello {given_name}",
        body="See you on {day} at {hour}. {given_name}",
    )  # fmt: skip
    visit.patient.given_name = "{clinic}"  # a name is never read as a placeholder
    visit.patient.save()

    work(now=at(due))

    assert mailoutbox[0].subject == "Hello {clinic}"
    assert mailoutbox[0].body == "See you on Monday 14 December 2026 at 10:00. {clinic}"


def test_a_message_the_clinic_has_switched_off_is_not_sent(visit, due, mailoutbox):
    MessageTemplate.objects.create(
        clinic=visit.clinic, kind="course_booked", channel="email", subject="x", body="x",
        active=False,
    )  # fmt: skip

    work(now=at(due))

    assert (mailoutbox, confirmation().status) == ([], "withdrawn")


def test_no_usual_text_names_a_treatment():
    words = str(default_texts()).lower()
    for word in ("needl", "numb", "scar", "acne", "serum", "cream,"):
        assert word not in words.replace("no make-up, cream or oil", "")


def test_the_command_says_what_became_of_each_message(visit, due, capsys):
    with time_machine.travel(due, tick=False):
        call_command("send_messages")

    assert capsys.readouterr().out == (
        "1 sent, 0 to be tried again, 0 failed, 0 no longer needed, 2 waiting.\n"
    )


def test_a_waiting_message_keeps_one_round_asked_for(settings, visit):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

    for _ in range(2):
        wake()

    asked = DBTaskResult.objects.get()
    assert (asked.task_name, asked.status) == ("work_outbox", "READY")
