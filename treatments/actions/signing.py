"""Sign a session record: what is still missing, what the signature covers, what follows from it."""

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from django.core.exceptions import ValidationError
from django.db.models import F

from clinic.actions.audit import record as audit
from clinic.actions.diary import mark_to_move
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict
from clinic.models import Rest, TreatedArea
from clinic.scheduling.minutes import day_number
from clinic.scheduling.reasons import day_words
from treatments.actions import diary, screening
from treatments.actions.findings import Judged, judge
from treatments.actions.kept import keep_dates, lock_plan
from treatments.actions.records import Record
from treatments.actions.thresholds import house_rules
from treatments.models import PlannedSession, TreatmentSession
from treatments.models.openings import Course
from treatments.safety.findings import RULES_VERSION


@dataclass(frozen=True)
class Gap:
    """Something a record needs before it can be signed: a sentence, and the field it speaks of."""

    sentence: str
    field: str


class NotReady(ValidationError):  # noqa: N818 -- a state, as the page words it
    """The record cannot be signed yet. `gaps` are missing parts, `open_findings` unanswered ones."""

    def __init__(self, gaps: list[Gap], open_findings: list[Judged]) -> None:
        super().__init__("This record is not ready to be signed.", code="not_ready")
        self.gaps, self.open_findings = gaps, open_findings


def gaps_in(record: Record) -> list[Gap]:
    """Return what is missing before the record can be signed, in the order of the page."""
    session = record.session
    numbed, excused = bool(record.numbing), bool(session.no_numbing_because.strip())
    told = bool(session.aftercare_sheet_id and session.aftercare_explained)
    unmarked = [(n, row.zone.name) for n, row in enumerate(record.zones) if row.endpoint is None]
    checks = [
        (session.skin_cleansed is None, "Say whether the skin was cleansed.", "skin_cleansed"),
        (session.skin_intact is None, "Say whether the skin is intact.", "skin_intact"),
        (not numbed and not excused, "Record the numbing, or why there was none.", "numbing"),
        (numbed and excused, "Numbing is recorded and so is a reason for none; keep one.",
         "no_numbing_because"),
        (session.device_id is None, "Choose the device.", "device"),
        (not record.cartridges, "Choose the cartridge's lot.", "cartridge"),
        (session.needling_started_at is None, "Say when needling started.", "needling_started_at"),
        (not record.zones, "Record at least one zone.", "zones"),
        *((True, f"Record the endpoint of {name}.", f"zones-{n}-endpoint") for n, name in unmarked),
        (session.pain_nrs is None, "Record the pain, 0 to 10.", "pain_nrs"),
        (not told, "Give the aftercare sheet and explain it.", "aftercare_sheet"),
        (not session.cartridge_discarded, "Put the cartridge into the sharps bin.",
         "cartridge_discarded"),
    ]  # fmt: skip
    return [Gap(sentence, field) for is_missing, sentence, field in checks if is_missing]


@deed
def sign_session(
    *, session: TreatmentSession, version: int, at: datetime, by, check_seen: int | None = None
) -> TreatmentSession:
    """Sign a draft: freeze it with its findings and hash, and let everything follow from it.

    The signature countersigns the visit's health check; `check_seen` is the one that was read,
    0 where there was none.
    Signing twice gives the first signature. Raises `Conflict` when the record changed since
    `version` or the check was answered again, `NotReady` with everything that still stands in the
    way.
    """
    current = lock(session)
    if current.status == TreatmentSession.Status.SIGNED:
        return current
    if not current.is_draft:
        raise ValidationError("This record was struck out.", code="struck")
    if current.version != version:
        raise Conflict("Somebody else saved this record meanwhile.", current=current)
    record = Record(current)
    _must_be_the_check_seen(record, check_seen)
    judged = judge(record, at=at, signing=True)
    gaps, waiting = gaps_in(record), [one for one in judged if one.is_open]
    if gaps or waiting:
        raise NotReady(gaps, waiting)
    if record.health_check:
        record.health_check = screening.countersign(response=record.health_check, at=at, by=by)
    content, findings = content_of(record), [one.to_dict() for one in judged]
    TreatmentSession.objects.filter(pk=current.pk, version=version).update(
        status=TreatmentSession.Status.SIGNED, signed_at=at, signed_by=by, signed_content=content,
        findings=findings, rules_version=RULES_VERSION, version=F("version") + 1,
        signed_hash=hash_of(content, findings, RULES_VERSION),
    )  # fmt: skip
    signed = TreatmentSession.objects.get(pk=current.pk)
    _let_follow(signed, at, by)
    audit("session.signed", signed, at=at, by=by, category="note",
          details={"hash": signed.signed_hash, "rules": RULES_VERSION})  # fmt: skip
    return signed


