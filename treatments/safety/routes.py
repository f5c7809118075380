"""Serums and ointments: may this product touch skin in this state?

Needling opens channels. While they are open a product for intact skin reaches the dermis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from .findings import Finding, Level, in_order
from .quantities import fault_of, must_be_quantity, shown


class Route(StrEnum):
    """Where a product may go, by its maker's labelling."""

    INTACT_SKIN = "INTACT_SKIN"
    OPEN_CHANNELS = "OPEN_CHANNELS"
    INTRADERMAL = "INTRADERMAL"


class Phase(StrEnum):
    """When a product is used: before, during or after needling."""

    BEFORE = "BEFORE"
    DURING = "DURING"
    AFTER = "AFTER"


@dataclass(frozen=True, slots=True)
class SerumFacts:
    """A product as the catalogue knows it. None: the catalogue does not say.

    `contains` names groups that do not belong on open channels ('vitamin C', 'retinoid', ...).
    """

    name: str
    route: Route | None
    sterile: bool | None
    single_dose: bool | None
    human_origin_exosome: bool | None
    contains: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RouteLimits:
    """How long channels count as open, until when caution lasts, and what is banned where."""

    channels_open_hours: Decimal
    caution_hours: Decimal
    not_while_open: frozenset[str]
    exosome_banned_in: frozenset[str]
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("channels_open_hours", self.channels_open_hours)
        must_be_quantity("caution_hours", self.caution_hours)


def check_route(
    product: SerumFacts,
    *,
    phase: Phase,
    hours_since_needling: Decimal | None,
    jurisdiction: str | None,
    limits: RouteLimits,
) -> tuple[Finding, ...]:
    """Findings about one use of a product, STOP first; empty where all is known and allowed.

    `hours_since_needling` matters in the phase AFTER; missing or impossible, it counts as
    freshly needled. A route the catalogue does not give counts as intact skin only.
    """
    findings = [*_exosome(product, jurisdiction, limits)]
    if phase == Phase.AFTER and (fault := _hours_fault(hours_since_needling)):
        text = f"{product.name}: the time since needling {fault}; channels are taken as open."
        findings.append(_say(Level.WARN, "ROUTE_HOURS_MISSING", text, product, limits))
    if _open(phase, hours_since_needling, limits):
        findings += _on_open_channels(product, phase, limits)
    elif phase == Phase.AFTER and product.route in (None, Route.INTACT_SKIN):
        findings += _caution(product, hours_since_needling, limits)
    return in_order(findings)


def check_prp_label(
    *, label_patient: str | None, session_patient: str, source: str
) -> tuple[Finding, ...]:
    """STOP unless the tube of a patient's own plasma carries the id of the session's patient."""
    if label_patient and label_patient == session_patient:
        return ()
    text = "The plasma tube carries another patient's label."
    if not label_patient:
        text = "The patient on the plasma tube's label is not recorded."
    return (Finding(Level.STOP, "ROUTE_PRP_PATIENT", text, {}, source, "PRP"),)


def _say(level: Level, code: str, text: str, product: SerumFacts, limits: RouteLimits) -> Finding:
    return Finding(level, code, text, {}, limits.source, product.name)


def _hours_fault(hours: Decimal | None) -> str:
    if hours is None:
        return "is not recorded"
    if fault := fault_of(hours, above=None):
        return fault
    return "is negative" if hours < 0 else ""


def _open(phase: Phase, hours: Decimal | None, limits: RouteLimits) -> bool:
    """Channels are open during needling and until `channels_open_hours` after it."""
    if phase == Phase.AFTER:
        return bool(_hours_fault(hours)) or hours < limits.channels_open_hours
    return phase == Phase.DURING


def _on_open_channels(product: SerumFacts, phase: Phase, limits: RouteLimits) -> Iterator[Finding]:
    when = "during needling" if phase == Phase.DURING else "while channels count as open"
    if product.route in (None, Route.INTACT_SKIN):
        known = "is for intact skin" if product.route else "has no route in the catalogue"
        text = f"{product.name} {known} and is used {when}."
        yield _say(Level.STOP, "ROUTE_INTACT_ONLY", text, product, limits)
    if not product.sterile:
        known = "is not sterile" if product.sterile is False else "is not known to be sterile"
        text = f"{product.name} {known} and is used {when}."
        yield _say(Level.WARN, "ROUTE_NOT_STERILE", text, product, limits)
    if not product.single_dose:
        known = "is a multi-dose pot" if product.single_dose is False else "may be multi-dose"
        text = f"{product.name} {known} and is used {when}."
        yield _say(Level.WARN, "ROUTE_MULTI_DOSE", text, product, limits)
    if unwanted := sorted(product.contains & limits.not_while_open):
        text = f"{product.name} contains {', '.join(unwanted)} and is used {when}."
        yield _say(Level.WARN, "ROUTE_IRRITANT", text, product, limits)


def _caution(product: SerumFacts, hours: Decimal, limits: RouteLimits) -> Iterator[Finding]:
    if hours < limits.caution_hours:
        text = (
            f"{product.name}: {shown(hours)} h since needling; channels may stay open up to "
            f"{shown(limits.caution_hours)} h."
        )
        yield _say(Level.INFO, "ROUTE_CAUTION", text, product, limits)


def _exosome(
    product: SerumFacts, jurisdiction: str | None, limits: RouteLimits
) -> Iterator[Finding]:
    if product.human_origin_exosome is None:
        text = f"Whether {product.name} has exosomes of human origin is not in the catalogue."
        yield _say(Level.WARN, "ROUTE_EXOSOME_MISSING", text, product, limits)
    elif product.human_origin_exosome:
        banned = jurisdiction in limits.exosome_banned_in
        where = f"not allowed in {jurisdiction}" if banned else f"no rule known for {jurisdiction}"
        if jurisdiction is None:
            where = "not checked, since the jurisdiction is not known"
        level = Level.STOP if banned else Level.WARN
        text = f"{product.name} has exosomes of human origin: {where}."
        yield _say(level, "ROUTE_EXOSOME", text, product, limits)
