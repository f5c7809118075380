"""How long skin must rest: the zones of a patient and the days in which they heal."""

from django.db import models
from django.db.models import F, Q

from clinic.models.constraints import NoOverlap
from clinic.models.diary import Appointment
from clinic.models.patients import Patient

REST_LONGEST_DAYS = 400


class TreatedArea(models.Model):
    """One body zone of one patient: what rests are counted for."""

    patient = models.ForeignKey(Patient, models.PROTECT, related_name="areas", db_index=False)
    zone_code = models.CharField(max_length=24)  # the key of a zone in the catalogue

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "zone_code"], name="treatedarea_once")
        ]

    def __str__(self):
        return f"{self.zone_code} of {self.patient_id}"


class Rest(models.Model):
    """Days in which one zone of one patient must not be needled again: `[start_day, end_day)`.

    Whole days since 1970-01-01 on the clinic's calendar. A booked session reserves its rest, a
    signed one replaces it by what was really treated.
    """

    class Kind(models.TextChoices):
        BOOKED = "booked", "Reserved by a booking"
        TREATED = "treated", "After a treatment"

    area = models.ForeignKey(TreatedArea, models.PROTECT, related_name="rests", db_index=False)
    appointment = models.ForeignKey(
        Appointment, models.CASCADE, null=True, blank=True, related_name="rests"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    start_day = models.IntegerField()
    end_day = models.IntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end_day__gt=F("start_day"))
                & Q(end_day__lte=F("start_day") + REST_LONGEST_DAYS),
                name="rest_up_to_400_days",
            ),
            models.CheckConstraint(
                condition=~Q(kind="booked") | Q(appointment__isnull=False),
                name="rest_booked_by_an_appointment",
            ),
            NoOverlap(
                partition="area", start="start_day", end="end_day", longest=REST_LONGEST_DAYS,
                name="rest_no_overlap",
                violation_error_message="The skin of this zone has not healed by then.",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["area", "start_day"], name="rest_area_start")]

    def __str__(self):
        return f"{self.area_id} days [{self.start_day}, {self.end_day})"
