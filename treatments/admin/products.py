"""Devices, products with their limits, and lots."""

from datetime import timedelta

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone

from clinic.admin.walls import SeveralClinics
from clinic.admin.words import PlainWords, between, column
from treatments.admin.protocols import KNOWN, CatalogueAdmin
from treatments.forms.products import DeviceModelForm, ProductForm
from treatments.models import Active, AreaDose, Device, DeviceModel, DoseLimit, Lot, Product

SOON_DAYS = 30


class ActiveInline(PlainWords, admin.TabularInline):
    """What the cream contains."""

    model = Active
    extra = 0
    verbose_name, verbose_name_plural = "active substance", "What it contains"
    words = {"mg_per_g": ("Strength (mg per g)", "25 mg per g is 2.5 %.")}


class DoseLimitInline(PlainWords, admin.StackedInline):
    """What its label allows."""

    model = DoseLimit
    extra = 0
    verbose_name, verbose_name_plural = "limit", "What the label allows, by age and weight"
    words = {
        "label": ("For whom", ""),
        "min_age_months": ("From age (months)", ""),
        "max_age_months": ("Up to age (months)", "Empty: no upper age."),
        "min_weight_kg": ("From weight (kg)", ""),
        "max_g": ("At most (g)", ""),
        "max_area_cm2": ("On at most (cm²)", ""),
        "max_g_per_10cm2": ("At most (g per 10 cm²)", ""),
        "min_minutes": ("At least (min)", ""),
        "max_minutes": ("At most (min)", ""),
        "source": ("Source", "Where these figures come from."),
        "effective_from": ("Holds from", ""),
    }
    fieldsets = [
        (None, {"fields": ["label", ("min_age_months", "max_age_months", "min_weight_kg"),
                           ("max_g", "max_area_cm2", "max_g_per_10cm2"), ("min_minutes", "max_minutes"),
                           ("source", "effective_from")]}),
    ]  # fmt: skip


