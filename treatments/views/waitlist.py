"""The waitlist: who would come earlier, and whom a time that became free would suit."""

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
from treatments.models.gaps import Gap, open_gaps
from treatments.views.gaps import fits, offers_of_gaps

INVALID = 422


def waitlist(request):
    """Show who waits, urgent first, then who has waited longest."""
    today = request.clinic.local_date(timezone.now())
    rows = WaitlistEntry.objects.of(request.clinic).waiting(today).in_turn().with_people()
    return render(
        request, "treatments/worklist/waitlist.html", {"rows": rows, "today": today, "frees": True}
    )


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
    """Answer with the freed times that suit somebody who waits, each with whom."""
    at = timezone.now()
    known = open_gaps(request.clinic, at)
    if not known:
        return HttpResponse("")
    units = {row.pk: row for row in request.clinic.resources.all()}
    gaps = [
        {"gap": gap, "fits": found, "clock": gap.clock(request.clinic.zone),
         "who": units[gap.practitioner_id]}
        for gap, found in offers_of_gaps(known, clinic=request.clinic, at=at, units=units)
    ]  # fmt: skip
    if not gaps:
        return HttpResponse("")
    count = sum(len(row["fits"]) for row in gaps)
    return render(request, "treatments/worklist/_gap.html", {"gaps": gaps, "count": count})


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
    """Return the gap that is named, with whoever left it."""
    named = Gap.read(request.POST.get("gap", ""), request.clinic.zone)
    known = open_gaps(request.clinic, timezone.now()) if named else []
    return next((gap for gap in known if gap.word == named.word), named)
