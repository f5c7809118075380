"""What a slot finder shows: free times day by day, and why the other days cannot be had."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from clinic.forms.diary import slot_word
from clinic.models import Appointment, Clinic, Patient, Resource, Service
from clinic.models.openings import Healing, shape_of, snapshots_by_week
from clinic.scheduling.minutes import day_bounds, minute_of_instant
from clinic.scheduling.reasons import Reason, day_words, sentence
from clinic.scheduling.slots import Slot, Snapshot, Wish, next_slots, why_empty
from clinic.scheduling.tariff import blackout_on, wish_charges
from clinic.scheduling.terms import Blackout, Weights
from treatments.models import PlannedSession
from treatments.models.openings import Course, wish_of
from treatments.models.tail import Rest
from treatments.views.rest import asks_first, late_words

SLOTS, SLOTS_A_DAY, SEARCH_DAYS = 10, 3, 28


@dataclass(frozen=True)
class Offer:
    """One time a patient can have."""

    slot: Slot
    practitioner: Resource
    room: Resource | None

    @property
    def word(self) -> str:
        """Return what its button sends."""
        return slot_word(self.slot)

    @property
    def clock(self) -> str:
        """Return the wall time."""
        return f"{self.slot.wall_min // 60:02d}:{self.slot.wall_min % 60:02d}"


@dataclass(frozen=True)
class OfferDay:
    """A day with free times, or a stretch of days (`until` included) with the reason for none.

    `note` is what a move to the day does to the rest of the course.
    """

    day: date
    until: date
    offers: Sequence[Offer] = ()
    because: str = ""
    is_ideal: bool = False
    note: str = ""


@dataclass(frozen=True)
class Window:
    """When a session of a course may be: the first legal day, and the course's ideal and latest."""

    earliest: date
    ideal: date | None
    latest: date | None


@dataclass(frozen=True, kw_only=True)
class Search:
    """One search: who comes, for what, with whom, from which day on.

    `units` are the clinic's practitioners, rooms and devices by key; `session` is the session of a
    course it is for; `moving` the appointment that gives way, `kept` keys of kept times that do
    outside courses, `over` keys of kept times that have expired. `course` is the session's and
    `healing` what its zones rest, the course's own bookings aside, where they have been read.
    """

    clinic: Clinic
    patient: Patient
    service: Service
    units: Mapping[int, Resource]
    at: datetime
    from_day: date | None = None
    practitioner_id: int | None = None
    session: PlannedSession | None = None
    moving: Appointment | None = None
    kept: Sequence[int] = ()
    over: Sequence[int] = ()
    course: Course | None = None
    healing: Healing | None = None

    @property
    def today(self) -> date:
        """Return the clinic's day."""
        return self.clinic.local_date(self.at)


@dataclass
class Offers:
    """The answer of a search; `starts_on` is the first day looked at, `rest` the course's after it."""

    starts_on: date
    today: date
    days: list[OfferDay] = field(default_factory=list)
    window: Window | None = None
    rest: Rest | None = None

    @property
    def jumps(self) -> list[tuple[str, date]]:
        """Return (label, day) of the days worth jumping to."""
        if self.window is None:
            return [("Today", self.today)]
        known = [("Earliest", self.window.earliest), ("Ideal", self.window.ideal),
                 ("Latest", self.window.latest)]  # fmt: skip
        return [(label, day) for label, day in known if day and day >= self.window.earliest]

    @property
    def ends_on(self) -> date:
        """Return the last day that was looked at."""
        return self.days[-1].until if self.days else self.starts_on

    @property
    def count(self) -> int:
        """Return how many times are offered."""
        return sum(len(row.offers) for row in self.days)

    @property
    def week_before(self) -> date:
        """Return where "a week earlier" begins."""
        return self.starts_on - timedelta(days=7)

    @property
    def week_after(self) -> date:
        """Return where "a week later" begins."""
        return self.starts_on + timedelta(days=7)


