"""Forms for a patient: who they are, how to reach them, and their health facts."""

import uuid
from datetime import date

from crispy_forms.layout import HTML, Column, Div, Row
from django import forms
from django.core.exceptions import ValidationError

from clinic.actions.patients import DEMOGRAPHICS
from clinic.forms.fields import no_such_day
from clinic.forms.layout import Actions, Section, Switch, TouchChoice, touch_helper
from clinic.models import Patient, WeeklyHours
from clinic.models.patients import day_in, digits, parts_in

OLDEST_YEARS = 125
#: What says that two rows may be one person.
IDENTITY = ("given_name", "family_name", "birth_date", "phone")


class BirthDateField(forms.Field):
    """A date of birth as the desk types it: 14/3/1990, 14.03.90, 14 3 1990 or 1990-03-14."""

    widget = forms.TextInput(
        attrs={"placeholder": "14/3/1990", "autocomplete": "off", "inputmode": "text"}
    )
    default_error_messages = {
        "required": "Write the date of birth, for example 14/3/1990.",
        "invalid": "Write day, month and year, for example 14/3/1990.",
    }

    def prepare_value(self, value):
        """Show a stored day the way it is typed."""
        return (
            f"{value.day:02d}/{value.month:02d}/{value.year}" if isinstance(value, date) else value
        )

    def to_python(self, value) -> date | None:
        """Return the day that was typed; ValidationError where it is none."""
        if value in self.empty_values:
            return None
        typed = str(value)[:40]
        born, parts = day_in(typed), parts_in(typed)
        if born is None:
            text = (no_such_day(*parts) if parts else "") or self.error_messages["invalid"]
            raise ValidationError(text, code="invalid")
        return born


