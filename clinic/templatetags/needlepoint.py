"""Presentation filters: how days, times, states and findings look. No queries, no clock."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django import template
from django.utils import timezone

from clinic.models import Appointment

register = template.Library()


class Look(NamedTuple):
    """How a state shows itself: its word, a Bootstrap icon, a tone of components.css."""

    label: str
    icon: str
    tone: str


APPOINTMENT_LOOKS = {
    "tentative": ("hourglass-split", "warn"),
    "proposed": ("arrow-left-right", "warn"),
    "booked": ("calendar-check", "info"),
    "arrived": ("person-check-fill", "accent"),
    "in_session": ("play-circle-fill", "live"),
    "fulfilled": ("check-circle-fill", "good"),
    "cancelled": ("x-circle", "void"),
    "noshow": ("person-x-fill", "stop"),
    "entered_in_error": ("slash-circle", "void"),
}
# The words are the model's; a confirmed appointment is booked and says so.
APPOINTMENT = {
    state.value: Look(state.label, *APPOINTMENT_LOOKS[state.value]) for state in Appointment.Status
} | {"confirmed": Look("Confirmed", "calendar2-check-fill", "info")}
SESSION = {
    "planned": Look("Planned", "circle", "void"),
    "due": Look("Due", "calendar-plus", "warn"),
    "booked": Look("Booked", "calendar-check", "info"),
    "draft": Look("Draft", "pencil-fill", "live"),
    "signed": Look("Signed", "lock-fill", "good"),
    "done": Look("Done", "check-circle-fill", "good"),
    "skipped": Look("Skipped", "skip-forward", "void"),
    "entered_in_error": Look("Entered by mistake", "slash-circle", "void"),
    "error": Look("Entered by mistake", "slash-circle", "void"),
}
COURSE = {
    "on_track": Look("On track", "check-circle-fill", "good"),
    "book_now": Look("Book now", "calendar-plus-fill", "accent"),
    "overdue": Look("Overdue", "clock-fill", "warn"),
    "at_risk": Look("At risk", "exclamation-triangle-fill", "stop"),
    "blocked": Look("Blocked", "pause-circle-fill", "stop"),
    "lapsed": Look("Lapsed", "hourglass-bottom", "void"),
    "done": Look("Done", "flag-fill", "good"),
    "stopped": Look("Stopped", "stop-circle", "void"),
}
MESSAGE = {
    "queued": Look("Waiting", "hourglass-split", "info"),
    "sent": Look("Sent", "send-check-fill", "good"),
    "failed": Look("Failed", "exclamation-triangle-fill", "stop"),
    "withdrawn": Look("Withdrawn", "slash-circle", "void"),
    "leaving": Look("Leaving", "send", "live"),
    "retrying": Look("Trying again", "arrow-repeat", "warn"),
}
CONSENT = {
    "given": Look("Consent given", "file-earmark-check-fill", "good"),
    "missing": Look("Consent missing", "file-earmark-x-fill", "warn"),
    "old": Look("New text to sign", "file-earmark-diff", "warn"),
    "withdrawn": Look("Consent withdrawn", "file-earmark-minus-fill", "stop"),
}
PERMISSION = {
    "given": Look("Permitted", "check-circle-fill", "good"),
    "refused": Look("Not permitted", "slash-circle", "void"),
    "withdrawn": Look("Withdrawn", "arrow-counterclockwise", "stop"),
    "open": Look("Not asked", "question-circle", "warn"),
}
LOOKS = {
    "consent": CONSENT,
    "permission": PERMISSION,
    "message": MESSAGE,
    "appointment": APPOINTMENT,
    "session": SESSION,
    "course": COURSE,
}


class FindingLook(NamedTuple):
    """How a finding's level shows itself."""

    label: str
    icon: str
    css: str


FINDINGS = {
    "STOP": FindingLook("Stop", "exclamation-octagon-fill", "stop"),
    "WARN": FindingLook("Warning", "exclamation-triangle-fill", "warn"),
    "INFO": FindingLook("Note", "info-circle-fill", "info"),
}


@register.filter
def look(state: str, kind: str = "appointment") -> Look:
    """Return how a state looks; one this table does not know shows its own word, without colour."""
    known = LOOKS[kind].get(str(state))
    return known or Look(str(state).replace("_", " ").capitalize(), "circle", "void")


@register.filter
def finding_look(level: str) -> FindingLook:
    """Return how a finding's level (STOP, WARN, INFO) looks."""
    return FINDINGS[str(level)]


def _wall(value: date | datetime) -> date | datetime:
    """Return an aware instant as wall time of the active zone (the clinic's); a date as it is."""
    if isinstance(value, datetime) and timezone.is_aware(value):
        return timezone.localtime(value)
    return value


@register.filter
def day(value: date | datetime | None) -> str:
    """Return "Mon 23 Nov", for days that are near; nothing for no day."""
    return f"{_wall(value):%a} {_wall(value).day} {_wall(value):%b}" if value else ""


@register.filter
def day_year(value: date | datetime | None) -> str:
    """Return "Mon 23 Nov 2026", for days that may be of another year."""
    return f"{day(value)} {_wall(value).year}" if value else ""


@register.filter
def born(value: date | None) -> str:
    """Return "14 Mar 1990", for dates of birth."""
    return f"{value.day} {value:%b %Y}" if value else ""


@register.filter
def clock(value: datetime | None) -> str:
    """Return "14:30" by the clinic's wall."""
    return f"{_wall(value):%H:%M}" if value else ""


@register.filter
def day_clock(value: datetime | None) -> str:
    """Return "Mon 23 Nov 14:30"."""
    return f"{day(value)} {clock(value)}" if value else ""


@register.filter
def minutes(value: int | timedelta | None) -> str:
    """Return a length, given in minutes or as a timedelta: "45 min", "1 h 30 min"."""
    if value is None:
        return ""
    total = round(value.total_seconds() / 60) if isinstance(value, timedelta) else int(value)
    hours, rest = divmod(total, 60)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


@register.filter
def minutes_until(value: datetime, now: datetime) -> int:
    """Return whole minutes from an instant until now, never less than 0."""
    return max(int((now - value).total_seconds() // 60), 0)


@register.filter
def days_between(value: date | datetime | None, today: date) -> str:
    """Return how far a day is from today: "today", "tomorrow", "in 12 days", "12 days ago"."""
    if not value:
        return ""
    wall = _wall(value)
    apart = ((wall.date() if isinstance(wall, datetime) else wall) - today).days
    near = {-1: "yesterday", 0: "today", 1: "tomorrow"}
    return near.get(apart) or (f"in {apart} days" if apart > 0 else f"{-apart} days ago")


@register.filter
def age(patient, today: date) -> int:
    """Return a patient's completed years on the clinic's day."""
    return patient.age_on(today)


@register.filter
def dots(done: int, total: int) -> list[str]:
    """Return one word per session for the progress dots: "done", "next" or "todo"."""
    return ["done" if at < done else "next" if at == done else "todo" for at in range(total)]


@register.filter
def keyed(tabs) -> list[tuple]:
    """Return (tab, its key): the neighbours of the one that is shown are reached by , and . keys."""
    shown = next((at for at, tab in enumerate(tabs) if tab["active"]), None)
    keys = {} if shown is None else {shown - 1: ",", shown + 1: "."}
    return [(tab, keys.get(at, "")) for at, tab in enumerate(tabs)]


@register.filter
def plural(count: int, words: str) -> str:
    """Return a count with its noun: `{{ 2|plural:"session,sessions" }}` is "2 sessions"."""
    one, many = words.split(",")
    return f"{count} {one if count == 1 else many}"
