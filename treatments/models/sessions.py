"""What was done: the session record. Draft, then signed, then only amended.

The database freezes a signed record and every row that belongs to it (house promise 3); what is
learned later goes into addenda, and a record made by mistake is struck out, never removed.
"""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from clinic.models import Appointment, Clinic, Patient, Resource
from clinic.models.constraints import AppendOnly, Frozen, FrozenWith
from treatments.models.planned import PlannedSession
from treatments.models.plans import TreatmentPlan
from treatments.models.products import Device, Lot, Product
from treatments.models.protocols import AftercareSheet, Zone

SIGNED = ("signed", "entered_in_error")


class TreatmentSessionQuerySet(models.QuerySet):
    """Questions about session records."""

    def of(self, clinic):
        """Keep the records of one clinic."""
        return self.filter(clinic=clinic)

    def valid(self):
        """Keep what counts in sums and intervals: signed and not struck out."""
        return self.filter(status=TreatmentSession.Status.SIGNED)

    def standing(self):
        """Keep drafts and signed records; those struck out stay to be read and count no more."""
        return self.exclude(status=TreatmentSession.Status.ENTERED_IN_ERROR)

    def for_links(self):
        """Load what a link to a record asks for, and none of its content."""
        return self.only("appointment_id", "planned_session_id", "status")

    def for_story(self):
        """Load a record with all its parts, newest first."""
        return (
            self.select_related("practitioner", "device__model", "plan__protocol", "signed_by",
                                "planned_session", "aftercare_sheet")
            .prefetch_related("zones__zone", "numbing__product", "numbing__lot",
                              "products__product", "products__lot", "addenda__by",
                              "cartridges__lot__product")
            .order_by("-performed_on", "-pk")
        )  # fmt: skip


