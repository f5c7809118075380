"""How many patients fit into a practitioner's day: with phases and without, by start grid.

    python -m tests.bench.capacity

Pure: no database. Rooms and devices are not what binds. The day is 540 minutes; a visit takes cream
for 5 minutes and needling for 35, 45 minutes after the start (reference: scheduling, section 3).
"""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from clinic.scheduling.hours import WeeklyRule
from clinic.scheduling.slots import (
    PhaseNeed,
    ResourceHours,
    ServiceShape,
    Snapshot,
    day_slots,
    holds_of,
)

DAY = date(2026, 11, 24)  # a Tuesday
OPENS_MIN, DAY_MINUTES = 480, 540
GRIDS = (5, 10, 15, 30)
PATTERNS = {
    "cream 5 min, back for 35 min": ((0, 5), (45, 35)),
    "busy for the whole visit": ((0, 80),),
}


def filled(stretches, grid_min: int) -> int:
    """Return how many visits the slot search fits into one practitioner's empty day.

    Each is put where the search ranks best: touching what is taken, then early.
    """
    hours = WeeklyRule(DAY.weekday(), OPENS_MIN, OPENS_MIN + DAY_MINUTES)
    known = Snapshot(ZoneInfo("Europe/London"), (ResourceHours(1, "practitioner", (hours,)),))
    needs = tuple(PhaseNeed("practitioner", start, minutes) for start, minutes in stretches)
    shape, taken, count = ServiceShape(needs, grid_min), [], 0
    while slots := day_slots(known, shape, day=DAY):
        best = min(slots, key=lambda slot: (-slot.touches, slot.start))
        taken += [(start, end) for _, start, end in holds_of(best, shape)]
        known, count = replace(known, busy={1: tuple(taken)}), count + 1
    return count


def main() -> None:
    """Print the table."""
    print(f"| pattern | {' | '.join(f'{grid} min' for grid in GRIDS)} |")
    print(f"|{'---|' * (len(GRIDS) + 1)}")
    for name, stretches in PATTERNS.items():
        print(f"| {name} | {' | '.join(str(filled(stretches, grid)) for grid in GRIDS)} |")


if __name__ == "__main__":
    main()
