"""Session records for tests: an appointment of today, a draft, one ready to be signed."""

from datetime import date, timedelta
from decimal import Decimal

from clinic.models import Appointment
from clinic.scheduling.minutes import instant_of, minute_of
from tests import factories
from tests.support.consents import signed
from treatments.actions.findings import judge
from treatments.actions.records import Record
from treatments.actions.screening import give_answers
from treatments.actions.sessions import answer_finding, open_record, save_draft
from treatments.safety.screening import Answer

START_MIN = 9 * 60


def appointment(plan=None, *, patient=None, number=1, day=date(2026, 11, 23), status="booked",
                **facts) -> Appointment:  # fmt: skip
    """Return an appointment at 09:00, for session `number` of a course where one is given."""
    patient = plan.patient if plan else patient
    clinic = patient.clinic
    starts_at = instant_of(minute_of(day, START_MIN, clinic.zone))
    by = clinic.memberships.first()
    values = {
        "clinic": clinic, "patient": patient, "service": clinic.services.first(),
        "practitioner": clinic.resources.practitioners().first(), "local_date": day,
        "local_start_min": START_MIN, "starts_at": starts_at, "status": status,
        "ends_at": starts_at + timedelta(minutes=90), "booked_at": factories.NOW,
        "booked_by": by.user if by else factories.staff(clinic, "front_desk"),
    }  # fmt: skip
    stamps = {"arrived": ("arrived_at",), "in_session": ("arrived_at", "started_at")}
    values |= dict.fromkeys(stamps.get(status, ()), starts_at)
    row = Appointment.objects.create(**values | facts)
    if plan:
        planned = plan.sessions.get(number=number)
        planned.appointment = row
        planned.save()
    return row


def record(plan=None, by=None, at=factories.NOW, *, patient=None, number=1, **facts):
    """Return a draft opened today; its course has consent unless one was given or `unsigned`."""
    patient = plan.patient if plan else patient
    day = patient.clinic.local_date(at)
    if plan and not facts.pop("unsigned", False) and not plan.consents.exists():
        signed(plan, by, at - timedelta(days=7))
    visit = appointment(plan, patient=patient, number=number, day=day, status="arrived", **facts)
    return open_record(appointment=visit, at=at, by=by)


def filled(session, by, at, *, depth_mm=None, numbed=False, serum=False):
    """Return the draft with everything a signature needs; an all-no health check where there is none."""
    if session.appointment_id and not session.appointment.health_checks.exists():
        checked(session.appointment, by, at)
    clinic = session.clinic
    device = clinic.devices.first() or factories.device(clinic)
    cartridge = factories.lot(clinic, factories.product("cartridge", device_model=device.model))
    zones = [
        {"zone_id": row.zone_id, "depth_mm": depth_mm or row.depth_mm, "passes": 6, "speed": 7000,
         "endpoint": 3}
        for row in session.zones.all()
    ]  # fmt: skip
    values = {
        "device_id": device.pk, "needling_started_at": at - timedelta(minutes=4), "zones": zones, "cartridges": [{"lot_id": cartridge.pk}],
        "skin_cleansed": True, "skin_intact": True, "pain_nrs": 3, "reaction": 2,
        "cartridge_discarded": True, "aftercare_sheet_id": factories.sheet().pk,
        "aftercare_explained": True, "other_anaesthetic_asked": True,
        "no_numbing_because": "" if numbed else "Patient's wish",
    }  # fmt: skip
    if numbed:
        values["numbing"] = [numbing(clinic, session, at)]
    if serum:
        used = factories.product("serum")
        values["products"] = [{
            "product_id": used.pk, "lot_id": factories.lot(clinic, used).pk, "phase": "DURING",
            "amount": Decimal(2), "unit": "mL",
        }]  # fmt: skip
    return save_draft(session=session, version=session.version, values=values, at=at, by=by)


def checked(visit, by, at, **answers):
    """Return the visit's health check: all no, but for `answers` by code."""
    asked = factories.question_set()
    given = {row.code: Answer(yes=False) for row in asked.questions.all()} | answers
    return give_answers(appointment=visit, question_set=asked, answers=given, filled_by="staff",
                        at=at, by=by)  # fmt: skip


def numbing(clinic, session, at) -> dict:
    """Return 20 g of a labelled cream on 300 cm², on for 90 minutes and off 5 minutes ago."""
    cream = factories.anaesthetic()
    patient = session.patient
    type(patient).objects.filter(pk=patient.pk).update(allergies_asked_on=at.date())
    patient.measures.create(measured_on=at.date(), height_cm=Decimal(178), weight_kg=Decimal(80))
    return {
        "product_id": cream.pk, "lot_id": factories.lot(clinic, cream).pk, "amount_g": Decimal(20),
        "zone_codes": [row.zone.code for row in session.zones.select_related("zone")],
        "area_cm2": Decimal(300), "applied_at": at - timedelta(minutes=95),
        "removed_at": at - timedelta(minutes=5), "occluded": True, "heat_used": False,
        "prescription_ref": "",
    }  # fmt: skip


def ready(plan, by, at=factories.NOW, *, number=1, **facts):
    """Return a draft of a course that can be signed as it is."""
    return filled(record(plan, by, at, number=number), by, at, **facts)


def answer_all(session, by, at):
    """Give every open finding of a record a reason."""
    for one in judge(Record(session), at=at, signing=True):
        if one.is_open:
            answer_finding(session=session, key=one.key, seen=one.finding.fingerprint,
                           reason="Seen together", at=at, by=by)  # fmt: skip
