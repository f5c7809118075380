"""Skin heals slower than planned: say so on the session, and see what that does."""

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.actions.refusals import Conflict
from clinic.scheduling.reasons import day_words
from clinic.views.looks import look_at
from treatments.actions.healing import EXTRA_DAYS, slow_healing
from treatments.forms.healing import HealingForm
from treatments.models import TreatmentSession
from treatments.models.openings import Course

INVALID, CONFLICT = 422, 409


def session_healing(request, session_id):
    """Add days of healing after a signed session; the next dates are proposed anew."""
    rows = TreatmentSession.objects.of(request.clinic).select_related("plan__patient", "patient")
    session = get_object_or_404(rows, pk=session_id)
    if session.plan_id is None:
        raise Http404
    sent = request.POST if request.method == "POST" else None
    form = HealingForm(sent, initial={"version": session.plan.version},
                       cancel_url=session.get_absolute_url())  # fmt: skip
    status = INVALID if form.is_bound else 200
    if form.is_valid():
        try:
            freed = slow_healing(session=session, at=timezone.now(), by=request.user,
                                 **form.cleaned_data)  # fmt: skip
        except ValidationError as refusal:
            form.add_error(None, refusal)
            status = CONFLICT if isinstance(refusal, Conflict) else INVALID
        else:
            return _saved(request, session, freed)
    return render(request, "treatments/sessions/healing.html",
                  {"form": form} | _page(request, session), status=status)  # fmt: skip


def _saved(request, session, freed):
    """Say what came of it and go where the next dates are; to the course where there are none."""
    goes_on = session.plan.sessions.filter(done_on=None).exists()
    messages.success(request, _told(freed, goes_on=goes_on))
    return redirect("course_dates" if goes_on else "course", session.plan_id)


def _told(freed, *, goes_on: bool) -> str:
    if not goes_on:
        return "The course has no session left; the healing time is kept."
    if not freed:
        return "Healing is longer now; every date booked can stay."
    days = " and ".join(day_words(row.local_date) for row in freed)
    return f"Healing is longer now. {days} came too soon and is free. The next dates are proposed here; the course is on the worklist."


def _page(request, session) -> dict:
    """Return who it is about and what each choice would free."""
    now = timezone.now()
    patient = look_at(request, session.patient_id, "note")
    return {
        "session": session, "patient": patient, "today": request.clinic.local_date(now),
        "allergies": patient.allergies.filter(ended_on=None),
        "choices": list(_choices(Course(session.plan), session)),
    }  # fmt: skip


def _choices(course: Course, session):
    """Yield (days, first possible day, the booked days that would be too soon)."""
    done = [row.number for row in course.sessions if row.done_on == session.performed_on]
    if not done:
        return
    number = done[-1]
    for extra in EXTRA_DAYS:
        first = session.performed_on + timedelta(days=course.healing_days(number) + extra)
        lost = [
            (row, row.appointment.local_date)
            for row in course.sessions
            if row.number > number and row.is_booked
            and row.appointment.local_date < session.performed_on
            + timedelta(days=course.least_days(number, row.number) + extra)
        ]  # fmt: skip
        yield extra, first, lost
