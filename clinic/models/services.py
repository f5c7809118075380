"""Who and what can be booked: resources, their hours, and services with phases."""

from django.db import models
from django.db.models import F, Q

from clinic.models.constraints import NoOverlap, before_or_open
from clinic.models.staff import Clinic
from clinic.scheduling.reasons import day_words

LONGEST_PHASE_MIN = 480
ASIDE_MIN = 10_000  # far behind the longest visit


class ResourceQuerySet(models.QuerySet):
    """Questions about resources."""

    def bookable(self, clinic, service=None):
        """Return a clinic's active resources; with a service, those competent for it."""
        rows = self.filter(clinic=clinic, active=True)
        if service is not None:
            rows = rows.filter(competences__service=service)
        return rows.order_by("kind", "order", "pk")

    def practitioners(self):
        """Keep people."""
        return self.filter(kind=Resource.Kind.PRACTITIONER)


class Resource(models.Model):
    """One practitioner, one room or one device: always a single unit, never "3 pens"."""

    class Kind(models.TextChoices):
        PRACTITIONER = "practitioner", "Practitioner"
        ROOM = "room", "Room"
        DEVICE = "device", "Device"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="resources")
    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=80)
    user = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="resources",
        help_text="The person behind a practitioner.",
    )  # fmt: skip
    order = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    objects = ResourceQuerySet.as_manager()

    class Meta:
        verbose_name = "person, room or device"
        verbose_name_plural = "people, rooms and devices"
        ordering = ["kind", "order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "kind", "name"], name="resource_one_name"),
            models.UniqueConstraint(
                fields=["clinic", "user"], condition=Q(user__isnull=False),
                name="resource_one_per_person",
            ),
            models.CheckConstraint(
                condition=Q(kind="practitioner") | Q(user__isnull=True),
                name="resource_only_people_sign_in",
                violation_error_message="Only a practitioner is linked to a person.",
            ),
        ]  # fmt: skip

    def __str__(self):
        return self.name


class WeeklyHours(models.Model):
    """When a resource can be booked on one weekday, wall-clock minutes since local midnight."""

    class Weekday(models.IntegerChoices):
        MONDAY = 0, "Monday"
        TUESDAY = 1, "Tuesday"
        WEDNESDAY = 2, "Wednesday"
        THURSDAY = 3, "Thursday"
        FRIDAY = 4, "Friday"
        SATURDAY = 5, "Saturday"
        SUNDAY = 6, "Sunday"

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="weekly_hours")
    weekday = models.PositiveSmallIntegerField(choices=Weekday)
    from_min = models.PositiveSmallIntegerField("from")
    to_min = models.PositiveSmallIntegerField("to")
    valid_from = models.DateField(null=True, blank=True)
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "weekly hours"
        ordering = ["weekday", "from_min"]
        constraints = [
            models.CheckConstraint(
                condition=Q(from_min__lt=F("to_min"), to_min__lte=1440),
                name="weeklyhours_in_order",
                violation_error_message="Hours need a start before their end, within one day.",
            ),
            models.CheckConstraint(
                condition=Q(valid_from__isnull=True) | before_or_open("valid_from", "valid_to"),
                name="weeklyhours_validity_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.get_weekday_display()} {self.from_min}-{self.to_min}"


class HoursException(models.Model):
    """Dated exception to weekly hours, for one resource or a whole clinic."""

    class Kind(models.TextChoices):
        OFF = "off", "Closed or away"
        EXTRA = "extra", "Extra hours"

    class Reason(models.TextChoices):
        LEAVE = "leave", "Leave"
        SICK = "sick", "Sick"
        TRAINING = "training", "Training"
        SERVICE = "service", "Out for service"
        HOLIDAY = "holiday", "Public holiday"
        OTHER = "other", "Other"

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="hours_exceptions")
    resource = models.ForeignKey(
        Resource, models.CASCADE, null=True, blank=True, related_name="hours_exceptions",
        help_text="Empty: the whole clinic.",
    )  # fmt: skip
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.OFF)
    reason = models.CharField(max_length=8, choices=Reason, default=Reason.LEAVE)
    from_day = models.DateField()
    to_day = models.DateField()
    from_min = models.PositiveSmallIntegerField("from", null=True, blank=True)
    to_min = models.PositiveSmallIntegerField("to", null=True, blank=True)

    class Meta:
        verbose_name = "absence or extra hours"
        verbose_name_plural = "absences and extra hours"
        ordering = ["from_day", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(to_day__gte=F("from_day")), name="hoursexception_days_in_order",
                violation_error_message="The last day cannot come before the first.",
            ),
            models.CheckConstraint(
                condition=Q(from_min__isnull=True, to_min__isnull=True)
                | Q(from_min__lt=F("to_min"), to_min__lte=1440),
                name="hoursexception_hours_in_order",
                violation_error_message="Give both hours in order, or neither for whole days.",
            ),
            models.CheckConstraint(
                condition=~Q(kind="extra") | Q(from_min__isnull=False),
                name="hoursexception_extra_has_hours",
                violation_error_message="Extra hours need a start and an end.",
            ),
        ]  # fmt: skip

    def __str__(self):
        days = [day_words(self.from_day)] if self.from_day != self.to_day else []
        days.append(f"{day_words(self.to_day)} {self.to_day.year}")
        return f"{self.get_kind_display()}, {' to '.join(days)}"


