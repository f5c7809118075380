"""Made-up fortnights with a disruption in them: the scenarios A to G of the repair's measurements.

Eight practitioners, ten working days, three kinds of visit with phases, competences, blackouts,
healing windows and wishes. Everything is drawn from one seed; nothing here knows the search.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from clinic.scheduling.disruption import Place, Problem, Unit, Visit
from clinic.scheduling.finder import PhaseNeed, ServiceShape
from clinic.scheduling.masks import runs, span

MONDAY = date(2026, 11, 23)
DAYS = tuple(MONDAY + timedelta(days=n + n // 5 * 2) for n in range(10))
OPEN = span(540, 1080)  # 09:00 to 18:00
PEOPLE, ROOMS, DEVICES = range(8), range(100, 114), range(200, 210)
FIRST_ID = 1000
PARTY = tuple(PEOPLE) + tuple(ROOMS) + tuple(DEVICES)


def _shape(*phases) -> ServiceShape:
    return ServiceShape(tuple(PhaseNeed(*phase) for phase in phases))


#: Back: 10 min of cream, 45 of needling. Face: shorter. Review: a talk.
SHAPES = (
    _shape(("practitioner", 0, 10), ("practitioner", 50, 45), ("room", 0, 105), ("device", 50, 55)),
    _shape(("practitioner", 0, 5), ("practitioner", 40, 35), ("room", 0, 85), ("device", 40, 45)),
    _shape(("practitioner", 0, 30), ("room", 0, 30)),
)
SHARES = (40, 40, 20)


@dataclass(frozen=True)
class Scenario:
    """What happens to which fortnight. `away`: practitioners and the days they are gone."""

    visits: int
    away: tuple[tuple[int, tuple[int, ...]], ...] = ()
    broken: tuple[tuple[int, ...], tuple[int, ...]] = ((), ())  # devices, days


SCENARIOS = {
    "A": Scenario(400, ((0, (1, 2, 3)),)),
    "B": Scenario(400, ((0, tuple(range(10))),)),
    "C": Scenario(400, ((0, tuple(range(5))), (1, tuple(range(5))))),
    "D": Scenario(520, ((0, tuple(range(5))),)),
    "E": Scenario(520, ((0, tuple(range(5))), (1, tuple(range(5))))),
    "F": Scenario(400, broken=((200, 201, 202, 203, 204), (1, 2))),
    "G": Scenario(640, ((0, tuple(range(5))),)),
}


class _Diary:
    """A fortnight being filled: who is free when."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.free = {unit: [OPEN] * len(DAYS) for unit in PARTY}
        self.serves = {
            n: {p for p in PEOPLE if dice.random() < 0.85} | set(dice.sample(list(PEOPLE), 3))
            for n in range(len(SHAPES))
        }
        self.rows: list[tuple[int, Place]] = []  # kind, place

    def fill(self, visits: int) -> None:
        """Book visits at random, mostly next to what is taken, until nothing fits any more."""
        cells = [(day, who) for day in range(len(DAYS)) for who in PEOPLE]
        misses = 0
        while len(self.rows) < visits and misses < 3000:
            day, who = self.dice.choice(cells)
            kind = self.dice.choices(range(len(SHAPES)), SHARES)[0]
            if who in self.serves[kind] and self._book(kind, day, who):
                misses = 0
            else:
                misses += 1

    def _book(self, kind: int, day: int, who: int) -> bool:
        grid = range(540, 1080, 10)
        found = [bit for bit in grid if self._fits(kind, who, "practitioner", day, bit)]
        if not found:
            return False
        bit = self.dice.choice(found) if self.dice.random() < 0.35 else found[0]
        units = [self._first(kind, ids, which, day, bit)
                 for which, ids in (("room", ROOMS), ("device", DEVICES))]  # fmt: skip
        if None in units:
            return False
        place = Place(day, bit, who, *(unit if unit >= 0 else None for unit in units))
        self.rows.append((kind, place))
        turn(self.free, SHAPES[kind], place)
        return True

    def _first(self, kind, ids, which, day, bit) -> int | None:
        if not SHAPES[kind].needs[which]:
            return -1
        return next((u for u in ids if self._fits(kind, u, which, day, bit)), None)

    def _fits(self, kind, unit, which, day, bit) -> bool:
        free = self.free[unit][day]
        return all(runs(free, end - start) >> (bit + start) & 1
                   for start, end in SHAPES[kind].needs[which])  # fmt: skip


