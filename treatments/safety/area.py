"""Body-surface and area sums. All arguments and results are `Decimal`.

Zero, negative or non-finite arguments raise `ValueError`; they are never turned into an area.
"""

from __future__ import annotations

from decimal import Decimal

from .quantities import must_be_quantity


def bsa_m2(height_cm: Decimal, weight_kg: Decimal) -> Decimal:
    """Body surface in square metres, Mosteller: sqrt(height in cm x weight in kg / 3600)."""
    _need(height_cm=height_cm, weight_kg=weight_kg)
    return (height_cm * weight_kg / Decimal(3600)).sqrt()


def zone_area_cm2(body_surface_m2: Decimal, fraction: Decimal) -> Decimal:
    """Area of a zone in square centimetres from the body surface and the zone's share of it.

    `fraction` is a share in (0, 1]: 0.18 is the back by the rule of nines, 0.01 one handprint.
    Over 80 kg with obesity the trunk's share is larger (Livingston & Lee 2000): the caller chooses.
    """
    _need(body_surface_m2=body_surface_m2, fraction=fraction)
    if fraction > 1:
        raise ValueError(f"fraction {fraction} is more than the whole body")
    return body_surface_m2 * Decimal(10_000) * fraction


def density_g_per_10cm2(grams: Decimal, area_cm2: Decimal) -> Decimal:
    """How thickly a cream lies: grams per 10 square centimetres, as labels state it."""
    _need(grams=grams, area_cm2=area_cm2)
    return grams * 10 / area_cm2


def _need(**quantities: Decimal) -> None:
    for name, value in quantities.items():
        if value is None:
            raise ValueError(f"{name} is missing")
        must_be_quantity(name, value)
