"""Calendars as other programs read them: parsed with icalendar."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from clinic.actions import diary
from clinic.exports import ics
from clinic.models import Appointment
from tests import factories

#: The days on which the clocks change in 2027, with the instants of 10:00 on the wall.
CHANGES = [
    ("Europe/London", date(2027, 3, 28), datetime(2027, 3, 28, 9, tzinfo=UTC)),
    ("Europe/London", date(2027, 10, 31), datetime(2027, 10, 31, 10, tzinfo=UTC)),
    ("Europe/Rome", date(2027, 3, 28), datetime(2027, 3, 28, 8, tzinfo=UTC)),
    ("Europe/Rome", date(2027, 10, 31), datetime(2027, 10, 31, 9, tzinfo=UTC)),
]


@pytest.fixture
def visit(clinic):
    """Return a visit on Monday 7 December at 10:00, of a patient with an awkward name."""
    patient = factories.patient(clinic, given_name="Zoë, “A”; \\n", family_name="Qua;kka,")
    return factories.appointment(patient, date(2026, 12, 7))


def feed(*visits):
    """Return a feed's bytes."""
    return ics.feed(visits, name="Needlepoint, Test Person")


def invite(visit, *, cancels=False):
    """Return an invitation, parsed."""
    return Calendar.from_ical(
        ics.invitation(visit, attendee="ada@example.org", organiser="desk@example.org",
                       cancels=cancels)
    )  # fmt: skip


def event_of(calendar):
    """Return the only event of a calendar."""
    (event,) = calendar.walk("VEVENT")
    return event


def test_a_feed_reads_back_with_its_times_in_utc(visit):
    calendar = Calendar.from_ical(feed(visit))
    event = event_of(calendar)

    assert (calendar["METHOD"], calendar["NAME"], calendar["VERSION"]) == (
        "PUBLISH", "Needlepoint, Test Person", "2.0",
    )  # fmt: skip
    assert calendar["REFRESH-INTERVAL"].dt == timedelta(minutes=30)
    assert (event["DTSTART"].dt, event["DTEND"].dt) == (visit.starts_at, visit.ends_at)
    assert b"DTSTART:20261207T100000Z" in feed(visit)
    assert (event["CLASS"], event["STATUS"]) == ("PRIVATE", "CONFIRMED")


def test_a_feed_says_session_room_and_initials_and_no_name(visit):
    text = feed(visit).decode()

    assert event_of(Calendar.from_ical(text))["SUMMARY"] == f"Visit · {visit.room} · ZQ"
    for word in ("Zoë", "Qua", visit.patient.phone, visit.service.name):
        assert word not in text


def test_a_session_of_a_course_says_its_number(clinic):
    patient = factories.patient(clinic)
    plan = factories.plan(patient, sessions=5)
    visit = factories.appointment(patient, date(2026, 12, 7))
    plan.sessions.filter(number=3).update(appointment=visit)

    (row,) = Appointment.objects.select_related("planned_session__plan", "room", "patient")

    assert event_of(Calendar.from_ical(feed(row)))["SUMMARY"].startswith("Session 3/5 · ")


def test_the_same_visits_make_the_same_bytes(visit):
    assert feed(visit) == feed(Appointment.objects.get())


def test_lines_are_at_most_75_octets_and_end_as_the_standard_says(visit):
    visit.clinic.name = "Clinic for skin, hair; and nails — “ÄÖÜ” " * 5
    text = ics.invitation(
        visit, attendee="ada@example.org", organiser="desk@example.org", cancels=False
    )

    lines = text.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in b"".join(lines)


def test_commas_semicolons_backslashes_and_new_lines_come_back_whole(visit):
    visit.clinic.name = "A, B; C \\ D"
    visit.clinic.address = "1 Nowhere Lane, upstairs\nExampletown; ZZ1"

    event = event_of(invite(visit))

    assert event["SUMMARY"] == "Appointment at A, B; C \\ D"
    assert event["LOCATION"] == "1 Nowhere Lane, upstairs, Exampletown; ZZ1"


@pytest.mark.parametrize(("zone", "day", "start"), CHANGES)
def test_on_the_day_the_clocks_change_ten_oclock_stays_ten_oclock(db, zone, day, start):
    clinic = factories.clinic_with_diary(time_zone=zone)
    for unit in clinic.resources.all():
        unit.weekly_hours.create(weekday=6, from_min=540, to_min=1020)
    visit = factories.appointment(factories.patient(clinic), day)

    event = event_of(Calendar.from_ical(feed(visit)))

    assert (event["DTSTART"].dt, event["DTEND"].dt) == (start, start + timedelta(minutes=90))
    wall = event["DTSTART"].dt.astimezone(ZoneInfo(zone))
    assert (wall.date(), wall.strftime("%H:%M")) == (day, "10:00")


def test_an_invitation_keeps_its_name_and_raises_its_sequence(clinic, visit, desk, now):
    first = event_of(invite(visit))
    moved = diary.move(
        appointment=visit, slot=factories.slot_on(clinic, date(2026, 12, 9)),
        version=visit.version, at=now + timedelta(hours=1), by=desk,
    )  # fmt: skip
    second = event_of(invite(moved))
    gone = diary.cancel(appointment=moved, reason="patient", at=now + timedelta(hours=2), by=desk)
    calendar = invite(gone, cancels=True)
    third = event_of(calendar)

    assert first["UID"] == second["UID"] == third["UID"]
    assert [first["SEQUENCE"], second["SEQUENCE"], third["SEQUENCE"]] == [0, 1, 2]
    assert second["DTSTAMP"].dt == now + timedelta(hours=1)
    assert (calendar["METHOD"], third["STATUS"]) == ("CANCEL", "CANCELLED")


def test_an_invitation_is_from_the_clinic_to_the_patient_and_names_no_treatment(visit):
    calendar = invite(visit)
    event = event_of(calendar)

    assert (calendar["METHOD"], event["STATUS"]) == ("REQUEST", "CONFIRMED")
    assert event["ORGANIZER"] == "mailto:desk@example.org"
    assert event["ATTENDEE"] == "mailto:ada@example.org"
    assert event["SUMMARY"] == f"Appointment at {visit.clinic}"
    assert visit.service.name not in calendar.to_ical().decode()


def test_a_cancelled_visit_is_taken_out_at_the_time_its_patient_knows(clinic, visit, desk, now):
    told = visit.starts_at
    Appointment.objects.update(told_start=told)
    moved = diary.move(
        appointment=visit, slot=factories.slot_on(clinic, date(2026, 12, 9)),
        version=visit.version, at=now, by=desk,
    )  # fmt: skip
    gone = diary.cancel(appointment=moved, reason="patient", at=now, by=desk)

    assert event_of(invite(gone, cancels=True))["DTSTART"].dt == told
