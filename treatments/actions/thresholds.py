"""The house's own limits on a day, from catalogue rows into what the pure rules take."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from treatments.models import Threshold
from treatments.safety import seeds
from treatments.safety.consents import CoolingOff
from treatments.safety.depth import DepthLine
from treatments.safety.dose import DoseRules
from treatments.safety.routes import RouteLimits
from treatments.safety.screening import AgeLimits

Code = Threshold.Code


@dataclass(frozen=True)
class HouseRules:
    """Limits no label gives, each as the catalogue has it on one day."""

    dose: DoseRules
    routes: RouteLimits
    depth_line: DepthLine
    hard_stop_days: int
    hard_stop_depth_mm: Decimal
    yearly_max: int
    yearly_days: int
    interval_source: str
    lot_warn_days: int
    lot_source: str
    age: AgeLimits  # with the label of the US; `AgeLimits.label_from_years` counts there alone
    cooling_off: CoolingOff


class _Limits:
    """The figures that hold on a day, with the seed where the catalogue has no row.

    A check that does not run because somebody retired a row would be worse than one that runs on
    the published seed.
    """

    def __init__(self, on: date) -> None:
        self.rows = Threshold.objects.on(on)

    def value(self, code: Code, seed) -> Decimal:
        return self.rows[code].value if code in self.rows else Decimal(seed)

    def source(self, seed: str, *codes: Code) -> str:
        found = (self.rows[code].source for code in codes if code in self.rows)
        return "; ".join(dict.fromkeys(found)) or seed


def house_rules(on: date) -> HouseRules:
    """Return the limits that hold on a day, in one query."""
    limits = _Limits(on)
    value, source = limits.value, limits.source
    return HouseRules(
        dose=_dose(limits),
        routes=_routes(limits),
        depth_line=replace(
            seeds.SCOTLAND_DEPTH_LINE,
            depth_mm_from=value(Code.SCOTLAND_DEPTH_MM, seeds.SCOTLAND_DEPTH_LINE.depth_mm_from),
            source=source(seeds.SCOTLAND_DEPTH_LINE.source, Code.SCOTLAND_DEPTH_MM),
        ),
        hard_stop_days=int(value(Code.HARD_STOP_DAYS, seeds.HARD_STOP_DAYS)),
        hard_stop_depth_mm=value(Code.HARD_STOP_DEPTH_MM, seeds.HARD_STOP_DEPTH_MM),
        yearly_max=int(value(Code.YEARLY_MAX, seeds.MAX_SESSIONS_12_MONTHS)),
        yearly_days=int(value(Code.YEARLY_DAYS, seeds.YEARLY_DAYS)),
        interval_source=source(
            seeds.INTERVAL_SOURCE, Code.HARD_STOP_DAYS, Code.HARD_STOP_DEPTH_MM, Code.YEARLY_MAX
        ),
        lot_warn_days=int(value(Code.LOT_WARN_DAYS, seeds.LOT_WARN_WITHIN_DAYS)),
        lot_source=source(seeds.LOT_SOURCE, Code.LOT_WARN_DAYS),
        age=AgeLimits(
            from_years=int(value(Code.NEEDLING_FROM_YEARS, seeds.AGE.from_years)),
            source=source(seeds.AGE.source, Code.NEEDLING_FROM_YEARS),
            label_from_years=int(value(Code.US_LABEL_FROM_YEARS, seeds.AGE.label_from_years)),
            label_source=source(seeds.AGE.label_source, Code.US_LABEL_FROM_YEARS),
        ),
        cooling_off=CoolingOff(
            value(Code.COOLING_OFF_HOURS, seeds.COOLING_OFF.hours),
            source(seeds.COOLING_OFF.source, Code.COOLING_OFF_HOURS),
        ),
    )


def _dose(limits: _Limits) -> DoseRules:
    seed, value = seeds.DOSE_RULES, limits.value
    return replace(
        seed,
        alarm_fraction=value(Code.ALARM_FRACTION, seed.alarm_fraction),
        weight_max_age_days=int(value(Code.WEIGHT_MAX_AGE_DAYS, seed.weight_max_age_days)),
        adult_from_years=value(Code.ADULT_FROM_YEARS, seed.adult_from_years),
        unlabelled_max_percent=value(Code.UNLABELLED_MAX_PERCENT, seed.unlabelled_max_percent),
    )


def _routes(limits: _Limits) -> RouteLimits:
    seed, value = seeds.ROUTE_LIMITS, limits.value
    return replace(
        seed,
        channels_open_hours=value(Code.CHANNELS_OPEN_HOURS, seed.channels_open_hours),
        caution_hours=value(Code.CHANNELS_CAUTION_HOURS, seed.caution_hours),
    )
