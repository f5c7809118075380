"""The sums of a numbing dose, one function each. `Decimal` in, exact `Decimal` out."""

from __future__ import annotations

from decimal import Decimal

from .dose_inputs import Active


def mg_applied(grams: Decimal, active: Active) -> Decimal:
    """Milligrams of one active put on the skin: grams x mg per gram (1 % w/w = 10 mg/g)."""
    return grams * active.mg_per_g


def mg_per_kg(mg: Decimal, weight_kg: Decimal) -> Decimal:
    """Milligrams per kilogram of body weight. Of applied drug: not what the body takes up."""
    return mg / weight_kg


def absorbed_estimate_mg(mg: Decimal, absorbed_fraction: Decimal) -> Decimal:
    """Estimate A: applied mg x absorbed fraction (EMLA SmPC: 0.05 trunk or limb, 0.10 face)."""
    return mg * absorbed_fraction


def absorbed_by_flux_mg(
    flux_mg_per_cm2_hour: Decimal, area_cm2: Decimal, hours: Decimal
) -> Decimal:
    """Estimate B: flux x area x hours.

    EMLA: lidocaine 0.045 and prilocaine 0.077 mg per cm2 and hour, [from knowledge] of the US
    label, not confirmed in a source.
    """
    return flux_mg_per_cm2_hour * area_cm2 * hours
