"""Forms of the diary's pages: what is looked at, and where a visit is put down."""

from datetime import date, timedelta
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError

from clinic.scheduling.minutes import DAY_MIN, minute_of
from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import Slot

VIEWS = {"day": 1, "week": 7, "month": 0}
KINDS = ("practitioner", "room")
FURTHEST_DAYS = 3660


class Look:
    """What of the diary is looked at; whatever is missing or wrong falls back, nothing is fatal."""

    def __init__(self, sent, *, clinic, today: date) -> None:
        self.today = today
        self.view = sent.get("view") if sent.get("view") in VIEWS else "day"
        self.kind = sent.get("by") if sent.get("by") in KINDS else "practitioner"
        self.day = _day(sent.get("on", ""), today)
        self.units = {row.pk: row for row in clinic.resources.all()}
        of = sent.get("of", "")
        self._of = int(of) if of.isascii() and of.isdecimal() and len(of) < 16 else None

    @property
    def columns(self) -> list:
        """Return the practitioners or rooms to choose from, each with the link to its week.

        The neighbours of the one whose week it is have keys.
        """
        rows = [row for row in self.units.values() if row.kind == self.kind and row.active]
        at = next((at for at, row in enumerate(rows) if row.pk == self.only), None)
        for place, row in enumerate(rows):
            row.week_url = self.at(of=row.pk)
            row.key = {-1: ",", 1: "."}.get(place - at, "") if at is not None else ""
        return rows

    @property
    def only(self) -> int | None:
        """Return whose week it is; a day shows everybody."""
        if self.view != "week":
            return None
        rows = self.units.values()
        keys = [row.pk for row in rows if row.kind == self.kind and row.active]
        return self._of if self._of in keys else next(iter(keys), None)

    @property
    def from_day(self) -> date:
        """Return the first day: the day itself, or its Monday."""
        return self.day - timedelta(days=self.day.weekday()) if self.view == "week" else self.day

    @property
    def days(self) -> int:
        """Return how many days are looked at."""
        return VIEWS[self.view] or 31

    def at(self, **other) -> str:
        """Return the query of the same look with something changed: view, by, on or of."""
        pairs = (self._facts | {"on": self.day.isoformat()} | other).items()
        return "?" + urlencode([(name, value) for name, value in pairs if value is not None])

    @property
    def _facts(self) -> dict:
        return {"view": self.view, "by": self.kind, "of": self._of or self.only}

    @property
    def kept(self) -> list[tuple[str, object]]:
        """Return what stays when another date is typed."""
        return [(name, value) for name, value in self._facts.items() if value is not None]

    @property
    def query(self) -> str:
        """Return the query of this very look."""
        return self.at()

    @property
    def title(self) -> str:
        """Return what is looked at, as a heading."""
        if self.view == "month":
            return f"{self.day:%B %Y}"
        if self.view == "week":
            last = self.from_day + timedelta(days=6)
            first = f"{self.from_day.day} {self.from_day:%b}"
            return f"{first} – {last.day} {last:%b} {last.year}"
        return f"{day_words(self.day)} {self.day.year}"

    @property
    def earlier(self) -> str:
        """Return the look one page back."""
        return self.at(on=self.step(-1).isoformat())

    @property
    def later(self) -> str:
        """Return the look one page on."""
        return self.at(on=self.step(1).isoformat())

    @property
    def now(self) -> str:
        """Return the same look today."""
        return self.at(on=self.today.isoformat())

    @property
    def earlier_label(self) -> str:
        """Return what going back is called."""
        return f"{self.view.capitalize()} before"

    @property
    def later_label(self) -> str:
        """Return what going on is called."""
        return f"{self.view.capitalize()} after"

    @property
    def views(self) -> list[tuple[str, str, str]]:
        """Return (word, label, link) of day, week and month."""
        return [(word, word.capitalize(), self.at(view=word)) for word in VIEWS]

    @property
    def kinds(self) -> list[tuple[str, str, str]]:
        """Return (word, label, link) of what the columns stand for."""
        labels = ("practitioner", "People"), ("room", "Rooms")
        return [(word, label, self.at(by=word, of=None)) for word, label in labels]

    @property
    def weekdays(self) -> list[str]:
        """Return the heads of a month, Monday first."""
        monday = date(2026, 11, 23)
        return [f"{monday + timedelta(days=n):%a}" for n in range(7)]

    def step(self, count: int) -> date:
        """Return the day `count` pages on."""
        if self.view == "month":
            month = self.day.year * 12 + self.day.month - 1 + count
            return date(month // 12, month % 12 + 1, 1)
        return self.day + timedelta(days=count * VIEWS[self.view])


def _day(text: str, today: date) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return today
    far = timedelta(days=FURTHEST_DAYS)
    return min(max(day, today - far), today + far)


class PlaceForm(forms.Form):
    """Where a visit is put down: day and wall minute, with whom, in which room."""

    day = forms.DateField()
    minute = forms.IntegerField(min_value=0, max_value=DAY_MIN - 1)
    practitioner = forms.IntegerField(min_value=1, max_value=2**53)
    room = forms.IntegerField(min_value=1, max_value=2**53, required=False)
    version = forms.IntegerField(min_value=0, max_value=2**31)
    by = forms.ChoiceField(choices=[(kind, kind) for kind in KINDS], required=False)

    def __init__(self, *args, zone, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.zone, self.today = zone, today

    def clean_day(self) -> date:
        """Keep to days the diary reaches."""
        day = self.cleaned_data["day"]
        if abs((day - self.today).days) > FURTHEST_DAYS:
            raise ValidationError("Choose a day the diary reaches.")
        return day

    @property
    def kind(self) -> str:
        """Return what the column it was put into stands for: a practitioner or a room."""
        return self.cleaned_data["by"] or "practitioner"

    @property
    def slot(self) -> Slot:
        """Return the slot; the device is picked when it is taken."""
        given = self.cleaned_data
        start = minute_of(given["day"], given["minute"], self.zone)
        return Slot(given["day"], given["minute"], start, start + 1, given["practitioner"],
                    given["room"], None)  # fmt: skip
