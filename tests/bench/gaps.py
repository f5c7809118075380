"""Measured: freed times and whom they would suit, with as many waiting as are looked at.

In every clinic ten visits of the next fortnight are cancelled and sixty patients wait: thirty for an
earlier time than the session of their course has, twenty for one that has no time yet, ten outside
courses (fewer in a small practice). Then all of them are away, so that each is held against every
freed time in vain. Everything is taken back afterwards.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clinic.models import Appointment, Blackout, User
from tests.bench.pages import Visitor, visitors
from tests.bench.timing import Result, measure
from treatments.actions.diary import cancel_appointment
from treatments.models import TreatmentPlan, WaitlistEntry

FREED, FIRST_DAY = 10, 2  # visits cancelled, one a day, from the day after tomorrow on
WITH_VISIT, WITHOUT_VISIT, NO_COURSE = 30, 20, 10
AWAY_DAYS = 60


def gaps(samples: int) -> Iterator[Result]:
    """Measure the part that names who fits, when some do and when nobody does, and the list."""
    people, target = visitors(), "≤ 20 queries, p95 ≤ 150 ms"
    parts, pages = (
        [partial(p.page, reverse(name)) for p in people] for name in ("waitlist_gap", "waitlist")
    )
    with transaction.atomic():
        freed = min(_free(person) for person in people)
        many = min(_let_wait(person) for person in people)
        words = f"{freed} in a clinic, {many} wait"
        facts = {"target": target, "target_ms": 150, "target_queries": 20}
        yield measure(Result(f"waitlist, {many} wait", **facts), pages, samples)
        yield measure(Result(f"freed times, {words}", **facts), parts, samples)
        for person in people:
            _send_away(person)
        yield measure(Result(f"freed times, {words}, nobody fits", **facts), parts, samples)
        transaction.set_rollback(True)


def _lead(person: Visitor) -> User:
    return User.objects.get(memberships__clinic=person.clinic, is_staff=True)


def _free(person: Visitor) -> int:
    """Cancel one visit a day, at another hour each time; return how many."""
    now, by = timezone.now(), _lead(person)
    first = person.clinic.local_date(now) + timedelta(days=FIRST_DAY)
    freed = 0
    for n in range(FREED):
        rows = Appointment.objects.of(person.clinic).filter(
            status="booked", local_date=first + timedelta(days=n)
        )
        if visits := list(rows.order_by("local_start_min", "pk")):
            cancel_appointment(appointment=visits[n % len(visits)], reason="patient", at=now, by=by)
            freed += 1
    return freed


def _let_wait(person: Visitor) -> int:
    """Put patients on the waitlist, those with a later visit the longest; return how many."""
    now, by, clinic = timezone.now(), _lead(person), person.clinic
    after = clinic.local_date(now) + timedelta(days=FIRST_DAY + FREED)
    plans = TreatmentPlan.objects.of(clinic).open().select_related("service")
    booked = plans.filter(next_booked_on__gt=after).order_by("next_booked_on", "pk")[:WITH_VISIT]
    fresh = plans.filter(next_booked_on=None, sessions_done=0).order_by("-pk")
    entries = [
        {"patient_id": plan.patient_id, "plan": plan, "service": plan.service}
        for plan in (*booked, *fresh[:WITHOUT_VISIT])
    ] + [
        {"patient_id": plan.patient_id, "service": plan.service}
        for plan in fresh[WITHOUT_VISIT:][:NO_COURSE]
    ]
    WaitlistEntry.objects.bulk_create(
        WaitlistEntry(clinic=clinic, added_at=now - timedelta(days=90 - n), added_by=by, **facts)
        for n, facts in enumerate(entries)
    )
    return len(entries)


def _send_away(person: Visitor) -> None:
    """Let everybody who waits be away."""
    first = person.clinic.local_date(timezone.now())
    rows = WaitlistEntry.objects.of(person.clinic).values_list("patient_id", flat=True)
    Blackout.objects.bulk_create(
        Blackout(patient_id=key, kind="holiday", from_day=first,
                 to_day=first + timedelta(days=AWAY_DAYS))
        for key in rows
    )  # fmt: skip
