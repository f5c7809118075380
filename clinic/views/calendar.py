"""The diary: day, week and month on one page, and what can be done in it with a visit in hand."""

from datetime import datetime

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions.refusals import Conflict
from clinic.forms.calendar import Look, PlaceForm
from clinic.forms.diary import slot_word
from clinic.models import Appointment
from clinic.models.messages import UNDO_WINDOW
from clinic.permissions import CARE
from clinic.scheduling.reasons import day_words
from clinic.views.back import came_from
from clinic.views.drawn import Sheet
from clinic.views.looks import look_at
from clinic.views.month import weeks_of
from clinic.views.offers import DayRules, why_this_day
from clinic.views.targets import PickUp
from clinic.views.undone import undone_words
from treatments.actions import diary as deeds
from treatments.actions import undo
from treatments.views.rest import rest_words

UNDO_KEY = "diary_undo"
CONFLICT, INVALID = 409, 422


# --- Look -----------------------------------------------------------------------------------------
def diary(request):
    """Show a day or a week of the diary, or how many come on each day of a month."""
    look = _look(request)
    facts = {"look": look, "today": look.today, "undo": undo_at_hand(request), "frees": True,
             "waiting": Appointment.objects.waiting_to_move(request.clinic)}  # fmt: skip
    if look.view == "month":
        return render(request, "clinic/calendar/month.html", facts | {
            "weeks": weeks_of(request.clinic, look)})  # fmt: skip
    return render(request, "clinic/calendar/diary.html", facts)


def diary_data(request):
    """Answer with what the calendar draws."""
    look = _look(request)
    sheet = Sheet(
        clinic=request.clinic, from_day=look.from_day, days=look.days, kind=look.kind,
        at=timezone.now(), only=look.only, clinical=request.member.role in CARE,
    )  # fmt: skip
    return JsonResponse(sheet.as_dict() | {"undo": undo_at_hand(request)})


# --- A visit in hand ------------------------------------------------------------------------------
def diary_targets(request, appointment_id):
    """Answer where a visit that was picked up may go on the days looked at, and why not elsewhere."""
    row, look = _visit(request, appointment_id), _look(request)
    _open(request, row)
    if not row.can_be_moved:
        words = f"An appointment in state “{row.get_status_display()}” stays."
        return JsonResponse({"refusal": words}, status=CONFLICT)
    columns = [look.only] if look.only else [unit.pk for unit in look.columns]
    hand = PickUp(row=row, units=look.units, at=timezone.now())
    return JsonResponse(hand.targets(
        from_day=look.from_day, days=look.days, kind=look.kind, columns=columns
    ))  # fmt: skip


def diary_place(request, appointment_id):
    """Put a visit down; a refusal says why and names the nearest places."""
    row, today = _visit(request, appointment_id), _today(request)
    form = PlaceForm(request.POST, zone=request.clinic.zone, today=today)
    if not form.is_valid():
        return JsonResponse(
            {"refusal": "Choose a time in the diary.", "nearest": []}, status=INVALID
        )
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    hand = PickUp(row=row, units=units, at=timezone.now())
    if hand.stands_at(form.slot, form.cleaned_data["version"]):
        return JsonResponse({"stays": stays_words(row)})
    rules = hand.rules()
    if _asks_first(row, rules, form.slot, form.cleaned_data["version"]):
        return JsonResponse({"ask": preview_of(row, form.slot)})
    try:
        _must_be_free(hand, form)
        words = _placed(request, row, form, rules)
    except ValidationError as refusal:
        return _not_there(request, hand, form, refusal)
    return JsonResponse({"done": words, "undo": undo_at_hand(request)})


def _placed(request, row, form: PlaceForm, rules: DayRules) -> str:
    """Move a visit to where it was put down, so that it can be undone; return what was done."""
    was, whose = undo.before(row, "moved"), row.practitioner_id
    moved = deeds.move_appointment(
        appointment=row, slot=form.slot, version=form.cleaned_data["version"],
        why=why_this_day(getattr(row, "planned_session", None), form.slot),
        at=timezone.now(), by=request.user,
    )  # fmt: skip
    with_whom = f" with {moved.practitioner.name}" if moved.practitioner_id != whose else ""
    when = f"{day_words(moved.local_date)}, {moved.start_clock}"
    words = f"{row.patient.full_name}: moved to {when}{with_whom}."
    words = f"{words} {rest_words(rules.rest, moved.local_date)}".strip()
    remember(request, words, [was])
    return words


