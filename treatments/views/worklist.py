"""The worklist: whose next session needs a day, whom to call first, and what came of it."""

import uuid
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django_htmx.http import reswap, retarget, trigger_client_event

from clinic.models import MoveWish, Patient
from clinic.permissions import CARE
from clinic.views.looks import look_at
from treatments.actions.worklist import call_again, log_contact, put_off
from treatments.forms.worklist import ContactForm, SnoozeForm
from treatments.models import ContactLog, PlanState, TreatmentPlan
from treatments.models.standing import has_lapsed
from treatments.models.worklist import ROWS, first_to_call, waiting
from treatments.views.due import due_rows

LETTERS = 3
INVALID = 422
SNOOZE_USUAL_DAYS = 7
#: List -> (words, who works it). What is medical or lapsed is a practitioner's to decide.
LISTS = {
    "call": ("To call", None), "lapsed": ("Lapsed", CARE), "blocked": ("Blocked", CARE),
    "snoozed": ("Put off", None),
}  # fmt: skip

LABELS = {"contact": "Contact", "snooze": "Put off"}


class InTurn:
    """The rows of several questions, one after the other, for a Paginator.

    Each is in the order of an index, so a page reads no more rows than it shows; their sum is not.
    `first` returns the rows of the first page where there is a quicker way to them.
    """

    def __init__(
        self, questions: list[QuerySet], total: int | None = None,
        first: Callable[[], list] | None = None,
    ) -> None:  # fmt: skip
        self.questions, self.total, self.first = questions, total, first

    def count(self) -> int:
        """Return how many rows there are: what is known, else what the database counts."""
        if self.total is None:
            self.total = sum(question.count() for question in self.questions)
        return self.total

    def __getitem__(self, asked: slice) -> list:
        """Return the rows of one page; a question is counted only where a page begins behind it."""
        if self.first and not asked.start:
            return self.first()[asked]
        found, start, left = [], asked.start, asked.stop - asked.start
        for number, question in enumerate(self.questions, start=1):
            rows = list(question[start : start + left])
            found, left = found + rows, left - len(rows)
            if not left or number == len(self.questions):
                break
            start = 0 if rows or not start else max(start - question.count(), 0)
        return found


def worklist(request):
    """Show the courses to call about, most urgent first; three letters filter them."""
    today, role = _today(request), request.member.role
    mine = {key: words for key, (words, roles) in LISTS.items() if roles is None or role in roles}
    chosen = request.GET.get("list", "")
    chosen = chosen if chosen in mine else "call"
    text = request.GET.get("q", "").replace("\0", "").strip()[:120]
    tabs, total, first = _tabs(request.clinic, mine, chosen, today), None, None
    questions = due_list(request.clinic, chosen, today=today)
    if len(text) >= LETTERS:
        named = Patient.objects.of(request.clinic).matching(text)
        questions = [rows.filter(patient__in=named) for rows in questions]
    else:
        total = next(tab["count"] for tab in tabs if tab["active"])
        first = partial(first_to_call, request.clinic, today) if chosen == "call" else None
    part = request.htmx and request.htmx.target == "due"
    page = Paginator(InTurn([rows.for_worklist() for rows in questions], total, first), ROWS)
    page = page.get_page(request.GET.get("page"))
    return render(request, f"treatments/worklist/{'_rows' if part else 'list'}.html", {
        "rows": due_rows(page, today=today, role=role), "page": page, "chosen": chosen,
        "query": text, "lists": tabs, "here": request.get_full_path(),
        "wishes": [] if part else MoveWish.objects.unanswered(request.clinic),
    })  # fmt: skip


def due_list(clinic, chosen: str, *, today: date) -> list[QuerySet]:
    """Return the courses of one list in the order of urgency, as questions asked one by one."""
    plans = TreatmentPlan.objects.of(clinic)
    if chosen == "call":
        return [plans.to_call(today, at_risk=True), plans.to_call(today, at_risk=False)]
    if chosen == "blocked":
        return [plans.blocked(today).by_urgency()]
    plans = plans.due(today).with_pause(today)
    if chosen == "snoozed":
        return [plans.filter(snoozed_until__gt=today).order_by("snoozed_until", "pk")]
    return [plans.awake(today).filter(has_lapsed(today), is_paused=False).by_urgency()]


