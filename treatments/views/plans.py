"""Pages of a course: agree and edit it, look at it, stop it, and choose all its dates."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.actions.refusals import Conflict, NotHealed, SlotTaken
from clinic.actions.tentative import clear_expired
from clinic.forms.diary import day_asked
from clinic.permissions import CARE
from clinic.views.looks import look_at, look_with
from clinic.views.offers import offered
from clinic.views.tentative import kept_times
from treatments.actions.diary import book_course
from treatments.actions.kept import keep_free_day
from treatments.actions.plans import agree_course, edit_course, stop_course
from treatments.forms.plans import (
    CourseForm,
    DatesForm,
    StopForm,
    must_have_protocol,
    protocol_asked,
)
from treatments.models import PlannedSession, Protocol, TreatmentPlan, lacking_consent
from treatments.models.openings import free_from
from treatments.models.planned import tell_late
from treatments.views.proposals import Dates

INVALID, CONFLICT = 422, 409


# --- Agree, edit, stop ----------------------------------------------------------------------------
def course_new(request, patient_id):
    """Agree a course: what is treated fills in zones and figures, which stay editable."""
    patient = look_at(request, patient_id, _part(request))
    sent = request.POST if request.method == "POST" else request.GET
    protocol = protocol_asked(sent.get("protocol", ""))
    build = {"clinic": request.clinic, "today": _today(request), "protocol": protocol,
             "cancel_url": patient.get_absolute_url()}  # fmt: skip
    if request.htmx.trigger_name == "protocol" or "prefill" in sent:
        return _prefilled(request, patient, build)
    form = CourseForm(request.POST if request.method == "POST" else None, **build)
    mine = request.user.resources.filter(clinic=request.clinic, active=True).first()
    form.initial.setdefault("practitioner", mine and mine.pk)
    facts = {"form": form, "patient": patient, "protocol": protocol} | _care(request, patient)
    if form.is_bound:
        try:
            if plan := _agreed(request, patient, form):
                messages.success(request, "The course is agreed. Now choose its dates.")
                return redirect("course_dates", plan.pk)
        except ValidationError as refusal:
            facts["refusal"] = " ".join(refusal.messages)
    return render(request, "treatments/plans/new.html", facts, status=_status(form))


def _agreed(request, patient, form) -> TreatmentPlan | None:
    """Agree the course that was sent; None where a field of it is wrong."""
    must_have_protocol(form.protocol)
    if not form.is_valid():
        return None
    return agree_course(
        patient=patient, protocol=form.protocol, **form.facts, agreed_on=form.today,
        request_key=form.cleaned_data["request_key"], at=timezone.now(), by=request.user,
    )  # fmt: skip


def _prefilled(request, patient, build):
    """Answer with the part of the form that a protocol fills in; what was chosen stays chosen."""
    sent = request.POST
    form = CourseForm(**build)
    form.initial |= {"zones": sent.getlist("zones"), "event_on": sent.get("event_on", "")}
    if not form.initial.get("calm_days"):
        form.initial["calm_days"] = sent.get("calm_days", "")
    facts = {"form": form, "protocol": build["protocol"], "patient": patient}
    if request.htmx:
        return render(request, "treatments/plans/_agreed.html", facts)
    rest = ("service", "practitioner", "notes")
    form.initial |= {name: sent.get(name, "") for name in rest}
    return render(request, "treatments/plans/new.html", facts | _care(request, patient))


def course_edit(request, plan_id):
    """Change what is still to come of a course; two people at once see both texts."""
    plan = _plan(request, plan_id)
    patient = look_with(request, plan, _part(request))
    form = CourseForm(
        request.POST if request.method == "POST" else None, clinic=request.clinic,
        today=_today(request), plan=plan, protocol=plan.protocol,
        cancel_url=plan.get_absolute_url(),
    )  # fmt: skip
    facts = {"form": form, "patient": patient, "plan": plan, "protocol": plan.protocol}
    facts |= _care(request, patient)
    status = _status(form)
    if form.is_bound and form.is_valid():
        try:
            edit_course(plan=plan, version=form.cleaned_data["version"] or 0, **form.facts,
                        at=timezone.now(), by=request.user)  # fmt: skip
        except Conflict as refusal:
            status, facts["conflict"] = CONFLICT, refusal.current
            facts["form"] = form.onto(refusal.current)
        except ValidationError as refusal:
            status, facts["refusal"] = INVALID, " ".join(refusal.messages)
        else:
            messages.success(request, "Saved.")
            return redirect(plan)
    return render(request, "treatments/plans/edit.html", facts, status=status)


def course_stop(request, plan_id):
    """End a course before its last session, with the reason."""
    plan = _plan(request, plan_id)
    patient = look_with(request, plan, _part(request))
    form = StopForm(request.POST if request.method == "POST" else None,
                    cancel_url=plan.get_absolute_url())  # fmt: skip
    if form.is_bound and form.is_valid():
        try:
            stop_course(plan=plan, **form.cleaned_data, on=_today(request), at=timezone.now(),
                        by=request.user)  # fmt: skip
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            messages.success(request, "The course is stopped and its bookings are cancelled.")
            return redirect(plan)
    booked = [row for row in _sessions(plan) if row.is_booked]
    facts = {"form": form, "plan": plan, "patient": patient, "booked": booked}
    return render(request, "treatments/plans/stop.html", facts | _care(request, patient),
                  status=_status(form))  # fmt: skip


# --- Look -----------------------------------------------------------------------------------------
def course(request, plan_id):
    """Show what was agreed and how far it has come; the clinical part to those who treat."""
    plan = _plan(request, plan_id)
    patient = look_with(request, plan, _part(request))
    sessions = _sessions(plan)
    facts = {"plan": plan, "patient": patient, "sessions": sessions,
             "to_book": any(not row.done_on and not row.is_booked for row in sessions),
             "kept": kept_times(patient, timezone.now()),
             "late": plan.lateness_on(_today(request)),
             "lacks_consent": plan.pk in lacking_consent({plan.pk}, _today(request)),
             "next": request.get_full_path()}  # fmt: skip
    if request.member.role in CARE:
        facts["zones"] = plan.zones.select_related("zone")
    return render(request, "treatments/plans/course.html", facts | _care(request, patient))


# --- Dates ----------------------------------------------------------------------------------------
def course_dates(request, plan_id):
    """Choose the dates of all remaining sessions at once; one save books them all."""
    plan, patient = _plan_to_book(request, plan_id)
    if plan.status != "open" or plan.sessions_left == 0:
        return render(request, "treatments/plans/dates.html",
                      {"plan": plan, "patient": patient} | _care(request, patient))  # fmt: skip
    facts = {"plan": plan, "patient": patient, "from_day": _from_day(request)}
    status = 200
    try:
        dates = _dates(request, plan)
    except ValidationError as refusal:
        facts["refusal"] = " ".join(refusal.messages)
    else:
        if request.method == "POST":
            answer, status = _book_all(request, dates), CONFLICT
            if not hasattr(answer, "rows"):
                return answer
            facts["page"] = answer
        else:
            facts["page"] = _choosing(request, dates)
            _keep_free_day(dates, facts["from_day"])
    part = request.htmx and not request.htmx.boosted
    name = f"treatments/plans/{'_dates' if part else 'dates'}.html"
    return render(request, name, facts | _care(request, patient), status=status)


def course_date_row(request, plan_id):
    """Answer with one session's row opened: the days around its date and the times of one day."""
    plan, patient = _plan_to_book(request, plan_id)
    try:
        dates = _dates(request, plan)
    except ValidationError as refusal:
        raise Http404 from refusal
    number = _number(request.GET.get("edit", ""))
    page = _choosing(request, dates)
    row = next((row for row in page.rows if row.number == number), None)
    if row is None or plan.status != "open":
        raise Http404
    return render(request, "treatments/plans/_date_row.html", {
        "row": row, "plan": plan, "patient": patient, "today": _today(request),
    })  # fmt: skip


