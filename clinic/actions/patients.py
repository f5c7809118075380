"""Deeds on patients: load for a user, register, edit, note health facts."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F, Max
from django.shortcuts import get_object_or_404

from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.actions.refusals import Conflict
from clinic.models import Allergy, AuditEvent, Blackout, BodyMeasure, Clinic, Medicine, Patient
from clinic.models.patients import digits, plain

#: What the desk may write about a patient; health facts go through `note_health`.
DEMOGRAPHICS = (
    "given_name", "family_name", "birth_date", "phone", "email", "address", "preferred_weekdays",
    "preferred_from_min", "preferred_to_min", "preferred_practitioner", "short_notice_ok",
    "desk_note",
)  # fmt: skip
FIRST_NUMBER = 1001
CHANGED = "Somebody else saved this patient while you were writing."


def open_patient(
    *, pk: int, clinic: Clinic, category: str, at: datetime, by, within_page: bool = False
) -> Patient:
    """Load a patient for a user and write "patient.viewed": the one door to a patient's data.

    `category` says which part is shown (demographics, schedule, note, dose, photo). `within_page`:
    a part of a page or the answer to its form; where the log has this person's look at this part
    today, none is added. An unknown key and another clinic's key are the same `Http404`.
    """
    patient = get_object_or_404(
        Patient.objects.of(clinic).select_related("clinic", "preferred_practitioner"), pk=pk
    )
    note_view(patient=patient, clinic=clinic, category=category, at=at, by=by,
              within_page=within_page)  # fmt: skip
    return patient


def note_view(
    *, patient: Patient, clinic: Clinic, category: str, at: datetime, by, within_page: bool = False
) -> None:
    """Write "patient.viewed" alone, for a patient whose row came with another row of the clinic."""
    seen = within_page and AuditEvent.objects.has_look(
        clinic, on=clinic.local_date(at), patient_id=patient.pk, category=category, actor_id=by.pk
    )
    if not seen:
        record("patient.viewed", patient, clinic=clinic, at=at, by=by, patient=patient,
               category=category)  # fmt: skip


@deed
def register_patient(
    *, clinic: Clinic, facts: dict, at: datetime, by, request_key: UUID | None = None
) -> Patient:
    """Register a patient under the clinic's next number and return the row.

    `facts` has keys of `DEMOGRAPHICS`. A `request_key` already used returns the row it made, so a
    form sent twice makes one patient. The clinic's row is held until the deed commits: two desks
    never draw the same number, and the database refuses it in any case.
    """
    Clinic.objects.select_for_update(no_key=True).get(pk=clinic.pk)
    if request_key and (made := Patient.objects.of(clinic).filter(request_key=request_key).first()):
        return made
    highest = Patient.objects.of(clinic).aggregate(highest=Max("number"))["highest"]
    patient = Patient.objects.create(
        clinic=clinic, number=(highest or FIRST_NUMBER - 1) + 1, created_at=at,
        request_key=request_key, **_with_search(_known(facts)),
    )  # fmt: skip
    record("patient.registered", patient, at=at, by=by, patient=patient, category="demographics",
           details={"fields": sorted(_filled(facts))})  # fmt: skip
    return patient


@deed
def edit_patient(*, patient: Patient, version: int, facts: dict, at: datetime, by) -> Patient:
    """Change a patient's demographics if nobody else has since `version`; return the new row.

    Raises `Conflict` with the row as it stands. Saving what is already there changes nothing.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.version != version:
        raise Conflict(CHANGED, current=current)
    changed = {name: value for name, value in _known(facts).items()
               if getattr(current, name) != value}  # fmt: skip
    if not changed:
        return current
    _swap(current, version, _with_search(changed))
    record("patient.edited", current, at=at, by=by, patient=current, category="demographics",
           details={"fields": sorted(changed)})  # fmt: skip
    return Patient.objects.get(pk=current.pk)


@dataclass(frozen=True)
class HealthFacts:
    """What was learned about a patient's health on one occasion; empty parts change nothing.

    `phototype`: 1 to 6 with its day and method. `allergies_asked_on`: the day the question was put.
    `new_allergies`: (code, text) pairs; `ended_allergies`: reasons by Allergy key.
    `new_medicines`: (name, since, note); `ended_medicines`: last days by Medicine key.
    """

    phototype: int | None = None
    phototype_on: date | None = None
    phototype_method: str = ""
    allergies_asked_on: date | None = None
    new_allergies: list[tuple[str, str]] = field(default_factory=list)
    ended_allergies: dict[int, str] = field(default_factory=dict)
    new_medicines: list[tuple[str, date | None, str]] = field(default_factory=list)
    ended_medicines: dict[int, date] = field(default_factory=dict)
    height_cm: Decimal | None = None
    weight_kg: Decimal | None = None
    measured_on: date | None = None


