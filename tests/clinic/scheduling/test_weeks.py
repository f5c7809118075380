"""Weeks of the calendar and how much of each is taken."""

from datetime import date

import pytest

from clinic.scheduling.finder import ResourceHours
from clinic.scheduling.hours import DatedException, WeeklyRule
from clinic.scheduling.weeks import Load, days_of, monday_of, open_minutes, weeks_from

MONDAY = date(2026, 11, 23)
NINE_TO_FIVE = tuple(WeeklyRule(weekday, 540, 1020) for weekday in range(5))


def test_a_week_begins_on_its_monday():
    assert monday_of(date(2026, 11, 29)) == MONDAY
    assert monday_of(MONDAY) == MONDAY
    assert weeks_from(date(2026, 11, 25), 2) == [MONDAY, date(2026, 11, 30)]
    assert (days_of(MONDAY)[0], days_of(MONDAY)[-1]) == (MONDAY, date(2026, 11, 29))


@pytest.mark.parametrize(
    ("load", "percent", "level", "free"),
    [(Load(480, 0), 0, "empty", 480), (Load(480, 48), 10, "light", 432),
     (Load(480, 240), 50, "busy", 240), (Load(480, 408), 85, "high", 72),
     (Load(480, 480), 100, "full", 0), (Load(480, 600), 125, "full", 0),
     (Load(0, 0), None, "shut", 0), (Load(0, 30), None, "full", 0)],
)  # fmt: skip
def test_a_load_has_its_percent_its_level_and_what_is_free(load, percent, level, free):
    assert (load.percent, load.level, load.free_min) == (percent, level, free)


def test_loads_add_up():
    assert Load(480, 100) + Load(240, 60) == Load(720, 160)


def test_open_minutes_are_the_hours_of_the_week_without_absences():
    away = DatedException(date(2026, 11, 24), date(2026, 11, 24), "off")
    extra = DatedException(date(2026, 11, 28), date(2026, 11, 28), "extra", 600, 720)
    unit = ResourceHours(1, "practitioner", NINE_TO_FIVE, (away, extra))

    assert open_minutes(days_of(MONDAY), unit) == 4 * 480 + 120


def test_a_closure_of_the_clinic_closes_everybody_and_its_extra_hours_call_nobody_in():
    whole = [DatedException(MONDAY, MONDAY, "off"),
             DatedException(date(2026, 11, 28), date(2026, 11, 28), "extra", 600, 720)]  # fmt: skip
    person, room = (ResourceHours(1, kind, NINE_TO_FIVE) for kind in ("practitioner", "room"))

    assert open_minutes(days_of(MONDAY), person, whole) == 4 * 480
    assert open_minutes(days_of(MONDAY), room, whole) == 4 * 480 + 120
