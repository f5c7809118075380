"""Working hours: weekly rules, validity, extra and off, and their order."""

from datetime import date

import pytest

from clinic.scheduling.hours import DatedException, WeeklyRule, merged, open_stretches

MONDAY = date(2026, 11, 23)
MORNING = WeeklyRule(0, 540, 780)
AFTERNOON = WeeklyRule(0, 840, 1080)


def test_weekly_hours_apply_on_their_weekday_only():
    assert open_stretches(MONDAY, [AFTERNOON, MORNING], []) == ((540, 780), (840, 1080))
    assert open_stretches(date(2026, 11, 24), [AFTERNOON, MORNING], []) == ()


def test_touching_and_overlapping_stretches_become_one():
    rules = [WeeklyRule(0, 540, 700), WeeklyRule(0, 700, 800), WeeklyRule(0, 750, 760)]

    assert open_stretches(MONDAY, rules, []) == ((540, 800),)


def test_validity_includes_both_its_ends():
    rule = WeeklyRule(0, 540, 780, valid_from=MONDAY, valid_to=date(2026, 11, 30))
    mondays = [date(2026, 11, 16), MONDAY, date(2026, 11, 30), date(2026, 12, 7)]

    assert [bool(open_stretches(day, [rule], [])) for day in mondays] == [False, True, True, False]


def test_an_off_without_minutes_closes_each_of_its_days():
    leave = DatedException(date(2026, 11, 20), MONDAY, "off", reason="leave")

    assert open_stretches(MONDAY, [MORNING], [leave]) == ()
    assert open_stretches(date(2026, 11, 30), [MORNING], [leave]) == ((540, 780),)


def test_an_off_with_minutes_cuts_a_stretch_in_two():
    lunch = DatedException(MONDAY, MONDAY, "off", 600, 630)

    assert open_stretches(MONDAY, [MORNING], [lunch]) == ((540, 600), (630, 780))


def test_extra_hours_join_the_weekly_ones():
    late = DatedException(MONDAY, MONDAY, "extra", 780, 900)

    assert open_stretches(MONDAY, [MORNING], [late]) == ((540, 900),)


@pytest.mark.parametrize("turned", [False, True])
def test_off_wins_over_extra_in_either_order(turned):
    rows = [
        DatedException(MONDAY, MONDAY, "off", 700, 850),
        DatedException(MONDAY, MONDAY, "extra", 780, 900),
    ]

    assert open_stretches(MONDAY, [MORNING], rows[::-1] if turned else rows) == (
        (540, 700),
        (850, 900),
    )


def test_empty_stretches_are_dropped_when_merging():
    assert merged([(10, 10), (5, 7), (6, 9)]) == ((5, 9),)


@pytest.mark.parametrize(
    "build",
    [
        lambda: WeeklyRule(7, 540, 780),
        lambda: WeeklyRule(0, 780, 540),
        lambda: WeeklyRule(0, 540, 1441),
        lambda: DatedException(MONDAY, date(2026, 11, 22), "off"),
        lambda: DatedException(MONDAY, MONDAY, "off", 540),
        lambda: DatedException(MONDAY, MONDAY, "extra"),
        lambda: DatedException(MONDAY, MONDAY, "maybe", 540, 600),
    ],
)
def test_impossible_hours_are_refused(build):
    with pytest.raises(ValueError, match=r"must|before|both|need"):
        build()
