"""The deeds of the diary, one visit at a time; races are in tests/faults/test_races.py."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from clinic.actions import diary
from clinic.actions.diary import Conflict, NotHealed, RestWish, SlotTaken
from clinic.models import Appointment, AuditEvent, Hold, HoursException, Rest
from tests import factories
from tests.support.diary import TUESDAY, holds, refused, slot_of

LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


# --- Book -----------------------------------------------------------------------------------------
def test_a_visit_takes_its_room_device_and_the_two_stretches_of_its_practitioner(wish):
    appointment = diary.book(**wish, note="Rang twice", why=[{"code": "wait", "cost": 4}])

    assert holds(appointment) == [
        ("device", 45, 90), ("practitioner", 0, 5), ("practitioner", 45, 80), ("room", 0, 90),
    ]  # fmt: skip
    assert appointment.status == "booked"
    assert (appointment.local_date, appointment.start_clock) == (TUESDAY, "10:00")
    assert appointment.starts_at == datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
    assert appointment.ends_at == datetime(2026, 11, 24, 11, 30, tzinfo=UTC)
    assert (appointment.note, appointment.why_this_date) == (
        "Rang twice", [{"code": "wait", "cost": 4}],
    )  # fmt: skip


def test_a_visit_keeps_its_wall_time_in_summer(clinic, patient):
    appointment = factories.appointment(patient, date(2027, 7, 1))

    assert appointment.starts_at == datetime(2027, 7, 1, 9, 0, tzinfo=UTC)
    assert appointment.start_clock == "10:00"


def test_a_booking_is_one_line_in_the_audit(wish, desk, patient):
    appointment = diary.book(**wish)

    line = AuditEvent.objects.get()
    assert (line.action, line.category, line.object_id) == (
        "appointment.booked", "schedule", str(appointment.pk),
    )  # fmt: skip
    assert (line.actor_id, line.patient_id) == (desk.pk, patient.pk)
    assert (line.details["day"], line.details["start"]) == ("2026-11-24", "10:00")


def test_a_taken_time_is_refused_with_the_three_nearest(wish, clinic):
    diary.book(**wish)
    other = wish | {"patient": factories.patient(clinic)}

    refusal = refused(diary.book, **other)

    assert isinstance(refusal, SlotTaken)
    assert refusal.messages == ["This time has just been taken."]
    second = clinic.resources.practitioners()[1]
    assert [(s.wall_min, s.practitioner_id) for s in refusal.nearest] == [
        (590, second.pk), (600, second.pk), (610, second.pk),
    ]  # fmt: skip


def test_numbing_of_one_overlaps_needling_of_the_other(wish, clinic):
    diary.book(**wish)
    other = wish | {"patient": factories.patient(clinic)}

    appointment = diary.book(**other | {"slot": slot_of(clinic, start=640)})

    assert appointment.start_clock == "10:40"


def test_a_room_taken_meanwhile_is_swapped_for_a_free_one(wish, clinic):
    _, second = clinic.resources.practitioners()
    seen = factories.slot_on(clinic, TUESDAY, who=second)
    diary.book(**wish)

    appointment = diary.book(**wish | {"patient": factories.patient(clinic), "slot": seen})

    assert seen.room_id == wish["slot"].room_id
    assert appointment.room_id != seen.room_id


def test_the_same_form_twice_makes_one_appointment(wish):
    key = uuid4()

    first, second = (diary.book(**wish, request_key=key) for _ in range(2))

    assert first == second
    assert Appointment.objects.count() == 1
    assert AuditEvent.objects.count() == 1


def test_the_key_of_another_patients_form_gives_nothing_away(wish, clinic):
    key = uuid4()
    diary.book(**wish, request_key=key)
    theirs = wish | {"patient": factories.patient(clinic), "request_key": key,
                     "slot": slot_of(clinic, start=780)}  # fmt: skip

    assert refused(diary.book, **theirs).code == "request_key"


@pytest.mark.parametrize(
    ("start", "code", "words"),
    [
        (530, "outside_hours", "Outside the hours of the practitioner."),
        (940, "outside_hours", "Outside the hours of the room."),
        (605, "off_grid", "Starts are every 10 minutes."),
    ],
)
def test_a_forged_start_is_refused_with_a_sentence(wish, clinic, start, code, words):
    refusal = refused(diary.book, **wish | {"slot": slot_of(clinic, start=start)})

    assert (refusal.code, refusal.messages) == (code, [words])


def test_a_day_the_clinic_is_closed_is_refused(wish, clinic):
    HoursException.objects.create(clinic=clinic, from_day=TUESDAY, to_day=TUESDAY)

    refusal = refused(diary.book, **wish)

    assert (refusal.code, refusal.messages) == ("clinic_closed", ["The clinic is closed."])


def test_somebody_without_the_competence_is_refused(wish, clinic):
    newcomer = factories.resource(clinic)
    slot = slot_of(clinic, start=600)

    forged = replace(slot, practitioner_id=newcomer.pk)

    assert refused(diary.book, **wish | {"slot": forged}).code == "not_competent"


def test_a_practitioner_of_another_clinic_is_refused(wish):
    elsewhere = factories.clinic_with_diary()
    slot = factories.slot_on(elsewhere, TUESDAY)

    assert refused(diary.book, **wish | {"slot": slot}).code == "not_competent"


def test_a_patient_of_another_clinic_is_refused(wish):
    stranger = factories.patient(factories.clinic())

    assert refused(diary.book, **wish | {"patient": stranger}).code == "foreign"


def test_yesterday_is_refused_and_earlier_today_is_not(wish, clinic):
    late = datetime(2026, 11, 25, 0, 30, tzinfo=UTC)

    assert refused(diary.book, **wish | {"at": late}).messages == ["Tue 24 Nov is over."]
    assert diary.book(**wish | {"at": LATER}).status == "booked"


def test_a_patient_is_not_in_two_rooms_at_once(wish, clinic):
    diary.book(**wish)
    _, second = clinic.resources.practitioners()

    refusal = refused(
        diary.book, **wish | {"slot": factories.slot_on(clinic, TUESDAY, 630, second)}
    )

    assert refusal.messages == ["The patient already has an appointment at 10:00."]


def test_a_service_without_phases_is_not_bookable(wish, clinic):
    wish["service"].phases.all().delete()

    assert refused(diary.book, **wish).code == "no_phases"


# --- Move -----------------------------------------------------------------------------------------
def test_a_moved_visit_frees_its_old_time_and_takes_the_new_one(wish, clinic, patient, desk, now):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
    diary.confirm(appointment=appointment, at=now, by=desk)
    appointment.refresh_from_db()
    new = factories.slot_on(clinic, date(2026, 11, 26), 780)

    moved = diary.move(
        appointment=appointment, slot=new, version=appointment.version, at=now, by=desk
    )

    assert (moved.local_date, moved.start_clock) == (date(2026, 11, 26), "13:00")
    assert moved.confirmed_at is None
    assert moved.version == appointment.version + 1
    assert len(holds(moved)) == 4
    assert factories.slot_on(clinic, TUESDAY) == wish["slot"]
    rest = Rest.objects.get()
    assert (rest.start_day, rest.end_day) == RestWish("UB", date(2026, 11, 26), 28).span
    line = AuditEvent.objects.last()
    assert line.action == "appointment.moved"
    assert line.details["before"]["day"] == "2026-11-24"


def test_a_visit_moves_into_its_own_time(wish, clinic, now, desk):
    appointment = diary.book(**wish)

    moved = diary.move(
        appointment=appointment, slot=slot_of(clinic, start=620), version=1, at=now, by=desk
    )

    assert moved.start_clock == "10:20"


def test_the_desk_that_comes_second_is_told_where_the_visit_is_now(wish, clinic, now, desk):
    appointment = diary.book(**wish)
    first, second = slot_of(clinic, start=780), slot_of(clinic, start=900)
    diary.move(appointment=appointment, slot=first, version=1, at=now, by=desk)

    refusal = refused(diary.move, appointment=appointment, slot=second, version=1, at=now, by=desk)

    assert isinstance(refusal, Conflict)
    assert refusal.messages == [
        "Somebody changed this appointment meanwhile: it is now booked for Tue 24 Nov, 13:00."
    ]
    assert refusal.current.version == 2


def test_a_refused_move_leaves_the_visit_where_it_was(wish, clinic, patient, now, desk):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
    later = TUESDAY + timedelta(days=28)
    factories.appointment(patient, later, rests=[RestWish("UB", later, 28)])
    day = TUESDAY + timedelta(days=1)

    refusal = refused(
        diary.move, appointment=appointment, slot=factories.slot_on(clinic, day), version=1,
        at=now, by=desk,
    )  # fmt: skip

    appointment.refresh_from_db()
    assert isinstance(refusal, NotHealed)
    assert (appointment.local_date, appointment.version) == (TUESDAY, 1)
    assert (
        Rest.objects.filter(appointment=appointment).get().start_day
        == (RestWish("UB", TUESDAY, 28).span[0])
    )


def test_a_visit_that_must_move_frees_its_time_and_is_booked_again_by_a_move(
    wish, clinic, now, desk
):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    waiting = diary.mark_to_move(appointment=appointment, because="Heals slowly", at=now, by=desk)

    assert (waiting.status, waiting.to_move_because) == ("proposed", "Heals slowly")
    assert (Hold.objects.count(), Rest.objects.count()) == (0, 0)
    moved = diary.move(
        appointment=waiting, slot=wish["slot"], version=waiting.version,
        rests=[RestWish("UB", TUESDAY, 35)], at=now, by=desk,
    )  # fmt: skip
    assert (moved.status, moved.to_move_since, moved.to_move_because) == ("booked", None, "")


def test_a_visit_that_has_begun_is_not_moved(wish, clinic, desk):
    appointment = diary.arrive(appointment=diary.book(**wish), at=LATER, by=desk)

    refusal = refused(
        diary.move, appointment=appointment, slot=slot_of(clinic, start=900),
        version=appointment.version, at=LATER, by=desk,
    )  # fmt: skip

    assert refusal.messages == ["An appointment in state “Arrived” cannot be moved."]


# --- What a booking costs, and what it survives ---------------------------------------------------
def test_a_booking_takes_a_fixed_number_of_statements(wish, clinic, django_assert_num_queries):
    diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])  # the zone and the log are known then
    later = TUESDAY + timedelta(days=28)
    again = wish | {"slot": factories.slot_on(clinic, later), "rests": [RestWish("UB", later, 28)]}

    locks = int(connection.vendor == "postgresql")  # of the diary; SQLite has one writer anyway
    with django_assert_num_queries(13 + locks):  # four of them begin and end the two savepoints
        diary.book(**again, request_key=uuid4())


def end_as_deadlock() -> None:
    """Let the database end a statement as it ends the victim of a deadlock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(
                "DO $$ BEGIN RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$"
            )
    cause = type("DeadlockDetected", (Exception,), {"sqlstate": "40P01"})()
    raise OperationalError("deadlock detected") from cause


