from dataclasses import replace
from datetime import date

import pytest

from tests.treatments.safety.shelf import D, serious
from treatments.safety.depth import (
    DeviceLimits,
    ProtocolRange,
    ZoneLimits,
    ZoneSetting,
    check_depth,
    check_depth_line,
)
from treatments.safety.findings import Level
from treatments.safety.seeds import SCOTLAND_DEPTH_LINE

SKINPEN = DeviceLimits("SkinPen", D(0), D("2.5"), D("0.25"), D("1.5"), "De Novo DEN160029")
DERMAPEN = DeviceLimits("Dermapen 4", D("0.2"), D("3.0"), D("0.1"), None, "manual")
UPPER_BACK = ZoneLimits(D("2.5"), False, "[from knowledge]")
BACK_AS = ProtocolRange("BACK_AS", D("1.0"), D("2.5"), 10, "[proposal]")


def check(depth, *, passes=4, endpoint="4", device=DERMAPEN, zone=UPPER_BACK, protocol=BACK_AS):
    setting = ZoneSetting("B_UPPER_L", None if depth is None else D(depth), passes, endpoint)
    return check_depth(setting, device=device, zone=zone, protocol=protocol)


def test_a_setting_within_every_limit_says_nothing():
    assert check("1.5") == ()


@pytest.mark.parametrize(
    ("depth", "found"),
    [
        ("0.1", [("STOP", "DEPTH_DEVICE_RANGE"), ("WARN", "DEPTH_PROTOCOL")]),
        ("0.2", [("WARN", "DEPTH_PROTOCOL")]),
        ("0.9", [("WARN", "DEPTH_PROTOCOL")]),
        ("1.0", []),
        ("1.1", []),
        ("2.5", []),
        ("2.6", [("STOP", "DEPTH_ZONE_CAP"), ("WARN", "DEPTH_PROTOCOL")]),
        ("3.0", [("STOP", "DEPTH_ZONE_CAP"), ("WARN", "DEPTH_PROTOCOL")]),
        (
            "3.1",
            [
                ("STOP", "DEPTH_DEVICE_RANGE"),
                ("STOP", "DEPTH_ZONE_CAP"),
                ("WARN", "DEPTH_PROTOCOL"),
            ],
        ),
    ],
)
def test_depth_against_device_zone_and_protocol(depth, found):
    assert serious(check(depth)) == found


@pytest.mark.parametrize(
    ("depth", "found"),
    [
        ("1.25", []),
        ("1.5", []),
        ("1.50", []),
        ("1.55", [("WARN", "DEPTH_DEVICE_STEP"), ("WARN", "DEPTH_NOT_EVALUATED")]),
        ("1.75", [("WARN", "DEPTH_NOT_EVALUATED")]),
        ("1.45", [("WARN", "DEPTH_DEVICE_STEP")]),
    ],
)
def test_one_and_a_half_is_inside_what_the_device_was_evaluated_to(depth, found):
    assert serious(check(depth, device=SKINPEN)) == found


def test_the_sentence_names_the_evaluated_depth():
    (finding,) = check("1.75", device=SKINPEN)
    assert finding.sentence == (
        "B_UPPER_L: 1.75 mm is over the 1.5 mm SkinPen has been evaluated to."
    )
    assert dict(finding.figures) == {"depth_mm": "1.75", "evaluated_max_mm": "1.5"}


@pytest.mark.parametrize(("depth", "off"), [("1.2", False), ("1.25", True)])
def test_steps_count_from_the_lowest_setting(depth, off):
    assert serious(check(depth)) == ([("WARN", "DEPTH_DEVICE_STEP")] if off else [])


def test_a_roller_of_fixed_length_has_no_steps():
    roller = DeviceLimits("Roller", D("1.5"), D("1.5"), None, None, "label")
    assert check("1.5", device=roller) == ()
    assert serious(check("1.0", device=roller)) == [("STOP", "DEPTH_DEVICE_RANGE")]


def test_a_forbidden_zone_stops_at_any_depth_and_without_one():
    inside_orbit = ZoneLimits(None, True, "SkinPen labelling")
    assert serious(check("1.0", zone=inside_orbit)) == [("STOP", "DEPTH_FORBIDDEN")]
    assert serious(check(None, zone=inside_orbit)) == [
        ("STOP", "DEPTH_FORBIDDEN"),
        ("WARN", "DEPTH_MISSING"),
    ]


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ({"device": None}, "DEPTH_NO_DEVICE"),
        ({"zone": None}, "DEPTH_NO_ZONE"),
        ({"zone": ZoneLimits(None, False, "catalogue")}, "DEPTH_NO_ZONE"),
        ({"protocol": None}, "DEPTH_NO_PROTOCOL"),
    ],
)
def test_a_missing_limit_is_a_warning_of_its_own(missing, code):
    assert serious(check("1.5", **missing)) == [("WARN", code)]


