"""Forms of the admin for what can be booked: hours as clock times, parts of one clinic."""

import re
from itertools import groupby, pairwise

from django import forms
from django.core.exceptions import ValidationError

from clinic.models import Resource, ServicePhase

DAY_MIN = 24 * 60
KINDS = tuple(Resource.Kind.values)


class ClockField(forms.Field):
    """A wall time typed as 9:00, 9.30, 0900 or 24:00; cleans to minutes since midnight."""

    widget = forms.TextInput(attrs={"size": 6, "placeholder": "09:00"})

    def prepare_value(self, value):
        """Show stored minutes as a clock does."""
        return f"{value // 60:02d}:{value % 60:02d}" if isinstance(value, int) else value

    def to_python(self, value) -> int | None:
        """Return minutes since midnight; ValidationError where it is no time."""
        if value in self.empty_values:
            return None
        found = re.fullmatch(r"\s*(\d{1,2})[:.h ]?(\d{2})?\s*", str(value)[:20], re.ASCII)
        minutes = int(found[1]) * 60 + int(found[2] or 0) if found else DAY_MIN + 1
        if minutes > DAY_MIN or (found and int(found[2] or 0) > 59):
            raise ValidationError("Write a time of day, for example 09:00.", code="invalid")
        return minutes

    def has_changed(self, initial, data):
        """Compare minutes, so that 9:00 and 09:00 are the same."""
        try:
            return self.to_python(data) != initial
        except ValidationError:
            return True


class HoursForm(forms.ModelForm):
    """Weekly hours of a resource."""

    from_min, to_min = ClockField(label="From"), ClockField(label="To")


class ExceptionForm(forms.ModelForm):
    """A dated exception: of one resource or, without one, of the whole clinic."""

    from_min = ClockField(label="From", required=False)
    to_min = ClockField(label="To", required=False, help_text="Empty: whole days.")

    def clean(self):
        """Keep a resource and its exception in one clinic."""
        facts = super().clean()
        clinic = facts.get("clinic")
        clinic_id = clinic.pk if clinic else self.instance.clinic_id
        resource = facts.get("resource")
        if resource and clinic_id and resource.clinic_id != clinic_id:
            self.add_error("resource", f"This works at {resource.clinic}.")
        return facts


class _UnitsInGroups(forms.models.ModelChoiceIterator):
    """People, rooms and devices in groups of one kind, and of one clinic where there are several."""

    def __iter__(self):
        if self.field.empty_label is not None:
            yield ("", self.field.empty_label)
        rows = self.queryset.order_by("clinic__name", "clinic", "kind", "order", "pk")
        ranked = sorted(
            rows, key=lambda row: (row.clinic.name, row.clinic_id, KINDS.index(row.kind))
        )
        for title, units in groupby(ranked, key=self._title):
            yield (title, [self.choice(row) for row in units])

    def _title(self, row: Resource) -> str:
        kind = f"{row.get_kind_display()}s"
        return f"{row.clinic.name}: {kind.lower()}" if self.field.by_clinic else kind


class UnitField(forms.ModelChoiceField):
    """A choice of one person, room or device. `by_clinic`: the groups name the clinic."""

    iterator = _UnitsInGroups

    def __init__(self, *args, by_clinic: bool = False, **kwargs):
        self.by_clinic = by_clinic
        super().__init__(*args, **kwargs)


class PhaseForm(forms.ModelForm):
    """One phase of a visit; how it lies beside the others is seen by all of them together."""

    def validate_unique(self):
        """Leave the starts to the phases together: two of them may change places."""

    def validate_constraints(self):
        """Hold the row against its own promises; those about its neighbours are seen together."""
        try:
            self.instance.validate_constraints(
                exclude=self._get_validation_exclusions() | {"service"}
            )
        except ValidationError as refusal:
            self._update_errors(refusal)


class PhaseFormSet(forms.BaseInlineFormSet):
    """The phases of a visit, one after the other."""

    def clean(self):
        """Refuse phases that run beside each other, and a visit that begins with a wait."""
        super().clean()
        if any(self.errors):
            return
        phases = self.in_order
        if phases and phases[0].offset_min:
            raise ValidationError(
                f"The visit begins with {phases[0].get_kind_display()} after "
                f"{phases[0].offset_min} minutes: the first phase begins after 0."
            )
        for before, after in pairwise(phases):
            end = before.offset_min + before.minutes
            if after.offset_min < end:
                raise ValidationError(
                    f"{after.get_kind_display()} begins after {after.offset_min} minutes, while "
                    f"{before.get_kind_display()} lasts until {end}: let it begin after {end} or "
                    f"shorten {before.get_kind_display()}."
                )

    @property
    def in_order(self) -> list[ServicePhase]:
        """Return the phases that will stand, by their start."""
        stays = [form for form in self.forms if form.instance.minutes and not self._is_going(form)]
        return sorted((form.instance for form in stays), key=lambda row: row.offset_min)

    def _is_going(self, form) -> bool:
        return bool(getattr(form, "cleaned_data", {}).get("DELETE"))

    @property
    def gaps(self) -> list[tuple[ServicePhase, ServicePhase, int]]:
        """Return the stretches in which nothing happens: (before, after, minutes)."""
        found = (
            (a, b, b.offset_min - a.offset_min - a.minutes) for a, b in pairwise(self.in_order)
        )
        return [row for row in found if row[2] > 0]


class CompetenceForm(forms.ModelForm):
    """Who or what can serve a service: of the service's own clinic."""

    def clean_resource(self):
        """Refuse a resource of another clinic."""
        resource = self.cleaned_data["resource"]
        if resource.clinic_id != self.instance.service.clinic_id:
            raise ValidationError(f"This works at {resource.clinic}.")
        return resource
