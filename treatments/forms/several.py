"""Forms of "propose and book": the times of one course among several, and which courses."""

import re
import uuid

from django import forms

from clinic.forms.diary import SlotField

LONGEST = 400  # of the text that names courses


def keys_asked(text: str) -> list[int]:
    """Return the keys in "12,7,30", each once, in order; nothing for anything else."""
    if not re.fullmatch(r"\d{1,15}(,\d{1,15})*", text[:LONGEST], re.ASCII):
        return []
    return list(dict.fromkeys(map(int, text.split(","))))


class SeveralForm(forms.Form):
    """The times shown for one course: `p<key>-slot_<k>`, under the key of the whole page."""

    key = forms.UUIDField()

    def __init__(self, data, *, plan, course, today):
        super().__init__(data, prefix=f"p{plan.pk}")
        self.plan = plan
        self.numbers = [row.number for row in course.sessions if not row.done_on]
        for number in self.numbers:
            self.fields[f"slot_{number}"] = SlotField(
                zone=plan.clinic.zone, today=today, required=False
            )

    def add_prefix(self, field_name):
        """Share the page's key among its courses."""
        return field_name if field_name == "key" else super().add_prefix(field_name)

    @property
    def slots(self) -> dict:
        """Return the times by number of the session."""
        found = {n: self.cleaned_data[f"slot_{n}"] for n in self.numbers}
        return {number: slot for number, slot in found.items() if slot}

    @property
    def request_key(self) -> uuid.UUID:
        """Return the key of this course on this page, so that a double tap books once."""
        return uuid.uuid5(self.cleaned_data["key"], str(self.plan.pk))

    @property
    def fault(self) -> str:
        """Return what is wrong, in one sentence."""
        return " ".join(dict.fromkeys(text for row in self.errors.values() for text in row))
