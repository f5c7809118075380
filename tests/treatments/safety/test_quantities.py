from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.treatments.safety.shelf import D
from treatments.safety.quantities import (
    after_minutes,
    days_text,
    fault_of,
    is_aware,
    minutes_between,
    must_be_quantity,
    rounded,
    shown,
)

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (D("0.1"), ""),
        (D(500), ""),
        (D("500.1"), "is over 500, which is not plausible"),
        (D(0), "is not above 0"),
        (D(-1), "is not above 0"),
        (D("NaN"), "is not a number"),
        (D("sNaN"), "is not a number"),
        (D("Infinity"), "is not a number"),
        (0.1, "is not a decimal number"),
        (1, "is not a decimal number"),
        ("1,5", "is not a decimal number"),
        (None, "is not a decimal number"),
    ],
)
def test_only_a_finite_positive_plausible_decimal_has_no_fault(value, fault):
    assert fault_of(value, at_most=D(500)) == fault


def test_a_quantity_without_a_floor_may_be_negative():
    assert fault_of(D(-3), above=None) == ""


@pytest.mark.parametrize("value", [D("NaN"), D("sNaN"), D(-1), 1.5, 0])
def test_a_catalogue_figure_that_is_no_quantity_raises(value):
    with pytest.raises(ValueError, match="max_g"):
        must_be_quantity("max_g", value, zero_allowed=True)


@pytest.mark.parametrize("value", [None, D(0), D("0.5")])
def test_a_catalogue_figure_may_be_absent_or_zero_where_allowed(value):
    assert must_be_quantity("min_minutes", value, zero_allowed=True) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (D("60.10"), "60.1"),
        (D("6E+2"), "600"),
        (D("0.00"), "0"),
        (D("NaN"), "NaN"),
        (D("1E+999999"), "1E+999999"),
        (D("1E-999999"), "1E-999999"),
    ],
)
def test_a_quantity_is_shown_as_recorded_without_zeros_or_exponent(value, text):
    assert shown(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(D("9.375"), "9.38"), (D(25), "25.00"), (D("1E+40"), "1E+40")]
)
def test_a_calculated_quantity_is_rounded_half_up(value, text):
    assert rounded(value) == text


def test_elapsed_minutes_count_the_hour_the_clocks_go_back():
    start = datetime(2026, 10, 25, 0, 30, tzinfo=LONDON)
    end = datetime(2026, 10, 25, 1, 30, fold=1, tzinfo=LONDON)
    assert minutes_between(start, end) == D(120)


def test_elapsed_minutes_are_exact_to_the_microsecond_and_signed():
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    assert minutes_between(start, start + timedelta(seconds=30)) == D("0.5")
    assert minutes_between(start + timedelta(minutes=5), start) == D(-5)


def test_a_moment_later_keeps_its_zone_across_the_change_of_clocks():
    start = datetime(2026, 10, 25, 0, 30, tzinfo=LONDON)
    later = after_minutes(start, D(120))
    assert later.isoformat() == "2026-10-25T01:30:00+00:00"


@pytest.mark.parametrize(
    ("moment", "aware"),
    [
        (datetime(2026, 11, 23, tzinfo=UTC), True),
        (datetime(2026, 11, 23), False),  # noqa: DTZ001
        (None, False),
    ],
)
def test_a_moment_is_aware_when_it_knows_its_offset(moment, aware):
    assert is_aware(moment) is aware


@pytest.mark.parametrize(("count", "text"), [(0, "0 days"), (1, "1 day"), (2, "2 days")])
def test_days_are_counted_in_words_of_the_right_number(count, text):
    assert days_text(count) == text
