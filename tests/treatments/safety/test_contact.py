"""A3, A4, A12, the alarm, and times that are missing or cannot be right."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.treatments.safety.shelf import (
    ADULT,
    COMPOUNDED_4,
    EMLA,
    LMX4,
    NINE,
    minutes,
    on_skin,
    room,
    row,
    serious,
    the,
)
from treatments.safety.dose import alarm_at, check_dose, remove_by
from treatments.safety.findings import Level
from treatments.safety.seeds import DOSE_RULES

NAIVE = datetime(2026, 11, 23, 9, 0)  # noqa: DTZ001


def contact(removed_after, *, now_after=400, started_after=None, **more):
    """The findings about LMX4 (30 to 60 min): minutes after 09:00; None for still on."""
    removed = None if removed_after is None else NINE + minutes(removed_after)
    started = None if started_after is None else NINE + minutes(started_after)
    now = None if now_after is None else NINE + minutes(now_after)
    cream = on_skin(LMX4, 30, 300, **({"removed_at": removed} | more))
    return check_dose([cream], ADULT, room(now=now, needling_started_at=started))


@pytest.mark.parametrize(
    ("minutes_on", "found"),
    [(59.9, []), (60, []), (60.1, [("STOP", "DOSE_A3_OVER")]), (500, [("STOP", "DOSE_A3_OVER")])],
)
def test_a_finished_contact_stops_over_the_longest_time(minutes_on, found):
    assert serious(contact(minutes_on, now_after=500)) == found


@pytest.mark.parametrize(
    ("minutes_on", "found"),
    [
        (53.9, []),
        (54, [("WARN", "DOSE_A3_ALARM")]),
        (60, [("WARN", "DOSE_A3_ALARM")]),
        (60.1, [("STOP", "DOSE_A3_OVER")]),
    ],
)
def test_a_cream_still_on_warns_from_nine_tenths_of_the_longest_time(minutes_on, found):
    assert serious(contact(None, now_after=minutes_on)) == found


def test_the_contact_time_is_always_shown():
    assert the(contact(45), "DOSE_A3_CONTACT").sentence == (
        "LMX4 was on for 45 min; the longest is 60 min."
    )


@pytest.mark.parametrize(("minutes_on", "short"), [(29.9, True), (30, False), (30.1, False)])
def test_a_contact_under_the_shortest_time_is_noted(minutes_on, short):
    noted = [one.level.value for one in contact(minutes_on) if one.code == "DOSE_A4_SHORT"]
    assert noted == (["INFO"] if short else [])


def test_a_cream_still_on_is_not_yet_too_short():
    assert [one.code for one in contact(None, now_after=5) if one.code == "DOSE_A4_SHORT"] == []


@pytest.mark.parametrize(
    ("removed_after", "found"),
    [
        (49.9, []),
        (50, []),
        (50.1, [("STOP", "DOSE_A12_STILL_ON")]),
        (None, [("STOP", "DOSE_A12_STILL_ON")]),
    ],
)
def test_cream_not_removed_when_needling_starts_stops(removed_after, found):
    assert serious(contact(removed_after, now_after=51, started_after=50)) == found


@pytest.mark.parametrize(
    ("applied_after", "found"),
    [
        (-0.1, []),
        (0, [("STOP", "DOSE_A9_AFTER_NEEDLING")]),
        (0.1, [("STOP", "DOSE_A9_AFTER_NEEDLING")]),
    ],
)
def test_cream_put_on_after_needling_started_stops(applied_after, found):
    started = NINE + minutes(-30)
    cream = on_skin(
        LMX4, 30, 300, applied_at=started + minutes(applied_after), removed_at=started + minutes(40)
    )
    findings = check_dose([cream], ADULT, room(needling_started_at=started))
    assert serious(findings) == [("STOP", "DOSE_A12_STILL_ON"), *found]


def test_a_missing_time_of_application_is_a_warning():
    assert serious(contact(50, applied_at=None)) == [("WARN", "DOSE_APPLIED_AT_MISSING")]


def test_a_missing_time_of_application_does_not_hide_a_cream_still_on():
    assert serious(contact(None, applied_at=None, started_after=50)) == [
        ("STOP", "DOSE_A12_STILL_ON"),
        ("WARN", "DOSE_APPLIED_AT_MISSING"),
    ]


def test_a_missing_removal_with_no_clock_to_go_by_is_a_warning():
    assert serious(contact(None, now_after=None)) == [("WARN", "DOSE_REMOVED_AT_MISSING")]


def test_a_missing_removal_without_a_longest_time_is_a_warning():
    cream = on_skin(COMPOUNDED_4, 5, 50, removed_at=None)
    findings = check_dose([cream], ADULT, room(needling_started_at=None))
    assert serious(findings) == [
        ("WARN", "DOSE_NO_LIMITS"),
        ("WARN", "DOSE_REMOVED_AT_MISSING"),
    ]
    assert the(findings, "DOSE_A3_CONTACT").level is Level.INFO


@pytest.mark.parametrize(
    "facts",
    [
        {"removed_after": -1},
        {"removed_after": 50, "now_after": 49},
        {"removed_after": None, "now_after": -1},
        {"removed_after": 50, "applied_at": NAIVE},
        {"removed_after": 50, "removed_at": NAIVE},
    ],
)
def test_times_that_cannot_be_right_stop(facts):
    assert serious(contact(**facts)) == [("STOP", "DOSE_TIMES_INVALID")]


@pytest.mark.parametrize("moment", ["now", "needling_started_at"])
def test_a_moment_of_the_room_without_a_zone_stops(moment):
    findings = check_dose([on_skin()], ADULT, room(**{moment: NAIVE}))
    assert serious(findings) == [("STOP", "DOSE_TIMES_INVALID")]


def test_the_same_minute_may_hold_application_and_removal_and_the_look_at_the_clock():
    assert serious(contact(0)) == []
    assert serious(contact(0, now_after=0)) == []
    assert serious(contact(None, now_after=0)) == []


def test_an_hour_that_the_clocks_add_counts_as_contact():
    london = ZoneInfo("Europe/London")
    cream = on_skin(
        LMX4,
        30,
        300,
        applied_at=datetime(2026, 10, 25, 0, 30, tzinfo=london),
        removed_at=datetime(2026, 10, 25, 1, 15, fold=1, tzinfo=london),
    )
    findings = check_dose([cream], ADULT, room(needling_started_at=None))
    assert the(findings, "DOSE_A3_OVER").figures["contact_minutes"] == "105.00"


def test_the_alarm_is_due_at_nine_tenths_and_the_removal_at_the_longest_time():
    assert alarm_at(on_skin(LMX4), ADULT, DOSE_RULES) == NINE + minutes(54)
    assert remove_by(on_skin(LMX4), ADULT, DOSE_RULES) == NINE + minutes(60)
    assert alarm_at(on_skin(EMLA), ADULT, DOSE_RULES) == NINE + minutes(270)


@pytest.mark.parametrize(
    "cream",
    [
        on_skin(EMLA, applied_at=None),
        on_skin(EMLA, applied_at=NAIVE),
        on_skin(COMPOUNDED_4),
        on_skin(replace(EMLA, adult=row(60, 600, None))),
    ],
)
def test_there_is_no_alarm_without_a_start_or_a_longest_time(cream):
    assert alarm_at(cream, ADULT, DOSE_RULES) is None
    assert remove_by(cream, ADULT, DOSE_RULES) is None
