"""The course planner against enumeration, its hard rules, its reasons and its determinism."""

import random
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling.course import (
    Blackout,
    CourseRequest,
    CourseWish,
    ListedCandidates,
    Proposal,
    Reason,
    SessionWish,
    Weights,
    day_verdicts,
    propose,
)
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import (
    Slot,
)

ROME = ZoneInfo("Europe/Rome")
FIRST = date(2026, 12, 7)  # a Monday
ANNA, BRUNO, CARLA = 1, 2, 3
FREE = Weights("free", *[0] * 9)


def days_on(number):
    return FIRST + timedelta(days=number)


def slot_on(day, practitioner_id=ANNA, wall_min=600, minutes=90):
    start = minute_of(day, wall_min, ROME)
    return Slot(day, wall_min, start, start + minutes, practitioner_id, 11, 21)


def open_days(numbers, *practitioner_ids):
    ids = practitioner_ids or (ANNA,)
    return ListedCandidates({days_on(n): [slot_on(days_on(n), i) for i in ids] for n in numbers})


def sessions(count, least=28, ideal=35, most=42):
    return tuple(SessionWish(n, least, ideal, most) for n in range(1, count + 1))


def random_request(seed, *, count, length, ids=(ANNA, BRUNO), gaps=(2, 4, 6)):
    """A course with random openings, wishes, a blackout, an event and sometimes a booking."""
    rnd = random.Random(seed)
    by_day = {}
    for number in range(length):
        by_day[days_on(number)] = [
            slot_on(days_on(number), i, rnd.choice((540, 630, 870, 990)))
            for i in ids
            for _ in range(rnd.choice((0, 1, 1, 2)))
        ]
    wishes = []
    for number in range(1, count + 1):
        least = rnd.randint(1, gaps[0])
        ideal = rnd.randint(1, gaps[1])
        wishes.append(SessionWish(number, least, ideal, ideal + rnd.randint(0, gaps[2])))
    if rnd.random() < 0.3:
        chosen = rnd.randrange(count)
        booked = slot_on(days_on(rnd.randrange(length)), rnd.choice(ids), 720)
        wishes[chosen] = replace(wishes[chosen], booked=booked, is_fixed=rnd.random() < 0.3)
    away = rnd.randrange(length)
    return CourseRequest(
        tuple(wishes),
        ListedCandidates(by_day),
        FIRST,
        last_done=rnd.choice((None, FIRST - timedelta(days=2))),
        wish=CourseWish(
            weekdays=rnd.choice((None, (1, 3), (0, 2, 4))),
            from_min=rnd.choice((0, 840)),
            primary_practitioner_id=rnd.choice((None, BRUNO)),
            event_day=rnd.choice((None, days_on(length - 2))),
            calm_days=rnd.randint(0, 4),
            blackouts=(
                Blackout(days_on(away), days_on(away + 1), rnd.choice(("sun", "medical")), 1, 1),
            ),
        ),
    )


# An independent price and check: no code of the planner in them.


def blocked(request, day, kinds):
    return any(
        row.kind in kinds
        and row.from_day.toordinal() - row.margin_before
        <= day.toordinal()
        <= row.to_day.toordinal() + row.margin_after
        for row in request.wish.blackouts
    )


def node_price(request, weights, index, slot):
    session, wish, points = request.sessions[index], request.wish, 0
    kept = session.booked and session.booked.key == slot.key
    if not kept:
        points += weights.weekday * (
            wish.weekdays is not None and slot.day.weekday() not in wish.weekdays
        )
        points += weights.hours * (
            slot.wall_min < wish.from_min or slot.wall_min + 90 > wish.to_min
        )
        own = wish.primary_practitioner_id
        points += weights.not_primary * (own is not None and own != slot.practitioner_id)
        points += weights.changed * (session.booked is not None)
    if wish.event_day and wish.event_day >= request.first_day:
        to_event = (wish.event_day - slot.day).days
        is_last = index == len(request.sessions) - 1
        if to_event < wish.calm_days and (is_last or to_event >= 0):
            points += weights.event_calm
    return points


