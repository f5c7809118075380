"""Many desks at once, each a process with a connection of its own.

    DATABASE_URL=… python -m tests.faults.desks same_slot

plays a scene on that database and prints what happened as JSON. The desks are forked before any
connection is open and wait for each other at a barrier before every round; nothing sleeps.
"""

import json
import multiprocessing
import os
import random
import sys
import traceback
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clinic.settings")
django.setup()

from django.core.exceptions import ValidationError  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.db.models import Count, Q  # noqa: E402

from clinic.actions import diary  # noqa: E402
from clinic.models import Appointment, Clinic, Hold, Patient, Rest, User  # noqa: E402
from clinic.models.openings import RestWish  # noqa: E402
from clinic.scheduling.minutes import minute_of  # noqa: E402
from clinic.scheduling.slots import Slot  # noqa: E402
from tests import factories  # noqa: E402

DESKS = 16
AT = datetime(2026, 11, 23, 9, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
OPEN_DAYS = [
    day for n in range(60) if (day := MONDAY + timedelta(days=n)).weekday() != 6
]  # fmt: skip
processes = multiprocessing.get_context("fork")


# --- The stage ------------------------------------------------------------------------------------
def stage() -> Clinic:
    """Make a clinic with one patient a desk and somebody to book."""
    clinic = factories.clinic_with_diary()
    for _ in range(DESKS):
        factories.patient(clinic)
    factories.staff(clinic, "front_desk")
    return clinic


class Desk:
    """One desk: its number, its patient, and what it needs to book. Made in its own process."""

    def __init__(self, clinic_id: int, number: int) -> None:
        self.number, self.dice = number, random.Random(number)
        self.clinic = Clinic.objects.get(pk=clinic_id)
        self.service, self.by = self.clinic.services.get(), User.objects.get()
        self.patient = Patient.objects.order_by("pk")[number]
        self.who = list(self.clinic.resources.practitioners())

    def slot(self, day: date, start_min: int = 600, who: int = 0) -> Slot:
        """Return a slot as a form names it."""
        start = minute_of(day, start_min, self.clinic.zone)
        return Slot(day, start_min, start, start + 90, self.who[who].pk, None, None)

    def book(self, slot: Slot, **facts) -> Appointment:
        """Book for this desk's patient, unless told otherwise."""
        values = {"clinic": self.clinic, "patient": self.patient, "service": self.service,
                  "slot": slot, "at": AT, "by": self.by}  # fmt: skip
        return diary.book(**values | facts)


def play(clinic, turn, *, desks=DESKS, rounds: int) -> list[list[str]]:
    """Let every desk take its turn in every round at the same moment.

    `turn(desk, round)` returns what happened in a word or two; a refusal answers with its class and
    code, any other error with its traceback. Returns the answers by round.
    """
    connection.close()
    barrier, answers = processes.Barrier(desks), processes.SimpleQueue()

    def work(number):
        desk = Desk(clinic.pk, number)
        for k in range(rounds):
            barrier.wait(timeout=60)
            answers.put((k, _answer(turn, desk, k)))
        connection.close()

    team = [processes.Process(target=work, args=(n,), daemon=True) for n in range(desks)]
    for process in team:
        process.start()
    played = [[] for _ in range(rounds)]
    for _ in range(desks * rounds):
        k, answer = answers.get()
        played[k].append(answer)
    for process in team:
        process.join()
    return played


def _answer(turn, desk, k) -> str:
    try:
        return turn(desk, k)
    except ValidationError as refusal:
        return f"{type(refusal).__name__} {refusal.code}"
    except Exception:
        return traceback.format_exc()


def found(played=()) -> dict:
    """Return the answers and what the database says about them."""
    is_live = Q(status__in=[*Appointment.LIVE, "noshow"])
    counted = Appointment.objects.annotate(taken=Count("holds"))
    return {
        "rounds": list(played),
        "overlaps": overlaps(Hold, "resource_id", "start", "end"),
        "rest_overlaps": overlaps(Rest, "area_id", "start_day", "end_day"),
        "orphans": counted.filter(is_live & ~Q(taken=4) | ~is_live & ~Q(taken=0)).count(),
        "appointments": Appointment.objects.count(),
        "vendor": connection.vendor,
    }


def overlaps(model, key: str, start: str, end: str) -> int:
    """Count pairs of rows of one partition that share a minute or day, by a self-join."""
    names = {"table": connection.ops.quote_name(model._meta.db_table)}
    names |= {k: connection.ops.quote_name(v) for k, v in
              {"key": key, "start": start, "end": end}.items()}  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM {table} a JOIN {table} b ON a.{key} = b.{key} AND a.id < b.id"
            " AND a.{start} < b.{end} AND b.{start} < a.{end}".format(**names)
        )
        return cursor.fetchone()[0]


