"""The worker's side of the outbox: claim a message, send it, keep what became of it.

A message is claimed by its version, so two workers never send it twice; one whose worker fell
silent is free again after the lease. Nothing is sent inside a transaction.
"""

import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

from clinic.actions.letters import CannotSend, Letter, Obsolete, compose
from clinic.models import Appointment, OutboxMessage
from clinic.models.messages import LEASE

log = logging.getLogger(__name__)

State = OutboxMessage.Status
#: How long after each failed try the next one follows; after the last the message has failed.
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
ROUND = timedelta(seconds=60)


class Messenger(Protocol):
    """One way of sending. Anything raised is a failed try; `CannotSend` is not tried again."""

    def send(self, letter: Letter) -> None:
        """Hand a letter over; return when the next one along the way has taken it."""


@cache
def _messenger(path: str) -> Messenger:
    return import_string(path)()


def messenger(channel: str) -> Messenger:
    """Return what sends on a channel, by the setting MESSAGE_CHANNELS."""
    path = settings.MESSAGE_CHANNELS[channel]
    if not path:
        raise CannotSend("This channel is not set up here.")
    return _messenger(path)


# --- Rounds ---------------------------------------------------------------------------------------
def work(*, now: Callable[[], datetime] = timezone.now, most: int = 1000) -> Counter:
    """Send what is due, oldest first, and return how many had each outcome."""
    done = Counter()
    while sum(done.values()) < most:
        message = claim(at=now())
        if message is None:
            break
        done[deliver(message, at=now())] += 1
    return done


def claim(*, at: datetime) -> OutboxMessage | None:
    """Take the message that has waited longest, or None: whoever changes its version has it."""
    while True:
        row = OutboxMessage.objects.due(at).first()
        if row is None:
            return None
        mine = OutboxMessage.objects.queued().filter(
            pk=row.pk, version=row.version, next_try_at__lte=at
        )
        if mine.update(version=F("version") + 1, claimed_at=at, next_try_at=at + LEASE):
            row.refresh_from_db()
            return row


def deliver(message: OutboxMessage, *, at: datetime) -> str:
    """Send a claimed message; return what became of it: sent, queued, failed or withdrawn."""
    try:
        letter = compose(message, at=at)
        messenger(message.channel).send(letter)
    except Obsolete as why:
        return _keep(message, status=State.WITHDRAWN, last_error=str(why)[:200])
    except CannotSend as why:
        return _keep(message, status=State.FAILED, last_error=str(why)[:200])
    except Exception as error:  # whatever a mail server does, the message is not lost
        log.warning("Message %s was not sent: %s", message.pk, type(error).__name__)
        return _try_later(message, error, at=at)
    return _sent(message, letter, at=at)


def _sent(message: OutboxMessage, letter: Letter, *, at: datetime) -> str:
    """Keep that it left and what it told, whatever happened to the row meanwhile."""
    with transaction.atomic():
        for pk, told in sorted(letter.told.items()):  # appointments before messages, as deeds do
            Appointment.objects.filter(pk=pk).update(told_start=told)
        OutboxMessage.objects.filter(pk=message.pk).update(
            status=State.SENT, sent_at=at, sent_to=letter.to, attempts=F("attempts") + 1,
            claimed_at=None, last_error="", version=F("version") + 1,
        )  # fmt: skip
    return State.SENT


def _try_later(message: OutboxMessage, error: Exception, *, at: datetime) -> str:
    words = f"{type(error).__name__}: {' '.join(str(error).split())}"[:200]
    tries = message.attempts + 1
    if tries > len(BACK_OFF):
        return _keep(message, status=State.FAILED, attempts=tries, last_error=words)
    return _keep(
        message, status=State.QUEUED, attempts=tries, last_error=words,
        next_try_at=at + BACK_OFF[tries - 1],
    )  # fmt: skip


def _keep(message: OutboxMessage, **facts) -> str:
    """Write an outcome where this worker still has the message."""
    mine = OutboxMessage.objects.filter(pk=message.pk, version=message.version)
    mine.update(**facts, claimed_at=None, version=F("version") + 1)
    return facts["status"]


# --- The background worker ------------------------------------------------------------------------
@task()
def work_outbox() -> None:
    """Send what is due, and ask to be run again while anything waits."""
    work()
    if OutboxMessage.objects.queued().exists():
        wake()


def wake() -> None:
    """Ask the background worker for a round, unless one is asked for already."""
    if not work_outbox.get_backend().supports_defer:
        return
    asked = DBTaskResult.objects.filter(
        status=TaskResultStatus.READY, task_path=work_outbox.module_path
    )
    if not asked.exists():
        work_outbox.using(run_after=timezone.now() + ROUND).enqueue()
