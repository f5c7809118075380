"""The house's limits come from the catalogue, by the day they hold on."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests import factories
from treatments.actions.thresholds import house_rules
from treatments.models import Threshold

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 23)


def threshold(code, value, since):
    return Threshold.objects.create(
        code=code, value=Decimal(value), effective_from=since, source=f"{code} of {since}"
    )


def test_an_empty_catalogue_falls_back_to_the_published_seeds():
    rules = house_rules(DAY)

    assert (rules.hard_stop_days, rules.dose.weight_max_age_days) == (7, 365)


@pytest.mark.parametrize(("days", "kept"), [(-1, 365), (0, 180), (1, 180)])
def test_a_new_figure_holds_from_its_own_day(days, kept):
    threshold("weight_max_age_days", 365, date(2025, 1, 1))
    threshold("weight_max_age_days", 180, DAY)

    rules = house_rules(DAY + timedelta(days=days))

    assert rules.dose.weight_max_age_days == kept


def test_the_sources_of_the_rows_are_shown():
    threshold("hard_stop_days", 10, date(2025, 1, 1))

    rules = house_rules(DAY)

    assert (rules.hard_stop_days, rules.interval_source) == (10, "hard_stop_days of 2025-01-01")


def test_the_scottish_line_and_the_twelve_months_are_rows_of_the_catalogue():
    threshold("scotland_depth_mm", "1.25", DAY)
    threshold("yearly_days", 360, DAY)

    before, after = house_rules(DAY - timedelta(days=1)), house_rules(DAY)

    assert (before.depth_line.depth_mm_from, before.yearly_days) == (Decimal("1.5"), 365)
    assert (after.depth_line.depth_mm_from, after.yearly_days) == (Decimal("1.25"), 360)
    assert after.depth_line.source == f"scotland_depth_mm of {DAY}"


def test_all_limits_take_one_query(django_assert_num_queries):
    factories.zone()

    with django_assert_num_queries(1):
        house_rules(DAY)
