"""Resources with their hours, dated exceptions, and services with their phases."""

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Case, When
from django.template.loader import render_to_string
from django.utils import timezone

from clinic.actions.absences import booked_into
from clinic.admin.audited import PartInline, SettingAdmin
from clinic.admin.walls import led_by, units_for
from clinic.admin.words import PlainPage, PlainWords, column
from clinic.forms.settings import (
    CompetenceForm,
    ExceptionForm,
    HoursForm,
    PhaseForm,
    PhaseFormSet,
)
from clinic.models import (
    Competence,
    HoursException,
    Resource,
    Service,
    ServicePhase,
    User,
    WeeklyHours,
)
from clinic.templatetags.desk import clock, visit_strip
from clinic.templatetags.needlepoint import day_year


class WeeklyHoursInline(PlainWords, PartInline):
    """When a resource can be booked, week by week."""

    model = WeeklyHours
    form = HoursForm
    verbose_name, verbose_name_plural = "row of hours", "Weekly hours"
    fields = ["weekday", "from_min", "to_min", "valid_from", "valid_to"]
    words = {
        "weekday": ("Weekday", ""),
        "valid_from": ("Holds from", "Empty: from the beginning."),
        "valid_to": ("Holds until", "Empty: without an end."),
    }


@admin.register(Resource)
class ResourceAdmin(PlainPage, SettingAdmin):
    """Practitioners, rooms and devices."""

    list_display = ["name", "kind", "week", "user", "active"]
    list_filter = ["kind", "active"]
    list_select_related = ["user", "clinic"]
    search_fields = ["name", "user__first_name", "user__last_name"]
    ordering = [
        Case(When(kind="practitioner", then=0), When(kind="room", then=1), default=2), "order", "pk"
    ]  # fmt: skip
    readonly_fields = ["week_large"]
    fieldsets = [
        (None, {"fields": ["clinic", ("kind", "name"), "user"]}),
        ("The week at a glance", {"fields": ["week_large"], "description":
            "As of today, without absences. Change it in the rows below; two rows on one day leave "
            "a break between them."}),
        ("In lists", {"fields": [("order", "active")]}),
    ]  # fmt: skip
    words = {
        "kind": ("What is it?", "Always one person, one room or one device: three pens are three."),
        "name": ("Name", "As it is shown in the diary."),
        "user": ("Signs in as", "Of a practitioner: the account that writes the session records."),
        "order": ("Place in lists", "Lower comes first."),
        "active": ("In use", "Taken out of use it keeps its past and cannot be booked any more."),
    }
    heads = {"user": "Signs in as"}
    inlines = [WeeklyHoursInline]

    def get_queryset(self, request):
        """Join the hours of each row."""
        return super().get_queryset(request).prefetch_related("weekly_hours")

    @admin.display(description="Hours, Monday to Sunday")
    def week(self, row):
        """Draw the week as a strip."""
        return self._strip(row, large=False)

    @admin.display(description="Hours")
    def week_large(self, row):
        """Draw the week with its clock times."""
        return (
            self._strip(row, large=True) if row.pk else "Save first, then the week is shown here."
        )

    def _strip(self, row, *, large: bool):
        today = row.clinic.local_date(timezone.now())
        shown = {"hours": row.weekly_hours.all(), "today": today, "large": large}
        return render_to_string("admin/clinic/resource/_week.html", shown)

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer the people of the lead's own clinics."""
        if db_field.name == "user":
            mine = User.objects.filter(memberships__clinic__in=led_by(request.user)).distinct()
            kwargs["queryset"] = mine
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AbsenceList(ChangeList):
    """The list of absences with how many visits fall into each, for one query a page."""

    def get_results(self, request):
        """Count the visits of the rows shown."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        counts = booked_into(self.result_list, at=timezone.now())
        for row in self.result_list:
            row.visits_in_it = counts.get(row.pk, 0)


@admin.register(HoursException)
class HoursExceptionAdmin(PlainPage, SettingAdmin):
    """Leave, sickness, holidays and extra hours."""

    form = ExceptionForm
    list_display = ["when", "who", "kind", "reason", "consequence"]
    list_filter = ["kind", "reason"]
    list_select_related = ["resource", "clinic"]
    list_per_page = 25
    search_fields = ["resource__name"]
    ordering = ["-from_day", "pk"]
    readonly_fields = ["consequence"]
    fieldsets = [
        ("Who or what?", {"fields": ["clinic", "resource"]}),
        ("What is different?", {"fields": [("kind", "reason")]}),
        ("When?", {"fields": [("from_day", "to_day"), ("from_min", "to_min")]}),
        ("What it means", {"fields": ["consequence"]}),
    ]
    words = {
        "resource": ("Practitioner, room or device", "Empty: the whole clinic."),
        "kind": ("What", "Away closes the days; extra hours open them. Away always wins."),
        "reason": ("Why", ""),
        "from_day": ("First day", ""),
        "to_day": ("Last day", "The same day for a single one."),
    }

    def get_changelist(self, request, **kwargs):
        """Return the list that counts visits."""
        return AbsenceList

    @admin.display(description="When", ordering="from_day")
    def when(self, row):
        """Return the days, and the hours where it is not whole days."""
        days = day_year(row.from_day)
        if row.to_day != row.from_day:
            days += f" to {day_year(row.to_day)}"
        return (
            days
            if row.from_min is None
            else f"{days}, {clock(row.from_min)} to {clock(row.to_min)}"
        )

    @admin.display(description="Who or what", ordering="resource__name")
    def who(self, row):
        """Return the name, or that it is everybody."""
        return row.resource or "The whole clinic"

    @admin.display(description="Consequence")
    def consequence(self, row):
        """Say how many visits fall into it, with the way to the repair."""
        if not row.pk:
            return "Said as soon as it is saved."
        if not hasattr(row, "visits_in_it"):
            row.visits_in_it = booked_into([row], at=timezone.now()).get(row.pk, 0)
        shown = {"count": row.visits_in_it, "is_off": row.kind == HoursException.Kind.OFF}
        return render_to_string("admin/clinic/hoursexception/_consequence.html", shown)

    def save_model(self, request, obj, form, change):
        """Save, and say at once what falls into it."""
        super().save_model(request, obj, form, change)
        if count := booked_into([obj], at=timezone.now()).get(obj.pk, 0):
            words = "1 appointment falls" if count == 1 else f"{count} appointments fall"
            messages.warning(request, f"{words} into it. Find new times for them in Repair.")

    def has_delete_permission(self, request, obj=None):
        """Let an exception be taken back: nothing points to it."""
        return super(SettingAdmin, self).has_delete_permission(request, obj)

    def delete_model(self, request, obj):
        """Delete and write it into the audit."""
        self._log(request, obj, "removed", [])
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        """Delete each row the way one row is deleted."""
        for row in queryset:
            self.delete_model(request, row)


class ServicePhaseInline(PlainWords, PartInline):
    """The stretches a service is made of."""

    model = ServicePhase
    form, formset = PhaseForm, PhaseFormSet
    verbose_name, verbose_name_plural = "phase", "Phases, in order"
    fields = ["kind", "offset_min", "minutes", "practitioner_min", "needs_room", "needs_device"]
    words = {
        "kind": ("What happens", ""),
        "offset_min": ("Begins after (min)", "0 for the first one."),
        "minutes": ("Lasts (min)", ""),
        "practitioner_min": ("Person needed (min)", "From its start; 0: nobody is needed."),
        "needs_room": ("Room", ""),
        "needs_device": ("Device", ""),
    }


class CompetenceInline(PlainWords, PartInline):
    """Who and what can serve a service."""

    model = Competence
    form = CompetenceForm
    verbose_name = "person, room or device"
    verbose_name_plural = "Who and what can serve it"
    words = {"resource": ("Practitioner, room or device", "")}

    def get_queryset(self, request):
        """Join what each row prints."""
        return super().get_queryset(request).select_related("resource", "service")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer resources of the lead's own clinics."""
        if db_field.name == "resource":
            kwargs |= units_for(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Service)
