"""Scenes of the diary's page: the same visit moved by two desks, a cancellation against a booking.

    DATABASE_URL=… python -m tests.faults.moves one_session

plays a scene on that database and prints what happened as JSON, as tests/faults/desks.py does.
"""

import json
import sys
from datetime import timedelta

from tests.faults.desks import connection, found, play, stage  # first: it sets Django up

# isort: split
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clinic.models import Appointment, Patient, User
from tests import factories
from treatments.actions import undo
from treatments.actions.diary import book_session, cancel_appointment

ROUNDS, DESKS = 3, 8


def ahead(weeks: int):
    """Return a Monday some weeks from today."""
    today = timezone.localdate()
    return today + timedelta(days=7 * weeks - today.weekday())


def _first_sessions(clinic, by) -> list:
    """Return the first session of a course of each patient, booked on days one after the other."""
    visits = []
    for patient in Patient.objects.order_by("pk")[:ROUNDS]:
        plan = factories.plan(patient, agreed_on=timezone.localdate())
        day = ahead(1) + timedelta(days=len(visits))
        visits.append(book_session(planned_session=plan.sessions.get(number=1), at=timezone.now(),
                                   slot=factories.slot_on(clinic, day), by=by))  # fmt: skip
    return visits


def one_session() -> dict:
    """All desks drag the same session of a course, each to a time of its own."""
    clinic, by = stage(), User.objects.get()
    visits = _first_sessions(clinic, by)

    def turn(desk, k):
        client = Client()
        client.force_login(desk.by, backend="allauth.account.auth_backends.AuthenticationBackend")
        day = ahead(3) + timedelta(days=k)
        answer = client.post(reverse("diary_place", args=[visits[k].pk]), {
            "day": day.isoformat(), "minute": 540 + 10 * desk.number, "version": 1,
            "practitioner": desk.who[0].pk,
        }, headers={"host": "localhost"})  # fmt: skip
        told = answer.json()
        return f"{answer.status_code} {len(told.get('nearest', []))} nearest"

    return found(play(clinic, turn, desks=DESKS, rounds=ROUNDS))


def cancel_and_back() -> dict:
    """One desk cancels a visit and takes that back at once; the others want its time."""
    clinic, by = stage(), User.objects.get()
    patients = list(Patient.objects.order_by("pk")[:ROUNDS])
    days = [ahead(1) + timedelta(days=n) for n in range(ROUNDS)]
    before = timezone.now() - timedelta(days=1)
    visits = [
        factories.appointment(patient, day, by=by, at=before)
        for patient, day in zip(patients, days, strict=True)
    ]

    def turn(desk, k):
        if desk.number == 0:
            row = Appointment.objects.get(pk=visits[k].pk)
            was = undo.before(row, "cancelled")
            facts = {"at": timezone.now(), "by": desk.by}
            cancel_appointment(appointment=row, reason="patient", **facts)
            undo.take_back(places=undo.after([was]), **facts)
            return "back"
        other = Patient.objects.order_by("pk")[ROUNDS + desk.number]
        desk.book(desk.slot(days[k]), patient=other, at=timezone.now())
        return "won"

    return found(play(clinic, turn, desks=DESKS, rounds=ROUNDS))


def cancel_or_move() -> dict:
    """Of the desks that see one session's visit half cancel it, half give it another time."""
    return _cancel_or_move(cancels=lambda number: number % 2 == 0, seen=True)


def cancel_or_move_unprotected() -> dict:
    """One cancels, seven move, and none of them says what it saw."""
    return _cancel_or_move(cancels=lambda number: number == 0, seen=False)


def _cancel_or_move(*, cancels, seen: bool) -> dict:
    clinic, by = stage(), User.objects.get()
    visits = _first_sessions(clinic, by)

    def turn(desk, k):
        client = Client()
        client.force_login(desk.by, backend="allauth.account.auth_backends.AuthenticationBackend")
        host, facts = {"host": "localhost"}, {"version": 1} if seen else {}
        if not cancels(desk.number):
            now = Appointment.objects.get(pk=visits[k].pk).version
            facts = {"version": now} | facts | {"day": (ahead(3) + timedelta(days=k)).isoformat(),
                      "minute": 540 + 10 * desk.number, "practitioner": desk.who[0].pk}  # fmt: skip
            answer = client.post(reverse("diary_place", args=[visits[k].pk]), facts, headers=host)
            return "moved" if answer.status_code == 200 else _sentence(answer.json()["refusal"])
        answer = client.post(reverse("appointment_cancel", args=[visits[k].pk]),
                             facts | {"reason": "patient"}, headers=host)  # fmt: skip
        return "cancelled" if answer.status_code == 302 else _sentence(answer.content.decode())

    played = play(clinic, turn, desks=DESKS, rounds=ROUNDS)
    now = [Appointment.objects.get(pk=row.pk) for row in visits]
    return found(played) | {"status": [row.status for row in now],
                            "days": [str(row.local_date - visits[0].local_date) for row in now]}  # fmt: skip


#: What a desk is told that was not the first; anything else is an answer nobody should get.
TOLD = ("Somebody changed this appointment meanwhile", "cannot be moved", "cannot be cancelled")


def _sentence(text: str) -> str:
    """Return the sentence a refused desk reads, the whole text where it is none of those known."""
    return next((f"told: {words}" for words in TOLD if words in text), text)


SCENES = {scene.__name__: scene for scene in (
    one_session, cancel_and_back, cancel_or_move, cancel_or_move_unprotected,
)}  # fmt: skip

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
    connection.close()
