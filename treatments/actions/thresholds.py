"""The house's own limits on a day, from catalogue rows into what the pure rules take."""

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from treatments.models import Threshold
from treatments.safety import seeds
from treatments.safety.consents import CoolingOff
from treatments.safety.dose import DoseRules
from treatments.safety.routes import RouteLimits

Code = Threshold.Code


@dataclass(frozen=True)
class HouseRules:
    """Limits no label gives, each as the catalogue has it on one day."""

    dose: DoseRules
    routes: RouteLimits
    hard_stop_days: int
    hard_stop_depth_mm: Decimal
    yearly_max: int
    interval_source: str
    lot_warn_days: int
    lot_source: str
    cooling_off: CoolingOff


def house_rules(on: date) -> HouseRules:
    """Return the limits that hold on a day, in one query.

    A catalogue without a row falls back to the figure it is seeded with: a check that does not run
    because somebody retired a row would be worse than one that runs on the published seed.
    """
    rows = Threshold.objects.on(on)

    def value(code, seed):
        return rows[code].value if code in rows else Decimal(seed)

    def source(seed, *codes):
        return "; ".join(dict.fromkeys(rows[code].source for code in codes if code in rows)) or seed

    return HouseRules(
        dose=replace(
            seeds.DOSE_RULES,
            alarm_fraction=value(Code.ALARM_FRACTION, seeds.DOSE_RULES.alarm_fraction),
            weight_max_age_days=int(
                value(Code.WEIGHT_MAX_AGE_DAYS, seeds.DOSE_RULES.weight_max_age_days)
            ),
            adult_from_years=value(Code.ADULT_FROM_YEARS, seeds.DOSE_RULES.adult_from_years),
            unlabelled_max_percent=value(
                Code.UNLABELLED_MAX_PERCENT, seeds.DOSE_RULES.unlabelled_max_percent
            ),
        ),
        routes=replace(
            seeds.ROUTE_LIMITS,
            channels_open_hours=value(
                Code.CHANNELS_OPEN_HOURS, seeds.ROUTE_LIMITS.channels_open_hours
            ),
            caution_hours=value(Code.CHANNELS_CAUTION_HOURS, seeds.ROUTE_LIMITS.caution_hours),
        ),
        hard_stop_days=int(value(Code.HARD_STOP_DAYS, seeds.HARD_STOP_DAYS)),
        hard_stop_depth_mm=value(Code.HARD_STOP_DEPTH_MM, seeds.HARD_STOP_DEPTH_MM),
        yearly_max=int(value(Code.YEARLY_MAX, seeds.MAX_SESSIONS_12_MONTHS)),
        interval_source=source(
            seeds.INTERVAL_SOURCE, Code.HARD_STOP_DAYS, Code.HARD_STOP_DEPTH_MM, Code.YEARLY_MAX
        ),
        lot_warn_days=int(value(Code.LOT_WARN_DAYS, seeds.LOT_WARN_WITHIN_DAYS)),
        lot_source=source(seeds.LOT_SOURCE, Code.LOT_WARN_DAYS),
        cooling_off=CoolingOff(
            value(Code.COOLING_OFF_HOURS, seeds.COOLING_OFF.hours),
            source(seeds.COOLING_OFF.source, Code.COOLING_OFF_HOURS),
        ),
    )
