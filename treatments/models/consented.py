"""Where courses stand with their consents: one course in full, or many in one query."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.db.models import Exists, OuterRef, Q

from clinic.models import ServicePhase
from treatments.models.consents import Consent, ConsentText
from treatments.models.plans import TreatmentPlan
from treatments.models.sessions import AnaestheticApplication
from treatments.safety.consents import NUMBING, OFF_LABEL, PROCEDURE, kinds_needed

Kind = ConsentText.Kind
KINDS = (PROCEDURE, OFF_LABEL, NUMBING)


def _numbs() -> Q:
    """Return the condition of a course with numbing cream: planned by its service, or once used."""
    phases = ServicePhase.objects.filter(service=OuterRef("service"), kind="numbing")
    used = AnaestheticApplication.objects.filter(session__plan=OuterRef("pk"))
    return Exists(phases) | Exists(used.exclude(session__status="entered_in_error"))


def consent_columns(day: date) -> dict:
    """Return what `lacks_consent` reads of a course, as columns to annotate its row with.

    A consent counts where it stands and answers a text in force on the day.
    """
    in_force, columns = ConsentText.objects.in_force(day), {"numbs": _numbs()}
    for kind in KINDS:
        mine = Consent.objects.standing().filter(plan=OuterRef("pk"), text__kind=kind)
        columns[f"has_{kind}"] = Exists(mine.filter(text__in=in_force))
        columns[f"asks_{kind}"] = Exists(in_force.filter(kind=kind))
    return columns


def lacks_consent(plan: TreatmentPlan, day: date) -> bool:
    """Say whether a running course needs something signed before needling on a day.

    `plan` comes with `consent_columns`, its patient and its protocol. Outside the procedure itself
    only kinds the catalogue has a text for are asked.
    """
    needed = kinds_needed(
        labelled_from_years=plan.protocol.labelled_from_years,
        age_years=plan.patient.age_on(day), numbs=plan.numbs,
    )  # fmt: skip
    asked = (kind for kind in needed if kind == PROCEDURE or getattr(plan, f"asks_{kind}"))
    return any(not getattr(plan, f"has_{kind}") for kind in asked)


def lacking_consent(plan_ids: Collection[int], day: date) -> set[int]:
    """Return which of these courses need something signed before needling. One query."""
    if not plan_ids:
        return set()
    rows = TreatmentPlan.objects.filter(pk__in=plan_ids).annotate(**consent_columns(day))
    rows = rows.select_related("patient", "protocol").only(
        "patient__birth_date", "protocol__labelled_from_years"
    )
    return {plan.pk for plan in rows if lacks_consent(plan, day)}


@dataclass(frozen=True)
class Part:
    """One kind of text of a course: the version in force, and the consent on file for it.

    `consent` is the one that stands, the newest withdrawn one where none does, or None; `text` is
    None where the catalogue has no text to sign.
    """

    kind: str
    text: ConsentText | None
    consent: Consent | None
    is_current: bool

    @property
    def label(self) -> str:
        """Return the kind's word."""
        return Kind(self.kind).label

    @property
    def word(self) -> str:
        """Return the state in one word, for a list that says what it is about."""
        return {"given": "Given", "old": "New text", "withdrawn": "Withdrawn"}.get(
            self.state, "Missing"
        )

    @property
    def is_valid(self) -> bool:
        """Say whether nothing needs to be signed."""
        return self.is_current and self.consent is not None and self.consent.stands

    @property
    def state(self) -> str:
        """Return given, old, withdrawn or missing."""
        if self.consent is None:
            return "missing"
        if not self.consent.stands:
            return "withdrawn"
        return "given" if self.is_current else "old"


@dataclass(frozen=True)
class CourseConsent:
    """All kinds of consent a course needs on a day, and everything ever signed for it."""

    parts: list[Part]
    history: list[Consent]

    @property
    def is_given(self) -> bool:
        """Say whether nothing is left to sign."""
        return all(part.is_valid for part in self.parts)

    @property
    def to_sign(self) -> list[Part]:
        """Return the parts to sign now."""
        return [part for part in self.parts if not part.is_valid and part.text]

    @property
    def standing(self) -> list[Consent]:
        """Return what can be withdrawn."""
        return [row for row in self.history if row.stands]

    def part(self, kind: str) -> Part | None:
        """Return one kind, None where the course does not need it."""
        return next((part for part in self.parts if part.kind == kind), None)


def consent_of(
    plan: TreatmentPlan, *, day: date, numbs: bool | None = None, language: str = ""
) -> CourseConsent:
    """Return where one course stands on a day, in three queries at most.

    `plan` comes with `patient` and `protocol` joined. `numbs` None asks whether the course uses
    cream; a session record knows it for itself. `language` is preferred where texts have it.
    """
    if numbs is None:
        numbs = TreatmentPlan.objects.filter(_numbs(), pk=plan.pk).exists()
    needed = kinds_needed(
        labelled_from_years=plan.protocol.labelled_from_years,
        age_years=plan.patient.age_on(day), numbs=numbs,
    )  # fmt: skip
    texts = list(ConsentText.objects.in_force(day).filter(kind__in=KINDS))
    history = list(Consent.objects.filter(plan=plan).for_page())
    found = [_part(kind, texts, history, language) for kind in needed]
    asked = [one for one in found if one.text or one.consent or one.kind == PROCEDURE]
    return CourseConsent(asked, history)


def _part(kind, texts, history, language) -> Part:
    mine = [text for text in texts if text.kind == kind]
    mine.sort(key=lambda text: (text.language != language, text.language != "en", text.pk))
    keys = {text.pk for text in mine}
    signed = [row for row in history if row.text.kind == kind]
    signed.sort(key=lambda row: (not row.stands, row.text_id not in keys))  # stable: newest first
    consent = signed[0] if signed else None
    is_current = bool(consent and consent.text_id in keys)
    return Part(kind, mine[0] if mine else None, consent, is_current)
