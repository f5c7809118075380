"""When a plan cannot place everybody: who to call first, and how many extra hours would help.

No search creates capacity. The call list is ranked by who is closest to losing results; the extra
hours are tried half a day at a time, with the rooms and devices that are really left.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from .disruption import Place, Plan, Problem, Visit
from .masks import grid_mask, runs, span
from .reasons import count_words

HALVES = ("morning", "afternoon")
MOST_BLOCKS = 4
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


@dataclass(frozen=True)
class Extra:
    """One more half day of one more practitioner, and how many visits it would take."""

    day: date
    half: str
    places: int


def call_order(problem: Problem, visit_ids: Iterable[int]) -> tuple[Visit, ...]:
    """The visits in the order to call: least time left to the longest interval first.

    Without a longest interval healing's last day counts; without either a visit comes last. Then
    the older promise first.
    """
    far = date.max

    def rank(visit: Visit):
        last = min(visit.max_day or far, visit.last_day or far)
        return last, visit.was_on, visit.was_bit, visit.visit_id

    return tuple(sorted((problem.visit[key] for key in visit_ids), key=rank))


def extra_hours(problem: Problem, plan: Plan, *, most: int = MOST_BLOCKS) -> tuple[Extra, ...]:
    """Half days that would place the most of those left, one after the other, at most `most`.

    Every half day is one more practitioner who can do everything, with the rooms and devices the
    plan leaves free; only days on which healing and the patient allow it.
    """
    left = list(call_order(problem, plan.unplaced))
    free = _left_free(problem, plan.places)
    halves = [(day, half) for day in range(len(problem.days)) for half in HALVES]
    found: list[Extra] = []
    while left and halves and len(found) < most:
        tried = [(_packed(problem, left, free, day, half), -day, half) for day, half in halves]
        (placed, after), day, half = max(tried, key=lambda row: (len(row[0][0]), row[1], row[2]))
        if not placed:
            break
        halves.remove((-day, half))
        free = after
        left = [visit for visit in left if visit.visit_id not in placed]
        found.append(Extra(problem.days[-day], half, len(placed)))
    return tuple(sorted(found, key=lambda row: (row.day, -HALVES.index(row.half))))


def extra_words(extra: Sequence[Extra]) -> str:
    """'Two extra mornings would place 18.'; '' when no half day would help."""
    if not extra:
        return ""
    counts = {half: sum(row.half == half for row in extra) for half in HALVES}
    parts = [
        f"{_number(count)} extra {half if count == 1 else half + 's'}"
        for half, count in counts.items() if count
    ]  # fmt: skip
    words = " and ".join(parts)
    return f"{words[0].upper()}{words[1:]} would place {sum(row.places for row in extra)}."


def unplaced_words(count: int) -> str:
    """'4 visits have no place in these days.'"""
    verb = "has" if count == 1 else "have"
    return f"{count_words(count, 'visit')} {verb} no place in these days."


def _number(count: int) -> str:
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def _left_free(problem: Problem, places: Mapping[int, Place | None]) -> dict[int, list[int]]:
    """Free minutes of rooms and devices once a plan is carried out."""
    free = {unit.unit_id: list(unit.free) for unit in problem.units if unit.kind != "practitioner"}
    for key, place in places.items():
        if place is None:
            continue
        for kind in ("room", "device"):
            unit_id = place.unit(kind)
            if unit_id is not None:
                for start, end in problem.visit[key].shape.needs[kind]:
                    free[unit_id][place.day] &= ~span(place.bit + start, place.bit + end)
    return free


def _half(problem: Problem, day: int, half: str) -> int:
    """The minutes of a half day: what any unit is open for, split at 13:00 by the wall."""
    mask = 0
    for unit in problem.units:
        mask |= unit.free[day]
    noon = problem.frames[day].bit(13 * 60)
    return mask & (span(0, noon) if half == "morning" else ~span(0, noon))


def _packed(problem: Problem, left, free, day: int, half: str):
    """(ids placed, what is then free) for one more practitioner in one half day, earliest first."""
    person = _half(problem, day, half)
    free = {unit_id: list(days) for unit_id, days in free.items()}
    grid, placed = None, set()
    for visit in left:
        if not person or not visit.may_come(problem.days[day]):
            continue
        grid = grid_mask(problem.frames[day], visit.shape.grid_min)
        starts = grid & _starts(person, visit.shape.needs["practitioner"])
        if busy := visit.busy_on(day):
            whole = span(0, problem.frames[day].minutes)
            starts &= runs(~busy & whole, visit.shape.total_min)
        options = {}
        for kind in ("room", "device"):
            if visit.shape.needs[kind]:
                options[kind] = [
                    (u.unit_id, _starts(free[u.unit_id][day], visit.shape.needs[kind]))
                    for u in problem.units
                    if u.kind == kind and u.unit_id in visit.unit_ids
                ]
                some = 0
                for _, mask in options[kind]:
                    some |= mask
                starts &= some
        if not starts:
            continue
        bit = (starts & -starts).bit_length() - 1
        for start, end in visit.shape.needs["practitioner"]:
            person &= ~span(bit + start, bit + end)
        for kind, rows in options.items():
            unit_id = next(unit_id for unit_id, mask in rows if mask >> bit & 1)
            for start, end in visit.shape.needs[kind]:
                free[unit_id][day] &= ~span(bit + start, bit + end)
        placed.add(visit.visit_id)
    return placed, free


def _starts(free: int, stretches) -> int:
    mask = -1
    for start, end in stretches:
        mask &= runs(free, end - start) >> start
    return mask
