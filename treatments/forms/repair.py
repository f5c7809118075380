"""Forms of the repair: who is away, and what was decided about each visit to move."""

import contextlib
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from crispy_forms.layout import Column, Row
from django import forms
from django.core.exceptions import ValidationError

from clinic.actions.absences import Absence, check_absence
from clinic.forms.diary import SlotField
from clinic.forms.fields import DayField
from clinic.forms.layout import Actions, touch_helper
from clinic.forms.settings import ClockField
from clinic.models import HoursException, Resource
from treatments.models.disruptions import Refused

HELD = re.compile(r"v(\d{1,15})-place")
NO_CHOICE = "Choose …"
WHOLE, WHOLE_CLINIC = "clinic", "The whole clinic"
NO_UNIT = "Choose who or what is away: a person, a room, a device or the whole clinic."
REFUSAL = r"-?(?:d\d{4}-\d{2}-\d{2}|w[0-6]|p\d{1,15})"  # with a minus: kept, and over now


def visits_sent(sent) -> list[int]:
    """Return the keys of the visits a page sent rows for, in order."""
    found = (HELD.fullmatch(name) for name in sent)
    return sorted({int(match[1]) for match in found if match})


class WhoField(forms.ModelChoiceField):
    """A person, room or device, or the whole clinic (None), which must be chosen like the others."""

    def clean(self, value) -> Resource | None:
        """Return the unit, None for the whole clinic."""
        return None if value == WHOLE else super().clean(value)


class AbsenceForm(forms.Form):
    """Somebody or something is away, on which days, and why."""

    resource = WhoField(
        Resource.objects.none(), label="Who or what", error_messages={"required": NO_UNIT}
    )
    reason = forms.ChoiceField(
        choices=[("", NO_CHOICE), *HoursException.Reason.choices],
        error_messages={"required": "Choose the reason."},
    )
    from_day, to_day = DayField(label="First day"), DayField(label="Last day", required=False)
    from_min = ClockField(label="From", required=False)
    to_min = ClockField(label="To", required=False, help_text="Empty: whole days.")

    def __init__(self, *args, clinic, units: Iterable[Resource], today: date, **kwargs):
        """Offer `units`: those of the clinic that can be booked, in the order of their lists."""
        super().__init__(*args, **kwargs)
        self.clinic, self.today = clinic, today
        self.fields["resource"].queryset = Resource.objects.bookable(clinic)
        kinds = {}
        for unit in units:
            kinds.setdefault(unit.get_kind_display(), []).append((unit.pk, unit.name))
        self.fields["resource"].choices = [
            ("", NO_CHOICE), (WHOLE, WHOLE_CLINIC), *kinds.items(),
        ]  # fmt: skip
        self.fields["from_day"].initial = today
        half = "col-sm-6"
        self.helper = touch_helper(
            Row(Column("resource", css_class=half), Column("reason", css_class=half)),
            Row(Column("from_day", css_class=half), Column("to_day", css_class=half)),
            Row(Column("from_min", css_class=half), Column("to_min", css_class=half)),
            Actions("Keep it and find new times", icon="shuffle", name="absent", value="1"),
            data_unsaved="",
        )

    def clean(self):
        """Hold the days against the calendar, hours only as a pair."""
        facts = super().clean()
        hours = facts.get("from_min"), facts.get("to_min")
        if (hours[0] is None) != (hours[1] is None):
            raise ValidationError("Give both hours, or neither for whole days.")
        if hours[0] is not None and hours[0] >= hours[1]:
            raise ValidationError("The hours need a start before their end.")
        if facts.get("from_day"):
            check_absence(self.absence, today=self.today)
        return facts

    @property
    def absence(self) -> Absence:
        """Return what was typed; one day where no last one was."""
        facts = self.cleaned_data
        return Absence(
            facts.get("resource"), facts["from_day"], facts.get("to_day") or facts["from_day"],
            facts.get("reason", "other"), facts.get("from_min"), facts.get("to_min"),
        )  # fmt: skip


class RowForm(forms.Form):
    """What the page holds of one visit: its place in the plan, what was decided and refused."""

    place = forms.RegexField(r"^\d{1,10}\.\d{1,15}\.\d{0,15}\.\d{0,15}$", required=False)
    decision = forms.ChoiceField(choices=[("accept", ""), ("pin", "")], required=False)
    refused = forms.RegexField(rf"^{REFUSAL}(?:,{REFUSAL}){{0,20}}$", required=False)
    version = forms.IntegerField(min_value=1)

    def __init__(self, sent, *, key: int, zone, today: date):
        super().__init__(sent, prefix=f"v{key}")
        self.key, self.zone, self.today = key, zone, today
        self.is_valid()

    @property
    def units(self) -> tuple[int, int, int | None, int | None] | None:
        """Return start, practitioner, room and device of the place, None without one."""
        word = self.cleaned_data.get("place")
        if not word:
            return None
        start, who, room, device = word.split(".")
        return int(start), int(who), int(room) if room else None, int(device) if device else None

    @property
    def slot(self):
        """Return the slot of the place with its room and device, None where it is none."""
        if self.units is None:
            return None
        start, who, room, device = self.units
        try:
            slot = SlotField(zone=self.zone, today=self.today).clean(f"{start}.{who}")
        except ValidationError:
            return None
        return replace(slot, room_id=room, device_id=device)

    @property
    def mark(self) -> str:
        """Return accept, pin or nothing."""
        return self.cleaned_data.get("decision", "")

    @property
    def tokens(self) -> list[str]:
        """Return what was refused and what is forgotten, as the page keeps it."""
        return [word for word in self.cleaned_data.get("refused", "").split(",") if word]


def refused_of(tokens: Iterable[str]) -> tuple[Refused, Refused]:
    """Return (refused, forgotten) from the words of the page.

    d2026-11-24 is a day, w0 Monday, p12 a practitioner; -w0 takes a refusal of Mondays back.
    """
    tokens = list(tokens)
    gone = [token[1:] for token in tokens if token[0] == "-"]
    return _refused([token for token in tokens if token[0] != "-"]), _refused(gone)


def words_of(refused: Refused) -> list[str]:
    """Return the words of refusals, as `refused_of` reads them."""
    return [
        *(f"d{day.isoformat()}" for day in sorted(refused.days)),
        *(f"w{day}" for day in sorted(refused.weekdays)),
        *(f"p{key}" for key in sorted(refused.practitioner_ids)),
    ]


def _refused(tokens: Iterable[str]) -> Refused:
    days, weekdays, people = set(), set(), set()
    for token in tokens:
        if token[0] == "d":
            with contextlib.suppress(ValueError):
                days.add(date.fromisoformat(token[1:]))
        elif token[0] == "w":
            weekdays.add(int(token[1:]))
        else:
            people.add(int(token[1:]))
    return Refused(frozenset(days), frozenset(weekdays), frozenset(people))
