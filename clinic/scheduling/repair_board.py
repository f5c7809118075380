"""The board a repair is played on: free minutes, the starts that follow, and what a visit may have.

A day is one integer per unit, as in `masks`. What a visit may have is a list of (points, day,
practitioner, starts) groups worked out once; what changes in a turn is kept lazily beside it.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from .disruption import HALF_HOUR_MIN, Place, Problem, Visit
from .finder import KINDS
from .masks import bits, grid_mask, runs, span

_SHARED = ("room", "device")


class Board:
    """The free minutes of every unit and day, and the starts that follow from them, kept lazily."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.visits = sorted(problem.visits, key=lambda row: row.visit_id)
        self.index = {visit.visit_id: n for n, visit in enumerate(self.visits)}
        units = sorted(problem.units, key=lambda row: row.unit_id)
        self.ids = [unit.unit_id for unit in units]
        self.number = {unit_id: n for n, unit_id in enumerate(self.ids)}
        self.free = [list(unit.free) for unit in units]
        # (unit, day) -> the pool it is counted in; and the minutes its units were free when pooled
        self.pool: dict[tuple[int, int], tuple[int, ...]] = {}
        self.alike: dict[tuple[int, int], int] = {}
        # Visits with the same phases and the same units that may serve them share their starts.
        self.kinds: list[ShapeStarts] = []
        known: dict = {}
        self.kind_of: list[ShapeStarts] = []
        for visit in self.visits:
            serves = {
                kind: tuple(
                    self.number[u.unit_id]
                    for u in units
                    if u.kind == kind and u.unit_id in visit.unit_ids
                )
                for kind in KINDS
            }
            key = visit.shape, tuple(serves.values())
            if key not in known:
                known[key] = ShapeStarts(visit.shape, serves, len(units), len(problem.days))
                self.kinds.append(known[key])
            self.kind_of.append(known[key])
        for kind in self.kinds:
            kind.note_most(self.free)
        self.groups = [self._groups(visit, n) for n, visit in enumerate(self.visits)]

    # --- Starts -----------------------------------------------------------------------------------
    def starts(self, kind: "ShapeStarts", which: str, unit: int, day: int) -> int:
        """Starts at which a unit could serve, as it stands."""
        row = kind.starts[day]
        if row[unit] is None:
            row[unit] = kind.compute(which, self.free[unit][day])
        return row[unit]

    def shared(self, kind: "ShapeStarts", day: int) -> int:
        """Starts at which some room and some device could serve."""
        mask = kind.shared[day]
        if mask is None:
            mask, row = -1, kind.starts[day]
            for which in _SHARED:
                if not kind.shape.needs[which]:
                    continue
                some, most = 0, kind.most[which][day]
                for unit in kind.heads[which][day]:
                    starts = row[unit]
                    if starts is None:
                        starts = row[unit] = kind.compute(which, self.free[unit][day])
                    some |= starts
                    if some == most:  # no later unit can add a start
                        break
                mask &= some
            kind.shared[day] = mask
        return mask

    # --- What a visit may have --------------------------------------------------------------------
    def _groups(self, visit: Visit, n: int) -> list[tuple[int, int, int, int]]:
        """(points, day, practitioner, starts), cheapest first; only starts free as things stand."""
        problem, kind = self.problem, self.kind_of[n]
        out: list[tuple[int, int, int, int]] = []
        people = kind.serves["practitioner"]
        for day, on in enumerate(problem.days):
            if not visit.may_come(on):
                continue
            legal = self.shared(kind, day) & grid_mask(problem.frames[day], visit.shape.grid_min)
            if busy := visit.busy_on(day):
                legal &= runs(~busy & span(0, problem.frames[day].minutes), visit.shape.total_min)
            for unit in people if legal else ():
                mask = legal & self.starts(kind, "practitioner", unit, day)
                if mask:
                    out += self._priced(visit, day, unit, mask)
        if visit.stay:
            out.append((0, visit.stay.day, self.number[visit.stay.practitioner_id],
                        1 << visit.stay.bit))  # fmt: skip
        return sorted(out)

    def _priced(self, visit: Visit, day: int, unit: int, mask: int):
        """Split the starts of one day and practitioner by what they cost."""
        problem, weights, on = self.problem, self.problem.weights, self.problem.days[day]
        points = 0 if visit.must_move else weights.unneeded
        if self.ids[unit] != visit.was_with:
            points += weights.other_practitioner
        if visit.weekdays is not None and on.weekday() not in visit.weekdays:
            points += weights.weekday
        if visit.max_day and on > visit.max_day:
            points += weights.past_max_per_day * (on - visit.max_day).days
        if (on - problem.today).days <= weights.short_notice_days and not visit.short_notice_ok:
            points += weights.short_notice
        frame = problem.frames[day]
        wished = span(
            frame.bit(visit.from_min), frame.bit(visit.to_min) - visit.shape.total_min + 1
        )
        halves = ((mask & wished, points), (mask & ~wished, points + weights.hours))
        for half, cost in halves:
            if not half:
                continue
            if on != visit.was_on:
                yield cost + weights.per_day * abs((on - visit.was_on).days), day, unit, half
                continue
            by_shift: dict[int, int] = {}
            for bit in bits(half):
                if bit == visit.was_bit:
                    own = self.ids[unit] == visit.was_with
                    shift = -cost if own else 0  # where it was, with whom it was: nothing changes
                else:
                    shift = weights.same_day + abs(bit - visit.was_bit) // HALF_HOUR_MIN
                by_shift[shift] = by_shift.get(shift, 0) | 1 << bit
            for shift, starts in by_shift.items():
                yield cost + shift, day, unit, starts

    def points_at(self, n: int, place: Place) -> int:
        """Points of a place by the groups; those of `unplaced` when it is in none of them."""
        unit = self.number[place.practitioner_id]
        for points, day, who, mask in self.groups[n]:
            if (day, who) == (place.day, unit) and mask >> place.bit & 1:
                return points
        return self.problem.weights.unplaced

    # --- Put and take -----------------------------------------------------------------------------
    def choose(self, n: int, below: int, dice: Random) -> tuple[int, Place] | None:
        """The cheapest place that is free and costs less than `below`, close to taken time."""
        kind = self.kind_of[n]
        all_starts, all_shared = kind.starts, kind.shared
        for points, day, unit, wanted in self.groups[n]:
            if points >= below:
                return None
            shared = all_shared[day]
            mask = wanted & (self.shared(kind, day) if shared is None else shared)
            if mask:
                starts = all_starts[day][unit]
                if starts is None:
                    starts = self.starts(kind, "practitioner", unit, day)
                mask &= starts
                if mask:
                    return points, self._place(kind, day, unit, mask, dice)
        return None

    def _place(self, kind: "ShapeStarts", day: int, unit: int, mask: int, dice: Random) -> Place:
        if dice.random() < 0.8:
            mask = _touching(mask, self.free[unit][day], kind.shape.needs["practitioner"])
            bit = (mask & -mask).bit_length() - 1 if dice.random() < 0.6 else mask.bit_length() - 1
        else:
            skip = int(dice.random() * mask.bit_count())
            for _ in range(min(skip, 12)):
                mask &= mask - 1
            bit = (mask & -mask).bit_length() - 1
        rooms = [self._pick(kind, which, day, bit) for which in _SHARED]
        return Place(day, bit, self.ids[unit], *rooms)

    def _pick(self, kind: "ShapeStarts", which: str, day: int, bit: int) -> int | None:
        if not kind.shape.needs[which]:
            return None
        row = kind.starts[day]
        for unit in kind.heads[which][day]:
            starts = row[unit]
            if starts is None:
                starts = self.starts(kind, which, unit, day)
            if starts >> bit & 1:
                return self.ids[unit]
        return None

    def fits(self, n: int, place: Place) -> bool:
        """Whether a place is legal and free as things stand."""
        if self.points_at(n, place) >= self.problem.weights.unplaced:
            return False
        kind = self.kind_of[n]
        return all(not kind.shape.needs[which] or self._has(kind, which, place) for which in KINDS)

    def _has(self, kind: "ShapeStarts", which: str, place: Place) -> bool:
        unit = self.number.get(place.unit(which))
        if unit not in kind.serves[which]:
            return False
        unit = self.pool.get((unit, place.day), (unit,))[0]
        return bool(self.starts(kind, which, unit, place.day) >> place.bit & 1)

    def take(self, n: int, place: Place) -> None:
        """Take the time of a place; of a pool, minute by minute, the last unit that is free."""
        day = place.day
        for unit, minutes in self._heads(n, place):
            pool, need = self.pool.get((unit, day)), minutes
            if pool is None:
                self.free[unit][day] ^= need
                continue
            for member in reversed(pool):
                part = self.free[member][day] & need
                self.free[member][day] ^= part
                need ^= part
                if not need:
                    break

    def give(self, n: int, place: Place) -> None:
        """Give the time of a place back; to a pool, minute by minute, to the first unit taken."""
        day = place.day
        for unit, minutes in self._heads(n, place):
            pool, need = self.pool.get((unit, day)), minutes
            if pool is None:
                self.free[unit][day] ^= need
                continue
            for member in pool:
                part = need & ~self.free[member][day]
                self.free[member][day] ^= part
                need ^= part
                if not need:
                    break

    def _heads(self, n: int, place: Place) -> list[tuple[int, int]]:
        """(unit, minutes) a place takes, a pool by its first unit; their starts are forgotten."""
        needs, day, bit = self.kind_of[n].needs, place.day, place.bit
        out = [(self.number[place.practitioner_id], needs["practitioner"] << bit)]
        for which, unit_id in (("room", place.room_id), ("device", place.device_id)):
            if unit_id is not None:
                unit = self.number[unit_id]
                pool = self.pool.get((unit, day))
                out.append((pool[0] if pool else unit, needs[which] << bit))
        is_shared = len(out) > 1
        for other in self.kinds:
            row = other.starts[day]
            for unit, _ in out:
                row[unit] = None
            if is_shared:
                other.shared[day] = None
        return out

    # --- Pools ------------------------------------------------------------------------------------
    def make_pools(self) -> None:
        """Count the rooms or devices of a day that are free alike instead of telling them apart.

        Visits one after the other on named units leave gaps nobody fits in, although at no minute
        all units are taken. Where the units of a day are free at the same minutes and serve the
        same visits, and each visit needs one in one stretch, counting is enough: stretches that
        never overlap more than k times always go round k units. `named` shares the names out.
        The first unit of a pool has the minutes at which any is free, the second those at which
        any two are, and so on.
        """
        for which in _SHARED:
            if any(len(kind.shape.needs[which]) > 1 for kind in self.kinds):
                continue
            units = sorted({unit for kind in self.kinds for unit in kind.serves[which]})
            for day in range(len(self.problem.days)):
                alike: dict = {}
                for unit in units:
                    serves = tuple(unit in kind.serves[which] for kind in self.kinds)
                    alike.setdefault((self.free[unit][day], serves), []).append(unit)
                pools = [tuple(pool) for pool in alike.values() if len(pool) > 1]
                self.pool |= {(unit, day): pool for pool in pools for unit in pool}
                self.alike |= {(unit, day): self.free[unit][day] for pool in pools for unit in pool}
                behind = {unit for pool in pools for unit in pool[1:]}
                for kind in self.kinds:
                    kind.heads[which][day] = tuple(
                        u for u in kind.serves[which] if u not in behind and self.free[u][day]
                    )

    def named(self, places: Mapping[int, Place | None]) -> dict[int, Place | None]:
        """The places, by number of visit, with the units of every pool shared out by name.

        Everybody keeps the unit they had, or else the place names, where it is still free.
        """
        out = dict(places)
        free = dict(self.alike)
        for which in _SHARED:
            rows = []
            for n, place in places.items():
                pool = place and self.pool.get((self.number.get(place.unit(which)), place.day))
                if pool:
                    start = place.bit + self.kind_of[n].shape.needs[which][0][0]
                    rows.append((place.day, start, n, pool))
            for day, _, n, pool in sorted(rows):
                place, stay = places[n], self.visits[n].stay
                need = self.kind_of[n].needs[which] << place.bit
                had = [p.unit(which) for p in (stay, place) if p is not None]
                wanted = [self.number[unit] for unit in had if unit in self.number]
                unit = next(
                    u for u in (*wanted, *pool) if u in pool and free[u, day] & need == need
                )
                free[unit, day] ^= need
                out[n] = replace(out[n], **{f"{which}_id": self.ids[unit]})
        return out


