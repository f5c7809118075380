"""The board of the lead: every course as a row, every week as a column, every session as a letter."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Prefetch
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from clinic.models import Appointment
from clinic.scheduling.reasons import count_words, day_words
from clinic.scheduling.weeks import WEEK, monday_of, weeks_from
from clinic.templatetags.needlepoint import Look, look
from treatments.models import PlannedSession, PlanState, Protocol, TreatmentPlan
from treatments.models.planned import tell_late

WEEKS, WEEKS_BACK, ROWS = 18, 4, 40
STEP, FARTHEST = WEEK * 9, WEEK * 104
#: What a row prints; everything else stays in the database.
PRINTED = (
    "status", "agreed_on", "sessions_planned", "sessions_done", "next_ideal_on", "next_booked_on",
    "next_latest_on", "event_on", "start_by_on",
    "patient__family_name", "patient__given_name", "protocol__name", "practitioner__name",
)  # fmt: skip
PRINTED_SESSIONS = (
    "plan_id", "number", "done_on", "gap_days_ideal", "gap_days_max", "appointment__status",
    "appointment__local_date", "appointment__local_start_min", "appointment__practitioner__name",
)  # fmt: skip
#: What a session shows: letter, tone, word. The letter says it too, never the colour alone.
MARKS = {
    "done": ("D", "good", "Done"),
    "booked": ("B", "info", "Booked"),
    "late": ("L", "stop", "Booked late"),
    "planned": ("P", "void", "Planned"),
    "overdue": ("O", "stop", "Overdue"),
    "to_move": ("M", "warn", "To be moved"),
    "unresolved": ("?", "live", "Unresolved"),
}


@dataclass(frozen=True)
class Mark:
    """One session on the board: where it stands, its day, and the sentence that says so."""

    number: int
    state: str
    day: date
    sentence: str

    @property
    def letter(self) -> str:
        """Return the letter of its state."""
        return MARKS[self.state][0]

    @property
    def tone(self) -> str:
        """Return the tone of its state."""
        return MARKS[self.state][1]


@dataclass(frozen=True)
class BoardRow:
    """One course with its sessions by week; `before` and `after` count those outside of the weeks.

    `planner_url` is empty where the course does not run any more, `late` says how its next booked
    day comes too late.
    """

    plan: TreatmentPlan
    look: Look
    weeks: Sequence[Sequence[Mark]]
    before: int
    after: int
    planner_url: str
    late: str


def board(desk, request):
    """Show the courses of the clinic by week, filtered and page by page."""
    if not desk.has_view_permission(request):
        raise PermissionDenied
    today = request.clinic.local_date(timezone.now())
    usual = monday_of(today) - WEEK * WEEKS_BACK
    first = first_asked(request.GET.get("from", ""), today) or usual
    mondays = weeks_from(first, WEEKS)
    practitioners = request.clinic.resources.practitioners().order_by("order", "pk")
    filters = Filters(request.GET, list(practitioners))
    courses = desk.get_queryset(request)
    page = Paginator(filters.kept(courses), ROWS).get_page(request.GET.get("page"))
    # The order of tens of thousands is found without the names that forty of them are shown with.
    shown = list(page.object_list.values_list("pk", flat=True))
    planner = reverse("admin:treatments_treatmentplan_planner")
    facts = {
        "rows": [
            row_of(plan, mondays, today, planner)
            for plan in with_sessions(courses.filter(pk__in=shown))
        ],
        "mondays": mondays, "this_week": monday_of(today), "page": page, "filters": filters,
        "today": today, "marks": MARKS.values(), "first": first, "usual": usual,
        "earlier": first - STEP, "later": first + STEP,
    }  # fmt: skip
    return render(request, "treatments/planner/board.html", facts)


def first_asked(text: str, today: date) -> date | None:
    """Return the Monday of the day in an address, within two years of today; None for none."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return monday_of(min(max(day, today - FARTHEST), today + FARTHEST))


def with_sessions(plans) -> list[TreatmentPlan]:
    """Return courses with people and sessions, appointments joined: two queries for any number."""
    sessions = PlannedSession.objects.order_by("number").select_related("appointment__practitioner")
    sessions = Prefetch("sessions", sessions.only(*PRINTED_SESSIONS), to_attr="in_order")
    rows = plans.select_related("patient", "protocol", "practitioner").only(*PRINTED)
    return list(rows.prefetch_related(sessions))


