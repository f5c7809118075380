"""Consents for tests: texts in force, a course with everything signed, a patient who permits photos."""

from datetime import date, timedelta

from tests import factories
from treatments.models import Consent, ConsentText, PhotoPermission, consent_of

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


def signed(plan, by, at=None, **facts) -> list[Consent]:
    """Return what was signed for a course, written past the log: all texts, a week ago unless told."""
    made = texts()
    kinds = facts.pop("kinds", None) or [kind for kind in KINDS if kind != "photo"]
    values = {"clinic": plan.clinic, "patient": plan.patient, "taken_by": by,
              "given_at": at or factories.NOW - timedelta(days=7),
              "typed_name": plan.patient.full_name} | facts  # fmt: skip
    return [Consent.objects.create(plan=plan, text=made[kind], **values) for kind in kinds]


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
