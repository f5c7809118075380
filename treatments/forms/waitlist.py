"""The form that puts a patient on the waitlist."""

from crispy_forms.layout import Column, Row
from django import forms
from django.core.exceptions import ValidationError

from clinic.forms.fields import DayField
from clinic.forms.layout import Actions, Section, Segmented, Switch, TouchChoice, touch_helper
from clinic.models import Resource, Service, WeeklyHours
from treatments.forms.fields import WallTime
from treatments.models import TreatmentPlan


class WaitlistForm(forms.Form):
    """For what, and when it would suit; filled in from the patient's preferences."""

    what = forms.ChoiceField(label="For", widget=forms.RadioSelect)
    practitioner = forms.ModelChoiceField(
        Resource.objects.none(), required=False, blank=True, empty_label="Anyone",
        widget=forms.RadioSelect,
    )  # fmt: skip
    weekdays = forms.TypedMultipleChoiceField(
        label="Weekdays", choices=WeeklyHours.Weekday.choices, coerce=int, required=False,
        widget=forms.CheckboxSelectMultiple, help_text="None chosen: any day.",
    )  # fmt: skip
    from_time = WallTime(label="From")
    to_time = WallTime(label="To")
    until = DayField(label="Until", required=False)
    short_notice_ok = forms.BooleanField(label="Short notice is fine", required=False)
    is_urgent = forms.BooleanField(label="Urgent: first in turn", required=False)

    def __init__(self, *args, patient, clinic, **kwargs):
        super().__init__(*args, **kwargs)
        plans = TreatmentPlan.objects.filter(patient=patient, status="open")
        self.plans = {f"plan-{row.pk}": row for row in plans.select_related("protocol", "service")}
        services = Service.objects.filter(clinic=clinic, active=True)
        self.services = {f"service-{row.pk}": row for row in services}
        self.fields["what"].choices = [
            *((key, f"Next session: {row.protocol}") for key, row in self.plans.items()),
            *((key, row.name) for key, row in self.services.items()),
        ]
        self.fields["practitioner"].queryset = Resource.objects.bookable(clinic).practitioners()
        self.helper = touch_helper(
            Section("Would come earlier", Segmented("what"), Segmented("practitioner", blank=True)),
            Section("When", TouchChoice("weekdays"),
                    Row(Column("from_time", css_class="col-6 col-md-4"), Column("to_time", css_class="col-6 col-md-4"),
                        Column("until", css_class="col-md-4")),
                    Switch("short_notice_ok"), Switch("is_urgent")),
            Actions("Put on the waitlist", icon="hourglass-top"),
        )  # fmt: skip

    @staticmethod
    def wishes_of(patient) -> dict:
        """Return the patient's own preferences as initial values."""
        hours = patient.preferred_from_min, patient.preferred_to_min
        clock = [
            None if value is None else f"{value // 60:02d}:{value % 60:02d}" for value in hours
        ]
        return {
            "weekdays": patient.preferred_weekdays, "practitioner": patient.preferred_practitioner_id,
            "from_time": clock[0], "to_time": clock[1], "short_notice_ok": patient.short_notice_ok,
        }  # fmt: skip

    def clean(self):
        """Hold both hours or none, in order."""
        given = super().clean()
        first, last = given.get("from_time"), given.get("to_time")
        if (first is None) != (last is None) or (first and last and first >= last):
            raise ValidationError("Give both hours, the start before the end.")
        return given

    @property
    def facts(self) -> dict:
        """Return what `add_to_waitlist` takes."""
        given = self.cleaned_data
        plan = self.plans.get(given["what"])
        minutes = [
            None if given[name] is None else given[name].hour * 60 + given[name].minute
            for name in ("from_time", "to_time")
        ]
        return {
            "plan": plan, "service": plan.service if plan else self.services[given["what"]],
            "from_min": minutes[0], "to_min": minutes[1],
            **{name: given[name] for name in ("practitioner", "weekdays", "until",
                                              "short_notice_ok", "is_urgent")},
        }  # fmt: skip
