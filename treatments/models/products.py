"""What is used: devices, products with their limits, and lots."""

from datetime import date

from django.db import models
from django.db.models import F, FilteredRelation, Q

from clinic.models import Clinic, Resource
from clinic.models.constraints import all_or_none
from treatments.models.protocols import Sourced


class DeviceModel(Sourced):
    """A kind of needling device and what it can be set to."""

    class Kind(models.TextChoices):
        PEN = "pen", "Pen"
        ROLLER = "roller", "Roller"
        STAMP = "stamp", "Stamp"
        RF = "rf", "RF microneedling"

    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PEN)
    manufacturer = models.CharField(max_length=80)
    name = models.CharField(max_length=80)
    depth_min_mm = models.DecimalField(max_digits=4, decimal_places=2)
    depth_max_mm = models.DecimalField(max_digits=4, decimal_places=2)
    depth_step_mm = models.DecimalField(max_digits=4, decimal_places=2)
    evaluated_depth_max_mm = models.DecimalField(
        max_digits=4, decimal_places=2, null=True, blank=True,
        help_text="The deepest setting whose safety was evaluated, from the manual.",
    )  # fmt: skip
    speeds = models.JSONField(default=list, blank=True, help_text="Settings offered, e.g. [7000].")
    speed_unit = models.CharField(max_length=12, default="rpm")

    class Meta:
        ordering = ["manufacturer", "name"]
        constraints = [
            models.UniqueConstraint(fields=["manufacturer", "name"], name="devicemodel_once"),
            models.CheckConstraint(
                condition=Q(depth_min_mm__lte=F("depth_max_mm"), depth_step_mm__gt=0),
                name="devicemodel_depths_in_order",
            ),
        ]

    def __str__(self):
        return f"{self.manufacturer} {self.name}"

    def speed_instead(self, speed: int | None, *, was: "DeviceModel | None") -> int | None:
        """Return the speed to set here where `speed` was set on another device, of model `was`.

        A speed this model does not offer is no setting of it; the only one there is needs no choice.
        """
        if speed in self.speeds or (was == self and not self.speeds):
            return speed
        return self.speeds[0] if len(self.speeds) == 1 else None


class Device(models.Model):
    """One handpiece: the unit that is booked, cleaned and, if need be, withdrawn."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="devices")
    model = models.ForeignKey(DeviceModel, models.PROTECT, related_name="devices")
    serial = models.CharField(max_length=40)
    name = models.CharField(max_length=80)
    resource = models.OneToOneField(
        Resource, models.PROTECT, null=True, blank=True, related_name="device",
        help_text="Its place in the diary.",
    )  # fmt: skip
    service_due_on = models.DateField(null=True, blank=True)
    retired_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["model", "serial"], name="device_one_serial")
        ]

    def __str__(self):
        return self.name


class ProductQuerySet(models.QuerySet):
    """Questions about products."""

    def offered(self, *kinds):
        """Return active products of these kinds, by name."""
        return self.filter(active=True, kind__in=kinds).order_by("name", "pk")

    def with_limits(self):
        """Load what the dose rules read in one go."""
        return self.prefetch_related("actives", "limits", "area_table")

    def with_lots(self, clinic, *, today: date):
        """Return active products, once for each lot a clinic has on the shelf, or once without.

        `on_shelf` is that lot, missing where there is none; which and in which order as in
        `LotQuerySet.usable`.
        """
        usable = Q(lots__clinic=clinic, lots__quarantined_at__isnull=True)
        usable &= Q(lots__finished_on__isnull=True) | Q(lots__finished_on__gte=today)
        rows = self.filter(active=True).annotate(
            on_shelf=FilteredRelation("lots", condition=usable)
        )
        expiry = F("on_shelf__expires_on").asc(nulls_last=True)
        return rows.select_related("on_shelf").order_by(
            "kind", "name", "pk", expiry, "on_shelf__pk"
        )


class Product(Sourced):
    """Something put on or into the skin, or a cartridge."""

    class Kind(models.TextChoices):
        ANAESTHETIC = "anaesthetic", "Anaesthetic"
        SERUM = "serum", "Serum"
        OINTMENT = "ointment", "Ointment"
        CLEANSER = "cleanser", "Cleanser"
        ANTISEPTIC = "antiseptic", "Antiseptic"
        CARTRIDGE = "cartridge", "Cartridge"

    class Route(models.TextChoices):
        INTACT_SKIN = "INTACT_SKIN", "Intact skin only"
        OPEN_CHANNELS = "OPEN_CHANNELS", "May enter open channels"
        INTRADERMAL = "INTRADERMAL", "Made for the dermis"

    class Contains(models.TextChoices):
        """What a rule about routes reads (treatments/safety/routes.py)."""

        VITAMIN_C = "vitamin C", "Vitamin C"
        RETINOID = "retinoid", "Retinoid"
        ACID = "acid", "Acid"
        FRAGRANCE = "fragrance", "Fragrance"
        SUNSCREEN = "chemical sunscreen", "Chemical sunscreen"
        EXOSOME = "exosome", "Exosomes"

    class Occlusion(models.TextChoices):
        REQUIRED = "required", "Under a dressing"
        OPTIONAL = "optional", "With or without a dressing"
        NONE = "none", "No dressing"

    kind = models.CharField(max_length=12, choices=Kind)
    name = models.CharField(max_length=120, unique=True)
    maker = models.CharField(max_length=80, blank=True)
    route_allowed = models.CharField(max_length=16, choices=Route, default=Route.INTACT_SKIN)
    sterile = models.BooleanField(default=False)
    single_dose = models.BooleanField(default=False)
    human_origin = models.BooleanField("of human origin", default=False)
    contains = models.JSONField(
        default=list, blank=True,
        help_text="Groups a rule reads: vitamin C, retinoid, acid, fragrance, chemical sunscreen, "
        "exosome.",
    )  # fmt: skip
    unit = models.CharField(max_length=4, default="mL", choices=[("mL", "mL"), ("g", "g")])
    warning = models.CharField(max_length=300, blank=True)
    # Anaesthetics
    occlusion = models.CharField(max_length=8, choices=Occlusion, default=Occlusion.NONE)
    has_label_cap = models.BooleanField(default=False, help_text="The label names a largest dose.")
    house_limit_mg_per_kg = models.DecimalField(
        max_digits=6, decimal_places=2, null=True, blank=True,
        help_text="Applied, per active; for products whose label names no largest dose.",
    )  # fmt: skip
    # Cartridges
    device_model = models.ForeignKey(
        DeviceModel, models.PROTECT, null=True, blank=True, related_name="cartridges"
    )
    needle_count = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="anaesthetic") | Q(house_limit_mg_per_kg__isnull=True),
                name="product_house_limit_is_for_anaesthetics",
            )
        ]

    def __str__(self):
        return self.name


class Active(models.Model):
    """One active of an anaesthetic and its strength."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="actives")
    name = models.CharField(max_length=24)
    mg_per_g = models.DecimalField(max_digits=6, decimal_places=2)
    chemical_class = models.CharField(
        max_length=5, choices=[("amide", "Amide"), ("ester", "Ester")]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "name"], name="active_once"),
            models.CheckConstraint(condition=Q(mg_per_g__gt=0), name="active_has_strength"),
        ]

    def __str__(self):
        return f"{self.name} {self.mg_per_g} mg/g"


