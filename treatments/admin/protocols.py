"""Protocols, zones, views and aftercare sheets: the lead's knowledge, with its sources."""

from django.contrib import admin
from django.utils import timezone

from clinic.actions.audit import record
from clinic.admin.words import PlainPage, between, column
from treatments.models import AftercareSheet, ConsentText, Protocol, Threshold, View, Zone

#: What rows of the catalogue have in common.
KNOWN = {
    "code": ("Short name", "Used in exports; stays as it is."),
    "region": ("Part of the body", ""),
    "source": ("Source", "Where these figures come from."),
    "effective_from": ("Holds from", ""),
    "active": ("In use", "Retired rows stay where courses and records name them."),
}


class CatalogueAdmin(PlainPage):
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

    heads = {"region": "Part of the body"}
    list_display = ["name", "region", "usual", "cap", "share", "active"]
    list_filter = ["region", "active"]
    search_fields = ["name", "code"]
    fieldsets = [
        (None, {"fields": [("name", "code"), ("region", "order"), "active"]}),
        ("How deep", {"fields": [("depth_min_mm", "depth_max_mm", "depth_cap_mm"), "forbidden"]}),
        ("How large", {"fields": ["body_fraction", "fraction_source"]}),
        ("Where the figures come from", {"fields": ["source", "effective_from", "note"]}),
    ]  # fmt: skip
    words = KNOWN | {
        "order": ("Place in lists", "Lower comes first."),
        "depth_min_mm": ("Usually from (mm)", ""),
        "depth_max_mm": ("Usually up to (mm)", ""),
        "depth_cap_mm": ("Never deeper than (mm)", "A record with more is stopped."),
        "forbidden": ("Never needled", ""),
        "body_fraction": ("Share of the body's surface", ""),
        "fraction_source": ("Source of the share", ""),
    }
    usual = between("depth_min_mm", "depth_max_mm", "Usual depth", "mm")
    cap = column("depth_cap_mm", "Never deeper than", "mm")

    @admin.display(description="Share of the body", ordering="body_fraction", empty_value="–")
    def share(self, row):
        """Return the share of the body's surface in percent."""
        return None if row.body_fraction is None else f"{(row.body_fraction * 100).normalize():f} %"


@admin.register(View)
class ViewAdmin(CatalogueAdmin):
    """Standard photo views."""

    words = KNOWN | {"order": ("Place in lists", "Lower comes first."), "guide": ("Guide", "")}
    heads = {"code": "Short name", "region": "Part of the body", "order": "Place in lists"}
    list_display = ["name", "code", "region", "order", "active"]
    list_filter = ["region", "active"]
    search_fields = ["name", "code"]