def offers_for(search: Search) -> Offers:
    """Return the next free times of a search. At most 9 queries, however full the diary.

    Kept times that have expired are cleared before (`clinic.views.tentative.kept_times`).
    """
    rules = DayRules(search)
    window = rules.window
    usual = max(window.earliest, window.ideal or window.earliest) if window else search.today
    start = max(search.from_day or usual, search.today)
    known = snapshots_by_week(
        search.clinic, search.service, from_day=start, days=SEARCH_DAYS,
        practitioner_id=search.practitioner_id, ignore=rules.ignore,
    )  # fmt: skip
    days = _merged(_days(search, rules, known))
    return Offers(start, search.today, list(days), window, rules.rest)


def offered(slots: Sequence[Slot], units: Mapping[int, Resource]) -> list[Offer]:
    """Return slots with the people and rooms they name, for buttons; `units` by key."""
    return [
        Offer(slot, units[slot.practitioner_id], units.get(slot.room_id))
        for slot in slots
        if slot.practitioner_id in units
    ]


def window_of(course: Course, number: int, healing: Healing, *, today: date) -> Window:
    """Return when session k of a course may be, by the sessions before it and its healing.

    The ideal and the latest day count from the session before; the first session has neither.
    `healing` leaves out what the course's own bookings reserve.
    """
    row = course.session(number)
    before = {n: day for n, day in course.days.items() if n < number}
    first = course.first_by_sessions(number, before)
    if course.zone_codes:
        first = healing.first_day(course.rests(number, max(first, today)))
    first = max(first, today)
    after = before.get(number - 1)
    if after is None:
        return Window(first, None, None)
    ideal, latest = (after + timedelta(days=n) for n in (row.gap_days_ideal, row.gap_days_max))
    return Window(first, ideal, latest)


def why_this_day(session: PlannedSession | None, slot: Slot) -> list[dict]:
    """Return why a session of a course is at a time, as reasons to keep with its booking.

    They say how far its interval is from the ideal one, and what is not as the patient would like.
    """
    if session is None:
        return []
    course = Course(session.plan)
    return [reason.as_dict() for reason in
            (*_interval_reasons(course, session.number, slot.day),
             *wish_charges(slot, wish_of(course.plan), Weights()))]  # fmt: skip


def _interval_reasons(course: Course, number: int, day: date) -> list[Reason]:
    before = course.days.get(number - 1)
    if before is None:
        return []
    row, gap = course.session(number), (day - before).days
    days = {"early": row.gap_days_ideal - gap, "late": gap - row.gap_days_ideal,
            "past_max": gap - row.gap_days_max}  # fmt: skip
    return [Reason.of(code, days=count) for code, count in days.items() if count > 0]


class DayRules:
    """The hard rules of a patient's days, read once: healing, neighbours, days away."""

    def __init__(self, search: Search) -> None:
        self.search = search
        kept = [search.session.tentative_id] if search.session else search.kept
        moving = [search.moving.pk] if search.moving else []
        self.ignore = tuple(key for key in (*moving, *kept, *search.over) if key)
        self.blackouts = tuple(
            Blackout(row.from_day, row.to_day, row.kind, row.margin_before_days,
                     row.margin_after_days)
            for row in search.patient.blackouts.all()
        )  # fmt: skip
        self.window, self.rest = None, None
        if search.session:
            self.course = search.course or Course(search.session.plan)
            self.number, self.days = search.session.number, self.course.days
            self.healing = search.healing or Healing(
                search.patient, self.course.zone_codes,
                ignore=[*self.course.giving_way(self.number), *search.over],
            )  # fmt: skip
            self.window = window_of(self.course, self.number, self.healing, today=search.today)
            self.rest = Rest(self.course, self.number)

    def refusal(self, day: date) -> str:
        """Return why the patient cannot come on a day, "" when they can."""
        if self.search.session and (why := self._unhealed(day)):
            return why
        return self._away(day)

    def presses_on(self, day: date) -> tuple[int, date] | None:
        """Return the later session that `day` comes too near to, and its first day then, if any."""
        if not self.search.session:
            return None
        found = self.course.too_soon(self.days | {self.number: day}, [self.number])
        return found if found and found[0] > self.number else None

    def note(self, day: date) -> str:
        """Return what a day does to the later sessions of the course, "" when they just stay."""
        if pressed := self.presses_on(day):
            number, first = pressed
            return f"Session {number} would have to move too, to {day_words(first)} or later."
        return late_words(self.rest.too_late(day)) if self.rest else ""

    def asks_first(self, slot: Slot) -> bool:
        """Say whether moving to a slot leaves something to choose about later sessions."""
        if not self.rest or self.refusal_by_past(slot.day):
            return False
        presses = bool(self.presses_on(slot.day))
        return asks_first(self.rest, slot, today=self.search.today, presses=presses)

    def refusal_by_past(self, day: date) -> str:
        """Return why a day cannot be had even if later sessions gave way, "" when it can."""
        if self.search.session:
            sooner = {n: d for n, d in self.days.items() if n < self.number}
            days = sooner | {self.number: day}
            if found := self.course.too_soon(days, [self.number]):
                return self._too_soon(day, *found)
            if not self.healing.allows(self.course.rests(self.number, day)):
                return self._unhealed(day)
        return self._away(day)

    def _away(self, day: date) -> str:
        reason = blackout_on(day, self.blackouts)
        return f"{sentence(reason)}." if reason else ""

    def _unhealed(self, day: date) -> str:
        course, number = self.course, self.number
        days = self.days | {number: day}
        if found := course.too_soon(days, [number]):
            return self._too_soon(day, *found)
        if not self.healing.allows(course.rests(number, day)):
            first = self.healing.first_day(course.rests(number, day))
            return f"The skin has not healed by then: possible from {day_words(first)}."
        return ""

    def _too_soon(self, day: date, later: int, first: date) -> str:
        course, number = self.course, self.number
        if later != number:
            nearest = self.days[later]
            return f"Too near to session {later} on {day_words(nearest)}, which is booked."
        before = max(n for n in self.days if n < number)
        gap = (day - self.days[before]).days
        reason = Reason.of(
            "too_soon", gap=gap, min=course.least_days(before, number), first_ok=first
        )
        return f"{sentence(reason)}."


