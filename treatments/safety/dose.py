"""How much local anaesthetic was put on, and what the label and the clinic say about it.

`check_dose` answers rules A1 to A8, A11 and A12 of the clinic's dose rules, allergy to a class of
anaesthetics, and every missing input. Labels of creams cap grams, square centimetres and minutes;
milligrams per kilogram of *applied* drug are shown beside them and compared only with the clinic's
own limit. Applied is never called absorbed, and neither is compared with limits for injections.
Decision support: it shows its sum and replaces nobody's judgement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from .contact import alarm_at, check_contact, remove_by
from .dose_amounts import check_amounts
from .dose_inputs import (
    Active,
    Application,
    Context,
    DoseRules,
    LimitRow,
    OtherAnaesthetic,
    PatientFacts,
    ProductLimits,
    age_fault,
    is_child,
    limit_row,
    weight_fault,
)
from .dose_sums import absorbed_by_flux_mg, absorbed_estimate_mg, mg_applied, mg_per_kg
from .dose_totals import check_totals
from .findings import Finding, Level, in_order
from .quantities import days_text, shown

__all__ = [
    "Active",
    "Application",
    "Context",
    "DoseRules",
    "LimitRow",
    "OtherAnaesthetic",
    "PatientFacts",
    "ProductLimits",
    "absorbed_by_flux_mg",
    "absorbed_estimate_mg",
    "alarm_at",
    "check_dose",
    "limit_row",
    "mg_applied",
    "mg_per_kg",
    "remove_by",
]


def check_dose(
    applications: Iterable[Application], patient: PatientFacts, context: Context
) -> tuple[Finding, ...]:
    """All findings about the numbing of one session, STOP first. Never empty.

    `applications` are all creams of this session and, of the same products, of the 24 hours before.
    """
    applications = tuple(applications)
    if not applications:
        text = "No numbing is recorded for this session; no dose was summed."
        return (Finding(Level.INFO, "DOSE_NONE", text, {}, context.rules.source),)
    findings = [
        *_patient(applications, patient, context),
        *_allergies(applications, patient, context),
        *check_amounts(applications, patient, context),
        *check_totals(applications, patient, context),
    ]
    for application in applications:
        findings += check_contact(application, patient, context)
        findings += _cover_and_heat(application, context)
    return in_order(dict.fromkeys(findings))


def _patient(
    applications: tuple[Application, ...], patient: PatientFacts, context: Context
) -> Iterator[Finding]:
    """Age, minors, and the weight (A7)."""
    rules = context.rules
    if fault := age_fault(patient):
        text = f"The age {fault}; the row of the label for this patient is not known."
        figures = {"age_years": "" if patient.age_years is None else str(patient.age_years)}
        yield Finding(Level.STOP, "DOSE_AGE_MISSING", text, figures, rules.source)
    if is_child(patient, rules):
        figures = {"age_years": shown(patient.age_years)}
        level = Level.WARN if context.prescription_recorded else Level.STOP
        state = "is" if context.prescription_recorded else "is not"
        text = (
            f"The patient is {figures['age_years']}, under {shown(rules.adult_from_years)}; "
            f"a prescription {state} recorded."
        )
        yield Finding(level, "DOSE_CHILD", text, figures, rules.source)
    if problem := _weight_problem(patient, context):
        unlabelled = any(not one.product.has_label_cap for one in applications)
        impossible = patient.weight_kg is not None and bool(weight_fault(patient, rules))
        strict = unlabelled or impossible or is_child(patient, rules) or bool(age_fault(patient))
        level = Level.STOP if strict else Level.WARN
        text = f"The weight {problem}; mg/kg and the limits by weight rest on it."
        figures = {
            "weight_kg": "" if patient.weight_kg is None else str(patient.weight_kg),
            "weight_on": "" if patient.weight_on is None else patient.weight_on.isoformat(),
        }
        yield Finding(level, "DOSE_A7_WEIGHT", text, figures, rules.source)


def _weight_problem(patient: PatientFacts, context: Context) -> str:
    """What keeps the weight from being relied on: missing, impossible, undated, old."""
    if fault := weight_fault(patient, context.rules):
        return fault
    if patient.weight_on is None:
        return f"({shown(patient.weight_kg)} kg) has no date"
    age_days = (context.today - patient.weight_on).days
    if age_days < 0:
        return f"({shown(patient.weight_kg)} kg) is dated in the future"
    if age_days > context.rules.weight_max_age_days:
        limit = context.rules.weight_max_age_days
        return f"({shown(patient.weight_kg)} kg) is {days_text(age_days)} old, over {limit}"
    return ""


def _allergies(
    applications: tuple[Application, ...], patient: PatientFacts, context: Context
) -> Iterator[Finding]:
    """Amide allergy stops amides, ester or PABA allergy esters, a named active or product itself."""
    if patient.allergies is None:
        text = "No answer about allergy to local anaesthetics is recorded."
        yield Finding(Level.WARN, "DOSE_ALLERGY_MISSING", text, {}, context.rules.source)
        return
    for product in dict.fromkeys(one.product for one in applications):
        for active in product.actives:
            if not (hits := _hits(patient.allergies, product, active)):
                continue
            text = (
                f"{product.name} contains {active.name} ({active.chemical_class}); "
                f"recorded allergy: {', '.join(hits)}."
            )
            figures = {"active": active.name, "allergy": ", ".join(hits)}
            subject = f"{product.name}, {active.name}"
            yield Finding(Level.STOP, "DOSE_ALLERGY", text, figures, product.source, subject)


def _hits(allergies: frozenset[str], product: ProductLimits, active: Active) -> list[str]:
    """The recorded allergies that name the class, the active or the product, as whole words.

    Whole words: an allergy to a sulfonamide is none to an amide.
    """
    names = (active.name, product.name)
    against = {active.chemical_class, *(name.lower().split()[0] for name in names)}
    if active.chemical_class == "ester":
        against.add("paba")
    return sorted(one for one in allergies if against & set(re.findall(r"\w+", one.lower())))


def _cover_and_heat(application: Application, context: Context) -> Iterator[Finding]:
    """A11: cover where the product allows none, or any source of heat."""
    subject, product = application.subject, application.product
    if application.heat_used:
        text = f"A heat source is recorded on {subject}; heat raises absorption."
        yield Finding(Level.STOP, "DOSE_A11_HEAT", text, {}, product.source, subject)
    elif application.heat_used is None:
        text = f"Whether heat was used on {subject} is not recorded."
        yield Finding(Level.WARN, "DOSE_HEAT_MISSING", text, {}, context.rules.source, subject)
    if application.occluded and not product.occlusion_allowed:
        text = f"{subject} is recorded as covered; the catalogue allows it no cover."
        yield Finding(Level.STOP, "DOSE_A11_COVERED", text, {}, product.source, subject)
    elif application.occluded is False and product.occlusion_required:
        text = f"{subject} is recorded as not covered; the label asks for a cover, and without one the effect may be weak."
        yield Finding(Level.INFO, "DOSE_A11_UNCOVERED", text, {}, product.source, subject)
    elif application.occluded is None:
        level = Level.INFO if product.occlusion_allowed else Level.WARN
        allowed = "a" if product.occlusion_allowed else "no"
        text = f"Whether {subject} was covered is not recorded; {allowed} cover is allowed."
        yield Finding(level, "DOSE_COVER_MISSING", text, {}, context.rules.source, subject)
