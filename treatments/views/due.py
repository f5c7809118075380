"""One course on the worklist with everything its row prints, ready to print."""

from collections.abc import Iterable
from datetime import date

from clinic.permissions import CARE
from clinic.templatetags.needlepoint import COURSE, Look, day
from clinic.views.addresses import address
from treatments.models import ContactLog, PlanState, TreatmentPlan

TO_CALL = (PlanState.AT_RISK, PlanState.OVERDUE, PlanState.BOOK_NOW)
OUTCOME = Look("No outcome yet", "question-circle-fill", "warn")


class DueRow:
    """One course on the list; every attribute is a word, a number or an address to print."""

    def __init__(
        self, plan: TreatmentPlan, contact: ContactLog | None, *, today: date, role: str
    ) -> None:
        patient, treats = plan.patient, role in CARE
        self.plan, self.pk, self.state = plan, str(plan.pk), plan.state_on(today)
        self.name, self.phone, self.suits = patient.full_name, patient.phone, patient.suits
        self.tel = patient.phone_digits
        self.session = f"{plan.sessions_done + 1} of {plan.sessions_planned}"
        self.last, self.event = day(plan.last_session_on) or "none yet", day(plan.event_on)
        self.first, self.ideal = day(plan.next_earliest_on), day(plan.next_ideal_on)
        self.latest = day(plan.next_latest_on)
        self.contact = _told(contact, plan.contacts_unanswered)
        self.is_asleep = plan.snoozed_until is not None and plan.snoozed_until > today
        self.put_off = (
            f"{day(plan.snoozed_until)}: {plan.snoozed_because}" if self.is_asleep else ""
        )
        self.is_paused = getattr(plan, "is_paused", False)
        #: A visit of the past that waits for its record.
        self.is_open = plan.next_booked_on is not None
        self.look, self.why = self._verdict(today, treats=treats)
        self.to_decide = self.state == PlanState.LAPSED and treats
        self.can_book = not self.is_open and not self.is_paused
        self._set_addresses(plan)

    def _set_addresses(self, plan: TreatmentPlan) -> None:
        self.chart_url, self.url = address("chart", plan.patient_id), address("course", plan.pk)
        self.edit_url = address("course_edit", plan.pk)
        self.stop_url = address("course_stop", plan.pk)
        self.next_url = address("course_next", plan.pk)
        self.best_url = address("due_best", plan.pk)
        self.contact_url = address("due_contact", plan.pk)
        self.snooze_url = address("due_snooze", plan.pk)

    @property
    def is_to_call(self) -> bool:
        """Say whether somebody is to call about it today."""
        return self.state in TO_CALL and not self.is_open and not self.is_asleep

    def _verdict(self, today: date, *, treats: bool) -> tuple[Look, str]:
        """Return what its chip shows and the words under it."""
        if self.is_paused:
            return Look("Medical pause" if treats else "Paused", "pause-circle-fill", "stop"), ""
        if self.is_open:
            return OUTCOME, f"visit of {day(self.plan.next_booked_on)}"
        return COURSE[self.state], hurry(self.plan, self.state, today)


def due_rows(plans: Iterable[TreatmentPlan], *, today: date, role: str) -> list[DueRow]:
    """Return the rows of courses, each with its latest contact. One query."""
    plans = list(plans)
    latest = ContactLog.objects.latest_of(plans)
    return [DueRow(plan, latest.get(plan.pk), today=today, role=role) for plan in plans]


def hurry(plan: TreatmentPlan, state: PlanState, today: date) -> str:
    """Return how urgent a course is in words, "" where nothing is left to be done."""
    if plan.next_latest_on is None:
        return ""
    if plan.next_latest_on < today:
        return f"{_days((today - plan.next_latest_on).days)} past the last day"
    if state == PlanState.AT_RISK:
        if plan.has_no_free_day:
            return f"No day is free before {day(plan.next_free_on)}"
        return "The event cannot be met with all sessions"
    return f"It lost its day; {_left(plan, today)}" if plan.next_to_move else _left(plan, today)


def _left(plan: TreatmentPlan, today: date) -> str:
    """Return how far a course in time is from its next marked day."""
    if plan.next_ideal_on < today:
        left = (plan.next_latest_on - today).days
        return f"{_days(left)} left" if left else "today is the last day"
    if plan.next_earliest_on > today:
        return f"possible in {_days((plan.next_earliest_on - today).days)}"
    left = (plan.next_ideal_on - today).days
    return f"{_days(left)} to the ideal day" if left else "today is the ideal day"


def _told(contact: ContactLog | None, unanswered: int) -> str:
    """Return what came of the latest contact, in words."""
    if contact is None:
        return "Not contacted yet"
    several = f" · {unanswered} in a row unanswered" if unanswered > 1 else ""
    return f"{contact.get_result_display()}, {day(contact.at)}{several}"


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"
