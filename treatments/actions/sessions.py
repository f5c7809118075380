"""Deeds on session records: open, save as you go, answer findings, amend, strike out.

Signing is a deed of its own size: treatments/actions/signing.py.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import F

from clinic.actions.audit import record as audit
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict
from clinic.models import Appointment, Membership, Role
from clinic.models.together import read_together
from clinic.scheduling.reasons import day_words
from treatments.actions import diary
from treatments.actions.findings import judge
from treatments.actions.kept import lock_plan
from treatments.actions.prefill import prefill
from treatments.actions.records import Record
from treatments.actions.signing import lift_rests, lock, mark_undone
from treatments.models import (
    Addendum,
    AnaestheticApplication,
    CartridgeUse,
    FindingAnswer,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
)

#: What a draft holds of its own; the names the form, the conflict page and the audit share.
FIELDS = (
    "device_id", "needling_started_at", "skin_cleansed", "cleansed_with_id", "skin_intact",
    "no_numbing_because", "other_anaesthetic_24h", "other_anaesthetic_asked", "pain_nrs",
    "reaction", "cartridge_discarded", "notes", "aftercare_sheet_id", "aftercare_explained",
)  # fmt: skip
#: What it holds in rows: name -> model and columns.
ROWS = {
    "zones": (ZoneTreatment, ("zone_id", "depth_mm", "passes", "speed", "endpoint")),
    "cartridges": (CartridgeUse, ("lot_id",)),
    "numbing": (
        AnaestheticApplication,
        ("product_id", "lot_id", "amount_g", "zone_codes", "area_cm2", "applied_at", "removed_at",
         "occluded", "heat_used", "prescription_ref"),
    ),
    "products": (ProductUse, ("product_id", "lot_id", "phase", "amount", "unit")),
}  # fmt: skip
OPENED_FROM = ("booked", "arrived", "in_session", "fulfilled")


@deed
def open_record(*, appointment: Appointment, at: datetime, by) -> TreatmentSession:
    """Return the record of an appointment, made and filled from the plan and the last session.

    The appointment goes into the room. Opening twice gives the same record; where the first one was
    struck out, another is opened for the same session of the course. Raises ValidationError for an
    appointment that is not here today.
    """
    planned = getattr(appointment, "planned_session", None)
    if planned:
        lock_plan(planned.plan)
    appointment = Appointment.objects.select_for_update().get(pk=appointment.pk)
    if standing := TreatmentSession.objects.standing().filter(appointment=appointment).first():
        return standing
    _must_be_here(appointment, at)
    if appointment.status in {"booked", "arrived"}:
        appointment = diary.step(appointment=appointment, step="start", at=at, by=by)
    session = TreatmentSession.objects.create(
        clinic=appointment.clinic, patient=appointment.patient, practitioner=appointment.practitioner,
        plan=planned.plan if planned else None, planned_session=planned, appointment=appointment,
        performed_on=appointment.local_date,
        opened_at=at, opened_by=by, saved_at=at, saved_by=by,
    )  # fmt: skip
    prefill(session, appointment)
    audit("session.opened", session, at=at, by=by, category="note",
          details={"appointment": appointment.pk})  # fmt: skip
    return session


def _must_be_here(appointment, at) -> None:
    today = appointment.clinic.local_date(at)
    is_todays = appointment.local_date == today
    if appointment.status not in OPENED_FROM or appointment.local_date > today:
        raise ValidationError(
            f"This appointment is marked “{appointment.get_status_display()}” for"
            f" {day_words(appointment.local_date)}; a record is opened on the day, once the patient"
            " is here.", code="not_here",
        )  # fmt: skip
    if appointment.status == Appointment.Status.BOOKED and not is_todays:
        raise ValidationError(
            "This appointment is of an earlier day and the patient was never marked as arrived."
            " Settle it on the appointment's page first.", code="not_here",
        )  # fmt: skip


def state_of(session: TreatmentSession) -> dict:
    """Return what a record holds, by the names of `FIELDS` and `ROWS`. One query."""
    state = {name: getattr(session, name) for name in FIELDS}
    stored = read_together(**{name: getattr(session, name).all() for name in ROWS})
    return state | {name: [row_state(name, row) for row in rows] for name, rows in stored.items()}


def row_state(name: str, row) -> dict:
    """Return one row of a record by the columns of `ROWS`."""
    return {column: getattr(row, column) for column in ROWS[name][1]}


@deed
def save_draft(
    *, session: TreatmentSession, version: int, values: dict, at: datetime, by
) -> TreatmentSession:
    """Write what changed in a draft if nobody else has since `version`; return the new row.

    `values` has keys of `FIELDS` and `ROWS`; what is absent stays. Rows are dicts by column.
    Saving what is already there changes nothing, whatever the version. Raises `Conflict` with the
    row as it stands, and ValidationError (`signed`) once the record is signed or struck out.
    """
    current = TreatmentSession.objects.select_for_update().get(pk=session.pk)
    if not current.is_draft:
        raise ValidationError("This record is signed; it can only be amended.", code="signed")
    stored = state_of(current)
    changed = {name: value for name, value in values.items() if stored[name] != value}
    if not changed:
        return current
    standing = TreatmentSession.objects.filter(pk=current.pk, version=version, status="draft")
    columns = {name: value for name, value in changed.items() if name in FIELDS}
    if not standing.update(**columns, version=F("version") + 1, saved_at=at, saved_by=by):
        raise Conflict("Somebody else saved this record meanwhile.", current=current)
    for name in changed.keys() & ROWS.keys():
        _replace_rows(current, name, changed[name])
    audit("session.saved", current, at=at, by=by, category="note",
          details={"fields": sorted(changed)})  # fmt: skip
    return TreatmentSession.objects.get(pk=current.pk)


def _replace_rows(session, name: str, rows: list[dict]) -> None:
    model = ROWS[name][0]
    getattr(session, name).all().delete()
    model.objects.bulk_create(model(session=session, **row) for row in rows)


@deed
def answer_finding(
    *, session: TreatmentSession, key: str, seen: str, reason: str, at: datetime, by
) -> FindingAnswer:
    """Keep the reason for passing a warning, or a lead's override of a stop.

    `seen` is the fingerprint of the finding the person read: where the figures have changed since,
    the answer is refused. It holds for these figures only.
    """
    session = TreatmentSession.objects.select_for_update().get(pk=session.pk)
    if not session.is_draft:
        raise ValidationError("This record is signed; it can only be amended.", code="signed")
    if not reason.strip():
        raise ValidationError("Give a reason.", code="reason")
    judged = next((one for one in judge(Record(session), at=at) if one.key == key), None)
    if judged is None or judged.finding.fingerprint != seen:
        raise ValidationError("The figures have changed since; read the finding again.",
                              code="changed")  # fmt: skip
    if judged.level == "STOP" and not is_lead(by, session.clinic_id):
        raise PermissionDenied("A lead must override a stop.")
    answer, _ = FindingAnswer.objects.update_or_create(
        session=session, finding_key=key,
        defaults={"level": judged.level.value, "reason": reason.strip()[:300],
                  "figures": dict(judged.figures), "by": by, "at": at},
    )  # fmt: skip
    deed = "session.overridden" if judged.level == "STOP" else "session.answered"
    audit(deed, session, at=at, by=by, category="dose", details={"rule": judged.code})
    return answer


def is_lead(user, clinic_id: int) -> bool:
    """Say whether a person leads in a clinic: who may override a stop."""
    led = Membership.objects.active().filter(user=user, clinic_id=clinic_id, role=Role.LEAD)
    return led.exists()


@deed
def add_addendum(
    *, session: TreatmentSession, text: str, reason: str, at: datetime, by
) -> Addendum:
    """Add what was learned after signing, with its own author, time and reason.

    The same text with the same reason by the same person is one addendum: a double tap adds none.
    """
    session = TreatmentSession.objects.select_for_update().get(pk=session.pk)
    if session.is_draft:
        raise ValidationError("This record is not signed yet; write it into the record itself.")
    if not text.strip() or not reason.strip():
        raise ValidationError("An addendum needs its text and a reason.")
    facts = {"text": text.strip(), "reason": reason.strip(), "by": by}
    if same := session.addenda.filter(**facts).first():
        return same
    addendum = Addendum.objects.create(session=session, at=at, **facts)
    audit("session.amended", session, at=at, by=by, category="note",
          details={"addendum": addendum.pk})  # fmt: skip
    return addendum


@deed
def strike_session(
    *, session: TreatmentSession, because: str, at: datetime, by
) -> TreatmentSession:
    """Strike a record out as entered by mistake: it stays readable and no longer counts.

    By its signer (a draft: by who opened it) or a lead. Its healing time is lifted and its session
    of the course is open again.
    """
    session = lock(session)
    if session.status == TreatmentSession.Status.ENTERED_IN_ERROR:
        return session
    if not because.strip():
        raise ValidationError("Say why this record is a mistake.")
    if by.pk not in {session.signed_by_id or session.opened_by_id} and not is_lead(
        by, session.clinic_id
    ):
        raise PermissionDenied("Only its author or a lead strikes out a record.")
    was_signed = session.status == TreatmentSession.Status.SIGNED
    TreatmentSession.objects.filter(pk=session.pk).update(
        status=TreatmentSession.Status.ENTERED_IN_ERROR, struck_at=at, struck_by=by,
        struck_because=because.strip()[:300], version=F("version") + 1,
    )  # fmt: skip
    session.refresh_from_db()
    if was_signed:
        lift_rests(session)
        mark_undone(session)
    audit("session.struck", session, at=at, by=by, category="note")
    return session
