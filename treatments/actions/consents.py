"""Deeds on consents and photo permissions: give, withdraw, permit, refuse, withdraw a permission;
and what the rules say of a record's consent.

Lock order: the course or the patient, then the audit's head (see `treatments.actions.plans`).
"""

from collections.abc import Collection, Iterator
from datetime import datetime, tzinfo
from uuid import UUID

from django.core.exceptions import ValidationError

from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.models import Patient
from treatments.actions.kept import lock_plan
from treatments.actions.records import Record
from treatments.models import Consent, ConsentText, CourseConsent, PhotoPermission, TreatmentPlan
from treatments.models.consented import Part
from treatments.safety import seeds
from treatments.safety.consents import (
    PROCEDURE,
    ConsentFacts,
    check_consent,
    check_cooling_off,
)
from treatments.safety.findings import Finding

Scope = PhotoPermission.Scope
Status = PhotoPermission.Status


@deed
def give_consent(
    *, plan: TreatmentPlan, texts: Collection[ConsentText], strokes: list | None = None,
    typed_name: str = "", questions: str = "", request_key: UUID | None = None, at: datetime, by,
) -> list[Consent]:  # fmt: skip
    """Keep a patient's signature under texts for all sessions of a course; return what stands.

    A text already agreed to stays as it was signed, so the same form twice makes one row a text.
    Raises ValidationError for a course that is over, a text not in force, or no signature.
    """
    row = lock_plan(plan)
    if row.status != TreatmentPlan.Status.OPEN:
        raise ValidationError("This course is over; nothing more is done in it.", code="state")
    if not strokes and not typed_name.strip():
        raise ValidationError("Sign with the finger, or type the name.", code="signature")
    _must_be_in_force(texts, plan.clinic.local_date(at))
    standing = {one.text_id: one for one in Consent.objects.standing().filter(plan=row)}
    given = []
    for text in texts:
        if text.pk in standing:
            given.append(standing[text.pk])
            continue
        one = Consent.objects.create(
            clinic_id=row.clinic_id, patient_id=row.patient_id, plan=row, text=text, given_at=at,
            strokes=strokes or None, typed_name=typed_name.strip(), questions=questions.strip(),
            taken_by=by, request_key=request_key,
        )  # fmt: skip
        record("consent.given", one, at=at, by=by, category="note",
               details={"course": row.pk, "text": text.pk})  # fmt: skip
        given.append(one)
    return given


def _must_be_in_force(texts: Collection[ConsentText], day) -> None:
    keys = {text.pk for text in texts}
    known = ConsentText.objects.in_force(day).filter(pk__in=keys)
    if not keys or known.count() != len(keys):
        raise ValidationError(
            "A newer text has taken effect meanwhile. Read it before you sign.", code="text"
        )


@deed
def withdraw_consent(*, plan: TreatmentPlan, because: str, at: datetime, by) -> list[Consent]:
    """Mark everything that stands for a course as withdrawn; doing it twice changes nothing.

    What was done while it stood stays as it was signed; bookings stay too, whoever withdraws
    decides about them.
    """
    if not because.strip():
        raise ValidationError("Say why it is withdrawn.", code="reason")
    row = lock_plan(plan)
    ended = list(Consent.objects.standing().filter(plan=row).select_for_update(of=("self",)))
    for one in ended:
        _end(one, because, at, by)
        record("consent.withdrawn", one, at=at, by=by, category="note",
               details={"course": row.pk, "text": one.text_id})  # fmt: skip
    return ended


def _end(row: Consent | PhotoPermission, because: str, at: datetime, by) -> None:
    type(row).objects.filter(pk=row.pk).update(
        status=Status.WITHDRAWN, withdrawn_at=at, withdrawn_by=by,
        withdrawn_because=because.strip(),
    )  # fmt: skip


# --- Photos ---------------------------------------------------------------------------------------
@deed
def permit_photos(
    *, patient: Patient, scope: str, face_identifiable: bool = False, strokes: list | None = None,
    typed_name: str = "", at: datetime, by,
) -> PhotoPermission:  # fmt: skip
    """Keep that a patient permits photos for one purpose; return the row that holds.

    A permission that stands is returned as it is. Beyond the record the database asks for a
    signature. Raises ValidationError where there is none, or no text to agree to.
    """
    scope, latest = Scope(scope), _latest(patient, scope)
    if latest and latest.status == Status.GIVEN:
        return latest
    if scope != Scope.RECORD and not strokes and not typed_name.strip():
        raise ValidationError("Any use beyond the record needs a signature.", code="signature")
    return _answer(patient, scope, Status.GIVEN, at, by, face_identifiable=face_identifiable,
                   strokes=strokes or None, typed_name=typed_name.strip())  # fmt: skip


