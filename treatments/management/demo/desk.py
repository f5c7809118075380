"""What the desk did besides courses: calls kept, courses put off, who waits, visits in between."""

from collections import deque
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from clinic.actions import diary as bookings
from clinic.models import Clinic, Membership, Patient, Role
from clinic.models.openings import shape_of, snapshot
from clinic.scheduling.slots import Slot, Wish, day_slots
from treatments.actions.waitlist import add_to_waitlist
from treatments.actions.worklist import log_contact, put_off
from treatments.management.demo.places import CONSULTATION, REVIEW, WORKDAYS
from treatments.models import TreatmentPlan

CALLS = (("no_answer", ""), ("no_answer", ""), ("calls_back", "Rings after work"))
WISHES = (
    {"is_urgent": True, "short_notice_ok": True}, {"weekdays": [0, 2, 4]},
    {"from_min": 540, "to_min": 780, "short_notice_ok": True},
)  # fmt: skip
#: Visits besides courses of each practitioner on the days ahead that are worked: ever fewer.
VISITS_A_DAY, APART_MIN, REVIEW_AFTER_DAYS = (9, 9, 8, 8, 7, 6, 5, 4, 3, 2, 2), 40, 4


def keep_lists(clinic: Clinic, at: datetime) -> None:
    """Write down calls, one course put off and the waitlist of a clinic, as of an instant."""
    by, today = _desk(clinic), clinic.local_date(at)
    plans = TreatmentPlan.objects.of(clinic).select_related("patient", "service")
    due = list(plans.due(today).by_urgency()[:5])
    for plan, (result, note) in zip(due, CALLS, strict=False):
        log_contact(plan=plan, result=result, note=note, at=at - timedelta(hours=2), by=by)
    for plan in due[4:]:
        put_off(plan=plan, until=today + timedelta(days=9), because="Abroad until then",
                today=today, at=at, by=by)  # fmt: skip
    waiting = plans.open().filter(next_booked_on__gt=today).order_by("next_booked_on", "pk")
    for plan, wish in zip(waiting, WISHES, strict=False):
        add_to_waitlist(patient=plan.patient, plan=plan, service=plan.service, at=at, by=by, **wish)


def fill_days(clinic: Clinic, at: datetime) -> None:
    """Book consultations and reviews on the days after an instant, so that a week looks like one.

    Only those come who have nothing booked and are not away: for a talk, and days later once more.
    """
    by, today = _desk(clinic), clinic.local_date(at)
    ahead = Patient.objects.of(clinic).filter(appointments__local_date__gt=today)
    free = Patient.objects.of(clinic).exclude(pk__in=ahead).filter(blackouts=None).order_by("pk")
    services = {row.name: row for row in clinic.services.filter(name__in=(CONSULTATION, REVIEW))}
    queue = deque((patient, CONSULTATION, today) for patient in free)
    people = list(clinic.resources.practitioners())
    for number, day in enumerate(_worked_days(clinic, today)):
        for who in people:
            if not queue:
                return
            name = queue[0][1]
            for slot in _apart(clinic, services[name], day, who, VISITS_A_DAY[number]):
                if not queue or queue[0][1] != name or queue[0][2] > day:
                    break
                patient, *_ = queue.popleft()
                bookings.book(clinic=clinic, patient=patient, service=services[name], slot=slot,
                              at=at, by=by)  # fmt: skip
                if name == CONSULTATION:
                    queue.append((patient, REVIEW, day + timedelta(days=REVIEW_AFTER_DAYS)))


def _worked_days(clinic: Clinic, today: date) -> list[date]:
    """Return the next days on which most people work, as many as are filled."""
    days = (today + timedelta(days=n) for n in range(1, 2 * len(VISITS_A_DAY)))
    return [day for day in days if day.weekday() in WORKDAYS][: len(VISITS_A_DAY)]


def _apart(clinic, service, day: date, who, count: int) -> Iterable[Slot]:
    """Yield a few free starts of somebody's day, some way from each other."""
    known = snapshot(clinic, service, from_day=day, days=1)
    found = day_slots(known, shape_of(service), day=day, wish=Wish((who.pk,)))
    next_min = 540 + 20 * (who.order % 4)
    for _ in range(count):
        slot = next((slot for slot in found if slot.wall_min >= next_min), None)
        if slot is None:
            return
        next_min = slot.wall_min + APART_MIN
        yield slot


def _desk(clinic: Clinic):
    members = Membership.objects.filter(clinic=clinic, role=Role.FRONT_DESK)
    return members.select_related("user").order_by("pk").first().user