class Filters:
    """What the board is filtered by; an unknown word filters nothing."""

    def __init__(self, sent, practitioners) -> None:
        self.practitioners = [(str(row.pk), row.name) for row in practitioners]
        self.protocols = [
            (str(pk), name)
            for pk, name in Protocol.objects.order_by("name", "pk").values_list("pk", "name")
        ]
        self.states = [("", "Running"), *PlanState.choices, ("all", "All courses")]
        self.practitioner = self._known(sent.get("practitioner"), self.practitioners)
        self.protocol = self._known(sent.get("protocol"), self.protocols)
        self.state = self._known(sent.get("state"), self.states)

    def _known(self, word, choices) -> str:
        return word if word in {key for key, _ in choices} else ""

    def kept(self, rows):
        """Return the courses that pass."""
        if self.practitioner:
            rows = rows.filter(practitioner=self.practitioner)
        if self.protocol:
            rows = rows.filter(protocol=self.protocol)
        if self.state in PlanState.values:
            return rows.filter(state=self.state)
        return rows if self.state == "all" else rows.open()

    @property
    def any(self) -> bool:
        """Say whether something is filtered by."""
        return bool(self.practitioner or self.protocol or self.state)

    @property
    def query(self) -> str:
        """Return the filters as the tail of an address."""
        return f"practitioner={self.practitioner}&protocol={self.protocol}&state={self.state}"


# --- Sums -----------------------------------------------------------------------------------------
def row_of(plan: TreatmentPlan, mondays: Sequence[date], today: date, planner: str) -> BoardRow:
    """Return a course with its sessions put into these weeks; `planner` is the planner's address."""
    weeks: list[list[Mark]] = [[] for _ in mondays]
    before = after = 0
    for mark in marks_of(plan, plan.in_order, today):
        at = (mark.day - mondays[0]).days // 7
        if at < 0:
            before += 1
        elif at >= len(weeks):
            after += 1
        else:
            weeks[at].append(mark)
    url = f"{planner}?plan={plan.pk}" if plan.status == TreatmentPlan.Status.OPEN else ""
    late = plan.lateness_on(today)
    return BoardRow(plan, look(plan.state, "course"), weeks, before, after, url, late)


def marks_of(plan, sessions: Sequence[PlannedSession], today: date) -> list[Mark]:
    """Return where each session stands; those without a day at the ideal one after the last."""
    marks, before = [], None
    tell_late(plan, sessions)
    for session in sessions:
        if session.done_on:
            state, day = "done", session.done_on
        elif visit := _visit(session):
            state, day = _booked_state(session, visit, today), visit.local_date
        elif plan.status != TreatmentPlan.Status.OPEN:
            continue
        else:
            state, day = _open_state(plan, session, before, today)
        marks.append(Mark(session.number, state, day, _sentence(plan, session, state, day)))
        before = day
    return marks


def _visit(session: PlannedSession) -> Appointment | None:
    """Return the visit of a session, as long as it holds a time or waits for another one."""
    visit = session.appointment
    waits = visit is not None and visit.status == Appointment.Status.PROPOSED
    return visit if session.is_booked or waits else None


def _booked_state(session: PlannedSession, visit: Appointment, today: date) -> str:
    if visit.status == Appointment.Status.PROPOSED:
        return "to_move"
    is_past = visit.local_date < today and visit.status == Appointment.Status.BOOKED
    if is_past:
        return "unresolved"
    return "late" if session.days_late else "booked"


def _open_state(plan, session, before: date | None, today: date) -> tuple[str, date]:
    """Return state and day of a session without a time: the ideal day, or today where that is past."""
    ideal = before + timedelta(days=session.gap_days_ideal) if before else plan.next_ideal_on
    ideal = ideal or plan.agreed_on
    return ("overdue", today) if ideal < today else ("planned", ideal)


def _sentence(plan, session, state: str, day: date) -> str:
    """Return what is read when a letter is pointed at."""
    whole = f"Session {session.number} of {plan.sessions_planned}"
    visit = session.appointment
    if state in {"booked", "late", "to_move", "unresolved"}:
        when = f"{day_words(day)}, {visit.start_clock} with {visit.practitioner.name}"
        late = f"booked {count_words(session.days_late, 'day')} late"
        return f"{whole}: {late if state == 'late' else MARKS[state][2].lower()}, {when}"
    if state == "overdue":
        return f"{whole}: overdue, not booked"
    return f"{whole}: {'done' if state == 'done' else 'planned, ideally'} {day_words(day)}"
