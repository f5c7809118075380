"""Resources with their hours, dated exceptions, and services with their phases."""

from django.contrib import admin

from clinic.admin.audited import PartInline, SettingAdmin
from clinic.admin.walls import led_by
from clinic.forms.settings import CompetenceForm, ExceptionForm, HoursForm
from clinic.models import (
    Competence,
    HoursException,
    Resource,
    Service,
    ServicePhase,
    User,
    WeeklyHours,
)


class WeeklyHoursInline(PartInline):
    """When a resource can be booked, week by week."""

    model = WeeklyHours
    form = HoursForm
    fields = ["weekday", "from_min", "to_min", "valid_from", "valid_to"]


@admin.register(Resource)
class ResourceAdmin(SettingAdmin):
    """Practitioners, rooms and devices."""

    list_display = ["name", "kind", "user", "clinic", "order", "active"]
    list_filter = ["kind", "active"]
    list_select_related = ["user", "clinic"]
    search_fields = ["name", "user__first_name", "user__last_name"]
    autocomplete_fields = ["user"]
    fields = ["clinic", "kind", "name", "user", "order", "active"]
    inlines = [WeeklyHoursInline]

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer the people of the lead's own clinics."""
        if db_field.name == "user":
            mine = User.objects.filter(memberships__clinic__in=led_by(request.user)).distinct()
            kwargs["queryset"] = mine
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(HoursException)
class HoursExceptionAdmin(SettingAdmin):
    """Leave, sickness, holidays and extra hours."""

    form = ExceptionForm
    list_display = ["from_day", "to_day", "kind", "reason", "resource", "clinic"]
    list_filter = ["kind", "reason"]
    list_select_related = ["resource", "clinic"]
    search_fields = ["resource__name"]
    autocomplete_fields = ["resource"]
    ordering = ["-from_day", "pk"]
    fields = ["clinic", "resource", ("kind", "reason"), ("from_day", "to_day"),
              ("from_min", "to_min")]  # fmt: skip

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


class ServicePhaseInline(PartInline):
    """The stretches a service is made of."""

    model = ServicePhase
    fields = ["kind", "offset_min", "minutes", "practitioner_min", "needs_room", "needs_device"]


class CompetenceInline(PartInline):
    """Who and what can serve a service."""

    model = Competence
    form = CompetenceForm
    autocomplete_fields = ["resource"]

    def get_queryset(self, request):
        """Join what each row prints."""
        return super().get_queryset(request).select_related("resource", "service")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer resources of the lead's own clinics."""
        if db_field.name == "resource":
            kwargs["queryset"] = Resource.objects.filter(clinic__in=led_by(request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(Service)
class ServiceAdmin(SettingAdmin):
    """What can be booked."""

    list_display = ["name", "clinic", "grid_min", "active"]
    list_filter = ["active"]
    list_select_related = ["clinic"]
    search_fields = ["name"]
    autocomplete_fields = []
    fields = ["clinic", "name", "grid_min", "active"]
    inlines = [ServicePhaseInline, CompetenceInline]
