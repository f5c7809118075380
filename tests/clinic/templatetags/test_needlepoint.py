"""Days, times and states read as the house says."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from clinic.models import Appointment
from clinic.templatetags import needlepoint as filters
from treatments.models import PlanState, TreatmentSession
from treatments.safety.findings import Level

LONDON = ZoneInfo("Europe/London")


def test_a_near_day_has_weekday_and_month_but_no_year():
    assert filters.day(date(2026, 11, 23)) == "Mon 23 Nov"
    assert filters.day_year(date(2026, 11, 3)) == "Tue 3 Nov 2026"
    assert filters.day(None) == ""


def test_an_instant_is_shown_by_the_clinics_wall_clock_in_summer_too():
    summer = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)
    with timezone.override(LONDON):
        assert filters.day_clock(summer) == "Thu 2 Jul 00:30"


@pytest.mark.parametrize(
    ("length", "words"),
    [(45, "45 min"), (60, "1 h"), (timedelta(minutes=95), "1 h 35 min"), (None, ""), (0, "0 min")],
)
def test_a_length_reads_in_hours_and_minutes(length, words):
    assert filters.minutes(length) == words


@pytest.mark.parametrize(
    ("apart", "words"),
    [(-12, "12 days ago"), (-1, "yesterday"), (0, "today"), (1, "tomorrow"), (28, "in 28 days")],
)
def test_a_day_is_told_by_its_distance(apart, words):
    today = date(2026, 11, 23)
    assert filters.days_between(today + timedelta(days=apart), today) == words


def test_an_unknown_state_keeps_its_own_word_and_takes_no_colour():
    assert filters.look("waiting_list") == filters.Look("Waiting list", "circle", "void")


def test_the_dots_say_what_is_done_what_is_next_and_what_is_left():
    assert filters.dots(1, 3) == ["done", "next", "todo"]
    assert filters.dots(3, 3) == ["done", "done", "done"]


@pytest.mark.parametrize(
    ("kind", "states"),
    [
        ("appointment", Appointment.Status),
        ("session", TreatmentSession.Status),
        ("course", PlanState),
    ],
)
def test_every_state_of_a_model_has_a_look_and_says_the_models_word(kind, states):
    shown = {state.value: filters.look(state, kind).label for state in states}
    assert shown == dict(states.choices)
    assert set(states.values) <= set(filters.LOOKS[kind])


def test_every_level_of_a_finding_has_a_look_and_says_its_word():
    assert {level: filters.finding_look(level).label for level in Level} == {
        level: level.label for level in Level
    }
