"""Forms of consents and photo permissions: what was read, what was answered, and the signature."""

import json
import uuid

from crispy_forms.layout import TEMPLATE_PACK, LayoutObject
from django import forms
from django.template.loader import render_to_string

from clinic.forms.layout import Actions, Section, Segmented, Switch, touch_helper
from treatments.models import PhotoPermission
from treatments.models.consents import PAD_HEIGHT, PAD_WIDTH

Scope = PhotoPermission.Scope
LONGEST_DRAWING = 60_000  # characters as sent
MOST_LINES, MOST_POINTS = 64, 4000
UNREADABLE = "The drawing could not be read. Clear it and sign again."
UNSIGNED = "Sign in the field, or type the name below it."
ANSWERS = [("", "Not asked"), ("given", "Permitted"), ("refused", "Not permitted")]


class StrokesField(forms.CharField):
    """A drawn signature as JSON: lines of [x, y] whole numbers inside the pad; None where empty."""

    widget = forms.HiddenInput

    def __init__(self):
        super().__init__(required=False, max_length=LONGEST_DRAWING, label="Signature",
                         error_messages={"max_length": UNREADABLE})  # fmt: skip

    def clean(self, value):
        """Return the lines with anything that is no point of the pad refused."""
        text = super().clean(value)
        if not text:
            return None
        try:
            lines = json.loads(text)
        except (ValueError, RecursionError) as fault:
            raise forms.ValidationError(UNREADABLE) from fault
        if not _is_drawing(lines):
            raise forms.ValidationError(UNREADABLE)
        return lines or None


def _is_drawing(lines) -> bool:
    if not isinstance(lines, list) or len(lines) > MOST_LINES:
        return False
    if not all(isinstance(line, list) and line for line in lines):
        return False
    points = [point for line in lines for point in line]
    return len(points) <= MOST_POINTS and all(_is_point(point) for point in points)


def _is_point(point) -> bool:
    if not isinstance(point, list) or len(point) != 2:
        return False
    x, y = point
    return type(x) is int and type(y) is int and 0 <= x <= PAD_WIDTH and 0 <= y <= PAD_HEIGHT


class Pad(LayoutObject):
    """The field to sign in and the name to type instead; `who` is whose signature it is."""

    def __init__(self, who: str):
        self.who, self.fields = who, ["typed_name"]

    def render(self, form, context, template_pack=TEMPLATE_PACK, **kwargs):
        """Render the pad around the two fields; without a script the name alone is there."""
        parts = {"form": form, "who": self.who, "width": PAD_WIDTH, "height": PAD_HEIGHT}
        return render_to_string("treatments/consents/_pad.html", parts)


class Reading(LayoutObject):
    """One text in full, with its own box to tick below it."""

    def __init__(self, text, name: str):
        self.text, self.name, self.fields = text, name, [Switch(name)]

    def render(self, form, context, template_pack=TEMPLATE_PACK, **kwargs):
        """Render the text and its tick."""
        tick = self.get_rendered_fields(form, context, template_pack, **kwargs)
        parts = {"text": self.text, "tick": tick}
        return render_to_string("treatments/consents/_text.html", parts)


