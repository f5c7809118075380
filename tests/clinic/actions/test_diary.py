"""The deeds of the diary, one visit at a time; races are in tests/faults/test_races.py."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from clinic.actions import diary
from clinic.actions.diary import Conflict, NotHealed, RestWish, SlotTaken
from clinic.models import Appointment, AuditEvent, Hold, HoursException, Rest
from clinic.models.openings import shape_of, snapshot
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import Slot
from tests import factories

TUESDAY = date(2026, 11, 24)
LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def holds(appointment) -> list[tuple[str, int, int]]:
    """Return what a visit takes: kind, and minutes after its start."""
    start = minute_of(
        appointment.local_date, appointment.local_start_min, appointment.clinic.zone
    )  # fmt: skip
    rows = appointment.holds.order_by("resource__kind", "start")
    return [(row.resource.kind, row.start - start, row.end - start) for row in rows]


def slot_of(clinic, *, start, day=TUESDAY):
    """Return a slot as a form would name it: only its start and practitioner are true."""
    who = clinic.resources.practitioners().first()
    minute = minute_of(day, start, clinic.zone)
    return Slot(day, start, minute, minute + 90, who.pk, None, None)


def refused(deed, **facts) -> ValidationError:
    """Return the refusal of a deed that must leave no trace."""
    before = Appointment.objects.count(), Hold.objects.count(), Rest.objects.count()
    lines = AuditEvent.objects.count()
    with pytest.raises(ValidationError) as refusal:
        deed(**facts)
    assert (Appointment.objects.count(), Hold.objects.count(), Rest.objects.count()) == before
    assert AuditEvent.objects.count() == lines
    return refusal.value


@pytest.fixture
def wish(clinic, patient, desk, now):
    """Return what it takes to book Tuesday at ten."""
    return {"clinic": clinic, "patient": patient, "service": clinic.services.get(), "at": now,
            "by": desk, "slot": factories.slot_on(clinic, TUESDAY)}  # fmt: skip


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


# --- Healing --------------------------------------------------------------------------------------
@pytest.fixture
def healing(patient):
    """Return the day after which zone UB rests for 28 days."""
    factories.appointment(patient, TUESDAY, rests=[RestWish("UB", TUESDAY, 28)])
    return TUESDAY


@pytest.mark.parametrize("days", [1, 27])
def test_a_zone_is_not_booked_before_it_has_healed(healing, wish, clinic, days):
    day = healing + timedelta(days=days)
    slot = factories.slot_on(clinic, day, 780)

    refusal = refused(diary.book, **wish | {"slot": slot, "rests": [RestWish("UB", day, 28)]})

    assert isinstance(refusal, NotHealed)
    assert refusal.messages == ["The skin has not healed by then. Possible from Tue 22 Dec."]
    assert refusal.first_day == date(2026, 12, 22)


@pytest.mark.parametrize("days", [28, 29])
def test_a_healed_zone_is_booked(healing, patient, days):
    day = healing + timedelta(days=days)

    factories.appointment(patient, day, 780, rests=[RestWish("UB", day, 28)])

    assert Rest.objects.count() == 2


def test_a_visit_is_not_squeezed_between_two_that_are_just_healed(healing, wish, clinic, patient):
    later = healing + timedelta(days=42)
    factories.appointment(patient, later, rests=[RestWish("UB", later, 28)])
    day = healing + timedelta(days=29)
    slot = factories.slot_on(clinic, day, 780)

    refusal = refused(diary.book, **wish | {"slot": slot, "rests": [RestWish("UB", day, 28)]})

    assert refusal.first_day == later + timedelta(days=28)


def test_another_zone_and_another_patient_heal_by_themselves(healing, patient, clinic):
    day = healing + timedelta(days=1)
    other = factories.patient(clinic)

    factories.appointment(patient, day, 600, rests=[RestWish("LB", day, 28)])
    factories.appointment(other, day, 780, rests=[RestWish("UB", day, 28)])

    assert Rest.objects.count() == 3


def test_of_several_zones_the_slowest_says_the_first_day(healing, wish, clinic, patient):
    day = healing + timedelta(days=7)
    factories.appointment(patient, day, rests=[RestWish("LB", day, 28)])
    soon = day + timedelta(days=1)
    both = [RestWish("UB", soon, 28), RestWish("LB", soon, 28)]

    refusal = refused(diary.book, **wish | {"slot": factories.slot_on(clinic, soon), "rests": both})

    assert refusal.first_day == day + timedelta(days=28)


def test_nearest_times_are_on_days_the_skin_has_healed(healing, wish, clinic, patient):
    day = healing + timedelta(days=28)
    for who in clinic.resources.practitioners():
        for start in range(540, 930, 10):
            if factories.slot_on(clinic, day, start, who):
                factories.appointment(factories.patient(clinic), day, start, who=who)
    taken = slot_of(clinic, start=600, day=day)

    refusal = refused(diary.book, **wish | {"slot": taken, "rests": [RestWish("UB", day, 28)]})

    assert isinstance(refusal, SlotTaken)
    assert {s.day for s in refusal.nearest} == {day + timedelta(days=1)}


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


# --- Cancel, steps, undo --------------------------------------------------------------------------
def test_a_cancelled_visit_frees_time_and_skin(wish, now, desk):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    for _ in range(2):  # a double tap
        gone = diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    assert (gone.status, gone.cancel_reason, gone.ended_at, gone.ended_by) == (
        "cancelled", "patient", now, desk,
    )  # fmt: skip
    assert (Hold.objects.count(), Rest.objects.count()) == (0, 0)
    actions = AuditEvent.objects.order_by("seq").values_list("action", "reason")
    assert list(actions) == [("appointment.booked", ""), ("appointment.cancelled", "patient")]


def test_cancelling_keeps_the_rest_of_what_was_treated(wish, now, desk, patient):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
    Rest.objects.update(kind="treated")

    diary.cancel(appointment=appointment, reason="clinic", at=now, by=desk)

    assert Rest.objects.count() == 1


def test_a_cancel_without_a_known_reason_is_refused(wish, now, desk):
    appointment = diary.book(**wish)

    assert (
        refused(diary.cancel, appointment=appointment, reason="", at=now, by=desk).code == "reason"
    )


def test_the_steps_of_a_visit_each_leave_their_time(wish, now, desk):
    appointment = diary.book(**wish)
    diary.confirm(appointment=appointment, at=now, by=desk)

    for minutes, step in enumerate((diary.arrive, diary.start, diary.finish)):
        row = step(appointment=appointment, at=LATER + timedelta(minutes=minutes), by=desk)

    assert (row.status, row.confirmed_at) == ("fulfilled", now)
    assert [row.arrived_at, row.started_at, row.finished_at] == [
        LATER + timedelta(minutes=n) for n in range(3)
    ]
    assert list(AuditEvent.objects.order_by("seq").values_list("action", flat=True)) == [
        f"appointment.{word}" for word in ("booked", "confirmed", "arrived", "started", "finished")
    ]


def test_a_step_taken_twice_changes_nothing(wish, desk):
    appointment = diary.book(**wish)

    first = diary.arrive(appointment=appointment, at=LATER, by=desk)
    second = diary.arrive(appointment=appointment, at=LATER + timedelta(minutes=1), by=desk)

    assert (second.arrived_at, second.version) == (first.arrived_at, first.version)


@pytest.mark.parametrize("step", [diary.arrive, diary.start, diary.mark_noshow])
def test_nobody_arrives_before_the_day(wish, now, desk, step):
    appointment = diary.book(**wish)

    assert refused(step, appointment=appointment, at=now, by=desk).code == "not_yet"


@pytest.mark.parametrize("step", [diary.arrive, diary.start, diary.finish, diary.mark_noshow])
def test_a_cancelled_visit_takes_no_step(wish, now, desk, step):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    assert refused(step, appointment=appointment, at=LATER, by=desk).code == "state"


def test_a_missed_visit_keeps_its_time_and_frees_the_skin(wish, desk):
    appointment = diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])

    missed = diary.mark_noshow(appointment=appointment, at=LATER, by=desk)

    assert (missed.status, missed.ended_by) == ("noshow", desk)
    assert (Hold.objects.count(), Rest.objects.count()) == (4, 0)


def test_undo_steps_back_one_state_at_a_time(wish, desk):
    appointment = diary.book(**wish)
    for step in (diary.arrive, diary.start, diary.finish):
        step(appointment=appointment, at=LATER, by=desk)

    rows = [diary.undo(appointment=appointment, at=LATER, by=desk) for _ in range(3)]

    assert [row.status for row in rows] == ["in_session", "arrived", "booked"]
    last = rows[-1]
    assert (last.arrived_at, last.started_at, last.finished_at) == (None, None, None)
    assert refused(diary.undo, appointment=appointment, at=LATER, by=desk).code == "state"


def test_undo_of_a_missed_visit_reserves_the_skin_again(wish, desk):
    rest = RestWish("UB", TUESDAY, 28)
    appointment = diary.book(**wish, rests=[rest])
    diary.mark_noshow(appointment=appointment, at=LATER, by=desk)

    row = diary.undo(appointment=appointment, rests=[rest], at=LATER, by=desk)

    assert (row.status, row.ended_at, row.ended_by) == ("booked", None, None)
    assert Rest.objects.count() == 1


def test_undo_of_a_cancel_takes_the_time_back(wish, now, desk):
    rest = RestWish("UB", TUESDAY, 28)
    appointment = diary.book(**wish, rests=[rest])
    before = holds(appointment)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)

    row = diary.undo(appointment=appointment, rests=[rest], at=now, by=desk)

    assert (row.status, row.cancel_reason) == ("booked", "")
    assert holds(row) == before
    assert Rest.objects.count() == 1


def test_undo_of_a_cancel_is_refused_when_the_time_is_gone(wish, now, desk, clinic):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)
    diary.book(**wish | {"patient": factories.patient(clinic)})

    refusal = refused(diary.undo, appointment=appointment, at=now, by=desk)

    assert isinstance(refusal, SlotTaken)
    assert len(refusal.nearest) == 3


def test_undo_of_a_cancel_is_refused_when_another_time_was_booked(wish, now, desk, clinic):
    appointment = diary.book(**wish)
    diary.cancel(appointment=appointment, reason="patient", at=now, by=desk)
    diary.book(**wish | {"slot": slot_of(clinic, start=900)})

    assert refused(diary.undo, appointment=appointment, at=now, by=desk).code == "replaced"


# --- How many questions it asks -------------------------------------------------------------------
def test_a_snapshot_is_read_in_as_many_queries_for_a_year_as_for_a_day(
    clinic, patient, django_assert_num_queries
):
    for day in range(1, 6):
        factories.appointment(patient, TUESDAY + timedelta(days=7 * day))
    service = clinic.services.get()

    for days in (1, 365):
        with django_assert_num_queries(5):
            shape = shape_of(service)
            known = snapshot(clinic, service, from_day=TUESDAY, days=days)
    assert shape.total_min == 90
    assert sum(map(len, known.busy.values())) == 5 * 4


def test_a_snapshot_leaves_out_what_gives_way_and_who_is_not_asked_for(clinic, patient):
    appointment = factories.appointment(patient, TUESDAY)
    service = clinic.services.get()
    _, second = clinic.resources.practitioners()

    known = snapshot(
        clinic, service, from_day=TUESDAY, days=1, ignore=[appointment.pk],
        practitioner_ids=[second.pk],
    )  # fmt: skip

    assert known.busy == {}
    people = [row.resource_id for row in known.resources if row.kind == "practitioner"]
    assert people == [second.pk]


def test_a_booking_takes_a_bounded_number_of_statements(wish, django_assert_max_num_queries):
    with django_assert_max_num_queries(25):
        diary.book(**wish, rests=[RestWish("UB", TUESDAY, 28)])
