"""A made-up practice as plain values: who comes when, for years, without an overlap anywhere.

The same size and day give the same rows. Nothing here touches a database.
"""

import heapq
import random
from dataclasses import dataclass, field
from datetime import date

CLINICS, APPOINTMENTS_A_CLINIC = 10, 100_000
PRACTITIONERS, ROOMS, DEVICES = 8, 14, 8
OPENS_MIN, CLOSES_MIN, GRID_MIN = 9 * 60, 18 * 60, 10
# One visit: (from, to) after its start that each is taken; the room is taken throughout.
PERSON, DEVICE, VISIT_MIN = ((0, 5), (45, 80)), (45, 90), 90
PAST_DAYS, FUTURE_DAYS = 1825, 365
BOOKED_FULL_DAYS, BOOKED_HALVES_EVERY, BOOKED_LEAST = 12, 35, 0.03
GAP_MIN, GAP_IDEAL, GAP_MAX = 28, 35, 42
TEMPLATES = 32
NO_SHOWS, DROP_OUTS = 0.03, 0.03
SYLLABLES = (  # noqa: SIM905 -- words read better than a list of quotes
    "bar bel bro cal dan del dor eld fal fen gar gil har hol jar kel lan lor mar mel mor nor "
    "pel per quin ral ren ros sal sel tal tor ull val ver wil win yor zan zel"
).split()
ENDINGS = ("by", "don", "ford", "ham", "ley", "mere", "more", "son", "ton", "wick")
GIVEN = (  # noqa: SIM905
    "Ada Bea Cora Dina Edda Flora Greta Hanna Ines Jonna Kira Lena Mona Nora Olga Petra Rosa Sara "
    "Thea Ursa Vera Wanda Xenia Yara Zita Aldo Bruno Carlo Dario Egon Fabio Guido Hugo Ivo Jonas "
    "Karl Leo Milo Nils Otto Paul Remo Silas Theo Urs Vito Waldo Yann"
).split()


