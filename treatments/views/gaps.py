"""A time that became free, and which waiting patients it would suit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from clinic.models import Appointment
from clinic.scheduling.minutes import minute_of_instant
from clinic.views.offers import DayRules, Offer, Search, offered
from treatments.models import PlannedSession, WaitlistEntry
from treatments.models.gaps import Gap, Waiting

SHOWN = 3  # fits are wanted of a gap
GAPS_SHOWN = 5


@dataclass(frozen=True)
class Fit:
    """A waiting patient whom a gap suits: with which time, for which session, instead of what."""

    entry: WaitlistEntry
    offer: Offer
    session: PlannedSession | None
    visit: Appointment | None  # the later visit that would move here


def fits(gap: Gap, *, clinic, at: datetime, units, limit: int = SHOWN) -> list[Fit]:
    """Return the waiting patients a gap suits, in turn: urgent first, then who has waited longest.

    By the rules of booking: weekday, hours, practitioner and notice as wished, healing, the other
    sessions of the course and days away; a kept time that has expired is free. Somebody already
    booked is offered earlier days alone, who left the gap not at all.
    """
    return _fits(gap, Waiting(clinic, at, [gap]), units, limit)


def offers_of_gaps(
    gaps: Sequence[Gap], *, clinic, at: datetime, units
) -> list[tuple[Gap, list[Fit]]]:
    """Return those gaps that suit somebody, in order, each with whom; five at most.

    The queries are the same for one gap and one who waits as for many.
    """
    found, waiting = [], Waiting(clinic, at, gaps)
    for gap in gaps:
        if rows := _fits(gap, waiting, units, SHOWN):
            found.append((gap, rows))
            if len(found) == GAPS_SHOWN:
                break
    return found


def _fits(gap: Gap, waiting: Waiting, units, limit: int) -> list[Fit]:
    if gap.start <= minute_of_instant(waiting.at):
        return []
    found = []
    for entry in waiting.in_turn(gap):
        if not entry.wants(day=gap.day, today=waiting.today):
            continue
        if fit := _fit(entry, gap, waiting, units):
            found.append(fit)
            if len(found) == limit:
                break
    return found


def _fit(entry: WaitlistEntry, gap: Gap, waiting: Waiting, units) -> Fit | None:
    session, visit = waiting.visit_of(entry)
    if visit is not None and visit.local_date <= gap.day:
        return None
    if entry.plan and session is None:
        return None
    slot = waiting.slot(entry, gap)
    if slot is None:
        return None
    rules = DayRules(Search(
        clinic=waiting.clinic, patient=entry.patient, service=entry.service, units=units,
        at=waiting.at, session=session, moving=visit, over=waiting.over,
        course=waiting.course(entry), healing=waiting.healing(entry, session),
    ))  # fmt: skip
    offers = offered([slot], units)
    if rules.refusal(gap.day) or not offers:
        return None
    return Fit(entry, offers[0], session, visit)
