"""Repair after a disruption: the least disruptive plan for the visits that must move.

Greedy start, then a large-neighbourhood search: take a few visits out, put them back better. The
budget is counted in turns, never in seconds, the dice are seeded and every input is sorted, so one
problem has one answer on every machine. Only the visits of the problem move; everybody else's time
is taken time. A day is one integer per unit, as in `masks`, and what a visit may have is a list of
(points, day, practitioner, starts) groups worked out once: in a turn only masks meet.

Measured against proven optima by tests/clinic/scheduling/test_repair_fixtures.py.
"""

from collections.abc import Mapping
from random import Random

from .disruption import Place, Plan, Problem
from .repair_board import Board

TURNS, PATIENCE = 8_000, 2_000
WARM, HOT, HOT_SHARE, PUSH = 30, 300, 0.6, 0.3  # points a turn may cost, and the share of hot turns
ROUND = 700  # turns without a better plan, then the search begins again from the best
COOL_TURNS = 6_000  # the most turns while everybody who could come has a place
NEAREST_GROUPS = 40  # how far down its list a visit looks for a better place
FAR_START = 12  # how far into the starts of a group a visit looks
ABOUT_MIN = 90  # two visits this near in time may want the same room or device


def repair(
    problem: Problem,
    *,
    turns: int = TURNS,
    seed: int = 1,
    fixed: Mapping[int, Place] | None = None,
    start: Mapping[int, Place | None] | None = None,
) -> Plan:
    """Return the best plan found in at most `turns` turns.

    `fixed` are places that stand (accepted or pinned) as long as they are legal and free. `start`
    is a plan to begin from where it still is, so that a small change of the question makes a small
    change of the answer.
    """
    board = Board(problem)
    stands = {}
    for key, place in sorted((fixed or {}).items()):
        n = board.index.get(key)
        if n is not None and board.fits(n, place):
            board.take(n, place)
            stands[key] = place
    board.make_pools()
    dice = Random(seed)  # noqa: S311 -- dice, not a secret
    search = _Search(board, [v for v in board.visits if v.visit_id not in stands], dice)
    search.begin(start or {})
    search.improve(turns)
    found = board.named({board.index[key]: place for key, place in search.best_places.items()})
    places = {key: stands.get(key) or found.get(board.index[key]) for key in sorted(problem.visit)}
    points = search.best_points + sum(
        board.points_at(board.index[key], place) for key, place in stands.items()
    )
    return Plan(places, points, problem.weights.version)


