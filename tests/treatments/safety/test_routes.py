from dataclasses import replace

import pytest

from tests.treatments.safety.shelf import D, serious
from treatments.safety.routes import Phase, Route, SerumFacts, check_prp_label, check_route
from treatments.safety.seeds import ROUTE_LIMITS

GLIDE = SerumFacts("Sterile HA gel", Route.OPEN_CHANNELS, True, True, False)
SUNSCREEN = SerumFacts("Mineral SPF 50", Route.INTACT_SKIN, False, False, False)


def check(product, phase, hours=None, jurisdiction="UK"):
    return check_route(
        product,
        phase=phase,
        hours_since_needling=None if hours is None else D(hours),
        jurisdiction=jurisdiction,
        limits=ROUTE_LIMITS,
    )


@pytest.mark.parametrize("route", [Route.OPEN_CHANNELS, Route.INTRADERMAL])
@pytest.mark.parametrize(
    ("phase", "hours"), [(Phase.BEFORE, None), (Phase.DURING, None), (Phase.AFTER, "0")]
)
def test_a_sterile_single_dose_made_for_it_says_nothing(route, phase, hours):
    assert check(replace(GLIDE, route=route), phase, hours) == ()


STOP = ("STOP", "ROUTE_INTACT_ONLY")
POT = [("WARN", "ROUTE_MULTI_DOSE"), ("WARN", "ROUTE_NOT_STERILE")]


@pytest.mark.parametrize(
    ("phase", "hours", "found"),
    [
        (Phase.BEFORE, None, []),
        (Phase.DURING, None, [STOP, *POT]),
        (Phase.AFTER, "0", [STOP, *POT]),
        (Phase.AFTER, "23.9", [STOP, *POT]),
        (Phase.AFTER, "24", []),
        (Phase.AFTER, "24.1", []),
    ],
)
def test_a_product_for_intact_skin_stops_while_channels_are_open(phase, hours, found):
    assert serious(check(SUNSCREEN, phase, hours)) == found


@pytest.mark.parametrize(("hours", "noted"), [("71.9", True), ("72", False), ("72.1", False)])
def test_a_product_for_intact_skin_is_noted_until_caution_ends(hours, noted):
    found = [(one.level.value, one.code) for one in check(SUNSCREEN, Phase.AFTER, hours)]
    assert found == ([("INFO", "ROUTE_CAUTION")] if noted else [])


@pytest.mark.parametrize("hours", [None, "-1", "NaN", "sNaN", "Infinity"])
def test_hours_missing_or_impossible_count_as_just_needled(hours):
    assert serious(check(SUNSCREEN, Phase.AFTER, hours)) == [
        STOP,
        ("WARN", "ROUTE_HOURS_MISSING"),
        *POT,
    ]


def test_a_day_later_a_product_made_for_open_channels_says_nothing():
    assert check(GLIDE, Phase.AFTER, "30") == ()


def test_a_product_without_a_route_counts_as_for_intact_skin():
    unknown = replace(GLIDE, route=None)
    (finding,) = check(unknown, Phase.DURING)
    assert (finding.code, finding.sentence) == (
        "ROUTE_INTACT_ONLY",
        "Sterile HA gel has no route in the catalogue and is used during needling.",
    )
    assert [one.code for one in check(unknown, Phase.AFTER, "30")] == ["ROUTE_CAUTION"]


@pytest.mark.parametrize("value", [False, None])
@pytest.mark.parametrize(
    ("field", "code"), [("sterile", "ROUTE_NOT_STERILE"), ("single_dose", "ROUTE_MULTI_DOSE")]
)
def test_a_product_not_known_to_be_sterile_and_single_dose_is_a_warning(field, code, value):
    product = replace(GLIDE, **{field: value})
    assert serious(check(product, Phase.DURING)) == [("WARN", code)]
    assert check(product, Phase.BEFORE) == ()


def test_vitamin_c_and_its_like_are_a_warning_while_channels_are_open():
    serum = replace(GLIDE, contains=frozenset({"vitamin C", "fragrance", "glycerol"}))
    (finding,) = check(serum, Phase.AFTER, "2")
    assert (finding.level.value, finding.code, finding.sentence) == (
        "WARN",
        "ROUTE_IRRITANT",
        "Sterile HA gel contains fragrance, vitamin C and is used while channels count as open.",
    )


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize(
    ("jurisdiction", "level"), [("UK", "STOP"), ("EU", "STOP"), ("US", "WARN"), (None, "WARN")]
)
def test_exosomes_of_human_origin(phase, jurisdiction, level):
    exosome = replace(GLIDE, human_origin_exosome=True)
    assert serious(check(exosome, phase, "1", jurisdiction)) == [(level, "ROUTE_EXOSOME")]


def test_an_origin_the_catalogue_does_not_give_is_a_warning():
    unknown = replace(GLIDE, human_origin_exosome=None)
    assert serious(check(unknown, Phase.BEFORE)) == [("WARN", "ROUTE_EXOSOME_MISSING")]


@pytest.mark.parametrize(
    ("label", "stopped"), [("P-7", False), ("P-8", True), ("", True), (None, True)]
)
def test_a_plasma_tube_must_carry_the_patients_own_label(label, stopped):
    findings = check_prp_label(label_patient=label, session_patient="P-7", source="[proposal]")
    assert serious(findings) == ([("STOP", "ROUTE_PRP_PATIENT")] if stopped else [])


def test_an_empty_label_never_matches_an_empty_patient():
    findings = check_prp_label(label_patient="", session_patient="", source="[proposal]")
    assert serious(findings) == [("STOP", "ROUTE_PRP_PATIENT")]


@pytest.mark.parametrize("field", ["channels_open_hours", "caution_hours"])
def test_hours_that_make_no_sense_cannot_be_built(field):
    with pytest.raises(ValueError, match=field):
        replace(ROUTE_LIMITS, **{field: D(0)})


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("sterile", False, "Sterile HA gel is not sterile and is used during needling."),
        ("sterile", None, "Sterile HA gel is not known to be sterile and is used during needling."),
        ("single_dose", False, "Sterile HA gel is a multi-dose pot and is used during needling."),
        ("single_dose", None, "Sterile HA gel may be multi-dose and is used during needling."),
    ],
)
def test_what_is_known_and_what_is_not_known_read_differently(field, value, sentence):
    (finding,) = check(replace(GLIDE, **{field: value}), Phase.DURING)
    assert finding.sentence == sentence


@pytest.mark.parametrize(
    ("jurisdiction", "ending"),
    [
        ("UK", "not allowed in UK."),
        ("US", "no rule known for US."),
        (None, "not checked, since the jurisdiction is not known."),
    ],
)
def test_an_exosome_finding_says_which_rule_it_rests_on(jurisdiction, ending):
    exosome = replace(GLIDE, human_origin_exosome=True)
    (finding,) = check(exosome, Phase.BEFORE, None, jurisdiction)
    assert finding.sentence == f"Sterile HA gel has exosomes of human origin: {ending}"


@pytest.mark.parametrize(
    ("label", "sentence"),
    [
        ("P-8", "The plasma tube carries another patient's label."),
        (None, "The patient on the plasma tube's label is not recorded."),
    ],
)
def test_a_wrong_and_a_missing_plasma_label_read_differently(label, sentence):
    (finding,) = check_prp_label(label_patient=label, session_patient="P-7", source="[proposal]")
    assert finding.sentence == sentence