class ShapeStarts:
    """One shape of visit with the units that serve it, and its starts, None where not known."""

    def __init__(self, shape, serves, units: int, days: int) -> None:
        self.shape, self.serves = shape, serves
        self.needs = {
            which: sum(span(start, end) for start, end in shape.needs[which]) for which in KINDS
        }
        self.starts: list[list[int | None]] = [[None] * units for _ in range(days)]
        self.shared: list[int | None] = [None] * days
        self.most: dict[str, list[int]] = {}
        self.heads = {which: [serves[which]] * days for which in _SHARED}
        self._known: dict[tuple[str, int], int] = {}

    def note_most(self, free) -> None:
        """Keep the starts that rooms and devices have while nobody has been placed."""
        for which in _SHARED:
            self.most[which] = [0] * len(self.shared)
            for unit in self.serves[which]:
                for day, minutes in enumerate(free[unit]):
                    self.most[which][day] |= self.compute(which, minutes)

    def compute(self, which: str, free: int) -> int:
        """Starts from which every stretch of a need lies in free minutes."""
        key = which, free
        mask = self._known.get(key)
        if mask is None:
            mask = -1
            for start, end in self.shape.needs[which]:
                mask &= runs(free, end - start) >> start
            self._known[key] = mask
        return mask


def _touching(mask: int, free: int, needs) -> int:
    """The starts of `mask` whose stretches touch the most taken time; `mask` where none does."""
    taken = ~free
    once = twice = 0
    for start, end in needs:
        for edge in (mask & taken << 1 >> start, mask & taken >> end):
            twice |= once & edge
            once |= edge
    return twice or once or mask
