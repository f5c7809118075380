"""What a proposal says: reasons and sentences, kept bookings, three weightings, one digest."""

from dataclasses import replace

import pytest

from clinic.scheduling.course import (
    WEIGHTINGS,
    Blackout,
    CourseRequest,
    CourseWish,
    ListedCandidates,
    Reason,
    Refusal,
    Unplaced,
    Weights,
    day_verdicts,
    propose,
    propose_three,
)
from tests.support.candidates import ANNA, BRUNO, FIRST, days_on, open_days, sessions, slot_on


def codes(placed):
    return [reason.code for reason in placed.reasons]


# Reasons of a date


def test_a_date_as_wished_costs_nothing_and_has_no_reasons():
    wish = CourseWish(weekdays=(0,), from_min=540, to_min=720, primary_practitioner_id=ANNA)
    request = CourseRequest(sessions(2), open_days(range(60)), FIRST, wish=wish)
    proposal = propose(request)

    assert proposal.days == (FIRST, days_on(35))
    assert proposal.total_points == 0
    assert [placed.reasons for placed in proposal.sessions] == [(), ()]


def test_every_departure_from_the_wish_has_its_code_and_cost_in_fixed_order():
    wish = CourseWish(
        weekdays=(1,),
        from_min=840,
        primary_practitioner_id=ANNA,
        event_day=days_on(50),
        calm_days=7,
    )
    candidates = ListedCandidates(
        {FIRST: [slot_on(FIRST)], days_on(45): [slot_on(days_on(45), BRUNO)]}
    )
    placed = propose(CourseRequest(sessions(2), candidates, FIRST, wish=wish)).sessions[1]

    assert placed.reasons == (
        Reason.of("past_max", days=3, cost=120),
        Reason.of("late", days=10, cost=40),
        Reason.of("event_calm", event_day=days_on(50), calm_days=7, cost=2000),
        Reason.of("weekday", cost=25),
        Reason.of("hours", cost=15),
        Reason.of("not_primary", cost=20),
        Reason.of("other_practitioner", cost=60),
    )
    assert placed.points == 2280


def test_an_early_date_and_a_late_start_are_charged_per_day():
    request = CourseRequest(sessions(2), open_days([2, 32]), FIRST)
    first, second = propose(request).sessions

    assert first.reasons == (Reason.of("wait", days=2, cost=8),)
    assert second.reasons == (Reason.of("early", days=5, cost=15),)


def test_of_several_starts_the_one_in_the_wished_hours_is_taken():
    request = CourseRequest(
        sessions(1),
        open_days([0], walls=(540, 900, 960)),
        FIRST,
        wish=CourseWish(from_min=880, to_min=1200),
    )

    assert propose(request).sessions[0].slot.wall_min == 900


# Events


def test_the_course_is_finished_before_the_event_where_that_is_possible():
    wish = CourseWish(event_day=days_on(70), calm_days=10)
    request = CourseRequest(sessions(3), open_days(range(100)), FIRST, wish=wish)
    proposal = propose(request)

    assert proposal.days[-1] <= days_on(60)
    assert [code for placed in proposal.sessions for code in codes(placed)] == ["early", "early"]


@pytest.mark.parametrize(("calm_days", "met"), [(14, True), (15, False)])
def test_the_last_calm_day_itself_is_kept_free(calm_days, met):
    wish = CourseWish(event_day=days_on(70), calm_days=calm_days)
    request = CourseRequest(sessions(3), open_days(range(0, 100, 28)), FIRST, wish=wish)

    assert ("event_calm" not in codes(propose(request).sessions[-1])) is met


def test_an_event_that_cannot_be_met_is_named_and_its_calm_days_stay_free():
    wish = CourseWish(event_day=days_on(40), calm_days=14)
    request = CourseRequest(sessions(3), open_days(range(120)), FIRST, wish=wish)
    proposal = propose(request)

    assert codes(proposal.sessions[-1])[-1] == "event_calm"
    assert [day for day in proposal.days if days_on(26) < day <= days_on(40)] == []


