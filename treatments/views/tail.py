"""What moving or cancelling one session does to the rest of its course: look, then one save."""

from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.actions.refusals import Conflict, NotHealed, SlotTaken
from clinic.forms.diary import CancelForm, slot_word
from clinic.models import Appointment
from clinic.permissions import CARE
from clinic.scheduling.reasons import day_words, sentence
from clinic.scheduling.tail import Tail
from clinic.scheduling.terms import Placed, Refusal
from clinic.views.calendar import remember
from clinic.views.looks import look_with
from clinic.views.offers import Offer, offered
from clinic.views.targets import PickUp
from treatments.actions import undo
from treatments.actions.tail import cancel_with_tail, move_with_tail
from treatments.forms.tail import TailForm
from treatments.models.openings import Course
from treatments.models.tail import Rest, session_of, tail_of
from treatments.views.rest import rest_words, stay_words, why_not_kept

INVALID, CONFLICT = 422, 409


@dataclass(frozen=True)
class TailRow:
    """One session before and after: `what` is "changed", "moved" or "kept"; why it gives way."""

    number: int
    what: str
    was: Appointment | None
    offer: Offer | None
    reasons: list[str]
    because: str = ""

    @property
    def word(self) -> str:
        """Return what its hidden field sends."""
        return slot_word(self.offer.slot)


def appointment_tail(request, appointment_id):
    """Show what moving a session to a time does to the others, and move them all with one save."""
    row = _visit(request, appointment_id)
    patient = look_with(request, row, "schedule")
    session = session_of(row)
    facts = {"appointment": row, "patient": patient} | _care(request, patient)
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


# --- Cancel ---------------------------------------------------------------------------------------
def appointment_cancel(request, appointment_id):
    """Cancel a visit for one of the short list's reasons, and book its session anew if wished."""
    row = _visit(request, appointment_id)
    patient = look_with(request, row, "schedule")
    session = session_of(row)
    sent = request.POST if request.method == "POST" else None
    form, status = CancelForm(sent, initial={"version": row.version}), INVALID
    form.helper.form_tag, form.helper.disable_csrf = False, True
    facts = {"appointment": row, "patient": patient, "form": form, "session": session}
    if form.is_valid():
        try:
            _cancelled(request, row, session, form.cleaned_data)
        except Conflict as refusal:
            row, form, status = *_seen_again(request, row, sent, refusal), CONFLICT
            facts |= {"appointment": row, "form": form}
        except ValidationError as refusal:
            form.add_error(None, refusal)
        else:
            return redirect(_day_of(row) if "from" in request.POST else row.get_absolute_url())
    facts |= _care(request, patient) | _anew(request, row, session)
    return render(request, "clinic/diary/cancel.html", facts,
                  status=status if form.is_bound else 200)  # fmt: skip


def _seen_again(request, row, sent, refusal: Conflict):
    """Return the visit as it is now, and the form as it was sent with its version and the refusal."""
    now = _visit(request, row.pk)
    form = CancelForm({**sent.dict(), "version": now.version})
    form.helper.form_tag, form.helper.disable_csrf = False, True
    form.add_error(None, refusal)
    return now, form


def _cancelled(request, row, session, given: dict) -> None:
    """Cancel, with the dates of the proposal when they were asked for; the undo bar says it."""
    slots: dict = {}
    course = Course(session.plan) if session else None
    if session and "mend" in request.POST:
        sent = TailForm(request.POST, clinic=request.clinic, today=_today(request),
                        course=course, needs_slot=False)  # fmt: skip
        slots = sent.others if sent.is_valid() else {}
    was = [undo.before(row, "cancelled")]
    was += _before(session, [n for n in slots if n != session.number]) if slots else []
    cancel_with_tail(appointment=row, reason=given["reason"], version=given["version"],
                     slots=slots, at=timezone.now(), by=request.user)  # fmt: skip
    words = f"Cancelled: {_when(row)} of {row.patient.full_name}."
    if slots:
        session.refresh_from_db()
        was.append(undo.booked(session.appointment))
    words = " ".join([words, *_course_words(course, session, slots)])
    remember(request, words, was)


def _course_words(course, session, slots) -> list[str]:
    """Return what became of the cancelled session and of those after it, as sentences."""
    if session is None:
        return []
    told = [f"Session {n} is now on {_slot_when(slots[n])}." for n in sorted(slots)]
    told = told or [f"Session {session.number} has no date now: the worklist brings it up."]
    stay = stay_words(
        [r.number for r in Rest(course, session.number).booked if r.number not in slots]
    )
    return [*told, stay] if stay else told


def _anew(request, row, session) -> dict:
    """Return the best new date of a session whose visit is cancelled, others kept where possible."""
    if session is None or not row.can_be_moved:
        return {}
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    course = Course(session.plan)
    facts = {"rest": Rest(course, session.number)}
    try:
        found = tail_of(session, course=course, today=_today(request), avoid=row.local_date,
                        over=_over(request))  # fmt: skip
    except ValidationError:  # nobody can serve it any more
        return facts
    if not isinstance(found, Tail):
        return facts | {
            "anew_reasons": [f"{sentence(w)}." for p in _unplaced(found) for w in p.reasons[:1]]
        }
    rows = tail_rows(found, course, units)
    return facts | {"rows": [one for one in rows if one.offer], "moves": len(found.moved)}


