"""The planner's timeline: windows, days that cannot be had, the event, and dates to drag.

Everything is counted in days and put on the line in percent of its width, so that the server draws
it and it fits any screen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from clinic.forms.diary import day_asked, slot_word
from clinic.scheduling.reasons import Reason, day_words, sentence
from clinic.scheduling.slots import Slot
from clinic.scheduling.tariff import forbidden
from treatments.views.proposals import Card, Dates, Layout

SLACK_DAYS, LOOK_BACK_DAYS, LOOK_PAST_DAYS, LONGEST_DAYS = 10, 42, 21, 560
NAME_SHARE = Decimal("0.06")  # of the line, that the longest name of a month takes on an iPad
DAY = timedelta(days=1)
#: How a refused day is drawn; a code that is not here is drawn as taken.
KINDS = {"too_soon": "healing", "blackout": "away", "clinic_closed": "shut"}


@dataclass(frozen=True)
class Scale:
    """The days a timeline shows: `days` of them from `first` on."""

    first: date
    days: int

    def at(self, day: date) -> str:
        """Return where the middle of a day lies, in percent."""
        return f"{100 * ((day - self.first).days + 0.5) / self.days:.3f}%"

    def start(self, day: date) -> str:
        """Return where a day begins, in percent."""
        return f"{100 * (day - self.first).days / self.days:.3f}%"

    def wide(self, first: date, last: date) -> str:
        """Return how wide the days from `first` to `last` are, both included, in percent."""
        return f"{100 * ((last - first).days + 1) / self.days:.3f}%"

    def clip(self, first: date, last: date) -> tuple[date, date] | None:
        """Return the part of a stretch of days that is on the line."""
        first, last = max(first, self.first), min(last, self.last)
        return (first, last) if first <= last else None

    @property
    def last(self) -> date:
        """Return the last day shown."""
        return self.first + DAY * (self.days - 1)

    @property
    def months(self) -> list[date]:
        """Return the first days of the months that begin on the line."""
        days = (self.first + DAY * number for number in range(self.days))
        return [day for day in days if day.day == 1]

    def month_name(self, first: date) -> str:
        """Return the name of the month that begins on a day, "" where the line ends before it could be read."""
        if (self.last - first).days + 1 < NAME_SHARE * self.days:
            return ""
        return f"{first:%b} {first.year}" if first.month == 1 else f"{first:%b}"


@dataclass(frozen=True)
class Bar:
    """A stretch of days as it is drawn."""

    x: str
    width: str
    kind: str
    because: str = ""


@dataclass(frozen=True)
class Lane:
    """One session on the timeline: its window, what refuses days, and its dot."""

    number: int
    x: str
    offset: int | None
    words: str
    is_fixed: bool
    is_wrong: bool
    window: Bar | None
    ideal_x: str
    window_words: str
    refused: Sequence[Bar]
    because: Mapping[str, str]  # day -> why not; days that can be had are left out


@dataclass(frozen=True)
class Timeline:
    """The whole drawing, and `plain`, what the script reads of it."""

    scale: Scale
    lanes: Sequence[Lane]
    months: Sequence[tuple[str, str]]  # (where it begins, its name or "")
    spans: Sequence[Bar]  # over all lanes: patient away, calm days
    marks: Sequence[Bar]  # today, last session, event
    today_x: str

    @property
    def plain(self) -> dict:
        """Return plain values for the page's script."""
        return {
            "first": self.scale.first.isoformat(), "days": self.scale.days,
            "lanes": {str(lane.number): dict(lane.because) for lane in self.lanes},
        }  # fmt: skip


def overview(dates: Dates | None, page: Layout | None, today: date) -> dict:
    """Return what the template draws above the rows: the timeline and the proposals that differ."""
    if page is None or not page.rows:
        return {"timeline": None, "cards": (), "twins": ()}
    cards, twins = differing(page.cards)
    return {"timeline": timeline(dates, page, today), "cards": cards, "twins": twins,
            "days_shown": {row.offer.slot.day for row in page.rows if row.offer}}  # fmt: skip


