"""Every address, nouns first, named after its view."""

from django.contrib import admin
from django.urls import include, path

from clinic.views import audit, calendar, diary, health, patients, today

admin.site.final_catch_all_view = False  # an unknown admin address is a plain 404

handler400 = "clinic.views.errors.bad_request"
handler403 = "clinic.views.errors.denied"
handler404 = "clinic.views.errors.not_found"
handler500 = "clinic.views.errors.broken"

urlpatterns = [
    path("", today.today, name="today"),
    path("healthz", health.healthz, name="healthz"),
    path("clinic/switch/", today.clinic_switch, name="clinic_switch"),
    path("patients/", patients.patient_list, name="patient_list"),
    path("patients/search/", patients.patient_search, name="patient_search"),
    path("patients/new/", patients.patient_new, name="patient_new"),
    path("patients/duplicates/", patients.patient_duplicates, name="patient_duplicates"),
    path("patients/<int:patient_id>/", patients.chart, name="chart"),
    path("patients/<int:patient_id>/edit/", patients.patient_edit, name="patient_edit"),
    path("patients/<int:patient_id>/health/", patients.patient_health, name="patient_health"),
    path("appointments/new/", diary.appointment_new, name="appointment_new"),
    path("appointments/slots/", diary.appointment_slots, name="appointment_slots"),
    path("appointments/<int:appointment_id>/", diary.appointment, name="appointment"),
    path(
        "appointments/<int:appointment_id>/move/", diary.appointment_move, name="appointment_move"
    ),
    path(
        "appointments/<int:appointment_id>/cancel/",
        diary.appointment_cancel,
        name="appointment_cancel",
    ),
    path(
        "appointments/<int:appointment_id>/step/<slug:step>/",
        diary.appointment_step,
        name="appointment_step",
    ),
    path("diary/", calendar.diary, name="diary"),
    path("diary/data/", calendar.diary_data, name="diary_data"),
    path("diary/undo/", calendar.diary_undo, name="diary_undo"),
    path(
        "appointments/<int:appointment_id>/targets/", calendar.diary_targets, name="diary_targets"
    ),
    path("appointments/<int:appointment_id>/place/", calendar.diary_place, name="diary_place"),
    path("audit/", audit.audit_log, name="audit_log"),
    path("", include("treatments.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