# --- How ------------------------------------------------------------------------------------------
def _preview(request, row, session, form) -> dict:
    """Return the rows of the course before and after, or why it cannot be."""
    slot = form.cleaned_data["slot"]
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    course = Course(session.plan)
    found = tail_of(session, course=course, today=_today(request), slot=slot,
                    over=_over(request))  # fmt: skip
    facts = {"slot": slot, "slot_word": slot_word(slot), "session": session,
             "who": units.get(slot.practitioner_id)}  # fmt: skip
    if isinstance(found, Tail):
        alone = course.too_soon(course.days | {session.number: slot.day}, [session.number])
        return facts | {
            "rows": tail_rows(found, course, units), "moves": len(found.moved),
            "stay": "" if alone else _rest_alone(course, session.number, slot.day),
        }  # fmt: skip
    reasons = [f"{sentence(why)}." for part in _unplaced(found) for why in part.reasons[:1]]
    return facts | {"rows": [], "reasons": reasons}


def _rest_alone(course, number: int, day) -> str:
    """Return what becomes of the rest when the session moves alone."""
    return rest_words(Rest(course, number), day)


def _unplaced(found: Refusal | None):
    return found.sessions if isinstance(found, Refusal) else ()


def tail_rows(tail: Tail, course: Course, units) -> list[TailRow]:
    """Return a row per session of a mended course, in order."""
    rows = [_row("changed", tail.changed, course, units)]
    rows += [_row("kept", placed, course, units) for placed in tail.kept]
    days = {placed.number: placed.slot.day for placed in (tail.changed, *tail.kept, *tail.moved)}
    for placed in tail.moved:
        own = course.days.get(placed.number)
        around = course.days | days | {placed.number: own}
        because = why_not_kept(course, placed.number, around) if own else "It lost its day too"
        rows.append(_row("moved", placed, course, units, because=because))
    return sorted(rows, key=lambda row: row.number)


def _row(what: str, placed: Placed, course: Course, units, because: str = "") -> TailRow:
    session = course.session(placed.number)
    told = [sentence(why) for why in placed.reasons if why["cost"] and why.code != "changed"]
    offer = next(iter(offered([placed.slot], units)), None)
    return TailRow(placed.number, what, session.appointment, offer, told, because)


def _saved(request, row, session, form):
    """Move the session and those that give way; a redirect when done, facts of the page if not."""
    others = {} if "stay" in request.POST else form.others
    was = _before(session, {session.number, *others})
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
    words = f"{row.patient.full_name}: {_days(session.number, moved, others)}"
    left = [r.number for r in Rest(form.course, session.number).booked if r.number not in others]
    words = f"{words} {stay_words(left)}".strip()
    remember(request, words, was)
    return redirect(_day_of(moved[0]))


def _before(session, numbers) -> list[dict]:
    """Return what the visits of these sessions are now, to be taken back to."""
    rows = session.plan.sessions.filter(number__in=numbers).select_related("appointment")
    return [undo.before(one.appointment, "moved") for one in rows if one.appointment]


def _nearest(request, row, slot) -> list[dict]:
    now = _visit(request, row.pk)
    units = {unit.pk: unit for unit in request.clinic.resources.all()}
    return PickUp(row=now, units=units, at=timezone.now()).nearest(slot)


def _days(number: int, moved, others) -> str:
    """Return "Session 2 to Tue 12 Jan, 10:00; session 3 to …." for the visits moved, in order."""
    pairs = zip(sorted({number, *others}), moved, strict=True)
    told = "; ".join(f"session {n} to {_when(one)}" for n, one in pairs)
    return f"{told}."


def _slot_when(slot) -> str:
    return f"{day_words(slot.day)}, {slot.wall_min // 60:02d}:{slot.wall_min % 60:02d}"


def _when(row) -> str:
    return f"{day_words(row.local_date)}, {row.start_clock}"


def _day_of(row) -> str:
    """Return the diary's page of a visit's day."""
    return f"{reverse('diary')}?on={row.local_date.isoformat()}"


def _care(request, patient) -> dict:
    """Return what the patient banner shows besides, by role."""
    clinical = request.member.role in CARE
    allergies = patient.allergies.filter(ended_on=None) if clinical else []
    return {"today": _today(request), "allergies": allergies}


def _today(request):
    return request.clinic.local_date(timezone.now())


def _over(request) -> tuple[int, ...]:
    return Appointment.tentative.over(request.clinic, timezone.now())


def _visit(request, appointment_id) -> Appointment:
    rows = Appointment.objects.of(request.clinic).with_people()
    row = get_object_or_404(
        rows.select_related("planned_session__plan__service"), pk=appointment_id
    )
    row.clinic = request.clinic
    return row