def _must_be_the_check_seen(record: Record, seen: int | None) -> None:
    check = record.health_check
    if seen is not None and seen != (check.pk if check else 0):
        raise Conflict("The health check was answered again meanwhile.", current=record.session)


def lock(session: TreatmentSession) -> TreatmentSession:
    """Return the record as it is now, held until the deed commits; its course is held first.

    Every deed on a course takes the course before anything else, so that no two wait crosswise.
    """
    if session.plan_id:
        lock_plan(session.plan)
    return TreatmentSession.objects.select_for_update().get(pk=session.pk)


def hash_of(content: dict, findings: list, rules_version: str) -> str:
    """Return the SHA-256 a signature covers, over one fixed spelling of its JSON."""
    whole = {"content": content, "findings": findings, "rules_version": rules_version}
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def is_intact(session: TreatmentSession) -> bool:
    """Say whether a signed record still is what was signed."""
    expected = hash_of(session.signed_content, session.findings, session.rules_version)
    return session.signed_hash == expected


def content_of(record: Record) -> dict:
    """Return the whole record as plain strings, with names and versions as they were that day."""
    session, plan = record.session, record.session.plan
    photos = session.photos.shown().order_by("pk").values_list("key", "sha256")
    weight = record.weight
    record.read_labels()
    return {
        "patient": {"number": session.patient.number, "name": session.patient.full_name,
                    "born": _text(session.patient.birth_date),
                    "weight_kg": _text(weight.weight_kg) if weight else None,
                    "weight_on": _text(weight.measured_on) if weight else None,
                    "allergies": [str(row) for row in record.allergies]},
        "health_check": screening.content_of(record.health_check),
        "practitioner": session.practitioner.name,
        "performed_on": _text(session.performed_on),
        "course": str(plan.protocol) if plan else None,
        "consents": _consents(record),
        "session_number": session.planned_session.number if session.planned_session else None,
        "device": f"{session.device}, serial {session.device.serial}" if session.device else None,
        "needling_started_at": _text(session.needling_started_at),
        "skin": {"cleansed": session.skin_cleansed, "with": _text(session.cleansed_with),
                 "intact": session.skin_intact},
        "cartridges": [_lot(row.lot) for row in record.cartridges],
        "speed_unit": session.device.model.speed_unit if session.device else None,
        "zones": [_zone(row) for row in record.zones],
        "numbing": [_numbing(row) for row in record.numbing],
        "no_numbing_because": session.no_numbing_because,
        "other_anaesthetic_24h": session.other_anaesthetic_24h,
        "other_anaesthetic_asked": session.other_anaesthetic_asked,
        "products": [_product(row) for row in record.products],
        "pain_nrs": session.pain_nrs,
        "reaction": session.get_reaction_display() if session.reaction is not None else None,
        "cartridge_discarded": session.cartridge_discarded,
        "notes": session.notes,
        "aftercare": {"sheet": _text(session.aftercare_sheet),
                      "explained": session.aftercare_explained},
        "photos": [{"key": str(key), "sha256": sha256} for key, sha256 in photos],
    }  # fmt: skip


def _consents(record: Record) -> list[dict]:
    """Return which version of which text the patient had agreed to, and when."""
    parts = record.consent.parts if record.consent else ()
    return [
        {"kind": part.kind, "text": part.consent.text.title, "code": part.consent.text.code,
         "version": part.consent.text.version, "language": part.consent.text.language,
         "given_at": _text(part.consent.given_at), "taken_by": str(part.consent.taken_by)}
        for part in parts if part.consent and part.consent.stands
    ]  # fmt: skip


def _text(value) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


def _lot(lot) -> dict | None:
    if lot is None:
        return None
    return {"product": str(lot.product), "number": lot.number, "expires_on": _text(lot.expires_on)}


def _zone(row) -> dict:
    endpoint = None if row.endpoint is None else row.get_endpoint_display()
    return {"code": row.zone.code, "name": row.zone.name, "depth_mm": str(row.depth_mm),
            "passes": row.passes, "speed": row.speed, "endpoint": endpoint}  # fmt: skip


def _numbing(row) -> dict:
    return {
        "product": str(row.product),
        "actives": [f"{one.name} {one.mg_per_g} mg/g" for one in row.product.actives.all()],
        "lot": row.lot.number if row.lot else None, "amount_g": _text(row.amount_g),
        "zones": list(row.zone_codes), "area_cm2": _text(row.area_cm2),
        "applied_at": _text(row.applied_at), "removed_at": _text(row.removed_at),
        "occluded": row.occluded, "heat_used": row.heat_used,
        "prescription_ref": row.prescription_ref,
    }  # fmt: skip


