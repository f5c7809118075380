"""What a patient's chart tells: courses, sessions, photos, appointments and the next step.

Every part is one query however many rows it has; the front desk's story never reads the clinical
tables at all.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import groupby

from django.db.models import Count, Prefetch, Q
from django.urls import reverse

from clinic.models import Appointment, Patient
from clinic.permissions import may
from treatments.models import (
    AnaestheticApplication,
    Photo,
    PlannedSession,
    TreatmentPlan,
    TreatmentSession,
    ZoneTreatment,
    consent_columns,
    lacks_consent,
)
from treatments.models.planned import tell_late
from treatments.models.screening import SOON_DAYS, CheckTold, with_check

Status = Appointment.Status
#: The single key of the one button (static/js/keys.js), by its label.
STEP_KEYS = {
    "Mark as arrived": "a", "Choose dates": "b", "Book": "b", "Plan a course": "c", "Move": "m",
    "Open appointment": "o", "Open the draft": "r", "Open today’s record": "r",
}  # fmt: skip
NEEDS_A_DATE = {"book_now", "overdue", "at_risk", "lapsed"}


@dataclass(frozen=True)
class NextStep:
    """What to do now: a sentence with figures and one button (a link, or a form that writes)."""

    title: str
    text: str
    label: str
    icon: str
    url: str
    writes: bool = False

    @property
    def key(self) -> str:
        """Return the key that presses the button."""
        return STEP_KEYS.get(self.label, "")


@dataclass(frozen=True)
class ViewPair:
    """One standard view: its baseline photo beside the latest; `latest` is None for a single one."""

    view: object
    baseline: Photo
    latest: Photo | None
    count: int


@dataclass(frozen=True)
class Story:
    """One patient's chart for one role; clinical parts stay empty for the front desk."""

    patient: Patient
    today: date
    plans: list
    upcoming: list
    past: list
    step: NextStep
    sessions: list = field(default_factory=list)
    photos: list = field(default_factory=list)
    allergies: list = field(default_factory=list)
    medicines: list = field(default_factory=list)
    away: list = field(default_factory=list)
    health_check: CheckTold | None = None  # the newest
    lacking: set = field(default_factory=set)  # courses without valid consent

    @property
    def book_url(self) -> str:
        """Return where a visit of this patient is booked."""
        return f"{reverse('appointment_new')}?patient={self.patient.pk}"

    @property
    def check_visit(self) -> Appointment | None:
        """Return the visit a health check can be answered for now: the next within a week."""
        last = self.today + timedelta(days=SOON_DAYS)
        soon = (row for row in self.upcoming if self.today <= row.local_date <= last)
        return next((row for row in soon if hasattr(row, "planned_session")), None)

    @property
    def suits(self) -> str:
        """Return when it suits the patient, in words."""
        return self.patient.suits or "No preference"


def tell(patient: Patient, *, role: str, clinical: bool, today: date) -> Story:
    """Return a patient's story as this role may read it."""
    plans = _plans(patient, today)
    rows = Appointment.objects.of_patient(patient).exclude(status=Status.ENTERED_IN_ERROR)
    rows = rows.select_related("clinic", "planned_session__plan")
    appointments = list(with_check(rows, answers=True) if clinical else rows)
    upcoming = [row for row in reversed(appointments) if _is_ahead(row, today)]
    past = [row for row in appointments if not _is_ahead(row, today)]
    away = with_visits(patient.blackouts.ahead(today), upcoming)
    lacking = {plan.pk for plan in plans if plan.status == "open" and lacks_consent(plan, today)}
    if not clinical:
        step = next_step(patient, plans, upcoming, [], role=role, today=today)
        return Story(patient, today, plans, upcoming, past, step, away=away, lacking=lacking)
    sessions = _sessions(patient)
    return Story(
        patient, today, plans, upcoming, past,
        next_step(patient, plans, upcoming, sessions, role=role, today=today),
        sessions=sessions, photos=_photos(patient), away=away, lacking=lacking,
        allergies=list(patient.allergies.filter(ended_on=None)),
        health_check=_newest_check(appointments),
        medicines=list(patient.medicines.filter(Q(until=None) | Q(until__gte=today))),
    )  # fmt: skip


def _newest_check(appointments) -> CheckTold | None:
    told = [one for row in appointments if (one := CheckTold.of(row))]
    return max(told, key=lambda one: one.key, default=None)


def with_visits(away, visits) -> list:
    """Return days away, each with the `visits` booked into it all the same."""
    rows = list(away)
    for row in rows:
        row.visits = [one for one in visits if row.from_day <= one.local_date <= row.to_day]
    return rows


def _plans(patient, today):
    """Return courses, the running ones first, with their sessions and those sessions' times."""
    booked = PlannedSession.objects.select_related("appointment").order_by("number")
    rows = TreatmentPlan.objects.filter(patient=patient).with_state(today)
    rows = rows.select_related("protocol", "practitioner").defer("notes", "protocol_as_agreed")
    rows = list(rows.prefetch_related(Prefetch("sessions", booked))
                .annotate(**consent_columns(today)))  # fmt: skip
    for plan in rows:
        plan.patient = patient
        tell_late(plan, plan.sessions.all())
    return sorted(rows, key=lambda plan: (plan.status != "open", -plan.agreed_on.toordinal()))


