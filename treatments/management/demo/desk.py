"""What the desk did besides booking: calls that were kept, courses put off, patients who wait."""

from datetime import date, datetime, timedelta

from clinic.models import Clinic, Membership, Role
from treatments.actions.waitlist import add_to_waitlist
from treatments.actions.worklist import log_contact, put_off
from treatments.models import TreatmentPlan

CALLS = (("no_answer", ""), ("no_answer", ""), ("calls_back", "Rings after work"))
WISHES = (
    {"is_urgent": True, "short_notice_ok": True}, {"weekdays": [0, 2, 4]},
    {"from_min": 540, "to_min": 780, "short_notice_ok": True},
)  # fmt: skip


def keep_lists(clinic: Clinic, at: datetime) -> None:
    """Write down calls, one course put off and the waitlist of a clinic, as of an instant."""
    by = Membership.objects.filter(clinic=clinic, role=Role.FRONT_DESK).order_by("pk").first().user
    today: date = clinic.local_date(at)
    plans = TreatmentPlan.objects.of(clinic).select_related("patient", "service")
    due = list(plans.due(today).by_urgency(today)[:5])
    for plan, (result, note) in zip(due, CALLS, strict=False):
        log_contact(plan=plan, result=result, note=note, at=at - timedelta(hours=2), by=by)
    for plan in due[4:]:
        put_off(plan=plan, until=today + timedelta(days=9), because="Abroad until then",
                today=today, at=at, by=by)  # fmt: skip
    waiting = plans.open().filter(next_booked_on__gt=today).order_by("next_booked_on", "pk")
    for plan, wish in zip(waiting, WISHES, strict=False):
        add_to_waitlist(patient=plan.patient, plan=plan, service=plan.service, at=at, by=by, **wish)
