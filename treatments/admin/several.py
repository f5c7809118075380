"""Propose and book: the open dates of several courses at once, each course in its own transaction.

The proposals are planned one after the other, and what one of them would take counts as taken for
the next: two courses are never shown the same time. Nothing is written until "Book" is pressed.
"""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone

from clinic.models import Appointment
from clinic.models.openings import Stretch, shape_of
from clinic.scheduling.course import WEIGHTINGS, Proposal, Weights, propose_three
from clinic.scheduling.reasons import sentence
from clinic.scheduling.slots import holds_of
from clinic.scheduling.tariff import charges
from clinic.views.offers import Offer, offered
from treatments.actions.diary import book_course
from treatments.admin.planner import planner_url
from treatments.forms.several import SeveralForm, keys_asked
from treatments.models import TreatmentPlan
from treatments.models.openings import Course, course_request
from treatments.views.proposals import TITLES

AT_ONCE = 25  # a page of the list; the longest a lead waits is some seconds
ENDED = "Every session of this course is done or under way, or the course has ended."
ALL_BOOKED = "Every session to come is booked already."


@dataclass
class CourseDates:
    """One course on the page: the times proposed for it, or why there are none."""

    plan: TreatmentPlan
    url: str
    offers: dict[int, Offer] = field(default_factory=dict)
    notes: Sequence[str] = ()  # what is not as wished
    faults: Sequence[str] = ()

    @property
    def prefix(self) -> str:
        """Return what the names of its fields begin with."""
        return f"p{self.plan.pk}"


@dataclass(frozen=True)
class Outcome:
    """What became of one course: its dates, or why it was not booked."""

    plan: TreatmentPlan
    url: str
    dates: Sequence = ()
    because: str = ""


def several(desk, request):
    """Show what would be booked for the courses of `?plans=`, and book what is confirmed."""
    if not desk.has_change_permission(request):
        raise PermissionDenied
    sent = request.POST if request.method == "POST" else request.GET
    plans = chosen(desk, request, keys_asked(sent.get("plans", "")))
    if not plans:
        messages.info(request, "Choose the courses to book first.")
        return redirect("admin:treatments_treatmentplan_changelist")
    if request.method == "POST":
        return _booked(desk, request, plans)
    weighting = sent.get("weighting", "")
    weighting = weighting if weighting in WEIGHTINGS else WEIGHTINGS[0]
    at = timezone.now()
    today, over = request.clinic.local_date(at), Appointment.tentative.over(request.clinic, at)
    units = {row.pk: row for row in request.clinic.resources.all()}
    rows = proposed(plans, weighting=weighting, units=units, today=today, over=over)
    facts = {
        "rows": rows, "weighting": weighting, "request_key": uuid.uuid4(), "today": today,
        "weightings": [(name, *TITLES[name]) for name in WEIGHTINGS],
        "plans": ",".join(str(plan.pk) for plan in plans),
        "courses": sum(bool(row.offers) for row in rows),
        "sessions": sum(len(row.offers) for row in rows),
    }  # fmt: skip
    return render(request, "treatments/planner/several.html", facts)


def chosen(desk, request, keys: Sequence[int]) -> list[TreatmentPlan]:
    """Return the courses behind the wall with these keys, the most urgent first."""
    rows = desk.get_queryset(request).filter(pk__in=keys[:AT_ONCE])
    plans = list(rows.with_people().prefetch_related("service__phases"))
    for plan in plans:
        plan.clinic = request.clinic
    return plans


