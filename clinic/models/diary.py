"""When and where: appointments and what they take.

A `Hold` row exists if and only if a resource is taken: cancelling deletes the holds, so no rule
needs to know an appointment's status. A *tentative* appointment holds a time for a patient on the
telephone until it expires; no page but those that ask for it sees one (`Appointment.tentative`).
"""

from itertools import pairwise

from django.db import models
from django.db.models import Count, Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from clinic.models.constraints import NoOverlap, all_or_none
from clinic.models.patients import Patient
from clinic.models.services import Resource, Service
from clinic.models.staff import Clinic

HOLD_LONGEST_MIN = 24 * 60


class AppointmentQuerySet(models.QuerySet):
    """Questions about appointments."""

    def of(self, clinic):
        """Keep the appointments of one clinic."""
        return self.filter(clinic=clinic)

    def live(self):
        """Keep those that hold a time: booked, arrived, in session or done."""
        return self.filter(status__in=Appointment.LIVE)

    def on(self, day):
        """Keep those of one local day."""
        return self.filter(local_date=day)

    def with_people(self):
        """Join what every row on a page prints."""
        return self.select_related("patient", "service", "practitioner", "room", "device")

    def for_board(self, clinic, day):
        """Return one day's appointments of a clinic, by time, for the board."""
        live_or_missed = [*Appointment.LIVE, Appointment.Status.NOSHOW]
        rows = self.of(clinic).on(day).filter(status__in=live_or_missed)
        return rows.with_people().order_by("local_start_min", "pk")

    def standing(self, clinic, from_day, to_day):
        """Return what keeps a time in a clinic on these days, both included, missed visits too."""
        live_or_missed = [*Appointment.LIVE, Appointment.Status.NOSHOW]
        return self.of(clinic).filter(
            local_date__range=(from_day, to_day), status__in=live_or_missed
        )

    def taking(self, clinic, from_day, to_day):
        """Return what stands on these days and what is to be moved but still takes its time."""
        held = Exists(Hold.objects.filter(appointment=OuterRef("pk")))
        to_move = Q(held, status=Appointment.Status.PROPOSED)
        stands = Q(status__in=[*Appointment.LIVE, Appointment.Status.NOSHOW])
        return self.of(clinic).filter(stands | to_move, local_date__range=(from_day, to_day))

    def for_diary(self, clinic, from_day, to_day):
        """Return the visits a diary draws on these days, by time, with holds and phases.

        `came_before` says whether the patient was here on an earlier day. Three queries.
        """
        earlier = Appointment.objects.filter(
            patient=OuterRef("patient"), local_date__lt=OuterRef("local_date"),
            status=Appointment.Status.FULFILLED,
        )  # fmt: skip
        rows = self.taking(clinic, from_day, to_day).with_people()
        rows = rows.prefetch_related("holds", "service__phases")
        return rows.annotate(came_before=Exists(earlier)).order_by(
            "local_date", "local_start_min", "pk"
        )

    def waiting_to_move(self, clinic):
        """Return visits of a clinic that lost their time and need another one, by day and hour."""
        waiting = self.of(clinic).filter(status=Appointment.Status.PROPOSED)
        return waiting.with_people().order_by("local_date", "local_start_min", "pk")

    def counted_by_day(self, clinic, from_day, to_day) -> dict:
        """Return how many visits stand on each day that has any."""
        rows = self.standing(clinic, from_day, to_day).order_by().values_list("local_date")
        return dict(rows.annotate(count=Count("pk")))

    def for_feed(self, user, since, until):
        """Return a person's own visits in the clinics they work in, for their calendar."""
        clinics = user.memberships.filter(ended_at=None).values("clinic_id")
        rows = self.live().filter(
            practitioner__user=user, clinic__in=clinics, starts_at__gte=since, starts_at__lt=until
        )
        joined = rows.select_related("patient", "room", "clinic", "planned_session__plan")
        return joined.order_by("starts_at", "pk")

    def unresolved(self, today):
        """Keep visits of earlier days of which nobody has said what became of them."""
        open_states = ["booked", "arrived", "in_session"]
        return self.filter(status__in=open_states, local_date__lt=today)

    def of_patient(self, patient):
        """Return a patient's appointments, newest first."""
        return (
            self.filter(patient=patient).with_people().order_by("-local_date", "-local_start_min")
        )

    def expired(self, at):
        """Keep kept times that are over: `expires_at` is the first instant that is."""
        return self.filter(expires_at__lte=at)

    def over(self, clinic, at) -> tuple[int, ...]:
        """Return the keys of a clinic's kept times that have expired: what they hold is free."""
        return tuple(self.of(clinic).expired(at).values_list("pk", flat=True))

    def open(self, at):
        """Keep kept times that still stand."""
        return self.filter(expires_at__gt=at)

    def of_patient_or_expired(self, patient, at):
        """Return a patient's kept times, by time, and those of the clinic that have expired."""
        rows = self.filter(Q(patient=patient) | Q(expires_at__lte=at), clinic=patient.clinic_id)
        joined = rows.with_people().select_related("clinic", "kept_for__plan__protocol")
        return joined.order_by("starts_at", "pk")


