"""The wall between clinics inside the admin: a lead sees the clinics they lead, and no other."""

from django.contrib import admin
from django.http import Http404

from clinic.forms.settings import UnitField
from clinic.models import Clinic, Membership, Resource, Role


def led_by(user):
    """Return the ids of the clinics this person leads today."""
    return Membership.objects.active().filter(user=user, role=Role.LEAD).values("clinic_id")


def led_in(request) -> list[int]:
    """Return the same ids from what the request knows already: nothing is asked for every row."""
    return [row.clinic_id for row in request.memberships if row.role == Role.LEAD]


def leads_several(request) -> bool:
    """Say whether the person leads more than one clinic, so that rows must say which is theirs."""
    return len(led_in(request)) > 1


def units_for(request) -> dict:
    """Return what a choice of people, rooms and devices takes: the lead's own, under their clinic."""
    mine = Resource.objects.filter(clinic__in=led_by(request.user)).select_related("clinic")
    return {"queryset": mine, "form_class": UnitField, "by_clinic": leads_several(request)}


class ClinicFilter(admin.SimpleListFilter):
    """The clinics a person leads; not there for who leads only one."""

    title, parameter_name = "clinic", "clinic"

    def lookups(self, request, model_admin):
        """Return the clinics by name; one alone needs no filter."""
        if not leads_several(request):
            return ()
        led = [row.clinic for row in request.memberships if row.role == Role.LEAD]
        return [(row.pk, row.name) for row in sorted(led, key=lambda row: row.name)]

    def queryset(self, request, queryset):
        """Keep the rows of the chosen clinic."""
        keys = {str(key): key for key, _ in self.lookup_choices}
        return queryset.filter(clinic=keys[self.value()]) if self.value() in keys else queryset


class ClinicWall(admin.ModelAdmin):
    """Rows, and choices in forms, of the clinics the person leads.

    `clinic_path` is the way from the model to its clinic; another clinic's row is not found.
    """

    clinic_path = "clinic"

    def get_queryset(self, request):
        """Return only rows behind the person's own wall."""
        rows = super().get_queryset(request)
        return rows.filter(**{f"{self.clinic_path}__in": led_in(request)})

    def get_object(self, request, object_id, from_field=None):
        """Return a row behind the wall; any other key is a 404, whether it exists or not."""
        row = super().get_object(request, object_id, from_field)
        if row is None:
            raise Http404
        return row

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        """Offer only rows behind the same wall wherever a choice belongs to a clinic."""
        model = db_field.remote_field.model
        fields = {field.name for field in model._meta.get_fields()}
        if model is Clinic:
            kwargs.setdefault("queryset", Clinic.objects.filter(pk__in=led_by(request.user)))
            kwargs |= {"initial": request.clinic.pk, "empty_label": None}
        elif model is Resource:
            kwargs = units_for(request) | kwargs
        elif "clinic" in fields:
            own = model._default_manager.filter(clinic__in=led_by(request.user))
            kwargs.setdefault("queryset", own)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class SeveralClinics(ClinicWall):
    """A list of the rows of all clinics the person leads: whose each is, and one clinic alone."""

    def get_list_display(self, request):
        """Say which clinic a row belongs to where the person leads several."""
        names = super().get_list_display(request)
        if self.clinic_path != "clinic" or "clinic" in names or not leads_several(request):
            return names
        return [*names[:1], "clinic", *names[1:]]

    def get_list_filter(self, request):
        """Let who leads several clinics look at one."""
        rows = super().get_list_filter(request)
        if self.clinic_path != "clinic" or not leads_several(request):
            return rows
        return [ClinicFilter, *rows]


class LookOnly(admin.ModelAdmin):
    """Rows to look up here and to change elsewhere."""

    def has_add_permission(self, request):
        """Say no: rows are made on their own pages."""
        return False

    def has_change_permission(self, request, obj=None):
        """Say no: rows are changed on their own pages."""
        return False

    def has_delete_permission(self, request, obj=None):
        """Say no: records are closed, never removed."""
        return False