def _tabs(clinic, mine, chosen, today) -> list[dict]:
    """Return the lists a role works, each with how many wait there; see `waiting`."""
    found = waiting(clinic, today, lists=mine, exactly=chosen)
    return [
        {"label": words, "url": f"?list={key}", "active": key == chosen, "count": found[key]}
        for key, words in mine.items()
    ]


# --- One row --------------------------------------------------------------------------------------
def due_contact(request, plan_id):
    """Open the form of a contact; sent, keep what came of a call, a message or an e-mail."""
    plan = _plan(request, plan_id)
    form = ContactForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _fold(request, plan, "contact", form)
    try:
        contact = log_contact(plan=plan, **form.cleaned_data, at=timezone.now(), by=request.user)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _fold(request, plan, "contact", form)
    return _answer(request, plan, f"Kept: {contact} for {plan.patient.full_name}.")


def due_snooze(request, plan_id):
    """Open the form that puts a course off until a day; sent, do so, or wake it up again."""
    plan, form = _plan(request, plan_id), SnoozeForm(request.POST or None)
    facts = {"plan": plan, "at": timezone.now(), "by": request.user}
    if "wake" in request.POST:
        if plan.state_on(_today(request)) == PlanState.LAPSED and request.member.role not in CARE:
            raise PermissionDenied
        call_again(**facts)
        return _answer(request, plan, f"{plan.patient.full_name} is on the list again.")
    if request.method != "POST" or not form.is_valid():
        return _fold(request, plan, "snooze", form)
    try:
        put_off(**form.cleaned_data, today=_today(request), **facts)
    except ValidationError as refusal:
        form.add_error(None, refusal)
        return _fold(request, plan, "snooze", form)
    return _answer(request, plan, f"Put off: {plan.patient.full_name}.")


def _fold(request, plan, name: str, form):
    """Answer with a row's form, inside the row or as a page; a refused one with what was typed.

    It shows what was said to the patient before: opening it is a look at the patient.
    """
    look_at(request, plan.patient_id, "schedule", alone=not form.is_bound)
    today = _today(request)
    answer = render(request, f"treatments/worklist/{f'_{name}' if request.htmx else 'fold'}.html", {
        "plan": plan, "pk": str(plan.pk), "form": form, "fold": f"treatments/worklist/_{name}.html",
        "title": LABELS[name], "part": bool(request.htmx), "key": uuid.uuid4(),
        "ways": ContactLog.Way.choices, "results": ContactLog.Result.choices,
        "from_day": today + timedelta(days=1), "usual": today + timedelta(days=SNOOZE_USUAL_DAYS),
        "contacts": plan.contacts.select_related("by") if name == "contact" else [],
    }, status=INVALID if form.is_bound else 200)  # fmt: skip
    return reswap(retarget(answer, f"#more-{plan.pk}"), "innerHTML") if form.is_bound else answer


def _answer(request, plan, words: str):
    """Answer a row's form with the row as it is now, or for a page without htmx with the list."""
    if not request.htmx:
        messages.success(request, words)
        return redirect("worklist")
    (row,) = due_rows([_plan(request, plan.pk)], today=_today(request), role=request.member.role)
    facts = {"row": row, "gone": not row.is_to_call}
    answer = render(request, "treatments/worklist/_row.html", facts)
    return trigger_client_event(answer, "toast", {"text": words, "level": "success"})


def _plan(request, plan_id) -> TreatmentPlan:
    rows = TreatmentPlan.objects.of(request.clinic).with_pause(_today(request))
    return get_object_or_404(rows.for_worklist(), pk=plan_id)


def _today(request) -> date:
    return request.clinic.local_date(timezone.now())