@deed
def refuse_photos(*, patient: Patient, scope: str, at: datetime, by) -> PhotoPermission:
    """Keep that a patient does not permit photos for one purpose; asking again is then no nagging.

    A permission that stands is not refused but withdrawn: raises ValidationError.
    """
    latest = _latest(patient, Scope(scope))
    if latest and latest.status == Status.REFUSED:
        return latest
    if latest and latest.status == Status.GIVEN:
        raise ValidationError("This was permitted before: withdraw it instead.", code="state")
    return _answer(patient, Scope(scope), Status.REFUSED, at, by)


@deed
def withdraw_permission(
    *, patient: Patient, scope: str, because: str, at: datetime, by
) -> PhotoPermission | None:
    """Mark a standing permission as withdrawn; return its row, None where none stands any more.

    No new photo is taken for that purpose, and none shown for it. Photos of the record stay in it.
    """
    if not because.strip():
        raise ValidationError("Say why it is withdrawn.", code="reason")
    latest = _latest(patient, Scope(scope))
    if latest is None or latest.status != Status.GIVEN:
        return None
    _end(latest, because, at, by)
    record("photo.permission_withdrawn", latest, at=at, by=by, category="photo",
           details={"scope": str(scope)})  # fmt: skip
    return PhotoPermission.objects.get(pk=latest.pk)


def _latest(patient: Patient, scope: Scope) -> PhotoPermission | None:
    """Return the row that holds; the patient is held until the deed commits."""
    Patient.objects.select_for_update().get(pk=patient.pk)
    return patient.photo_permissions.filter(scope=scope).order_by("-pk").first()


def _answer(patient, scope, status, at, by, **facts) -> PhotoPermission:
    texts = ConsentText.objects.in_force(patient.clinic.local_date(at))
    text = texts.filter(kind=ConsentText.Kind.PHOTO).order_by("language", "pk").first()
    if text is None:
        raise ValidationError("The catalogue has no text about photos in force.", code="text")
    row = PhotoPermission.objects.create(
        clinic_id=patient.clinic_id, patient=patient, scope=scope, text=text, status=status,
        answered_at=at, taken_by=by, **facts,
    )  # fmt: skip
    verb = "permitted" if status == Status.GIVEN else "not_permitted"
    record(f"photo.{verb}", row, at=at, by=by, category="photo",
           details={"scope": str(scope), "text": text.pk})  # fmt: skip
    return row


# --- What the rules say ----------------------------------------------------------------------------
def about(record: Record) -> Iterator[Finding]:
    """Return what the rules say of a record's consent: text by text, and the time to think it over."""
    session, consent, zone = record.session, record.consent, record.session.clinic.zone
    started = session.needling_started_at and session.needling_started_at.astimezone(zone)
    parts = None if consent is None else [_facts(part, zone) for part in consent.parts]
    yield from check_consent(parts, needling_started_at=started, source=seeds.CONSENT_SOURCE)
    yield from check_cooling_off(
        _first_given(consent, zone), begins_at=started or session.opened_at,
        sessions_before=record.sessions_before, limit=record.rules.cooling_off,
    )  # fmt: skip


def _facts(part: Part, zone: tzinfo) -> ConsentFacts:
    """Return one kind of consent as the rules read it."""
    row = part.consent
    if row is None:
        return ConsentFacts(part.label)
    return ConsentFacts(
        part.label,
        given_at=row.given_at.astimezone(zone) if row.stands else None,
        withdrawn_at=row.withdrawn_at.astimezone(zone) if row.withdrawn_at else None,
        is_current=part.is_current, signed_text=str(row.text), current_text=_in_force(part),
    )  # fmt: skip


def _in_force(part: Part) -> str:
    return f"“{part.text}”" if part.text else "no text of this kind any more"


def _first_given(consent: CourseConsent | None, zone: tzinfo) -> datetime | None:
    """Return since when the patient has agreed to the procedure without taking it back."""
    rows = consent.standing if consent else ()
    mine = [row.given_at for row in rows if row.text.kind == PROCEDURE]
    return min(mine).astimezone(zone) if mine else None
