"""Forms of the diary: book one visit, give it another time, cancel it."""

import uuid
from datetime import date, timedelta

from django import forms
from django.core.exceptions import ValidationError

from clinic.forms.layout import Actions, Section, Segmented, touch_helper
from clinic.models import Appointment, Service
from clinic.models.together import read_together
from clinic.scheduling.minutes import day_number, wall_of
from clinic.scheduling.slots import Slot

LONGEST_AHEAD_DAYS = 730


class SlotField(forms.Field):
    """A start and a practitioner as the slot buttons send them: "29384756.3".

    Cleans to a `Slot` without room and device, which are picked when it is booked. The zone is the
    clinic's, so that the wall time is the clinic's; `today` bounds it.
    """

    default_error_messages = {"invalid": "Choose one of the times shown."}

    def __init__(self, *, zone, today: date, **kwargs):
        super().__init__(**kwargs)
        self.zone, self.today = zone, today

    def to_python(self, value) -> Slot | None:
        """Return the slot; ValidationError for anything that is none."""
        if value in self.empty_values:
            return None
        start, _, who = str(value).partition(".")
        if not (start.isascii() and start.isdecimal() and who.isascii() and who.isdecimal()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        if len(start) > 10 or len(who) > 15:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        minute = int(start)
        first = (day_number(self.today) - 2) * 1440
        if not first < minute < first + (LONGEST_AHEAD_DAYS + 4) * 1440:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        day, wall_min = wall_of(minute, self.zone)
        return Slot(day, wall_min, minute, minute + 1, int(who), None, None)


def slot_word(slot: Slot) -> str:
    """Return what a slot button sends."""
    return f"{slot.start}.{slot.practitioner_id}"


class SlotSearchForm(forms.Form):
    """What the slot finder looks for; every part may be missing or wrong, none is fatal.

    `visit` is "session-<key of a planned session>" or "service-<key>".
    """

    def __init__(self, *args, clinic, sessions=(), service=None, usual_id=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.usual_id = usual_id
        self.sessions = {f"session-{row.pk}": row for row in sessions}
        offered = Service.objects.filter(clinic=clinic, active=True)
        read = read_together(
            services=offered.none() if service else offered, units=clinic.resources.all()
        )
        services = [service] if service else read["services"]
        self.services = {} if sessions and service else {f"service-{r.pk}": r for r in services}
        self.units = {row.pk: row for row in read["units"]}
        self.people = {
            key: row for key, row in self.units.items() if row.active and row.kind == "practitioner"
        }

    @property
    def choices(self) -> list[tuple[str, str]]:
        """Return (key, name) of the practitioners to choose from, anyone first."""
        return [("", "Anyone"), *((str(key), row.name) for key, row in self.people.items())]

    @property
    def chosen(self) -> str:
        """Return the key of the choice that holds."""
        return str(self.practitioner_id or "")

    @property
    def visit_key(self) -> str:
        """Return the visit that was asked for, else the first one: a running course goes first."""
        first = next(iter([*self.sessions, *self.services]), "")
        return self.asked if self.knows_visit else first

    @property
    def asked(self) -> str:
        """Return the visit as it was sent or linked to, "" for none."""
        return self.data.get("visit") or self._asked_by_link()

    @property
    def knows_visit(self) -> bool:
        """Say whether the visit that was asked for can be booked."""
        return self.asked in self.sessions or self.asked in self.services

    def _asked_by_link(self) -> str:
        for name, kind in (("planned", "session"), ("service", "service")):
            if self.data.get(name):
                return f"{kind}-{self.data[name]}"
        return ""

    @property
    def planned(self):
        """Return the session of a course that is booked, None for a visit outside courses."""
        return self.sessions.get(self.visit_key)

    @property
    def service(self):
        """Return the service that is booked; None in a clinic that offers none."""
        return self.planned.plan.service if self.planned else self.services.get(self.visit_key)

    @property
    def practitioner_id(self) -> int | None:
        """Return who is asked for: as typed, else the course's own practitioner, None for anyone."""
        if "practitioner" in self.data:
            typed = self.data["practitioner"]
            key = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 16 else None
        else:
            key = self.usual_id or (self.planned and self.planned.plan.practitioner_id)
        return key if key in self.people else None


class BookingForm(forms.Form):
    """The slot that was tapped, with what goes with it; `version` only where a visit is moved."""

    note = forms.CharField(max_length=200, required=False)
    request_key = forms.UUIDField(required=False)
    version = forms.IntegerField(required=False, min_value=0, max_value=2**31)

    def __init__(self, *args, clinic, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["slot"] = SlotField(
            zone=clinic.zone, today=today, error_messages={"required": "Choose a time."}
        )

    @property
    def key(self) -> str:
        """Return the key this form was shown with, a new one for a new form."""
        return self.data.get("request_key") or str(uuid.uuid4())


class CancelForm(forms.Form):
    """Why a visit is cancelled: one of a short list. `version` is the one the person saw."""

    version = forms.IntegerField(
        required=False, min_value=0, max_value=2**31, widget=forms.HiddenInput
    )
    reason = forms.ChoiceField(
        label="Why?", choices=Appointment.CancelReason.choices, widget=forms.RadioSelect,
        error_messages={"required": "Say why the appointment is cancelled."},
    )  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = touch_helper(
            "version",
            Section("Reason", Segmented("reason", keys=True)),
            Actions("Cancel the appointment", icon="x-circle", key="y"),
        )


def day_asked(text: str, *, today: date) -> date | None:
    """Return the day in a link or a date input, None for none; bounded to what is searched."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return min(max(day, today), today + timedelta(days=LONGEST_AHEAD_DAYS))


def session_words(session) -> str:
    """Return "Session 3 of 4" for a session of a course."""
    return f"Session {session.number} of {session.plan.sessions_planned}"
