"""The figures a new clinic's catalogue starts with, each with its source.

No rule reads this module: rules take their limits as arguments. It exists so that the catalogue's
first filling, the tests and `docs/clinical-safety.md` state the same figures once. Every figure
marked [proposal] is the software's own and needs the signature of a clinical lead.
"""

from __future__ import annotations

from decimal import Decimal

from .consents import CoolingOff
from .depth import DepthLine
from .dose_inputs import DoseRules
from .findings import Level
from .routes import RouteLimits
from .screening import AgeLimits

DOSE_RULES = DoseRules(
    alarm_fraction=Decimal("0.9"),
    weight_max_age_days=365,
    adult_from_years=Decimal(18),
    unlabelled_max_percent=Decimal(4),
    prescription_actives=frozenset({"benzocaine"}),
    plausible_max_g=Decimal(500),
    plausible_max_area_cm2=Decimal(20_000),
    plausible_min_weight_kg=Decimal(2),
    plausible_max_weight_kg=Decimal(400),
    plausible_max_mg=Decimal(50_000),
    source="Clinic dose rules A1-A12 [proposal]; over 4 %: FDA warnings of March 2024",
)

HOUSE_MG_PER_KG = Decimal(10)
"""Applied lidocaine, products without a label. [proposal]: arbitrary, for the lead to settle."""

HARD_STOP_DAYS = 7
HARD_STOP_DEPTH_MM = Decimal("1.0")
MAX_SESSIONS_12_MONTHS = 6
YEARLY_DAYS = 365
INTERVAL_SOURCE = (
    "[proposal] no needling of a zone within 7 days at 1.0 mm or deeper; 6 sessions in 12 months "
    "without a review (upper end in Alster & Li 2020)"
)

LOT_WARN_WITHIN_DAYS = 30
LOT_SOURCE = "[proposal] expiry on the day and 30 days ahead at stock intake"
CARTRIDGE_SOURCE = "One cartridge, one patient, one session: device labelling; CDC MMWR 73(16):372"

ROUTE_LIMITS = RouteLimits(
    channels_open_hours=Decimal(24),
    caution_hours=Decimal(72),
    not_while_open=frozenset({"vitamin C", "retinoid", "acid", "fragrance", "chemical sunscreen"}),
    exosome_banned_in=frozenset({"UK", "EU"}),
    source=(
        "[proposal] open 24 h, caution to 72 h: Gupta 2011, Kalluri 2011 and a 2021 pilot "
        "disagree; granuloma: Soltani-Arabshahi 2014, Friedmann 2024; exosomes in UK and EU "
        "cosmetics: secondary source, Nov 2025"
    ),
)

AGE = AgeLimits(
    from_years=18,
    source="House rule; Non-surgical Procedures (Scotland) Act 2026: an offence under 18",
    label_from_years=22,
    label_source="FDA: 18 to 21 years is off-label in the US",
)

SCOTLAND_DEPTH_LINE = DepthLine(
    jurisdiction="Scotland",
    depth_mm_from=Decimal("1.5"),
    rf_at_any_depth=True,
    prescribed_anaesthetic_counts=True,
    consequence="a specified procedure, from 18 years and in permitted premises only",
    level=Level.WARN,
    in_force_from=None,
    source=(
        "Non-surgical Procedures and Functions of Medical Reviewers (Scotland) Act 2026, "
        "Schedule 1 paras 6 and 8; day of commencement not found"
    ),
)

COOLING_OFF = CoolingOff(
    hours=Decimal(48),
    source=(
        "Commons committee (2022) recommended two-part consent and 48 h; no statutory period for "
        "microneedling was found; waived for repeat sessions of the same course [proposal]"
    ),
)

CONSENT_SOURCE = (
    "GMC cosmetic guidance (2016): consent by the person doing it, with time and written "
    "information; JCCP/CPSA (2020); one consent covers all sessions of a course [proposal]"
)
