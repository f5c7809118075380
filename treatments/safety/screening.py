"""What the patient's health check says about needling on a day: answers in, findings out.

Each question carries its class, its level and, where a time has to pass, its days; all of them
come from the catalogue. A question nobody answered and a visit without a check are findings of
their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from .findings import Finding, Level, in_order
from .quantities import days_text

CHECKLIST = "Clinical reference: screening is answered before every session and countersigned"


class Kind(StrEnum):
    """What a yes means: never, a doctor's or lead's review, a wait in days, careful settings."""

    ABS = "ABS"
    REL = "REL"
    WAIT = "WAIT"
    CAUT = "CAUT"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the rules read it.

    `term` is the clinician's word for it, `level` what a yes raises, `wait_days` the calendar days
    that must have passed (WAIT only). `numbing` questions matter only with a cream; `drugs` narrows
    them to creams with one of these actives or classes, empty means any cream.
    """

    code: str
    term: str
    kind: Kind
    level: Level
    source: str
    advice: str = ""
    wait_days: int | None = None
    numbing: bool = False
    drugs: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if (self.kind == Kind.WAIT) != (self.wait_days is not None):
            raise ValueError(f"{self.code}: a wait has days, and nothing else has")
        if self.wait_days is not None and self.wait_days < 1:
            raise ValueError(f"{self.code}: a wait is at least 1 day")


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, the day it speaks of (WAIT only) and the patient's own words."""

    yes: bool
    on: date | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """From which age somebody is needled, and from which the label of the place covers it.

    `label_from_years` is None where no label of the place asks for more.
    """

    from_years: int
    source: str
    label_from_years: int | None = None
    label_source: str = ""


def check_missing(day: date) -> Finding:
    """The finding that no health check was answered for the visit of `day`."""
    text = f"No health check was answered for the visit of {_day(day)}."
    return Finding(Level.WARN, "HEALTH_CHECK_MISSING", text, {}, CHECKLIST)


def check_fresh(given_on: date, *, day: date, within_days: int, source: str) -> tuple[Finding, ...]:
    """A finding where the check was answered more than `within_days` before the visit of `day`.

    An answer dated after the visit is entered late and counts.
    """
    days = (day - given_on).days
    if days <= within_days:
        return ()
    text = (
        f"The health check was answered {days_text(days)} before the visit, over the "
        f"{within_days} allowed: ask again."
    )
    figures = {"days": str(days), "within_days": str(within_days)}
    return (Finding(Level.WARN, "HEALTH_CHECK_OLD", text, figures, source),)


def check_answers(
    asked: Iterable[Asked],
    answers: Mapping[str, Answer],
    *,
    day: date,
    creams: frozenset[str] = frozenset(),
) -> tuple[Finding, ...]:
    """Findings about the answers for a visit on `day`, STOP first; empty where all are no.

    `creams` are the actives and chemical classes of the creams used, lower case; empty where none
    is recorded.
    """
    rows = tuple(asked)
    found: list[Finding] = []
    for row in rows:
        answer = answers.get(row.code)
        if answer is not None and answer.yes:
            found.extend(_about(row, answer, day, creams))
    open_ones = [row.term for row in rows if row.code not in answers]
    if open_ones:
        text = f"Not answered: {'; '.join(open_ones)}."
        figures = {"unanswered": str(len(open_ones))}
        found.append(Finding(Level.WARN, "HEALTH_UNANSWERED", text, figures, CHECKLIST))
    return in_order(found)


def check_age(born: date, *, day: date, limits: AgeLimits) -> tuple[Finding, ...]:
    """A STOP under the age from which this house needles, a note under that of the label."""
    years = age_on(born, day)
    if years < limits.from_years:
        text = f"The patient is {years} on the day; needling is from {limits.from_years} years."
        figures = {"years": str(years), "from_years": str(limits.from_years)}
        return (Finding(Level.STOP, "HEALTH_AGE", text, figures, limits.source),)
    if limits.label_from_years is not None and years < limits.label_from_years:
        text = (
            f"The patient is {years} on the day; the label is from {limits.label_from_years} "
            "years, before that it is off-label."
        )
        figures = {"years": str(years), "label_from_years": str(limits.label_from_years)}
        return (Finding(Level.INFO, "HEALTH_AGE_LABEL", text, figures, limits.label_source),)
    return ()


def age_on(born: date, day: date) -> int:
    """Whole years on a day; whoever was born on 29 February has their birthday on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _about(row: Asked, answer: Answer, day: date, creams: frozenset[str]) -> Iterator[Finding]:
    if row.numbing and not _concerns(row, creams):
        which = f"a cream with {' or '.join(sorted(row.drugs))}" if row.drugs else "a numbing cream"
        text = f"{row.term}: yes{_words(answer)}. It matters with {which}; none is recorded."
        yield Finding(Level.INFO, "HEALTH_NO_CREAM", text, {}, row.source, row.code)
    elif row.kind == Kind.WAIT:
        yield _wait(row, answer, day)
    else:
        text = f"{row.term}: yes{_words(answer)}.{_advice(row)}"
        figures = {"answer": "yes", "words": answer.words}
        yield Finding(row.level, "HEALTH_ANSWER", text, figures, row.source, row.code)


def _concerns(row: Asked, creams: frozenset[str]) -> bool:
    return bool(creams & row.drugs) if row.drugs else bool(creams)


def _wait(row: Asked, answer: Answer, day: date) -> Finding:
    """Days counted as calendar days; the day the wait is over is the first that is free."""
    wait = row.wait_days
    if answer.on is None or answer.on > day:
        why = "without a date" if answer.on is None else f"dated {_day(answer.on)}, after the visit"
        text = f"{row.term}: yes, {why}; {days_text(wait)} must have passed.{_advice(row)}"
        figures = {"on": "" if answer.on is None else answer.on.isoformat(), "wait_days": str(wait)}
        return Finding(row.level, "HEALTH_WAIT_DATE", text, figures, row.source, row.code)
    days = (day - answer.on).days
    figures = {"days": str(days), "wait_days": str(wait), "on": answer.on.isoformat()}
    if days < wait:
        free = answer.on + timedelta(days=wait)
        text = (
            f"{row.term}: {days_text(days)} before the visit{_words(answer)}; "
            f"{wait - days} of {days_text(wait)} still to wait, until {_day(free)}.{_advice(row)}"
        )
        figures |= {"days_to_wait": str(wait - days)}
        return Finding(row.level, "HEALTH_WAIT", text, figures, row.source, row.code)
    text = f"{row.term}: {days_text(days)} before the visit; the wait is {days_text(wait)}."
    return Finding(Level.INFO, "HEALTH_WAITED", text, figures, row.source, row.code)


def _words(answer: Answer) -> str:
    return f" (“{answer.words}”)" if answer.words else ""


def _advice(row: Asked) -> str:
    return f" {row.advice}" if row.advice else ""


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
