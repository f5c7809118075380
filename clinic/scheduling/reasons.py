"""Why a start, a day or a session is refused or costs points: typed codes with figures.

Codes and figures are stored, never sentences; `sentence` turns them into English when shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

Figure = int | str | date | None

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DATES = frozenset({"first_ok", "until", "event_day", "last_day", "booked"})


@dataclass(frozen=True, order=True)
class Reason:
    """A code and its figures, as sorted (name, value) pairs so that equal reasons are equal."""

    code: str
    figures: tuple[tuple[str, Figure], ...] = ()

    @classmethod
    def of(cls, code: str, **figures: Figure) -> "Reason":
        """Reason with named figures: `Reason.of("too_soon", gap=20, min=28, first_ok=day)`."""
        return cls(code, tuple(sorted(figures.items())))

    def __getitem__(self, name: str) -> Figure:
        """The figure `name`; KeyError when the reason has none of that name."""
        return dict(self.figures)[name]

    def get(self, name: str, default: Figure = None) -> Figure:
        """The figure `name`, or `default`."""
        return dict(self.figures).get(name, default)

    def as_dict(self) -> dict[str, int | str | None]:
        """Plain values for JSON; dates in ISO form."""
        plain = {k: v.isoformat() if isinstance(v, date) else v for k, v in self.figures}
        return {"code": self.code, **plain}

    @classmethod
    def from_dict(cls, plain: Mapping[str, int | str | None]) -> "Reason":
        """The reason that `as_dict` wrote."""
        figures = {
            name: date.fromisoformat(value) if name in _DATES and value else value
            for name, value in plain.items()
            if name != "code"
        }
        return cls.of(plain["code"], **figures)


def day_words(day: date) -> str:
    """A date as the clinic writes it: 'Fri 8 Jan'."""
    return f"{_WEEKDAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}"


def count_words(number: int, noun: str) -> str:
    """'1 day', '20 days'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


_NEEDS = {"practitioner": "practitioner", "room": "room", "device": "device"}
_BLACKOUTS = {
    "holiday": "The patient is away",
    "sun": "Sun exposure",
    "medical": "Not possible for medical reasons",
    "refused": "The patient said no",
}

# One template per code; {x} are the figures after `_spoken` has put dates and counts into words.
SENTENCES = {
    # A start or a day that cannot be had.
    "too_soon": "{gap} after the last session; healing needs {min}: possible from {first_ok}",
    "blackout": "{kind} until {until}",
    "clinic_closed": "The clinic is closed",
    "outside_hours": "Outside the hours of the {need}",
    "taken": "The {need} is already taken at this time",
    "no_free_slot": "No {need} is free",
    "past": "This time is over",
    "off_grid": "Starts are every {grid} minutes",
    "horizon": "Nothing later than {last_day} was searched",
    "earlier_session": "Session {number} has no date yet",
    # A possible date that costs points.
    "early": "{days} before the ideal interval",
    "late": "{days} after the ideal interval",
    "wait": "{days} after the first possible day",
    "past_max": "{days} past the longest interval of the course",
    "weekday": "Not on a preferred weekday",
    "hours": "Outside the preferred hours",
    "not_primary": "Not with the patient's own practitioner",
    "other_practitioner": "Another practitioner than at the session before",
    "event_calm": "Not finished {calm_days} before the event on {event_day}",
    "changed": "The booked date on {booked} would change",
    # What moving a visit costs (a repair).
    "days_later": "{days} later",
    "days_earlier": "{days} earlier",
    "minutes_later": "The same day, {minutes} later",
    "minutes_earlier": "The same day, {minutes} earlier",
    "other_hands": "With another practitioner",
    "short_notice": "At short notice",
    "unneeded": "Moves although it could stay",
    "unplaced": "No place in these days",
    # A booking that stays.
    "kept": "Already booked and kept",
    "fixed": "Fixed by hand",
}


def _spoken(name: str, value: Figure) -> Figure:
    if isinstance(value, date):
        return day_words(value)
    if name in ("gap", "days", "calm_days") and isinstance(value, int):
        return count_words(value, "day")
    if name == "minutes" and isinstance(value, int):
        return f"{value // 60} h {value % 60:02d} min" if value >= 60 else f"{value} min"
    if name == "need":
        return _NEEDS.get(str(value), value)
    if name == "kind":
        return _BLACKOUTS.get(str(value), "Not available")
    return value


def sentence(reason: Reason) -> str:
    """The readable sentence of a reason, without a full stop; the code itself when unknown."""
    template = SENTENCES.get(reason.code)
    if template is None:
        return reason.code
    words = template.format(**{name: _spoken(name, value) for name, value in reason.figures})
    on_days = reason.get("on_days")
    return f"{words} (on {count_words(on_days, 'day')})" if on_days else words
