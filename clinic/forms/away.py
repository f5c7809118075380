"""The form for days on which a patient cannot come."""

from datetime import date

from crispy_forms.layout import Column, Row
from django import forms
from django.core.exceptions import ValidationError

from clinic.forms.fields import DayField, WholeNumber
from clinic.forms.layout import Actions, Section, Segmented, touch_helper
from clinic.models import Blackout

Kind = Blackout.Kind
LONGEST_DAYS = 366


class AwayForm(forms.Form):
    """First and last day, and why. `clinical`: whether the person may write medical reasons."""

    kind = forms.ChoiceField(label="Why", widget=forms.RadioSelect, initial=Kind.HOLIDAY)
    from_day = DayField(label="First day")
    to_day = DayField(label="Last day", required=False, help_text="Empty: one day.")
    margin_after_days = WholeNumber(
        label="Days to keep free afterwards", min_value=0, max_value=90, required=False,
        help_text="After sun, for instance: as many as the practitioner says.",
    )  # fmt: skip

    def __init__(self, *args, today: date, clinical: bool, cancel_url: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.today, self.cancel_url = today, cancel_url
        hidden = {Kind.REFUSED} if clinical else {Kind.REFUSED, Kind.MEDICAL}
        self.fields["kind"].choices = [one for one in Kind.choices if one[0] not in hidden]

    def clean(self):
        """Take one day where no last day is given; refuse days gone by and whole years."""
        cleaned = super().clean()
        first = cleaned.get("from_day")
        last = cleaned["to_day"] = cleaned.get("to_day") or first
        cleaned["margin_after_days"] = cleaned.get("margin_after_days") or 0
        if not first or not last or "to_day" in self.errors:
            return cleaned
        if last < first:
            self.add_error("to_day", ValidationError("The last day cannot come before the first."))
        elif last < self.today:
            self.add_error("to_day", ValidationError("These days have gone by already."))
        elif (last - first).days > LONGEST_DAYS:
            self.add_error("to_day", ValidationError("That is over a year; check the days."))
        return cleaned

    @property
    def facts(self) -> dict:
        """Return what the deed `note_away` takes."""
        return {name: self.cleaned_data[name]
                for name in ("kind", "from_day", "to_day", "margin_after_days")}  # fmt: skip

    @property
    def helper(self):
        """Lay the days out side by side."""
        return touch_helper(
            Section(
                "Add days away", Segmented("kind"),
                Row(Column("from_day", css_class="col-sm-6"),
                    Column("to_day", css_class="col-sm-6")),
                "margin_after_days",
            ),
            Actions("Add these days", cancel_url=self.cancel_url),
        )  # fmt: skip
