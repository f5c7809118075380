"""The form of a preview: the new time of one session, and of those that give way."""

from collections.abc import Mapping
from datetime import date

from django import forms

from clinic.forms.diary import SlotField
from clinic.scheduling.slots import Slot
from treatments.models.openings import Course


class TailForm(forms.Form):
    """`slot` is where the session goes; `slot_3` and the like are sessions that go along.

    `version` is the one of the appointment the person saw.
    """

    version = forms.IntegerField(required=False, min_value=0, max_value=2**31)

    def __init__(self, *args, clinic, today: date, course: Course, needs_slot: bool = True, **kw):
        super().__init__(*args, **kw)
        zone, self.course = clinic.zone, course
        self.fields["slot"] = SlotField(zone=zone, today=today, required=needs_slot)
        self.numbers = [row.number for row in course.sessions if not row.done_on]
        for number in self.numbers:
            self.fields[f"slot_{number}"] = SlotField(zone=zone, today=today, required=False)

    def clean_version(self) -> int:
        """Return the version, 0 (nobody's) when the page did not send one."""
        return self.cleaned_data["version"] or 0

    @property
    def others(self) -> Mapping[int, Slot]:
        """Return the sessions that go along, by number."""
        given = {number: self.cleaned_data.get(f"slot_{number}") for number in self.numbers}
        return {number: slot for number, slot in given.items() if slot}
