"""Calendars in iCalendar (RFC 5545): a practitioner's feed and a patient's invitations (RFC 5546).

Every visit is an event of its own in UTC: a course is no recurrence, and without a time zone in the
file no program can get one wrong. Nothing here names a treatment; a feed names no patient.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from icalendar import Calendar, Event, vCalAddress

from clinic.models import Appointment, Clinic

PRODUCT = "-//Needlepoint//Clinic//EN"
REFRESH = timedelta(minutes=30)
FEED_BACK, FEED_AHEAD = timedelta(days=30), timedelta(days=180)


def uid_of(visit: Appointment) -> str:
    """Return the name of a visit in every calendar, the same for as long as it exists."""
    return f"{visit.pk}-{visit.booked_at.astimezone(UTC):%Y%m%dT%H%M%SZ}@{visit.clinic.slug}.needlepoint"


def feed(visits: Iterable[Appointment], *, name: str) -> bytes:
    """Return a practitioner's calendar; the same visits always make the same bytes.

    Each event says which session it is, where, and the patient's initials. A visit carries its
    `planned_session` where it belongs to a course.
    """
    calendar = _calendar("PUBLISH")
    calendar.add("name", name)
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT30M")
    for visit in visits:
        event = _event(visit, visit.starts_at, summary=_for_staff(visit))
        event.add("location", str(visit.room) if visit.room else visit.clinic.name)
        event.add("status", "CONFIRMED" if visit.is_live else "TENTATIVE")
        calendar.add_component(event)
    return calendar.to_ical()


def _for_staff(visit: Appointment) -> str:
    planned = getattr(visit, "planned_session", None)
    session = f"Session {planned.number}/{planned.plan.sessions_planned}" if planned else "Visit"
    parts = [session, str(visit.room) if visit.room else "", visit.patient.initials]
    return " · ".join(part for part in parts if part)


def invitation(visit: Appointment, *, attendee: str, organiser: str, cancels: bool) -> bytes:
    """Return the entry of one visit for its patient's calendar, or what takes it out again.

    `attendee` and `organiser` are e-mail addresses. A visit that is cancelled keeps the time its
    patient knows.
    """
    calendar = _calendar("CANCEL" if cancels else "REQUEST")
    clinic: Clinic = visit.clinic
    start = visit.told_start if cancels and visit.told_start else visit.starts_at
    event = _event(visit, start, summary=f"Appointment at {clinic.name}")
    event.add("status", "CANCELLED" if cancels else "CONFIRMED")
    event.add("organizer", _address(organiser, CN=clinic.name))
    event.add("attendee", _address(attendee, ROLE="REQ-PARTICIPANT", RSVP="FALSE"))
    if clinic.address:
        event.add("location", ", ".join(clinic.address.split("\n")))
    if clinic.phone:
        event.add("description", f"Another time? Please call {clinic.phone}.")
    calendar.add_component(event)
    return calendar.to_ical()


def _calendar(method: str) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    return calendar


def _event(visit: Appointment, start: datetime, *, summary: str) -> Event:
    event = Event()
    event.add("uid", uid_of(visit))
    changed = (visit.changed_at or visit.booked_at).astimezone(UTC)
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    event.add("sequence", visit.sequence)
    event.add("dtstart", start.astimezone(UTC))
    event.add("dtend", (start + (visit.ends_at - visit.starts_at)).astimezone(UTC))
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("transp", "OPAQUE")
    return event


def _address(email: str, **parameters: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{email}")
    for name, value in parameters.items():
        address.params[name] = value
    return address
