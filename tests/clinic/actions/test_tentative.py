"""Times kept for a patient on the telephone: kept, taken, let go, expired."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django_tasks_db.models import DBTaskResult

from clinic.actions import diary, placing, tentative
from clinic.actions.refusals import NotHealed, SlotTaken
from clinic.models import Appointment, AuditEvent, Hold, OutboxMessage, Rest
from clinic.models.openings import RestWish
from tests import factories
from tests.support.clock import NOON
from tests.support.diary import TUESDAY, holds, refused, slot_of

pytestmark = pytest.mark.django_db
MINUTES = tentative.KEPT_FOR
TICK = timedelta(microseconds=1)


@pytest.fixture
def keep(wish):
    """Return a function that keeps Tuesday at ten, or what it is told."""
    return lambda **facts: tentative.keep(**wish | facts)


@pytest.fixture
def other(clinic):
    """Return another patient."""
    return factories.patient(clinic)


def deeds() -> list[str]:
    return list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))


# --- Keep -----------------------------------------------------------------------------------------
def test_a_kept_time_takes_what_a_visit_takes_for_ten_minutes(keep, desk, now):
    kept = keep(rests=[RestWish("UB", TUESDAY, 28)])

    booked = [("device", 45, 90), ("practitioner", 0, 5), ("practitioner", 45, 80), ("room", 0, 90)]
    assert holds(kept) == booked
    assert kept.rests.count() == 1
    assert kept.expires_at == now + timedelta(minutes=10)
    line = AuditEvent.objects.get(action="appointment.kept")
    assert (line.object_id, line.actor_id) == (str(kept.pk), desk.pk)
    assert line.details["until"] == kept.expires_at.isoformat()


def test_nobody_is_told_of_a_kept_time(keep, desk, now):
    keep_and_let_go = keep()
    tentative.give_up(kept=keep_and_let_go, at=now, by=desk)

    assert OutboxMessage.objects.count() == 0


def test_the_same_form_again_keeps_the_same_time(keep):
    key = uuid4()

    assert keep(request_key=key) == keep(request_key=key)
    assert deeds() == ["appointment.kept"]


def test_a_time_that_is_taken_cannot_be_kept(keep, wish, other):
    diary.book(**wish)

    refusal = refused(keep, patient=other)

    assert isinstance(refusal, SlotTaken)
    assert len(refusal.nearest) == 3


def test_a_time_in_which_skin_heals_cannot_be_kept(keep, wish, clinic):
    diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
    day = TUESDAY + timedelta(days=27)

    refusal = refused(keep, slot=factories.slot_on(clinic, day), rests=[RestWish("UB", day, 28)])

    assert isinstance(refusal, NotHealed)
    assert refusal.first_day == TUESDAY + timedelta(days=28)


def test_another_clinics_patient_gets_no_time_kept(keep):
    foreign = factories.patient(factories.clinic_with_diary())

    assert refused(keep, patient=foreign).code == "foreign"


# --- In whose way ---------------------------------------------------------------------------------
def test_until_its_last_instant_a_kept_time_is_taken_for_others(keep, wish, other, now):
    kept = keep()

    refusal = refused(diary.book, **wish | {"patient": other, "at": now + MINUTES - TICK})

    assert isinstance(refusal, SlotTaken)
    assert kept.holds.count() == 4


@pytest.mark.parametrize("late", [timedelta(0), TICK, timedelta(days=1, hours=-4)])
def test_from_its_last_instant_on_a_kept_time_blocks_no_booking(keep, wish, other, now, late):
    kept = keep()

    booked = diary.book(**wish | {"patient": other, "at": now + MINUTES + late})

    assert (booked.local_date, booked.start_clock) == (kept.local_date, kept.start_clock)
    assert Appointment.tentative.count() == 0
    assert Hold.objects.exclude(appointment=booked).count() == 0


def test_an_expired_healing_time_blocks_no_booking(keep, wish, now, clinic):
    keep(rests=[RestWish("UB", TUESDAY, 28)])
    day = TUESDAY + timedelta(days=1)
    wished = wish | {"slot": factories.slot_on(clinic, day), "rests": [RestWish("UB", day, 28)]}

    assert isinstance(refused(diary.book, **wished | {"at": now + MINUTES - TICK}), NotHealed)
    diary.book(**wished | {"at": now + MINUTES})

    assert list(Rest.objects.values_list("appointment__status", flat=True)) == ["booked"]


def test_an_expired_time_blocks_no_move_and_no_undoing(keep, wish, other, clinic, desk, now):
    visit = diary.book(**wish | {"slot": factories.slot_on(clinic, TUESDAY, 780)})
    keep(patient=other)
    moved = diary.move(appointment=visit, slot=wish["slot"], version=1, at=now + MINUTES, by=desk)
    diary.cancel(appointment=moved, reason="patient", at=now + MINUTES, by=desk)
    keep(patient=other, at=now + MINUTES)

    back = diary.undo(appointment=moved, at=now + 2 * MINUTES, by=desk)

    assert (back.status, back.start_clock) == ("booked", "10:00")
    assert Appointment.tentative.count() == 0


def test_a_refused_booking_clears_nothing_and_still_names_the_free_times(
    keep, wish, other, clinic, now
):
    ten, later = factories.slot_on(clinic, TUESDAY), factories.slot_on(clinic, TUESDAY, 780)
    keep(slot=ten)
    diary.book(**wish | {"patient": factories.patient(clinic), "slot": later})
    late = now + MINUTES

    with pytest.raises(SlotTaken) as refusal:
        diary.book(**wish | {"patient": other, "slot": later, "at": late})

    assert Appointment.tentative.count() == 1
    assert len(refusal.value.nearest) == 3
    assert Appointment.tentative.count() == 0  # the search for them met it


def test_a_patient_cannot_be_in_two_places_not_even_tentatively(keep, wish, clinic):
    keep()
    second = clinic.resources.practitioners()[1]

    refusal = refused(diary.book, **wish | {"slot": factories.slot_on(clinic, TUESDAY, who=second)})

    assert refusal.messages == ["The patient already has a time kept at 10:00."]


# --- Take -----------------------------------------------------------------------------------------
def test_taking_it_makes_a_booking_of_it_and_tells_the_patient(wish, keep, now, desk, patient):
    patient.email, patient.sms_ok = "a@example.org", True
    patient.save()
    kept = keep(rests=[RestWish("UB", TUESDAY, 28)])

    taken = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)], instead_of=[kept.pk])

    assert (taken.status, taken.expires_at) == ("booked", None)
    assert list(Appointment.everything.all()) == [taken]
    assert Hold.objects.count() == 4
    assert deeds() == ["appointment.kept", "appointment.booked", "appointment.taken"]
    assert AuditEvent.objects.get(action="appointment.taken").details == {"appointment": taken.pk}
    assert OutboxMessage.objects.exists()


def test_booking_another_time_instead_lets_it_go(wish, keep, clinic):
    kept = keep()

    diary.book(**wish | {"slot": factories.slot_on(clinic, TUESDAY, 780)}, instead_of=[kept.pk])

    assert deeds() == ["appointment.kept", "appointment.booked", "appointment.let_go"]
    assert Appointment.tentative.count() == 0


def test_a_take_that_is_refused_leaves_the_time_kept(wish, keep, clinic):
    kept = keep()
    factories.appointment(factories.patient(clinic), TUESDAY, 780)
    slot = slot_of(clinic, start=780)

    refused(diary.book, **wish | {"slot": slot}, instead_of=[kept.pk])

    assert list(Appointment.tentative.all()) == [kept]


def test_a_kept_time_that_expired_is_taken_if_nobody_was_quicker(wish, keep, other, now):
    kept = keep()
    late = wish | {"at": now + MINUTES, "instead_of": [kept.pk]}

    taken = diary.book(**late)

    assert taken.status == "booked"
    with pytest.raises(SlotTaken):
        diary.book(**late | {"patient": other})


def test_the_key_of_its_form_books_it_too(wish, keep):
    key = uuid4()
    kept = keep(request_key=key)

    assert diary.book(**wish, request_key=key, instead_of=[kept.pk]).request_key == key


# --- Let go ---------------------------------------------------------------------------------------
def test_letting_it_go_frees_the_time_at_once(keep, wish, other, desk, now):
    kept = keep(rests=[RestWish("UB", TUESDAY, 28)])

    assert tentative.give_up(kept=kept, at=now, by=desk) is True

    assert (Hold.objects.count(), Rest.objects.count()) == (0, 0)
    assert deeds() == ["appointment.kept", "appointment.let_go"]
    diary.book(**wish | {"patient": other})


def test_letting_it_go_twice_or_too_late_says_so_and_writes_nothing(keep, desk, now):
    kept = keep()

    assert tentative.give_up(kept=kept, at=now + MINUTES, by=desk) is False
    assert tentative.give_up(kept=kept, at=now, by=desk) is False
    assert deeds() == ["appointment.kept"]


# --- Clearing -------------------------------------------------------------------------------------
def test_a_search_clears_what_has_expired_in_its_clinic_alone(keep, clinic, now):
    there = factories.clinic_with_diary()
    mine = keep()
    theirs = keep(clinic=there, patient=factories.patient(there), service=there.services.get(),
                  slot=factories.slot_on(there, TUESDAY))  # fmt: skip
    tentative.clear_expired(clinic=clinic, at=now + MINUTES - TICK)
    assert set(Appointment.tentative.all()) == {mine, theirs}

    tentative.clear_expired(clinic=clinic, at=now + MINUTES)

    assert list(Appointment.tentative.all()) == [theirs]


def test_what_was_booked_while_a_deed_waited_to_clear_is_in_its_way(
    keep, wish, clinic, now, monkeypatch
):
    first, second = clinic.resources.practitioners()
    ten, half_past = (
        factories.slot_on(clinic, TUESDAY, start, who)
        for start, who in ((600, second), (630, first))
    )
    rooms, devices = (clinic.resources.filter(kind=kind) for kind in ("room", "device"))
    ten = replace(ten, room_id=rooms[1].pk, device_id=devices[1].pk)  # the holds do not meet
    keep()
    later, clearing = now + MINUTES, placing.make_way

    def wait_for_another_desk(**facts):
        """Clear as ever; whoever was waited for has by then booked the patient elsewhere."""
        gone = clearing(**facts)
        monkeypatch.setattr(placing, "make_way", clearing)
        diary.book(**wish | {"slot": ten, "at": later})
        return gone

    monkeypatch.setattr(placing, "make_way", wait_for_another_desk)
    refusal = refused(diary.book, **wish | {"slot": half_past, "at": later})

    assert refusal.messages == ["The patient already has an appointment at 10:00."]


def test_a_search_that_meets_nothing_asks_once(clinic, now, django_assert_num_queries):
    with django_assert_num_queries(1):
        tentative.clear_expired(clinic=clinic, at=now)


def test_the_worker_clears_every_clinic(keep, now, time_machine_at):
    keep()
    time_machine_at(now + MINUTES - TICK)
    tentative.clear_tentative.call()
    assert Appointment.tentative.count() == 1

    time_machine_at(now + MINUTES)
    tentative.clear_tentative.call()

    assert Appointment.tentative.count() == 0


@pytest.fixture
def time_machine_at(monkeypatch):
    """Return a function that tells the worker the time."""
    return lambda at: monkeypatch.setattr(tentative.timezone, "now", lambda: at)


def test_the_worker_is_asked_for_when_the_time_expires(
    keep, settings, django_capture_on_commit_callbacks
):
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    with django_capture_on_commit_callbacks(execute=True):
        kept = keep()

    asked = DBTaskResult.objects.get()
    assert (asked.task_name, asked.run_after) == ("clear_tentative", kept.expires_at)


def test_keeping_a_time_takes_a_fixed_number_of_statements(keep, django_assert_num_queries):
    keep(slot=factories.slot_on(factories.Clinic.objects.get(), TUESDAY, 780), at=NOON)
    locks = int(connection.vendor == "postgresql")

    with django_assert_num_queries(12 + locks):
        keep(request_key=uuid4())


def test_a_clinic_of_its_own_day_refuses_a_day_that_is_over(keep, clinic, now):
    slot = slot_of(clinic, start=600, day=TUESDAY - timedelta(days=7))

    with pytest.raises(ValidationError) as refusal:
        keep(slot=slot)

    assert refusal.value.code == "past"
