"""Forms about photos: several files at once, the view of one, why one is a mistake."""

from django import forms

from clinic.forms.fields import DayField
from treatments.models import View

LONGEST_REASON = 200


class ManyFiles(forms.FileField):
    """A file field that takes several; cleans to a list."""

    def clean(self, data, initial=None):
        """Return the files; whether each is a photo is found out where it is taken in."""
        files = [file for file in (data or []) if file]
        if not files:
            raise forms.ValidationError(self.error_messages["required"], code="required")
        return files


class FilesInput(forms.FileInput):
    """A file input that opens on several photos."""

    allow_multiple_selected = True

    def value_from_datadict(self, data, files, name):
        """Return every file sent under this name."""
        return files.getlist(name) if hasattr(files, "getlist") else [files.get(name)]


class SessionField(forms.ModelChoiceField):
    """A choice of session records, named as the clinic speaks of them."""

    def label_from_instance(self, record):
        """Return "Session 2, Mon 23 Nov 2026"."""
        day = record.performed_on
        planned = record.planned_session
        word = f"Session {planned.number}" if planned else "Session"
        return f"{word}, {day:%a} {day.day} {day:%b %Y}"


class UploadForm(forms.Form):
    """Photos of one patient: the files, and what they have in common."""

    files = ManyFiles(
        label="Photos",
        widget=FilesInput(attrs={"multiple": True, "accept": "image/*,.heic,.heif"}),
        error_messages={"required": "Choose at least one photo."},
    )
    view = forms.ModelChoiceField(
        View.objects.none(), required=False, empty_label="Choose later", widget=forms.RadioSelect,
        error_messages={"invalid_choice": "This view is not in use."},
    )  # fmt: skip
    session = SessionField(
        None, required=False, empty_label="No session",
        error_messages={"invalid_choice": "This session record is not this patient's."},
    )  # fmt: skip
    taken_on = DayField(
        required=False, label="Day taken", help_text="Empty: as the camera says, else today."
    )

    permit = forms.BooleanField(required=False)  # the patient says yes to photos for the record

    def __init__(self, *args, patient, views, sessions, today, **options):
        super().__init__(*args, **options)
        self._patient, self._today = patient, today
        self.fields["view"].queryset = views
        self.fields["session"].queryset = sessions
        self.fields["taken_on"].widget.attrs["max"] = today.isoformat()

    def clean_taken_on(self):
        """Refuse a day that has not come, or before the patient was born."""
        day = self.cleaned_data["taken_on"]
        if day and day > self._today:
            raise forms.ValidationError("This day has not come yet.")
        if day and day < self._patient.birth_date:
            raise forms.ValidationError("This day is before the patient was born.")
        return day


class SortForm(forms.Form):
    """The standard view of one photo."""

    view = forms.ModelChoiceField(
        View.objects.none(), required=False,
        error_messages={"invalid_choice": "This view is not in use."},
    )  # fmt: skip

    def __init__(self, *args, views, **options):
        super().__init__(*args, **options)
        self.fields["view"].queryset = views


class DateForm(forms.Form):
    """Which day of a photo is right: the camera's or the session's."""

    keep = forms.ChoiceField(
        choices=[("camera", "The camera's"), ("session", "The session's")],
        error_messages=dict.fromkeys(("required", "invalid_choice"), "Choose which day is right."),
    )


class StrikeForm(forms.Form):
    """Why a photo is a mistake."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why this photo is a mistake."},
    )
