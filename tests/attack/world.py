"""One clinic with one row of everything and canaries in every patient field; a second clinic beside it."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.urls import URLPattern, URLResolver, get_resolver

from clinic.actions.links import token_for
from clinic.models import (
    Allergy,
    Appointment,
    BodyMeasure,
    Clinic,
    Medicine,
    MoveWish,
    OutboxMessage,
    Patient,
)
from tests import factories
from tests.support.consents import permitted, signed
from treatments.models import (
    AnaestheticApplication,
    Photo,
    PlannedSession,
    ProductUse,
    ScreeningResponse,
    TreatmentPlan,
    TreatmentSession,
    WaitlistEntry,
    ZoneTreatment,
)

#: Words that stand in the patient's record and nowhere else.
IDENTITY = ("Zanzibarname", "Quokkafamily", "0209911223", "canary@example.org")
CLINICAL = ("Wombatallergy", "Numbatmedicine", "Dugongnote", "Tapirplan", "Axolotlreason",
            "Okapianswer", "Pangolinquestion")  # fmt: skip


@dataclass
class World:
    """The rows of the first clinic."""

    clinic: Clinic
    patient: Patient
    appointment: Appointment
    plan: TreatmentPlan
    session: TreatmentSession
    photo: Photo
    message: OutboxMessage
    wish: MoveWish
    entry: WaitlistEntry


def build() -> World:
    """Return the first clinic's world."""
    clinic = factories.clinic_with_diary()
    writer = factories.staff(clinic, "practitioner", username="writer")
    patient = factories.patient(
        clinic, given_name=IDENTITY[0], family_name=IDENTITY[1], phone=IDENTITY[2],
        email=IDENTITY[3], allergies_asked_on=factories.NOW.date(),
    )  # fmt: skip
    day = factories.NOW.date()
    Allergy.objects.create(
        patient=patient, code="other", text=CLINICAL[0], noted_on=day, noted_by=writer
    )
    Medicine.objects.create(patient=patient, name=CLINICAL[1])
    BodyMeasure.objects.create(patient=patient, measured_on=day, height_cm=178, weight_kg=80)
    zone = factories.zone()
    plan = factories.plan(patient, zones=[zone], notes=CLINICAL[3])
    appointment = _appointment(patient, plan, writer)
    signed(plan, writer, questions=CLINICAL[6])
    permitted(patient, writer)
    session = _session(appointment, plan, zone, writer)
    photo = _photo(patient, session, writer)
    _health_check(appointment, writer)
    return World(clinic, patient, appointment, plan, session, photo, *_messages(appointment),
                 _waiting(plan, writer))  # fmt: skip


def _appointment(patient, plan, writer):
    units = {unit.kind: unit for unit in patient.clinic.resources.order_by("-pk")}
    appointment = Appointment.objects.create(
        clinic=patient.clinic, patient=patient, service=plan.service,
        practitioner=units["practitioner"], room=units["room"], device=units["device"],
        local_date=factories.NOW.date(), local_start_min=600,
        starts_at=factories.NOW + timedelta(hours=1), ends_at=factories.NOW + timedelta(hours=2),
        booked_at=factories.NOW, booked_by=writer, status="arrived", arrived_at=factories.NOW,
    )  # fmt: skip
    PlannedSession.objects.filter(plan=plan, number=1).update(appointment=appointment)
    return appointment


def _waiting(plan, writer):
    return WaitlistEntry.objects.create(
        clinic=plan.clinic, patient=plan.patient, plan=plan, service=plan.service,
        added_at=factories.NOW, added_by=writer,
    )  # fmt: skip


def _messages(appointment):
    message = OutboxMessage.objects.create(
        clinic=appointment.clinic, patient=appointment.patient, appointment=appointment,
        visits=[appointment.pk], kind="changed", channel="email", key="world",
        queued_at=factories.NOW, due_at=factories.NOW, not_before=factories.NOW,
        next_try_at=factories.NOW, status="failed", last_error="Refused", attempts=6,
    )  # fmt: skip
    return message, MoveWish.objects.create(appointment=appointment, asked_at=factories.NOW)


def _session(appointment, plan, zone, writer):
    patient = appointment.patient
    cream = factories.anaesthetic()
    serum = factories.product()
    session = TreatmentSession.objects.create(
        clinic=patient.clinic, patient=patient, plan=plan, appointment=appointment,
        planned_session=plan.sessions.get(number=1), practitioner=appointment.practitioner,
        performed_on=appointment.local_date, opened_at=factories.NOW, opened_by=writer,
        notes=CLINICAL[2], no_numbing_because=CLINICAL[4],
    )  # fmt: skip
    ZoneTreatment.objects.create(session=session, zone=zone, depth_mm=Decimal("1.5"))
    AnaestheticApplication.objects.create(
        session=session, product=cream, lot=factories.lot(patient.clinic, cream),
        amount_g=Decimal("17.37"), zone_codes=[zone.code],
    )  # fmt: skip
    ProductUse.objects.create(session=session, product=serum, phase="AFTER")
    return session


def _health_check(appointment, writer):
    told = {"yes": True, "on": None, "words": CLINICAL[5], "term": "Faints"}
    ScreeningResponse.objects.create(
        clinic=appointment.clinic, patient=appointment.patient, appointment=appointment,
        question_set=factories.question_set(), answers={"FAINT": told}, filled_by="staff",
        given_on=appointment.local_date, given_at=factories.NOW, given_by=writer,
    )  # fmt: skip


def _photo(patient, session, writer):
    return Photo.objects.create(
        clinic=patient.clinic, patient=patient, session=session, view=factories.view(),
        state="ready", taken_on=session.performed_on, uploaded_at=factories.NOW, uploaded_by=writer,
        storage_name=f"c/aa/{uuid.uuid4()}.jpg", width=10, height=10, size_bytes=10, sha256="0" * 64,
    )  # fmt: skip


def walk(resolver=None, namespaces=()):
    """Yield (full URL name, pattern) of every address the project answers."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from walk(pattern, inner)
        elif isinstance(pattern, URLPattern):
            # Django names an unnamed view after its function, and the table knows it by that.
            name = pattern.name or pattern.lookup_str
            yield ":".join((*namespaces, name)), pattern


def arguments(pattern, world: World) -> dict:
    """Return keyword arguments that make this pattern point at the world's rows."""
    known = {
        "patient_id": world.patient.pk, "appointment_id": world.appointment.pk, "kept_id": world.appointment.pk,
        "plan_id": world.plan.pk, "session_id": world.session.pk, "entry_id": world.entry.pk, "outcome": "noshow", "key": world.photo.key,
        "size": "thumb", "step": "confirm", "pk": 1, "app_label": "treatments",
        "message_id": world.message.pk, "wish_id": world.wish.pk, "secret": "s" * 43,
        "token": token_for(world.appointment), "object_id": str(world.plan.pk), "uidb36": "1", "content_type_id": 1, "id": 1,
    }  # fmt: skip
    return {name: known[name] for name in pattern.pattern.converters | dict.fromkeys(
        pattern.pattern.regex.groupindex)}  # fmt: skip
