"""Addresses of the care."""

from django.urls import path

from treatments.views import healing, nextdates, photos, plans, sessions, tail, worklist

urlpatterns = [
    path("patients/<int:patient_id>/courses/new/", plans.course_new, name="course_new"),
    path("courses/<int:plan_id>/", plans.course, name="course"),
    path("courses/<int:plan_id>/edit/", plans.course_edit, name="course_edit"),
    path("courses/<int:plan_id>/stop/", plans.course_stop, name="course_stop"),
    path("courses/<int:plan_id>/dates/", plans.course_dates, name="course_dates"),
    path("courses/<int:plan_id>/dates/row/", plans.course_date_row, name="course_date_row"),
    path(
        "appointments/<int:appointment_id>/cancel/",
        tail.appointment_cancel,
        name="appointment_cancel",
    ),
    path("appointments/<int:appointment_id>/tail/", tail.appointment_tail, name="appointment_tail"),
    path("courses/<int:plan_id>/next/", nextdates.course_next, name="course_next"),
    path("worklist/", worklist.worklist, name="worklist"),
    path("worklist/<int:plan_id>/contact/", worklist.due_contact, name="due_contact"),
    path("worklist/<int:plan_id>/snooze/", worklist.due_snooze, name="due_snooze"),
    path("appointments/<int:appointment_id>/record/", sessions.session_open, name="session_open"),
    path("sessions/<int:session_id>/", sessions.session_record, name="session_record"),
    path("sessions/<int:session_id>/save/", sessions.session_save, name="session_save"),
    path("sessions/<int:session_id>/sign/", sessions.session_sign, name="session_sign"),
    path("sessions/<int:session_id>/answer/", sessions.session_answer, name="session_answer"),
    path("sessions/<int:session_id>/addendum/", sessions.session_addendum, name="session_addendum"),
    path("sessions/<int:session_id>/healing/", healing.session_healing, name="session_healing"),
    path("sessions/<int:session_id>/mistake/", sessions.session_strike, name="session_strike"),
    path("patients/<int:patient_id>/photos/", photos.photos, name="photos"),
    path("patients/<int:patient_id>/photos/upload/", photos.photo_upload, name="photo_upload"),
    path("patients/<int:patient_id>/photos/compare/", photos.photo_compare, name="photo_compare"),
    path("photos/<uuid:key>/edit/", photos.photo_edit, name="photo_edit"),
    path("photos/<uuid:key>/mistake/", photos.photo_strike, name="photo_strike"),
    path("photos/<uuid:key>/<slug:size>/", photos.photo_file, name="photo_file"),
]
