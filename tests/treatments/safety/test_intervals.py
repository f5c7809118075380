from dataclasses import replace

import pytest

from tests.treatments.safety.shelf import D, serious
from treatments.safety.findings import Level
from treatments.safety.intervals import IntervalLimits, check_interval
from treatments.safety.seeds import (
    HARD_STOP_DAYS,
    HARD_STOP_DEPTH_MM,
    INTERVAL_SOURCE,
    MAX_SESSIONS_12_MONTHS,
)

FOUR_WEEKS = IntervalLimits(
    28, HARD_STOP_DAYS, HARD_STOP_DEPTH_MM, MAX_SESSIONS_12_MONTHS, INTERVAL_SOURCE
)
SCALP = replace(FOUR_WEEKS, minimum_days=7, max_sessions=None)


def check(days, depth="1.5", earlier=1, limits=FOUR_WEEKS):
    return check_interval(
        "B_UPPER_L",
        days_since_last=days,
        depth_mm=None if depth is None else D(depth),
        earlier_sessions_12_months=earlier,
        limits=limits,
    )


@pytest.mark.parametrize(
    ("days", "found"),
    [
        (0, [("STOP", "INTERVAL_HARD_STOP")]),
        (6, [("STOP", "INTERVAL_HARD_STOP")]),
        (7, [("WARN", "INTERVAL_SHORT")]),
        (8, [("WARN", "INTERVAL_SHORT")]),
        (27, [("WARN", "INTERVAL_SHORT")]),
        (28, []),
        (29, []),
    ],
)
def test_days_since_the_last_session_in_the_zone(days, found):
    assert serious(check(days)) == found


@pytest.mark.parametrize(
    ("depth", "code"),
    [
        ("0.95", "INTERVAL_SHORT"),
        ("1.00", "INTERVAL_HARD_STOP"),
        ("1.05", "INTERVAL_HARD_STOP"),
        (None, "INTERVAL_HARD_STOP"),
        ("NaN", "INTERVAL_HARD_STOP"),
        ("0", "INTERVAL_HARD_STOP"),
        ("-1", "INTERVAL_HARD_STOP"),
    ],
)
def test_under_a_week_only_a_known_shallow_depth_escapes_the_stop(depth, code):
    assert [one.code for one in check(6, depth)] == [code]


def test_a_scalp_at_six_tenths_may_be_treated_weekly():
    assert serious(check(7, "0.6", 11, SCALP)) == []
    assert serious(check(6, "0.6", 11, SCALP)) == [("WARN", "INTERVAL_SHORT")]


def test_the_sentence_shows_the_days_and_both_limits():
    assert [one.sentence for one in check(6)] == [
        "B_UPPER_L: 6 days since the last session, under 7 at 1.5 mm (1 mm or deeper)."
    ]


def test_an_override_at_one_depth_does_not_cover_a_deeper_one():
    assert check(6, "1.5")[0].fingerprint != check(6, "2.5")[0].fingerprint


def test_a_depth_not_recorded_is_named():
    assert "at a depth not recorded" in check(6, None)[0].sentence


def test_a_kept_interval_is_shown():
    (finding,) = check(28)
    assert (finding.level, finding.code, finding.figures["days"]) == (
        Level.INFO, "INTERVAL_KEPT", "28",
    )  # fmt: skip


@pytest.mark.parametrize("earlier", [0, None])
def test_no_earlier_session_is_a_first_one(earlier):
    found = [one.level for one in check(None, earlier=earlier) if one.code == "INTERVAL_FIRST"]
    assert found == [Level.INFO]


def test_earlier_sessions_without_a_date_are_a_warning():
    assert serious(check(None, earlier=2)) == [("WARN", "INTERVAL_DATE_MISSING")]


def test_a_last_session_in_the_future_stops():
    assert serious(check(-1)) == [("STOP", "INTERVAL_INVALID")]


@pytest.mark.parametrize(("earlier", "warned"), [(0, False), (5, False), (6, True), (7, True)])
def test_the_seventh_session_in_twelve_months_is_a_warning(earlier, warned):
    expected = [("WARN", "INTERVAL_COUNT")] if warned else []
    assert serious(check(30, earlier=earlier)) == expected


@pytest.mark.parametrize("earlier", [None, -1])
def test_a_count_that_is_not_known_is_a_warning(earlier):
    assert serious(check(30, earlier=earlier)) == [("WARN", "INTERVAL_COUNT_MISSING")]


@pytest.mark.parametrize(
    "wrong",
    [
        {"minimum_days": -1},
        {"hard_stop_days": -1},
        {"hard_stop_depth_mm": D(0)},
        {"max_sessions": 0},
    ],
)
def test_limits_that_make_no_sense_cannot_be_built(wrong):
    with pytest.raises(ValueError, match=r"\S"):
        replace(FOUR_WEEKS, **wrong)


def test_limits_may_ask_for_no_days_and_a_single_session():
    loose = replace(FOUR_WEEKS, minimum_days=0, hard_stop_days=0, max_sessions=1)
    assert serious(check(0, earlier=0, limits=loose)) == []
    assert serious(check(0, earlier=1, limits=loose)) == [("WARN", "INTERVAL_COUNT")]
