"""The planner's best three dates of a course's next session, and booking one of them."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from clinic.actions.patients import open_patient
from clinic.actions.refusals import SlotTaken
from clinic.actions.tentative import clear_expired
from clinic.forms.diary import BookingForm
from clinic.permissions import CARE
from clinic.scheduling.course import Weights, day_verdicts
from clinic.scheduling.reasons import Reason, day_words, sentence
from clinic.views.back import came_from
from clinic.views.offers import Offer, offered, why_this_day
from treatments.actions.diary import book_session
from treatments.models import PlannedSession, TreatmentPlan
from treatments.models.openings import Course, course_request

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
    """The next session without a date and its best dates, best first; `because` when there are none."""

    session: PlannedSession | None
    dates: Sequence[BestDate] = ()
    because: str = ""


def best_dates(plan: TreatmentPlan, *, today: date, units) -> Best:
    """Return the best three days of the next session that has none; `units` by key."""
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
    if not free:
        return Best(session, because=_why_none(verdicts))
    after = before.day if before else request.last_done
    found = [
        BestDate(offer, _told(verdict.reasons), (day - after).days if after else None)
        for _, day, verdict in sorted(free, key=lambda item: item[:2])[:BEST]
        for offer in offered([verdict.slot], units)
    ]
    return Best(session, found)


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
    patient = open_patient(pk=plan.patient_id, clinic=request.clinic, category="schedule",
                           at=timezone.now(), by=request.user)  # fmt: skip
    plan.patient, refusal, nearest = patient, None, []
    units = {row.pk: row for row in request.clinic.resources.all()}
    clear_expired(clinic=request.clinic, at=timezone.now())
    if request.method == "POST":
        try:
            return _booked(request, plan, _book(request, plan, today))
        except ValidationError as problem:
            refusal = " ".join(problem.messages)
            nearest = offered(problem.nearest, units) if isinstance(problem, SlotTaken) else []
    part = bool(request.htmx)
    clinical = request.member.role in CARE
    return render(request, f"treatments/worklist/{'_three' if part else 'next'}.html", {
        "plan": plan, "patient": patient, "today": today, "refusal": refusal, "nearest": nearest,
        "best": best_dates(plan, today=today, units=units), "key": uuid.uuid4(),
        "next": came_from(request), "part": part,
        "allergies": patient.allergies.filter(ended_on=None) if clinical else [],
    }, status=INVALID if refusal else 200)  # fmt: skip


def _book(request, plan, today):
    form = BookingForm(request.POST, clinic=request.clinic, today=today)
    number = request.POST.get("number", "")
    session = plan.sessions.filter(number=int(number)).first() if number.isdecimal() and len(
        number) < 3 else None  # fmt: skip
    if not form.is_valid() or session is None:
        raise ValidationError("Choose one of the times shown.")
    session.plan, given = plan, form.cleaned_data
    version = {"code": "weights", "version": Weights().version}
    return book_session(
        planned_session=session, slot=given["slot"], request_key=given["request_key"],
        why=[*why_this_day(session, given["slot"]), version], at=timezone.now(),
        by=request.user,
    )  # fmt: skip


def _booked(request, plan, visit):
    words = (
        f"Booked: {day_words(visit.local_date)}, {visit.start_clock} for {plan.patient.full_name}."
    )
    if not request.htmx:
        messages.success(request, words)
        return redirect(came_from(request) or plan)
    answer = render(request, "treatments/worklist/_booked.html", {"visit": visit})
    return trigger_client_event(answer, "toast", {"text": words, "level": "success"})


def _plan(request, plan_id) -> TreatmentPlan:
    rows: QuerySet = TreatmentPlan.objects.of(request.clinic).with_people()
    plan = get_object_or_404(rows, pk=plan_id)
    plan.clinic = request.clinic
    return plan
