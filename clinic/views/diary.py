"""Pages of the diary: book a visit, look at it, take its steps, give it another time, cancel it."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Prefetch, prefetch_related_objects
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions import tentative
from clinic.actions.diary import book
from clinic.actions.refusals import Conflict, NotHealed, SlotTaken
from clinic.forms.diary import BookingForm, SlotSearchForm, day_asked
from clinic.models import Appointment, AuditEvent, OutboxMessage, Patient
from clinic.permissions import CARE, may
from clinic.scheduling.reasons import day_words
from clinic.views.back import came_from
from clinic.views.calendar import preview_of, remember, stays_words, undo_at_hand, undoes
from clinic.views.looks import look_at, look_with
from clinic.views.missing import Missing, asks_consent
from clinic.views.offers import Search, offered, offers_for, why_this_day
from clinic.views.targets import PickUp
from clinic.views.tentative import kept_times, outside_courses
from clinic.views.visit import TOLD, Visit
from treatments.actions import diary, undo
from treatments.models import PlannedSession, TreatmentSession
from treatments.models.screening import with_check
from treatments.views.rest import rest_words

FOUND_ROWS = 8
INVALID, CONFLICT = 422, 409
DONE_WORDS = {
    "confirm": "{} has confirmed.", "arrive": "{} has arrived.", "start": "{} is in the room.",
    "numb": "Numbing of {} has begun.", "attended": "The visit of {} took place.",
    "finish": "The visit of {} is done.", "noshow": "{} did not attend.",
    "undo": "One step back for {}.",
}  # fmt: skip


# --- Book -----------------------------------------------------------------------------------------
def appointment_new(request):
    """Book one follow-up: find the patient, then a time; one tap on a time books it."""
    sent = request.POST if request.method == "POST" else request.GET
    key = sent.get("patient", "")
    if not (key.isascii() and key.isdecimal() and len(key) < 16):
        return _find_patient(request)
    patient = _open(request, int(key))
    search = _search_form(request, sent, patient)
    if request.method == "POST":
        return _book(request, patient, search)
    return render(request, "clinic/diary/new.html", _finder(request, search, patient))


def appointment_slots(request):
    """Answer with the next free times for what is being chosen."""
    moving = request.GET.get("move", "")
    if moving:
        appointment = _visit(request, int(moving) if moving.isdecimal() else 0)
        search, patient = _move_form(request, appointment)
        facts = _finder(request, search, patient, moving=appointment)
    else:
        key = request.GET.get("patient", "")
        patient = _open(request, int(key) if key.isdecimal() and len(key) < 16 else 0)
        facts = _finder(request, _search_form(request, request.GET, patient), patient)
    return render(request, "clinic/diary/_slots.html", facts)


def _find_patient(request):
    """Ask who is on the telephone."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:120]
    found = Patient.objects.of(request.clinic).matching(text).for_list() if text else []
    facts = {"query": text, "patients": list(found[:FOUND_ROWS])}
    part = request.htmx and not request.htmx.boosted
    return render(request, f"clinic/diary/{'_found' if part else 'who'}.html", facts)


def _book(request, patient, search):
    """Book the slot that was tapped; a refusal brings the page back with what to do instead."""
    form = BookingForm(request.POST, clinic=request.clinic, today=_today(request))
    if not form.is_valid():
        return _refused(request, "new", search, patient, form=form)
    key = form.cleaned_data["request_key"]
    made = Appointment.objects.of(request.clinic).filter(patient=patient, request_key=key)
    appointment = made.first() if key else None
    if appointment is None:
        try:
            appointment = _booked(request, patient, search, form.cleaned_data)
        except ValidationError as refusal:
            return _refused(request, "new", search, patient, form=form, refusal=refusal)
        remember(
            request, f"Booked: {_when(appointment)} for {patient.full_name}.",
            [undo.booked(appointment)],
        )  # fmt: skip
    else:
        messages.success(request, f"Booked: {_when(appointment)} for {patient.full_name}.")
    return redirect(appointment)


def _booked(request, patient, search, given):
    """Book through the course where the visit is one of its sessions."""
    if not search.knows_visit:
        raise ValidationError("This session has been booked meanwhile. Choose what to book.")
    facts = {"slot": given["slot"], "note": given["note"], "request_key": given["request_key"],
             "at": timezone.now(), "by": request.user}  # fmt: skip
    if search.planned:
        why = why_this_day(search.planned, given["slot"])
        return diary.book_session(planned_session=search.planned, why=why, **facts)
    kept = outside_courses(kept_times(patient, facts["at"]), search.service)
    return book(clinic=request.clinic, patient=patient, service=search.service, instead_of=kept,
                **facts)  # fmt: skip