def differing(cards: Sequence[Card]) -> tuple[list[Card], list[str]]:
    """Return the proposals without repetitions, and a sentence for each one left out."""
    chosen = {card.same_as or card.title for card in cards if card.is_chosen}
    shown = [replace(card, is_chosen=card.title in chosen) for card in cards if not card.same_as]
    left = [card for card in cards if card.same_as]
    return shown, [f"“{card.title}” gives the same dates as “{card.same_as}”." for card in left]


# --- Draw -----------------------------------------------------------------------------------------
def timeline(dates: Dates, page: Layout, today: date) -> Timeline:
    """Return the drawing of the dates on a page."""
    request = dates.request
    before, windows, after = [], [], request.last_done
    for row in page.rows:
        before.append(after)
        windows.append(_window(row.wish, after))
        after = row.offer.slot.day if row.offer else None
    wish = request.wish
    known = [today, *(row.offer.slot.day for row in page.rows if row.offer)]
    known += [day for window in windows if window for day in (window[0], window[2])]
    known += [day for day in (request.last_done, wish.event_day) if day]
    known = [day for day in known if day >= today - DAY * LOOK_BACK_DAYS]
    first = min(known) - timedelta(days=SLACK_DAYS // 2)
    scale = Scale(first, min((max(known) - first).days + SLACK_DAYS, LONGEST_DAYS))
    lanes = [
        _lane(dates, row, window, since, scale)
        for row, window, since in zip(page.rows, windows, before, strict=True)
    ]
    months = [(scale.start(day), scale.month_name(day)) for day in scale.months]
    spans, marks = _spans(request, scale), _marks(request, scale)
    return Timeline(scale, lanes, months, spans, marks, scale.at(today))


def _window(wish, after: date | None) -> tuple[date, date, date] | None:
    """Return the shortest, ideal and longest day of a session, None where nothing precedes it."""
    if after is None:
        return None
    gaps = (wish.gap_min_days, max(wish.gap_ideal_days, wish.gap_min_days),
            max(wish.gap_max_days, wish.gap_min_days))  # fmt: skip
    return tuple(after + timedelta(days=gap) for gap in gaps)


def _lane(dates: Dates, row, window, since: date | None, scale: Scale) -> Lane:
    day = row.offer.slot.day if row.offer else None
    last = (window[2] if window else day or scale.first) + timedelta(days=LOOK_PAST_DAYS)
    reasons = _reasons(dates.request, row.wish, since, last, scale)
    bar = ideal_x = words = ""
    if window and (part := scale.clip(window[0], window[2])):
        words = (f"From {day_words(window[0])}, ideally {day_words(window[1])}, "
                 f"at the latest {day_words(window[2])}")  # fmt: skip
        bar = Bar(scale.start(part[0]), scale.wide(*part), "window", words)
        ideal_x = scale.at(window[1]) if scale.clip(window[1], window[1]) else ""
    spoken = (
        f"{day_words(day)}, {row.offer.clock} with {row.offer.practitioner.name}" if day else ""
    )
    return Lane(
        row.number, scale.at(day) if day else "", (day - scale.first).days if day else None, spoken,
        row.is_pinned and row.wish.is_fixed, bool(row.refusal), bar or None, ideal_x, words,
        _bars(reasons, scale), {one.isoformat(): _because(why) for one, why in reasons.items()},
    )  # fmt: skip


def _reasons(request, wish, since: date | None, last: date, scale: Scale) -> dict[date, Reason]:
    """Return why days cannot be had, from the session before up to a little past the window."""
    day, found = max((since or request.first_day) + DAY, scale.first), {}
    day = min(day, request.first_day) if since is None else day
    while day <= min(last, scale.last):
        if day < request.first_day:
            found[day] = Reason.of("past")
        elif reason := forbidden(request, wish, day, since):
            found[day] = reason
        day += DAY
    return found


def _bars(reasons: Mapping[date, Reason], scale: Scale) -> list[Bar]:
    """Return refused days as bars, neighbours of one kind together."""
    spans: list[list] = []
    for day, reason in reasons.items():
        same = (reason.code, reason.get("kind"), reason.get("need"), reason.get("first_ok"))
        if reason.code == "past":
            continue
        if spans and spans[-1][2] == same and day - spans[-1][1] == DAY:
            spans[-1][1] = day
        else:
            spans.append([day, day, same, reason])
    return [
        Bar(scale.start(first), scale.wide(first, last), KINDS.get(reason.code, "taken"),
            f"{_from_to(first, last)}: {_because(reason)}")
        for first, last, _, reason in spans
    ]  # fmt: skip


def _from_to(first: date, last: date) -> str:
    return day_words(first) if first == last else f"{day_words(first)} to {day_words(last)}"


def _because(reason: Reason) -> str:
    if reason.code == "past":
        return "Before the first day that may be planned"
    if reason.code == "too_soon":
        return f"Healing needs {reason['min']} days: possible from {day_words(reason['first_ok'])}"
    return sentence(reason)


def _spans(request, scale: Scale) -> list[Bar]:
    """Return what lies over all sessions: when the patient cannot come, and the calm days."""
    found = []
    for row in request.wish.blackouts:
        first = row.from_day - timedelta(days=row.margin_before if row.kind != "medical" else 0)
        part = scale.clip(first, row.to_day + timedelta(days=row.margin_after))
        if part and row.kind != "medical":
            words = sentence(Reason.of("blackout", kind=row.kind, until=part[1]))
            found.append(Bar(scale.start(part[0]), scale.wide(*part), "away", words))
    event, calm = request.wish.event_day, request.wish.calm_days
    if event and calm and (part := scale.clip(event - timedelta(days=calm), event - DAY)):
        words = f"{calm} calm days before the event on {day_words(event)}"
        found.append(Bar(scale.start(part[0]), scale.wide(*part), "calm", words))
    return found


def _marks(request, scale: Scale) -> list[Bar]:
    """Return single days over all sessions: the last session and the event."""
    days = [(request.last_done, "last", "Last session"), (request.wish.event_day, "event", "Event")]
    return [
        Bar(scale.at(day), "", kind, f"{word} {day_words(day)}")
        for day, kind, word in days if day and scale.clip(day, day)
    ]  # fmt: skip


# --- Drag -----------------------------------------------------------------------------------------
def dragged(sent, dates: Dates | None, slots: Mapping[int, Slot], today: date):
    """Return what was sent with a date that was dragged put into words the sheet knows.

    `put` is "2:2026-12-30". A day that can be had becomes the pick of its time nearest to the
    session's own; one that cannot be had is looked at, with the reason, and the date stays.
    """
    number, _, text = sent.get("put", "").partition(":")
    day = day_asked(text, today=today)
    if dates is None or dates.request is None or day is None or not number.isdecimal():
        return sent
    found = _nearest_time(dates, int(number), day, slots)
    sent = sent.copy()
    if found:
        sent["pick"] = f"{number}:{slot_word(found)}"
    else:
        sent["look"] = f"{number}:{day.isoformat()}"
    return sent


def stays(row) -> str:
    """Return why a date that was dragged to the day of its open row stays where it was."""
    day, because = row.editor.day, row.editor.because.rstrip(".") or "no time is free on this day"
    return f"Session {row.number} stays where it was. {day_words(day)}: {because}."


def _nearest_time(dates: Dates, number: int, day: date, slots: Mapping[int, Slot]) -> Slot | None:
    """Return the time of a day nearest to the session's own, with its own practitioner first."""
    wishes = {wish.number: wish for wish in dates.request.sessions}
    if number not in wishes:
        return None
    wish, before = wishes[number], [n for n in wishes if n < number]
    since = slots[max(before)].day if before and max(before) in slots else None
    since = since or (None if before else dates.request.last_done)
    if day < dates.request.first_day or forbidden(dates.request, wish, day, since):
        return None
    if wish.booked and wish.booked.day == day:
        return wish.booked
    own = slots.get(number)
    who = own.practitioner_id if own else dates.plan.practitioner_id
    minute = own.wall_min if own else 0
    return min(
        dates.request.candidates.all_of(day),
        key=lambda slot: (slot.practitioner_id != who, abs(slot.wall_min - minute), slot.start),
        default=None,
    )
