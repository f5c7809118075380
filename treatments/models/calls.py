"""Times to offer on the telephone to those a repair finds no place for: no time is offered twice."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property

from clinic.models import Appointment
from clinic.models.openings import shape_of, with_promised
from clinic.scheduling.disruption import Place
from clinic.scheduling.finder import Slot, Snapshot
from clinic.scheduling.masks import frame_of
from clinic.scheduling.minutes import minute_of_instant
from clinic.scheduling.slots import Wish, holds_of, next_slots
from treatments.models.disruptions import BEYOND_DAYS, Disruption, Window

SOON_MIN = 60  # nobody is asked on the telephone to come within the hour


@dataclass
class Offers:
    """What is left for those to call, given out in their order: today, then after the days searched.

    Today is asked for by telephone alone; the days between were searched without a place. `places`:
    the plan, whose times are not offered.
    """

    disruption: Disruption
    places: Mapping[int, Place | None]
    _given: dict[date, list[tuple[int, int, int]]] = field(default_factory=dict, init=False)
    _days: dict[tuple[int, date], Snapshot] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for row in self.disruption.visits:
            if place := self.places.get(row.pk):
                self._give(self.disruption.slot(row, place), row)

    def first_free(self, rows: Iterable[Appointment]) -> Iterator[Slot | None]:
        """Yield the first time free for each visit; None within six weeks."""
        for row in rows:
            slot = self._first(row)
            if slot:
                self._give(slot, row)
            yield slot

    def _first(self, row: Appointment) -> Slot | None:
        of, window = self.disruption, self.disruption.windows.get(row.pk, Window())
        beyond = of.days[-1] + timedelta(days=1)
        days = [of.today, *(beyond + timedelta(days=n) for n in range(BEYOND_DAYS))]
        refused, away = of.refusals(row), of.away_days(row, days)
        people = of.competent(row) - refused.practitioner_ids
        for day in days:
            if window.last and day > window.last:
                return None
            if day in away or refused.closes(day) or (window.first and day < window.first):
                continue
            if found := self._on(row, day, Wish(tuple(sorted(people)))):
                return found
        return None

    def _on(self, row: Appointment, day: date, wish: Wish) -> Slot | None:
        first = frame_of(day, self.disruption.clinic.zone).start
        if day == self.disruption.today:
            first = max(first, minute_of_instant(self.disruption.at) + SOON_MIN)
        found = next_slots(self._known(row, day), shape_of(row.service), from_minute=first,
                           days=1, count=1, wish=wish)  # fmt: skip
        return found[0] if found and found[0].day == day else None

    # --- What is taken ----------------------------------------------------------------------------
    def _known(self, row: Appointment, day: date) -> Snapshot:
        """Return a day of a visit's service: what the diary holds, and what was given out."""
        key = row.service_id, day
        if key not in self._days:
            known = self._in_diary.only(self.disruption.competent(row))
            self._days[key] = with_promised(known, self._given.get(day, ()))
        return self._days[key]

    @cached_property
    def _in_diary(self) -> Snapshot:
        """What the diary holds, read once for every service."""
        return self.disruption.in_diary()

    def _give(self, slot: Slot, row: Appointment) -> None:
        self._given.setdefault(slot.day, []).extend(holds_of(slot, shape_of(row.service)))
        for key in [key for key in self._days if key[1] == slot.day]:
            del self._days[key]
