"""A time that became free, and which waiting patients it would suit."""

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError

from clinic.models import Appointment, FreedTime
from clinic.models.openings import shape_of, snapshot
from clinic.scheduling.minutes import day_bounds, minute_of_instant, wall_of
from clinic.scheduling.slots import Slot, Wish, day_slots
from clinic.views.offers import DayRules, Offer, Search, offered
from treatments.models import PlannedSession, WaitlistEntry

LOOKED_AT, SHOWN = 60, 3  # wishes in turn that are tried, and how many fits are wanted
GAPS_SHOWN = 5


@dataclass(frozen=True)
class Gap:
    """A freed stretch of one practitioner: minutes since the epoch, `[start, end)`.

    `left_by` are the patients who left it: it is not offered to them again.
    """

    day: date
    start: int
    end: int
    practitioner_id: int
    left_by: frozenset[int] = frozenset()

    @classmethod
    def read(cls, text: str, zone) -> "Gap | None":
        """Read "29384756-29384846.3" (start, end, practitioner); None for anything else."""
        span, _, who = text.partition(".")
        start, _, end = span.partition("-")
        if not all(part.isascii() and part.isdecimal() and len(part) < 12
                   for part in (start, end, who)):  # fmt: skip
            return None
        first, last = int(start), int(end)
        if not first < last <= first + 1440 or last > 10**8:
            return None
        return cls(wall_of(first, zone)[0], first, last, int(who))

    @property
    def word(self) -> str:
        """Return the text `read` reads."""
        return f"{self.start}-{self.end}.{self.practitioner_id}"

    def clock(self, zone) -> str:
        """Return its wall times: "10:00 to 11:30"."""
        walls = (wall_of(minute, zone)[1] for minute in (self.start, self.end))
        return " to ".join(f"{wall // 60:02d}:{wall % 60:02d}" for wall in walls)


def open_gaps(clinic, at: datetime) -> list[Gap]:
    """Return the freed times of a clinic that are still to come and free, by time. One query."""
    left: dict[tuple[int, int, int], set[int]] = {}
    for row in FreedTime.objects.open(clinic, at):
        left.setdefault((row.start, row.end, row.practitioner_id), set()).add(row.patient_id)
    return [
        Gap(wall_of(start, clinic.zone)[0], start, end, who, frozenset(patients))
        for (start, end, who), patients in left.items()
    ]


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
    today, now = clinic.local_date(at), minute_of_instant(at)
    if gap.start <= now:
        return []
    found, known, over = [], {}, Appointment.tentative.over(clinic, at)
    rows = WaitlistEntry.objects.of(clinic).waiting(gap.day).exclude(patient__in=gap.left_by)
    for entry in rows.in_turn().with_people()[:LOOKED_AT]:
        if not entry.wants(day=gap.day, today=today):
            continue
        if fit := _fit(entry, gap, clinic=clinic, at=at, units=units, known=known,
                       over=over):  # fmt: skip
            found.append(fit)
            if len(found) == limit:
                break
    return found


def offers_of_gaps(clinic, at: datetime, units) -> list[tuple[Gap, list[Fit]]]:
    """Return the open gaps that suit somebody, by time, each with whom; five at most."""
    found = []
    for gap in open_gaps(clinic, at):
        if rows := fits(gap, clinic=clinic, at=at, units=units):
            found.append((gap, rows))
            if len(found) == GAPS_SHOWN:
                break
    return found


def _fit(entry, gap, *, clinic, at, units, known, over) -> Fit | None:
    entry.clinic = entry.patient.clinic = clinic
    session, visit = _visit_of(entry, clinic.local_date(at))
    if visit is not None and visit.local_date <= gap.day:
        return None
    if entry.plan and session is None:
        return None
    slot = _slot(entry, gap, known, over)
    if slot is None:
        return None
    rules = DayRules(Search(
        clinic=clinic, patient=entry.patient, service=entry.service, units=units, at=at,
        session=session, moving=visit, over=over,
    ))  # fmt: skip
    offers = offered([slot], units)
    if rules.refusal(gap.day) or not offers:
        return None
    return Fit(entry, offers[0], session, visit)


def _visit_of(entry, today) -> tuple[PlannedSession | None, Appointment | None]:
    """Return the session a wish is for and the visit it has: the next one that has not begun."""
    if entry.plan is None:
        visits = Appointment.objects.filter(
            patient=entry.patient, service=entry.service, status="booked", local_date__gte=today
        )
        return None, visits.order_by("local_date", "local_start_min").first()
    entry.plan.patient, entry.plan.clinic = entry.patient, entry.clinic
    for row in entry.plan.sessions.filter(done_on=None).select_related("appointment"):
        row.plan = entry.plan
        if not row.is_booked:
            return row, None
        if row.appointment.status == "booked" and row.appointment.local_date >= today:
            return row, row.appointment
    return None, None


def _slot(entry, gap, known, over) -> Slot | None:
    """Return the first time in the gap, with its practitioner, that this wish would take."""
    if entry.service_id not in known:
        try:
            known[entry.service_id] = (
                snapshot(entry.clinic, entry.service, from_day=gap.day, days=1, ignore=over),
                shape_of(entry.service),
            )
        except ValidationError:  # nobody is needed in it: not bookable
            known[entry.service_id] = None
    if known[entry.service_id] is None:
        return None
    if entry.practitioner_id not in {None, gap.practitioner_id}:
        return None
    wish = Wish(
        practitioner_ids=(gap.practitioner_id,), from_min=entry.from_min or 0,
        to_min=entry.to_min or 1440,
    )  # fmt: skip
    opens = day_bounds(gap.day, entry.clinic.zone)[0]
    slots = day_slots(*known[entry.service_id], day=gap.day, wish=wish, from_minute=opens)
    return next((slot for slot in slots if gap.start <= slot.start < gap.end), None)
