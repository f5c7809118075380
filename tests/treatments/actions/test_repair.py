"""An absence becomes work, and a plan is carried out: in one transaction, nobody lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.models import (
    Appointment,
    AuditEvent,
    Blackout,
    FreedTime,
    Hold,
    HoursException,
    Refusal,
    Rest,
)
from tests import factories
from tests.support.diary import TUESDAY, slot_of
from treatments.actions.diary import book_session, move_appointment
from treatments.actions.repair import Absence, Chosen, Said, apply_repair, keep_absence
from treatments.models import TreatmentPlan
from treatments.models.disruptions import Disruption, Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def ill(clinic):
    """Return Tuesday's illness of the first practitioner."""
    return Absence(clinic.resources.practitioners()[0], TUESDAY, TUESDAY, "sick")


def chosen(visit, slot, **facts):
    """Return a row of a plan with the version as it is now."""
    return Chosen(visit, Appointment.objects.get(pk=visit.pk).version, slot, **facts)


def test_an_illness_marks_the_visits_to_move_and_keeps_their_time(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    other = factories.appointment(factories.patient(clinic), TUESDAY + timedelta(days=1))

    outcome = keep_absence(clinic=clinic, absence=ill, at=now, by=lead)

    visit.refresh_from_db()
    assert [row.pk for row in outcome.to_move] == [visit.pk]
    assert visit.status == "proposed"
    assert visit.to_move_because == f"{ill.resource} is ill, Tue 24 Nov"
    assert visit.holds.count() == 4
    other.refresh_from_db()
    assert other.status == "booked"
    actions = list(AuditEvent.objects.order_by("pk").values_list("action", flat=True))[-2:]
    assert actions == ["absence.kept", "appointment.to_move"]


def test_a_course_knows_that_its_session_has_lost_its_time(clinic, patient, lead, now, ill):
    plan = factories.plan(patient)
    book_session(planned_session=plan.sessions.get(number=1),
                 slot=factories.slot_on(clinic, TUESDAY), at=now, by=lead)  # fmt: skip

    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)

    plan.refresh_from_db()
    assert plan.next_booked_on is None
    assert Rest.objects.count() == 0


def test_the_same_absence_twice_is_one(clinic, patient, lead, now, ill):
    factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)

    again = keep_absence(clinic=clinic, absence=ill, at=now, by=lead)

    assert HoursException.objects.count() == 1
    assert again.to_move == []


def test_a_broken_device_is_swapped_without_a_word(clinic, patient, lead, now):
    visit = factories.appointment(patient, TUESDAY)
    absence = Absence(visit.device, TUESDAY, TUESDAY, "service")

    outcome = keep_absence(clinic=clinic, absence=absence, at=now, by=lead)

    before = visit.device_id
    visit.refresh_from_db()
    assert [row.pk for row in outcome.swapped] == [visit.pk]
    assert visit.status == "booked"
    assert visit.device_id != before
    assert not Hold.objects.filter(resource=before).exists()


def test_a_device_is_never_ill(clinic, ill):
    absence = replace(ill, resource=clinic.resources.filter(kind="device")[0])

    assert absence.words == f"{absence.resource} is out of order, Tue 24 Nov"


def test_a_device_without_a_twin_means_a_visit_to_move(clinic, patient, lead, now):
    visit = factories.appointment(patient, TUESDAY)
    clinic.resources.filter(kind="device").exclude(pk=visit.device_id).update(active=False)

    outcome = keep_absence(
        clinic=clinic, absence=Absence(visit.device, TUESDAY, TUESDAY, "service"), at=now, by=lead
    )

    assert [row.pk for row in outcome.to_move] == [visit.pk]


def test_hours_bound_an_absence(clinic, patient, lead, now, ill):
    factories.appointment(patient, TUESDAY, 780)

    outcome = keep_absence(
        clinic=clinic, absence=replace(ill, from_min=540, to_min=720), at=now, by=lead
    )

    assert outcome.to_move == []


