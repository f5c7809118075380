"""Patients and appointments to look up; they are written on their own pages."""

from django.contrib import admin
from django.utils import timezone

from clinic.actions.patients import open_patient
from clinic.admin.walls import LookOnly, SeveralClinics
from clinic.admin.words import PlainPage
from clinic.models import Appointment, Patient


class AuditedLook(PlainPage, SeveralClinics, LookOnly):
    """Rows about a patient: whoever opens one is written into the audit first."""

    show_full_result_count = False
    category = "demographics"

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show one row, after the patient it is about was opened for this person."""
        row = self.get_object(request, object_id)
        patient_id = row.pk if isinstance(row, Patient) else row.patient_id
        open_patient(pk=patient_id, clinic=row.clinic, category=self.category, at=timezone.now(),
                     by=request.user)  # fmt: skip
        return super().change_view(request, object_id, form_url, extra_context)


@admin.register(Patient)
class PatientAdmin(AuditedLook):
    """Who comes."""

    list_display = ["number", "family_name", "given_name", "birth_date", "phone"]
    list_display_links = ["number", "family_name"]
    list_select_related = ["clinic"]
    list_per_page = 50
    search_fields = ["search_family", "search_given", "number"]
    search_help_text = "Name, telephone, date of birth or number"
    ordering = ["search_family", "search_given", "pk"]
    exclude = ["skin_phototype", "skin_phototype_on", "skin_phototype_method",
               "allergies_asked_on", "version"]  # fmt: skip

    def get_search_results(self, request, queryset, search_term):
        """Search as the patients page does: its columns are indexed for it."""
        text = search_term.replace("\0", "").strip()
        return (queryset.matching(text) if text else queryset), False


@admin.register(Appointment)
class AppointmentAdmin(AuditedLook):
    """Who comes when."""

    category = "schedule"
    heads = {"local_date": "Day"}
    list_display = ["local_date", "start_clock", "patient", "service", "practitioner", "status"]
    list_filter = ["status"]
    list_select_related = ["patient", "service", "practitioner", "clinic"]
    list_per_page = 50
    search_fields = ["patient__search_family"]
    search_help_text = "The patient's name, telephone, date of birth or number"
    ordering = ["-local_date", "-local_start_min", "-pk"]
    exclude = ["why_this_date", "version"]

    def get_search_results(self, request, queryset, search_term):
        """Search by patient, as the patients page does."""
        text = search_term.replace("\0", "").strip()
        if not text:
            return queryset, False
        return queryset.filter(patient__in=Patient.objects.matching(text)), False