def gap_price(request, weights, index, slot, before):
    """Points of the gap and the switch before session `index`; None when healing forbids it."""
    session = request.sessions[index]
    after = before.day if before else request.last_done
    if after is None:
        return weights.late_per_day * max((slot.day - request.first_day).days, 0)
    gap, points = (slot.day - after).days, 0
    if gap < session.gap_min_days:
        return None
    if gap < session.gap_ideal_days:
        points += weights.early_per_day * (session.gap_ideal_days - gap)
    if gap > session.gap_ideal_days:
        points += weights.late_per_day * (gap - session.gap_ideal_days)
    if gap > session.gap_max_days:
        points += weights.past_max_per_day * (gap - session.gap_max_days)
    return points + weights.switch * bool(before and before.practitioner_id != slot.practitioner_id)


def price(request, weights, slots):
    total = 0
    for index, slot in enumerate(slots):
        gap = gap_price(request, weights, index, slot, slots[index - 1] if index else None)
        if gap is None:
            return None
        total += gap + node_price(request, weights, index, slot)
    return total


def allowed(request, index):
    """Every slot the hard rules leave to session `index`, healing apart."""
    booked, fixed = request.sessions[index].booked, request.sessions[index].is_fixed
    every = [slot for slots in request.candidates.by_day.values() for slot in slots]
    every = [slot for slot in every if not blocked(request, slot.day, ("sun", "medical"))]
    if fixed:
        return [] if blocked(request, booked.day, ("medical",)) else [booked]
    if booked and not blocked(request, booked.day, ("sun", "medical")):
        every.append(booked)
    return every


def cheapest(request, weights):
    """The optimum by trying every slot after every other, from the last session backwards."""
    choices = [allowed(request, index) for index in range(len(request.sessions))]

    @cache
    def rest(index, before):
        if index == len(choices):
            return 0
        costs = []
        for slot in choices[index]:
            gap = gap_price(request, weights, index, slot, before)
            if gap is not None and (after := rest(index + 1, slot)) is not None:
                costs.append(gap + node_price(request, weights, index, slot) + after)
        return min(costs, default=None)

    return rest(0, None)


def every_course(request, weights):
    """The optimum by pricing each whole course on its own."""
    courses = [[]]
    for index in range(len(request.sessions)):
        courses = [
            [*course, slot]
            for course in courses
            for slot in allowed(request, index)
            if not course or slot.day > course[-1].day
        ]
    return min((p for c in courses if (p := price(request, weights, c)) is not None), default=None)


def assert_sound(request, weights, proposal):
    """Every slot is allowed, healing is kept, and the points are what an outsider would count."""
    slots = [placed.slot for placed in proposal.sessions]
    for index, slot in enumerate(slots):
        assert slot in allowed(request, index)
    assert proposal.total_points == price(request, weights, slots)
    assert proposal.total_points == sum(placed.points for placed in proposal.sessions)
    for placed in proposal.sessions:
        assert placed.points == sum(reason["cost"] for reason in placed.reasons)


# Optimality


@pytest.mark.parametrize("length", range(1, 13))
@pytest.mark.parametrize("count", [1, 2, 3])
def test_small_courses_equal_the_best_of_all_courses(count, length):
    weights = Weights(event_calm=60)
    for seed in range(12):
        request = random_request(seed * 1000 + length * 10 + count, count=count, length=length)
        outcome = propose(request, weights)
        best = every_course(request, weights)

        assert best == (outcome.total_points if isinstance(outcome, Proposal) else None)
        if isinstance(outcome, Proposal):
            assert_sound(request, weights, outcome)


# Computed once by `cheapest` on the twenty requests below.
STORED = [280, 31, 20, 217, 28, 268, 188, 117, 519, 255, 108, 9, 23, 55, 88, 24, 112, 20, 450, 193]


def stored_request(seed):
    return random_request(
        seed, count=4 + seed % 2, length=70, ids=(ANNA, BRUNO, CARLA), gaps=(9, 14, 6)
    )


