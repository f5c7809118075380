"""The waitlist: who would come earlier, and whom a time that became free would suit."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.forms.diary import BookingForm
from clinic.permissions import CARE
from clinic.scheduling.reasons import day_words
from clinic.views.calendar import UNDO_KEY
from clinic.views.looks import look_at
from treatments.actions.waitlist import add_to_waitlist, end_wish, give_place
from treatments.forms.waitlist import WaitlistForm
from treatments.models import WaitlistEntry
from treatments.views.gaps import Fit, Gap, fits, gap_of

FRESH = timedelta(minutes=15)  # how long a gap is offered by itself
INVALID = 422


def waitlist(request):
    """Show who waits, urgent first, then who has waited longest."""
    today = request.clinic.local_date(timezone.now())
    rows = WaitlistEntry.objects.of(request.clinic).waiting(today).in_turn().with_people()
    return render(request, "treatments/worklist/waitlist.html", {"rows": rows, "today": today})


def waitlist_add(request, patient_id):
    """Put a patient on the waitlist."""
    patient = look_at(request, patient_id, "schedule")
    sent = request.POST if request.method == "POST" else None
    initial = WaitlistForm.wishes_of(patient)
    form = WaitlistForm(sent, patient=patient, clinic=request.clinic, initial=initial)
    form.initial["what"] = next(iter([*form.plans, *form.services]), "")
    if form.is_valid():
        try:
            add_to_waitlist(patient=patient, **form.facts, at=timezone.now(), by=request.user)
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, f"{patient.full_name} is on the waitlist.")
            return redirect("waitlist")
    clinical = request.member.role in CARE
    return render(request, "treatments/worklist/waitlist_add.html", {
        "form": form, "patient": patient, "today": request.clinic.local_date(timezone.now()),
        "allergies": patient.allergies.filter(ended_on=None) if clinical else [],
    }, status=INVALID if form.is_bound else 200)  # fmt: skip


def waitlist_end(request, entry_id):
    """Take a patient off the waitlist."""
    entry = _entry(request, entry_id)
    end_wish(entry=entry, at=timezone.now(), by=request.user)
    messages.success(request, f"{entry.patient.full_name} is off the waitlist.")
    return redirect("waitlist")


def waitlist_gap(request):
    """Answer with the waiting patients a freed time would suit: `gap`, else the last one freed."""
    gap = _gap(request)
    found: list[Fit] = []
    if gap:
        units = {row.pk: row for row in request.clinic.resources.all()}
        found = fits(gap, clinic=request.clinic, at=timezone.now(), units=units)
    if not found:
        return HttpResponse("")
    return render(request, "treatments/worklist/_gap.html", {"gap": gap, "fits": found})


def waitlist_give(request, entry_id):
    """Give a waiting patient the time that was tapped."""
    entry, at = _entry(request, entry_id), timezone.now()
    form = BookingForm(request.POST, clinic=request.clinic, today=request.clinic.local_date(at))
    gap = _gap(request)
    units = {row.pk: row for row in request.clinic.resources.all()}
    known = fits(gap, clinic=request.clinic, at=at, units=units, limit=60) if gap else []
    fit = next((fit for fit in known if fit.entry.pk == entry.pk), None)
    try:
        if fit is None or not form.is_valid():
            raise ValidationError("This time is no longer free, or no longer suits.")
        visit = give_place(
            entry=entry, slot=form.cleaned_data["slot"], planned=fit.session, visit=fit.visit,
            version=form.cleaned_data["version"] or 0, at=at, by=request.user,
        )  # fmt: skip
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
        return redirect("waitlist")
    request.session.pop(UNDO_KEY, None)  # the time is given away: nothing to take back
    words = f"{day_words(visit.local_date)}, {visit.start_clock}"
    messages.success(request, f"{entry.patient.full_name} has {words}.")
    return redirect(visit)


def _entry(request, entry_id) -> WaitlistEntry:
    return get_object_or_404(WaitlistEntry.objects.of(request.clinic).with_people(), pk=entry_id)


def _gap(request) -> Gap | None:
    """Return the gap that is named, else the one this person's last move or cancellation left."""
    named = (request.POST if request.method == "POST" else request.GET).get("gap", "")
    if named:
        return Gap.read(named, request.clinic.zone)
    kept = request.session.get(UNDO_KEY)
    if not kept or kept.get("clinic") != request.clinic.pk:
        return None
    if timezone.now() - datetime.fromisoformat(kept["at"]) > FRESH:
        return None
    gaps = (gap_of(place, request.clinic.zone) for place in kept["places"])
    return next((gap for gap in gaps if gap), None)
