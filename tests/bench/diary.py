"""Measured: the next free times, the dates of a course, a booking."""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.db import connection, transaction
from django.utils import timezone

from clinic.models import (
    Appointment,
    AuditEvent,
    AuditHead,
    Clinic,
    Hold,
    Patient,
    Rest,
    User,
)
from clinic.views.offers import Search, offers_for
from tests.bench.seed import GROWN
from tests.bench.timing import WARM_UPS, Result, Watch, clocked, measure
from treatments.actions.diary import book_session
from treatments.models import PlannedSession, TreatmentPlan
from treatments.models.openings import propose

SESSIONS = 5


def fresh_plans() -> list[TreatmentPlan]:
    """Return courses of five sessions with nothing done or booked, the clinics taking turns."""
    rows = TreatmentPlan.objects.filter(
        sessions_planned=SESSIONS, sessions_done=0, next_booked_on=None, status="open"
    )
    rows = rows.exclude(sessions__appointment__isnull=False).exclude(clinic__slug=GROWN)
    rows = rows.select_related("clinic", "patient", "service").order_by("-pk")[:2000]
    return _in_turn(rows, key=lambda plan: plan.clinic_id)


def _in_turn(rows, key) -> list:
    lines: dict = {}
    for row in rows:
        lines.setdefault(key(row), []).append(row)
    longest = max(map(len, lines.values()))
    return [line[n] for n in range(longest) for line in lines.values() if n < len(line)]


def free_times(clinic, **wish):
    """Answer a search as the page does: the clinic's people and rooms read, then the times."""
    return offers_for(Search(clinic=clinic, units={row.pk: row for row in clinic.resources.all()},
                             **wish))  # fmt: skip


def slots(samples: int) -> Iterator[Result]:
    """Measure the next ten times with one practitioner and with any, from tomorrow on."""
    people, anybody = [], []
    for clinic in Clinic.objects.exclude(slug=GROWN):
        patient = Patient.objects.of(clinic).order_by("-pk").first()
        service, now = clinic.services.first(), timezone.now()
        tomorrow = clinic.local_date(now) + timedelta(days=1)
        found = partial(free_times, clinic, patient=patient, service=service, at=now,
                        from_day=tomorrow)  # fmt: skip
        for who in clinic.resources.practitioners():
            people.append(partial(found, practitioner_id=who.pk))
            anybody.append(found)
    step = 7  # neighbouring samples come from different clinics
    people, anybody = (
        deeds[::step] + deeds[1::step] + deeds[2::step] for deeds in (people, anybody)
    )
    target = {"target": "p95 ≤ 30 ms", "target_ms": 30}
    yield measure(Result("next 10 slots, one practitioner", **target), people, samples)
    yield measure(Result("next 10 slots, any of 8 practitioners", **target), anybody, samples)


def courses(samples: int) -> Iterator[Result]:
    """Measure three proposals for a course of five sessions."""
    plans = fresh_plans()[: samples + WARM_UPS]
    deeds = [
        partial(propose, TreatmentPlan.objects.select_related("clinic", "patient", "service").get(
            pk=plan.pk), today=plan.clinic.local_date(timezone.now()))
        for plan in plans
    ]  # fmt: skip
    yield measure(
        Result("propose a 5-session course, 8 practitioners", target="p95 ≤ 150 ms", target_ms=150),
        deeds, samples,
    )  # fmt: skip


def booking(samples: int) -> Iterator[Result]:
    """Measure booking a session (with healing time, kept dates and audit) up to its commit."""
    result = Result("book a session, with commit", target="p95 ≤ 20 ms", target_ms=20)
    plans = fresh_plans()
    for number in range(samples + WARM_UPS):
        plan = plans[number % len(plans)]
        session = plan.sessions.get(number=1)
        by, at = User.objects.get(memberships__clinic=plan.clinic, is_staff=True), timezone.now()
        day = plan.clinic.local_date(at) + timedelta(days=7 + number % 21)
        found = free_times(plan.clinic, patient=plan.patient, service=plan.service, at=at,
                           from_day=day, session=session)  # fmt: skip
        slot = next(row for row in found.days if row.offers).offers[0].slot
        deed = partial(book_session, planned_session=session, slot=slot, at=at, by=by,
                       request_key=uuid4())  # fmt: skip
        with Watch() as watch:
            elapsed, work, appointment = clocked(deed)
        written = _written(appointment, plan)
        _erase(appointment, plan)
        floor, *_ = clocked(partial(_write_again, written))
        _erase(appointment, plan)
        if number >= WARM_UPS:
            result.times.append(elapsed)
            result.work.append(work)
            result.floors.append(floor)
            result.queries.append(len(watch.statements))
    yield result


def _written(appointment, plan) -> list[tuple[str, tuple]]:
    """Return the statements that would write the same rows at once."""
    statements = []
    for rows in (Appointment.objects.filter(pk=appointment.pk), appointment.holds.all(),
                 appointment.rests.all()):  # fmt: skip
        statements += [_insert(rows.model, values) for values in rows.values_list()]
    line = AuditEvent.objects.of_clinic(plan.clinic_id).last()
    line.pk, line.seq = None, line.seq + 1
    fields = [field.attname for field in AuditEvent._meta.concrete_fields if field.attname != "id"]
    statements.append(_insert(AuditEvent, [getattr(line, name) for name in fields], skip_key=True))
    kept = TreatmentPlan.objects.filter(pk=plan.pk).values_list("next_booked_on").get()
    statements += [
        (f"UPDATE {AuditHead._meta.db_table} SET seq = %s, mac = %s WHERE clinic_id = %s",
         (line.seq, line.mac, plan.clinic_id)),
        (f"UPDATE {PlannedSession._meta.db_table} SET appointment_id = %s"
         " WHERE plan_id = %s AND number = 1", (appointment.pk, plan.pk)),
        (f"UPDATE {TreatmentPlan._meta.db_table} SET next_booked_on = %s WHERE id = %s",
         (*kept, plan.pk)),
    ]  # fmt: skip
    return statements


def _insert(model, values, *, skip_key=False) -> tuple[str, tuple]:
    fields = [
        field for field in model._meta.concrete_fields if not (skip_key and field.primary_key)
    ]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(field.column) for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    plain = tuple(field.get_db_prep_save(value, connection)
                  for field, value in zip(fields, values, strict=True))  # fmt: skip
    return f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({marks})", plain


def _write_again(statements) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for sql, values in statements:
            cursor.execute(sql, values)


@transaction.atomic
def _erase(appointment, plan) -> None:
    """Take a booking back, its lines in the audit aside."""
    PlannedSession.objects.filter(plan=plan, number=1).update(appointment=None)
    Hold.objects.filter(appointment=appointment.pk).delete()
    Rest.objects.filter(appointment=appointment.pk).delete()
    Appointment.objects.filter(pk=appointment.pk).delete()
    TreatmentPlan.objects.filter(pk=plan.pk).update(next_booked_on=None)