class SignedForm(forms.Form):
    """A form somebody puts their name to, by drawing it or by typing it."""

    strokes = StrokesField()
    typed_name = forms.CharField(
        label="Full name, typed", required=False, max_length=160,
        help_text="Instead of the drawing: typing the name signs.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip

    @property
    def is_signed(self) -> bool:
        """Say whether there is a drawing or a name, in a form that was checked."""
        given = self.cleaned_data
        return bool(given.get("strokes") or given.get("typed_name", "").strip())

    @property
    def signature(self) -> dict:
        """Return what the deeds take of a signature."""
        return {name: self.cleaned_data[name] for name in ("strokes", "typed_name")}


class ConsentForm(SignedForm):
    """The texts of a course, each ticked by itself, what was asked, and the signature."""

    asked = forms.BooleanField(
        label="I could ask what I wanted to know, and it was answered.",
        error_messages={"required": "Talk about the questions before it is signed."},
    )
    questions = forms.CharField(
        label="What was asked and answered", required=False, max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    request_key = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, texts, patient, next_url="", cancel_url="", **kwargs):
        super().__init__(*args, **kwargs)
        self.initial.setdefault("request_key", uuid.uuid4())
        names = [f"agree_{text.pk}" for text in texts]
        for name in names:
            self.fields[name] = forms.BooleanField(
                label="I have read this and agree.",
                error_messages={"required": "Not agreed to yet: read it, then tick."},
            )
        self.fields["next"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial["next"] = next_url
        self.helper = touch_helper(
            *(Reading(text, name) for text, name in zip(texts, names, strict=True)),
            Section("Questions", Switch("asked"), "questions"),
            Section("Signature", Pad(patient.full_name), hint=f"Of {patient.full_name}"),
            "strokes", "request_key", "next",
            Actions("Give consent", icon="pen", cancel_url=cancel_url),
            data_unsaved="",
        )  # fmt: skip

    def clean(self):
        """Refuse a form nobody signed."""
        if not self.errors.get("strokes") and not self.is_signed:
            self.add_error("typed_name", UNSIGNED)
        return self.cleaned_data


class WithdrawForm(forms.Form):
    """Why a consent or a permission is withdrawn."""

    because = forms.CharField(
        label="What the patient says", max_length=300,
        help_text="No reason is owed; “wishes so” is enough.",
        error_messages={"required": "Write what the patient says."},
    )  # fmt: skip

    def __init__(self, *args, label="Withdraw", cancel_url="", **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = touch_helper(
            "because", Actions(label, icon="arrow-counterclockwise", cancel_url=cancel_url)
        )


class PermissionForm(SignedForm):
    """What a patient answers about photos: one question a scope, faces apart, one signature."""

    def __init__(self, *args, scopes, patient, next_url="", cancel_url="", **kwargs):
        super().__init__(*args, **kwargs)
        self.scopes = [Scope(scope) for scope in scopes]
        rows = []
        for scope in self.scopes:
            self.fields[f"answer_{scope}"] = forms.ChoiceField(
                label=scope.label, choices=ANSWERS, required=False, widget=forms.RadioSelect
            )
            rows.append(Segmented(f"answer_{scope}", wrapper_class="permission-answer"))
            if scope != Scope.RECORD:  # of the record everybody in it is known
                self.fields[f"face_{scope}"] = forms.BooleanField(
                    label="Also where the face can be recognised", required=False
                )
                rows.append(Switch(f"face_{scope}"))
        self.fields["next"] = forms.CharField(required=False, widget=forms.HiddenInput)
        self.initial["next"] = next_url
        self.helper = touch_helper(
            Section("What the patient permits", *rows, hint="Each use by itself. What is left open "
                    "is not permitted, and can be asked another day."),
            Section("Signature", Pad(patient.full_name),
                    hint="For any use beyond the treatment record"),
            "strokes", "next",
            Actions("Save the answers", icon="check2", cancel_url=cancel_url),
            data_unsaved="",
        )  # fmt: skip

    @property
    def answers(self) -> list[tuple[str, str, bool]]:
        """Return (scope, given or refused, whether with faces) of what was answered."""
        given = self.cleaned_data
        return [
            (scope, given[f"answer_{scope}"], given.get(f"face_{scope}", False))
            for scope in self.scopes if given.get(f"answer_{scope}")
        ]  # fmt: skip

    def clean(self):
        """Ask for at least one answer, and a signature where it goes beyond the record."""
        answers = self.answers
        if not answers and not self.errors:
            raise forms.ValidationError("Choose an answer for at least one use.")
        goes_beyond = any(
            answer == "given" and scope != Scope.RECORD for scope, answer, _ in answers
        )
        if goes_beyond and not self.errors.get("strokes") and not self.is_signed:
            self.add_error("typed_name", UNSIGNED)
        return self.cleaned_data