def test_days_that_are_over_cannot_be_an_absence(clinic, lead, now, ill):
    past = replace(ill, from_day=TUESDAY - timedelta(days=9), to_day=TUESDAY - timedelta(days=8))
    with pytest.raises(ValidationError) as refusal:
        keep_absence(clinic=clinic, absence=past, at=now, by=lead)

    assert refusal.value.code == "past"


def test_visits_to_move_may_take_each_others_time(clinic, lead, now, ill):
    rows = [factories.appointment(factories.patient(clinic), TUESDAY, m) for m in (600, 780)]
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    who = clinic.resources.practitioners()[1]
    swap = [slot_of(clinic, start=minute) for minute in (780, 600)]
    plan = [chosen(row, replace(slot, practitioner_id=who.pk))
            for row, slot in zip(rows, swap, strict=True)]  # fmt: skip

    applied = apply_repair(clinic=clinic, rows=plan, at=now, by=lead)

    assert applied.clashed == {}
    assert [row.local_start_min for row in Appointment.objects.order_by("pk")] == [780, 600]
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_a_clash_leaves_that_row_alone_to_move(clinic, lead, now, ill):
    rows = [factories.appointment(factories.patient(clinic), TUESDAY, m) for m in (600, 780)]
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    who = clinic.resources.practitioners()[1]
    factories.appointment(factories.patient(clinic), TUESDAY, 600, who=who)
    slots = [
        replace(slot_of(clinic, start=minute), practitioner_id=who.pk) for minute in (600, 780)
    ]

    applied = apply_repair(
        clinic=clinic, rows=[chosen(*pair) for pair in zip(rows, slots, strict=True)], at=now,
        by=lead,
    )  # fmt: skip

    assert [row.pk for row in applied.moved] == [rows[1].pk]
    assert applied.clashed == {rows[0].pk: "This time has just been taken."}
    assert Appointment.objects.get(pk=rows[0].pk).status == "proposed"
    assert rows[0].holds.count() == 4


# --- A refused row ------------------------------------------------------------------------------
EARLY, NOON, LATE = 540, 660, 780


@pytest.fixture
def waiting(clinic, lead, now):
    """Return three first sessions of courses at 9, 11 and 13 that are to move, their time kept.

    The clinic has one room, so that nobody can evade the others.
    """
    clinic.resources.filter(pk=clinic.resources.filter(kind="room").last().pk).update(active=False)
    rows = []
    for minute in (EARLY, NOON, LATE):
        plan = factories.plan(factories.patient(clinic))
        slot = factories.slot_on(clinic, TUESDAY, minute)
        first = plan.sessions.get(number=1)
        rows.append(book_session(planned_session=first, slot=slot, at=now, by=lead))
    keep_absence(
        clinic=clinic, at=now, by=lead,
        absence=Absence(clinic.resources.practitioners()[0], TUESDAY, TUESDAY, "sick"),
    )  # fmt: skip
    HoursException.objects.all().delete()  # well again: the old times may be had by the others
    return rows


def as_it_stands(visit):
    """Return everything kept of a visit: its row, holds, healing times and its course's dates."""
    course = TreatmentPlan.objects.filter(sessions__appointment=visit)
    return (
        Appointment.objects.filter(pk=visit.pk).values().get(),
        sorted(visit.holds.values_list("resource", "start", "end")),
        sorted(visit.rests.values_list("area", "start_day", "end_day")),
        course.values().get(),
    )


def turn(clinic, lead, now, visits, minutes):
    """Apply a plan that gives each visit one of these times of the same Tuesday."""
    rows = [chosen(visit, slot_of(clinic, start=minute))
            for visit, minute in zip(visits, minutes, strict=True)]  # fmt: skip
    return apply_repair(clinic=clinic, rows=rows, at=now, by=lead)


