"""Devices, products with their limits, and lots."""

from django.contrib import admin

from clinic.admin.walls import ClinicWall
from clinic.admin.words import between, column
from treatments.admin.protocols import KNOWN, CatalogueAdmin
from treatments.models import Active, AreaDose, Device, DeviceModel, DoseLimit, Lot, Product


class ActiveInline(admin.TabularInline):
    """What the cream contains."""

    model = Active
    extra = 0


class DoseLimitInline(admin.StackedInline):
    """What its label allows."""

    model = DoseLimit
    extra = 0
    fieldsets = [
        (None, {"fields": ["label", ("min_age_months", "max_age_months", "min_weight_kg"),
                           ("max_g", "max_area_cm2", "max_g_per_10cm2"), ("min_minutes", "max_minutes"),
                           ("source", "effective_from")]}),
    ]  # fmt: skip


class AreaDoseInline(admin.TabularInline):
    """Grams by area, where the label gives a table."""

    model = AreaDose
    extra = 0


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    """Creams, serums, ointments, antiseptics and cartridges."""

    many, one = "Products", "Product"
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
    autocomplete_fields = ["device_model"]
    fieldsets = [
        (None, {"fields": ["kind", "name", "maker", "unit", "active"]}),
        ("On the skin", {"fields": ["route_allowed", ("sterile", "single_dose", "human_origin"),
                                    "contains", "warning"]}),
        ("Anaesthetic", {"fields": [("occlusion", "has_label_cap", "house_limit_mg_per_kg")],
                         "description": "Its actives and limits are the tables below."}),
        ("Cartridge", {"fields": [("device_model", "needle_count")]}),
        ("Where the figures come from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip

    def get_inlines(self, request, obj):
        """Show actives and limits for anaesthetics only."""
        numbs = obj is not None and obj.kind == Product.Kind.ANAESTHETIC
        return [ActiveInline, DoseLimitInline, AreaDoseInline] if numbs else []


@admin.register(DeviceModel)
class DeviceModelAdmin(CatalogueAdmin):
    """Kinds of device and what they can be set to."""

    many, one = "Device models", "Device model"
    list_display = ["name", "manufacturer", "kind", "depths", "step", "evaluated", "active"]
    depths = between("depth_min_mm", "depth_max_mm", "Depth", "mm")
    step = column("depth_step_mm", "In steps of", "mm")
    evaluated = column("evaluated_depth_max_mm", "Evaluated up to", "mm")
    list_filter = ["kind", "active"]
    search_fields = ["name", "manufacturer"]


@admin.register(Device)
class DeviceAdmin(ClinicWall, CatalogueAdmin):
    """The clinic's handpieces."""

    many, one = "Devices", "Device"
    list_display = ["name", "model", "serial", "clinic", "service_due_on", "retired_on"]
    list_filter = ["model"]
    list_select_related = ["model", "clinic"]
    search_fields = ["name", "serial"]
    autocomplete_fields = ["model"]


@admin.register(Lot)
class LotAdmin(ClinicWall, CatalogueAdmin):
    """Deliveries on the shelf; a lot in doubt is set aside with its reason."""

    many, one = "Lots", "Lot"
    list_display = ["product", "number", "expires_on", "received_on", "quarantined_at", "clinic"]
    list_filter = ["product__kind", "expires_on"]
    list_select_related = ["product", "clinic"]
    search_fields = ["number", "product__name"]
    autocomplete_fields = ["product"]
    date_hierarchy = "expires_on"
