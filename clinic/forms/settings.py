"""Forms of the admin for what can be booked: hours as clock times, parts of one clinic."""

import re

from django import forms
from django.core.exceptions import ValidationError

DAY_MIN = 24 * 60


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


class CompetenceForm(forms.ModelForm):
    """Who or what can serve a service: of the service's own clinic."""

    def clean_resource(self):
        """Refuse a resource of another clinic."""
        resource = self.cleaned_data["resource"]
        if resource.clinic_id != self.instance.service.clinic_id:
            raise ValidationError(f"This works at {resource.clinic}.")
        return resource
