"""The form that says skin heals slower than planned."""

from django import forms

from clinic.forms.layout import Actions, Section, Segmented, touch_helper
from treatments.actions.healing import EXTRA_DAYS


class HealingForm(forms.Form):
    """How many days more, and what was seen; `version` is the course's."""

    extra_days = forms.TypedChoiceField(
        label="Days more", coerce=int, choices=[(days, f"{days} days") for days in EXTRA_DAYS],
        widget=forms.RadioSelect, error_messages={"required": "Say how many days more."},
    )  # fmt: skip
    because = forms.CharField(
        label="What was seen", max_length=150, error_messages={"required": "Say what was seen."}
    )
    version = forms.IntegerField(min_value=0, max_value=2**31, widget=forms.HiddenInput)

    def __init__(self, *args, cancel_url="", **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = touch_helper(
            Section("Healing", Segmented("extra_days"), "because", "version"),
            Actions("Give it more time", icon="hourglass-split", cancel_url=cancel_url),
        )
