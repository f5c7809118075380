"""Scenes of an absence: desks book while somebody is marked ill.

    DATABASE_URL=… python -m tests.faults.absences sickness

plays a scene on that database and prints what happened as JSON, as tests/faults/desks.py does.
"""

import json
import sys

from tests.faults.desks import (  # first: it sets Django up
    AT,
    OPEN_DAYS,
    Desk,
    connection,
    found,
    play,
    processes,
    stage,
)

# isort: split
from clinic.actions import locks, placing
from clinic.models import Appointment, Hold, HoursException
from treatments.actions.repair import Absence, keep_absence

ROUNDS = 6


def ill(desk: Desk, day) -> str:
    """Mark the first practitioner ill on a day, as the lead does."""
    outcome = keep_absence(
        clinic=desk.clinic, absence=Absence(desk.who[0], day, day, "sick"), at=AT, by=desk.by
    )
    return f"ill, {len(outcome.to_move)} to move"


def told(played) -> dict:
    """Return what was played, and how many booked visits lie inside an absence unnoticed."""
    inside = 0
    for row in HoursException.objects.all():
        visits = Appointment.objects.filter(local_date=row.from_day, practitioner=row.resource)
        inside += visits.filter(status="booked").count()
    to_move = Appointment.objects.filter(status="proposed")
    return found(played) | {
        "inside": inside, "to_move": to_move.count(),
        "to_move_held": Hold.objects.filter(appointment__in=to_move).count(),
    }  # fmt: skip


def sickness() -> dict:
    """Fifteen desks book a practitioner's day at the moment the sixteenth marks the person ill."""

    def turn(desk, k):
        if desk.number == 0:
            return ill(desk, OPEN_DAYS[k])
        desk.book(desk.slot(OPEN_DAYS[k], 540 + 10 * desk.dice.randrange(40)))
        return "won"

    return told(play(stage(), turn, rounds=ROUNDS))


def sickness_unprotected() -> dict:
    """One desk has read the hours when the other marks the person ill, and nobody waits."""
    locks._lock = lambda function, clinic_id: None
    read, marked = processes.Event(), processes.Event()
    legal = placing.Visit._legal

    def slowly(visit):
        slot = legal(visit)
        read.set()
        marked.wait(20)
        return slot

    placing.Visit._legal = slowly

    def turn(desk, k):
        if desk.number == 0:
            read.wait(20)
            answer = ill(desk, OPEN_DAYS[0])
            marked.set()
            return answer
        desk.book(desk.slot(OPEN_DAYS[0]))
        return "won"

    return told(play(stage(), turn, desks=2, rounds=1))


SCENES = {scene.__name__: scene for scene in (sickness, sickness_unprotected)}

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
    connection.close()
