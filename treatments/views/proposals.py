"""What "Propose dates" shows: three proposals, a row per session, and the days of one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from clinic.models import Resource
from clinic.scheduling.course import (
    CourseRequest,
    Proposal,
    Refusal,
    SessionWish,
    Weights,
    day_verdicts,
    propose,
    propose_three,
)
from clinic.scheduling.reasons import Reason, sentence
from clinic.scheduling.slots import Slot
from clinic.scheduling.tariff import blackout_on, charges, forbids_fixed, too_soon
from clinic.views.offers import Offer, offered
from treatments.models import PlannedSession, TreatmentPlan
from treatments.models.openings import Course, course_request

STRIP_DAYS = 14
FEWEST = "fewest_moved"
TITLES = {
    FEWEST: ("Fewest moved", "pin-angle"),
    "nearest_to_ideal": ("Nearest to ideal", "bullseye"),
    "same_weekday_and_hour": ("Same weekday and hour", "repeat"),
    "before_event": ("Finished early", "flag"),
}
SILENT = {"kept", "fixed"}  # said by the pin
#: What a booking keeps of the patient's wishes it does not meet; all else is judged anew.
WISHES = {"weekday", "hours", "not_primary"}
#: How a day looks in the strip: icon and tone by what refuses it; a free day has neither.
SHUT = {"too_soon": "hourglass-split", "blackout": "slash-circle", "clinic_closed": "door-closed"}


@dataclass(frozen=True)
class Card:
    """One proposal to choose from; `same_as` names an earlier card with the same dates."""

    name: str
    title: str
    icon: str
    days: Sequence[date]
    summary: Sequence[str]
    is_chosen: bool
    same_as: str = ""
    points: int = 0


@dataclass(frozen=True)
class StripDay:
    """One day of the strip: can it be had, and if not why."""

    day: date
    because: str
    icon: str
    is_chosen: bool


@dataclass
class DateRow:
    """One session of the course with the time chosen for it."""

    number: int
    wish: SessionWish
    version: int | None = None
    offer: Offer | None = None
    gap_days: int | None = None
    reasons: Sequence[str] = ()
    why: Sequence[Reason] = ()
    refusal: str = ""
    nearest: Sequence[Offer] = ()
    editor: "Editor | None" = None

    @property
    def points(self) -> int:
        """Return the sum of what is not as wished."""
        return sum(reason["cost"] for reason in self.why)

    @property
    def is_pinned(self) -> bool:
        """Say whether the session keeps the booking it has."""
        return bool(self.offer and self.wish.booked and self.wish.booked.key == self.offer.slot.key)


@dataclass(frozen=True)
class Editor:
    """The days around one session's date, and the times of the day that is looked at."""

    day: date
    strip: Sequence[StripDay]
    offers: Sequence[Offer]
    own_id: int | None
    because: str
    earlier: date
    later: date

    @property
    def groups(self) -> list[tuple[Resource, list[Offer]]]:
        """Return the times by practitioner, the session's own one first."""
        found: dict[Resource, list[Offer]] = {}
        for offer in self.offers:
            found.setdefault(offer.practitioner, []).append(offer)
        return sorted(found.items(), key=lambda item: (item[0].pk != self.own_id, item[0].order))


@dataclass
class Layout:
    """Everything the page prints; `faults` say why some sessions have no date at all."""

    plan: TreatmentPlan
    cards: Sequence[Card] = ()
    rows: Sequence[DateRow] = ()
    faults: Sequence[tuple[int, Sequence[str]]] = ()
    is_own: bool = False
    alerts: list[str] = field(default_factory=list)

    @property
    def to_book(self) -> int:
        """Return how many sessions would get a new time."""
        return sum(1 for row in self.rows if row.offer and not row.is_pinned)

    @property
    def has_conflicts(self) -> bool:
        """Say whether a row stands in the way of booking."""
        return any(row.refusal for row in self.rows)