def _product(row) -> dict:
    return {"product": str(row.product), "lot": row.lot.number if row.lot else None,
            "phase": row.phase, "amount": _text(row.amount), "unit": row.unit}  # fmt: skip


# --- What follows ---------------------------------------------------------------------------------
def _let_follow(session: TreatmentSession, at: datetime, by) -> None:
    """Set healing time, close the planned session and the visit, keep the course's dates."""
    visit, planned = session.appointment, session.planned_session
    if visit and visit.status in {"arrived", "in_session"}:
        diary.step(appointment=visit, step="finish", at=at, by=by)
    set_rests(session, days=rest_days(session), at=at, by=by)
    if planned:
        PlannedSession.objects.filter(pk=planned.pk).update(done_on=session.performed_on)
        keep_dates(session.plan)


def mark_undone(session: TreatmentSession) -> None:
    """Open the record's session of the course again and keep the course's dates."""
    if planned := session.planned_session:
        PlannedSession.objects.filter(pk=planned.pk).update(done_on=None)
        keep_dates(session.plan)


def rest_days(session: TreatmentSession) -> int:
    """Return how many days the zones heal: the gap to the next session of the course.

    Outside a course no protocol says; then it is the days the hard stop asks for.
    """
    plan, planned = session.plan, session.planned_session
    if plan is None:
        return house_rules(session.performed_on).hard_stop_days
    return Course(plan).healing_days(planned.number if planned else plan.sessions_planned)


def set_rests(session: TreatmentSession, *, days: int, at: datetime, by) -> None:
    """Replace what the booking reserved by `days` of healing time for the zones really treated.

    A later visit of the patient that has thereby become illegal loses its time and waits to be
    moved. Healing time that was still running (somebody overrode it) ends where the new one begins.
    """
    if session.appointment_id:
        Rest.objects.filter(appointment=session.appointment_id, kind=Rest.Kind.BOOKED).delete()
    start = day_number(session.performed_on)
    free = partial(_free, session=session, at=at, by=by)
    for area in _areas(session):
        if end := _make_room(area, start, start + days, free):
            Rest.objects.create(area=area, appointment=session.appointment, start_day=start,
                                end_day=end, kind=Rest.Kind.TREATED)  # fmt: skip


def _areas(session: TreatmentSession) -> list[TreatedArea]:
    codes = session.zones.values_list("zone__code", flat=True)
    TreatedArea.objects.bulk_create(
        (TreatedArea(patient_id=session.patient_id, zone_code=code) for code in codes),
        ignore_conflicts=True,
    )
    mine = TreatedArea.objects.filter(patient_id=session.patient_id, zone_code__in=list(codes))
    return list(mine.order_by("pk"))


def _make_room(area, start: int, end: int, free) -> int | None:
    """Clear `[start, end)` of one area; return the end that is free, None if nothing is."""
    for rest in area.rests.filter(start_day__lt=end, end_day__gt=start).order_by("start_day"):
        if rest.kind == Rest.Kind.BOOKED and rest.start_day >= start:
            free(rest)
        elif rest.start_day < start:
            Rest.objects.filter(pk=rest.pk).update(end_day=start)
        elif rest.start_day == start:
            end = max(end, rest.end_day)
            rest.delete()
        else:  # the zone was treated again since: that healing time goes on from there
            end = rest.start_day
    return end if end > start else None


def _free(rest: Rest, *, session, at, by) -> None:
    """Take the time from a visit that would now come too soon; one already begun only its rest."""
    visit = rest.appointment
    if visit.status != "booked":
        rest.delete()
        return
    because = f"Too soon after the session of {day_words(session.performed_on)}."
    mark_to_move(appointment=visit, because=because, at=at, by=by)
    if planned := PlannedSession.objects.filter(appointment=visit).first():
        keep_dates(planned.plan)


def lift_rests(session: TreatmentSession) -> None:
    """Take back the healing time of a record that was struck out.

    Where it had cut an earlier healing time short, the earlier one gets its length back.
    """
    start = day_number(session.performed_on)
    for area in _areas(session):
        area.rests.filter(kind=Rest.Kind.TREATED, start_day=start).delete()
        before = (
            TreatmentSession.objects.valid().filter(
                patient=session.patient, zones__zone__code=area.zone_code,
                performed_on__lt=session.performed_on,
            ).select_related("plan", "planned_session").order_by("-performed_on", "-pk").first()
        )  # fmt: skip
        if before is None:
            continue
        begun = day_number(before.performed_on)
        wanted = begun + rest_days(before)
        later = area.rests.filter(start_day__gt=begun).order_by("start_day").first()
        Rest.objects.filter(area=area, kind=Rest.Kind.TREATED, start_day=begun).update(
            end_day=min(wanted, later.start_day) if later else wanted
        )
