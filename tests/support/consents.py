"""Consents for tests: texts in force, a course with everything signed, a patient who permits photos."""

from datetime import date, timedelta

from tests import factories
from treatments.actions.consents import give_consent
from treatments.models import ConsentText, PhotoPermission, consent_of

KINDS = ("procedure", "off_label", "numbing", "photo")
STROKES = [[[10, 100], [60, 40], [90, 120]], [[120, 90]]]


def text(kind="procedure", version=1, **facts) -> ConsentText:
    """Return a version of a text of a kind, in force since 2020."""
    values = {"title": f"Text about {kind}", "text": "What is done\nIt is done.",
              "source": "Test label", "effective_from": date(2020, 1, 1)} | facts  # fmt: skip
    code = values.pop("code", f"T-{kind}")
    language = values.pop("language", "en")
    return ConsentText.objects.get_or_create(
        code=code, version=version, language=language, defaults={"kind": kind} | values
    )[0]


def texts() -> dict[str, ConsentText]:
    """Return one text of every kind, by kind."""
    return {kind: text(kind) for kind in KINDS}


def signed(plan, by, at=None, **facts):
    """Return what was signed for a course: all texts it needs, a week ago unless told."""
    at = at or factories.NOW - timedelta(days=7)
    made = texts()
    kinds = facts.pop("kinds", None) or [one for one in KINDS if one != "photo"]
    facts = {"typed_name": plan.patient.full_name} | facts
    return give_consent(plan=plan, texts=[made[kind] for kind in kinds], at=at, by=by, **facts)


def needs(plan, day=None) -> list[tuple[str, str]]:
    """Return (kind, state) of every part of a course's consent."""
    day = day or factories.NOW.date()
    return [(part.kind, part.state) for part in consent_of(plan, day=day).parts]


def permitted(patient, by, at=None, **facts) -> PhotoPermission:
    """Return the patient's standing permission of photos for the record, written past the log."""
    scope = facts.pop("scope", PhotoPermission.Scope.RECORD)
    values = {"clinic": patient.clinic, "text": text("photo"), "taken_by": by,
              "answered_at": at or factories.NOW - timedelta(days=400)}  # fmt: skip
    return PhotoPermission.objects.get_or_create(
        patient=patient, scope=scope, status="given", defaults=values | facts
    )[0]
