"""What a patient said no to when a visit had to move: kept with the visit, by whom and when."""

from django.db import models
from django.db.models import Q

from clinic.models.diary import Appointment
from clinic.models.services import Resource, WeeklyHours


class Refusal(models.Model):
    """One weekday or one practitioner a patient will not have for one visit.

    A single day said no to is a `Blackout` of the patient: it closes the day for every booking.
    """

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="refusals")
    weekday = models.PositiveSmallIntegerField(choices=WeeklyHours.Weekday, null=True, blank=True)
    practitioner = models.ForeignKey(
        Resource, models.PROTECT, null=True, blank=True, related_name="+"
    )
    said_at = models.DateTimeField()
    said_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")

    class Meta:
        ordering = ["said_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weekday__range=(0, 6), practitioner__isnull=True)
                | Q(weekday__isnull=True, practitioner__isnull=False),
                name="refusal_of_one_thing",
                violation_error_message="A refusal is of a weekday or of a practitioner.",
            ),
            models.UniqueConstraint(
                fields=["appointment", "weekday"], condition=Q(weekday__isnull=False),
                name="refusal_weekday_once",
            ),
            models.UniqueConstraint(
                fields=["appointment", "practitioner"], condition=Q(practitioner__isnull=False),
                name="refusal_practitioner_once",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"not with {self.practitioner}" if self.practitioner_id else (
            f"not on {self.get_weekday_display()}s"
        )  # fmt: skip
