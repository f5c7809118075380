"""What moving or cancelling one session does to the rest of its course: look, then one save."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions.patients import open_patient
from clinic.actions.refusals import Conflict, NotHealed, SlotTaken
from clinic.forms.diary import slot_word
from clinic.models import Appointment
from clinic.permissions import CARE
from clinic.scheduling.reasons import day_words, sentence
from clinic.scheduling.tail import Tail
from clinic.scheduling.terms import Placed, Refusal
from clinic.views.calendar import remember
from clinic.views.offers import Offer, offered
from clinic.views.targets import PickUp
from treatments.actions import undo
from treatments.actions.tail import move_with_tail
from treatments.forms.tail import TailForm
from treatments.models.openings import Course
from treatments.models.tail import session_of, tail_of

INVALID, CONFLICT = 422, 409


@dataclass(frozen=True)
class TailRow:
    """One session before and after: `what` is "changed", "moved" or "kept"."""

    number: int
    what: str
    was: Appointment | None
    offer: Offer | None
    reasons: list[str]

    @property
    def word(self) -> str:
        """Return what its hidden field sends."""
        return slot_word(self.offer.slot)


def appointment_tail(request, appointment_id):
    """Show what moving a session to a time does to the others, and move them all with one save."""
    row = _visit(request, appointment_id)
    patient = open_patient(pk=row.patient_id, clinic=request.clinic, category="schedule",
                           at=timezone.now(), by=request.user)  # fmt: skip
    session = session_of(row)
    facts = {"appointment": row, "patient": patient, "today": _today(request), "allergies": []}
    if request.member.role in CARE:
        facts["allergies"] = patient.allergies.filter(ended_on=None)
    if session is None or not row.can_be_moved:
        return redirect(row)
    sent = request.POST if request.method == "POST" else request.GET
    form = TailForm(sent, clinic=request.clinic, today=_today(request), course=Course(session.plan))
    if not form.is_valid():
        messages.error(request, "Choose a time first.")
        return redirect("appointment_move", row.pk)
    if request.method == "POST":
        answer = _saved(request, row, session, form)
        if not isinstance(answer, dict):
            return answer
        facts |= answer
    facts |= _preview(request, row, session, form)
    status = facts.get("status", 200)
    return render(request, "treatments/plans/tail.html", facts, status=status)


def _preview(request, row, session, form) -> dict:
    """Return the rows of the course before and after, or why it cannot be."""
    slot = form.cleaned_data["slot"]
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    found = tail_of(session, today=_today(request), slot=slot)
    facts = {"slot": slot, "slot_word": slot_word(slot), "session": session,
             "who": units.get(slot.practitioner_id)}  # fmt: skip
    if isinstance(found, Tail):
        return facts | {"rows": tail_rows(found, session.plan, units), "moves": len(found.moved)}
    reasons = [f"{sentence(why)}." for part in _unplaced(found) for why in part.reasons[:1]]
    return facts | {"rows": [], "reasons": reasons}


def _unplaced(found: Refusal | None):
    return found.sessions if isinstance(found, Refusal) else ()


def tail_rows(tail: Tail, plan, units) -> list[TailRow]:
    """Return a row per session of a mended course, in order."""
    course = Course(plan)
    rows = [_row("changed", tail.changed, course, units)]
    rows += [_row("kept", placed, course, units) for placed in tail.kept]
    rows += [_row("moved", placed, course, units) for placed in tail.moved]
    return sorted(rows, key=lambda row: row.number)


def _row(what: str, placed: Placed, course: Course, units) -> TailRow:
    session = course.session(placed.number)
    told = [f"{sentence(why)}." for why in placed.reasons if why["cost"] and why.code != "changed"]
    offer = next(iter(offered([placed.slot], units)), None)
    return TailRow(placed.number, what, session.appointment, offer, told)


def _saved(request, row, session, form):
    """Move the session and those that give way; a redirect when done, facts of the page if not."""
    others = form.others
    numbers = {session.number, *others}
    rows = session.plan.sessions.filter(number__in=numbers).select_related("appointment")
    visits = [one.appointment for one in rows if one.is_booked or one.pk == session.pk]
    was = [undo.before(visit, "moved") for visit in visits]
    slot = form.cleaned_data["slot"]
    try:
        moved = move_with_tail(
            appointment=row, slot=slot, others=others, version=form.cleaned_data["version"],
            at=timezone.now(), by=request.user,
        )  # fmt: skip
    except (Conflict, SlotTaken, NotHealed) as refusal:
        return {"refusal": " ".join(refusal.messages), "status": CONFLICT,
                "nearest": _nearest(request, row, slot)}  # fmt: skip
    except ValidationError as refusal:
        return {"refusal": " ".join(refusal.messages), "status": INVALID,
                "nearest": _nearest(request, row, slot)}  # fmt: skip
    words = f"{row.patient.full_name}: {_days(moved)}."
    remember(request, words, was)
    messages.success(request, f"Moved. {words}")
    return redirect(f"{reverse('diary')}?on={moved[0].local_date.isoformat()}")


def _nearest(request, row, slot) -> list[dict]:
    now = _visit(request, row.pk)
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    return PickUp(row=now, units=units, at=timezone.now()).nearest(slot)


def _days(moved) -> str:
    return ", ".join(f"{day_words(one.local_date)} {one.start_clock}" for one in moved)


def _today(request):
    return request.clinic.local_date(timezone.now())


def _visit(request, appointment_id) -> Appointment:
    rows = Appointment.objects.of(request.clinic).with_people()
    row = get_object_or_404(rows.select_related("planned_session__plan"), pk=appointment_id)
    row.clinic = request.clinic
    return row
