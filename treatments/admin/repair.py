"""The repair: visits that must move, the least disruptive plan for them, and who is left to call.

Nothing is written until "Apply": the plan, what was accepted, pinned and refused travel with the
page. A refusal plans the rest again around what stands; accepting and pinning plan nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from clinic.actions.absences import LONGEST_ABSENCE_DAYS, Absence, booked_into
from clinic.models import Appointment, HoursException, Resource, WeeklyHours
from clinic.scheduling.disruption import Place, charges, price
from clinic.scheduling.finder import Slot
from clinic.scheduling.reasons import count_words, day_words, sentence
from clinic.scheduling.repair import TURNS, repair
from clinic.scheduling.shortage import call_order, extra_hours, extra_words
from treatments.actions.repair import Chosen, Said, apply_repair, keep_absence
from treatments.forms.repair import AbsenceForm, RowForm, refused_of, visits_sent, words_of
from treatments.models import PlannedSession
from treatments.models.calls import Offers
from treatments.models.disruptions import Disruption, Refused

URL = "admin:treatments_treatmentplan_repair"
INVALID = 422
LONGEST_CALL_LIST, MOST_ABSENCES, MOST_REFUSALS = 60, 20, 20
MOST_TOLD = 3  # refusals with their reasons; more would cover the page


def repair_desk(desk, request):
    """Show the plan for the visits to move, keep an absence, or apply what was accepted."""
    if not desk.has_change_permission(request):
        raise PermissionDenied
    page = RepairPage(request)
    if request.method == "POST" and "absent" in request.POST:
        return _keep(page)
    if request.method == "POST" and "again" in request.POST:
        return _again(page)
    if request.method == "POST" and "apply" in request.POST:
        return _apply(page)
    part = request.htmx and not request.htmx.boosted
    name = "_plan" if part else "page"
    return render(request, f"treatments/repair/{name}.html", page.facts)


def _keep(page: "RepairPage"):
    """Keep an absence; the visits it falls into are then on the page."""
    request = page.request
    if not page.form.is_valid():
        return render(request, "treatments/repair/page.html", page.facts, status=INVALID)
    try:
        outcome = keep_absence(clinic=request.clinic, absence=page.form.absence, at=page.at,
                               by=request.user)  # fmt: skip
    except ValidationError as refusal:
        page.form.add_error(None, refusal)
        return render(request, "treatments/repair/page.html", page.facts, status=INVALID)
    return _told(request, page.form.absence, outcome)


def _again(page: "RepairPage"):
    """Make work of an absence that was kept elsewhere, in the settings say."""
    request, key = page.request, page.sent["again"]
    rows = HoursException.objects.filter(clinic=request.clinic, kind="off")
    is_key = key.isascii() and key.isdecimal() and len(key) < 16
    absence = Absence.of(get_object_or_404(rows, pk=int(key) if is_key else 0))
    outcome = keep_absence(clinic=request.clinic, absence=absence, at=page.at, by=request.user)
    return _told(request, absence, outcome)


def _told(request, absence: Absence, outcome):
    words = [f"{absence.words}.", _moves(len(outcome.to_move))]
    if outcome.swapped:
        count = count_words(len(outcome.swapped), "appointment")
        words.append(f"{count} got another room or device at the same time.")
    messages.success(request, " ".join(words))
    return redirect(URL)


def _moves(count: int) -> str:
    if not count:
        return "No appointment has to move."
    return f"{count_words(count, 'appointment')} {'has' if count == 1 else 'have'} to move."


def _apply(page: "RepairPage"):
    """Carry out the accepted rows; what clashed is planned again on the page that follows."""
    request, rows, said = page.request, page.accepted, page.said
    if not rows and not said:
        messages.warning(request, "Accept at least one new time first.")
        return render(request, "treatments/repair/page.html", page.facts, status=INVALID)
    applied = apply_repair(clinic=request.clinic, rows=rows, said=said, at=page.at, by=request.user)
    if applied.moved:
        messages.success(request, f"{count_words(len(applied.moved), 'appointment')} moved.")
    if applied.refusals:
        messages.success(request, f"{count_words(applied.refusals, 'refusal')} kept.")
    elif said and not rows:
        messages.success(request, "What patients no longer refuse is forgotten.")
    if applied.clashed:
        _tell_refused(request, rows, applied.clashed)
    return redirect(URL)


def _tell_refused(request, rows: Sequence[Chosen], clashed: dict[int, str]) -> None:
    """Say of each refused row why, and how many of them stay as they were and are planned again."""
    names = {row.appointment.pk: row.appointment.patient.full_name for row in rows}
    told = [f"{names[key]}: {words}" for key, words in clashed.items()]
    if len(told) > MOST_TOLD:
        others = ", ".join([names[key] for key in clashed][MOST_TOLD:])
        told = [*told[:MOST_TOLD], f"Not moved either: {others}."]
    for words in told:
        messages.warning(request, words)
    left = Appointment.objects.waiting_to_move(request.clinic).filter(pk__in=clashed).count()
    if left:
        stay = "stays as it was and is" if left == 1 else "stay as they were and are"
        words = f"{count_words(left, 'appointment')} {stay} planned again on this page."
        messages.warning(request, words)


# --- The page -------------------------------------------------------------------------------------
@dataclass
class MoveRow:
    """One visit to move: where it was, where it would be, and what that costs."""

    visit: Appointment
    session: PlannedSession | None
    mark: str = ""
    tokens: Sequence[str] = ()
    place: Place | None = None
    slot: Slot | None = None
    practitioner: Resource | None = None
    room: Resource | None = None
    points: int = 0
    reasons: Sequence[str] = ()
    why: Sequence[dict] = ()
    refusals: Sequence[str] = ()

    @property
    def word(self) -> str:
        """Return the place as the page keeps it."""
        if self.slot is None:
            return ""
        parts = (self.slot.start, self.slot.practitioner_id, self.slot.room_id, self.slot.device_id)
        return ".".join("" if part is None else str(part) for part in parts)

    @property
    def clock(self) -> str:
        """Return the new wall time."""
        return f"{self.slot.wall_min // 60:02d}:{self.slot.wall_min % 60:02d}"

    @property
    def is_other_day(self) -> bool:
        """Say whether the new time is on another day."""
        return self.slot.day != self.visit.local_date

    @property
    def is_other_time(self) -> bool:
        """Say whether the patient would come at another time than promised."""
        return self.is_other_day or self.slot.wall_min != self.visit.local_start_min

    @property
    def is_other_person(self) -> bool:
        """Say whether somebody else would see the patient."""
        return self.slot.practitioner_id != self.visit.practitioner_id


@dataclass
class CallRow:
    """One patient to call: until when, and the next free time beyond the days searched."""

    row: MoveRow
    until: date | None = None
    next_free: Slot | None = None
    next_clock: str = ""


@dataclass
class RepairPage:
    """The plan as it stands on the page, and what was just decided about it."""

    request: object
    forms: dict[int, RowForm] = field(default_factory=dict)

    def __post_init__(self) -> None:
        request = self.request
        self.at = timezone.now()
        self.today = request.clinic.local_date(self.at)
        self.sent = request.POST if request.method == "POST" else {}
        facts = {"zone": request.clinic.zone, "today": self.today}
        self.forms = {key: RowForm(self.sent, key=key, **facts) for key in visits_sent(self.sent)}
        deed, _, key = self.sent.get("do", "").partition("-")
        self.deed, self.key = deed, int(key) if key.isascii() and key.isdecimal() else 0
        if "apply" in self.sent:
            self.deed = ""
        self.marks = {key: form.mark for key, form in self.forms.items()}
        self.tokens = {key: form.tokens for key, form in self.forms.items()}
        self._decide()

    @cached_property
    def form(self) -> AbsenceForm:
        """Return the form for an absence."""
        sent = self.request.POST if "absent" in self.sent else None
        units = [row for row in self.units.values() if row.active]
        return AbsenceForm(sent, clinic=self.request.clinic, units=units, today=self.today)

    # --- What was pressed -------------------------------------------------------------------------
    def _decide(self) -> None:
        """Take the pressed button into the marks and refusals."""
        form = self.forms.get(self.key)
        if self.deed == "all":
            self.marks = {key: "accept" if form.slot else mark
                          for (key, form), mark in zip(self.forms.items(), self.marks.values(),
                                                       strict=True)}  # fmt: skip
        elif form is None:
            return
        elif self.deed in {"accept", "pin"}:
            self.marks[self.key] = self.deed if self.marks[self.key] != self.deed else ""
        elif self.deed == "forget":
            visits = self.disruption.visits
            visit = next((row for row in visits if row.pk == self.key), None)
            kept = words_of(self.disruption.kept_refusals(visit)) if visit else []
            self.tokens[self.key] = [f"-{word}" for word in kept][:MOST_REFUSALS]
            del self.disruption  # it knew nothing of what is forgotten now
            self.disruption.visits = visits
        elif self.deed in {"day", "weekday", "who"} and form.slot:
            self.marks[self.key] = ""
            token = {"day": f"d{form.slot.day.isoformat()}", "weekday": f"w{form.slot.day.weekday()}",
                     "who": f"p{form.slot.practitioner_id}"}[self.deed]  # fmt: skip
            tokens = [word for word in self.tokens[self.key] if word != f"-{token}"]
            self.tokens[self.key] = [*dict.fromkeys([*tokens, token])][:MOST_REFUSALS]

    # --- The plan ---------------------------------------------------------------------------------
    @cached_property
    def disruption(self) -> Disruption:
        """Return the visits to move, with what was refused so far."""
        said = {key: refused_of(tokens) for key, tokens in self.tokens.items()}
        return Disruption(
            self.request.clinic, self.at, {key: new for key, (new, _) in said.items()},
            {key: gone for key, (_, gone) in said.items()},
        )  # fmt: skip

    @cached_property
    def plan(self):
        """Return the plan: searched anew, or as it stands where nothing was refused."""
        disruption, held = self.disruption, {}
        for row in disruption.visits:
            form = self.forms.get(row.pk)
            if form and form.units and form.cleaned_data.get("version") == row.version:
                held[row.pk] = disruption.place(*form.units)
        held = {key: place for key, place in held.items() if place}
        fixed = {key: place for key, place in held.items() if self.marks.get(key)}
        is_as_it_stands = self.deed in {"accept", "pin", "all"} or "apply" in self.sent
        turns = 0 if is_as_it_stands and held else TURNS
        return repair(disruption.problem, fixed=fixed, start=held, turns=turns)

    @cached_property
    def rows(self) -> list[MoveRow]:
        """Return every visit to move with its place, by the old time."""
        return [self._row(visit) for visit in self.disruption.visits]

    def _row(self, visit: Appointment) -> MoveRow:
        disruption, place = self.disruption, self.plan.places.get(visit.pk)
        row = MoveRow(visit, disruption.session(visit), tokens=self.tokens.get(visit.pk, []),
                      refusals=self._refusal_words(disruption.refusals(visit)))  # fmt: skip
        if place is None:
            return row
        reasons = charges(disruption.problem, disruption.problem.visit[visit.pk], place)
        row.place, row.slot = place, disruption.slot(visit, place)
        row.mark = self.marks.get(visit.pk, "")
        row.practitioner = self.units.get(place.practitioner_id)
        row.room = self.units.get(place.room_id)
        row.points = sum(reason["cost"] for reason in reasons)
        row.reasons = [sentence(reason) for reason in reasons]
        version = {"code": "weights", "version": disruption.weights.version}
        row.why = [*(reason.as_dict() for reason in reasons), version]
        return row

    @cached_property
    def units(self) -> dict[int, Resource]:
        """Return the clinic's practitioners, rooms and devices by key."""
        return {row.pk: row for row in self.request.clinic.resources.all()}

    def _refusal_words(self, refused: Refused) -> list[str]:
        """Return what is refused in words; days that are over are not said any more."""
        names = dict(WeeklyHours.Weekday.choices)
        return [
            *(f"Not on {day_words(day)}" for day in sorted(refused.days) if day >= self.today),
            *(f"Not on {names[day]}s" for day in sorted(refused.weekdays)),
            *(f"Not with {self.units[key]}" for key in sorted(refused.practitioner_ids)
              if key in self.units),
        ]  # fmt: skip

    @property
    def accepted(self) -> list[Chosen]:
        """Return the accepted rows as the page sent them."""
        keys = [key for key, form in self.forms.items() if form.mark == "accept" and form.slot]
        visits = Appointment.objects.of(self.request.clinic).filter(pk__in=keys)
        why = {row.visit.pk: row.why for row in self.rows}
        return [
            Chosen(visit, self.forms[visit.pk].cleaned_data.get("version") or 0,
                   self.forms[visit.pk].slot, tuple(why.get(visit.pk, ())))
            for visit in visits.select_related("patient").order_by("pk")
        ]  # fmt: skip

    @property
    def said(self) -> list[Said]:
        """Return what was said no to, and taken back, about any visit of the page."""
        words = {key: refused_of(tokens) for key, tokens in self.tokens.items() if tokens}
        visits = Appointment.objects.of(self.request.clinic).filter(pk__in=words)
        return [Said(visit, *words[visit.pk]) for visit in visits.order_by("pk")]

    # --- Who is left ------------------------------------------------------------------------------
    @cached_property
    def calls(self) -> list[CallRow]:
        """Return the visits without a place, who is closest to losing results first."""
        by_key = {row.visit.pk: row for row in self.rows}
        order = call_order(self.disruption.problem, self.plan.unplaced)[:LONGEST_CALL_LIST]
        called = [by_key[visit.visit_id] for visit in order]
        offers = Offers(self.disruption, self.plan.places)
        slots, found = offers.first_free(row.visit for row in called), []
        for visit, row, slot in zip(order, called, slots, strict=True):
            clock = f"{slot.wall_min // 60:02d}:{slot.wall_min % 60:02d}" if slot else ""
            until = min(filter(None, (visit.max_day, visit.last_day)), default=None)
            found.append(CallRow(row, until, slot, clock))
        return found

    @property
    def overlooked(self) -> list[tuple[HoursException, str, int]]:
        """Return absences to come into which visits are still booked, with their words and count."""
        clinic = self.request.clinic
        kept = HoursException.objects.filter(clinic=clinic, kind="off", to_day__gte=self.today)
        rows = list(kept.order_by("from_day", "pk")[:MOST_ABSENCES])
        for row in rows:
            row.clinic = clinic
            if row.resource_id in self.units:
                row.resource = self.units[row.resource_id]
        counts = booked_into(rows, at=self.at, look_days=LONGEST_ABSENCE_DAYS)
        return [(row, Absence.of(row).words, counts[row.pk]) for row in rows if counts.get(row.pk)]

    @property
    def facts(self) -> dict:
        """Return what the templates print."""
        rows = self.rows
        extra = extra_hours(self.disruption.problem, self.plan) if self.plan.unplaced else ()
        placed = [row for row in rows if row.slot]
        is_open = not rows or self.form.is_bound
        return {
            "page": self, "rows": placed, "calls": self.calls, "today": self.today,
            "to_move": len(rows), "form": self.form, "is_open": is_open,
            "accepted": sum(row.mark == "accept" for row in placed),
            "said": any(self.tokens.values()), "weights": self.disruption.weights,
            "points": price(self.disruption.problem, {row.visit.pk: row.place for row in placed})
            - self.disruption.weights.unplaced * (len(rows) - len(placed)),
            "extra": extra, "extra_words": extra_words(extra), "days": self.disruption.days,
        }  # fmt: skip