def test_a_refused_row_stays_exactly_as_it_was_and_so_does_who_was_to_have_its_time(
    clinic, lead, now, waiting
):
    factories.appointment(factories.patient(clinic), TUESDAY, 900)
    before = [as_it_stands(visit) for visit in waiting]
    lines = AuditEvent.objects.count()

    applied = turn(clinic, lead, now, waiting, (NOON, LATE, 900))

    first, second, third = waiting
    assert applied.moved == []
    assert applied.clashed == {
        third.pk: "Session 1: this time has just been taken.",
        second.pk: f"This time is still kept for {third.patient.full_name}, who has no new time yet.",
        first.pk: f"This time is still kept for {second.patient.full_name}, who has no new time yet.",
    }  # fmt: skip
    assert [as_it_stands(visit) for visit in waiting] == before
    assert [visit.holds.count() for visit in waiting] == [4, 4, 4]
    assert AuditEvent.objects.count() == lines
    assert FreedTime.objects.count() == 0


def test_two_swap_their_times_while_the_third_is_refused_and_stays_as_it_was(
    clinic, lead, now, waiting
):
    factories.appointment(factories.patient(clinic), TUESDAY, 900)
    before = as_it_stands(waiting[2])

    applied = turn(clinic, lead, now, waiting, (NOON, EARLY, 900))

    assert {row.pk for row in applied.moved} == {waiting[0].pk, waiting[1].pk}
    assert list(applied.clashed) == [waiting[2].pk]
    assert as_it_stands(waiting[2]) == before
    rows = Appointment.objects.filter(pk__in=[row.pk for row in waiting]).order_by("pk")
    assert list(rows.values_list("local_start_min", "status")) == [
        (NOON, "booked"), (EARLY, "booked"), (LATE, "proposed"),
    ]  # fmt: skip
    told = AuditEvent.objects.get(action="repair.applied").details
    assert told["clashed"] == [waiting[2].pk]


def test_a_round_of_times_with_one_row_refused_moves_nobody(clinic, lead, now, waiting):
    last = waiting[2]
    Appointment.objects.create(  # the last one's patient has something else then, in no room
        clinic=clinic, patient=last.patient, service=last.service,
        practitioner=clinic.resources.practitioners()[1],
        local_date=TUESDAY, local_start_min=EARLY, starts_at=waiting[0].starts_at,
        ends_at=waiting[0].ends_at, booked_at=now, booked_by=lead, status="booked",
    )  # fmt: skip
    before = [as_it_stands(visit) for visit in waiting]

    applied = turn(clinic, lead, now, waiting, (NOON, LATE, EARLY))

    assert applied.moved == []
    assert applied.clashed[last.pk] == "The patient already has an appointment at 09:00."
    assert [as_it_stands(visit) for visit in waiting] == before


def test_who_was_to_have_the_time_of_somebody_not_accepted_is_told_whose_it_is(
    clinic, lead, now, waiting
):
    applied = turn(clinic, lead, now, waiting[:1], (NOON,))

    name = waiting[1].patient.full_name
    assert applied.clashed == {
        waiting[0].pk: f"This time is still kept for {name}, who has no new time yet."
    }
    assert waiting[1].holds.count() == 4