class TimeOfDayField(forms.TimeField):
    """A wall time that cleans to whole minutes since midnight."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    default_error_messages = {"invalid": "Write the time as 14:30."}

    def prepare_value(self, value):
        """Show stored minutes as a clock does."""
        return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) else value

    def clean(self, value) -> int | None:
        """Return minutes since midnight, None for nothing."""
        time = super().clean(value)
        return None if time is None else time.hour * 60 + time.minute


class PatientForm(forms.Form):
    """A patient's demographics and preferences, to register or to edit.

    `today` bounds the date of birth; `twins_url` answers with probable duplicates while typing.
    """

    given_name = forms.CharField(
        label="First name", max_length=80, error_messages={"required": "Write the first name."}
    )
    family_name = forms.CharField(
        label="Last name", max_length=80, error_messages={"required": "Write the last name."}
    )
    birth_date = BirthDateField(label="Date of birth")
    phone = forms.CharField(max_length=40, required=False)
    email = forms.EmailField(
        required=False,
        label="Email",
        error_messages={"invalid": "Write the address as name@example.org."},
    )
    address = forms.CharField(
        max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    preferred_weekdays = forms.TypedMultipleChoiceField(
        label="Days that suit", choices=WeeklyHours.Weekday.choices, coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    preferred_from_min = TimeOfDayField(label="Not before", required=False)
    preferred_to_min = TimeOfDayField(label="Not after", required=False)
    preferred_practitioner = forms.ModelChoiceField(
        label="Practitioner", queryset=None, required=False, empty_label="No preference"
    )
    short_notice_ok = forms.BooleanField(label="Would come at short notice", required=False)
    desk_note = forms.CharField(
        label="Note for the front desk", max_length=1000, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Nothing clinical: everybody at the desk reads this.",
    )  # fmt: skip
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    someone_else = forms.CharField(
        max_length=200, required=False
    )  # the button below the duplicates sends it

    def __init__(self, *args, clinic, today, cancel_url, twins_url, patient=None, **kwargs):
        kwargs.setdefault("initial", initial_of(patient))
        super().__init__(*args, **kwargs)
        self.today, self.patient = today, patient
        people = clinic.resources.practitioners().filter(active=True).order_by("order", "pk")
        self.fields["preferred_practitioner"].queryset = people
        for name in IDENTITY:
            self.fields[name].widget.attrs |= {
                "hx-get": twins_url, "hx-trigger": "input changed delay:200ms",
                "hx-target": "#twins", "hx-sync": "closest form:queue last",
                "hx-include": ", ".join(f"#id_{field}" for field in IDENTITY),
            }  # fmt: skip
        self.fields["given_name"].widget.attrs["autocomplete"] = "off"
        if patient is None and not self.is_bound:
            self.fields["given_name"].widget.attrs["autofocus"] = True  # no way through the frame
        self.fields["family_name"].widget.attrs["autocomplete"] = "off"
        self.helper = touch_helper(*self._layout(cancel_url), id="patient-form", data_unsaved="")

    def _layout(self, cancel_url):
        pair = "col-md-6"
        label = "Save changes" if self.patient else "Register patient"
        return (
            "request_key", "version",
            Section(
                "Who",
                Row(Column("given_name", css_class=pair), Column("family_name", css_class=pair)),
                Row(Column("birth_date", css_class=pair), Column("phone", css_class=pair)),
                Row(Column("email", css_class=pair), Column("address", css_class=pair)),
            ),
            Div(HTML("{% include 'clinic/patients/_twins.html' %}"), css_id="twins"),
            Section(
                "When it suits", TouchChoice("preferred_weekdays"),
                Row(Column("preferred_from_min", css_class="col-md-3"),
                    Column("preferred_to_min", css_class="col-md-3"),
                    Column("preferred_practitioner", css_class=pair)),
                Switch("short_notice_ok"), "desk_note",
                hint="Proposed times keep to this where they can.",
            ),
            Actions(label, cancel_url=cancel_url, sticky=True),
        )  # fmt: skip

    def clean_birth_date(self):
        """Refuse days that no living person was born on."""
        born = self.cleaned_data["birth_date"]
        if born > self.today:
            raise ValidationError("This day has not come yet. Check the year.")
        if self.today.year - born.year > OLDEST_YEARS:
            raise ValidationError(f"That is more than {OLDEST_YEARS} years ago. Check the year.")
        return born

    def clean_phone(self):
        """Keep a telephone number as typed, if there is one in it."""
        phone = self.cleaned_data["phone"]
        if phone and len(digits(phone)) < 3:
            raise ValidationError("Write the number with its digits, for example 020 7946 0000.")
        return phone

    def clean(self):
        """Hold the hours that suit together."""
        facts = super().clean()
        start, end = facts.get("preferred_from_min"), facts.get("preferred_to_min")
        if (start is None) != (end is None) and not {"preferred_from_min",
                                                     "preferred_to_min"} & set(self.errors):  # fmt: skip
            missing = "preferred_to_min" if end is None else "preferred_from_min"
            self.add_error(missing, "Give both times, or neither.")
        elif start is not None and end is not None and start >= end:
            self.add_error("preferred_to_min", "This must be later than the start.")
        return facts

    def onto(self, current: Patient) -> "PatientForm":
        """Return the form as typed, to be saved over the row as it stands now."""
        self.data = self.data.copy()
        self.data["version"] = current.version
        return self

    @property
    def facts(self) -> dict:
        """Return what the actions take."""
        return {name: self.cleaned_data[name] for name in DEMOGRAPHICS}

    @property
    def confirmed_twins(self) -> set[int]:
        """Return the keys of patients this person has said are somebody else."""
        sent = self.cleaned_data.get("someone_else", "").split(",")
        return {int(key) for key in sent if key.isdecimal()}

    def shows_identity_changed(self) -> bool:
        """Say whether name, birthday or telephone differ from what is on file."""
        if self.patient is None:
            return True
        return any(self.cleaned_data[name] != getattr(self.patient, name) for name in IDENTITY)


def initial_of(patient: Patient | None) -> dict:
    """Return what a form starts with: a patient's row, or a new form's key."""
    if patient is None:
        return {"request_key": uuid.uuid4()}
    return {name: getattr(patient, name) for name in (*DEMOGRAPHICS, "version")}


def differences(form: PatientForm, current: Patient) -> list[tuple[str, str, str]]:
    """Return (label, what stands now, what was typed) for each fact that differs."""
    rows = []
    for name, mine in form.facts.items():
        theirs = getattr(current, name)
        if mine != theirs:
            rows.append((form.fields[name].label or name.capitalize(), _words(name, theirs),
                         _words(name, mine)))  # fmt: skip
    return rows


def _words(name: str, value) -> str:
    """Return a fact as a person reads it."""
    if value in (None, "", []):
        return "Nothing"
    if name == "preferred_weekdays":
        return ", ".join(WeeklyHours.Weekday(day).label for day in value)
    if name in {"preferred_from_min", "preferred_to_min"}:
        return f"{value // 60:02d}:{value % 60:02d}"
    if isinstance(value, date):
        return f"{value.day} {value:%b %Y}"
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return str(value)