def _choosing(request, dates):
    """Return the page for what has been chosen so far; nothing is written."""
    sent = request.GET
    slots = {}
    if dates.request and "proposal" not in sent:
        form = DatesForm(sent, sessions=dates.open_sessions, zone=request.clinic.zone,
                         today=_today(request))  # fmt: skip
        slots = form.slots | _picked(request, dates)
    page = dates.layout(name=sent.get("proposal", ""), picked=slots)
    number = _number(sent.get("edit", ""))
    if "pick" not in sent and any(row.number == number for row in page.rows):
        row = next(row for row in page.rows if row.number == number)
        day = day_asked(sent.get("day", ""), today=_today(request))
        row.editor = dates.editor(page.rows, number, day)
    return page


def _picked(request, dates) -> dict:
    """Return the slot of the time that was tapped, "3:29384756.1", by number."""
    number, _, word = request.GET.get("pick", "").partition(":")
    form = DatesForm({f"slot_{number}": word}, sessions=dates.open_sessions,
                     zone=request.clinic.zone, today=_today(request))  # fmt: skip
    return form.slots


def _book_all(request, dates):
    """Book the slots that were sent, all or none; a refusal brings the rows back as chosen."""
    form = DatesForm(request.POST, sessions=dates.open_sessions, zone=request.clinic.zone,
                     today=_today(request))  # fmt: skip
    slots = form.slots
    page = dates.layout(picked=slots)
    faults = {n: " ".join(form.errors[f"slot_{n}"]) for n in form.sessions
              if f"slot_{n}" in form.errors} | form.moved_meanwhile  # fmt: skip
    if not slots and not faults:
        page.alerts.append("Choose at least one time.")
        return page
    if faults:
        return _unbooked(page, faults)
    try:
        booked = book_course(plan=dates.plan, slots=slots, why=dates.why(slots),
                             at=timezone.now(), by=request.user)  # fmt: skip
    except (SlotTaken, NotHealed) as refusal:
        nearest = offered(getattr(refusal, "nearest", ()), dates.units)
        return _unbooked(page, {refusal.number: " ".join(refusal.messages)}, nearest)
    except ValidationError as refusal:
        page.alerts += refusal.messages
        return page
    sessions = "session is" if len(booked) == 1 else "sessions are"
    messages.success(request, f"{len(booked)} {sessions} booked.")
    return redirect(dates.plan)