def unprotect(model, name: str) -> None:
    """Take a promise off the scratch database."""
    constraint = next(row for row in model._meta.constraints if row.name == name)
    with connection.schema_editor() as editor:
        if sql := constraint.remove_sql(model, editor):  # on SQLite the triggers are dropped now
            editor.execute(sql)


# --- The scenes -----------------------------------------------------------------------------------
def same_slot() -> dict:
    """All desks want the same time with the same practitioner."""
    clinic = stage()

    def turn(desk, k):
        desk.book(desk.slot(OPEN_DAYS[k]))
        return "won"

    return found(play(clinic, turn, rounds=8))


def same_slot_unprotected() -> dict:
    """The same without the constraint: only the look before the leap is left."""
    unprotect(Hold, "hold_no_overlap")
    return same_slot()


def overlap_unprotected() -> dict:
    """Write one overlap by hand where the constraint is gone."""
    appointment = factories.appointment(factories.patient(factories.clinic_with_diary()), MONDAY)
    unprotect(Hold, "hold_no_overlap")
    hold = appointment.holds.first()
    Hold.objects.create(
        appointment=appointment, resource=hold.resource, start=hold.start + 1, end=hold.end + 1
    )
    return found()


def anything() -> dict:
    """Desks book at random times, move and cancel what they won, on a few days and patients."""
    clinic = stage()
    mine: list[Appointment] = []  # each process has its own

    def turn(desk, k):
        dice = desk.dice
        day = OPEN_DAYS[dice.randrange(4)]
        slot = desk.slot(day, 540 + 10 * dice.randrange(40), dice.randrange(2))
        if mine and dice.random() < 0.2:
            return diary.cancel(appointment=mine.pop(), reason="patient", at=AT, by=desk.by).status
        if mine and dice.random() < 0.2:
            row = mine.pop()
            diary.move(appointment=row, slot=slot, version=row.version, at=AT, by=desk.by)
            return "moved"
        rests = [RestWish("UB", day, 28)] if dice.random() < 0.3 else []
        patient = Patient.objects.order_by("pk")[dice.randrange(DESKS)]
        mine.append(desk.book(slot, patient=patient, rests=rests))
        return "won"

    return found(play(clinic, turn, rounds=10))


def same_zone() -> dict:
    """All desks book another day of one fortnight for the same zone of the same patient."""
    clinic = stage()

    def turn(desk, k):
        patient, day = Patient.objects.order_by("pk")[k], OPEN_DAYS[desk.number]
        slot = desk.slot(day, 540 + 160 * (k // 2), k % 2)
        desk.book(slot, patient=patient, rests=[RestWish("UB", day, 28)])
        return "won"

    return found(play(clinic, turn, rounds=6))


def one_visit() -> dict:
    """All desks move the visit they all see, each to a day of its own."""

    def turn(desk, row, slot):
        diary.move(appointment=row, slot=slot, version=row.version, at=AT, by=desk.by)

    return _moves(turn)


def one_visit_unprotected() -> dict:
    """The same with desks that do not say what they saw: each takes the version of the moment."""

    def turn(desk, row, slot):
        with transaction.atomic():
            now = Appointment.objects.select_for_update().get(pk=row.pk)
            diary.move(appointment=now, slot=slot, version=now.version, at=AT, by=desk.by)

    return _moves(turn)


def _moves(deed) -> dict:
    clinic = stage()
    patients, desk = Patient.objects.order_by("pk")[:4], User.objects.get()
    visits = [
        factories.appointment(patient, OPEN_DAYS[n], by=desk) for n, patient in enumerate(patients)
    ]

    def turn(desk, k):
        deed(desk, visits[k], desk.slot(OPEN_DAYS[8 + k * 8 + desk.number], 780))
        return "won"

    return found(play(clinic, turn, desks=8, rounds=len(visits)))


def one_form() -> dict:
    """Twelve requests of the same form."""
    return _submits(key=True)


def one_form_unprotected() -> dict:
    """The same with a form that has no key."""
    return _submits(key=False)


def _submits(*, key: bool) -> dict:
    clinic = stage()

    def turn(desk, k):
        patient = Patient.objects.order_by("pk").first()
        facts = {"request_key": UUID(int=k + 1)} if key else {}
        return f"appointment {desk.book(desk.slot(OPEN_DAYS[k]), patient=patient, **facts).pk}"

    return found(play(clinic, turn, desks=12, rounds=5))


SCENES = {
    scene.__name__: scene
    for scene in (
        same_slot, same_slot_unprotected, overlap_unprotected, anything, same_zone, one_visit,
        one_visit_unprotected, one_form, one_form_unprotected,
    )
}  # fmt: skip

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
