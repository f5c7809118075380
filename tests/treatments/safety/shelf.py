"""Products, patients and applications for the dose tests. Label figures as the labels print them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from treatments.safety.dose import (
    Active,
    Application,
    Context,
    LimitRow,
    PatientFacts,
    ProductLimits,
)
from treatments.safety.findings import Finding, Level
from treatments.safety.seeds import DOSE_RULES

D = Decimal
TODAY = date(2026, 11, 23)
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def row(max_g, max_area, max_minutes, **more) -> LimitRow:
    def quantity(value):
        return None if value is None else D(value)

    kept = {name: D(value) for name, value in more.items() if name != "source"}
    return LimitRow(
        quantity(max_g),
        quantity(max_area),
        quantity(max_minutes),
        more.get("source", "label"),
        **kept,
    )


LIDOCAINE_25 = Active("lidocaine", D(25), "amide")
PRILOCAINE_25 = Active("prilocaine", D(25), "amide")

EMLA = ProductLimits(
    name="EMLA",
    actives=(LIDOCAINE_25, PRILOCAINE_25),
    adult=row(60, 600, 300, min_minutes=60, source="UK/IE SmPC"),
    has_label_cap=True,
    occlusion_allowed=True,
    source="UK/IE SmPC",
    child_rows=(
        row(1, 10, 60, min_age_years=0, max_age_years="0.25"),
        row(2, 20, 240, min_age_years="0.25", max_age_years=1, min_weight_kg=5),
        row(10, 100, 240, min_age_years=1, max_age_years=7, min_weight_kg=10),
        row(20, 200, 240, min_age_years=7, max_age_years=13, min_weight_kg=20),
    ),
    house_mg_per_kg=D(10),
)
LMX4 = ProductLimits(
    name="LMX4",
    actives=(Active("lidocaine", D(40), "amide"),),
    adult=row(None, 900, 60, min_minutes=30),
    has_label_cap=True,
    occlusion_allowed=True,
    source="UK SmPC 2019",
    max_g_per_10cm2=D(2),
)
PLIAGLIS = ProductLimits(
    name="Pliaglis",
    actives=(Active("lidocaine", D(70), "amide"), Active("tetracaine", D(70), "ester")),
    adult=row(53, 400, 60, min_minutes=20),
    has_label_cap=True,
    occlusion_allowed=False,
    source="US label",
    area_table=tuple(
        (D(area), D(grams))
        for area, grams in (
            (10, 1), (20, 3), (40, 5), (80, 11), (100, 13), (150, 20),
            (200, 26), (250, 33), (300, 40), (350, 46), (400, 53),
        )
    ),
)  # fmt: skip
COMPOUNDED_4 = ProductLimits(
    name="Compounded 4",
    actives=(Active("lidocaine", D(40), "amide"),),
    adult=None,
    has_label_cap=False,
    occlusion_allowed=False,
    source="compounding pharmacy",
    house_mg_per_kg=D(10),
)
BLT = ProductLimits(
    name="BLT",
    actives=(
        Active("benzocaine", D(200), "ester"),
        Active("lidocaine", D(60), "amide"),
        Active("tetracaine", D(40), "ester"),
    ),
    adult=None,
    has_label_cap=False,
    occlusion_allowed=False,
    source="compounding pharmacy",
    house_mg_per_kg=D(10),
)

ADULT = PatientFacts(D(30), D(80), date(2026, 11, 1), frozenset())


def weighing(kg, **more) -> PatientFacts:
    return replace(ADULT, weight_kg=None if kg is None else D(kg), **more)


def on_skin(product=EMLA, grams=30, area=300, **more) -> Application:
    """A cream put on at 09:00, taken off at 10:00, nothing missing; override by keyword."""
    facts = {
        "applied_at": NINE,
        "removed_at": NINE + minutes(60),
        "occluded": product.occlusion_allowed,
        "heat_used": False,
        "zones": (),
    } | more
    return Application(
        product,
        None if grams is None else D(grams),
        None if area is None else D(area),
        **facts,
    )


def room(**more) -> Context:
    """A context with nothing missing: nothing else given, needling at 10:05, now 10:10."""
    facts = {
        "needling_started_at": NINE + minutes(65),
        "now": NINE + minutes(70),
        "other_anaesthetic_24h": (),
    } | more
    return Context(TODAY, facts.pop("rules", DOSE_RULES), **facts)


def codes(findings: tuple[Finding, ...], level: Level | None = None) -> list[str]:
    return [one.code for one in findings if level is None or one.level is level]


def serious(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
    """Level and code of every STOP and WARN, in reading order."""
    return [(one.level.value, one.code) for one in findings if one.level is not Level.INFO]


def the(findings: tuple[Finding, ...], code: str) -> Finding:
    """The one finding with this code; more or none fails the test."""
    (found,) = [one for one in findings if one.code == code]
    return found