class Service(models.Model):
    """Something bookable, made of phases."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="services")
    name = models.CharField(max_length=80)
    grid_min = models.PositiveSmallIntegerField(
        "start grid", default=10, help_text="Starts fall on multiples of these minutes."
    )
    active = models.BooleanField(default=True)
    resources = models.ManyToManyField(Resource, through="Competence", related_name="services")

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="service_one_name"),
            models.CheckConstraint(
                condition=Q(grid_min__in=[5, 10, 15, 20, 30, 60]), name="service_known_grid",
                violation_error_message="The start grid is 5, 10, 15, 20, 30 or 60 minutes.",
            ),
        ]  # fmt: skip

    def __str__(self):
        return self.name


class ServicePhaseQuerySet(models.QuerySet):
    """Questions about phases, and how they make way for each other."""

    def put_aside(self):
        """Move these phases behind every visit, so that they can take each other's places.

        Only inside a transaction that gives each of them its new start.
        """
        return self.update(offset_min=F("offset_min") + ASIDE_MIN)


class ServicePhase(models.Model):
    """One stretch of a service and what it needs.

    `practitioner_min` says how long the person is needed from the phase's start: numbing needs the
    room for 45 minutes and a person for 5; 0 means nobody, the full length means throughout.
    """

    class Kind(models.TextChoices):
        CONSULT = "consult", "Talk"
        NUMBING = "numbing", "Numbing"
        NEEDLING = "needling", "Needling"
        CLEANING = "cleaning", "Cleaning"

    service = models.ForeignKey(Service, models.CASCADE, related_name="phases")
    kind = models.CharField(max_length=8, choices=Kind)
    offset_min = models.PositiveSmallIntegerField("starts after")
    minutes = models.PositiveSmallIntegerField()
    practitioner_min = models.PositiveSmallIntegerField(default=0)
    needs_room = models.BooleanField(default=True)
    needs_device = models.BooleanField(default=False)

    objects = ServicePhaseQuerySet.as_manager()

    class Meta:
        ordering = ["offset_min"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "offset_min"], name="servicephase_one_start"
            ),
            models.CheckConstraint(
                condition=Q(
                    minutes__range=(5, LONGEST_PHASE_MIN), practitioner_min__lte=F("minutes")
                ),
                name="servicephase_person_within_phase",
                violation_error_message="A person is needed no longer than the phase lasts.",
            ),
            NoOverlap(
                partition="service",
                start="offset_min",
                lasts="minutes",
                longest=LONGEST_PHASE_MIN,
                name="servicephase_no_overlap",
                violation_error_message="Two phases of a visit cannot run at the same time.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} {self.minutes} min"


class Competence(models.Model):
    """This resource can serve this service."""

    resource = models.ForeignKey(Resource, models.CASCADE, related_name="competences")
    service = models.ForeignKey(Service, models.CASCADE, related_name="competences")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "service"], name="competence_once")
        ]

    def __str__(self):
        return f"{self.resource} for {self.service}"