def stays_words(row: Appointment) -> str:
    """Return that a visit was put down on its own place: nothing was done, nobody is told."""
    when = f"{day_words(row.local_date)}, {row.start_clock}"
    return f"{row.patient.full_name} stays where it was: {when}. Nothing was changed."


def _must_be_free(hand: PickUp, form: PlaceForm) -> None:
    """Refuse a room that is taken: the deed would quietly choose another one."""
    if form.kind == "room" and (words := hand.because(form.slot, form.kind)):
        raise ValidationError(words, code="taken")


def _asks_first(row, rules: DayRules, slot, version: int) -> bool:
    """Say whether later sessions of the course would have to give way to this place."""
    if not row.can_be_moved or row.version != version:
        return False  # somebody was quicker: the deed says so
    return rules.asks_first(slot)


def preview_of(row: Appointment, slot) -> str:
    """Return the address that shows what moving a visit to a slot does to its course."""
    return f"{reverse('appointment_tail', args=[row.pk])}?slot={slot_word(slot)}"


def _not_there(request, hand: PickUp, form: PlaceForm, refusal: ValidationError) -> JsonResponse:
    """Answer with the reason the place is greyed with, else the deed's, and the nearest places."""
    now = _visit(request, hand.row.pk)
    nearest, because = [], ""
    if now.can_be_moved:
        again = PickUp(row=now, units=hand.units, at=hand.at)
        nearest = again.nearest(form.slot, form.kind)
        if not isinstance(refusal, Conflict):
            because = again.because(form.slot, form.kind)
    words = because or " ".join(refusal.messages)
    answer = {"refusal": words, "nearest": nearest, "version": now.version}
    return JsonResponse(answer, status=CONFLICT)


# --- Undo -----------------------------------------------------------------------------------------
def diary_undo(request):
    """Take back the last deed of this person, while its messages still wait."""
    kept = undo_at_hand(request) and request.session.pop(UNDO_KEY)
    if not kept:
        messages.error(request, "There is nothing to undo: three minutes are over.")
    else:
        try:
            now = undo.take_back(places=kept["places"], at=timezone.now(), by=request.user)
        except ValidationError as refusal:
            messages.error(request, f"Not undone. {' '.join(refusal.messages)}")
        else:
            messages.success(request, undone_words(kept["places"], now))
    if request.headers.get("accept") == "application/json":
        return JsonResponse({"said": [str(note) for note in messages.get_messages(request)]})
    return redirect(came_from(request) or "diary")


def remember(request: HttpRequest, words: str, places: list[dict]) -> None:
    """Keep how to take back what was just done, in this person's session."""
    kept = undo.after(places)
    request.session[UNDO_KEY] = {
        "words": words, "places": kept, "clinic": request.clinic.pk,
        "at": timezone.now().isoformat(),
    }  # fmt: skip


def undo_at_hand(request: HttpRequest) -> dict | None:
    """Return what can still be taken back, as words and seconds left; None for nothing."""
    kept = request.session.get(UNDO_KEY)
    if not kept or kept["clinic"] != request.clinic.pk:
        return None
    left = datetime.fromisoformat(kept["at"]) + UNDO_WINDOW - timezone.now()
    if left.total_seconds() <= 0:
        return None
    return {"words": kept["words"], "seconds": int(left.total_seconds())}


def undoes(request: HttpRequest, row: Appointment) -> bool:
    """Say whether what can be taken back here is about this visit."""
    kept = undo_at_hand(request) and request.session[UNDO_KEY]
    return bool(kept) and any(place["pk"] == row.pk for place in kept["places"])


# --- How ------------------------------------------------------------------------------------------
def _today(request):
    return request.clinic.local_date(timezone.now())


def _look(request) -> Look:
    return Look(request.GET, clinic=request.clinic, today=_today(request))


def _visit(request, appointment_id) -> Appointment:
    """Return an appointment of the clinic at hand, with its session of a course."""
    rows = Appointment.objects.of(request.clinic).with_people()
    row = get_object_or_404(
        rows.select_related("planned_session__plan__protocol"), pk=appointment_id
    )
    row.clinic = request.clinic
    return row


def _open(request, row: Appointment):
    return look_at(request, row.patient_id, "schedule", alone=True)
