"""The health check of a visit: answer it, say that nothing has changed, read it, countersign it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.actions.patients import note_view
from clinic.models import Appointment
from treatments.actions import screening
from treatments.actions.thresholds import house_rules
from treatments.forms.screening import HealthCheckForm, with_the_rest_no
from treatments.models import (
    AnaestheticApplication,
    QuestionSet,
    ScreeningResponse,
    TreatmentSession,
)
from treatments.safety.findings import in_order

INVALID = 422


def health_check(request, appointment_id):
    """Show what was answered for a visit, else the questions; a post keeps answers."""
    visit, at = _visit(request, appointment_id), timezone.now()
    if request.method == "POST":
        return _post(request, visit, at)
    note_view(patient=visit.patient, clinic=request.clinic, category="note", at=at, by=request.user)
    response = ScreeningResponse.objects.of_visit(visit.pk)
    if response and "again" not in request.GET:
        return _answered(request, visit, response)
    start = response or (_last(visit) if "again" in request.GET else None)
    form = _form(request, visit, start=start.read if start else None)
    return _questions(request, visit, form, again="again" in request.GET)


def health_check_countersign(request, appointment_id):
    """Countersign the newest answers of a visit, if they are the ones that were read."""
    visit = _visit(request, appointment_id)
    response = get_object_or_404(ScreeningResponse.objects.for_page().filter(appointment=visit)[:1])
    if request.POST.get("seen") != str(response.pk):
        messages.warning(request, "The health check was answered again meanwhile; read it first.")
    else:
        screening.countersign(response=response, at=timezone.now(), by=request.user)
        messages.success(request, "Countersigned.")
    return redirect("health_check", visit.pk)


def _visit(request, appointment_id) -> Appointment:
    rows = Appointment.objects.of(request.clinic).select_related(
        "patient", "clinic", "planned_session__plan__protocol"
    )
    return get_object_or_404(rows, pk=appointment_id)


def _last(visit) -> ScreeningResponse | None:
    return ScreeningResponse.objects.of_patient(visit.patient_id)


def _protocol(visit):
    planned = getattr(visit, "planned_session", None)
    return planned.plan.protocol if planned else None


def _form(request, visit, *, data=None, start=None, **kwargs) -> HealthCheckForm | None:
    """Return the form of the questions in use on the visit's day; None where there are none."""
    questions = QuestionSet.objects.in_force(visit.local_date)
    if questions is None:
        return None
    last = _last(visit)
    return HealthCheckForm(
        data, asked=questions.asked_of(_protocol(visit)), start=start,
        before=last.read if last else None, cancel_url=visit.get_absolute_url(),
        today=request.clinic.local_date(timezone.now()), **kwargs,
    )  # fmt: skip


def _post(request, visit, at):
    form = _form(request, visit, data=request.POST)
    if form and "all_no" in request.POST:
        initial = with_the_rest_no(request.POST, form.asked)
        return _questions(request, visit, _form(request, visit, initial=initial), all_no=True)
    try:
        if not _given(request, visit, form, at):
            return _questions(request, visit, form, status=INVALID)
    except ValidationError as refusal:
        return _questions(request, visit, form, refusal=refusal.messages[0], status=INVALID)
    messages.success(request, "Health check saved.")
    return redirect("health_check", visit.pk)


def _given(request, visit, form, at) -> bool:
    """Keep what was sent; False where the form has to be shown again."""
    done = {"appointment": visit, "at": at, "by": request.user}
    if "unchanged" in request.POST:
        seen = request.POST["unchanged"]
        key = form and form.fields["request_key"].clean(request.POST.get("request_key"))
        screening.repeat_answers(
            previous_id=int(seen[:18]) if seen.isdecimal() else 0, request_key=key or None,
            filled_by=ScreeningResponse.FilledBy.STAFF, **done,
        )  # fmt: skip
        return True
    if form is None or not form.is_valid():
        return False
    screening.give_answers(
        question_set=QuestionSet.objects.in_force(visit.local_date), answers=form.answers,
        filled_by=form.cleaned_data["filled_by"], request_key=form.cleaned_data["request_key"],
        **done,
    )  # fmt: skip
    return True


def _around(request, visit) -> dict:
    records = TreatmentSession.objects.filter(appointment=visit).for_links()
    record = next((row for row in records if row.stands), None)
    today = request.clinic.local_date(timezone.now())
    return {
        "visit": visit, "patient": visit.patient, "today": today, "record": record,
        "allergies": visit.patient.allergies.filter(ended_on=None),
        "planned": getattr(visit, "planned_session", None),
        "may_start": record is None and visit.local_date == today
        and visit.status in {"arrived", "in_session"},
    }  # fmt: skip


def _questions(request, visit, form, *, status=200, **facts):
    last = _last(visit)
    page = _around(request, visit) | {"form": form, "last": last, **facts}
    page["may_repeat"] = last is not None and form is not None and (
        {row.code for row in form.asked} <= last.answers.keys()
    )  # fmt: skip
    return render(request, "treatments/screening/questions.html", page, status=status)


def _answered(request, visit, response):
    numbing = AnaestheticApplication.objects.filter(session__appointment=visit)
    numbing = numbing.exclude(session__status="entered_in_error").select_related("product")
    found = screening.about(screening.Checked(
        patient=visit.patient, day=visit.local_date, response=response, protocol=_protocol(visit),
        creams=screening.creams_of(numbing.prefetch_related("product__actives")),
        rules=house_rules(visit.local_date), jurisdiction=visit.clinic.jurisdiction,
    ))  # fmt: skip
    page = _around(request, visit) | {
        "response": response, "findings": in_order(found),
        "yeses": response.yeses, "noes": response.noes, "changes": response.changes,
    }  # fmt: skip
    page["is_signed"] = page["record"] is not None and not page["record"].is_draft
    return render(request, "treatments/screening/answered.html", page)
