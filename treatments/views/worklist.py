"""The worklist: whose next session needs a day, whom to call first, and what came of it."""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, Prefetch, Q
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django_htmx.http import trigger_client_event

from clinic.models import Patient
from clinic.permissions import CARE
from treatments.actions.worklist import call_again, log_contact, put_off
from treatments.forms.worklist import ContactForm, SnoozeForm
from treatments.models import ContactLog, PlanState, TreatmentPlan
from treatments.models.plans import has_lapsed

ROWS, LETTERS = 20, 3
INVALID = 422
TO_CALL = (PlanState.AT_RISK, PlanState.OVERDUE, PlanState.BOOK_NOW)
#: List -> (words, who works it). What is medical or lapsed is a practitioner's to decide.
LISTS = {
    "call": ("To call", None), "lapsed": ("Lapsed", CARE), "blocked": ("Blocked", CARE),
    "snoozed": ("Put off", None),
}  # fmt: skip


@dataclass(frozen=True)
class DueRow:
    """One course on the list with what its row prints."""

    plan: TreatmentPlan
    today: date
    contacts: list

    @property
    def is_open(self) -> bool:
        """Say whether a visit of the past waits for its record."""
        return self.plan.next_booked_on is not None

    @property
    def last_contact(self):
        """Return the latest contact, None for none."""
        return self.contacts[0] if self.contacts else None

    @property
    def hurry(self) -> str:
        """Return how urgent it is in words."""
        plan, today = self.plan, self.today
        if plan.next_latest_on < today:
            return f"{_days((today - plan.next_latest_on).days)} past the last day"
        if plan.state == PlanState.AT_RISK:
            return "The event cannot be met with all sessions"
        if plan.next_ideal_on < today:
            return f"{_days((plan.next_latest_on - today).days)} left"
        if plan.next_earliest_on > today:
            return f"possible in {_days((plan.next_earliest_on - today).days)}"
        return f"{_days((plan.next_ideal_on - today).days)} to the ideal day"


def worklist(request):
    """Show the courses to call about, most urgent first; three letters filter them."""
    today = _today(request)
    mine = {key: words for key, (words, roles) in LISTS.items()
            if roles is None or request.member.role in roles}  # fmt: skip
    chosen = request.GET.get("list", "")
    chosen = chosen if chosen in mine else "call"
    text = request.GET.get("q", "").replace("\0", "").strip()[:120]
    rows = due_list(request.clinic, chosen, today=today)
    if len(text) >= LETTERS:
        rows = rows.filter(patient__in=Patient.objects.of(request.clinic).matching(text))
    page = Paginator(rows.for_worklist().prefetch_related(contacts()), ROWS)
    page = page.get_page(request.GET.get("page"))
    part = request.htmx and request.htmx.target == "due"
    return render(request, f"treatments/worklist/{'_rows' if part else 'list'}.html", {
        "rows": [DueRow(plan, today, list(plan.contacts.all())) for plan in page],
        "page": page, "today": today, "chosen": chosen, "query": text,
        "lists": _tabs(request.clinic, mine, chosen, today), "key": uuid.uuid4(),
        "results": ContactLog.Result.choices, "ways": ContactLog.Way.choices,
        "snooze_from": today + timedelta(days=1), "snooze_usual": today + timedelta(days=7),
        "care": request.member.role in CARE,
    })  # fmt: skip


def due_list(clinic, chosen: str, *, today: date):
    """Return the courses of one list in the order of urgency."""
    plans = TreatmentPlan.objects.of(clinic).with_state(today)
    if chosen == "blocked":
        return plans.blocked(today).by_urgency()
    plans = plans.due(today).with_pause(today)
    if chosen == "snoozed":
        return plans.filter(snoozed_until__gt=today).order_by("snoozed_until", "pk")
    plans = plans.awake(today).filter(is_paused=False)
    if chosen == "lapsed":
        return plans.filter(has_lapsed(today)).by_urgency()
    return plans.exclude(has_lapsed(today)).by_urgency(today)