def test_an_event_already_past_is_not_looked_at():
    wish = CourseWish(event_day=days_on(-1), calm_days=14)
    request = CourseRequest(sessions(1), open_days([0]), FIRST, wish=wish)

    assert propose(request).total_points == 0


# Bookings that exist


def booked_course(booked_on, *, fixed=False, minimum=28):
    """Session 2 of 3 is booked with Bruno; session 1 was done on FIRST."""
    first, second = sessions(2, least=minimum)
    booked = slot_on(days_on(booked_on), BRUNO)
    wish = CourseWish(weekdays=(0,), primary_practitioner_id=ANNA)
    return CourseRequest(
        (replace(first, number=2, booked=booked, is_fixed=fixed), replace(second, number=3)),
        open_days(range(1, 120), (ANNA, BRUNO)),
        days_on(1),
        last_done=FIRST,
        wish=wish,
    )


def test_a_booking_is_kept_without_points_for_wishes():
    placed = propose(booked_course(36)).sessions[0]

    assert (placed.slot.key, codes(placed)) == (slot_on(days_on(36), BRUNO).key, ["late", "kept"])
    assert placed.points == 4


def test_a_booking_healing_has_overtaken_moves_and_says_what_it_was():
    placed = propose(booked_course(36, minimum=42)).sessions[0]

    assert placed.slot.day == days_on(42)
    assert Reason.of("changed", booked=days_on(36), cost=100) in placed.reasons


def test_a_booking_moves_when_keeping_it_costs_more_than_the_change():
    placed = propose(booked_course(70)).sessions[0]

    assert placed.slot.day == days_on(35)
    assert codes(placed) == ["changed"]


def test_a_date_fixed_by_hand_stays_at_any_cost():
    proposal = propose(booked_course(70, fixed=True))

    assert proposal.days == (days_on(70), days_on(105))
    assert codes(proposal.sessions[0]) == ["past_max", "late", "fixed"]


def test_a_date_fixed_by_hand_never_undercuts_healing():
    outcome = propose(booked_course(20, fixed=True))

    assert outcome.sessions == (
        Unplaced(2, (Reason.of("too_soon", gap=20, min=28, first_ok=days_on(28), on_days=1),)),
        Unplaced(3, (Reason.of("earlier_session", number=2),)),
    )


@pytest.mark.parametrize(("kind", "stays"), [("holiday", True), ("medical", False)])
def test_a_date_fixed_by_hand_overrides_any_blackout_but_a_medical_one(kind, stays):
    request = booked_course(40, fixed=True)
    away = Blackout(days_on(40), days_on(40), kind)
    outcome = propose(replace(request, wish=replace(request.wish, blackouts=(away,))))

    assert isinstance(outcome, Refusal) is not stays


def test_a_later_booking_may_hold_back_an_earlier_session():
    first, second = sessions(2, least=28, ideal=28)
    booked = slot_on(days_on(30))
    second = replace(second, booked=booked, is_fixed=True)
    request = CourseRequest((first, second), open_days(range(60)), FIRST)

    assert propose(request).days == (FIRST, days_on(30))


# Refused days and refused courses


def test_the_days_that_cannot_be_had_carry_the_first_rule_they_break():
    closed = Reason.of("clinic_closed")
    candidates = ListedCandidates(
        {day: slots for day, slots in open_days(range(60)).by_day.items() if day != days_on(31)},
        {days_on(31): closed, days_on(5): closed},
    )
    away = Blackout(days_on(29), days_on(30), "holiday")
    request = CourseRequest(
        sessions(2, ideal=32), candidates, FIRST, wish=CourseWish(blackouts=(away,))
    )
    refused = propose(request).refused

    assert refused[days_on(5)] == Reason.of("too_soon", gap=5, min=28, first_ok=days_on(28))
    assert [refused[days_on(n)].code for n in (27, 29, 30, 31)] == [
        "too_soon",
        "blackout",
        "blackout",
        "clinic_closed",
    ]
    assert days_on(28) not in refused
    assert max(refused) == days_on(31)


