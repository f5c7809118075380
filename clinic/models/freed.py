"""Times a visit left: remembered with the deed that freed them, for whoever would come earlier.

A row says only what was freed. Whether it is still free, and whom it suits, is asked when it is
shown; one that is past is forgotten by the next deed that frees a time.
"""

from datetime import datetime

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from clinic.models.diary import HOLD_LONGEST_MIN, Appointment, Hold
from clinic.models.patients import Patient
from clinic.models.services import Resource
from clinic.models.staff import Clinic
from clinic.scheduling.minutes import minute_of_instant

FREED_LONGEST_DAYS = 28  # further ahead a freed time is one of many


class FreedTimeQuerySet(models.QuerySet):
    """Questions about freed times."""

    def open(self, clinic, at: datetime):
        """Return freed times of a clinic still to come whose start nobody has taken again, by time."""
        now = minute_of_instant(at)
        taken = Hold.objects.filter(
            resource=OuterRef("practitioner"), start__lte=OuterRef("start"),
            start__gt=OuterRef("start") - HOLD_LONGEST_MIN, end__gt=OuterRef("start"),
        )  # fmt: skip
        ahead = self.filter(
            clinic=clinic, start__gt=now, start__lt=now + FREED_LONGEST_DAYS * 24 * 60
        )
        return ahead.exclude(Exists(taken)).order_by("start", "practitioner_id", "pk")

    def past(self, clinic, at: datetime):
        """Keep those of a clinic that have begun."""
        return self.filter(clinic=clinic, start__lte=minute_of_instant(at))


class FreedTime(models.Model):
    """A stretch of a practitioner that a visit left: minutes since the epoch, `[start, end)`."""

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="+")
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="+")  # who left it
    visit_id = models.BigIntegerField()  # no key: deleting a kept time asks nothing here
    practitioner = models.ForeignKey(Resource, models.PROTECT, related_name="+")
    start = models.BigIntegerField()
    end = models.BigIntegerField()

    objects = FreedTimeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start")), name="freedtime_ends_after_start"
            )
        ]
        indexes = [models.Index(fields=["clinic", "start"], name="freedtime_clinic_start")]

    def __str__(self):
        return f"{self.start}-{self.end}.{self.practitioner_id}"

    @classmethod
    def of(cls, appointment: Appointment) -> "FreedTime":
        """Return what a visit would free where it stands now; not saved."""
        return cls(
            clinic_id=appointment.clinic_id, patient_id=appointment.patient_id,
            visit_id=appointment.pk,
            practitioner_id=appointment.practitioner_id,
            start=minute_of_instant(appointment.starts_at),
            end=minute_of_instant(appointment.ends_at),
        )  # fmt: skip
