"""The planner of the lead: a new or a running course with all its dates, laid out and booked.

Its address and its permissions are the admin's, its looks are the app's. Nothing is written until
"Book" is pressed; then the course is agreed and its sessions are booked in one transaction.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Prefetch
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from clinic.actions.refusals import NotHealed, SlotTaken
from clinic.forms.diary import day_asked
from clinic.models import Appointment, Patient
from clinic.scheduling.course import WEIGHTINGS, Proposal
from clinic.scheduling.reasons import day_words, sentence
from clinic.views.looks import look_at, look_with
from clinic.views.offers import offered
from treatments.actions.diary import book_course
from treatments.actions.plans import agree_course
from treatments.admin.timeline import dragged, overview, stays
from treatments.forms.planner import PlannerForm, PressedForm
from treatments.forms.plans import protocol_asked
from treatments.models import Protocol, TreatmentPlan
from treatments.models.openings import Course
from treatments.views.proposals import Dates, Layout

FOUND_ROWS = 8
INVALID, CONFLICT = 422, 409
NOTHING_BOOKED = "Nothing was booked yet. The other times are kept as you chose them."


def planner(desk, request):
    """Lay out the course of `?plan=`, a new one for `?patient=`, or ask who it is for."""
    if not desk.has_change_permission(request):
        raise PermissionDenied
    if "plan" in request.GET:
        return _answer(desk, request, _running(desk, request))
    if "patient" in request.GET:
        patient = look_at(request, _key(request.GET["patient"]), "note")
        sheet = NewSheet(request, patient)
        if request.htmx.trigger_name == "protocol":
            return render(request, "treatments/planner/_agreed.html", sheet.facts)
        return _answer(desk, request, sheet)
    return _who(request)


def _who(request):
    """Ask whose course it is; the patients found alone while somebody types."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:120]
    found = Patient.objects.of(request.clinic).matching(text).for_list() if text else []
    facts = {"query": text, "patients": list(found[:FOUND_ROWS])}
    part = request.htmx and not request.htmx.boosted
    return render(request, f"treatments/planner/{'_found' if part else 'who'}.html", facts)


def _running(desk, request) -> "RunningSheet":
    """Return the sheet of a course behind the wall; a foreign key and an unknown one are a 404."""
    rows = desk.get_queryset(request).with_people()
    plan = get_object_or_404(rows, pk=_key(request.GET["plan"]))
    plan.clinic, plan.patient = request.clinic, look_with(request, plan, "note")
    return RunningSheet(request, plan)


def _answer(desk, request, sheet):
    """Book where that was pressed, else show the sheet; the proposal alone to a live preview."""
    status = 200
    if request.method == "POST" and "book" in request.POST:
        plan, status = sheet.book(desk), sheet.status
        if plan:
            return redirect("admin:treatments_treatmentplan_changelist")
    name = "_proposal" if request.htmx and not request.htmx.boosted else "sheet"
    return render(request, f"treatments/planner/{name}.html", sheet.facts, status=status)


# --- The sheet ------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Span:
    """A stretch of days that cannot be had, and why."""

    first: date
    last: date
    because: str