class _Search:
    """Places, points and the best plan so far."""

    def __init__(self, board: Board, visits, dice: Random) -> None:
        self.board, self.dice = board, dice
        self.visits = [board.index[visit.visit_id] for visit in visits]
        self.none = board.problem.weights.unplaced
        self.place: dict[int, Place | None] = dict.fromkeys(self.visits)
        self.points: dict[int, int] = dict.fromkeys(self.visits, self.none)
        self.least = {
            n: min([self.none, *(g[0] for g in board.groups[n][:1])]) for n in self.visits
        }
        self._nearest = {n: board.groups[n][:NEAREST_GROUPS] for n in self.visits}
        self.total = self.none * len(self.visits)
        self.best_points, self.best_places = self.total, {}

    # --- The start --------------------------------------------------------------------------------
    def begin(self, start: Mapping[int, Place | None]) -> None:
        """Take over what is still legal of `start`; then the visits with the fewest ways first."""
        for n in self.visits:
            place = start.get(self.board.visits[n].visit_id)
            if place is not None and self.board.fits(n, place):
                self._set(n, place, self.board.points_at(n, place))
        ways = {n: len(self.board.groups[n]) for n in self.visits}
        for n in sorted(self.visits, key=lambda n: (ways[n], n)):
            if self.place[n] is None:
                self._fill(n, self.none)
        self._keep()

    def _fill(self, n: int, below: int) -> bool:
        found = self.board.choose(n, below, self.dice)
        if found:
            self._set(n, found[1], found[0])
        return bool(found)

    def _set(self, n: int, place: Place, points: int) -> None:
        self.board.take(n, place)
        self.total += points - self.points[n]
        self.place[n], self.points[n] = place, points

    def _clear(self, n: int) -> None:
        if (place := self.place[n]) is not None:
            self.board.give(n, place)
            self.total += self.none - self.points[n]
            self.place[n], self.points[n] = None, self.none

    def _keep(self) -> None:
        self.best_points = self.total
        self.best_places = {self.board.visits[n].visit_id: p for n, p in self.place.items()}

    # --- The turns --------------------------------------------------------------------------------
    def improve(self, turns: int) -> None:
        """Take a few visits out and put them back, at most `turns` times.

        While somebody who could come has no place, the first turns put up with far worse plans:
        to make room for one visit a dozen others may have to give way to each other. The rest
        begins again from the best plan and puts up with little.
        """
        movable = [n for n in self.visits if self.board.groups[n]]
        if not movable:
            return
        hot = int(turns * HOT_SHARE) if any(self.place[n] is None for n in movable) else 0
        self.hot = True
        self._improve(movable, hot, HOT)
        self.hot = False
        self._back_to_best()
        self._improve(movable, min(turns - hot, COOL_TURNS), WARM)

    def _improve(self, movable, turns: int, warmth: int) -> None:
        """Cool down from `warmth` points, while hot over all `turns`, else round by round.

        A round cools to nothing, and the next begins warm from the best plan: where a plan costs a
        hundred points in all, turns that never cool walk out of sight of anything good. Stops
        earlier when nothing can be better, and after `PATIENCE` turns without a better plan.
        """
        floor, since = sum(self.least.values()), 0
        for turn in range(turns):
            if self.best_points <= floor or turn - since > PATIENCE:
                return
            in_round = (turn - since) % ROUND
            if not self.hot and turn > since and not in_round:
                self._back_to_best()
            left = 1 - (turn / turns if self.hot else in_round / ROUND)
            slack = self.dice.random() * warmth * left**2
            self._turn(movable, slack)
            if self.total < self.best_points:
                self._keep()
                since = turn

    def _back_to_best(self) -> None:
        """Take every visit out and put it where the best plan has it."""
        for n in self.visits:
            self._clear(n)
        for n in self.visits:
            place = self.best_places[self.board.visits[n].visit_id]
            if place is not None:
                self._set(n, place, self.board.points_at(n, place))

    def _turn(self, movable, slack: float) -> None:
        out = self._neighbourhood(movable)
        before = [(n, self.place[n], self.points[n]) for n in out]
        limit = sum(points for _, _, points in before) + slack
        for n in out:
            self._clear(n)
        rest = sum(self.least[n] for n in out)
        spent = 0
        for n in out:
            rest -= self.least[n]
            self._fill(n, min(limit - spent - rest + 1, self.none))
            spent += self.points[n]
            if spent + rest > limit:
                break
        if spent + rest > limit:
            for n in out:
                self._clear(n)
            for n, place, points in before:
                if place is not None:
                    self._set(n, place, points)

    def _neighbourhood(self, movable) -> list[int]:
        """One visit that could be better off, and those who stand where it would like to be."""
        dice, points, least = self.dice, self.points, self.least
        worse = [n for n in movable if points[n] > least[n]]
        if self.hot and dice.random() < PUSH:
            worse = [n for n in worse if self.place[n] is None] or worse
        from_ = worse if worse and dice.random() < 0.85 else movable
        first = from_[int(dice.random() * len(from_))]
        out = [first]
        near = self.board.groups[first] if self.place[first] is None else self._nearest[first]
        better = [group for group in near if group[0] < points[first]]
        if better:
            group = better[int(dice.random() * dice.random() * len(better))]
            there = (
                self._about(movable, group) if self.hot else self._in_the_way(movable, first, group)
            )
            out += [n for n in there if n != first]
        wanted = 2 + int(dice.random() * 3)
        while len(out) < min(wanted, len(movable)):
            other = movable[int(dice.random() * len(movable))]
            if other not in out:
                out.append(other)
        if dice.random() < 0.4:
            dice.shuffle(out)
        return out

    def _about(self, movable, group) -> list[int]:
        """Up to three visits of that day: of that practitioner, or about then (rooms, devices)."""
        dice, (_, day, unit, starts) = self.dice, group
        who = self.board.ids[unit]
        if dice.random() < 0.65:
            there = [n for n in movable if (p := self.place[n]) is not None
                     and p.day == day and p.practitioner_id == who]  # fmt: skip
        else:
            about = (starts & -starts).bit_length() - 1
            there = [n for n in movable if (p := self.place[n]) is not None
                     and p.day == day and abs(p.bit - about) < ABOUT_MIN]  # fmt: skip
        return dice.sample(there, 3) if len(there) > 3 else there

    def _in_the_way(self, movable, first: int, group) -> list[int]:
        """Who keeps `first` from one start of a group: all at that practitioner, some at a device.

        Everybody who needs the practitioner in those minutes must give way; of those who need a
        device then, one or two, for one less is enough.
        """
        dice, kind_of, (_, day, unit, starts) = self.dice, self.board.kind_of, group
        who, needs = self.board.ids[unit], kind_of[first].needs
        for _ in range(min(int(dice.random() * starts.bit_count()), FAR_START)):
            starts &= starts - 1
        start = (starts & -starts).bit_length() - 1
        own_min, device_min = needs["practitioner"] << start, needs["device"] << start
        there, at_device = [], []
        for n in movable:
            place = self.place[n]
            if place is None or place.day != day or n == first:
                continue
            other = kind_of[n].needs
            if place.practitioner_id == who and other["practitioner"] << place.bit & own_min:
                there.append(n)
            elif other["device"] << place.bit & device_min:
                at_device.append(n)
        some = 2 if dice.random() < 0.6 else 1
        return there + (dice.sample(at_device, some) if len(at_device) > some else at_device)
