"""What the numbing rules look at: products with their limits, applications, patient, context.

Catalogue rows (`Active`, `LimitRow`, `ProductLimits`, `DoseRules`) refuse nonsense with
`ValueError` when they are built. Recorded facts (`Application`, `PatientFacts`, `Context`) accept
whatever was entered, also nothing: the rules answer a missing or impossible entry with a finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from .quantities import fault_of, must_be_quantity, shown

CHEMICAL_CLASSES = ("amide", "ester")


@dataclass(frozen=True, slots=True)
class Active:
    """One active substance in a product: 2.5 % w/w is 25 mg per gram."""

    name: str
    mg_per_g: Decimal
    chemical_class: str

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("an active needs a name")
        if self.chemical_class not in CHEMICAL_CLASSES:
            raise ValueError(f"{self.name}: {self.chemical_class!r} is not amide or ester")
        if fault := fault_of(self.mg_per_g, at_most=Decimal(1000)):
            raise ValueError(f"{self.name}: mg_per_g {self.mg_per_g!r} {fault}")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One row of a label: most grams, most area, contact minutes, and for whom.

    None means the label gives no such limit. Ages are in years, from `min_age_years` up to but not
    including `max_age_years`; the weight must be over `min_weight_kg`, as the label prints it.
    """

    max_g: Decimal | None
    max_area_cm2: Decimal | None
    max_minutes: Decimal | None
    source: str
    min_minutes: Decimal | None = None
    min_age_years: Decimal | None = None
    max_age_years: Decimal | None = None
    min_weight_kg: Decimal | None = None

    def __post_init__(self) -> None:
        for name in ("max_g", "max_area_cm2", "max_minutes", "max_age_years"):
            must_be_quantity(name, getattr(self, name))
        for name in ("min_minutes", "min_age_years", "min_weight_kg"):
            must_be_quantity(name, getattr(self, name), zero_allowed=True)

    def admits(self, age_years: Decimal, weight_kg: Decimal | None) -> bool:
        """Whether a child is old enough and heavy enough for this row; both must hold."""
        if self.min_age_years is None or age_years < self.min_age_years:
            return False
        return self.min_weight_kg is None or (
            weight_kg is not None and weight_kg > self.min_weight_kg
        )


@dataclass(frozen=True, slots=True)
class ProductLimits:
    """An anaesthetic product as the catalogue knows it on the day.

    `house_mg_per_kg` is the clinic's own limit for applied drug (None: none set).
    `area_table` holds the label's (area cm2, grams) rows, `max_g_per_10cm2` its thickest layer;
    both may be empty. `has_label_cap` is False for compounded products.
    """

    name: str
    actives: tuple[Active, ...]
    adult: LimitRow | None
    has_label_cap: bool
    occlusion_allowed: bool
    source: str
    child_rows: tuple[LimitRow, ...] = ()
    occlusion_required: bool = False
    house_mg_per_kg: Decimal | None = None
    area_table: tuple[tuple[Decimal, Decimal], ...] = ()
    max_g_per_10cm2: Decimal | None = None
    effective_from: date | None = None

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise ValueError("a product needs a name")
        must_be_quantity("house_mg_per_kg", self.house_mg_per_kg)
        must_be_quantity("max_g_per_10cm2", self.max_g_per_10cm2)
        for area_cm2, grams in self.area_table:
            must_be_quantity("area_table area", area_cm2)
            must_be_quantity("area_table grams", grams)

    @property
    def percent_w_w(self) -> Decimal:
        """All actives together, in per cent by weight (mg per g / 10), counted one to one."""
        return sum((active.mg_per_g for active in self.actives), Decimal(0)) / 10

    def contains(self, active_name: str) -> bool:
        """Whether an active of this name is in the product."""
        return any(active.name.lower() == active_name.lower() for active in self.actives)

    def table_grams(self, area_cm2: Decimal) -> Decimal | None:
        """Grams the label's table prints for this area: the next printed row at or above it.

        None where there is no table or the area is past its last row.
        """
        rows = sorted(self.area_table)
        return next((grams for row_area, grams in rows if row_area >= area_cm2), None)


@dataclass(frozen=True, slots=True)
class Application:
    """One cream put on once. None means not recorded, and is answered as such."""

    product: ProductLimits
    grams: Decimal | None
    area_cm2: Decimal | None
    applied_at: datetime | None
    removed_at: datetime | None
    occluded: bool | None
    heat_used: bool | None
    zones: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """What a finding about this application is about: product and zones."""
        return ", ".join((self.product.name, *self.zones))