class Agreed(models.Manager.from_queryset(AppointmentQuerySet)):
    """All appointments but the tentative ones, which nobody has agreed to yet."""

    def get_queryset(self):
        """Leave out times that are only kept."""
        return super().get_queryset().exclude(status="tentative")


class Tentative(models.Manager.from_queryset(AppointmentQuerySet)):
    """Times kept for patients on the telephone, expired ones too as long as they are there."""

    def get_queryset(self):
        """Keep tentative ones only."""
        return super().get_queryset().filter(status="tentative")


class Appointment(models.Model):
    """A time agreed with a patient: people, room, device.

    The promise is wall time (`local_date`, `local_start_min` in the clinic's zone); the instants
    and the holds are derived from it.
    """

    class Status(models.TextChoices):
        TENTATIVE = "tentative", "Kept"
        PROPOSED = "proposed", "To be moved"
        BOOKED = "booked", "Booked"
        ARRIVED = "arrived", "Arrived"
        IN_SESSION = "in_session", "In room"
        FULFILLED = "fulfilled", "Done"
        CANCELLED = "cancelled", "Cancelled"
        NOSHOW = "noshow", "Did not attend"
        ENTERED_IN_ERROR = "entered_in_error", "Entered by mistake"

    class CancelReason(models.TextChoices):
        PATIENT = "patient", "Patient asked"
        CLINIC = "clinic", "Clinic"
        MEDICAL = "medical", "Medical"
        NO_ANSWER = "no_answer", "Could not reach the patient"

    #: States in which the appointment keeps its holds.
    LIVE = ("booked", "arrived", "in_session", "fulfilled")
    #: States in which nobody else may promise the patient this time.
    PROMISED = (*LIVE, "tentative")

    # No index where a wider one begins so, nor on staff: each is written with every booking.
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="appointments", db_index=False)
    patient = models.ForeignKey(
        Patient, models.PROTECT, related_name="appointments", db_index=False
    )
    service = models.ForeignKey(Service, models.PROTECT, related_name="+")
    practitioner = models.ForeignKey(Resource, models.PROTECT, related_name="+", db_index=False)
    room = models.ForeignKey(Resource, models.PROTECT, null=True, blank=True, related_name="+")
    device = models.ForeignKey(Resource, models.PROTECT, null=True, blank=True, related_name="+")
    local_date = models.DateField()
    local_start_min = models.PositiveSmallIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=Status, default=Status.BOOKED)
    note = models.CharField(max_length=200, blank=True, help_text="For the desk; nothing clinical.")

    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+", db_index=False)
    expires_at = models.DateTimeField(null=True, editable=False)  # of a tentative one
    confirmed_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    numbing_at = models.DateTimeField(null=True, blank=True)  # the board's; the record has its own
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)  # cancelled, missed or struck out
    ended_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+", db_index=False
    )
    cancel_reason = models.CharField(max_length=12, choices=CancelReason, blank=True)
    to_move_since = models.DateTimeField(null=True, blank=True)
    to_move_because = models.CharField(max_length=200, blank=True)
    why_this_date = models.JSONField(default=list, blank=True)  # reason codes and weights version
    request_key = models.UUIDField(
        null=True, blank=True, unique=True, editable=False,
        help_text="One per form shown: a double tap makes one appointment.",
    )  # fmt: skip
    version = models.PositiveIntegerField(default=1)
    sequence = models.PositiveIntegerField(default=0, editable=False)  # of the invitation, RFC 5546
    changed_at = models.DateTimeField(null=True, editable=False)  # when the sequence rose
    told_start = models.DateTimeField(null=True, editable=False)  # the start the patient last heard

    objects = Agreed()
    tentative = Tentative()
    everything = AppointmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status="tentative", expires_at__isnull=False)
                | (~Q(status="tentative") & Q(expires_at__isnull=True)),
                name="appointment_tentative_until",
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="appointment_ends_after_start"
            ),
            models.CheckConstraint(
                condition=Q(local_start_min__range=(0, 1439)), name="appointment_start_in_day"
            ),
            models.CheckConstraint(
                condition=(
                    Q(status__in=["cancelled", "noshow", "entered_in_error"])
                    & Q(ended_at__isnull=False, ended_by__isnull=False)
                )
                | (
                    ~Q(status__in=["cancelled", "noshow", "entered_in_error"])
                    & Q(ended_at__isnull=True, ended_by__isnull=True)
                ),
                name="appointment_end_with_who_and_when",
            ),
            models.CheckConstraint(
                condition=(Q(status="cancelled") & ~Q(cancel_reason=""))
                | (~Q(status="cancelled") & Q(cancel_reason="")),
                name="appointment_cancel_with_reason",
                violation_error_message="Say why the appointment is cancelled.",
            ),
            models.CheckConstraint(
                condition=all_or_none("to_move_since", blank=("to_move_because",))
                & (Q(status="proposed") | Q(to_move_since__isnull=True)),
                name="appointment_to_move_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(status="arrived") | Q(arrived_at__isnull=False),
                name="appointment_arrived_has_time",
            ),
            models.CheckConstraint(
                condition=Q(numbing_at__isnull=True) | Q(arrived_at__isnull=False),
                name="appointment_numbing_after_arrival",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_session") | Q(started_at__isnull=False),
                name="appointment_started_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status="fulfilled") | Q(finished_at__isnull=False),
                name="appointment_finished_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "local_date"], name="appointment_clinic_day"),
            models.Index(
                fields=["clinic", "status", "local_date"], name="appointment_clinic_state"
            ),
            models.Index(fields=["patient", "local_date"], name="appointment_patient_day"),
            models.Index(fields=["practitioner", "local_date"], name="appointment_who_day"),
            models.Index(
                fields=["clinic", "expires_at"], condition=Q(status="tentative"),
                name="appointment_expiring",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.patient_id} on {self.local_date} at {self.start_clock}"

    def get_absolute_url(self):
        """Return the page of the visit."""
        return reverse("appointment", args=[self.pk])

    @property
    def start_clock(self) -> str:
        """Return the start as wall time, 24 h."""
        return f"{self.local_start_min // 60:02d}:{self.local_start_min % 60:02d}"

    @property
    def end_clock(self) -> str:
        """Return the end as wall time, 24 h."""
        return timezone.localtime(self.ends_at, self.clinic.zone).strftime("%H:%M")

    @property
    def minutes(self) -> int:
        """Return how long the visit lasts."""
        return int((self.ends_at - self.starts_at).total_seconds() // 60)

    @property
    def is_live(self) -> bool:
        """Say whether the appointment holds its people and rooms."""
        return self.status in self.LIVE

    @property
    def can_be_moved(self) -> bool:
        """Say whether another time may still be chosen."""
        return self.status in {self.Status.BOOKED, self.Status.PROPOSED}


class HoldQuerySet(models.QuerySet):
    """Questions about what is taken."""

    def touching(self, resource_ids, *, start: int, end: int):
        """Return holds of these resources that reach into `[start, end)`, epoch minutes.

        The lower bound on `start` keeps the read inside one index stretch: no hold is longer than
        a day, so nothing that began earlier can reach in.
        """
        return self.filter(
            resource_id__in=resource_ids, start__lt=end, start__gt=start - HOLD_LONGEST_MIN,
            end__gt=start,
        )  # fmt: skip

    def minutes_between(self, resource_ids, bounds):
        """Return {resource id: [minutes taken from bounds[0] to bounds[1], …]}, epoch minutes.

        A hold counts where it starts. One query, however many stretches and holds.
        """
        sums = {
            f"stretch_{at}": models.Sum(
                F("end") - F("start"), filter=Q(start__gte=first, start__lt=last)
            )
            for at, (first, last) in enumerate(pairwise(bounds))
        }
        rows = self.filter(resource_id__in=resource_ids, start__gte=bounds[0], start__lt=bounds[-1])
        found = rows.order_by().values("resource_id").annotate(**sums)
        return {row["resource_id"]: [row[name] or 0 for name in sums] for row in found}

    def visits_in(self, absences, *, at):
        """Return {key: how many visits} of absences {key: (whose holds, [(start, end), …])}.

        Whose holds are filters such as {"resource": 3}; stretches are epoch minutes. Counted are
        booked visits that begin after `at`, each once. One query for all of them.
        """
        ahead = Q(appointment__status=Appointment.Status.BOOKED, appointment__starts_at__gt=at)
        counts = {
            f"absence_{key}": Count(
                "appointment", distinct=True, filter=_touches(stretches) & Q(**whose) & ahead
            )
            for key, (whose, stretches) in absences.items() if stretches
        }  # fmt: skip
        if not counts:
            return {}
        near = Q()  # no other hold is read
        for whose, stretches in absences.values():
            if stretches:
                first, last = min(stretches)[0], max(end for _, end in stretches)
                near |= Q(**whose, start__gt=first - HOLD_LONGEST_MIN, start__lt=last)
        found = self.filter(near).order_by().aggregate(**counts)
        return {key: found.get(f"absence_{key}", 0) for key in absences}


def _touches(stretches):
    """Return the condition that a hold reaches into one of these stretches."""
    inside = Q()
    for start, end in stretches:
        inside |= Q(start__lt=end, end__gt=start)
    return inside


class Hold(models.Model):
    """One taken stretch of one resource, in whole minutes since the epoch, UTC: `[start, end)`."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="holds")
    resource = models.ForeignKey(Resource, models.PROTECT, related_name="holds", db_index=False)
    start = models.BigIntegerField()
    end = models.BigIntegerField()

    objects = HoldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(end__gt=F("start"), end__lte=F("start") + HOLD_LONGEST_MIN),
                name="hold_up_to_a_day",
            ),
            NoOverlap(
                partition="resource", start="start", end="end", longest=HOLD_LONGEST_MIN,
                name="hold_no_overlap",
                violation_error_message="This time is already taken.",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["resource", "start", "end"], name="hold_resource_start")]

    def __str__(self):
        return f"{self.resource_id} [{self.start}, {self.end})"
