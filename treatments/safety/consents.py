"""Consent to a course: what has to be signed, whether it stands, and how long ago it was given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from .findings import Finding, Level, in_order
from .quantities import minutes_between, shown

PROCEDURE, OFF_LABEL, NUMBING = "procedure", "off_label", "numbing"


def kinds_needed(
    *, labelled_from_years: int | None, age_years: int, numbs: bool
) -> tuple[str, ...]:
    """Return the kinds of text a course needs consent to, in the order they are read.

    `labelled_from_years` is the age from which the device is authorised for the indication, None
    where it is not authorised for it at all; `numbs` whether a numbing cream is used.
    """
    is_off_label = labelled_from_years is None or age_years < labelled_from_years
    asked = ((PROCEDURE, True), (OFF_LABEL, is_off_label), (NUMBING, numbs))
    return tuple(kind for kind, is_asked in asked if is_asked)


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """What is on file about one kind of text for a course.

    `given_at` belongs to the consent that stands, `withdrawn_at` to the last one withdrawn where
    none stands; both aware, in the clinic's zone. `is_current` says whether what stands answers the
    text now in force.
    """

    subject: str
    given_at: datetime | None = None
    withdrawn_at: datetime | None = None
    is_current: bool = True
    signed_text: str = ""
    current_text: str = ""


def check_consent(
    parts: Iterable[ConsentFacts] | None, *, needling_started_at: datetime | None, source: str
) -> tuple[Finding, ...]:
    """Findings about the consent a session needs, STOP first; none where all of it stands.

    `parts` is None for a session outside any course: its consent cannot be kept here. A consent
    withdrawn after the needling began stood while it was done.
    """
    if parts is None:
        text = "This visit belongs to no course, so no consent is kept with it: say where it is."
        return (Finding(Level.WARN, "CONSENT_NO_COURSE", text, {}, source),)
    found = (_about(part, needling_started_at, source) for part in parts)
    return in_order(finding for finding in found if finding)


def _about(part: ConsentFacts, started: datetime | None, source: str) -> Finding | None:
    def say(level: Level, code: str, text: str, figures: dict[str, str]) -> Finding:
        return Finding(level, code, text, figures, source, part.subject)

    if part.given_at is None and part.withdrawn_at is None:
        return say(Level.STOP, "CONSENT_MISSING", f"{part.subject}: no consent is on file.", {})
    if part.given_at is None:
        if started is not None and part.withdrawn_at >= started:
            return None
        day = _day(part.withdrawn_at)
        text = f"{part.subject}: consent was withdrawn on {day} and not given again."
        return say(Level.STOP, "CONSENT_WITHDRAWN", text, {"withdrawn_on": day})
    if started is not None and part.given_at > started:
        clocks = {"given_at": f"{part.given_at:%H:%M}", "started_at": f"{started:%H:%M}"}
        text = (
            f"{part.subject}: consent was given on {_day(part.given_at)} at {clocks['given_at']}, "
            f"after needling began at {clocks['started_at']}."
        )
        return say(Level.STOP, "CONSENT_AFTER_NEEDLING", text, clocks)
    if not part.is_current:
        text = f"{part.subject}: signed is “{part.signed_text}”, in force is {part.current_text}."
        figures = {"signed": part.signed_text, "in_force": part.current_text}
        return say(Level.WARN, "CONSENT_OLD_TEXT", text, figures)
    return None


@dataclass(frozen=True, slots=True)
class CoolingOff:
    """How long a patient has to think it over before the first session of a course."""

    hours: Decimal
    source: str

    def __post_init__(self) -> None:
        if self.hours <= 0:
            raise ValueError("cooling-off hours are above 0")


def check_cooling_off(
    given_at: datetime | None,
    *,
    begins_at: datetime,
    sessions_before: int,
    limit: CoolingOff,
) -> tuple[Finding, ...]:
    """A WARN where a first session begins less than `limit.hours` after consent was given.

    `sessions_before` are sessions of the same course already done: with any, the time is waived.
    Without consent there is nothing to count; that is a finding of its own.
    """
    if given_at is None or sessions_before > 0:
        return ()
    minutes = minutes_between(given_at, begins_at)
    if minutes >= limit.hours * 60:
        return ()
    whole = max(int(minutes // 60), 0)
    figures = {"hours": str(whole), "cooling_off_hours": shown(limit.hours)}
    text = (
        f"Consent was given {whole} h before this first session; "
        f"{shown(limit.hours)} h to think it over have not passed."
    )
    return (Finding(Level.WARN, "COOLING_OFF", text, figures, limit.source),)


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y}"
