"""The short forms beside a session record: an answer to a finding, an addendum, a strike-out."""

from django import forms

from clinic.forms.layout import Actions, touch_helper


class AnswerForm(forms.Form):
    """The reason for passing one finding; `seen` is the fingerprint of what was read."""

    key = forms.CharField(max_length=120)
    seen = forms.CharField(max_length=64)
    reason = forms.CharField(max_length=300, error_messages={"required": "Give a reason."})


class AddendumForm(forms.Form):
    """What was learned after signing, and why it is added."""

    text = forms.CharField(
        label="What was learned", max_length=10_000, widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Write what was learned."},
    )  # fmt: skip
    reason = forms.CharField(
        label="Why it is added now", max_length=200,
        error_messages={"required": "Say why it is added now."},
    )  # fmt: skip

    @property
    def helper(self):
        """Lay out: text, reason, one button."""
        return touch_helper("text", "reason", Actions("Add addendum", icon="plus-lg"),
                            form_tag=False)  # fmt: skip


class StrikeForm(forms.Form):
    """Why a record is a mistake."""

    because = forms.CharField(
        label="Why this record is a mistake", max_length=300,
        error_messages={"required": "Say why this record is a mistake."},
    )  # fmt: skip

    def __init__(self, *args, cancel_url="", **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = touch_helper(
            "because", Actions("Strike out this record", icon="slash-circle", cancel_url=cancel_url)
        )