class Dates:
    """The open sessions of a course, and what may become of them. One request to the planner.

    `units` are the clinic's practitioners and rooms by key; no session is put before `from_day`.
    `course` is given for one that is not written yet; without `keep_booked` bookings may move. With
    `mend` a course whose session lost its day is also planned anew as a whole, with the fewest of
    its bookings moved: one request more, and the proposal that comes first. `over` are the keys of
    kept times that have expired.
    """

    def __init__(
        self, plan, *, units: Mapping[int, Resource], today: date, from_day=None,
        course: Course | None = None, keep_booked: bool = True, mend: bool = False,
        over: tuple[int, ...] = (),
    ) -> None:  # fmt: skip
        self.plan, self.units, self.today = plan, units, today
        self.course = course or Course(plan)
        asked = {"today": today, "from_day": from_day, "course": self.course, "over": over}
        self.request: CourseRequest | None = course_request(plan, **asked, keep_booked=keep_booked)
        self.outcomes: Sequence[Proposal | Refusal] = ()
        if self.request is None:
            return
        self.outcomes = propose_three(self.request)
        loose = mend and keep_booked and self._has_lost_a_day
        stuck = self._stuck and any(wish.booked for wish in self.request.sessions)
        if not loose and not stuck:
            return
        self.request = course_request(plan, **asked, keep_booked=False)
        if stuck:
            self.outcomes = propose_three(self.request)
        if loose and isinstance(fewest := propose(self.request, name=FEWEST), Proposal):
            self.outcomes = (fewest, *self.outcomes)

    @property
    def _has_lost_a_day(self) -> bool:
        """Say whether a session lost its day while a later one still has one."""
        rows = self.course.sessions
        lost = [row.number for row in rows if row.lost_its_day]
        return any(row.is_booked and row.number > lost[0] for row in rows) if lost else False

    @property
    def _stuck(self) -> bool:
        return any(isinstance(outcome, Refusal) for outcome in self.outcomes)

    @property
    def open_sessions(self) -> list:
        """Return the planned sessions that may get a date."""
        numbers = {wish.number for wish in self.request.sessions} if self.request else set()
        return [row for row in self.course.sessions if row.number in numbers]

    def layout(self, *, name: str = "", picked: Mapping[int, Slot] | None = None) -> Layout:
        """Return the page for a proposal by name, with the slots picked by hand in their rows."""
        page = Layout(self.plan)
        if self.request is None:
            return page
        offered_ones = [one for one in self.outcomes if not self._is_needless(one.name)]
        proposal = next((one for one in offered_ones if one.name == name), self.outcomes[0])
        name = proposal.name
        slots: dict[int, Slot] = {w.number: w.booked for w in self.request.sessions if w.booked}
        if isinstance(proposal, Proposal):
            slots |= {placed.number: placed.slot for placed in proposal.sessions}
        else:
            page.faults = [(row.number, _sentences(row.reasons)) for row in proposal.sessions]
        proposed = dict(slots)
        slots |= self._whole(picked or {})
        page.is_own = any(proposed.get(n) is None or proposed[n].key != slot.key
                          for n, slot in slots.items())  # fmt: skip
        page.cards = self._cards("" if page.is_own else name)
        page.rows = self.rows(slots)
        return page

    def _whole(self, picked: Mapping[int, Slot]) -> dict[int, Slot]:
        """Return picked slots with the room and length the diary has for them."""
        known = {slot.key: slot for slot in self._known_slots()}
        found = {}
        for number, slot in picked.items():
            day = self.request.candidates.all_of(slot.day) if slot.key not in known else ()
            same = (other for other in day if other.key == slot.key)
            found[number] = known.get(slot.key) or next(same, slot)
        return found

    def _known_slots(self):
        yield from (wish.booked for wish in self.request.sessions if wish.booked)
        for outcome in self.outcomes:
            if isinstance(outcome, Proposal):
                yield from (placed.slot for placed in outcome.sessions)

    def rows(self, slots: Mapping[int, Slot]) -> list[DateRow]:
        """Return a row per open session: its time, what it costs, what stands in its way."""
        rows, before, after = [], None, self.request.last_done
        for index, wish in enumerate(self.request.sessions):
            visit = self.course.session(wish.number)
            row = DateRow(wish.number, wish, visit.appointment.version if visit.is_booked else None)
            rows.append(row)
            if (slot := slots.get(wish.number)) is None:
                before = None
                continue
            row.offer = next(iter(offered([slot], self.units)), None)
            row.gap_days = (slot.day - after).days if after else None
            row.why = charges(self.request, Weights(), index, slot, before)
            told = (reason for reason in row.why if reason.code not in SILENT and reason["cost"])
            row.reasons = _sentences([*told, *_kept_wishes(row, visit)])
            row.refusal = self._refusal(wish, slot, after)
            before, after = slot, slot.day
        return rows

    def _refusal(self, wish: SessionWish, slot: Slot, after: date | None) -> str:
        """Return the hard rule this slot breaks, as a sentence; "" when it breaks none."""
        away = self.request.wish.blackouts
        kept = wish.booked is not None and wish.booked.key == slot.key
        reason = too_soon(wish, slot.day, after)
        reason = reason or (forbids_fixed if kept else blackout_on)(slot.day, away)
        return f"{sentence(reason)}." if reason else ""

    def editor(self, rows: Sequence[DateRow], number: int, day: date | None) -> Editor:
        """Return the days around a session's date and the times of one of them."""
        at = next(i for i, row in enumerate(rows) if row.number == number)
        before = rows[at - 1].offer.slot if at and rows[at - 1].offer else None
        verdicts = day_verdicts(self.request, number=number, before=before)
        chosen = rows[at].offer.slot.day if rows[at].offer else None
        day = day or chosen or next((d for d, v in verdicts.items() if v.slot), self.today)
        start = day - timedelta(days=day.weekday() + 7 * (day.weekday() < 3))
        start = max(start, self.today)
        strip = []
        for offset in range(STRIP_DAYS):
            one = start + timedelta(days=offset)
            because, icon = _why_shut(verdicts.get(one))
            strip.append(StripDay(one, because, icon, one == day))
        shut, _ = _why_shut(verdicts.get(day))
        offers = [] if shut else offered(self.request.candidates.all_of(day), self.units)
        week = timedelta(days=7)
        own = rows[at].offer
        own_id = own.slot.practitioner_id if own else self.plan.practitioner_id
        return Editor(
            day, strip, offers, own_id, shut,
            max(day - week, self.today), day + week,
        )  # fmt: skip

    def why(self, slots: Mapping[int, Slot]) -> dict[int, list[dict]]:
        """Return the reasons to keep with each booking, as plain values, by number."""
        version = {"code": "weights", "version": Weights().version}
        return {row.number: [*(reason.as_dict() for reason in row.why if reason["cost"]), version]
                for row in self.rows(slots) if row.offer}  # fmt: skip

    def _is_needless(self, name: str) -> bool:
        """Say whether a proposal only squeezes a course that ends well before its event anyway."""
        best = self.outcomes[0]
        if name != "before_event" or not self.plan.event_on or isinstance(best, Refusal):
            return False
        reasons = (reason for placed in best.sessions for reason in placed.reasons)
        return all(reason.code != "event_calm" for reason in reasons)

    def _cards(self, chosen: str) -> list[Card]:
        cards, seen = [], {}
        for outcome in self.outcomes:
            if isinstance(outcome, Refusal) or self._is_needless(outcome.name):
                continue
            title, icon = TITLES[outcome.name]
            if outcome.name == "before_event" and self.plan.event_on:
                title = "Before the event"
            same_as = seen.setdefault(outcome.days, title)
            cards.append(Card(outcome.name, title, icon, outcome.days, _summary(outcome),
                              outcome.name == chosen, "" if same_as == title else same_as,
                              outcome.total_points))  # fmt: skip
        return cards


