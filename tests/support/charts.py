"""A patient with a whole story, and words that must never reach the front desk."""

import uuid
from datetime import timedelta
from decimal import Decimal

from clinic.models import Allergy, Appointment, BodyMeasure, Medicine
from tests import factories
from treatments.models import (
    Addendum,
    AnaestheticApplication,
    Photo,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
)

#: Clinical words and figures of `story`; none of them may stand in an answer to the desk.
CANARIES = (
    "Canaryallergy", "Canarymedicine", "Canarydrug", "Canaryzone", "Canarycream", "Canaryserum",
    "Canarynotes", "Canaryplan", "Canaryanaesthetic", "Canaryaddendum", "Canaryview", "1.37", "23.71",
    "161.3", "59.7", "Canarybecause",
)  # fmt: skip


def story(clinic, now, *, sessions=2, by=None, **facts):
    """Return a patient in the middle of a course of four, `sessions` of them done and signed."""
    by = by or factories.staff(clinic, "practitioner")
    facts = {"skin_phototype": 3, "skin_phototype_on": now.date(),
             "skin_phototype_method": "observer", "allergies_asked_on": now.date()} | facts  # fmt: skip
    patient = factories.patient(clinic, **facts)
    Allergy.objects.create(patient=patient, code="other", text="Canaryallergy",
                           noted_on=now.date(), noted_by=by)  # fmt: skip
    Medicine.objects.create(patient=patient, name="Canarymedicine", note="Canarydrug")
    BodyMeasure.objects.create(patient=patient, measured_on=now.date(), height_cm=Decimal("161.3"),
                               weight_kg=Decimal("59.7"))  # fmt: skip
    zones = [factories.zone(name="Canaryzone upper"), factories.zone(name="Canaryzone lower")]
    plan = factories.plan(patient, zones=zones, notes="Canaryplan")
    view = factories.view(name="Canaryview")
    for number in range(1, sessions + 1):
        day = now - timedelta(days=35 * (sessions + 1 - number) - 7)
        done(plan, number, day, zones, by)
        photo(patient, view, day, by)
    plan.sessions_done = sessions
    plan.last_session_on = (now - timedelta(days=28)).date()
    plan.save()
    return patient


def appointment(patient, at, by, **facts):
    """Return an appointment at an instant that is wall time in London's winter, without holds."""
    values = {
        "clinic": patient.clinic, "patient": patient, "service": patient.clinic.services.first(),
        "practitioner": patient.clinic.resources.practitioners().first(),
        "local_date": at.date(), "local_start_min": at.hour * 60 + at.minute, "starts_at": at,
        "ends_at": at + timedelta(minutes=90), "booked_at": at, "booked_by": by,
    }  # fmt: skip
    return Appointment.objects.create(**values | facts)


def done(plan, number, at, zones, by):
    """Return a signed record of one session of a course with every clinical field filled in."""
    planned = plan.sessions.get(number=number)
    planned.appointment = appointment(plan.patient, at, by, status="fulfilled", finished_at=at)
    planned.done_on = at.date()
    planned.save()
    record = TreatmentSession.objects.create(
        clinic=plan.clinic, patient=plan.patient, plan=plan, planned_session=planned,
        appointment=planned.appointment, practitioner=planned.appointment.practitioner,
        performed_on=at.date(), opened_at=at, opened_by=by, pain_nrs=4, reaction=2,
        notes="Canarynotes", no_numbing_because="Canarybecause",
        other_anaesthetic_24h="Canaryanaesthetic",
    )  # fmt: skip
    for zone in zones:
        ZoneTreatment.objects.create(session=record, zone=zone, depth_mm=Decimal("1.37"), passes=6)
    AnaestheticApplication.objects.create(
        session=record, product=factories.anaesthetic(name=f"Canarycream {number}{plan.pk}"),
        amount_g=Decimal("23.71"), zone_codes=[zone.code for zone in zones],
    )  # fmt: skip
    ProductUse.objects.create(session=record, product=factories.product(name=f"Canaryserum {number}{plan.pk}"),
                              phase="AFTER")  # fmt: skip
    TreatmentSession.objects.filter(pk=record.pk).update(
        status="signed", signed_at=at, signed_by=by, signed_content={"notes": "Canarynotes"},
        signed_hash="0" * 64, findings=[],
    )  # fmt: skip
    Addendum.objects.create(session=record, text="Canaryaddendum", reason="Canaryaddendum",
                            at=at, by=by)  # fmt: skip
    return record


def photo(patient, view, at, by):
    """Return a photo's row whose file does not exist."""
    return Photo.objects.create(
        clinic=patient.clinic, patient=patient, view=view, state="ready", taken_on=at.date(),
        uploaded_at=at, uploaded_by=by, storage_name=f"c/aa/{uuid.uuid4()}.jpg", width=10,
        height=10, size_bytes=10, sha256="0" * 64,
    )  # fmt: skip
