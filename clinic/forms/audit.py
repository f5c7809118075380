"""The filter of the audit log."""

from crispy_forms.helper import FormHelper
from crispy_forms.layout import HTML, Column, Layout, Row
from django import forms

from clinic.forms.fields import NUMBER_FAULTS, DayField, WholeNumber
from clinic.models import AuditEvent, Clinic, Membership
from clinic.models.audit import deed_words


class LogFilter(forms.Form):
    """What an auditor looks for: one kind of deed, one person, one patient, one day."""

    action = forms.ChoiceField(required=False)
    person = forms.ChoiceField(required=False)
    patient = WholeNumber(
        label="Patient number", min_value=1, max_value=2**31 - 1, required=False,
        error_messages=dict.fromkeys(NUMBER_FAULTS, "Type the patient's number, for example 1042."),
    )  # fmt: skip
    day = DayField(required=False)

    def __init__(self, *args, clinic: Clinic, **kwargs):
        super().__init__(*args, **kwargs)
        kinds = AuditEvent.objects.kinds(clinic.pk)
        asked = self.data.get("action")  # may be older than the lines the choice was made from
        kinds += [asked] if asked and asked.isprintable() and asked not in kinds else []
        self.fields["action"].choices = [
            ("", "Everything"),
            *((kind, deed_words(kind)) for kind in kinds),
        ]
        people = Membership.objects.filter(clinic=clinic).select_related("user")
        named = sorted((str(member.user), str(member.user_id)) for member in people)
        self.fields["person"].choices = [("", "Everybody"), *((key, name) for name, key in named)]
        self.helper = FormHelper()
        self.helper.form_method = "get"
        self.helper.disable_csrf = True
        quarter = "col-6 col-lg"
        self.helper.layout = Layout(Row(
            *(Column(name, css_class=quarter) for name in ("action", "person", "patient", "day")),
            Column(HTML(
                '<button class="btn btn-primary" type="submit">Show</button>'
                '<a class="btn btn-quiet" href="{% url "audit_log" %}">Clear</a>'
            ), css_class="col-12 col-lg-auto log-buttons"),
        ))  # fmt: skip

    @property
    def narrowing(self) -> dict:
        """Return what the log is narrowed by."""
        given = self.cleaned_data
        return {"action": given["action"], "actor_id": given["person"],
                "patient_number": given["patient"], "day": given["day"]}  # fmt: skip

    @property
    def asked(self) -> dict:
        """Return what was asked for as the address says it, to carry to the next page."""
        return {name: value for name in self.fields if (value := self.data.get(name))}
