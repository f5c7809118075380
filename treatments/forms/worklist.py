"""Forms of the worklist: what came of a contact, put off until a day."""

from django import forms

from clinic.forms.fields import DayField
from treatments.models import ContactLog


class ContactForm(forms.Form):
    """One attempt to reach a patient; the button that was pressed is the result."""

    way = forms.ChoiceField(choices=ContactLog.Way.choices, required=False)
    result = forms.ChoiceField(
        choices=ContactLog.Result.choices, error_messages={"required": "Say what came of it."}
    )
    note = forms.CharField(max_length=200, required=False)
    request_key = forms.UUIDField(required=False)

    def clean_way(self):
        """Return the way, a call unless told."""
        return self.cleaned_data["way"] or ContactLog.Way.CALL


class SnoozeForm(forms.Form):
    """Until when, and why."""

    until = DayField()
    because = forms.CharField(max_length=200, error_messages={"required": "Say why."})