def family(number: int) -> str:
    """Return a family name nobody bears; 16 000 of them, spread evenly."""
    spread = number * 7919
    first, rest = spread % len(SYLLABLES), spread // len(SYLLABLES)
    second, third = rest % len(SYLLABLES), (rest // len(SYLLABLES)) % len(ENDINGS)
    return (SYLLABLES[first] + SYLLABLES[second] + ENDINGS[third]).capitalize()


def given(number: int) -> str:
    """Return a given name."""
    return GIVEN[(number * 31) % len(GIVEN)]


@dataclass(frozen=True, slots=True)
class Seat:
    """One visit of a day's pattern: minutes after opening, and which of each kind it takes."""

    start: int
    practitioner: int
    room: int
    device: int


@dataclass(slots=True)
class Visit:
    """One appointment: its day, its seat, the course it belongs to and how it went."""

    day: int  # since 1970-01-01
    seat: Seat | None
    course: "Course"
    status: str


@dataclass(slots=True)
class Course:
    """One patient's course: `visits` of its sessions in order; a missed visit is not among them."""

    sessions: int
    agreed: int
    ahead: int  # how many sessions it books into the future
    visits: list[Visit] = field(default_factory=list)
    stopped: bool = False
    missed: int = 0

    @property
    def done(self) -> list[Visit]:
        """Return the visits that took place."""
        return [visit for visit in self.visits if visit.status == "fulfilled"]


def pattern(chance: random.Random) -> list[Seat]:
    """Return a day as full as first come first served makes it."""
    lanes = {
        kind: [0] * many
        for kind, many in (("person", PRACTITIONERS), ("room", ROOMS), ("device", DEVICES))
    }
    person, room, device = (_mask(*PERSON), _mask((0, VISIT_MIN)), _mask(DEVICE))
    seats = []
    for start in range(0, CLOSES_MIN - OPENS_MIN - VISIT_MIN + 1, GRID_MIN):
        for who in chance.sample(range(PRACTITIONERS), PRACTITIONERS):
            if lanes["person"][who] & person << start or chance.random() > 0.75:
                continue
            where = _free(lanes["room"], room << start)
            what = _free(lanes["device"], device << start)
            if where is None or what is None:
                continue
            for lane, index, mask in (("person", who, person), ("room", where, room),
                                      ("device", what, device)):  # fmt: skip
                lanes[lane][index] |= mask << start
            seats.append(Seat(start, who, where, what))
    return seats


def _mask(*stretches) -> int:
    return sum(((1 << end - start) - 1) << start for start, end in stretches)


def _free(lane: list[int], mask: int) -> int | None:
    return next((index for index, taken in enumerate(lane) if not taken & mask), None)


def clinics_for(appointments: int) -> int:
    """Return how many clinics a practice of this size has."""
    return max(1, min(CLINICS, round(appointments / APPOINTMENTS_A_CLINIC)))


def loads(
    appointments: int, today: int, seats: int, behind: int | None = None
) -> list[tuple[int, int]]:
    """Return (day, visits) for one clinic: full years behind, then ever fewer booked ahead.

    What is too little for two months is put into full days around today, half of them behind it
    unless told how many: a day costs the same at every size.
    """
    full = round(0.97 * seats)
    if appointments < 60 * full:
        days = max(1, appointments // full)
        first = today - (days // 2 if behind is None else behind)
        rest = appointments - days * full
        return [*((first + n, full) for n in range(days)), (first + days, rest)]
    ahead = []
    for offset in range(FUTURE_DAYS):
        late = max(0, offset - BOOKED_FULL_DAYS)
        ahead.append(max(0.97 * 0.5 ** (late / BOOKED_HALVES_EVERY), BOOKED_LEAST) * seats)
    before = max(appointments - sum(ahead), appointments / 2)
    days = max(min(PAST_DAYS, round(before / (0.68 * seats))), 60)
    weights = [before / days] * days + ahead
    scale, total, given_out, rows = appointments / sum(weights), 0.0, 0, []
    for index, weight in enumerate(weights):
        total += weight * scale
        visits = round(total) - given_out
        if visits > seats:
            raise ValueError(f"{visits} visits do not fit into a day of {seats} seats.")
        given_out += visits
        rows.append((today - days + index, visits))
    return rows


def diary(
    appointments: int, today: date, seed: int, behind: int | None = None
) -> tuple[list[Visit], list[Course]]:
    """Return one clinic's visits in order of time, and its courses in order of agreement.

    `behind` as for `loads`.
    """
    chance = random.Random(seed)
    patterns = [pattern(chance) for _ in range(TEMPLATES)]
    seats = min(map(len, patterns))
    now = (today - date(1970, 1, 1)).days
    visits, courses, due = [], [], []
    for day, many in loads(appointments, now, seats, behind):
        chosen = chance.sample(patterns[day % TEMPLATES], many)
        for seat in sorted(chosen, key=lambda seat: (seat.start, seat.practitioner)):
            if due and due[0][0] <= day:
                index = heapq.heappop(due)[1]
            else:
                index = len(courses)
                agreed = min(day - chance.randint(1, 10), now)
                courses.append(
                    Course(chance.choice((4, 5, 5, 6, 6)), agreed, chance.choice((0, 1, 1, 2, 3)))
                )
            course = courses[index]
            visit = Visit(day, seat, course, _status(day, seat, now, chance))
            visits.append(visit)
            if again := _next_day(course, visit, now, chance):
                heapq.heappush(due, (again, index))
    return visits, courses


def bygone(now: int) -> Course:
    """Return a course that was done a year ago; its visits are in nobody's diary."""
    course = Course(4, now - 400, 0)
    for number in range(course.sessions):
        course.visits.append(Visit(now - 390 + 35 * number, None, course, "fulfilled"))
    return course


def _status(day: int, seat: Seat, now: int, chance: random.Random) -> str:
    """Return how a visit went; today's board is seen at half past twelve."""
    if day > now:
        return "booked"
    clock = OPENS_MIN + seat.start
    if day == now and clock >= 11 * 60:
        return "in_session" if clock < 12 * 60 else "arrived" if clock < 12 * 60 + 30 else "booked"
    return "noshow" if chance.random() < NO_SHOWS else "fulfilled"


def _next_day(course: Course, visit: Visit, now: int, chance: random.Random) -> int | None:
    """Note a visit in its course; return the day it is due again, None when it ends or waits."""
    if visit.status == "noshow":
        course.missed += 1
        return visit.day + 7
    course.visits.append(visit)
    if len(course.visits) == course.sessions:
        return None
    if visit.status == "fulfilled" and chance.random() < DROP_OUTS:
        course.stopped = chance.random() < 0.5
        return None
    if visit.day >= now:
        course.ahead -= 1
    if course.ahead < 0 or (course.ahead == 0 and visit.day >= now):
        return None
    return visit.day + chance.randint(GAP_MIN, GAP_MAX)