# --- Keep a time while the patient is asked -------------------------------------------------------
def time_keep(request):
    """Keep the time that was tapped for ten minutes, and show it above the other free times."""
    key = request.POST.get("patient", "")
    patient = _open(request, int(key) if key.isdecimal() and len(key) < 16 else 0)
    search = _search_form(request, request.POST, patient)
    form = BookingForm(request.POST, clinic=request.clinic, today=_today(request))
    if not form.is_valid():
        return _refused(request, "new", search, patient, form=form)
    try:
        kept = _kept(request, patient, search, form.cleaned_data)
    except ValidationError as refusal:
        return _refused(request, "new", search, patient, form=form, refusal=refusal)
    messages.success(request, f"Kept for {patient.full_name}: {_when(kept)}. Nobody is told yet.")
    return redirect(_finder_again(request, search, patient))


def _finder_again(request, search, patient) -> str:
    """Return the address of the finder as it was: for whom, for what, with whom, from which day."""
    asked = {"patient": patient.pk}
    asked |= {"planned": search.planned.pk} if search.planned else {"service": search.service.pk}
    asked |= {name: request.POST[name][:16] for name in ("practitioner", "from")
              if name in request.POST}  # fmt: skip
    return f"{reverse('appointment_new')}?{urlencode(asked)}"


def _kept(request, patient, search, given):
    if not search.knows_visit:
        raise ValidationError("This session has been booked meanwhile. Choose what to book.")
    facts = {"slot": given["slot"], "request_key": given["request_key"], "at": timezone.now(),
             "by": request.user}  # fmt: skip
    if search.planned:
        return diary.keep_session(planned_session=search.planned, **facts)
    kept = outside_courses(kept_times(patient, facts["at"]), search.service)
    return tentative.keep(clinic=request.clinic, patient=patient, service=search.service,
                          instead_of=kept, **facts)  # fmt: skip


def time_let_go(request, kept_id):
    """Let a kept time go; one that expired or was taken a moment ago is gone already."""
    row = Appointment.tentative.of(request.clinic).filter(pk=kept_id).first()
    if row and tentative.give_up(kept=row, at=timezone.now(), by=request.user):
        messages.success(request, f"{_when(row)} is free for others again.")
    else:
        messages.info(request, "That time is no longer kept.")
    return redirect(came_from(request) or "today")


# --- One appointment ------------------------------------------------------------------------------
def appointment(request, appointment_id):
    """Show who comes, when, where, how far the visit is, and what can be done with it."""
    row = _visit(request, appointment_id)
    patient = look_with(request, row, "schedule")
    prefetch_related_objects([row], Prefetch("records", TreatmentSession.objects.for_links()))
    log = AuditEvent.objects.about(row, TOLD)
    visit = Visit(row, role=request.member.role, at=timezone.now(), log=log)
    told = OutboxMessage.objects.about(row) if may(visit.role, "message_list") else []
    return render(request, "clinic/diary/appointment.html", {
        "appointment": row, "visit": visit, "patient": patient, "today": _today(request),
        "next": request.get_full_path(), "undo": undo_at_hand(request), "told": told,
        "lacks_consent": Missing([row], today=_today(request)).consent(row),
        "asks_consent": asks_consent(row),
        "undo_gives_back": row.status == "cancelled" and undoes(request, row),
        **_alerts(request, patient),
    })  # fmt: skip


def appointment_step(request, appointment_id, step):
    """Take one step with a visit (confirm, arrive, start, finish, noshow) or one back (undo)."""
    row = _visit(request, appointment_id)
    if step not in DONE_WORDS:
        raise Http404
    facts = {"appointment": row, "at": timezone.now(), "by": request.user}
    try:
        if step == "undo":
            diary.undo(**facts)
        else:
            diary.step(step=step, **facts)
    except ValidationError as refusal:
        messages.error(request, " ".join(refusal.messages))
    else:
        messages.success(request, DONE_WORDS[step].format(row.patient.full_name))
    return redirect(came_from(request) or "today")


def appointment_move(request, appointment_id):
    """Give a visit another time; a day that cannot be had says why."""
    row = _visit(request, appointment_id)
    search, patient = _move_form(request, row)
    if not row.can_be_moved:
        messages.error(request, f"An appointment in state “{row.get_status_display()}” stays.")
        return redirect(row)
    if request.method != "POST":
        facts = _finder(request, search, patient, moving=row)
        return render(request, "clinic/diary/move.html", facts)
    form = BookingForm(request.POST, clinic=request.clinic, today=_today(request))
    refusal = None
    if form.is_valid():
        try:
            return redirect(_moved(request, row, search, form.cleaned_data))
        except ValidationError as problem:
            refusal = problem
    return _refused(request, "move", search, patient, form=form, refusal=refusal, moving=row)


def _moved(request, row, search, given):
    """Move a visit and return where to go: its page, or the preview where others give way too."""
    slot, version = given["slot"], given["version"] or 0
    hand = PickUp(row=row, units=search.units, at=timezone.now())
    if hand.stands_at(slot, version):
        messages.info(request, stays_words(row))
        return row
    rules = hand.rules()
    if row.version == version and rules.asks_first(slot):
        return preview_of(row, slot)
    was = undo.before(row, "moved")
    moved = diary.move_appointment(
        appointment=row, slot=slot, version=version, why=why_this_day(search.planned, slot),
        at=timezone.now(), by=request.user,
    )  # fmt: skip
    words = f"moved to {_when(moved)}. {rest_words(rules.rest, moved.local_date)}".strip()
    remember(request, f"{row.patient.full_name}: {words}", [was])
    return moved


