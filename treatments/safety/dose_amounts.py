"""Grams and square centimetres of each anaesthetic product: rules A1, A2 and A5."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .area import density_g_per_10cm2
from .dose_inputs import (
    Application,
    Context,
    DoseRules,
    LimitRow,
    PatientFacts,
    ProductLimits,
    is_child,
    limit_row,
)
from .findings import Finding, Level
from .quantities import fault_of, rounded, shown


def usable_grams(application: Application, rules: DoseRules) -> Decimal:
    """The grams where they can be calculated with, else 0: the entry has its own finding."""
    usable = not fault_of(application.grams, at_most=rules.plausible_max_g)
    return application.grams if usable else Decimal(0)


def usable_area_cm2(application: Application, rules: DoseRules) -> Decimal:
    """The area in cm2 where it can be calculated with, else 0: the entry has its own finding."""
    usable = not fault_of(application.area_cm2, at_most=rules.plausible_max_area_cm2)
    return application.area_cm2 if usable else Decimal(0)


def check_amounts(
    applications: tuple[Application, ...], patient: PatientFacts, context: Context
) -> Iterator[Finding]:
    """Entries that are missing or impossible, layers, and the label's caps over each product."""
    for application in applications:
        yield from _entries(application, context.rules)
        yield from _layer(application, context.rules)
    for product in dict.fromkeys(one.product for one in applications):
        same = [one for one in applications if one.product.name == product.name]
        yield from _caps(product, same, patient, context.rules)
        yield from _strength(product, context)


def _entries(application: Application, rules: DoseRules) -> Iterator[Finding]:
    """Grams and area that are missing (WARN) or cannot be right (STOP)."""
    subject, source = application.subject, rules.source
    if application.grams is None:
        text = f"The amount of {subject} is not recorded; it is not in any sum."
        yield Finding(Level.WARN, "DOSE_GRAMS_MISSING", text, {}, source, subject)
    elif fault := fault_of(application.grams, at_most=rules.plausible_max_g):
        text = f"The amount of {subject}, {application.grams} g, {fault}."
        figures = {"grams": str(application.grams)}
        yield Finding(Level.STOP, "DOSE_GRAMS_INVALID", text, figures, source, subject)
    if application.area_cm2 is None:
        text = f"The area of {subject} is not recorded; it is not in any sum."
        yield Finding(Level.WARN, "DOSE_AREA_MISSING", text, {}, source, subject)
    elif fault := fault_of(application.area_cm2, at_most=rules.plausible_max_area_cm2):
        text = f"The area of {subject}, {application.area_cm2} cm², {fault}."
        figures = {"area_cm2": str(application.area_cm2)}
        yield Finding(Level.STOP, "DOSE_AREA_INVALID", text, figures, source, subject)


def _layer(application: Application, rules: DoseRules) -> Iterator[Finding]:
    """The layer: grams for this area over the label's table or its thickest layer."""
    grams, area_cm2 = usable_grams(application, rules), usable_area_cm2(application, rules)
    if not grams or not area_cm2:
        return
    product, subject = application.product, application.subject
    figures = {"grams": shown(grams), "area_cm2": shown(area_cm2)}
    printed = product.table_grams(area_cm2)
    if printed is not None and grams > printed:
        text = (
            f"{subject}: {shown(grams)} g on {shown(area_cm2)} cm² is over the "
            f"{shown(printed)} g the label's table gives."
        )
        figures = {**figures, "table_g": shown(printed)}
        yield Finding(Level.WARN, "DOSE_TABLE", text, figures, product.source, subject)
    density, most = density_g_per_10cm2(grams, area_cm2), product.max_g_per_10cm2
    if most is not None and density > most:
        text = (
            f"{subject}: {shown(grams)} g on {shown(area_cm2)} cm² is {rounded(density)} g per "
            f"10 cm², over the {shown(most)} of the label."
        )
        figures = {**figures, "g_per_10cm2": rounded(density), "max_g_per_10cm2": shown(most)}
        yield Finding(Level.WARN, "DOSE_LAYER", text, figures, product.source, subject)


def _caps(
    product: ProductLimits, same: list[Application], patient: PatientFacts, rules: DoseRules
) -> Iterator[Finding]:
    """A1 and A2: the sums of all applications of a product against its row of the label."""
    grams = sum((usable_grams(one, rules) for one in same), Decimal(0))
    area_cm2 = sum((usable_area_cm2(one, rules) for one in same), Decimal(0))
    figures = {"total_g": shown(grams), "total_cm2": shown(area_cm2)}
    row = limit_row(product, patient, rules)
    if row is None:
        yield _no_row(product, figures, is_child=is_child(patient, rules))
        return
    yield from _not_capped(product, row, figures)
    whom = " for this age and weight" if is_child(patient, rules) else ""
    for total, most, code, unit, name in (
        (grams, row.max_g, "DOSE_A1_GRAMS", "g", "g"),
        (area_cm2, row.max_area_cm2, "DOSE_A2_AREA", "cm²", "cm2"),
    ):
        if most is not None and total > most:
            text = f"{shown(total)} {unit} {product.name} is over the {shown(most)} {unit} allowed{whom}."
            over = {f"total_{name}": shown(total), f"max_{name}": shown(most)}
            yield Finding(Level.STOP, code, text, over, row.source, product.name)


def _no_row(product: ProductLimits, figures: dict[str, str], *, is_child: bool) -> Finding:
    """No limits to check against: STOP where a label should have them or for a child, else WARN."""
    whom = "this age and weight" if is_child else "adults"
    return Finding(
        Level.STOP if product.has_label_cap or is_child else Level.WARN,
        "DOSE_NO_LIMITS",
        f"The catalogue has no limits of {product.name} for {whom}; grams, area and contact "
        "time are not checked.",
        figures,
        product.source,
        product.name,
    )


def _not_capped(
    product: ProductLimits, row: LimitRow, figures: dict[str, str]
) -> Iterator[Finding]:
    """Say which limits the row does not give, so that silence is not read as a pass."""
    limits = {"grams": row.max_g, "area": row.max_area_cm2, "contact time": row.max_minutes}
    absent = [name for name, limit in limits.items() if limit is None]
    if absent:
        level = Level.WARN if len(absent) == len(limits) else Level.INFO
        text = f"{product.name}: no limit is given for {', '.join(absent)}; not checked."
        figures = {**figures, "not_checked": ", ".join(absent)}
        yield Finding(level, "DOSE_NOT_CAPPED", text, figures, row.source, product.name)


def _strength(product: ProductLimits, context: Context) -> Iterator[Finding]:
    """A5: strong or benzocaine creams without a label need a recorded prescription."""
    rules = context.rules
    if not product.actives:
        text = f"The catalogue names no active of {product.name}; no milligrams can be summed."
        yield Finding(Level.STOP, "DOSE_NO_ACTIVES", text, {}, product.source, product.name)
    if product.has_label_cap:
        return
    listed = sorted(name for name in rules.prescription_actives if product.contains(name))
    if product.percent_w_w <= rules.unlabelled_max_percent and not listed:
        return
    percent, most = shown(product.percent_w_w), shown(rules.unlabelled_max_percent)
    why = f"contains {', '.join(listed)}" if listed else f"has {percent} % actives, over {most} %"
    level = Level.INFO if context.prescription_recorded else Level.STOP
    state = "is" if context.prescription_recorded else "is not"
    text = (
        f"{product.name} has no label and {why}; a prescription for this patient {state} recorded."
    )
    figures = {"percent_w_w": percent, "max_percent": most}
    yield Finding(level, "DOSE_A5_PRESCRIPTION", text, figures, rules.source, product.name)