@deed
def note_health(
    *, patient: Patient, version: int, health: HealthFacts, today: date, at: datetime, by
) -> Patient:
    """Write down health facts if nobody else has since `version`; return the patient's new row.

    Raises `Conflict` with the row as it stands. The audit names what kinds of facts were written,
    never what they say.
    """
    current = Patient.objects.select_for_update().get(pk=patient.pk)
    if current.version != version:
        raise Conflict(CHANGED, current=current)
    columns = _health_columns(current, health)
    noted = sorted(columns)
    noted += _note_allergies(current, health, today, by)
    noted += _note_medicines(current, health)
    noted += _note_measures(current, health, today)
    if not noted:
        return current
    _swap(current, version, columns)
    record("patient.health_noted", current, at=at, by=by, patient=current, category="note",
           details={"fields": noted})  # fmt: skip
    return Patient.objects.get(pk=current.pk)


@deed
def note_away(
    *,
    patient: Patient,
    kind: str,
    from_day: date,
    to_day: date,
    margin_after_days: int = 0,
    at: datetime,
    by,
) -> Blackout:
    """Write down days on which a patient cannot be treated; the planner keeps clear of them.

    The same days told twice are one row. What is already booked stays: whoever tells the days sees
    it and decides. Raises ValidationError where the days run backwards.
    """  # fmt: skip
    days = {"kind": kind, "from_day": from_day, "to_day": to_day}
    if known := patient.blackouts.filter(**days, margin_after_days=margin_after_days).first():
        return known
    row = Blackout(patient=patient, margin_after_days=margin_after_days, **days)
    row.full_clean()
    row.save()
    record("patient.away_noted", patient, at=at, by=by, patient=patient, category="schedule",
           details={"from": f"{from_day}", "to": f"{to_day}"})  # fmt: skip
    return row


@deed
def forget_away(*, blackout: Blackout, at: datetime, by) -> None:
    """Take days away back: the patient is there after all."""
    patient = blackout.patient
    record("patient.away_forgotten", patient, at=at, by=by, patient=patient, category="schedule",
           details={"from": f"{blackout.from_day}", "to": f"{blackout.to_day}"})  # fmt: skip
    blackout.delete()


def _health_columns(patient: Patient, health: HealthFacts) -> dict:
    """Return the patient's own columns that these facts change."""
    columns = {}
    if health.phototype:
        columns = {"skin_phototype": health.phototype, "skin_phototype_on": health.phototype_on,
                   "skin_phototype_method": health.phototype_method}  # fmt: skip
    if health.allergies_asked_on:
        columns["allergies_asked_on"] = health.allergies_asked_on
    return {name: value for name, value in columns.items() if getattr(patient, name) != value}


def _note_allergies(patient, health, today, by) -> list[str]:
    """Add and end allergies; one that is already on file is not added twice."""
    held = set(patient.allergies.filter(ended_on=None).values_list("code", "text"))
    fresh = [pair for pair in dict.fromkeys(health.new_allergies) if pair not in held]
    Allergy.objects.bulk_create(
        Allergy(patient=patient, code=code, text=text, noted_on=today, noted_by=by)
        for code, text in fresh
    )
    ended = 0
    for key, reason in health.ended_allergies.items():
        ended += patient.allergies.filter(pk=key, ended_on=None).update(
            ended_on=today, ended_because=reason
        )
    return ["allergies"] * bool(fresh) + ["allergies_ended"] * bool(ended)


def _note_medicines(patient, health) -> list[str]:
    """Add medicines and write down the last day of others."""
    Medicine.objects.bulk_create(
        Medicine(patient=patient, name=name, since=since, note=note)
        for name, since, note in health.new_medicines
    )
    ended = 0
    for key, until in health.ended_medicines.items():
        ended += patient.medicines.filter(pk=key, until=None).update(until=until)
    return ["medicines"] * bool(health.new_medicines) + ["medicines_ended"] * bool(ended)


def _note_measures(patient, health, today) -> list[str]:
    """Add a dated line of height and weight, where either was measured."""
    if health.height_cm is None and health.weight_kg is None:
        return []
    BodyMeasure.objects.create(
        patient=patient, measured_on=health.measured_on or today, height_cm=health.height_cm,
        weight_kg=health.weight_kg,
    )  # fmt: skip
    return ["measures"]


def _swap(patient: Patient, version: int, changed: dict) -> None:
    """Write columns where the version still stands; raise `Conflict` where it does not."""
    rows = Patient.objects.filter(pk=patient.pk, version=version)
    if not rows.update(**changed, version=F("version") + 1):
        raise Conflict(CHANGED, current=Patient.objects.get(pk=patient.pk))


def _known(facts: dict) -> dict:
    """Return facts, refusing names the desk may not write."""
    if unknown := set(facts) - set(DEMOGRAPHICS):
        raise ValueError(f"Not demographics: {', '.join(sorted(unknown))}")
    return facts


def _filled(facts: dict) -> list[str]:
    return [name for name, value in facts.items() if value not in (None, "", [], False)]


def _with_search(facts: dict) -> dict:
    """Return facts with the columns search reads, made from those that are there."""
    made = dict(facts)
    if "given_name" in facts:
        made["search_given"] = plain(facts["given_name"])[:80]
    if "family_name" in facts:
        made["search_family"] = plain(facts["family_name"])[:80]
    if "phone" in facts:
        made["phone_digits"] = digits(facts["phone"])
    return made