class TreatmentSession(models.Model):
    """What was done to one patient on one day (FHIR Procedure)."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SIGNED = "signed", "Signed"
        ENTERED_IN_ERROR = "entered_in_error", "Entered by mistake"

    class Reaction(models.IntegerChoices):
        NONE = 0, "None"
        FAINT = 1, "Faint redness"
        UNIFORM = 2, "Even redness"
        BLEEDING = 3, "Redness, scattered pinpoint bleeding"
        PINPOINT = 4, "Even pinpoint bleeding"
        EXCESS = 5, "Excess bleeding or oozing"
        WHEALS = 6, "Wheal-like papules (RF)"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="sessions")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="sessions")
    plan = models.ForeignKey(
        TreatmentPlan, models.PROTECT, null=True, blank=True, related_name="records"
    )
    planned_session = models.ForeignKey(
        PlannedSession, models.PROTECT, null=True, blank=True, related_name="records"
    )
    appointment = models.ForeignKey(
        Appointment, models.PROTECT, null=True, blank=True, related_name="records"
    )
    practitioner = models.ForeignKey(Resource, models.PROTECT, related_name="+")
    device = models.ForeignKey(Device, models.PROTECT, null=True, blank=True, related_name="+")
    status = models.CharField(max_length=16, choices=Status, default=Status.DRAFT)
    performed_on = models.DateField()
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    needling_started_at = models.DateTimeField(null=True, blank=True)

    skin_cleansed = models.BooleanField(null=True, blank=True)
    cleansed_with = models.ForeignKey(
        Product, models.PROTECT, null=True, blank=True, related_name="+"
    )
    skin_intact = models.BooleanField(null=True, blank=True)
    no_numbing_because = models.CharField(max_length=200, blank=True)
    other_anaesthetic_24h = models.CharField(
        max_length=200, blank=True, help_text="Any other local anaesthetic in the last 24 hours."
    )
    other_anaesthetic_asked = models.BooleanField(default=False)
    pain_nrs = models.PositiveSmallIntegerField("pain, 0 to 10", null=True, blank=True)
    reaction = models.PositiveSmallIntegerField(
        "skin reaction", choices=Reaction, null=True, blank=True
    )
    cartridge_discarded = models.BooleanField("Cartridge in the sharps bin", default=False)
    notes = models.TextField(blank=True)
    aftercare_sheet = models.ForeignKey(
        AftercareSheet, models.PROTECT, null=True, blank=True, related_name="+"
    )
    aftercare_explained = models.BooleanField(default=False)

    saved_at = models.DateTimeField(null=True)
    saved_by = models.ForeignKey("clinic.User", models.PROTECT, null=True, related_name="+")
    version = models.PositiveIntegerField(default=1)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    signed_content = models.JSONField(null=True, blank=True)  # the whole record as signed
    signed_hash = models.CharField(max_length=64, blank=True)
    findings = models.JSONField(null=True, blank=True)  # as shown when signing, with answers
    rules_version = models.CharField(max_length=24, blank=True)
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    struck_because = models.CharField(max_length=300, blank=True)

    objects = TreatmentSessionQuerySet.as_manager()

    class Meta:
        verbose_name = "session record"
        constraints = [
            models.UniqueConstraint(
                fields=["planned_session"], condition=~Q(status="entered_in_error"),
                name="treatmentsession_one_per_planned_session",
                violation_error_message="This session of the course has a record.",
            ),
            models.UniqueConstraint(
                fields=["appointment"], condition=~Q(status="entered_in_error"),
                name="treatmentsession_one_per_appointment",
                violation_error_message="This visit has a session record.",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="draft", signed_at__isnull=True, signed_by__isnull=True)
                    & Q(signed_content__isnull=True, signed_hash="")
                )
                | (
                    Q(status__in=SIGNED, signed_at__isnull=False, signed_by__isnull=False)
                    & Q(signed_content__isnull=False, findings__isnull=False)
                    & ~Q(signed_hash="")
                )
                | Q(status="entered_in_error", signed_at__isnull=True, signed_by__isnull=True),
                name="treatmentsession_signed_with_evidence",
            ),
            models.CheckConstraint(
                condition=(
                    Q(status="entered_in_error", struck_at__isnull=False, struck_by__isnull=False)
                    & ~Q(struck_because="")
                )
                | (
                    ~Q(status="entered_in_error")
                    & Q(struck_at__isnull=True, struck_by__isnull=True, struck_because="")
                ),
                name="treatmentsession_struck_with_reason",
                violation_error_message="Say why this record is a mistake.",
            ),
            models.CheckConstraint(
                condition=Q(pain_nrs__isnull=True) | Q(pain_nrs__lte=10),
                name="treatmentsession_pain_0_to_10",
                violation_error_message="Pain goes from 0 to 10.",
            ),
            Frozen(
                column="status", values=SIGNED,
                mutable=("struck_at", "struck_by", "struck_because", "version"),
                moves=(("signed", "entered_in_error"),),
                name="treatmentsession_signed_stays",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["patient", "performed_on"], name="session_patient_day")]

    def __str__(self):
        return f"Session record of {self.performed_on}"

    def get_absolute_url(self):
        """Return the page of the record."""
        return reverse("session_record", args=[self.pk])

    @property
    def is_draft(self) -> bool:
        """Say whether the record can still be written."""
        return self.status == self.Status.DRAFT

    @property
    def stands(self) -> bool:
        """Say whether the record was not struck out; an appointment has one that stands at most."""
        return self.status != self.Status.ENTERED_IN_ERROR


def standing_record(row: Appointment | PlannedSession) -> TreatmentSession | None:
    """Return the record that stands of an appointment or of a session of a course.

    Asks nothing where `records` is prefetched.
    """
    return next((record for record in row.records.all() if record.stands), None)


def _with_session(name: str) -> FrozenWith:
    return FrozenWith(parent="session", column="status", values=SIGNED, name=name)


class ZoneTreatment(models.Model):
    """What was done in one body zone. `depth_mm` is the set depth, never the depth reached."""

    session = models.ForeignKey(TreatmentSession, models.CASCADE, related_name="zones")
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="+")
    depth_mm = models.DecimalField("set depth", max_digits=4, decimal_places=2)
    passes = models.PositiveSmallIntegerField(null=True, blank=True)
    speed = models.PositiveIntegerField(null=True, blank=True)
    endpoint = models.PositiveSmallIntegerField(
        choices=TreatmentSession.Reaction, null=True, blank=True
    )

    class Meta:
        ordering = ["zone__order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["session", "zone"], name="zonetreatment_once"),
            models.CheckConstraint(
                condition=Q(depth_mm__gt=0, depth_mm__lte=4), name="zonetreatment_depth_of_a_needle",
                violation_error_message="Set depth is above 0 and at most 4 mm.",
            ),
            _with_session("zonetreatment_frozen"),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.zone} {self.depth_mm} mm"


class CartridgeUse(models.Model):
    """A needle cartridge used in a session; a second one when it was changed."""

    session = models.ForeignKey(TreatmentSession, models.CASCADE, related_name="cartridges")
    lot = models.ForeignKey(Lot, models.PROTECT, related_name="cartridge_uses")

    class Meta:
        ordering = ["pk"]
        constraints = [_with_session("cartridgeuse_frozen")]

    def __str__(self):
        return str(self.lot)


class AnaestheticApplication(models.Model):
    """Numbing cream put on, and taken off."""

    session = models.ForeignKey(TreatmentSession, models.CASCADE, related_name="numbing")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="+")
    amount_g = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    zone_codes = models.JSONField(default=list, blank=True)  # in the row, so signing freezes them
    area_cm2 = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    occluded = models.BooleanField(default=False)
    heat_used = models.BooleanField(default=False)
    prescription_ref = models.CharField(max_length=80, blank=True)

    class Meta:
        ordering = ["applied_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_g__isnull=True) | Q(amount_g__gt=0),
                name="anaestheticapplication_some_grams",
                violation_error_message="Grams are above 0.",
            ),
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(removed_at__gte=F("applied_at")),
                name="anaestheticapplication_off_after_on",
                violation_error_message="Cream cannot come off before it goes on.",
            ),
            _with_session("anaestheticapplication_frozen"),
        ]

    def __str__(self):
        return f"{self.product} {self.amount_g or '?'} g"


class ProductUse(models.Model):
    """A serum or ointment used, with its lot and phase."""

    class Phase(models.TextChoices):
        BEFORE = "BEFORE", "Before"
        DURING = "DURING", "During"
        AFTER = "AFTER", "After"

    session = models.ForeignKey(TreatmentSession, models.CASCADE, related_name="products")
    product = models.ForeignKey(Product, models.PROTECT, related_name="+")
    lot = models.ForeignKey(Lot, models.PROTECT, null=True, blank=True, related_name="product_uses")
    phase = models.CharField(max_length=6, choices=Phase)
    amount = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    unit = models.CharField(max_length=4, choices=[("mL", "mL"), ("g", "g")], default="mL")

    class Meta:
        ordering = ["phase", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0), name="productuse_some_amount",
                violation_error_message="Amounts are above 0.",
            ),
            _with_session("productuse_frozen"),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.product} {self.get_phase_display().lower()}"


class FindingAnswer(models.Model):
    """Why a finding was passed: a reason for a warning, a lead's override for a stop."""

    session = models.ForeignKey(TreatmentSession, models.CASCADE, related_name="answers")
    finding_key = models.CharField(max_length=120)
    level = models.CharField(max_length=4, choices=[("STOP", "Stop"), ("WARN", "Warning")])
    reason = models.CharField(max_length=300)
    figures = models.JSONField(default=dict)  # the answer holds for these figures only
    by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["session", "finding_key"], name="findinganswer_one_per_finding"
            ),
            models.CheckConstraint(
                condition=~Q(reason=""), name="findinganswer_has_a_reason",
                violation_error_message="Give a reason.",
            ),
            _with_session("findinganswer_frozen"),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.finding_key}: {self.reason}"


class Addendum(models.Model):
    """Something learned after signing: its own author, time and reason."""

    session = models.ForeignKey(TreatmentSession, models.PROTECT, related_name="addenda")
    text = models.TextField()
    reason = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "addenda"
        ordering = ["at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(reason=""), name="addendum_says_what_and_why"
            ),
            AppendOnly(name="addendum_append_only"),
        ]

    def __str__(self):
        return f"Addendum of {self.at:%Y-%m-%d}"