def test_a_visit_gets_the_room_and_device_of_the_plan(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    room, device = (clinic.resources.filter(kind=kind).last() for kind in ("room", "device"))
    who = clinic.resources.practitioners()[1]
    slot = replace(slot_of(clinic, start=600), practitioner_id=who.pk, room_id=room.pk,
                   device_id=device.pk)  # fmt: skip

    apply_repair(clinic=clinic, rows=[chosen(visit, slot)], at=now, by=lead)

    visit.refresh_from_db()
    assert (visit.practitioner, visit.room, visit.device) == (who, room, device)


def test_applying_twice_moves_once(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    slot = replace(
        slot_of(clinic, start=600), practitioner_id=clinic.resources.practitioners()[1].pk
    )
    row, said = chosen(visit, slot), [Said(visit, everything(clinic))]

    apply_repair(clinic=clinic, rows=[row], said=said, at=now, by=lead)
    lines = AuditEvent.objects.count()
    again = apply_repair(clinic=clinic, rows=[row], said=said, at=now, by=lead)

    assert (len(again.moved), again.clashed, again.refusals) == (1, {}, 0)
    assert AuditEvent.objects.count() == lines
    assert (Blackout.objects.count(), Refusal.objects.count()) == (1, 2)


def everything(clinic):
    """Return a no to Wednesday, to Fridays and to the first practitioner."""
    day, who = TUESDAY + timedelta(days=1), clinic.resources.practitioners()[0]
    return Refused(frozenset({day}), frozenset({4}), frozenset({who.pk}))


def test_refusals_of_a_visit_that_is_not_moved_are_kept_with_who_and_when(
    clinic, patient, lead, now, ill
):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    no = everything(clinic)

    applied = apply_repair(clinic=clinic, rows=[], said=[Said(visit, no)], at=now, by=lead)

    assert (applied.moved, applied.refusals) == ([], 3)
    blackout = Blackout.objects.get()
    assert (blackout.kind, blackout.get_kind_display()) == ("refused", "Said no")
    assert blackout.from_day == blackout.to_day == TUESDAY + timedelta(days=1)
    assert set(Refusal.objects.values_list("weekday", "said_at", "said_by")) == {
        (4, now, lead.pk), (None, now, lead.pk),
    }  # fmt: skip
    (row,) = Disruption(clinic, now).visits
    assert Disruption(clinic, now).refusals(row) == no


def test_kept_refusals_bind_the_next_plan(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    no = everything(clinic)
    apply_repair(clinic=clinic, rows=[], said=[Said(visit, no)], at=now, by=lead)

    asked = Disruption(clinic, now).problem.visit[visit.pk]

    assert not asked.unit_ids & no.practitioner_ids
    assert {day.weekday() for day in asked.closed} == {0, 2, 4}  # today, Wednesday, Fridays


def test_what_is_forgotten_no_longer_binds_and_the_rest_does(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    no = everything(clinic)
    apply_repair(clinic=clinic, rows=[], said=[Said(visit, no)], at=now, by=lead)
    over = Refused(no.days, no.weekdays)

    apply_repair(clinic=clinic, rows=[], said=[Said(visit, forgotten=over)], at=now, by=lead)

    (row,) = Disruption(clinic, now).visits
    assert Disruption(clinic, now).refusals(row) == no - over
    assert AuditEvent.objects.filter(action="appointment.refused").count() == 2


def test_another_clinics_refusals_and_practitioners_are_not_kept(clinic, patient, lead, now):
    abroad = factories.clinic_with_diary()
    theirs = factories.appointment(factories.patient(abroad), TUESDAY)
    ours = factories.appointment(patient, TUESDAY)
    stranger = abroad.resources.practitioners()[0]
    said = [Said(theirs, everything(abroad)),
            Said(ours, Refused(practitioner_ids=frozenset({stranger.pk})))]  # fmt: skip

    applied = apply_repair(clinic=clinic, rows=[], said=said, at=now, by=lead)

    assert applied.refusals == Refusal.objects.count() == Blackout.objects.count() == 0


def test_a_row_somebody_changed_is_not_moved(clinic, patient, lead, now, ill):
    visit = factories.appointment(patient, TUESDAY)
    keep_absence(clinic=clinic, absence=ill, at=now, by=lead)
    slot = replace(
        slot_of(clinic, start=600), practitioner_id=clinic.resources.practitioners()[1].pk
    )
    row = chosen(visit, slot)
    later = replace(slot, start=slot.start + 120, wall_min=720)
    move_appointment(appointment=visit, slot=later, version=row.version, at=now, by=lead)

    applied = apply_repair(clinic=clinic, rows=[row], at=now, by=lead)

    assert applied.clashed == {
        visit.pk: "Somebody changed this appointment meanwhile: "
                  "it is now booked for Tue 24 Nov, 12:00."
    }  # fmt: skip
    assert Appointment.objects.get().local_start_min == 720


def test_another_clinics_rows_are_not_touched(clinic, lead, now):
    abroad = factories.clinic_with_diary()
    visit = factories.appointment(factories.patient(abroad), TUESDAY)

    applied = apply_repair(
        clinic=clinic, rows=[chosen(visit, slot_of(abroad, start=780))], at=now, by=lead
    )

    assert applied.moved == []
    assert list(applied.clashed) == [visit.pk]