def _unbooked(page, faults, nearest=()):
    """Return the rows as chosen, each with its fault and what could be had instead."""
    for row in page.rows:
        if row.number in faults:
            row.refusal, row.nearest = faults[row.number], nearest
    which = " and ".join(f"session {number}" for number in sorted(faults))
    page.alerts.append(f"Nothing was booked: {which} needs another time. The others are kept.")
    return page


# --- How ------------------------------------------------------------------------------------------
def _today(request):
    return request.clinic.local_date(timezone.now())


def _part(request) -> str:
    """Return which part of a patient the person at hand is shown here."""
    return "note" if request.member.role in CARE else "schedule"


def _plan(request, plan_id) -> TreatmentPlan:
    """Return a course of the clinic at hand with its state today."""
    rows = TreatmentPlan.objects.of(request.clinic).with_people().with_state(_today(request))
    plan = get_object_or_404(rows, pk=plan_id)
    plan.clinic = request.clinic
    return plan


def _plan_to_book(request, plan_id):
    """Return a course and its patient, opened for the person who books."""
    plan = _plan(request, plan_id)
    return plan, look_with(request, plan, _part(request))


def _sessions(plan) -> list[PlannedSession]:
    rows = list(plan.sessions.with_booking().order_by("number"))
    for row in rows:
        row.plan = plan
    tell_late(plan, rows)
    return rows


def _dates(request, plan) -> Dates:
    """Return the planner's answer for a course. Raises ValidationError where nobody can serve it."""
    clear_expired(clinic=request.clinic, at=timezone.now())
    units = {row.pk: row for row in request.clinic.resources.all()}
    return Dates(plan, units=units, today=_today(request), from_day=_from_day(request), mend=True)


def _keep_free_day(dates: Dates, from_day) -> None:
    """Keep on the course which day is free first, where the search began with tomorrow."""
    if dates.request is None or from_day:
        return
    plan = dates.plan
    day = free_from(dates.request, dates.course, plan.next_latest_on, today=dates.today)
    if day:
        keep_free_day(plan=plan, day=day, at=timezone.now())


def _from_day(request):
    """Return the day before which nothing shall be proposed, None for tomorrow."""
    sent = request.POST if request.method == "POST" else request.GET
    return day_asked(sent.get("from", ""), today=_today(request))


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0


def _care(request, patient) -> dict:
    """Return what the banner and the forms of those who treat print besides."""
    facts = {"today": _today(request), "allergies": []}
    if request.member.role in CARE:
        facts["allergies"] = patient.allergies.filter(ended_on=None)
        facts["protocols"] = Protocol.objects.filter(active=True).prefetch_related(
            Prefetch("zones", to_attr="zone_list")
        )
    return facts


def _status(form) -> int:
    return INVALID if form.is_bound else 200