def _stands_at(visit: Appointment | None) -> tuple[int, int] | None:
    """Return start and practitioner of a booked visit: no place to move it to."""
    if visit is None or visit.status != Appointment.Status.BOOKED:
        return None
    return minute_of_instant(visit.starts_at), visit.practitioner_id


def _days(
    search: Search, rules: DayRules, days: Iterable[tuple[date, Snapshot]]
) -> Iterator[OfferDay]:
    """Yield day after day until enough times are found."""
    shape, left = shape_of(search.service), SLOTS
    wish = Wish((search.practitioner_id,) if search.practitioner_id else None)
    now = minute_of_instant(search.at)
    ideal = rules.window.ideal if rules.window else None
    moving, own = search.moving is not None, _stands_at(search.moving)
    for day, known in days:
        if because := rules.refusal_by_past(day) if moving else rules.refusal(day):
            yield OfferDay(day, day, because=because)
            continue
        first = max(day_bounds(day, search.clinic.zone)[0], now)
        found = next_slots(
            known, shape, from_minute=first, days=1, count=min(left, SLOTS_A_DAY),
            max_per_day=SLOTS_A_DAY, wish=wish,
        )  # fmt: skip
        if not found:
            yield OfferDay(day, day, because=_why_none(known, shape, day, wish))
            continue
        found = [slot for slot in found if (slot.start, slot.practitioner_id) != own]
        if not found:
            yield OfferDay(day, day, because="Only the time it stands at now is free.")
            continue
        note = rules.note(day) if moving else ""
        yield OfferDay(day, day, offered(found, search.units), is_ideal=day == ideal, note=note)
        left -= len(found)
        if left <= 0:
            return


def _why_none(known, shape, day, wish) -> str:
    reason = why_empty(known, shape, day=day, wish=wish)
    return f"{sentence(reason)}." if reason else "No time is left on this day."


def _merged(days: Iterator[OfferDay]) -> Iterator[OfferDay]:
    """Join neighbouring days that are refused for the same reason, the latest figures kept."""
    kept: OfferDay | None = None
    for row in days:
        if kept and not kept.offers and not row.offers and _kind(kept) == _kind(row):
            kept = OfferDay(kept.day, row.until, because=row.because)
            continue
        if kept:
            yield kept
        kept = row
    if kept:
        yield kept


def _kind(row: OfferDay) -> str:
    """Return what a refusal is about: its sentence without the count of days it begins with."""
    return row.because.partition("healing")[2] or row.because
