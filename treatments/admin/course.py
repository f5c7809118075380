"""One course in the admin, to read: what was agreed and where it stands, in the clinic's words."""

from django.contrib import admin
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.actions.patients import open_patient
from clinic.scheduling.reasons import count_words
from clinic.templatetags.needlepoint import day_year
from treatments.models import PlannedSession, PlanZone

PARTS = "admin/treatments/treatmentplan"
STOPPED = ("Why it ended", {"fields": ["ended"]})


class ReadOnlyInline(admin.TabularInline):
    """Rows to read; they change by the deeds of their course."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request, obj=None):
        """Say no."""
        return False


class PlanZoneInline(ReadOnlyInline):
    """Zones and depths agreed; changed on the course's own page."""

    model = PlanZone
    verbose_name_plural = "Zones"
    fields = readonly_fields = ["zone", "depth", "passes"]

    def get_queryset(self, request):
        """Join the zones."""
        return super().get_queryset(request).select_related("zone")

    @admin.display(description="Set depth")
    def depth(self, row):
        """Return the depth with its unit."""
        return f"{row.depth_mm.normalize():f} mm"


class PlannedSessionInline(ReadOnlyInline):
    """Sessions with their windows and dates; changed in the planner."""

    model = PlannedSession
    verbose_name_plural = "Sessions"
    fields = readonly_fields = ["session", "after", "booked_for", "done"]

    def get_queryset(self, request):
        """Join what `booked_for` prints."""
        return super().get_queryset(request).select_related("appointment__practitioner")

    @admin.display(description="Session")
    def session(self, row):
        """Return its number."""
        return row.number

    @admin.display(description="After the session before")
    def after(self, row):
        """Return the window in words; the first session has none."""
        return interval(row) if row.number > 1 else "The first one"

    @admin.display(description="Booked for")
    def booked_for(self, row):
        """Return day, time and practitioner of a booking."""
        return render_to_string(f"{PARTS}/_booking.html", {"session": row})

    @admin.display(description="Done")
    def done(self, row):
        """Return the day it was done."""
        return day_year(row.done_on) or "Not yet"


class CoursePage(admin.ModelAdmin):
    """The page of one course: everything to read, nothing to change by hand."""

    inlines = [PlannedSessionInline, PlanZoneInline]
    readonly_fields = ["whose", "what", "agreed", "number_of_sessions", "apart", "who", "booked_as",
                       "event", "remarks", "state_chip", "progress", "last_on", "due_on", "next_on",
                       "ended"]  # fmt: skip
    fieldsets = [
        ("What is agreed", {"fields": ["whose", "what", "agreed", "number_of_sessions", "apart",
                                       "event", "remarks"]}),
        ("How it is booked", {"fields": ["who", "booked_as"]}),
        ("Where it stands", {"fields": ["state_chip", "progress", "last_on", "due_on", "next_on"]}),
    ]  # fmt: skip

    def get_fieldsets(self, request, obj=None):
        """Add why a course was stopped."""
        fieldsets = super().get_fieldsets(request, obj)
        return [*fieldsets, STOPPED] if obj and obj.stopped_on else fieldsets

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show what was agreed, to read; seeing it is written into the audit."""
        plan = self.get_object(request, object_id)
        if plan:
            open_patient(pk=plan.patient_id, clinic=request.clinic, category="note",
                         at=timezone.now(), by=request.user)  # fmt: skip
        shown = {"show_save": False, "show_save_and_continue": False, "title": "Course"}
        return super().change_view(request, object_id, form_url, (extra_context or {}) | shown)

    @admin.display(description="Patient")
    def whose(self, plan):
        """Return whose course it is."""
        return plan.patient

    @admin.display(description="Treated")
    def what(self, plan):
        """Return the protocol."""
        return plan.protocol

    @admin.display(description="Agreed on")
    def agreed(self, plan):
        """Return the day of the agreement."""
        return day_year(plan.agreed_on)

    @admin.display(description="Sessions")
    def number_of_sessions(self, plan):
        """Return how many sessions were agreed."""
        return plan.sessions_planned

    @admin.display(description="Days between sessions")
    def apart(self, plan):
        """Return the agreed interval in words."""
        return interval(plan)

    @admin.display(description="Date that matters")
    def event(self, plan):
        """Return the event with its calm days."""
        calm = f", {count_words(plan.calm_days, 'calm day')} before it" if plan.calm_days else ""
        return f"{day_year(plan.event_on)}{calm}" if plan.event_on else "None"

    @admin.display(description="Notes")
    def remarks(self, plan):
        """Return the notes."""
        return plan.notes or "None"

    @admin.display(description="Practitioner")
    def who(self, plan):
        """Return who treats."""
        return plan.practitioner or "Whoever is free"

    @admin.display(description="Booked as")
    def booked_as(self, plan):
        """Return the service."""
        return plan.service

    @admin.display(description="Stopped")
    def ended(self, plan):
        """Return when and why it was stopped."""
        return f"{day_year(plan.stopped_on)}: {plan.stopped_because}"


def interval(row) -> str:
    """Return the window of a course or session: "28 to 42 days, ideally 35"."""
    return f"{row.gap_days_min} to {row.gap_days_max} days, ideally {row.gap_days_ideal}"
