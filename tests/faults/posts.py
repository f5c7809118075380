"""Many workers at one outbox, each a process with a connection of its own.

    DATABASE_URL=… NEEDLEPOINT_POST=folder python -m tests.faults.posts workers

plays a scene as tests/faults/desks.py does; every letter handed over leaves a file in the folder.
"""

import json
import os
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

from django.conf import settings

from tests.faults.desks import AT, OPEN_DAYS, Desk, play, processes, stage

# tests.faults.desks has set Django up; its models may be imported from here on.
from clinic.actions import outbox  # isort: skip
from clinic.models import OutboxMessage, Patient  # isort: skip

WORKERS = 6
LATER = AT + timedelta(minutes=4)


def _letters() -> None:
    """Book a visit for each patient: sixteen confirmations are due, and thirty-two reminders wait."""
    clinic = stage()
    settings.MESSAGE_CHANNELS = {"email": "tests.support.post.Counting", "sms": ""}
    for number, patient in enumerate(Patient.objects.order_by("pk")):
        Patient.objects.filter(pk=patient.pk).update(email=f"p{number}@example.org")
        desk = Desk(clinic.pk, number)
        desk.book(desk.slot(OPEN_DAYS[20 + number]))
    return clinic


def _found(played) -> dict:
    """Return the answers, how often each letter was handed over, and the states of the rows."""
    files = Path(os.environ["NEEDLEPOINT_POST"]).iterdir()
    handed = Counter(path.name.partition("~")[0] for path in files)
    states = OutboxMessage.objects.values_list("kind", "status", "attempts")
    return {
        "rounds": played,
        "handed": sorted(handed.values()),
        "states": sorted(Counter(map(str, states)).items()),
    }


def workers() -> dict:
    """Six workers make their round at the same moment."""
    clinic = _letters()

    def turn(desk, k):
        return f"sent {outbox.work(now=lambda: LATER)['sent']}"

    return _found(play(clinic, turn, desks=WORKERS, rounds=1))


def workers_unprotected() -> dict:
    """The same with workers that take a message without looking whether somebody else did."""
    clinic = _letters()
    together = processes.Barrier(WORKERS)

    def turn(desk, k):
        row = OutboxMessage.objects.due(LATER).first()
        together.wait(timeout=60)
        return outbox.deliver(row, at=LATER)

    return _found(play(clinic, turn, desks=WORKERS, rounds=1))


if __name__ == "__main__":
    json.dump({"workers": workers, "workers_unprotected": workers_unprotected}[sys.argv[1]](),
              sys.stdout)  # fmt: skip
