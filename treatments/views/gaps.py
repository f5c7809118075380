"""A time that became free, and which waiting patients it would suit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from clinic.models import Appointment, Resource
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


@dataclass(frozen=True)
class _Case:
    """A wish with the session and visit it is about, and the rules of the patient's days."""

    entry: WaitlistEntry
    session: PlannedSession | None
    visit: Appointment | None
    rules: DayRules

    def allows(self, day: date) -> bool:
        """Say whether the patient can come on a day, earlier than they already will."""
        return not (self.visit and self.visit.local_date <= day) and not self.rules.refusal(day)


@dataclass
class _Fitting:
    """Gaps held against those who wait; what does not depend on the gap is worked out once."""

    waiting: Waiting
    units: Mapping[int, Resource]
    _cases: dict[int, _Case | None] = field(default_factory=dict, init=False)

    def fits(self, gap: Gap, limit: int) -> list[Fit]:
        """Return whom a gap suits, in turn, `limit` at most."""
        if gap.start <= minute_of_instant(self.waiting.at):
            return []
        found = []
        for entry in self.waiting.in_turn(gap):
            if entry.wants(day=gap.day, today=self.waiting.today) and (
                fit := self._fit(entry, gap)
            ):
                found.append(fit)
                if len(found) == limit:
                    break
        return found

    def _fit(self, entry: WaitlistEntry, gap: Gap) -> Fit | None:
        case, slot = self._case(entry), self.waiting.slot(entry, gap)
        offers = offered([slot], self.units) if slot else ()
        if case is None or not offers or not case.allows(gap.day):
            return None
        return Fit(entry, offers[0], case.session, case.visit)

    def _case(self, entry: WaitlistEntry) -> _Case | None:
        """Return what a wish is about, None where its course needs no time any more."""
        if entry.pk not in self._cases:
            self._cases[entry.pk] = self._made(entry)
        return self._cases[entry.pk]

    def _made(self, entry: WaitlistEntry) -> _Case | None:
        waiting = self.waiting
        session, visit = waiting.visit_of(entry)
        if entry.plan and session is None:
            return None
        return _Case(entry, session, visit, DayRules(Search(
            clinic=waiting.clinic, patient=entry.patient, service=entry.service, units=self.units,
            at=waiting.at, session=session, moving=visit, over=waiting.over,
            course=waiting.course(entry), healing=waiting.healing(entry, session),
        )))  # fmt: skip


def fits(gap: Gap, *, clinic, at: datetime, units, limit: int = SHOWN) -> list[Fit]:
    """Return the waiting patients a gap suits, in turn: urgent first, then who has waited longest.

    By the rules of booking: weekday, hours, practitioner and notice as wished, healing, the other
    sessions of the course and days away; a kept time that has expired is free. Somebody already
    booked is offered earlier days alone, who left the gap not at all.
    """
    return _Fitting(Waiting(clinic, at, [gap]), units).fits(gap, limit)


def offers_of_gaps(
    gaps: Sequence[Gap], *, clinic, at: datetime, units
) -> list[tuple[Gap, list[Fit]]]:
    """Return those gaps that suit somebody, in order, each with whom; five at most.

    The queries are the same for one gap and one who waits as for many.
    """
    found, fitting = [], _Fitting(Waiting(clinic, at, gaps), units)
    for gap in gaps:
        if rows := fitting.fits(gap, SHOWN):
            found.append((gap, rows))
            if len(found) == GAPS_SHOWN:
                break
    return found
