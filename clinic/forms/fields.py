"""Fields several chapters' forms share."""

from django import forms


class DayField(forms.DateField):
    """A day from the browser's own date picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