class AreaDoseInline(PlainWords, admin.TabularInline):
    """Grams by area, where the label gives a table."""

    model = AreaDose
    extra = 0
    verbose_name, verbose_name_plural = "row", "Grams by area, where the label gives a table"
    words = {"area_cm2": ("Area (cm²)", ""), "grams": ("Amount (g)", ""), "source": ("Source", "")}


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    """Creams, serums, ointments, antiseptics and cartridges."""

    form = ProductForm
    words = KNOWN | {
        "kind": ("What is it?", ""),
        "unit": ("Measured in", ""),
        "route_allowed": ("How it may be used", ""),
        "has_label_cap": ("The label names a highest amount", ""),
        "occlusion": ("Cover", "Whether the label wants it covered while it works."),
        "house_limit_mg_per_kg": ("Limit of the house (mg per kg)", ""),
        "device_model": ("Fits", ""),
        "needle_count": ("Needles", ""),
    }
    list_display = ["name", "kind", "route_allowed", "sterile", "has_label_cap", "active"]
    list_filter = ["kind", "route_allowed", "active"]
    search_fields = ["name", "maker"]
    list_select_related = ["device_model"]
    fieldsets = [
        (None, {"fields": ["kind", "name", "maker", "unit", "active"]}),
        ("On the skin", {"fields": ["route_allowed", ("sterile", "single_dose", "human_origin"),
                                    "contains", "warning"]}),
        ("Anaesthetic", {"fields": [("occlusion", "has_label_cap", "house_limit_mg_per_kg")],
                         "description": "Its actives and limits are the tables below."}),
        ("Cartridge", {"fields": [("device_model", "needle_count")]}),
        ("Where the figures come from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip

    def get_fieldsets(self, request, obj=None):
        """Leave out what belongs to other kinds of product; a new one may become any."""
        apart = {"Anaesthetic": Product.Kind.ANAESTHETIC, "Cartridge": Product.Kind.CARTRIDGE}
        rows = super().get_fieldsets(request, obj)
        return [row for row in rows if obj is None or apart.get(row[0], obj.kind) == obj.kind]

    def get_inlines(self, request, obj):
        """Show actives and limits for anaesthetics only."""
        numbs = obj is not None and obj.kind == Product.Kind.ANAESTHETIC
        return [ActiveInline, DoseLimitInline, AreaDoseInline] if numbs else []


@admin.register(DeviceModel)
class DeviceModelAdmin(CatalogueAdmin):
    """Kinds of device and what they can be set to."""

    form = DeviceModelForm
    words = KNOWN | {
        "kind": ("What is it?", ""),
        "manufacturer": ("Maker", ""),
        "depth_min_mm": ("From (mm)", ""),
        "depth_max_mm": ("Up to (mm)", ""),
        "depth_step_mm": ("In steps of (mm)", ""),
        "evaluated_depth_max_mm": ("Evaluated up to (mm)", ""),
        "speed_unit": ("Measured in", ""),
    }
    heads = {"manufacturer": "Maker"}
    fieldsets = [
        (None, {"fields": [("manufacturer", "name"), "kind", "active"]}),
        ("How deep it can be set", {"fields": [("depth_min_mm", "depth_max_mm", "depth_step_mm"),
                                               "evaluated_depth_max_mm"]}),
        ("How fast", {"fields": [("speeds", "speed_unit")]}),
        ("Where the figures come from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip
    list_display = ["name", "manufacturer", "kind", "depths", "step", "evaluated", "active"]
    depths = between("depth_min_mm", "depth_max_mm", "Depth", "mm")
    step = column("depth_step_mm", "In steps of", "mm")
    evaluated = column("evaluated_depth_max_mm", "Evaluated up to", "mm")
    list_filter = ["kind", "active"]
    search_fields = ["name", "manufacturer"]


@admin.register(Device)
class DeviceAdmin(SeveralClinics, CatalogueAdmin):
    """The clinic's handpieces."""

    words = {
        "model": ("Kind of device", ""),
        "serial": ("Serial number", ""),
        "name": ("Name", "As it is called in the clinic."),
        "resource": ("In the diary as", "Empty: it is not booked by itself."),
        "service_due_on": ("Next service due", ""),
        "retired_on": ("Out of use since", "Empty: in use."),
    }
    heads = {"model": "Kind of device", "serial": "Serial number",
             "service_due_on": "Next service due", "retired_on": "Out of use since"}  # fmt: skip
    list_display = ["name", "model", "serial", "service_due_on", "retired_on"]
    list_filter = ["model"]
    list_select_related = ["model", "clinic"]
    search_fields = ["name", "serial"]


class ShelfLife(admin.SimpleListFilter):
    """Which lots have expired or soon will."""

    title, parameter_name = "expiry", "expiry"

    def lookups(self, request, model_admin):
        """Return the choices."""
        return [("over", "Expired"), ("soon", f"Within {SOON_DAYS} days"), ("later", "Later"),
                ("open", "No date")]  # fmt: skip

    def queryset(self, request, queryset):
        """Keep the lots of the choice."""
        today = timezone.localdate()
        soon = today + timedelta(days=SOON_DAYS)
        wanted = {
            "over": Q(expires_on__lt=today), "soon": Q(expires_on__range=(today, soon)),
            "later": Q(expires_on__gt=soon), "open": Q(expires_on=None),
        }  # fmt: skip
        return queryset.filter(wanted[self.value()]) if self.value() in wanted else queryset


@admin.register(Lot)
class LotAdmin(SeveralClinics, CatalogueAdmin):
    """Deliveries on the shelf; a lot in doubt is set aside with its reason."""

    words = {
        "number": ("Lot number", "As it is printed on the pack."),
        "expires_on": ("Expires on", ""),
        "received_on": ("Received on", ""),
        "opened_on": ("Opened on", ""),
        "finished_on": ("Used up on", ""),
        "quarantined_at": ("Set aside since", "Empty: it may be used."),
        "quarantined_because": ("Why it is set aside", "Needed as soon as it is set aside."),
    }
    heads = {"number": "Lot number", "expires_on": "Expires on", "product__kind": "kind"}
    fieldsets = [
        (None, {"fields": ["clinic", "product", "number"]}),
        ("On the shelf", {"fields": [("received_on", "expires_on"), ("opened_on", "finished_on")]}),
        ("In doubt", {"fields": [("quarantined_at", "quarantined_because")]}),
    ]
    list_display = ["product", "number", "expires_on", "set_aside"]
    list_filter = ["product__kind", ShelfLife]
    list_select_related = ["product", "clinic"]
    search_fields = ["number", "product__name"]

    @admin.display(description="Set aside", ordering="quarantined_at", empty_value="–")
    def set_aside(self, row):
        """Return the day a lot was set aside."""
        return row.quarantined_at and row.clinic.local_date(row.quarantined_at)