# --- How ------------------------------------------------------------------------------------------
def _today(request):
    return request.clinic.local_date(timezone.now())


def _open(request, patient_id):
    return look_at(request, patient_id, "schedule")


def _visit(request, appointment_id) -> Appointment:
    """Return an appointment of the clinic at hand with what its pages print."""
    rows = Appointment.objects.of(request.clinic).with_people().select_related(
        "planned_session__plan__protocol", "booked_by", "ended_by",
    )  # fmt: skip
    row = get_object_or_404(with_check(rows, answers=False), pk=appointment_id)
    row.clinic = request.clinic
    return row


def _alerts(request, patient) -> dict:
    """Return what the patient banner shows to those who treat."""
    clinical = request.member.role in CARE
    return {"allergies": patient.allergies.filter(ended_on=None) if clinical else []}


def _search_form(request, sent, patient) -> SlotSearchForm:
    """Return what can be booked for a patient: the next sessions of running courses first."""
    waiting = PlannedSession.objects.filter(plan__patient=patient, plan__status="open")
    waiting = waiting.without_date().order_by("plan__agreed_on", "plan", "number")
    asked = {sent.get("planned"), sent.get("visit", "").removeprefix("session-")}
    first_of = {}
    for row in waiting.select_related("plan__protocol", "plan__service"):
        row.plan.patient, row.plan.clinic = patient, request.clinic
        if str(row.pk) in asked or row.plan_id not in first_of:
            first_of[row.plan_id] = row
    return SlotSearchForm(sent, clinic=request.clinic, sessions=first_of.values())


def _move_form(request, row):
    """Return the search for another time of an appointment, and its patient."""
    patient = look_with(request, row, "schedule")
    planned = getattr(row, "planned_session", None)
    if planned:
        planned.plan.patient, planned.plan.clinic = patient, request.clinic
        planned.plan.service = row.service
    sent = request.POST if request.method == "POST" else request.GET
    form = SlotSearchForm(
        sent, clinic=request.clinic, sessions=[planned] if planned else [], service=row.service,
        usual_id=row.practitioner_id,
    )  # fmt: skip
    return form, patient


def _finder(request, search, patient, *, moving=None, from_day=None) -> dict:
    """Return everything the slot finder prints; without a bookable service the reason for none."""
    sent, today = search.data, _today(request)
    asked = from_day or _day_asked(request, search, moving)
    now = timezone.now()
    kept = kept_times(patient, now)
    facts = {"search": search, "patient": patient, "today": today, "moving": moving, "kept": kept,
             "keep": moving is None,
             "next": f"{reverse('appointment_new')}?patient={patient.pk}",
             "booking": BookingForm(sent, clinic=request.clinic, today=today),
             **_alerts(request, patient)}  # fmt: skip
    if search.service is None:
        return facts | {"no_offers": "This clinic offers no service that can be booked yet."}
    try:
        facts["offers"] = offers_for(Search(
            clinic=request.clinic, patient=patient, service=search.service, at=now,
            units=search.units, from_day=asked, practitioner_id=search.practitioner_id,
            session=search.planned, moving=moving, kept=outside_courses(kept, search.service),
        ))  # fmt: skip
    except ValidationError as refusal:
        facts["no_offers"] = " ".join(refusal.messages)
    return facts


def _day_asked(request, search, moving):
    """Return the day to search from: what was asked, else the visit's own where it has no course."""
    today, sent = _today(request), search.data.getlist("from")
    is_new = request.htmx.trigger_name == "visit"
    asked = None if is_new else day_asked(sent[-1] if sent else "", today=today)
    if moving and not asked and not search.planned:
        return max(moving.local_date, today)
    return asked


def _refused(request, page, search, patient, *, form, refusal=None, moving=None):
    """Show a page again with everything typed, one sentence, and what could be had instead."""
    from_day = refusal.first_day if isinstance(refusal, NotHealed) else None
    facts = {"nearest": [], "refusal": " ".join(_sentences(refusal, form))}
    if isinstance(refusal, SlotTaken):
        facts["nearest"] = offered(refusal.nearest, search.units)
    if isinstance(refusal, Conflict):
        moving = facts["conflict"] = refusal.current
        moving.clinic = request.clinic
        mine = offered([form.cleaned_data["slot"]], search.units)
        facts["mine"] = mine[0] if mine else None
    facts = _finder(request, search, patient, moving=moving, from_day=from_day) | facts
    status = CONFLICT if isinstance(refusal, (SlotTaken, NotHealed, Conflict)) else INVALID
    return render(request, f"clinic/diary/{page}.html", facts, status=status)


def _sentences(refusal, form):
    if refusal is not None:
        return refusal.messages
    return [sentence for sentences in form.errors.values() for sentence in sentences]


def _when(row) -> str:
    return f"{day_words(row.local_date)}, {row.start_clock}"