def test_a_missing_depth_is_a_warning():
    assert serious(check(None)) == [("WARN", "DEPTH_MISSING")]


@pytest.mark.parametrize("depth", ["0", "-1", "NaN", "sNaN", "Infinity"])
def test_an_impossible_depth_stops(depth):
    assert serious(check(depth)) == [("STOP", "DEPTH_INVALID")]


@pytest.mark.parametrize(
    ("passes", "found"),
    [
        (0, [("STOP", "PASSES_INVALID")]),
        (1, []),
        (9, []),
        (10, []),
        (11, [("WARN", "PASSES_OVER")]),
        (None, []),
    ],
)
def test_passes(passes, found):
    assert serious(check("1.5", passes=passes)) == found


def test_passes_without_a_limit_are_not_judged():
    assert check("1.5", passes=99, protocol=replace(BACK_AS, max_passes=None)) == ()


@pytest.mark.parametrize(
    ("endpoint", "found"),
    [
        *[(code, []) for code in "01234R"],
        ("5", [("WARN", "ENDPOINT_EXCESS")]),
        ("6", [("WARN", "ENDPOINT_UNKNOWN")]),
        (None, []),
    ],
)
def test_endpoints(endpoint, found):
    assert serious(check("1.5", endpoint=endpoint)) == found


def test_passes_and_endpoint_not_recorded_are_noted():
    findings = check("1.5", passes=None, endpoint=None)
    assert [(one.level.value, one.code) for one in findings] == [
        ("INFO", "ENDPOINT_MISSING"),
        ("INFO", "PASSES_MISSING"),
    ]


ANY_DAY = date(2026, 11, 23)


def line(depth, *, rf=False, prescribed=False, in_force=ANY_DAY, on=ANY_DAY, **more):
    return check_depth_line(
        depth if depth is None else D(depth),
        replace(SCOTLAND_DEPTH_LINE, in_force_from=in_force, **more),
        is_rf=rf,
        prescribed_anaesthetic=prescribed,
        on=on,
    )


@pytest.mark.parametrize(
    ("depth", "caught"), [("1.45", False), ("1.5", True), ("1.50", True), ("1.55", True)]
)
def test_one_and_a_half_is_inside_the_scottish_line(depth, caught):
    assert len(line(depth)) == caught


@pytest.mark.parametrize(
    ("facts", "caught"),
    [
        ({"rf": True}, True),
        ({"rf": True, "rf_at_any_depth": False}, False),
        ({"prescribed": True}, True),
        ({"prescribed": True, "prescribed_anaesthetic_counts": False}, False),
        ({}, False),
    ],
)
def test_a_shallow_session_falls_under_the_line_by_radio_frequency_or_prescription(facts, caught):
    assert len(line("0.5", **facts)) == caught


@pytest.mark.parametrize("depth", [None, "0", "NaN"])
def test_a_depth_that_is_not_known_cannot_be_ruled_out(depth):
    (finding,) = line(depth)
    assert "cannot be ruled out" in finding.sentence


@pytest.mark.parametrize(
    ("in_force", "level"),
    [(None, "INFO"), (date(2026, 11, 24), "INFO"), (ANY_DAY, "WARN"), (date(2026, 1, 1), "WARN")],
)
def test_the_line_is_a_note_until_it_is_in_force(in_force, level):
    (finding,) = line("1.5", in_force=in_force)
    assert finding.level == Level(level)
    assert finding.sentence.endswith("in force on this day.") is (level == "INFO")


@pytest.mark.parametrize(
    "build",
    [
        lambda: replace(SKINPEN, min_mm=D(-1)),
        lambda: replace(SKINPEN, max_mm=D(0)),
        lambda: replace(SKINPEN, step_mm=D(0)),
        lambda: replace(UPPER_BACK, cap_mm=D(0)),
        lambda: replace(BACK_AS, min_mm=D(0)),
        lambda: replace(SCOTLAND_DEPTH_LINE, depth_mm_from=D(0)),
    ],
)
def test_limits_that_make_no_sense_cannot_be_built(build):
    with pytest.raises(ValueError, match="is not above 0"):
        build()
