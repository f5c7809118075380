"""Pages about patients: find, register, edit, health facts and the chart."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions.patients import (
    edit_patient,
    forget_away,
    note_away,
    note_health,
    register_patient,
)
from clinic.actions.refusals import Conflict
from clinic.forms.away import AwayForm
from clinic.forms.health import HealthForm
from clinic.forms.patients import IDENTITY, PatientForm, differences
from clinic.models import Appointment, Blackout, Patient
from clinic.models.patients import day_in
from clinic.permissions import CARE
from clinic.views.looks import look_at
from clinic.views.story import tell, with_visits
from clinic.views.tentative import kept_times
from treatments.models import TreatmentPlan

PAGE_ROWS, QUICK_ROWS, TWIN_ROWS = 25, 8, 5
TEXT_LONGEST = 120
INVALID, CONFLICT = 422, 409


@dataclass(frozen=True)
class Hit:
    """One row of the list: a patient, their next appointment and the course that counts."""

    patient: Patient
    next: Appointment | None
    course: TreatmentPlan | None


def patient_list(request):
    """Find a patient: the whole page, or the rows alone for what is typed into it."""
    text = _typed(request)
    rows = Patient.objects.of(request.clinic)
    rows = list((rows.matching(text) if text else rows).for_list()[: PAGE_ROWS + 1])
    today = _today(request)
    facts = {"query": text, "hits": _hits(rows[:PAGE_ROWS], today), "today": today,
             "more": len(rows) > PAGE_ROWS, "limit": PAGE_ROWS}  # fmt: skip
    part = request.htmx and not request.htmx.boosted
    name = "clinic/patients/_rows.html" if part else "clinic/patients/list.html"
    return render(request, name, facts)


def patient_search(request):
    """Answer the quick search of the top bar with its first few hits; the page for a browser."""
    text = _typed(request)
    if not request.htmx:
        return redirect(f"{reverse('patient_list')}?{request.GET.urlencode()}")
    found = Patient.objects.of(request.clinic).matching(text).for_list() if text else []
    facts = {"patients": found[:QUICK_ROWS], "query": text, "clinical": request.member.role in CARE}
    return render(request, "components/quick_hits.html", facts)


def patient_duplicates(request):
    """Answer with probable duplicates of what is being typed."""
    twins = _twins(request.clinic, {
        "given_name": _typed(request, "given_name"), "family_name": _typed(request, "family_name"),
        "birth_date": day_in(_typed(request, "birth_date")), "phone": _typed(request, "phone"),
    }, besides=_typed(request, "besides"))  # fmt: skip
    return render(request, "clinic/patients/_twins.html", {"twins": twins})


def patient_new(request):
    """Register a patient, unless it is probably somebody already on file."""
    form = PatientForm(
        request.POST or None, clinic=request.clinic, today=_today(request),
        cancel_url=reverse("patient_list"), twins_url=reverse("patient_duplicates"),
    )  # fmt: skip
    facts = {"form": form, "confirm": form.is_bound}
    if form.is_valid():
        facts["twins"] = _unconfirmed_twins(request, form)
        patient = None if facts["twins"] else _registered(request, form)
        if patient:
            messages.success(request, f"{patient.full_name} is registered as No. {patient.number}.")
            return redirect(patient)
    return render(
        request, "clinic/patients/new.html", facts, status=INVALID if form.is_bound else 200
    )


def _registered(request, form) -> Patient | None:
    """Register who the form tells of; None, with the sentence in the form, when it was refused."""
    try:
        return register_patient(
            clinic=request.clinic, facts=form.facts, at=timezone.now(), by=request.user,
            request_key=form.cleaned_data["request_key"],
        )  # fmt: skip
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return None


def patient_edit(request, patient_id):
    """Change who a patient is and how to reach them; two people at once see both texts."""
    patient = look_at(request, patient_id, "demographics")
    form = _edit_form(request, patient)
    facts = {"form": form, "patient": patient, "today": form.today, "confirm": form.is_bound}
    if form.is_valid():
        facts["twins"] = form.shows_identity_changed() and _unconfirmed_twins(request, form)
    if not form.is_valid() or facts["twins"]:
        return render(request, "clinic/patients/edit.html", facts,
                      status=INVALID if form.is_bound else 200)  # fmt: skip
    try:
        edit_patient(patient=patient, version=form.cleaned_data["version"], facts=form.facts,
                     at=timezone.now(), by=request.user)  # fmt: skip
    except Conflict as refusal:
        facts |= {
            "conflict": differences(form, refusal.current),
            "form": form.onto(refusal.current),
        }
        return render(request, "clinic/patients/edit.html", facts, status=CONFLICT)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return render(request, "clinic/patients/edit.html", facts, status=INVALID)
    messages.success(request, "Saved.")
    return redirect(patient)


def _edit_form(request, patient) -> PatientForm:
    return PatientForm(
        request.POST or None, clinic=request.clinic, today=_today(request), patient=patient,
        cancel_url=patient.get_absolute_url(),
        twins_url=f"{reverse('patient_duplicates')}?besides={patient.pk}",
    )  # fmt: skip


def patient_health(request, patient_id):
    """Write down allergies, medicines, skin type, height and weight."""
    patient = look_at(request, patient_id, "note")
    today = _today(request)
    form = HealthForm(
        request.POST or None, patient=patient, allergies=patient.allergies.filter(ended_on=None),
        medicines=patient.medicines.filter(until=None), measure=patient.measures.first(),
        today=today, cancel_url=patient.get_absolute_url(),
    )  # fmt: skip
    facts = {"form": form, "patient": patient, "today": today, "allergies": form.allergies}
    if not form.is_valid():
        return render(request, "clinic/patients/health.html", facts,
                      status=INVALID if form.is_bound else 200)  # fmt: skip
    try:
        note_health(patient=patient, version=form.cleaned_data["version"], health=form.facts,
                    today=today, at=timezone.now(), by=request.user)  # fmt: skip
    except Conflict as refusal:
        facts |= {"conflict": True, "form": form.onto(refusal.current)}
        return render(request, "clinic/patients/health.html", facts, status=CONFLICT)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return render(request, "clinic/patients/health.html", facts, status=INVALID)
    messages.success(request, "Saved.")
    return redirect("patient_health" if "again" in request.POST else "chart", patient.pk)


def patient_away(request, patient_id):
    """Write down days on which a patient cannot come, or take them back."""
    patient = look_at(request, patient_id, "schedule")
    today, clinical = _today(request), request.member.role in CARE
    away = patient.blackouts.ahead(today)
    done = {"at": timezone.now(), "by": request.user}
    if remove := request.POST.get("remove", ""):
        rows = away if clinical else away.exclude(kind=Blackout.Kind.MEDICAL)
        return _there_again(request, patient, rows, remove, done)
    form = AwayForm(request.POST or None, today=today, clinical=clinical,
                    cancel_url=patient.get_absolute_url())  # fmt: skip
    if form.is_valid():
        try:
            note_away(patient=patient, **form.facts, **done)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "Nothing new is proposed in these days.")
            return redirect("patient_away", patient.pk)
    visits = Appointment.objects.live().of_patient(patient).filter(local_date__gte=today)
    facts = {"form": form, "patient": patient, "today": today, "clinical": clinical,
             "away": with_visits(away, visits.filter(finished_at=None))}  # fmt: skip
    return render(request, "clinic/patients/away.html", facts,
                  status=INVALID if form.is_bound else 200)  # fmt: skip


def _there_again(request, patient, rows, key: str, done: dict):
    """Take back days away, those of `rows` with this key as it was sent."""
    row = get_object_or_404(rows, pk=int(key[:18]) if key.isdecimal() else 0)
    forget_away(blackout=row, **done)
    messages.success(request, "These days can be booked again.")
    return redirect("patient_away", patient.pk)


def chart(request, patient_id):
    """Tell a patient's story on one page, as far as the person's role may read it."""
    clinical = request.member.role in CARE
    patient = look_at(request, patient_id, "note" if clinical else "schedule")
    story = tell(patient, role=request.member.role, clinical=clinical, today=_today(request))
    name = "clinic/patients/chart.html" if clinical else "clinic/patients/chart_desk.html"
    return render(request, name, {
        "story": story, "patient": patient, "today": story.today, "allergies": story.allergies,
        "kept": kept_times(patient, timezone.now()), "next": request.get_full_path(),
    })  # fmt: skip


def _today(request):
    return request.clinic.local_date(timezone.now())


def _typed(request, name="q") -> str:
    """Return a search text: bounded, without the NUL that no database takes."""
    return request.GET.get(name, "").replace("\0", "").strip()[:TEXT_LONGEST]


def _hits(patients, today) -> list[Hit]:
    """Return the rows of a list: one query for the next appointments and one for the courses."""
    ahead = Appointment.objects.live().filter(
        patient__in=patients, local_date__gte=today, finished_at=None
    ).order_by("-local_date", "-local_start_min")  # fmt: skip
    soonest = {row.patient_id: row for row in ahead}  # the last one written is the first to come
    plans = TreatmentPlan.objects.filter(patient__in=patients).with_state(today)
    plans = sorted(plans.order_by("agreed_on", "pk"), key=lambda plan: plan.status == "open")
    courses = {plan.patient_id: plan for plan in plans}  # the newest, an open one before others
    return [Hit(row, soonest.get(row.pk), courses.get(row.pk)) for row in patients]


def _twins(clinic, facts, besides="") -> list[Patient]:
    """Return the first few probable duplicates, `besides` one patient."""
    rows = Patient.objects.of(clinic).like(**facts)
    if besides.isdecimal():
        rows = rows.exclude(pk=int(besides[:18]))
    return list(rows.for_list()[:TWIN_ROWS])


def _unconfirmed_twins(request, form) -> list[Patient]:
    """Return probable duplicates nobody has yet said are somebody else."""
    facts = {name: form.cleaned_data[name] for name in IDENTITY}
    besides = str(form.patient.pk) if form.patient else ""
    twins = _twins(request.clinic, facts, besides=besides)
    key = form.cleaned_data["request_key"]
    new = [twin for twin in twins if twin.request_key is None or twin.request_key != key]
    return new if {twin.pk for twin in new} - form.confirmed_twins else []
