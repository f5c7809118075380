"""The sessions of a course: each exists before it has a date."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q

from clinic.models import Appointment
from treatments.models.plans import TreatmentPlan


class PlannedSessionQuerySet(models.QuerySet):
    """Questions about planned sessions."""

    def with_booking(self):
        """Load the appointment and the records of each session."""
        joined = self.select_related("appointment", "appointment__practitioner")
        return joined.prefetch_related("records")

    def visit_versions(self) -> dict[int, int]:
        """Return {key: version} of the visits of these sessions."""
        rows = self.filter(appointment__isnull=False).order_by()
        return dict(rows.values_list("appointment_id", "appointment__version"))

    def without_date(self):
        """Keep sessions that are not done and hold no time."""
        return self.filter(done_on__isnull=True).exclude(appointment__status__in=Appointment.LIVE)


class PlannedSession(models.Model):
    """Session k of a course: exists before it has a date, with its own interval since k-1."""

    plan = models.ForeignKey(TreatmentPlan, models.CASCADE, related_name="sessions", db_index=False)
    number = models.PositiveSmallIntegerField()
    gap_days_min = models.PositiveSmallIntegerField()
    gap_days_ideal = models.PositiveSmallIntegerField()
    gap_days_max = models.PositiveSmallIntegerField()
    gap_changed_because = models.CharField(max_length=200, blank=True)
    appointment = models.OneToOneField(
        Appointment, models.PROTECT, null=True, blank=True, related_name="planned_session"
    )
    tentative = models.OneToOneField(  # the time kept for it: one at most
        Appointment, models.SET_NULL, null=True, editable=False, related_name="kept_for"
    )
    done_on = models.DateField(null=True, blank=True)

    objects = PlannedSessionQuerySet.as_manager()

    #: How many days past its latest day it is booked, where `tell_late` has said so.
    days_late = 0

    class Meta:
        ordering = ["plan", "number"]
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plannedsession_one_number"),
            models.CheckConstraint(
                condition=Q(gap_days_min__gte=1, gap_days_min__lte=F("gap_days_ideal"))
                & Q(gap_days_ideal__lte=F("gap_days_max"), gap_days_max__lte=365),
                name="plannedsession_gaps_in_order",
                violation_error_message="Intervals go from minimum to ideal to maximum.",
            ),
        ]

    def __str__(self):
        return f"Session {self.number}"

    @property
    def record(self):
        """Return the session record that stands; one struck out counts no more."""
        return next((record for record in self.records.all() if record.stands), None)

    @property
    def is_booked(self) -> bool:
        """Say whether a time is held for this session and it is not done."""
        return bool(self.done_on is None and self.appointment_id and self.appointment.is_live)

    @property
    def lost_its_day(self) -> bool:
        """Say whether its visit waits for another time: too soon, somebody away, a room shut."""
        proposed = Appointment.Status.PROPOSED
        return bool(
            self.done_on is None and self.appointment_id and self.appointment.status == proposed
        )

    @property
    def state(self) -> str:
        """Return done, booked or planned."""
        if self.done_on:
            return "done"
        return "booked" if self.is_booked else "planned"


def tell_late(plan: TreatmentPlan, sessions: Iterable[PlannedSession]) -> None:
    """Set `days_late` on the sessions of a course, which come in order with their appointments.

    The latest day of a session counts from the one before it, done or booked, that of the first
    from the agreement. Where the one before has no day, nothing is late yet.
    """
    before = plan.agreed_on
    for row in sessions:
        day = row.done_on or (row.appointment.local_date if row.is_booked else None)
        if row.is_booked and before:
            row.days_late = max((day - before).days - row.gap_days_max, 0)
        before = day
