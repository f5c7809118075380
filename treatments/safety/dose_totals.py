"""Milligrams and milligrams per kilogram: the sum that is shown, rules A6 and A8."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .dose_amounts import usable_grams
from .dose_inputs import (
    CHEMICAL_CLASSES,
    Active,
    Application,
    Context,
    OtherAnaesthetic,
    PatientFacts,
    ProductLimits,
    usable_weight,
)
from .dose_sums import mg_applied, mg_per_kg
from .findings import Finding, Level
from .quantities import fault_of, rounded, shown

Part = tuple[ProductLimits, Active, Decimal]
"""One active of one application: product, active, milligrams."""


def check_totals(
    applications: tuple[Application, ...], patient: PatientFacts, context: Context
) -> Iterator[Finding]:
    """Show every sum, compare with the clinic's limit, and add other anaesthetics of 24 hours."""
    parts = [
        (one.product, active, mg_applied(usable_grams(one, context.rules), active))
        for one in applications
        for active in one.product.actives
    ]
    weight_kg = usable_weight(patient, context.rules)
    yield from _shown_sums(applications, weight_kg, context)
    yield from _house_limits(parts, weight_kg, context)
    yield from _other_anaesthetic(parts, weight_kg, context)


def _shown_sums(
    applications: tuple[Application, ...], weight_kg: Decimal | None, context: Context
) -> Iterator[Finding]:
    """One line per product and active: `30 g EMLA on 80 kg = 750 mg lidocaine, 9.38 mg/kg`."""
    for product in dict.fromkeys(one.product for one in applications):
        same = (one for one in applications if one.product == product)
        grams = sum((usable_grams(one, context.rules) for one in same), Decimal(0))
        for active in product.actives if grams else ():
            mg = mg_applied(grams, active)
            figures = {"grams": shown(grams), "mg_per_g": shown(active.mg_per_g), "mg": shown(mg)}
            text = f"{shown(grams)} g {product.name} = {shown(mg)} mg {active.name} applied."
            if weight_kg is not None:
                per_kg = rounded(mg_per_kg(mg, weight_kg))
                figures |= {"weight_kg": shown(weight_kg), "mg_per_kg": per_kg}
                text = (
                    f"{shown(grams)} g {product.name} on {shown(weight_kg)} kg = "
                    f"{shown(mg)} mg {active.name}, {per_kg} mg/kg applied."
                )
            subject = f"{product.name}, {active.name}"
            yield Finding(Level.INFO, "DOSE_SUM", text, figures, product.source, subject)


def _house_limits(
    parts: list[Part], weight_kg: Decimal | None, context: Context
) -> Iterator[Finding]:
    """A6: each active, then each class with several actives, against the lowest house limit."""
    for name in dict.fromkeys(active.name for _, active, _ in parts):
        chosen = [part for part in parts if part[1].name == name]
        yield from _house_limit(name, chosen, weight_kg, context)
    for chemical_class in CHEMICAL_CLASSES:
        chosen = [part for part in parts if part[1].chemical_class == chemical_class]
        if len({active.name for _, active, _ in chosen}) > 1:
            yield from _house_limit(f"all {chemical_class}s", chosen, weight_kg, context)


def _house_limit(
    subject: str, parts: list[Part], weight_kg: Decimal | None, context: Context
) -> Iterator[Finding]:
    """WARN over the limit where a product without a label takes part, INFO for labelled ones."""
    unlabelled = [product.name for product, _, _ in parts if not product.has_label_cap]
    limits = [
        product.house_mg_per_kg for product, _, _ in parts if product.house_mg_per_kg is not None
    ]
    source, mg = context.rules.source, sum((mg for _, _, mg in parts), Decimal(0))
    if unlabelled and not limits:
        text = f"No house limit is set for {unlabelled[0]}; mg/kg of {subject} is not checked."
        yield Finding(Level.WARN, "DOSE_A6_NO_LIMIT", text, {"mg": shown(mg)}, source, subject)
    if not limits or weight_kg is None:
        return
    limit = min(limits)
    if mg_per_kg(mg, weight_kg) <= limit:
        return
    per_kg = rounded(mg_per_kg(mg, weight_kg))
    text = (
        f"{shown(mg)} mg {subject} applied on {shown(weight_kg)} kg is {per_kg} mg/kg, over the "
        f"house limit of {shown(limit)} mg/kg."
    )
    figures = {"mg": shown(mg), "mg_per_kg": per_kg, "house_mg_per_kg": shown(limit)}
    level = Level.WARN if unlabelled else Level.INFO
    yield Finding(level, "DOSE_A6_HOUSE_LIMIT", text, figures, source, subject)


def _other_anaesthetic(
    parts: list[Part], weight_kg: Decimal | None, context: Context
) -> Iterator[Finding]:
    """A8: everything of the last 24 hours together, per class, applied and injected alike."""
    others = context.other_anaesthetic_24h
    if others is None:
        text = "Whether another local anaesthetic was given in the last 24 h is not recorded."
        yield Finding(Level.WARN, "DOSE_OTHER_MISSING", text, {}, context.rules.source)
        others = ()
    for other in others:
        yield from _other_entry(other, context)
    if not others and len({product.name for product, _, _ in parts}) < 2:
        return
    for chemical_class in CHEMICAL_CLASSES:
        amounts = [
            (f"{product.name} {active.name}", mg)
            for product, active, mg in parts
            if active.chemical_class == chemical_class
        ] + [
            (f"{other.name} {other.active}", _usable_mg(other, context))
            for other in others
            if other.chemical_class == chemical_class
        ]
        if amounts:
            yield _class_total(chemical_class, amounts, weight_kg, context)


def _class_total(
    chemical_class: str,
    amounts: list[tuple[str, Decimal]],
    weight_kg: Decimal | None,
    context: Context,
) -> Finding:
    total = sum((mg for _, mg in amounts), Decimal(0))
    items = " + ".join(f"{name} {shown(mg)} mg" for name, mg in amounts)
    figures = {"total_mg": shown(total)}
    text = f"Several local anaesthetics in 24 h, {chemical_class}s: {items} = {shown(total)} mg"
    if weight_kg is not None:
        figures["mg_per_kg"] = rounded(mg_per_kg(total, weight_kg))
        text += f", {figures['mg_per_kg']} mg/kg"
    source = context.rules.source
    return Finding(Level.WARN, "DOSE_A8_24H", text + ".", figures, source, chemical_class)


def _other_entry(other: OtherAnaesthetic, context: Context) -> Iterator[Finding]:
    """The amount of another anaesthetic where it is missing (WARN) or impossible (STOP)."""
    source, subject = context.rules.source, f"{other.name} {other.active}"
    if other.mg is None:
        text = f"The amount of {subject} is not recorded; the 24 h sum is too low by it."
        yield Finding(Level.WARN, "DOSE_OTHER_MG_MISSING", text, {}, source, subject)
    elif fault := fault_of(other.mg, at_most=context.rules.plausible_max_mg):
        text = f"The amount of {subject}, {other.mg} mg, {fault}."
        figures = {"mg": str(other.mg)}
        yield Finding(Level.STOP, "DOSE_OTHER_MG_INVALID", text, figures, source, subject)


def _usable_mg(other: OtherAnaesthetic, context: Context) -> Decimal:
    usable = not fault_of(other.mg, at_most=context.rules.plausible_max_mg)
    return other.mg if usable else Decimal(0)