class DoseLimit(models.Model):
    """One row of a label: the most grams, area and minutes for an age and weight."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="limits")
    label = models.CharField(max_length=80)  # Adults; 7 to 12 years …
    min_age_months = models.PositiveSmallIntegerField(null=True, blank=True)
    max_age_months = models.PositiveSmallIntegerField(null=True, blank=True)
    min_weight_kg = models.DecimalField(max_digits=5, decimal_places=1, null=True, blank=True)
    max_g = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    max_area_cm2 = models.DecimalField(max_digits=7, decimal_places=1, null=True, blank=True)
    max_g_per_10cm2 = models.DecimalField(
        "thickest layer, g per 10 cm²", max_digits=5, decimal_places=2, null=True, blank=True
    )
    min_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    max_minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    source = models.CharField(max_length=300)
    effective_from = models.DateField()

    class Meta:
        ordering = ["product", "min_age_months"]

    def __str__(self):
        return f"{self.product}: {self.label}"


class AreaDose(models.Model):
    """One row of a label that gives grams by area."""

    product = models.ForeignKey(Product, models.CASCADE, related_name="area_table")
    area_cm2 = models.DecimalField(max_digits=7, decimal_places=1)
    grams = models.DecimalField(max_digits=6, decimal_places=2)
    source = models.CharField(max_length=300)

    class Meta:
        ordering = ["product", "area_cm2"]
        constraints = [
            models.UniqueConstraint(fields=["product", "area_cm2"], name="areadose_once")
        ]

    def __str__(self):
        return f"{self.area_cm2} cm²: {self.grams} g"


class LotQuerySet(models.QuerySet):
    """Questions about lots."""

    def usable(self, clinic, *kinds, today: date):
        """Return lots on the shelf: not quarantined, not finished; the oldest expiry first.

        Expired lots stay in the list, marked: hiding one makes staff type another's number.
        """
        return (
            self.filter(clinic=clinic, product__kind__in=kinds, product__active=True)
            .filter(quarantined_at__isnull=True)
            .filter(Q(finished_on__isnull=True) | Q(finished_on__gte=today))
            .select_related("product")
            .order_by("product__name", F("expires_on").asc(nulls_last=True), "pk")
        )


class Lot(models.Model):
    """One delivery of a product: the unit that is recalled."""

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="lots")
    product = models.ForeignKey(Product, models.PROTECT, related_name="lots")
    number = models.CharField("lot number", max_length=40)
    expires_on = models.DateField(null=True, blank=True)
    received_on = models.DateField()
    opened_on = models.DateField(null=True, blank=True)
    finished_on = models.DateField(null=True, blank=True)
    quarantined_at = models.DateTimeField(null=True, blank=True)
    quarantined_because = models.CharField(max_length=200, blank=True)

    objects = LotQuerySet.as_manager()

    class Meta:
        ordering = ["product", "expires_on", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["clinic", "product", "number"], name="lot_once"),
            models.CheckConstraint(
                condition=all_or_none("quarantined_at", blank=("quarantined_because",)),
                name="lot_quarantined_with_reason",
                violation_error_message="Say why this lot is set aside.",
            ),
        ]

    def __str__(self):
        return f"{self.product} {self.number}"