def _tabs(clinic, mine, chosen, today) -> list[dict]:
    """Return the lists a role works, each with how many wait there."""
    asleep, lapsed = Q(snoozed_until__gt=today), has_lapsed(today)
    plans = TreatmentPlan.objects.of(clinic).due(today).with_pause(today)
    awake = Q(is_paused=False) & ~asleep
    found = plans.order_by().aggregate(
        call=Count("pk", filter=awake & ~lapsed), lapsed=Count("pk", filter=awake & lapsed),
        snoozed=Count("pk", filter=asleep),
    )  # fmt: skip
    if "blocked" in mine:
        found["blocked"] = TreatmentPlan.objects.of(clinic).blocked(today).count()
    return [
        {"label": words, "url": f"?list={key}", "active": key == chosen, "count": found[key]}
        for key, words in mine.items()
    ]


# --- One row --------------------------------------------------------------------------------------
def due_contact(request, plan_id):
    """Keep what came of a call, a message or an e-mail."""
    plan = _plan(request, plan_id)
    form = ContactForm(request.POST)
    if not form.is_valid():
        return _answer(request, plan, " ".join(_sentences(form)), level="error")
    contact = log_contact(plan=plan, **form.cleaned_data, at=timezone.now(), by=request.user)
    return _answer(request, plan, f"Kept: {contact} for {plan.patient.full_name}.")


def due_snooze(request, plan_id):
    """Put a course off until a day, or wake it up again."""
    plan = _plan(request, plan_id)
    facts = {"plan": plan, "at": timezone.now(), "by": request.user}
    if "wake" in request.POST:
        if plan.state == PlanState.LAPSED and request.member.role not in CARE:
            raise PermissionDenied
        call_again(**facts)
        return _answer(request, plan, f"{plan.patient.full_name} is on the list again.")
    form = SnoozeForm(request.POST)
    try:
        if not form.is_valid():
            raise ValidationError(_sentences(form))
        put_off(**form.cleaned_data, today=_today(request), **facts)
    except ValidationError as refusal:
        return _answer(request, plan, " ".join(refusal.messages), level="error")
    return _answer(request, plan, f"Put off: {plan.patient.full_name}.")


def _answer(request, plan, words: str, *, level: str = "success"):
    """Answer a row's form with the row as it is now, or for a page without htmx with the list."""
    if not request.htmx:
        getattr(messages, level)(request, words)
        return redirect("worklist")
    today = _today(request)
    plan = _plan(request, plan.pk)
    row = DueRow(plan, today, list(plan.contacts.all()))
    answer = render(request, "treatments/worklist/_row.html", {
        "row": row, "today": today, "key": uuid.uuid4(), "results": ContactLog.Result.choices,
        "ways": ContactLog.Way.choices, "snooze_from": today + timedelta(days=1),
        "snooze_usual": today + timedelta(days=7), "care": request.member.role in CARE,
        "gone": level == "success" and not _still_here(plan, today),
    }, status=200 if level == "success" else INVALID)  # fmt: skip
    return trigger_client_event(answer, "toast", {"text": words, "level": level})


def _still_here(plan, today) -> bool:
    asleep = plan.snoozed_until is not None and plan.snoozed_until > today
    return plan.state in TO_CALL and not asleep


def _plan(request, plan_id) -> TreatmentPlan:
    rows = TreatmentPlan.objects.of(request.clinic).with_state(_today(request)).with_people()
    return get_object_or_404(
        rows.with_pause(_today(request)).prefetch_related(contacts()), pk=plan_id
    )


def contacts() -> Prefetch:
    """Return how a course's contacts are read with it, the latest first."""
    rows = ContactLog.objects.select_related("by").only(
        "plan", "way", "result", "note", "at", "by__first_name", "by__last_name", "by__username"
    )
    return Prefetch("contacts", rows.order_by("-at", "-pk"))


def _today(request) -> date:
    return request.clinic.local_date(timezone.now())


def _sentences(form) -> list[str]:
    return [sentence for sentences in form.errors.values() for sentence in sentences]


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"