@admin.register(Protocol)
class ProtocolAdmin(CatalogueAdmin):
    """The clinic's defaults for an indication."""

    heads = {"region": "Part of the body", "modality": "Way of needling"}
    list_display = ["name", "course", "interval", "depth", "passes", "active"]
    list_filter = ["region", "modality", "active"]
    search_fields = ["name", "code"]
    fieldsets = [
        (None, {"fields": [("name", "code"), ("region", "modality"), "active"]}),
        ("How many sessions", {"fields": [
            ("sessions_min", "sessions_default", "sessions_max"), ("review_after", "yearly_max")]}),
        ("How far apart", {"fields": [("gap_days_min", "gap_days_ideal", "gap_days_max"),
                                      "calm_days"],
                           "description": "Days from one session to the next. The shortest is "
                                          "healing time and is never undercut."}),
        ("How deep", {"fields": [("depth_min_mm", "depth_default_mm", "depth_max_mm"),
                                 ("passes_min", "passes_default", "passes_max"), "endpoint"]}),
        ("What the device is authorised for", {"fields": ["labelled_from_years"]}),
        ("What to expect", {"fields": [("first_change", "final_outcome")]}),
        ("Which zones", {"fields": ["zones"]}),
        ("Where the figures come from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip
    words = KNOWN | {
        "modality": ("Way of needling", ""),
        "sessions_min": ("At least", ""),
        "sessions_default": ("Usually", "What a new course starts with."),
        "sessions_max": ("At most", ""),
        "review_after": ("Review after session", "Empty: no review in between."),
        "yearly_max": ("At most in 12 months", ""),
        "gap_days_min": ("Shortest (days)", ""),
        "gap_days_ideal": ("Ideal (days)", ""),
        "gap_days_max": ("Longest (days)", "Later than this a course is at risk."),
        "calm_days": ("Calm days before an event", ""),
        "labelled_from_years": (
            "Authorised from this age (years)",
            "Empty: the device is not authorised for this use; patients sign that they know.",
        ),
        "depth_min_mm": ("From (mm)", ""),
        "depth_default_mm": ("Usually (mm)", ""),
        "depth_max_mm": ("Up to (mm)", ""),
        "passes_min": ("Passes from", ""),
        "passes_default": ("Usually", ""),
        "passes_max": ("Up to", ""),
        "endpoint": ("Endpoint", "What the skin shows when it is enough."),
        "first_change": ("First change", ""),
        "final_outcome": ("Final outcome", ""),
    }
    course = column("sessions_default", "Sessions")
    interval = between("gap_days_min", "gap_days_max", "Days between", "days")
    depth = column("depth_default_mm", "Usual depth", "mm")
    passes = between("passes_min", "passes_max", "Passes")


@admin.register(Threshold)
class ThresholdAdmin(CatalogueAdmin):
    """Limits of the house; a new figure is a new row from its own day on."""

    words = KNOWN | {
        "code": ("Which limit", ""),
        "value": ("Figure", "In the unit the limit names."),
    }
    heads = {"code": "Which limit", "value": "Figure", "effective_from": "Holds from"}
    list_display = ["code", "value", "effective_from", "source", "active"]
    list_filter = ["active"]
    search_fields = ["code", "source"]

    def get_readonly_fields(self, request, obj=None):
        """Freeze figures that sessions may already have been checked against."""
        return ["code", "value", "effective_from", "source"] if obj else []


@admin.register(AftercareSheet)
class AftercareSheetAdmin(CatalogueAdmin):
    """Aftercare sheets; a text in use stays as it is and a new version replaces it."""

    words = KNOWN | {
        "version": ("Version", "One more than the one it replaces."),
        "language": ("Language", "en, de, fr …"),
        "text": ("Text", "As the patient reads it."),
    }
    heads = {"code": "Short name", "effective_from": "Holds from"}
    list_display = ["title", "code", "version", "language", "effective_from", "active"]
    list_filter = ["language", "active"]
    search_fields = ["title", "code"]

    def get_readonly_fields(self, request, obj=None):
        """Freeze what patients may already have been handed."""
        return ["code", "version", "language", "title", "text"] if obj else []


@admin.register(ConsentText)
class ConsentTextAdmin(CatalogueAdmin):
    """Texts patients agree to; a text stays as it is and a new version replaces it."""

    words = KNOWN | {
        "kind": ("What it is about", ""),
        "version": ("Version", "One more than the one it replaces; patients then sign anew."),
        "language": ("Language", "en, de, fr …"),
        "text": ("Text", "As the patient reads it. An empty line begins a new part; its first line "
                 "is its heading."),
        "source": ("Source", "What the text rests on, and who adopted it."),
    }  # fmt: skip
    heads = {"kind": "What it is about", "effective_from": "Holds from"}
    list_display = ["title", "kind", "version", "language", "effective_from", "source", "active"]
    list_filter = ["kind", "language", "active"]
    search_fields = ["title", "code"]
    fieldsets = [
        (None, {
            "fields": [("kind", "code"), ("version", "language"), "title", "text", "active"],
            "description": "The texts that come with Needlepoint hold facts with their sources and "
                           "are for the clinic's lead to adopt. To adopt or change one, add it as "
                           "the next version; what patients signed keeps the version they read.",
        }),
        ("Where it comes from", {"fields": ["source", "effective_from"]}),
    ]  # fmt: skip

    def get_readonly_fields(self, request, obj=None):
        """Freeze every text, as the database does; only its use can end."""
        frozen = ["kind", "code", "version", "language", "title", "text", "source"]
        return [*frozen, "effective_from"] if obj else []
