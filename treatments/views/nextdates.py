"""The planner's best three dates of a course's next session, and booking one of them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from clinic.actions.refusals import SlotTaken
from clinic.actions.tentative import clear_expired
from clinic.forms.diary import BookingForm
from clinic.models import Appointment
from clinic.permissions import CARE
from clinic.scheduling.course import Weights, day_verdicts
from clinic.scheduling.reasons import Reason, day_words, sentence
from clinic.scheduling.slots import Slot
from clinic.scheduling.tail import Tail
from clinic.views.back import came_from
from clinic.views.looks import look_with
from clinic.views.offers import Offer, offered, why_this_day
from treatments.actions.diary import book_course, book_session
from treatments.actions.kept import keep_free_day
from treatments.forms.plans import DatesForm
from treatments.models import PlannedSession, TreatmentPlan
from treatments.models.openings import Course, course_request, free_from
from treatments.models.tail import Rest, tail_of
from treatments.views.tail import TailRow, tail_rows

BEST = 3
INVALID = 422


@dataclass(frozen=True)
class BestDate:
    """One date worth offering: the time, and what is not as wished in sentences."""

    offer: Offer
    reasons: Sequence[str]
    after_days: int | None  # since the session before it


@dataclass(frozen=True)
class Best:
    """The next session without a date and its best dates, best first; `because` when there are none.

    `tail` is the rest of the course planned anew where later bookings have to move with it: the
    session itself and those that move. `free_on` is what the search says of the course's next
    session (`next_free_day`), None where this session is not it.
    """

    session: PlannedSession | None
    dates: Sequence[BestDate] = ()
    because: str = ""
    tail: Sequence[TailRow] = ()
    free_on: date | None = None

    @property
    def moved(self) -> list[TailRow]:
        """Return the later sessions that move along."""
        return [row for row in self.tail if row.what == "moved"]

    @property
    def changed(self) -> TailRow:
        """Return the session itself as the tail places it."""
        return next(row for row in self.tail if row.what == "changed")


def best_dates(plan: TreatmentPlan, *, today: date, units) -> Best:
    """Return the best three days of the next session that has none; `units` by key.

    Where the session lost its day, or no day fits between its neighbours, also the rest of the
    course planned anew with the fewest sessions moved.
    """
    course = Course(plan)
    request = course_request(plan, today=today, course=course)
    wishes = request.sessions if request else ()
    at = next((n for n, wish in enumerate(wishes) if not wish.booked), None)
    if at is None:
        return Best(None, because="Every session of this course has its date.")
    number, before = wishes[at].number, wishes[at - 1].booked if at else None
    session = course.session(number)
    verdicts = day_verdicts(request, number=number, before=before)
    free = [
        (verdict.points, day, verdict) for day, verdict in verdicts.items()
        if verdict.slot and course.too_soon(course.days | {number: day}, [number]) is None
    ]  # fmt: skip
    after = before.day if before else request.last_done
    found = [
        BestDate(offer, _told(verdict.reasons), (day - after).days if after else None)
        for _, day, verdict in sorted(free, key=lambda item: item[:2])[:BEST]
        for offer in offered([verdict.slot], units)
    ]
    anew = session.lost_its_day or not found
    return Best(
        session, found, because="" if found else _why_none(verdicts),
        tail=_mended(course, session, today, units) if anew else (),
        free_on=free_from(request, course, plan.next_latest_on, today=today),
    )  # fmt: skip


def _mended(course: Course, session: PlannedSession, today: date, units) -> Sequence[TailRow]:
    """Return the session and the later ones that move with it, empty where none has to."""
    rest = Rest(course, session.number)
    lost = [row.number for row in rest.lost]
    if not rest.booked and not lost:
        return ()
    found = tail_of(session, course=course, today=today, also=lost)
    if not isinstance(found, Tail) or not found.moved:
        return ()
    return [row for row in tail_rows(found, course, units) if row.what != "kept" and row.offer]


def _told(reasons: Sequence[Reason]) -> list[str]:
    return [sentence(reason) for reason in reasons if reason["cost"]]


def _why_none(verdicts) -> str:
    for verdict in verdicts.values():
        if verdict.reasons:
            return f"{sentence(verdict.reasons[0])}."
    return "No time is free on any day that was looked at."


def course_next(request, plan_id):
    """Offer the best three dates of the next session; one tap books one."""
    plan, today = _plan(request, plan_id), request.clinic.local_date(timezone.now())
    patient = look_with(request, plan, "schedule", alone=request.method == "GET")
    refusal, nearest = None, []
    if request.method == "POST":
        try:
            return _booked(request, plan, _book(request, plan, today))
        except ValidationError as problem:
            refusal = " ".join(problem.messages)
            units = {row.pk: row for row in request.clinic.resources.all()}
            nearest = offered(problem.nearest, units) if isinstance(problem, SlotTaken) else []
    part = bool(request.htmx)
    clinical = request.member.role in CARE
    return render(request, f"treatments/worklist/{'_three' if part else 'next'}.html", {
        "plan": plan, "patient": patient, "today": today, "refusal": refusal, "nearest": nearest,
        "best": _searched(request, plan), "key": uuid.uuid4(),
        "next": came_from(request), "part": part,
        "allergies": patient.allergies.filter(ended_on=None) if clinical else [],
    }, status=INVALID if refusal else 200)  # fmt: skip


def due_best(request, plan_id):
    """Answer with the best dates of a row of the worklist, as buttons: days, nothing of the patient."""
    plan = _plan(request, plan_id)
    return render(request, "treatments/worklist/_best.html", {
        "plan": plan, "best": _searched(request, plan), "key": uuid.uuid4(),
    })  # fmt: skip


def best_three(request, plan_id) -> dict:
    """Return what `worklist/_three.html` prints of a course; the caller logs whom it shows."""
    plan = _plan(request, plan_id)
    return {
        "plan": plan, "best": _searched(request, plan), "key": uuid.uuid4(),
        "today": request.clinic.local_date(timezone.now()),
    }  # fmt: skip


def _searched(request, plan) -> Best:
    """Return the best dates, and keep on the course which day is free first."""
    at = timezone.now()
    units = {row.pk: row for row in request.clinic.resources.all()}
    clear_expired(clinic=request.clinic, at=at)
    best = best_dates(plan, today=request.clinic.local_date(at), units=units)
    if best.free_on:
        keep_free_day(plan=plan, day=best.free_on, at=at)
    return best


def _book(request, plan, today) -> dict[int, Appointment]:
    """Book what was tapped, one time or the whole tail; returns the visits by session."""
    if "mend" in request.POST:
        return _book_tail(request, plan, today)
    form = BookingForm(request.POST, clinic=request.clinic, today=today)
    number = request.POST.get("number", "")
    session = plan.sessions.filter(number=int(number)).first() if number.isdecimal() and len(
        number) < 3 else None  # fmt: skip
    if not form.is_valid() or session is None:
        raise ValidationError("Choose one of the times shown.")
    session.plan, given = plan, form.cleaned_data
    return {session.number: book_session(
        planned_session=session, slot=given["slot"], request_key=given["request_key"],
        why=_why(session, given["slot"]), at=timezone.now(), by=request.user,
    )}  # fmt: skip


def _book_tail(request, plan, today) -> dict[int, Appointment]:
    """Book the session and move the later ones with it, all or none."""
    rows = [row for row in Course(plan).sessions if not row.done_on]
    form = DatesForm(request.POST, sessions=rows, zone=request.clinic.zone, today=today)
    slots = form.slots
    if form.errors or not slots:
        raise ValidationError("Choose one of the times shown.")
    if form.moved_meanwhile:
        raise ValidationError(list(form.moved_meanwhile.values()))
    why = {row.number: _why(row, slots[row.number]) for row in rows if row.number in slots}
    booked = book_course(plan=plan, slots=slots, why=why, at=timezone.now(), by=request.user)
    return dict(zip(sorted(slots), booked, strict=True))


def _why(session: PlannedSession, slot: Slot) -> list[dict]:
    return [*why_this_day(session, slot), {"code": "weights", "version": Weights().version}]


def _booked(request, plan, visits: Mapping[int, Appointment]):
    number, first = min(visits.items())
    also = "".join(
        f" Session {n} is now on {_when(row)}." for n, row in visits.items() if n > number
    )
    words = f"Booked: {_when(first)} for {plan.patient.full_name}.{also}"
    if not request.htmx:
        messages.success(request, words)
        return redirect(came_from(request) or plan)
    facts = {"visit": first, "also": also.strip()}
    answer = render(request, "treatments/worklist/_booked.html", facts)
    return trigger_client_event(answer, "toast", {"text": words, "level": "success"})


def _when(visit: Appointment) -> str:
    return f"{day_words(visit.local_date)}, {visit.start_clock}"


def _plan(request, plan_id) -> TreatmentPlan:
    rows: QuerySet = TreatmentPlan.objects.of(request.clinic).with_people()
    plan = get_object_or_404(rows, pk=plan_id)
    plan.clinic = request.clinic
    return plan
