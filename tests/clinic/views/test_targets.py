"""Where a visit may be put down: what a refused place says, and which ones are offered instead."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.forms.diary import slot_word
from clinic.models import Appointment, AuditEvent, OutboxMessage
from clinic.models.openings import slot_of
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import Slot
from clinic.views.targets import PickUp
from tests import factories
from treatments.actions.diary import book_session

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("on_monday")


def place(client, visit, day, minute, **facts):
    """Put a visit down in the diary and return what is answered."""
    values = {"day": day.isoformat(), "minute": minute, "practitioner": visit.practitioner_id,
              "version": visit.version}  # fmt: skip
    return client.post(reverse("diary_place", args=[visit.pk]), values | facts).json()


def test_a_taken_room_is_refused_by_its_name_though_another_one_is_free(at_desk, visit, clinic):
    other = clinic.resources.practitioners().exclude(pk=visit.practitioner_id).first()
    taken = factories.appointment(factories.patient(clinic), TUESDAY, 800, who=other)

    told = place(at_desk, visit, TUESDAY, 800, room=taken.room_id, by="room")

    visit.refresh_from_db()
    assert told["refusal"] == f"{taken.room.name} is taken from 13:20 to 14:50."
    assert visit.start_clock == "10:00"


def test_a_practitioner_outside_their_hours_is_refused_as_the_grey_band_says(at_desk, visit):
    told = place(at_desk, visit, TUESDAY, 420)

    assert told["refusal"] == "Outside the hours of the practitioner."


def test_a_refused_day_says_what_the_skin_needs(at_desk, patient, desk, now):
    course = factories.plan(patient, agreed_on=TUESDAY)
    for number, day in ((1, TUESDAY), (2, TUESDAY + timedelta(days=35))):
        visit = book_session(planned_session=course.sessions.get(number=number), at=now, by=desk,
                             slot=factories.slot_on(course.clinic, day))  # fmt: skip

    told = place(at_desk, visit, TUESDAY + timedelta(days=20), 600)

    assert told["refusal"] == (
        "20 days after the last session; healing needs 28: possible from Tue 22 Dec."
    )


@pytest.mark.parametrize("kind", ["practitioner", "room"])
def test_the_nearest_places_keep_to_the_column_dropped_on(visit, clinic, now, kind):
    unit = list(clinic.resources.filter(kind=kind))[-1]
    who = unit if kind == "practitioner" else visit.practitioner
    start = minute_of(TUESDAY, 480, clinic.zone)  # an hour before anybody works
    wished = Slot(TUESDAY, 480, start, start + 1, who.pk, unit.pk if kind == "room" else None, None)
    visit.clinic = clinic
    units = {row.pk: row for row in clinic.resources.all()}

    found = PickUp(row=visit, units=units, at=now).nearest(wished, kind)

    assert {row[kind] for row in found} == {unit.pk}


def test_moving_to_its_own_time_does_nothing_and_says_so(at_desk, visit):
    before = Appointment.objects.values().get()
    told = OutboxMessage.objects.count()

    answer = at_desk.post(
        reverse("appointment_move", args=[visit.pk]),
        {"slot": slot_word(slot_of(visit)), "version": visit.version}, follow=True,
    )  # fmt: skip

    assert f"{visit.patient.full_name} stays where it was" in answer.content.decode()
    assert Appointment.objects.values().get() == before
    assert OutboxMessage.objects.count() == told
    assert not AuditEvent.objects.filter(action="appointment.moved").exists()