class ServiceAdmin(PlainPage, SettingAdmin):
    """What can be booked."""

    list_display = ["name", "made_of", "grid", "active"]
    list_filter = ["active"]
    list_select_related = ["clinic"]
    search_fields = ["name"]
    readonly_fields = ["visit"]
    fieldsets = [
        (None, {
            "fields": ["clinic", "name", ("grid_min", "active")],
            "description": "A visit is made of phases. While the cream works, the room is taken and "
                           "the person is free: that is what lets two visits overlap.",
        }),
        ("The visit at a glance", {"fields": ["visit"]}),
    ]  # fmt: skip
    words = {
        "name": ("Name", "As it is booked and printed."),
        "grid_min": ("Starts every (min)", "10 lets visits interlock; 15 loses every other place."),
        "active": ("In use", "Taken out of use it cannot be booked any more."),
    }
    inlines = [ServicePhaseInline, CompetenceInline]

    def get_queryset(self, request):
        """Join the phases of each row."""
        return super().get_queryset(request).prefetch_related("phases")

    @admin.display(description="Minute by minute")
    def visit(self, row):
        """Draw the phases as a strip: who is busy when."""
        phases = list(row.phases.all()) if row.pk else []
        if not phases:
            return "Save its phases first, then the visit is drawn here."
        return render_to_string("admin/clinic/service/_visit.html", {"strip": visit_strip(phases)})

    def save_formset(self, request, form, formset, change):
        """Let changed phases make way for each other, and say where nothing happens."""
        if formset.model is not ServicePhase:
            super().save_formset(request, form, formset, change)
            return
        moved = [one.instance.pk for one in formset.initial_forms if one.has_changed()]
        ServicePhase.objects.filter(pk__in=moved).put_aside()
        super().save_formset(request, form, formset, change)
        for before, after, minutes in formset.gaps:
            words = f"{before.get_kind_display()} and {after.get_kind_display()}"
            messages.warning(request, f"Between {words} nothing happens for {minutes} minutes: the "
                                      "room may be given to somebody else meanwhile.")  # fmt: skip

    @admin.display(description="Phases")
    def made_of(self, row):
        """Return the phases in one line: "Numbing 45 min, Needling 35 min"."""
        return (
            ", ".join(str(phase) for phase in row.phases.all()) or "None yet: it cannot be booked"
        )

    grid = column("grid_min", "Starts every", "min")