def propose_and_book(desk, request, queryset):
    """Take the ticked courses to the page that proposes dates for them."""
    keys = list(queryset.values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(keys) > AT_ONCE:
        messages.warning(
            request, f"{AT_ONCE} courses are planned at a time; these are the most urgent ones."
        )
    address = reverse("admin:treatments_treatmentplan_several")
    return redirect(f"{address}?plans={','.join(map(str, keys[:AT_ONCE]))}")


# --- Propose --------------------------------------------------------------------------------------
def proposed(plans, *, weighting: str, units, today: date, over=()) -> list[CourseDates]:
    """Return the proposal of every course, none of which takes a time of another one.

    `over` are the keys of kept times that have expired.
    """
    promised: list[Stretch] = []
    return [
        _proposed(plan, weighting, units, today, promised=promised, over=over) for plan in plans
    ]


def _proposed(plan, weighting, units, today, *, promised: list[Stretch], over) -> CourseDates:
    """Return one course's proposal, and note in `promised` what it would take."""
    row = CourseDates(plan, planner_url(plan))
    try:
        request = _request(plan, today, promised, over)
    except ValidationError as refusal:
        row.faults = refusal.messages
        return row
    if request is None or all(wish.booked for wish in request.sessions):
        row.faults = [ENDED if request is None else ALL_BOOKED]
        return row
    outcome = propose_three(request)[WEIGHTINGS.index(weighting)]
    if not isinstance(outcome, Proposal):
        row.faults = [
            f"Session {one.number}: {'; '.join(sentence(reason) for reason in one.reasons)}."
            for one in outcome.sessions[:1]
        ]
        return row
    booked = {wish.number for wish in request.sessions if wish.booked}
    fresh = [placed for placed in outcome.sessions if placed.number not in booked]
    for placed in fresh:
        row.offers[placed.number] = offered([placed.slot], units)[0]
        promised += holds_of(placed.slot, shape_of(plan.service))
    row.notes = _notes(fresh)
    return row


def _request(plan, today, promised: Iterable[Stretch] = (), over=()):
    """Return what the planner plans for a course that runs, None for one that does not."""
    if plan.status != TreatmentPlan.Status.OPEN:
        return None
    return course_request(plan, today=today, course=Course(plan), promised=promised,
                          over=over)  # fmt: skip


def _notes(fresh) -> list[str]:
    """Return what is not as wished, each sentence once."""
    told = (
        f"Session {placed.number}: {sentence(reason)}."
        for placed in fresh for reason in placed.reasons if reason["cost"]
    )  # fmt: skip
    return list(dict.fromkeys(told))


# --- Book -----------------------------------------------------------------------------------------
def _booked(desk, request, plans):
    """Book the ticked courses one after the other and say what became of each."""
    at = timezone.now()
    today = request.clinic.local_date(at)
    outcomes = [
        _book_one(desk, request, plan, today, at)
        for plan in plans if str(plan.pk) in request.POST.getlist("take")
    ]  # fmt: skip
    done = [outcome for outcome in outcomes if not outcome.because]
    facts = {
        "outcomes": outcomes, "done": len(done),
        "missed": [outcome for outcome in outcomes if outcome.because],
        "sessions": sum(len(outcome.dates) for outcome in done),
    }  # fmt: skip
    return render(request, "treatments/planner/several_booked.html", facts)


def _book_one(desk, request, plan, today: date, at) -> Outcome:
    """Book what was shown for one course, all or none of it; sent again, it changes nothing."""
    url = planner_url(plan)
    course = Course(plan)
    form = SeveralForm(request.POST, plan=plan, course=course, today=today)
    if not form.is_valid():
        return Outcome(plan, url, because=form.fault)
    slots = form.slots
    if not slots:
        return Outcome(plan, url, because="No time was chosen for it.")
    try:
        booked = book_course(
            plan=plan, slots=slots, why=_why(plan, slots, today), at=at, by=request.user,
            request_key=form.request_key, moves=False,
        )  # fmt: skip
    except ValidationError as refusal:
        return Outcome(plan, url, because=" ".join(refusal.messages))
    if {visit.pk for visit in booked} - set(course.booked_ids):
        count = f"{len(booked)} {'session' if len(booked) == 1 else 'sessions'}"
        desk.log_change(request, plan, f"Booked {count} together with other courses.")
    return Outcome(plan, url, dates=booked)


def _why(plan, slots, today: date) -> dict[int, list[dict]]:
    """Return what each time costs, to keep with its booking; none where it cannot be priced."""
    request = _request(plan, today)
    if request is None:
        return {}
    weights, found, before = Weights(), {}, None
    version = {"code": "weights", "version": weights.version}
    for index, wish in enumerate(request.sessions):
        slot = slots.get(wish.number) or wish.booked
        if slot is None:
            break
        told = (row.as_dict() for row in charges(request, weights, index, slot, before))
        found[wish.number] = [*(row for row in told if row["cost"]), version]
        before = slot
    return found