def turn(free, shape: ServiceShape, place: Place) -> None:
    """Take the minutes of a place, or give them back."""
    for which in ("practitioner", "room", "device"):
        for start, end in shape.needs[which]:
            free[place.unit(which)][place.day] ^= span(place.bit + start, place.bit + end)


def booked(name: str, seed: int) -> dict[int, Place]:
    """Where everybody stands in the fortnight drawn from `seed`, before anything happens."""
    return {FIRST_ID + n: place for n, (_, place) in enumerate(_filled(name, seed)[0].rows)}


def _filled(name: str, seed: int) -> tuple[_Diary, Random]:
    dice = Random(f"{name}-{seed}")
    diary = _Diary(dice)
    diary.fill(SCENARIOS[name].visits)
    return diary, dice


def problem(name: str, seed: int) -> Problem:
    """The disruption `name` of the fortnight drawn from `seed`."""
    scenario, (diary, dice) = SCENARIOS[name], _filled(name, seed)
    gone = {(who, day) for who, days in scenario.away for day in days}
    devices, device_days = scenario.broken
    gone |= {(device, day) for device in devices for day in device_days}
    is_candidate = [_is_candidate(place, gone, device_days) for _, place in diary.rows]
    wishes = [_wish(dice, key, *row, diary) for key, row in enumerate(diary.rows)]
    for (kind, place), affected in zip(diary.rows, is_candidate, strict=True):
        if affected:
            turn(diary.free, SHAPES[kind], place)
    for unit, day in gone:
        diary.free[unit][day] = 0
    kinds = {**dict.fromkeys(PEOPLE, "practitioner"), **dict.fromkeys(ROOMS, "room"),
             **dict.fromkeys(DEVICES, "device")}  # fmt: skip
    units = tuple(Unit(u, kinds[u], tuple(diary.free[u])) for u in PARTY)
    visits = tuple(
        Visit(**facts, **_stay(place, gone))
        for (_, place), facts, affected in zip(diary.rows, wishes, is_candidate, strict=True)
        if affected
    )
    return Problem(ZoneInfo("UTC"), DAYS, MONDAY - timedelta(days=1), units, visits)


def _is_candidate(place: Place, gone, device_days: Iterable[int]) -> bool:
    """Whether a visit may be moved: hit by an absence, or using a device while devices are short."""
    if place.device_id is not None and place.day in device_days:
        return True
    return (place.practitioner_id, place.day) in gone


def _stay(place: Place, gone) -> dict:
    hit = {(place.practitioner_id, place.day), (place.device_id, place.day)} & gone
    return {"must_move": bool(hit), "stay": None if hit else place}


def _wish(dice: Random, key: int, kind: int, place: Place, diary: _Diary) -> dict:
    """Draw what one patient can and wants; every draw is made for everybody."""
    day = DAYS[place.day]
    away_from, away_days, is_away = dice.randrange(-3, 12), dice.randrange(1, 5), dice.random()
    away = {MONDAY + timedelta(days=away_from + n) for n in range(away_days)}
    closed = away if is_away < 0.3 else set()
    early, late, limit = dice.randrange(0, 6), dice.randrange(2, 12), dice.randrange(5, 21)
    weekdays = tuple(sorted({day.weekday(), *dice.sample(range(5), 2)}))
    hours = dice.choice(((0, 1440), (0, 1440), (540, 780), (780, 1080)))
    wants_days = dice.random() < 0.4
    if not hours[0] <= place.bit <= hours[1] - SHAPES[kind].total_min:
        hours = (0, 1440)
    people = set(diary.serves[kind])
    return {
        "visit_id": FIRST_ID + key, "shape": SHAPES[kind], "was_on": day, "was_bit": place.bit,
        "was_with": place.practitioner_id,
        "unit_ids": frozenset(people | set(ROOMS) | set(DEVICES)),
        "first_day": day - timedelta(days=early), "last_day": day + timedelta(days=limit),
        "max_day": day + timedelta(days=late), "closed": frozenset(closed - {day}),
        "weekdays": weekdays if wants_days else None, "from_min": hours[0], "to_min": hours[1],
        "short_notice_ok": dice.random() < 0.3,
    }  # fmt: skip