def test_a_medical_blackout_is_named_before_a_holiday():
    rows = (
        Blackout(days_on(0), days_on(20), "holiday"),
        Blackout(days_on(0), days_on(9), "medical"),
    )
    request = CourseRequest(
        sessions(1), open_days(range(30)), FIRST, wish=CourseWish(blackouts=rows)
    )

    assert propose(request).refused[days_on(3)] == Reason.of(
        "blackout", kind="medical", until=days_on(9)
    )


def test_a_course_without_a_legal_date_gives_reasons_for_every_session():
    candidates = ListedCandidates(
        open_days(range(20)).by_day,
        {days_on(n): Reason.of("no_free_slot", need="device") for n in range(20, 40)},
    )
    outcome = propose(CourseRequest(sessions(3), candidates, FIRST))

    assert outcome.sessions == (
        Unplaced(
            2,
            (
                Reason.of("too_soon", gap=27, min=28, first_ok=days_on(28), on_days=28),
                Reason.of("no_free_slot", need="device", on_days=12),
                Reason.of("horizon", last_day=days_on(39)),
            ),
        ),
        Unplaced(3, (Reason.of("earlier_session", number=2),)),
    )


@pytest.mark.parametrize("candidates", [ListedCandidates({}), ListedCandidates({FIRST: []})])
def test_no_candidates_at_all_is_a_refusal_with_a_reason(candidates):
    outcome = propose(CourseRequest(sessions(1), candidates, FIRST))

    assert isinstance(outcome, Refusal)
    assert outcome.sessions[0].reasons != ()


def test_the_verdict_of_a_day_names_its_points_or_its_rule():
    request = CourseRequest(sessions(2), open_days([0, 20, 35, 40]), FIRST)
    verdicts = day_verdicts(request, number=2, before=slot_on(FIRST))

    assert {day: (v.points, [r.code for r in v.reasons]) for day, v in verdicts.items()} == {
        FIRST: (0, ["too_soon"]),
        days_on(20): (0, ["too_soon"]),
        days_on(35): (0, []),
        days_on(40): (20, ["late"]),
    }
    assert [v.slot and v.slot.day for v in verdicts.values()] == [
        None,
        None,
        days_on(35),
        days_on(40),
    ]


# Three weightings


def test_three_weightings_are_named_priced_alike_and_differ_where_they_should():
    ids, walls = (ANNA, BRUNO), (540, 720, 960)
    wish = CourseWish(weekdays=(1, 4), event_day=days_on(78), calm_days=14)
    request = CourseRequest(sessions(3), open_days(range(120), ids, walls), FIRST, wish=wish)
    best = propose(request)
    outcomes = propose_three(request)
    nearest, same, event = outcomes

    assert tuple(outcome.name for outcome in outcomes) == WEIGHTINGS
    assert {outcome.weights_version for outcome in outcomes} == {Weights().version}
    assert min(outcome.total_points for outcome in outcomes) >= best.total_points
    assert len({(p.slot.day.weekday(), p.slot.wall_min) for p in same.sessions}) == 1
    assert event.days[-1] <= days_on(64)
    ideal = [abs((b - a).days - 35) for o in (nearest, same) for a, b in [o.days[:2]]]
    assert ideal[0] <= ideal[1]


def test_the_same_hour_is_kept_although_other_starts_would_be_earlier():
    by_day = {
        FIRST: [slot_on(FIRST, wall_min=960)],
        days_on(35): [slot_on(days_on(35), wall_min=w) for w in (540, 960)],
    }
    request = CourseRequest(sessions(2), ListedCandidates(by_day), FIRST)
    same = propose_three(request)[1]

    assert [placed.slot.wall_min for placed in same.sessions] == [960, 960]


def test_without_a_common_weekday_the_best_course_stands_in():
    request = CourseRequest(sessions(2), open_days([0, 36]), FIRST)

    assert propose_three(request)[1].days == (FIRST, days_on(36))


def test_a_course_that_cannot_be_placed_is_refused_under_all_three_names():
    outcomes = propose_three(CourseRequest(sessions(2), open_days(range(9)), FIRST))

    assert [(type(o), o.name) for o in outcomes] == [(Refusal, name) for name in WEIGHTINGS]