class Sheet(ABC):
    """One course being laid out: the dates on it, what stands in the way, and how it is booked."""

    def __init__(self, request, patient: Patient) -> None:
        self.request, self.patient = request, patient
        self.sent = request.POST if request.method == "POST" else request.GET
        self.today = request.clinic.local_date(timezone.now())
        self.units = {row.pk: row for row in request.clinic.resources.all()}
        self.from_day = day_asked(self.sent.get("from", ""), today=self.today)
        self.keep = "keep" in self.sent or "keep_shown" not in self.sent
        self.refusal, self.status = "", 200

    @property
    @abstractmethod
    def course(self) -> Course | None:
        """Return the course to propose dates for, None while it is not said well enough."""

    @cached_property
    def dates(self) -> Dates | None:
        """Return the planner's answer, None while there is nothing to ask."""
        if self.course is None:
            return None
        try:
            return Dates(
                self.course.plan, units=self.units, today=self.today, course=self.course,
                from_day=self.from_day, keep_booked=self.keep,
                over=Appointment.tentative.over(self.request.clinic, timezone.now()),
            )  # fmt: skip
        except ValidationError as refusal:
            self.refusal = " ".join(refusal.messages)
            return None

    @cached_property
    def pressed(self) -> PressedForm:
        """Return the dates that were sent with what was pressed."""
        request = self.request
        known = {"sessions": self.dates.open_sessions, "zone": request.clinic.zone,
                 "today": self.today}  # fmt: skip
        sent = self.sent
        if "put" in sent:
            sent = dragged(sent, self.dates, PressedForm(sent, **known).slots, self.today)
        return PressedForm(
            sent, **known, day_typed=request.htmx.trigger_name == "day",
            figures_changed=request.htmx.trigger in {"agreed", "id_from", "id_keep"},
        )  # fmt: skip

    @cached_property
    def page(self) -> Layout | None:
        """Return the proposals and a row per session, one of them open where that was asked."""
        if self.dates is None or self.dates.request is None:
            return None
        page = self.dates.layout(name=self.pressed.proposal, picked=self.pressed.chosen)
        if number := self.pressed.editing:
            day = day_asked(self.pressed.day, today=self.today)
            row = next(row for row in page.rows if row.number == number)
            row.editor = self.dates.editor(page.rows, number, day)
            if "put" in self.sent:
                page.alerts.append(stays(row))
        return page

    @property
    def refused(self) -> list[Span]:
        """Return why the days before and between the proposed ones cannot be had."""
        if self.page is None:
            return []
        outcome = self.dates.outcomes[WEIGHTINGS.index(self.pressed.proposal)]
        return spans(outcome) if isinstance(outcome, Proposal) else []

    @property
    def facts(self) -> dict:
        """Return what the templates print."""
        page = self.page
        own = self.pressed.own if page else set()
        weighting = self.pressed.proposal if page else WEIGHTINGS[0]
        return {
            "sheet": self, "page": page, "own": own, "weighting": weighting, "today": self.today,
            "patient": self.patient, "here": self.request.get_full_path(), "clinical": True,
            "allergies": self.patient.allergies.filter(ended_on=None), "from_day": self.from_day,
            "refusal": self.refusal, **overview(page and self.dates, page, self.today),
        }  # fmt: skip

    # --- Book ---
    @abstractmethod
    def agreed(self, *, at, by) -> TreatmentPlan:
        """Return the course to book, agreed now where it is a new one."""

    def book(self, desk) -> TreatmentPlan | None:
        """Agree and book what is on the sheet, all or none; None when something is in the way."""
        if self.page is None:
            self.status = INVALID
            return None
        slots, faults = self.pressed.slots, self._faults()
        if not slots and not faults:
            return self._refuse(["Choose at least one time."])
        if faults:
            return self._conflict(faults)
        try:
            with transaction.atomic():
                return self._booked(desk, slots)
        except (SlotTaken, NotHealed) as refusal:
            return self._conflict({refusal.number: " ".join(refusal.messages)},
                                  getattr(refusal, "nearest", ()))  # fmt: skip
        except ValidationError as refusal:
            return self._refuse(refusal.messages)

    def _booked(self, desk, slots) -> TreatmentPlan:
        request, at = self.request, timezone.now()
        plan = self.agreed(at=at, by=request.user)
        known = {} if self.is_new else plan.sessions.visit_versions()
        booked = book_course(plan=plan, slots=slots, why=self.dates.why(slots), at=at,
                             by=request.user, request_key=self.request_key)  # fmt: skip
        booked = [row for row in booked if known.get(row.pk) != row.version]
        if not booked:
            messages.info(request, "Nothing was changed: every session keeps its time.")
            return plan
        count = f"{len(booked)} {'session' if len(booked) == 1 else 'sessions'}"
        log = desk.log_addition if self.is_new else desk.log_change
        log(
            request,
            plan,
            f"{'Agreed and booked' if self.is_new else 'Booked'} {count} in the planner.",
        )
        messages.success(request, f"{count} booked for {self.patient.full_name}.")
        return plan

    @property
    def request_key(self):
        """Return the key of the form shown, so that a double tap books once."""
        return None

    is_new = False

    def _faults(self) -> dict[int, str]:
        """Return what is wrong with single rows before the diary is asked."""
        form = self.pressed
        form.is_valid()
        return {n: " ".join(form.errors[f"slot_{n}"]) for n in form.sessions
                if f"slot_{n}" in form.errors} | form.moved_meanwhile  # fmt: skip

    def _refuse(self, sentences: Sequence[str]) -> None:
        self.status = INVALID
        self.page.alerts += sentences

    def _conflict(self, faults, nearest=()) -> None:
        self.status = CONFLICT
        for row in self.page.rows:
            if row.number in faults:
                row.refusal = faults[row.number]
                row.nearest = offered(nearest, self.units)
        self.page.alerts.append(NOTHING_BOOKED)


