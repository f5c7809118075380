"""Measured: freed times and whom they would suit, with as many waiting as are looked at.

In every clinic ten visits of the next fortnight are cancelled and sixty patients wait: thirty for an
earlier time than the session of their course has, twenty for one they have no time for yet, ten
outside courses. Then all of them are away, so that each is held against every freed time in vain.
Everything is taken back afterwards.
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

FREED, FIRST_DAY, DAYS = 10, 2, 12  # visits cancelled, one a day, from the day after tomorrow on
WITH_VISIT, WITHOUT_VISIT, NO_COURSE = 30, 20, 10
AWAY_DAYS = 60


def gaps(samples: int) -> Iterator[Result]:
    """Measure the part that names who fits, when some do and when nobody does, and the list."""
    people, target = visitors(), "≤ 20 queries, p95 ≤ 150 ms"
    parts, pages = (
        [partial(p.page, reverse(name)) for p in people] for name in ("waitlist_gap", "waitlist")
    )
    with transaction.atomic():
        for person in people:
            _free(person)
        for person in people:
            _let_wait(person)
        facts = {"target": target, "target_ms": 150, "target_queries": 20}
        many = f"{WITH_VISIT + WITHOUT_VISIT + NO_COURSE} wait"
        yield measure(Result(f"waitlist, {many}", **facts), pages, samples)
        yield measure(Result(f"freed times, {many}", **facts), parts, samples)
        for person in people:
            _send_away(person)
        yield measure(Result(f"freed times, {many}, nobody fits", **facts), parts, samples)
        transaction.set_rollback(True)


def _lead(person: Visitor) -> User:
    return User.objects.get(memberships__clinic=person.clinic, is_staff=True)


def _free(person: Visitor) -> None:
    """Cancel one visit a day."""
    now, by = timezone.now(), _lead(person)
    today = person.clinic.local_date(now)
    for n in range(FREED):
        rows = Appointment.objects.of(person.clinic).filter(
            status="booked", local_date=today + timedelta(days=FIRST_DAY + n)
        )
        visit = rows.order_by("local_start_min", "pk")[n]  # at another hour each day
        cancel_appointment(appointment=visit, reason="patient", at=now, by=by)


def _let_wait(person: Visitor) -> None:
    """Put sixty patients on the waitlist; those with a later visit have waited longest."""
    now, by, clinic = timezone.now(), _lead(person), person.clinic
    after = clinic.local_date(now) + timedelta(days=FIRST_DAY + DAYS)
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
    if len(entries) != WITH_VISIT + WITHOUT_VISIT + NO_COURSE:
        raise ValueError(f"{clinic} has only {len(entries)} patients to wait.")
    WaitlistEntry.objects.bulk_create(
        WaitlistEntry(clinic=clinic, added_at=now - timedelta(days=90 - n), added_by=by, **facts)
        for n, facts in enumerate(entries)
    )


def _send_away(person: Visitor) -> None:
    """Let everybody who waits be away."""
    first = person.clinic.local_date(timezone.now())
    rows = WaitlistEntry.objects.of(person.clinic).values_list("patient_id", flat=True)
    Blackout.objects.bulk_create(
        Blackout(patient_id=key, kind="holiday", from_day=first,
                 to_day=first + timedelta(days=AWAY_DAYS))
        for key in rows
    )  # fmt: skip