@dataclass(frozen=True, slots=True)
class OtherAnaesthetic:
    """Another local anaesthetic of the last 24 hours, by any route, from anyone. `mg` of active."""

    name: str
    active: str
    chemical_class: str
    mg: Decimal | None

    def __post_init__(self) -> None:
        if self.chemical_class not in CHEMICAL_CLASSES:
            raise ValueError(f"{self.name}: {self.chemical_class!r} is not amide or ester")


@dataclass(frozen=True, slots=True)
class PatientFacts:
    """The patient as recorded. `allergies` holds 'amide', 'ester', 'paba' or words of the record.

    Words are searched for the class, the name of an active and the first word of a product's name.
    `allergies=None` means nobody asked; an empty set means asked and none.
    """

    age_years: Decimal | None
    weight_kg: Decimal | None
    weight_on: date | None
    allergies: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class DoseRules:
    """The clinic's thresholds that no label gives. Catalogue rows; nothing here has a default.

    `alarm_fraction` of the longest contact time raises the in-room alarm (A3).
    `unlabelled_max_percent` is the strength over which a product without a label needs a
    prescription (A5), `prescription_actives` are actives that always do.
    The `plausible_*` bounds catch slips of the keyboard; they are not clinical limits.
    """

    alarm_fraction: Decimal
    weight_max_age_days: int
    adult_from_years: Decimal
    unlabelled_max_percent: Decimal
    prescription_actives: frozenset[str]
    plausible_max_g: Decimal
    plausible_max_area_cm2: Decimal
    plausible_min_weight_kg: Decimal
    plausible_max_weight_kg: Decimal
    plausible_max_mg: Decimal
    source: str

    def __post_init__(self) -> None:
        if fault := fault_of(self.alarm_fraction, at_most=Decimal(1)):
            raise ValueError(f"alarm_fraction {self.alarm_fraction!r} {fault}")


@dataclass(frozen=True, slots=True)
class Context:
    """The day and the room. `other_anaesthetic_24h=None` means nobody asked; `()` means none.

    Earlier applications of the *same* product within 24 hours belong among the applications, so
    that the label's caps see their sum.
    """

    today: date
    rules: DoseRules
    needling_started_at: datetime | None = None
    now: datetime | None = None
    other_anaesthetic_24h: tuple[OtherAnaesthetic, ...] | None = None
    prescription_recorded: bool = False


def weight_fault(patient: PatientFacts, rules: DoseRules) -> str:
    """Why the weight cannot be calculated with, in words; empty where it can."""
    if patient.weight_kg is None:
        return "is not recorded"
    if fault := fault_of(patient.weight_kg, at_most=rules.plausible_max_weight_kg):
        return f"({patient.weight_kg}) {fault}"
    if patient.weight_kg < rules.plausible_min_weight_kg:
        return f"is under {shown(rules.plausible_min_weight_kg)} kg, which is not plausible"
    return ""


def usable_weight(patient: PatientFacts, rules: DoseRules) -> Decimal | None:
    """The weight in kg where it can be calculated with, else None. It may still be old (A7)."""
    return None if weight_fault(patient, rules) else patient.weight_kg


def is_child(patient: PatientFacts, rules: DoseRules) -> bool:
    """Whether a usable age is under the adult age. An unusable age is its own finding."""
    age = patient.age_years
    return not age_fault(patient) and age < rules.adult_from_years


def age_fault(patient: PatientFacts) -> str:
    """Why the age cannot be used, in words; empty where it can."""
    if patient.age_years is None:
        return "is not recorded"
    fault = fault_of(patient.age_years, above=None, at_most=Decimal(130))
    if not fault and patient.age_years < 0:
        fault = "is below zero"
    return f"({patient.age_years}) {fault}" if fault else ""


def limit_row(product: ProductLimits, patient: PatientFacts, rules: DoseRules) -> LimitRow | None:
    """The row of the label that applies to this patient, None where the product has none.

    A child gets the highest row whose age and weight both hold, else a lower one; a missing weight
    therefore leads to a row that asks for none. A row that does not say from which age it holds is
    no row for a child, and of two rows from one age the one with fewer grams is read. Without a
    usable age the adult row is read, beside the STOP for the age itself.
    """
    if not is_child(patient, rules):
        return product.adult
    weight_kg = usable_weight(patient, rules)
    rows = [row for row in product.child_rows if row.admits(patient.age_years, weight_kg)]
    return min(rows, key=lambda row: (-row.min_age_years, _grams_or_most(row)), default=None)


def _grams_or_most(row: LimitRow) -> Decimal:
    """The row's grams for sorting; a row without a limit for grams comes last."""
    return Decimal("Infinity") if row.max_g is None else row.max_g
