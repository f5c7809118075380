"""The times kept for a patient, as the finder, the chart and the course show them."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone

from clinic.actions.tentative import clear_expired
from clinic.forms.diary import slot_word
from clinic.models import Appointment, Patient
from clinic.models.openings import slot_of
from treatments.models import PlannedSession


@dataclass(frozen=True)
class KeptTime:
    """One kept time with what its two buttons send; `key` makes a double tap one booking."""

    row: Appointment
    at: datetime
    key: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def session(self) -> PlannedSession | None:
        """Return the session of a course it is kept for, None outside courses."""
        return getattr(self.row, "kept_for", None)

    @property
    def word(self) -> str:
        """Return what the button that takes it sends, as a slot of the finder does."""
        return slot_word(slot_of(self.row))

    @property
    def until(self) -> str:
        """Return the wall time from which it is free again."""
        return timezone.localtime(self.row.expires_at, self.row.clinic.zone).strftime("%H:%M")

    @property
    def seconds(self) -> int:
        """Return how long it still stands."""
        return max(int((self.row.expires_at - self.at).total_seconds()), 0)


def kept_times(patient: Patient, at: datetime) -> list[KeptTime]:
    """Return what is kept for a patient now, by time; whatever expired in the clinic is freed.

    One query while nothing has expired.
    """
    rows = list(Appointment.tentative.of_patient_or_expired(patient, at))
    if any(row.expires_at <= at for row in rows):
        clear_expired(clinic=patient.clinic, at=at)
    return [KeptTime(row, at) for row in rows if row.expires_at > at]


def outside_courses(kept: list[KeptTime], service) -> list[int]:
    """Return the keys of the times kept for a visit of this service outside courses."""
    return [k.row.pk for k in kept if k.session is None and k.row.service_id == service.pk]
