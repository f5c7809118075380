"""Forms of the messages chapter: the list's filter and a patient's answer by link."""

from django import forms

from clinic.models import OutboxMessage
from clinic.models.messages import Kind


class MessageFilter(forms.Form):
    """Which messages the desk looks at."""

    status = forms.ChoiceField(required=False, choices=[("", "All"), *OutboxMessage.Status.choices])
    kind = forms.ChoiceField(required=False, choices=[("", "Every kind"), *Kind.choices])

    @property
    def asked(self) -> dict[str, str]:
        """Return what narrows the list: names of columns and values."""
        if not self.is_valid():
            return {}
        return {name: value for name, value in self.cleaned_data.items() if value}


class AnswerForm(forms.Form):
    """What a patient answers: they will come, or need another time."""

    answer = forms.ChoiceField(choices=[("come", "I will come"), ("move", "I need another time")])
    words = forms.CharField(
        required=False, max_length=200, strip=True,
        label="Which times suit you? (optional)",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 200}),
    )  # fmt: skip
