"""Protocols, zones, views and aftercare sheets: the lead's knowledge, with its sources."""

from django.contrib import admin
from django.utils import timezone

from clinic.actions.audit import record
from treatments.models import AftercareSheet, Protocol, Threshold, View, Zone


class CatalogueAdmin(admin.ModelAdmin):
    """A catalogue row: retired by `active`, never deleted, every change in the audit."""

    def has_delete_permission(self, request, obj=None):
        """Say no: old courses and records point here; retire the row instead."""
        return False

    def save_model(self, request, obj, form, change):
        """Save and write the names of the changed fields into the audit."""
        super().save_model(request, obj, form, change)
        verb = "changed" if change else "added"
        record(
            f"catalogue.{verb}", obj, clinic=request.clinic, at=timezone.now(), by=request.user,
            details={"fields": form.changed_data},
        )  # fmt: skip


@admin.register(Zone)
class ZoneAdmin(CatalogueAdmin):
    """Body zones with usual depth and cap."""

    list_display = ["name", "code", "region", "depth_min_mm", "depth_max_mm", "depth_cap_mm",
                    "body_fraction", "active"]  # fmt: skip
    list_filter = ["region", "active"]
    search_fields = ["name", "code"]


@admin.register(View)
class ViewAdmin(CatalogueAdmin):
    """Standard photo views."""

    list_display = ["name", "code", "region", "order", "active"]
    list_filter = ["region", "active"]
    search_fields = ["name", "code"]


@admin.register(Protocol)
class ProtocolAdmin(CatalogueAdmin):
    """The clinic's defaults for an indication."""

    list_display = ["name", "depth_default_mm", "sessions_default", "gap_days_min",
                    "gap_days_ideal", "gap_days_max", "active"]  # fmt: skip
    list_filter = ["region", "modality", "active"]
    search_fields = ["name", "code"]
    filter_horizontal = ["zones"]
    fieldsets = [
        (None, {"fields": ["name", "code", "region", "modality", "active"]}),
        ("Needles", {"fields": [("depth_min_mm", "depth_default_mm", "depth_max_mm"),
                                ("passes_min", "passes_default", "passes_max"), "endpoint"]}),
        ("Course", {"fields": [("sessions_min", "sessions_default", "sessions_max"),
                               ("gap_days_min", "gap_days_ideal", "gap_days_max"),
                               ("review_after", "yearly_max", "calm_days")]}),
        ("Expectation", {"fields": [("first_change", "final_outcome")]}),
        ("Zones", {"fields": ["zones"]}),
        ("Where the figures come from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip


@admin.register(Threshold)
class ThresholdAdmin(CatalogueAdmin):
    """Limits of the house; a new figure is a new row from its own day on."""

    list_display = ["code", "value", "effective_from", "source", "active"]
    list_filter = ["active"]
    search_fields = ["code", "source"]

    def get_readonly_fields(self, request, obj=None):
        """Freeze figures that sessions may already have been checked against."""
        return ["code", "value", "effective_from", "source"] if obj else []


@admin.register(AftercareSheet)
class AftercareSheetAdmin(CatalogueAdmin):
    """Aftercare sheets; a text in use stays as it is and a new version replaces it."""

    list_display = ["title", "code", "version", "language", "effective_from", "active"]
    list_filter = ["language", "active"]
    search_fields = ["title", "code"]

    def get_readonly_fields(self, request, obj=None):
        """Freeze what patients may already have been handed."""
        return ["code", "version", "language", "title", "text"] if obj else []