class NewSheet(Sheet):
    """A course nobody has agreed yet."""

    is_new = True

    def __init__(self, request, patient: Patient) -> None:
        super().__init__(request, patient)
        self.protocol = protocol_asked(self.sent.get("protocol", ""))
        build = {"clinic": request.clinic, "today": self.today, "protocol": self.protocol}
        self.is_prefill = request.htmx.trigger_name == "protocol" or "prefill" in self.sent
        is_sent = request.method == "POST" and not self.is_prefill
        self.form = PlannerForm(request.POST if is_sent else None, **build)
        if not is_sent:
            self.form.initial.setdefault("practitioner", patient.preferred_practitioner_id)
            if request.method == "POST":
                self.form.keep_typed(request.POST)

    @cached_property
    def course(self) -> Course | None:
        """Return the course as typed, None while a figure or a zone is missing."""
        if self.protocol is None or not self.form.is_bound or not self.form.is_valid():
            return None
        return self.form.draft(patient=self.patient)

    @property
    def request_key(self):
        """Return the key the form was shown with."""
        return self.form.cleaned_data["request_key"]

    @property
    def missing(self) -> list[str]:
        """Return what keeps the dates from being proposed, in the form's own words."""
        if self.protocol is None:
            return ["Choose what is treated."]
        if not self.form.is_bound:
            return ["Choose at least one zone."]
        return list(dict.fromkeys(
            f"{self._name_of(field)}{text}" for field, texts in self.form.errors.items()
            for text in texts
        ))  # fmt: skip

    def _name_of(self, field: str) -> str:
        label = self.form.fields[field].label if field in self.form.fields else None
        return f"{label}: " if label else ""

    def agreed(self, *, at, by) -> TreatmentPlan:
        """Agree the course; the same form again returns the course it made."""
        return agree_course(
            patient=self.patient, protocol=self.protocol, **self.form.facts, agreed_on=self.today,
            request_key=self.request_key, at=at, by=by,
        )  # fmt: skip

    @property
    def facts(self) -> dict:
        """Return what the templates print, the protocols to choose from with it."""
        protocols = Protocol.objects.filter(active=True).prefetch_related(
            Prefetch("zones", to_attr="zone_list")
        )
        return super().facts | {
            "form": self.form, "protocol": self.protocol, "protocols": protocols,
            "missing": [] if self.course else self.missing,
        }  # fmt: skip


class RunningSheet(Sheet):
    """A course that runs: what is done and booked stays, the rest is proposed."""

    def __init__(self, request, plan: TreatmentPlan) -> None:
        super().__init__(request, plan.patient)
        self.plan = plan

    @cached_property
    def course(self) -> Course | None:
        """Return the course with its sessions, None when it has ended."""
        is_open = self.plan.status == TreatmentPlan.Status.OPEN
        return Course(self.plan, [row.zone.code for row in self.zones]) if is_open else None

    @cached_property
    def zones(self) -> list:
        """Return the zones of the course with their depths."""
        return list(self.plan.zones.select_related("zone"))

    @property
    def past(self) -> list:
        """Return the sessions that are done or under way."""
        open_numbers = {row.number for row in self.dates.open_sessions} if self.dates else set()
        course = self.course or Course(self.plan)
        return [row for row in course.sessions if row.number not in open_numbers]

    @property
    def has_bookings(self) -> bool:
        """Say whether a session to come holds a time already."""
        return bool(self.course and self.course.booked_ids)

    def agreed(self, *, at, by) -> TreatmentPlan:
        """Return the course itself: it was agreed before."""
        return self.plan

    @property
    def facts(self) -> dict:
        """Return what the templates print, the course with it."""
        return super().facts | {"plan": self.plan, "zones": self.zones}


# --- How ------------------------------------------------------------------------------------------
def spans(proposal: Proposal) -> list[Span]:
    """Return the refused days of a proposal, neighbours of one kind together."""
    found: list[tuple[date, date, object]] = []
    for day, reason in proposal.refused.items():
        kind = (reason.code, reason.get("first_ok"), reason.get("kind"), reason.get("until"))
        if found and found[-1][2][0] == kind and (day - found[-1][1]).days == 1:
            found[-1] = (found[-1][0], day, found[-1][2])
        else:
            found.append((day, day, (kind, reason)))
    return [Span(first, last, _because(reason)) for first, last, (_, reason) in found]


def _because(reason) -> str:
    if reason.code == "too_soon":
        return f"Healing needs {reason['min']} days: possible from {day_words(reason['first_ok'])}."
    return f"{sentence(reason)}."


def _key(text: str) -> int:
    """Return a key from an address, 0 (nobody's) for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 16 else 0


def planner_url(plan: TreatmentPlan) -> str:
    """Return where a running course is planned."""
    return f"{reverse('admin:treatments_treatmentplan_planner')}?plan={plan.pk}"