def test_twenty_courses_reach_their_stored_optimum():
    outcomes = [propose(stored_request(seed)) for seed in range(20)]

    assert [getattr(outcome, "total_points", None) for outcome in outcomes] == STORED
    for seed, outcome in enumerate(outcomes):
        if isinstance(outcome, Proposal):
            assert_sound(stored_request(seed), Weights(), outcome)


def test_the_stored_optimum_is_what_enumeration_finds():
    assert cheapest(stored_request(3), Weights()) == STORED[3]


def test_the_runner_up_is_the_best_other_day_for_one_session():
    checked = 0
    for seed in range(12):
        request, weights = stored_request(seed), Weights()
        outcome = propose(request, weights)
        if not isinstance(outcome, Proposal):
            continue
        slots = [placed.slot for placed in outcome.sessions]
        for index, placed in enumerate(outcome.sessions):
            others = [
                price(request, weights, [*slots[:index], slot, *slots[index + 1 :]])
                for slot in allowed(request, index)
                if slot.day != placed.slot.day
            ]
            best = min((points for points in others if points is not None), default=None)

            assert best == (placed.runner_up and placed.runner_up.total_points)
            checked += 1
    assert checked > 30


# Hard rules


def test_healing_is_kept_even_when_every_weight_is_zero():
    for seed in range(30):
        request = random_request(seed, count=3, length=40, gaps=(8, 10, 4))
        outcome = propose(request, FREE)
        if isinstance(outcome, Proposal):
            gaps = [(b - a).days for a, b in pairwise(outcome.days)]
            least = [session.gap_min_days for session in request.sessions[1:]]

            assert all(gap >= low for gap, low in zip(gaps, least, strict=True))
            assert_sound(request, FREE, outcome)


def test_a_session_may_come_on_the_very_day_healing_ends_and_not_before():
    request = CourseRequest(sessions(1), open_days([26, 27]), FIRST, last_done=days_on(-1))

    assert propose(request).days == (days_on(27),)


def test_28_days_over_the_march_change_are_28_dates():
    days = [date(2027, 4, 6), date(2027, 4, 7)]
    candidates = ListedCandidates({day: [slot_on(day)] for day in days})
    request = CourseRequest(sessions(1), candidates, FIRST, last_done=date(2027, 3, 10))

    assert propose(request).days == (date(2027, 4, 7),)


@pytest.mark.parametrize(
    ("margins", "expected"), [((0, 0), [9, 12]), ((1, 2), [8, 14]), ((3, 1), [6, 13])]
)
def test_a_blackout_reaches_as_far_as_its_margins(margins, expected):
    away = Blackout(days_on(10), days_on(11), "sun", *margins)
    wish = CourseWish(blackouts=(away,))
    request = CourseRequest(sessions(1), open_days(range(20)), FIRST, wish=wish)
    verdicts = day_verdicts(request, number=1)
    legal = [(day - FIRST).days for day, verdict in verdicts.items() if verdict.slot]

    assert [max(n for n in legal if n < 10), min(n for n in legal if n > 11)] == expected
    assert verdicts[days_on(10)].reasons == (
        Reason.of("blackout", kind="sun", until=days_on(11 + margins[1])),
    )


def test_nothing_is_planned_before_the_first_day():
    request = CourseRequest(sessions(1), open_days(range(5)), days_on(3))

    assert propose(request).days == (days_on(3),)


def test_minimum_longer_than_the_ideal_is_still_kept():
    request = CourseRequest(
        (SessionWish(1, 30, 20, 25),), open_days(range(60)), FIRST, last_done=FIRST
    )
    outcome = propose(request)

    assert outcome.days == (days_on(30),)
    assert outcome.total_points == 4 * 10 + 40 * 5


@pytest.mark.parametrize(
    "build",
    [
        lambda: SessionWish(1, 0, 5, 9),
        lambda: SessionWish(1, 1, 10, 9),
        lambda: SessionWish(1, 1, 5, 9, is_fixed=True),
        lambda: Weights(weekday=-1),
        lambda: CourseRequest((), open_days([0]), FIRST),
    ],
)
def test_impossible_courses_are_refused(build):
    with pytest.raises(ValueError, match=r"minimum|interval|slot|whole|least"):
        build()