def _sessions(patient):
    """Return session records, newest first, with what one line about each prints."""
    zones = ZoneTreatment.objects.select_related("zone")
    numbing = AnaestheticApplication.objects.select_related("product")
    return list(
        TreatmentSession.objects.filter(patient=patient)
        .select_related("practitioner", "planned_session__plan", "plan__protocol")
        .prefetch_related(Prefetch("zones", zones), Prefetch("numbing", numbing))
        .annotate(addenda_count=Count("addenda"))
        .defer("signed_content", "findings")
        .order_by("-performed_on", "-pk")
    )


def _photos(patient) -> list[ViewPair]:
    """Return each view's baseline and latest photo, in the order of the views."""
    rows = Photo.objects.filter(patient=patient, view__isnull=False).shown().for_gallery()
    pairs = []
    for view, group in groupby(rows, key=lambda photo: photo.view):
        shots = list(group)
        latest = shots[-1] if len(shots) > 1 else None
        pairs.append(ViewPair(view, shots[0], latest, len(shots)))
    return pairs


def _is_ahead(row, today) -> bool:
    """Say whether an appointment still asks for somebody: today's, a later one, or one to move."""
    if row.status == Status.PROPOSED:
        return True
    running = {Status.BOOKED, Status.ARRIVED, Status.IN_SESSION}
    return row.status in running and row.local_date >= today


def next_step(patient, plans, upcoming, sessions, *, role, today) -> NextStep:
    """Return the one thing to do for this patient now, the most pressing first."""
    steps = (
        _open_draft(sessions),
        _now(upcoming, role, today),
        _to_move(upcoming),
        _to_book(plans),
        _booked(upcoming, today),
        _to_book(plans, urgent=False),
    )
    return next((step for step in steps if step), None) or _begin(patient, role)


def _open_draft(sessions):
    for record in sessions:
        if record.is_draft:
            return NextStep(
                "Finish the session record", f"The draft of {_day(record.performed_on)} is not signed.",
                "Open the draft", "pencil-square", record.get_absolute_url(),
            )  # fmt: skip
    return None


def _now(upcoming, role, today):
    row = next((row for row in upcoming
                if row.local_date == today and row.status != Status.PROPOSED), None)  # fmt: skip
    if row is None:
        return None
    text = f"{_which(row)} today at {row.start_clock} with {row.practitioner}."
    if row.status == Status.BOOKED:
        return NextStep("Expected today", text, "Mark as arrived", "person-check",
                        reverse("appointment_step", args=[row.pk, "arrive"]), writes=True)  # fmt: skip
    if may(role, "session_open", "POST"):
        return NextStep("Here now", text, "Open today’s record", "play-fill",
                        reverse("session_open", args=[row.pk]), writes=True)  # fmt: skip
    return NextStep("Here now", text, "Open appointment", "calendar-check", row.get_absolute_url())


def _to_move(upcoming):
    row = next((row for row in upcoming if row.status == Status.PROPOSED), None)
    if row is None:
        return None
    because = f": {row.to_move_because}" if row.to_move_because else ""
    return NextStep(
        "Find a new time", f"{_which(row)} of {_day(row.local_date)} must be moved{because}.",
        "Move", "arrow-left-right", reverse("appointment_move", args=[row.pk]),
    )  # fmt: skip


def _to_book(plans, *, urgent=True):
    waiting = [plan for plan in plans if plan.status == "open" and plan.sessions_left]
    plan = next((plan for plan in waiting if not urgent or _needs_a_date(plan)), None)
    if plan is None:
        return None
    number = plan.sessions_done + 1
    due = f" Due {_day(plan.next_ideal_on)}." if plan.next_ideal_on else ""
    return NextStep(
        f"Book session {number} of {plan.sessions_planned}", f"{plan.protocol}.{due}",
        "Choose dates", "calendar2-plus", reverse("course_dates", args=[plan.pk]),
    )  # fmt: skip


def _needs_a_date(plan) -> bool:
    """Say whether a course is to be booked now; one whose booked day comes too late has a day."""
    return plan.state in NEEDS_A_DATE and plan.next_booked_on is None


def _booked(upcoming, today):
    row = next(iter(upcoming), None)
    if row is None:
        return None
    return NextStep(
        f"Next visit {_day(row.local_date)}",
        f"{_which(row)} at {row.start_clock} with {row.practitioner}{_late(row, today)}.",
        "Open appointment", "calendar-check", row.get_absolute_url(),
    )  # fmt: skip


def _late(row, today) -> str:
    """Return ", 35 days late" where a visit is its course's next one and comes too late."""
    planned = getattr(row, "planned_session", None)
    if planned is None or planned.number != planned.plan.sessions_done + 1:
        return ""
    late = planned.plan.lateness_on(today)
    return f", {late}" if late else ""


def _begin(patient, role):
    if may(role, "course_new"):
        return NextStep("Plan a course", "No course is running and nothing is booked.",
                        "Plan a course", "signpost-split",
                        reverse("course_new", args=[patient.pk]))  # fmt: skip
    return NextStep("Book a visit", "Nothing is booked.", "Book", "calendar2-plus",
                    f"{reverse('appointment_new')}?patient={patient.pk}")  # fmt: skip


def _which(row) -> str:
    """Return "Session 2 of 4" for an appointment of a course, else its service."""
    planned = getattr(row, "planned_session", None)
    if planned is None:
        return str(row.service)
    return f"Session {planned.number} of {planned.plan.sessions_planned}"


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
