"""Times kept for a patient on the telephone, taken and booked by many desks as they expire.

    DATABASE_URL=… python -m tests.faults.kept expiring

plays a scene, as tests/faults/desks.py does.
"""

import json
import sys
from datetime import timedelta

from tests.faults import desks  # first: it sets Django up
from tests.faults.desks import AT, OPEN_DAYS, SCENES, Desk, found, play, stage

# isort: split
from django.db.models import Count

from clinic.actions import diary, placing, tentative
from clinic.actions.refusals import SlotTaken
from clinic.models import Appointment, Clinic, Patient, Rest
from clinic.models.openings import RestWish
from tests import factories
from treatments.actions import diary as courses
from treatments.models import PlannedSession

ROUNDS = 8
#: When each round's time was kept: no round clears another one's.
BEGINS = [AT + timedelta(minutes=k) for k in range(ROUNDS)]
ENDS = [at + tentative.KEPT_FOR for at in BEGINS]
JUST_BEFORE = [at - timedelta(microseconds=1) for at in ENDS]


def told(deed) -> str:
    """Return "won", or how many other times the refused desk is shown."""
    try:
        deed()
    except SlotTaken as refusal:
        return f"told {len(refusal.nearest)}"
    return "won"


def keep_each_rounds_time(clinic: Clinic) -> None:
    """Keep ten o'clock of each round's day for somebody who is on the telephone."""
    caller, desk = factories.patient(clinic), Desk(clinic.pk, 0)
    for at, day in zip(BEGINS, OPEN_DAYS, strict=False):
        tentative.keep(clinic=clinic, patient=caller, service=desk.service, at=at, by=desk.by,
                       slot=desk.slot(day))  # fmt: skip


def expiring() -> dict:
    """Sixteen desks book a kept time, half of them an instant before it expires, half at it."""
    clinic = stage()
    keep_each_rounds_time(clinic)

    def turn(desk, k):
        late = desk.number % 2
        at = (ENDS if late else JUST_BEFORE)[k]
        answer = told(lambda: desk.book(desk.slot(OPEN_DAYS[k]), at=at))
        return f"{'late' if late else 'early'} {answer}"

    return seen(play(clinic, turn, rounds=ROUNDS))


def expiring_uncleared() -> dict:
    """The same where nobody clears what has expired: it stands in everybody's way for ever."""
    placing.make_way = lambda **_: []
    placing.clear_expired = lambda **_: None
    return expiring()


def taken_before() -> dict:
    """One desk takes the time an instant before it expires, seven want it at that instant."""
    return _taken(takes_at=JUST_BEFORE, others_at=JUST_BEFORE)


def taken_at_expiry() -> dict:
    """One desk takes the time as it expires, seven book it at that very instant."""
    return _taken(takes_at=ENDS, others_at=ENDS)


def taken_by_two_clocks() -> dict:
    """One desk takes it an instant before, seven book it at the instant: the clocks differ."""
    return _taken(takes_at=JUST_BEFORE, others_at=ENDS)


def _taken(*, takes_at, others_at) -> dict:
    clinic = stage()
    desk, zone = Desk(clinic.pk, 0), factories.zone("UB")
    sessions = []
    for k in range(ROUNDS):  # a course of one session for each round
        plan = factories.plan(factories.patient(clinic), zones=[zone], sessions=1)
        session = plan.sessions.select_related("plan").get()
        courses.keep_session(
            planned_session=session, slot=desk.slot(OPEN_DAYS[k]), at=BEGINS[k], by=desk.by
        )
        sessions.append(session.pk)

    def turn(desk, k):
        slot = desk.slot(OPEN_DAYS[k])
        if desk.number:
            return f"other {told(lambda: desk.book(slot, at=others_at[k]))}"
        session = PlannedSession.objects.select_related("plan").get(pk=sessions[k])
        facts = {"planned_session": session, "slot": slot, "at": takes_at[k], "by": desk.by}
        return f"taker {told(lambda: courses.book_session(**facts))}"

    return seen(play(clinic, turn, desks=8, rounds=ROUNDS))


def one_session() -> dict:
    """Eight desks keep another time each for one session: one is kept in the end."""
    clinic = stage()
    plan = factories.plan(Patient.objects.first(), zones=[factories.zone("UB")], sessions=1)
    session = plan.sessions.get()

    def turn(desk, k):
        mine = PlannedSession.objects.select_related("plan").get(pk=session.pk)
        slot = desk.slot(OPEN_DAYS[desk.number], 540 + 60 * k)
        courses.keep_session(planned_session=mine, slot=slot, at=AT, by=desk.by)
        return "won"

    return seen(play(clinic, turn, desks=8, rounds=4))


def anything() -> dict:
    """Desks keep, let go, take and book at random while clocks run over the expiry."""
    clinic = stage()
    mine: list[Appointment] = []  # each process has its own

    def turn(desk, k):
        dice = desk.dice
        at = AT + dice.randrange(25) * timedelta(minutes=1)
        day = OPEN_DAYS[dice.randrange(3)]
        slot = desk.slot(day, 540 + 10 * dice.randrange(40), dice.randrange(2))
        rests = [RestWish("UB", day, 28)] if dice.random() < 0.3 else []
        facts = {"clinic": desk.clinic, "service": desk.service, "at": at, "by": desk.by}
        if mine and dice.random() < 0.3:
            tentative.give_up(kept=mine.pop(), at=at, by=desk.by)
            return "let go"
        kept = [mine.pop().pk] if mine and dice.random() < 0.5 else []
        patient = Patient.objects.order_by("pk")[dice.randrange(desks.DESKS)]
        facts |= {"slot": slot, "patient": patient, "rests": rests, "instead_of": kept}
        if dice.random() < 0.5:
            mine.append(tentative.keep(**facts))
            return "kept"
        diary.book(**facts)
        return "won"

    return seen(play(clinic, turn, rounds=12))


def seen(played) -> dict:
    """Return what the database says, with the kept times that are left and what they lack."""
    left = Appointment.tentative.annotate(taken=Count("holds"))
    strays = Rest.objects.filter(appointment=None).count()
    return found(played) | {
        "kept": left.count(), "kept_bare": left.exclude(taken=4).count(), "strays": strays,
        "linked": PlannedSession.objects.exclude(tentative=None).count(),
    }  # fmt: skip


SCENES.clear()
SCENES |= {
    scene.__name__: scene
    for scene in (
        expiring, expiring_uncleared, taken_before, taken_at_expiry, taken_by_two_clocks,
        one_session, anything,
    )
}  # fmt: skip

if __name__ == "__main__":
    json.dump(SCENES[sys.argv[1]](), sys.stdout)
