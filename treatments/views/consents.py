"""Pages about consent: sign for a course, take it back, and what photos may be used for."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.views.back import came_from
from clinic.views.looks import look_at
from treatments.actions.consents import (
    give_consent,
    permit_photos,
    refuse_photos,
    withdraw_consent,
    withdraw_permission,
)
from treatments.actions.thresholds import house_rules
from treatments.forms.consents import ConsentForm, PermissionForm, WithdrawForm
from treatments.models import ConsentText, PhotoPermission, TreatmentPlan, consent_of
from treatments.models.consents import GIVEN

INVALID = 422
Scope = PhotoPermission.Scope


# --- Of a course ----------------------------------------------------------------------------------
def course_consent(request, plan_id):
    """Show what a course needs signed and what was signed; a post signs it."""
    plan, patient = _course(request, plan_id)
    day, back = _today(request), came_from(request) or plan.get_absolute_url()
    consent = consent_of(plan, day=day, language=request.GET.get("language", "")[:8])
    facts = {"plan": plan, "patient": patient, "consent": consent, "back": back}
    if plan.status != "open" or not consent.to_sign:
        if request.method == "POST" and consent.is_given:
            return redirect(back)
        return _page(request, "course", facts | {"rules": house_rules(day)})
    texts = [part.text for part in consent.to_sign]
    form = ConsentForm(request.POST if request.method == "POST" else None, texts=texts,
                       patient=patient, next_url=back, cancel_url=back)  # fmt: skip
    if form.is_bound and form.is_valid() and _given(request, plan, texts, form):
        messages.success(request, "Consent is given for all sessions of this course.")
        return redirect(back)
    return _page(request, "course", facts | {"form": form, "rules": house_rules(day)})


def _given(request, plan, texts, form) -> bool:
    """Keep what was signed; a refusal is said on the form."""
    try:
        give_consent(
            plan=plan, texts=texts, questions=form.cleaned_data["questions"], **form.signature,
            request_key=form.cleaned_data["request_key"], at=timezone.now(), by=request.user,
        )  # fmt: skip
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def consent_withdraw(request, plan_id):
    """Take a course's consent back, with what the patient says."""
    plan, patient = _course(request, plan_id)
    consent = consent_of(plan, day=_today(request))
    form = WithdrawForm(request.POST if request.method == "POST" else None,
                        label="Withdraw the consent", cancel_url=plan.get_absolute_url())  # fmt: skip
    if form.is_bound and form.is_valid():
        withdraw_consent(plan=plan, **form.cleaned_data, at=timezone.now(), by=request.user)
        messages.success(
            request, "The consent is withdrawn. Nothing more is done without a new one."
        )
        return redirect("course_consent", plan.pk)
    booked = plan.sessions.with_booking().filter(done_on=None).order_by("number")
    facts = {"plan": plan, "patient": patient, "consent": consent, "form": form,
             "booked": [row for row in booked if row.is_booked]}  # fmt: skip
    return _page(request, "withdraw", facts)


# --- Of photos ------------------------------------------------------------------------------------
def photo_permissions(request, patient_id):
    """Show what a patient permits photos to be used for; a post keeps new answers."""
    patient = look_at(request, patient_id, "photo")
    latest = PhotoPermission.objects.latest_of(patient)
    back = came_from(request)
    unasked = [scope for scope in Scope if not (scope in latest and latest[scope].stands)]
    form = PermissionForm(
        request.POST if request.method == "POST" else None, scopes=unasked, patient=patient,
        next_url=back, cancel_url=back or patient.get_absolute_url(),
        initial={f"answer_{scope}": row.status for scope, row in latest.items()
                 if row.status == PhotoPermission.Status.REFUSED},
    )  # fmt: skip
    if form.is_bound and form.is_valid() and _answered(request, patient, form):
        messages.success(request, "The answers are kept.")
        return redirect(back) if back else redirect("photo_permissions", patient.pk)
    texts = ConsentText.objects.in_force(_today(request)).filter(kind=ConsentText.Kind.PHOTO)
    facts = {"patient": patient, "form": form, "unasked": unasked, "text": texts.first(),
             "answers": [(scope, latest.get(scope)) for scope in Scope], "next": back}  # fmt: skip
    return _page(request, "permissions", facts)


def _answered(request, patient, form) -> bool:
    """Keep every answer; a refusal is said on the form."""
    done = {"patient": patient, "at": timezone.now(), "by": request.user}
    try:
        for scope, answer, face in form.answers:
            if answer == GIVEN:
                permit_photos(scope=scope, face_identifiable=face, **form.signature, **done)
            else:
                refuse_photos(scope=scope, **done)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return False
    return True


def permission_withdraw(request, patient_id):
    """Ask what the patient says and take one permission back."""
    patient = look_at(request, patient_id, "photo")
    asked = (request.POST if request.method == "POST" else request.GET).get("scope", "")
    if asked not in Scope.values:
        raise Http404
    scope = Scope(asked)
    form = WithdrawForm(request.POST if request.method == "POST" else None,
                        label="Withdraw the permission", cancel_url=_permissions(patient))  # fmt: skip
    if form.is_bound and form.is_valid():
        withdraw_permission(patient=patient, scope=scope, **form.cleaned_data,
                            at=timezone.now(), by=request.user)  # fmt: skip
        messages.success(request, f"Withdrawn: {scope.label}.")
        return redirect("photo_permissions", patient.pk)
    facts = {"patient": patient, "form": form, "scope": scope}
    return _page(request, "permission_withdraw", facts)


def _permissions(patient) -> str:
    return reverse("photo_permissions", args=[patient.pk])


# --- How ------------------------------------------------------------------------------------------
def _today(request):
    return request.clinic.local_date(timezone.now())


def _course(request, plan_id):
    """Return a course of the clinic at hand and its patient, opened for the person who looks."""
    rows = TreatmentPlan.objects.of(request.clinic).with_people()
    plan = get_object_or_404(rows, pk=plan_id)
    plan.patient = look_at(request, plan.patient_id, "note")
    plan.clinic = request.clinic
    return plan, plan.patient


def _page(request, name, facts):
    """Answer with a page about a patient; 422 where a form came back with faults."""
    patient, form = facts["patient"], facts.get("form")
    facts |= {"today": _today(request), "allergies": patient.allergies.filter(ended_on=None)}
    status = INVALID if form is not None and form.is_bound else 200
    return render(request, f"treatments/consents/{name}.html", facts, status=status)
