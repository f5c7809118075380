"""The form for a patient's health facts: allergies, medicines, skin type, height and weight."""

from datetime import date

from crispy_forms.layout import HTML, Column, Row
from django import forms
from django.core.exceptions import ValidationError

from clinic.actions.patients import HealthFacts
from clinic.forms.fields import DayField, Measured
from clinic.forms.layout import (
    Actions,
    Measure,
    Section,
    Segmented,
    Switch,
    TouchChoice,
    touch_helper,
)
from clinic.models import Allergy, BodyMeasure, Patient

OTHER = Allergy.Code.OTHER


class HealthForm(forms.Form):
    """What was learned about a patient's health today; what stays empty changes nothing.

    `allergies` and `medicines` are the rows that hold today: each gets a field that ends it
    (`end_allergy_<key>`: the reason, `end_medicine_<key>`: the last day).
    """

    allergies_asked = forms.BooleanField(label="I asked about allergies", required=False)
    allergies_asked_on = DayField(label="Asked on", required=False)
    new_allergies = forms.MultipleChoiceField(
        label="Add", required=False, widget=forms.CheckboxSelectMultiple
    )
    other_allergy = forms.CharField(
        label="Another allergy", max_length=80, required=False,
        help_text="In your own words. Rules find only the name of a numbing cream or of what is in"
                  " it; choose above what has a box.",
    )  # fmt: skip
    allergy_detail = forms.CharField(
        label="What happened", max_length=110, required=False,
        help_text="Kept with the allergies added above.",
    )  # fmt: skip

    medicine_name = forms.CharField(label="Add a medicine", max_length=120, required=False)
    medicine_since = DayField(label="Since", required=False)
    medicine_note = forms.CharField(label="Dose or note", max_length=200, required=False)

    phototype = forms.TypedChoiceField(
        label="Fitzpatrick skin type", choices=Patient.Phototype.choices, coerce=int,
        empty_value=None, required=False, widget=forms.RadioSelect,
        help_text="I: always burns, never tans. VI: never burns, deeply pigmented.",
    )  # fmt: skip
    phototype_method = forms.ChoiceField(
        label="Found by", choices=Patient.PhototypeMethod.choices, required=False,
        widget=forms.RadioSelect,
    )  # fmt: skip
    phototype_on = DayField(label="Found on", required=False)

    height_cm = Measured(
        label="Height", max_digits=4, decimal_places=1, min_value=50, max_value=250, required=False,
        example="Height in centimetres, for example 168.",
    )  # fmt: skip
    weight_kg = Measured(
        label="Weight", max_digits=4, decimal_places=1, min_value=10, max_value=400, required=False,
        example="Weight in kilograms, for example 72.5.",
    )  # fmt: skip
    measured_on = DayField(label="Measured on", required=False)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args, patient: Patient, allergies, medicines, measure: BodyMeasure | None,
        today: date, cancel_url: str, **kwargs,
    ):  # fmt: skip
        kwargs.setdefault("initial", {
            "version": patient.version, "allergies_asked_on": today, "measured_on": today,
            "phototype": patient.skin_phototype, "phototype_method": patient.skin_phototype_method,
            "phototype_on": patient.skin_phototype_on or today,
        })  # fmt: skip
        super().__init__(*args, **kwargs)
        self.patient, self.today, self.measure = patient, today, measure
        self.allergies, self.medicines = list(allergies), list(medicines)
        self.fields["new_allergies"].choices = self._codes_to_add()
        for row in self.allergies:
            self.fields[f"end_allergy_{row.pk}"] = forms.CharField(
                label=_allergy_words(row), max_length=200, required=False,
                widget=forms.TextInput(attrs={"placeholder": "No longer holds, because …"}),
            )  # fmt: skip
        for row in self.medicines:
            self.fields[f"end_medicine_{row.pk}"] = DayField(
                label=_medicine_words(row), required=False, help_text="Stopped on"
            )
        for name in ("allergies_asked_on", "medicine_since", "phototype_on", "measured_on"):
            self.fields[name].widget.attrs["max"] = today.isoformat()
        self.helper = touch_helper(*self._layout(cancel_url), data_unsaved="")

    def _codes_to_add(self):
        """Return the codes that are not on file yet; other allergies are written out."""
        held = {row.code for row in self.allergies}
        return [(code, label) for code, label in Allergy.Code.choices
                if code != OTHER and code not in held]  # fmt: skip

    def _layout(self, cancel_url):
        asked = self.patient.allergies_asked_on
        return (
            "version",
            Section(
                "Allergies",
                *(f"end_allergy_{row.pk}" for row in self.allergies),
                TouchChoice("new_allergies") if self.fields["new_allergies"].choices else HTML(""),
                Row(Column("other_allergy", css_class="col-md-6"),
                    Column("allergy_detail", css_class="col-md-6")),
                Row(Column(Switch("allergies_asked"), css_class="col-md-6"),
                    Column("allergies_asked_on", css_class="col-md-6")),
                hint=f"Last asked on {_day(asked)}." if asked else "Not asked yet.",
            ),
            Section(
                "Medicines",
                Row(*(Column(f"end_medicine_{row.pk}", css_class="col-md-6")
                      for row in self.medicines)),
                Row(Column("medicine_name", css_class="col-md-5"),
                    Column("medicine_since", css_class="col-md-3"),
                    Column("medicine_note", css_class="col-md-4")),
                hint="" if self.medicines else "None on file.",
            ),
            Section(
                "Skin type", Segmented("phototype"),
                Row(Column(Segmented("phototype_method"), css_class="col-md-8"),
                    Column("phototype_on", css_class="col-md-4")),
            ),
            Section(
                "Height and weight",
                Row(Column(Measure("height_cm", unit="cm"), css_class="col-md-4"),
                    Column(Measure("weight_kg", unit="kg"), css_class="col-md-4"),
                    Column("measured_on", css_class="col-md-4")),
                hint=f"Last: {_measure_words(self.measure)}." if self.measure else "None on file.",
            ),
            Actions("Save", cancel_url=cancel_url, sticky=True,
                    extra=[("Save and add another", "again", "1")]),
        )  # fmt: skip

    def clean(self):
        """Hold parts together that belong together, and refuse days that have not come."""
        facts = super().clean()
        for name in [field for field in self.fields if isinstance(self.fields[field], DayField)]:
            if (day := facts.get(name)) and day > self.today:
                self.add_error(name, "This day has not come yet.")
        self._clean_phototype(facts)
        self._clean_additions(facts)
        return facts

    def _clean_phototype(self, facts):
        if facts.get("phototype"):
            if not facts.get("phototype_method"):
                self.add_error("phototype_method", "Say how the skin type was found.")
            if not facts.get("phototype_on") and "phototype_on" not in self.errors:
                self.add_error("phototype_on", "Say when the skin type was found.")
        elif facts.get("phototype_method"):
            self.add_error("phototype", "Choose the skin type that was found.")

    def _clean_additions(self, facts):
        if facts.get("allergies_asked") and not facts.get("allergies_asked_on"):
            self.add_error("allergies_asked_on", "Say when you asked.")
        adds = facts.get("new_allergies") or facts.get("other_allergy")
        if facts.get("allergy_detail") and not adds:
            self.add_error("allergy_detail", "Choose or name the allergy this belongs to.")
        if not facts.get("medicine_name") and (
            facts.get("medicine_since") or facts.get("medicine_note")
        ):
            self.add_error("medicine_name", "Name the medicine.")
        for row in self.medicines:
            until = facts.get(f"end_medicine_{row.pk}")
            if until and row.since and until < row.since:
                self.add_error(f"end_medicine_{row.pk}", ValidationError(
                    f"It was begun on {_day(row.since)}."))  # fmt: skip

    def onto(self, current: Patient) -> "HealthForm":
        """Return the form as typed, to be saved over the row as it stands now."""
        self.data = self.data.copy()
        self.data["version"] = current.version
        return self

    @property
    def facts(self) -> HealthFacts:
        """Return what the action takes."""
        given = self.cleaned_data
        detail = given["allergy_detail"]
        added = [(code, detail) for code in given["new_allergies"]]
        if given["other_allergy"]:
            added.append((OTHER, ", ".join(filter(None, (given["other_allergy"], detail)))))
        medicine = (given["medicine_name"], given["medicine_since"], given["medicine_note"])
        found = {name: given[name] for name in ("phototype", "phototype_method", "phototype_on")}
        return HealthFacts(
            allergies_asked_on=given["allergies_asked_on"] if given["allergies_asked"] else None,
            new_allergies=added, ended_allergies=self._ended("end_allergy_", self.allergies),
            new_medicines=[medicine] if medicine[0] else [],
            ended_medicines=self._ended("end_medicine_", self.medicines),
            height_cm=given["height_cm"], weight_kg=given["weight_kg"],
            measured_on=given["measured_on"], **(found if found["phototype"] else {}),
        )  # fmt: skip

    def _ended(self, prefix, rows) -> dict:
        """Return what was written into the fields that end a row, by the row's key."""
        return {row.pk: value for row in rows if (value := self.cleaned_data[f"{prefix}{row.pk}"])}


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _allergy_words(row: Allergy) -> str:
    detail = f" – {row.text}" if row.text and row.code != OTHER else ""
    return f"{row}{detail} (noted {_day(row.noted_on)})"


def _medicine_words(row) -> str:
    since = f", since {_day(row.since)}" if row.since else ""
    return f"{row.name}{since}{f' – {row.note}' if row.note else ''}"


def _measure_words(row: BodyMeasure) -> str:
    parts = [
        f"{row.height_cm} cm" if row.height_cm else "",
        f"{row.weight_kg} kg" if row.weight_kg else "",
    ]
    return f"{', '.join(part for part in parts if part)} on {_day(row.measured_on)}"
