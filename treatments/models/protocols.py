"""What the clinic knows: body zones, photo views, protocols and aftercare sheets.

Every figure carries its source and the date it holds from. Courses and sessions copy what they use,
so an edit here never changes what was agreed or signed. The catalogue is shared by all clinics of
the practice.
"""

from django.db import models
from django.db.models import F, Q


class Sourced(models.Model):
    """A catalogue row with where its figures come from and since when they hold."""

    source = models.CharField(max_length=300)
    effective_from = models.DateField()
    active = models.BooleanField(default=True)

    class Meta:
        abstract = True


class Zone(Sourced):
    """A body zone: how much of the body it is and how deep needles may be set there."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    region = models.CharField(max_length=24)  # back, face, chest …
    order = models.PositiveSmallIntegerField(default=0)
    body_fraction = models.DecimalField(
        max_digits=6, decimal_places=5, null=True, blank=True,
        help_text="Share of the body's surface, 0.0225 = 2.25 %.",
    )  # fmt: skip
    fraction_source = models.CharField(max_length=300, blank=True)
    depth_min_mm = models.DecimalField(max_digits=4, decimal_places=2)
    depth_max_mm = models.DecimalField("usual depth up to", max_digits=4, decimal_places=2)
    depth_cap_mm = models.DecimalField(max_digits=4, decimal_places=2)
    forbidden = models.BooleanField(default=False)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    depth_min_mm__lte=F("depth_max_mm"), depth_max_mm__lte=F("depth_cap_mm")
                ),
                name="zone_depths_in_order",
                violation_error_message="Depths go from least to usual to cap.",
            ),
            models.CheckConstraint(
                condition=Q(body_fraction__isnull=True)
                | Q(body_fraction__gt=0, body_fraction__lt=1),
                name="zone_fraction_of_a_body",
            ),
        ]

    def __str__(self):
        return self.name


class ViewQuerySet(models.QuerySet):
    """Questions about standard views."""

    def for_patient(self, patient):
        """Keep the views in use of the regions this patient is treated in; all without a course."""
        in_use = self.filter(active=True)
        regions = set(patient.plans.values_list("protocol__region", flat=True))
        return in_use.filter(region__in=regions) if regions else in_use


class View(models.Model):
    """A standard photo view, such as back left oblique."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)
    region = models.CharField(max_length=24)
    order = models.PositiveSmallIntegerField(default=0)
    guide = models.CharField(max_length=300, blank=True, help_text="How to stand and frame.")
    active = models.BooleanField(default=True)

    objects = ViewQuerySet.as_manager()

    class Meta:
        verbose_name = "photo view"
        verbose_name_plural = "photo views"
        ordering = ["order", "pk"]

    def __str__(self):
        return self.name


