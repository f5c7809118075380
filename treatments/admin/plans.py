"""The lead's planning desk: every course and where it stands."""

from django.contrib import admin

from clinic.admin.walls import ClinicWall
from treatments.models import TreatmentPlan


@admin.register(TreatmentPlan)
class TreatmentPlanAdmin(ClinicWall):
    """Courses with progress and state."""

    list_select_related = ["patient", "protocol", "practitioner"]
    search_fields = ["patient__search_family", "patient__search_given"]
