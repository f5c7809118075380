"""The e-mail a patient gets, as a mail program reads it, and the SMS file."""

from datetime import date, timedelta
from email import message_from_bytes, policy

import pytest
from icalendar import Calendar

from clinic.actions import diary
from clinic.actions.outbox import work
from tests import factories
from treatments.actions.diary import book_course


@pytest.fixture
def patient(clinic):
    """Return a patient of a clinic with an address, who reads e-mail."""
    type(clinic).objects.filter(pk=clinic.pk).update(
        name="Clinic,\nUpper Street", phone="020 7946 0000", email="desk@example.org"
    )
    clinic.refresh_from_db()
    return factories.patient(clinic, email="ada@example.org")


def read(mail):
    """Return an e-mail as another program parses it."""
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def calendars(mail):
    """Return (content type, method, file name, calendar) of each calendar part, in order."""
    return [
        (part.get_content_type(), part.get_param("method"), part.get_filename(),
         Calendar.from_ical(part.get_content()))
        for part in read(mail).walk()
        if part.get_content_type() == "text/calendar"
    ]  # fmt: skip


def test_one_visit_is_an_invitation_and_the_same_as_a_file(patient, now, mailoutbox):
    visit = factories.appointment(patient, date(2026, 12, 14))
    work(now=lambda: now + timedelta(minutes=3))

    (shown, file) = calendars(mailoutbox[0])

    assert shown[:3] == ("text/calendar", "REQUEST", None)
    assert file[:3] == ("text/calendar", "REQUEST", "appointment-1.ics")
    assert shown[3].to_ical() == file[3].to_ical()
    assert shown[3].walk("VEVENT")[0]["DTSTART"].dt == visit.starts_at


def test_the_mail_is_from_the_clinic_and_has_a_name_of_its_own(patient, now, mailoutbox):
    visit = factories.appointment(patient, date(2026, 12, 14))
    work(now=lambda: now + timedelta(minutes=3))

    mail = read(mailoutbox[0])

    assert mail["From"].addresses[0].display_name == "Clinic, Upper Street"
    assert (mail["To"], mail["Reply-To"]) == ("ada@example.org", "desk@example.org")
    assert mail["Message-ID"] == f"<{visit.pk}.course_booked.0@localhost>"
    assert mail["Subject"] == "Your appointments at Clinic, Upper Street"


def test_a_whole_course_is_one_mail_with_a_file_for_each_visit(
    patient, clinic, desk, now, mailoutbox
):
    plan = factories.plan(patient, sessions=3)
    days = [date(2026, 12, 1), date(2027, 1, 5), date(2027, 2, 9)]
    slots = {n: factories.slot_on(clinic, day) for n, day in enumerate(days, start=1)}
    book_course(plan=plan, slots=slots, at=now, by=desk)
    work(now=lambda: now + timedelta(minutes=3))

    (mail,) = mailoutbox
    assert [part[:3] for part in calendars(mail)] == [
        ("text/calendar", "REQUEST", f"appointment-{n}.ics") for n in (1, 2, 3)
    ]
    assert (
        "Tuesday 1 December 2026 at 10:00\nTuesday 5 January 2027 at 10:00\n"
        "Tuesday 9 February 2027 at 10:00"
    ) in mail.body


def test_a_cancellation_takes_the_entry_out(patient, desk, now, mailoutbox):
    visit = factories.appointment(patient, date(2026, 12, 14))
    work(now=lambda: now + timedelta(minutes=3))
    diary.cancel(appointment=visit, reason="clinic", at=now + timedelta(hours=1), by=desk)
    work(now=lambda: now + timedelta(hours=2))

    booked, cancelled = (calendars(mail)[0] for mail in mailoutbox)

    assert cancelled[1] == "CANCEL"
    assert cancelled[3].walk("VEVENT")[0]["UID"] == booked[3].walk("VEVENT")[0]["UID"]


def test_a_reminder_carries_the_link_and_no_entry(patient, now, mailoutbox, settings):
    settings.SITE_URL = "https://clinic.example/"
    factories.appointment(patient, date(2026, 11, 26))
    work(now=lambda: now + timedelta(minutes=3))

    work(now=lambda: now + timedelta(days=1, hours=1))

    reminder = mailoutbox[1]
    assert "https://clinic.example/visit/" in reminder.body
    assert calendars(reminder) == []


def test_an_sms_is_one_file_that_names_number_and_text(clinic, now, settings, tmp_path):
    settings.MESSAGE_CHANNELS = {"email": "", "sms": "clinic.exports.sms.FileSms"}
    settings.SMS_FOLDER = tmp_path / "sms"
    patient = factories.patient(clinic, phone="020 7946 1234")
    visit = factories.appointment(patient, date(2026, 12, 14))

    work(now=lambda: now + timedelta(minutes=3))

    (file,) = settings.SMS_FOLDER.iterdir()
    number, text = file.read_text().split("\n", 1)
    assert (file.name, number) == (f"{visit.pk}-course_booked-0.txt", "020 7946 1234")
    assert "Monday 14 December 2026 at 10:00" in text