class Protocol(Sourced):
    """The defaults for one indication (FHIR PlanDefinition)."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    region = models.CharField(max_length=24, default="back")
    modality = models.CharField(
        max_length=8, default="needle", choices=[("needle", "Needling"), ("rf", "RF microneedling")]
    )
    depth_min_mm = models.DecimalField(max_digits=4, decimal_places=2)
    depth_default_mm = models.DecimalField(max_digits=4, decimal_places=2)
    depth_max_mm = models.DecimalField(max_digits=4, decimal_places=2)
    passes_min = models.PositiveSmallIntegerField()
    passes_default = models.PositiveSmallIntegerField()
    passes_max = models.PositiveSmallIntegerField()
    gap_days_min = models.PositiveSmallIntegerField()
    gap_days_ideal = models.PositiveSmallIntegerField()
    gap_days_max = models.PositiveSmallIntegerField()
    sessions_min = models.PositiveSmallIntegerField()
    sessions_default = models.PositiveSmallIntegerField()
    sessions_max = models.PositiveSmallIntegerField()
    review_after = models.PositiveSmallIntegerField(null=True, blank=True)
    yearly_max = models.PositiveSmallIntegerField(
        "sessions a year without doctor review", null=True, blank=True,
        help_text="Per zone in 12 months; empty: this indication is exempt.",
    )  # fmt: skip
    endpoint = models.CharField(max_length=80, blank=True)
    first_change = models.CharField(max_length=80, blank=True)
    final_outcome = models.CharField(max_length=80, blank=True)
    calm_days = models.PositiveSmallIntegerField(
        "calm days before an event", null=True, blank=True,
        help_text="Days the skin needs before a date that matters; for a clinician to fill in.",
    )  # fmt: skip
    labelled_from_years = models.PositiveSmallIntegerField(
        "authorised from this age", null=True, blank=True,
        help_text="Years from which the device is authorised for this use. Empty: it is not; the "
        "patient is told and agrees to that.",
    )  # fmt: skip
    zones = models.ManyToManyField(Zone, related_name="protocols", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(depth_min_mm__lte=F("depth_default_mm"))
                & Q(depth_default_mm__lte=F("depth_max_mm")),
                name="protocol_depths_in_order",
                violation_error_message="Depths go from least to default to most.",
            ),
            models.CheckConstraint(
                condition=Q(gap_days_min__lte=F("gap_days_ideal"))
                & Q(gap_days_ideal__lte=F("gap_days_max")),
                name="protocol_gaps_in_order",
                violation_error_message="Intervals go from minimum to ideal to maximum.",
            ),
            models.CheckConstraint(
                condition=Q(sessions_min__lte=F("sessions_default"))
                & Q(sessions_default__lte=F("sessions_max"), sessions_min__gte=1),
                name="protocol_sessions_in_order",
                violation_error_message="Sessions go from fewest to default to most.",
            ),
        ]

    def __str__(self):
        return self.name


class ThresholdQuerySet(models.QuerySet):
    """Questions about thresholds."""

    def on(self, day) -> dict[str, "Threshold"]:
        """Return by code the row that holds on a day: the newest that has taken effect."""
        rows = self.filter(effective_from__lte=day, active=True).order_by("effective_from", "pk")
        return {row.code: row for row in rows}


class Threshold(Sourced):
    """A limit of the house that no label gives, such as the days after which a weight is stale.

    A changed figure is a new row with its own date, so an old day keeps its own limits.
    """

    class Code(models.TextChoices):
        ALARM_FRACTION = "alarm_fraction", "Contact time: alarm at this share of the longest"
        WEIGHT_MAX_AGE_DAYS = "weight_max_age_days", "Days after which a weight is stale"
        ADULT_FROM_YEARS = "adult_from_years", "Adult from this age in years"
        UNLABELLED_MAX_PERCENT = (
            "unlabelled_max_percent",
            "Strength in per cent above which an unlabelled cream needs a prescription",
        )
        HARD_STOP_DAYS = "hard_stop_days", "Interval: never within these days …"
        HARD_STOP_DEPTH_MM = "hard_stop_depth_mm", "… at this set depth in mm or deeper"
        YEARLY_MAX = "yearly_max", "Sessions a zone in 12 months without a course's own limit"
        YEARLY_DAYS = "yearly_days", "Days that count as those 12 months"
        CHANNELS_OPEN_HOURS = "channels_open_hours", "Hours for which needle channels are open"
        CHANNELS_CAUTION_HOURS = "channels_caution_hours", "Hours of caution after needling"
        LOT_WARN_DAYS = "lot_warn_days", "Days before expiry to warn when a lot is received"
        NEEDLING_FROM_YEARS = "needling_from_years", "Needled from this age in years"
        US_LABEL_FROM_YEARS = "us_label_from_years", "In the US on the label from this age in years"
        COOLING_OFF_HOURS = (
            "cooling_off_hours",
            "Hours from consent to the first session of a course",
        )
        SCOTLAND_DEPTH_MM = "scotland_depth_mm", "Scotland: the Act's depth line in mm"

    code = models.CharField(max_length=32, choices=Code)
    value = models.DecimalField(max_digits=8, decimal_places=2)

    objects = ThresholdQuerySet.as_manager()

    class Meta:
        verbose_name = "limit of the house"
        verbose_name_plural = "limits of the house"
        ordering = ["code", "-effective_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="threshold_one_a_day"),
            models.CheckConstraint(
                condition=Q(value__gt=0), name="threshold_above_zero",
                violation_error_message="A threshold is above 0.",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.get_code_display()}: {self.value.normalize():f}"


class AftercareSheet(models.Model):
    """One version of an aftercare sheet; a text is never edited, a new version replaces it."""

    code = models.CharField(max_length=24)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8, default="en")
    title = models.CharField(max_length=120)
    text = models.TextField()
    source = models.CharField(max_length=300)
    effective_from = models.DateField()
    active = models.BooleanField(default=True)

    class Meta:
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version", "language"], name="aftercaresheet_one_text_per_version"
            )
        ]

    def __str__(self):
        return f"{self.title}, version {self.version}"