def _why_shut(verdict) -> tuple[str, str]:
    """Return why a day cannot be had and its icon, two empty texts when it can."""
    if verdict is None:
        return "This day was not looked at: see “Not before”.", "eye-slash"
    if verdict.slot:
        return "", ""
    reason = verdict.reasons[0]
    return f"{sentence(reason)}.", SHUT.get(reason.code, "x-circle")


def _kept_wishes(row: DateRow, visit: PlannedSession) -> list[Reason]:
    """Return which wishes of the patient a booking that stays was known not to meet.

    The planner does not charge it for them again, so they are read from the booking.
    """
    if not row.is_pinned:
        return []
    kept = visit.appointment.why_this_date
    return [Reason.from_dict(plain) for plain in kept if plain.get("code") in WISHES]


def _sentences(reasons) -> list[str]:
    return [f"{sentence(reason)}." for reason in reasons]


def _summary(proposal: Proposal) -> list[str]:
    """Return what tells a proposal from the others in a few words."""
    off = sum(
        reason["days"] for placed in proposal.sessions for reason in placed.reasons
        if reason.code in {"early", "late"}
    )  # fmt: skip
    codes = {reason.code for placed in proposal.sessions for reason in placed.reasons}
    moved = sum(r.code == "changed" for placed in proposal.sessions for r in placed.reasons)
    words = ["always the ideal interval" if not off else f"{off} {_days(off)} off ideal in all"]
    hours = [(placed.slot.day.weekday(), placed.slot.wall_min) for placed in proposal.sessions]
    if len(hours) > 1 and len(set(hours)) == 1:
        words.append("always the same weekday and hour")
    if proposal.name == FEWEST:
        words.append(f"{moved} booked {_days(moved)} moved" if moved else "every booked day stays")
    if "other_practitioner" in codes:
        words.append("not always the same practitioner")
    if "event_calm" in codes:
        words.append("not finished before the event")
    return words


def _days(count: int) -> str:
    return "day" if count == 1 else "days"