@pytest.fixture
def deadlocks(monkeypatch):
    """Return a function that lets the next bookings end as a deadlock, once they hold their time."""

    def next_ones(count):
        take, ended = diary.take, []

        def taken(*args):
            take(*args)
            if len(ended) < count:
                ended.append(args)
                end_as_deadlock()

        monkeypatch.setattr(diary, "take", taken)
        return ended

    return next_ones


def test_a_deadlock_is_tried_again_once_and_leaves_one_visit(wish, deadlocks):
    ended = deadlocks(1)

    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    assert len(ended) == 1
    assert [row.pk for row in Appointment.objects.all()] == [appointment.pk]
    assert (Hold.objects.count(), Rest.objects.count(), AuditEvent.objects.count()) == (4, 1, 1)


def test_a_deadlock_every_time_is_a_refusal_and_leaves_nothing(wish, deadlocks):
    ended = deadlocks(9)

    refusal = refused(diary.book, **wish)

    assert (len(ended), type(refusal)) == (3, SlotTaken)
    assert (Appointment.objects.count(), Hold.objects.count()) == (0, 0)


def test_a_room_that_left_service_since_it_was_offered_is_swapped(wish, clinic):
    offered = wish["slot"].room_id
    clinic.resources.filter(pk=offered).update(active=False)

    appointment = diary.book(**wish)

    assert appointment.room_id in set(
        clinic.resources.filter(kind="room", active=True).values_list("pk", flat=True)
    )


def test_hours_that_changed_since_the_offer_are_refused(wish, clinic):
    clinic.resources.get(pk=wish["slot"].practitioner_id).weekly_hours.all().delete()

    assert refused(diary.book, **wish).code == "outside_hours"
