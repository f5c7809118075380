"""Settings a lead edits in the admin: kept when they go out of use, every change in the audit."""

from django.contrib import admin
from django.utils import timezone

from clinic.actions.audit import record
from clinic.admin.walls import SeveralClinics
from clinic.models import Clinic


class SettingAdmin(SeveralClinics):
    """A setting of one clinic: never deleted, never moved to another clinic."""

    def has_delete_permission(self, request, obj=None):
        """Say no: bookings point here; take the row out of use instead."""
        return False

    def get_readonly_fields(self, request, obj=None):
        """Keep a row in the clinic it was made for."""
        fixed = super().get_readonly_fields(request, obj)
        return [*fixed, "clinic"] if obj else fixed

    def save_model(self, request, obj, form, change):
        """Save and write the names of the changed fields into the audit."""
        super().save_model(request, obj, form, change)
        self._log(request, obj, "changed" if change else "added", form.changed_data)

    def save_formset(self, request, form, formset, change):
        """Save the rows below and write into the audit which kind of them changed."""
        super().save_formset(request, form, formset, change)
        if change and formset.has_changed():
            self._log(request, form.instance, "changed", [formset.prefix])

    def _log(self, request, obj, verb, fields):
        clinic = obj if isinstance(obj, Clinic) else obj.clinic
        record(f"setting.{verb}", obj, clinic=clinic, at=timezone.now(), by=request.user,
               details={"fields": fields})  # fmt: skip


class PartInline(admin.TabularInline):
    """Rows that belong to a setting, such as its hours."""

    extra = 0
