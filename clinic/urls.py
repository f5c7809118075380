"""Every address, nouns first, named after its view."""

from django.contrib import admin
from django.urls import include, path

from clinic.views import (
    answers,
    audit,
    calendar,
    diary,
    feeds,
    health,
    messages,
    patients,
    today,
    unresolved,
)

admin.site.index_title = "Planning and settings"
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
    path("patients/<int:patient_id>/away/", patients.patient_away, name="patient_away"),
    path("patients/<int:patient_id>/health/", patients.patient_health, name="patient_health"),
    path("appointments/new/", diary.appointment_new, name="appointment_new"),
    path("appointments/slots/", diary.appointment_slots, name="appointment_slots"),
    path("appointments/keep/", diary.time_keep, name="time_keep"),
    path("appointments/kept/<int:kept_id>/let-go/", diary.time_let_go, name="time_let_go"),
    path("appointments/<int:appointment_id>/", diary.appointment, name="appointment"),
    path(
        "appointments/<int:appointment_id>/move/", diary.appointment_move, name="appointment_move"
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
    path("messages/", messages.message_list, name="message_list"),
    path("messages/<int:message_id>/retry/", messages.message_retry, name="message_retry"),
    path("messages/<int:message_id>/withdraw/", messages.message_withdraw, name="message_withdraw"),
    path("messages/wishes/<int:wish_id>/settle/", messages.wish_settle, name="wish_settle"),
    path("visit/<str:token>/", answers.visit_answer, name="visit_answer"),
    path("ics/<slug:secret>.ics", feeds.calendar_feed, name="calendar_feed"),
    path("account/calendar/", feeds.calendar_address, name="calendar_address"),
    path("unresolved/", unresolved.unresolved, name="unresolved"),
    path(
        "unresolved/<int:appointment_id>/<slug:outcome>/",
        unresolved.unresolved_settle,
        name="unresolved_settle",
    ),
    path("audit/", audit.audit_log, name="audit_log"),
    path("", include("treatments.urls")),
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
]
