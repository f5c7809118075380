"""A6, A7, A8, A11, allergies, age, and answers nobody gave."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.treatments.safety.shelf import (
    ADULT,
    BLT,
    COMPOUNDED_4,
    EMLA,
    LMX4,
    PLIAGLIS,
    TODAY,
    D,
    codes,
    on_skin,
    room,
    serious,
    the,
    weighing,
)
from treatments.safety.dose import Active, OtherAnaesthetic, check_dose
from treatments.safety.findings import Level

UNLABELLED = ("WARN", "DOSE_NO_LIMITS")


def dental(mg="40", chemical_class="amide"):
    return OtherAnaesthetic("dentist", "lidocaine", chemical_class, None if mg is None else D(mg))


@pytest.mark.parametrize(("grams", "over"), [("17.4", False), ("17.5", False), ("17.6", True)])
def test_a_cream_without_a_label_warns_over_the_house_limit(grams, over):
    findings = check_dose([on_skin(COMPOUNDED_4, grams, 200)], weighing(70), room())
    assert serious(findings) == ([("WARN", "DOSE_A6_HOUSE_LIMIT")] if over else []) + [UNLABELLED]


def test_the_house_limit_shows_its_sum():
    findings = check_dose([on_skin(COMPOUNDED_4, 20, 200)], weighing(70), room())
    assert the(findings, "DOSE_A6_HOUSE_LIMIT").sentence == (
        "800 mg lidocaine applied on 70 kg is 11.43 mg/kg, over the house limit of 10 mg/kg."
    )


def test_a_labelled_cream_over_the_house_limit_is_only_noted():
    findings = check_dose([on_skin(EMLA, 60, 400)], weighing(60), room())
    noted = [one for one in findings if one.code == "DOSE_A6_HOUSE_LIMIT"]
    assert [(one.level.value, one.subject, one.figures["mg_per_kg"]) for one in noted] == [
        ("INFO", "all amides", "50.00"),
        ("INFO", "lidocaine", "25.00"),
        ("INFO", "prilocaine", "25.00"),
    ]


def test_the_class_total_binds_where_no_single_active_does():
    findings = check_dose([on_skin(BLT, "3", 40)], weighing(70), room(prescription_recorded=True))
    noted = [one.subject for one in findings if one.code == "DOSE_A6_HOUSE_LIMIT"]
    assert noted == ["all esters"]


def test_a_compounded_cream_makes_the_shared_active_a_warning():
    both = [on_skin(LMX4, 10, 100), on_skin(COMPOUNDED_4, 10, 100)]
    finding = the(check_dose(both, weighing(70), room()), "DOSE_A6_HOUSE_LIMIT")
    assert (finding.level, finding.figures["mg"]) == (Level.WARN, "800")


def test_a_compounded_cream_without_a_house_limit_is_a_warning():
    unlimited = replace(COMPOUNDED_4, house_mg_per_kg=None)
    findings = check_dose([on_skin(unlimited, 5, 50)], ADULT, room())
    assert serious(findings) == [("WARN", "DOSE_A6_NO_LIMIT"), UNLABELLED]


@pytest.mark.parametrize(
    ("days", "warned"),
    [(0, []), (364, []), (365, []), (366, ["DOSE_A7_WEIGHT"]), (-1, ["DOSE_A7_WEIGHT"])],
)
def test_a_weight_over_a_year_old_or_from_the_future_is_a_warning(days, warned):
    patient = replace(ADULT, weight_on=TODAY - timedelta(days=days))
    assert codes(check_dose([on_skin()], patient, room()), Level.WARN) == warned


def test_a_weight_without_a_date_is_a_warning():
    findings = check_dose([on_skin()], replace(ADULT, weight_on=None), room())
    assert serious(findings) == [("WARN", "DOSE_A7_WEIGHT")]


def test_a_missing_weight_warns_for_an_adult_with_a_labelled_cream():
    findings = check_dose([on_skin()], weighing(None), room())
    assert serious(findings) == [("WARN", "DOSE_A7_WEIGHT")]
    assert the(findings, "DOSE_A7_WEIGHT").figures["weight_kg"] == ""


def test_an_old_weight_is_shown_with_its_age():
    patient = replace(ADULT, weight_on=TODAY - timedelta(days=366))
    finding = the(check_dose([on_skin()], patient, room()), "DOSE_A7_WEIGHT")
    assert finding.sentence == (
        "The weight (80 kg) is 366 days old, over 365; mg/kg and the limits by weight rest on it."
    )
    assert finding.figures["weight_kg"] == "80"


@pytest.mark.parametrize("weight_on", [None, TODAY - timedelta(days=366)])
def test_a_weight_that_is_old_or_undated_stops_a_cream_without_a_label(weight_on):
    patient = replace(ADULT, weight_on=weight_on)
    findings = check_dose([on_skin(COMPOUNDED_4, 5, 50)], patient, room())
    assert serious(findings) == [("STOP", "DOSE_A7_WEIGHT"), UNLABELLED]


def test_a_missing_weight_stops_a_cream_without_a_label():
    findings = check_dose([on_skin(COMPOUNDED_4, 5, 50)], weighing(None), room())
    assert serious(findings) == [("STOP", "DOSE_A7_WEIGHT"), UNLABELLED]


def test_a_missing_weight_stops_for_a_child():
    patient = replace(weighing(None), age_years=D(9))
    findings = check_dose([on_skin(EMLA, 1, 10)], patient, room(prescription_recorded=True))
    assert serious(findings) == [("STOP", "DOSE_A7_WEIGHT"), ("WARN", "DOSE_CHILD")]


@pytest.mark.parametrize("weight", ["0", "-80", "NaN", "sNaN", "Infinity", "400.1", "1.9", "1e9"])
def test_an_impossible_weight_stops(weight):
    findings = check_dose([on_skin()], weighing(weight), room())
    assert serious(findings) == [("STOP", "DOSE_A7_WEIGHT")]


@pytest.mark.parametrize("weight", ["2", "400"])
def test_the_bounds_of_a_plausible_weight_are_inside(weight):
    findings = check_dose([on_skin()], weighing(weight), room())
    assert codes(findings, Level.STOP) == []


@pytest.mark.parametrize("age", [None, "-1", "NaN", "sNaN", "131"])
def test_a_missing_or_impossible_age_stops(age):
    patient = replace(ADULT, age_years=None if age is None else D(age))
    assert serious(check_dose([on_skin()], patient, room())) == [("STOP", "DOSE_AGE_MISSING")]


def test_an_age_of_zero_is_an_age():
    findings = check_dose([on_skin(EMLA, 1, 10)], replace(ADULT, age_years=D(0)), room())
    assert "DOSE_AGE_MISSING" not in codes(findings)


def test_without_an_age_a_missing_weight_stops():
    patient = replace(weighing(None), age_years=None)
    assert serious(check_dose([on_skin()], patient, room())) == [
        ("STOP", "DOSE_A7_WEIGHT"),
        ("STOP", "DOSE_AGE_MISSING"),
    ]


@pytest.mark.parametrize(
    ("age", "prescribed", "found"),
    [
        ("17.9", False, [("STOP", "DOSE_CHILD")]),
        ("17.9", True, [("WARN", "DOSE_CHILD")]),
        ("18", False, []),
    ],
)
def test_numbing_a_minor_needs_a_prescription(age, prescribed, found):
    patient = replace(ADULT, age_years=D(age))
    context = room(prescription_recorded=prescribed)
    assert serious(check_dose([on_skin(EMLA, 10, 100)], patient, context)) == found


@pytest.mark.parametrize(
    ("product", "allergy", "stopped"),
    [
        (EMLA, "amide", ["EMLA, lidocaine", "EMLA, prilocaine"]),
        (EMLA, "Prilocaine ", ["EMLA, prilocaine"]),
        (EMLA, "ester", []),
        (EMLA, "paba", []),
        (PLIAGLIS, "amide", ["Pliaglis, lidocaine"]),
        (PLIAGLIS, "ester", ["Pliaglis, tetracaine"]),
        (PLIAGLIS, "PABA", ["Pliaglis, tetracaine"]),
        (EMLA, "latex", []),
        (EMLA, "sulfonamide", []),
        (EMLA, "rash after lidocaine, 2019", ["EMLA, lidocaine"]),
        (EMLA, "hives from Emla", ["EMLA, lidocaine", "EMLA, prilocaine"]),
    ],
)
def test_an_allergy_stops_its_class_of_anaesthetic(product, allergy, stopped):
    patient = replace(ADULT, allergies=frozenset({allergy}))
    findings = check_dose([on_skin(product, 5, 40)], patient, room())
    assert [one.subject for one in findings if one.code == "DOSE_ALLERGY"] == stopped
    assert len(stopped) == len(codes(findings, Level.STOP))


def test_allergies_nobody_asked_about_are_a_warning():
    findings = check_dose([on_skin()], replace(ADULT, allergies=None), room())
    assert serious(findings) == [("WARN", "DOSE_ALLERGY_MISSING")]


def test_another_anaesthetic_within_a_day_warns_with_the_summed_milligrams():
    findings = check_dose([on_skin(EMLA, 30, 300)], ADULT, room(other_anaesthetic_24h=(dental(),)))
    finding = the(findings, "DOSE_A8_24H")
    assert finding.sentence == (
        "Several local anaesthetics in 24 h, amides: EMLA lidocaine 750 mg + EMLA prilocaine "
        "750 mg + dentist lidocaine 40 mg = 1540 mg, 19.25 mg/kg."
    )
    assert (finding.level, finding.subject) == (Level.WARN, "amide")


def test_two_products_in_one_session_are_summed_per_class():
    both = [on_skin(EMLA, 10, 100), on_skin(PLIAGLIS, 5, 40)]
    findings = check_dose(both, weighing(None), room())
    totals = {one.subject: one.figures["total_mg"] for one in findings if one.code == "DOSE_A8_24H"}
    assert totals == {"amide": "850", "ester": "350"}


def test_one_product_alone_is_no_other_anaesthetic():
    findings = check_dose([on_skin(EMLA, 10, 100), on_skin(EMLA, 10, 100)], ADULT, room())
    assert serious(findings) == []


def test_another_anaesthetic_nobody_asked_about_is_a_warning():
    findings = check_dose([on_skin()], ADULT, room(other_anaesthetic_24h=None))
    assert serious(findings) == [("WARN", "DOSE_OTHER_MISSING")]


def test_another_anaesthetic_of_unknown_amount_is_a_warning():
    findings = check_dose([on_skin()], ADULT, room(other_anaesthetic_24h=(dental(None),)))
    assert serious(findings) == [("WARN", "DOSE_A8_24H"), ("WARN", "DOSE_OTHER_MG_MISSING")]


@pytest.mark.parametrize("mg", ["0", "-1", "NaN", "50000.1", "1e9"])
def test_another_anaesthetic_of_impossible_amount_stops(mg):
    findings = check_dose([on_skin()], ADULT, room(other_anaesthetic_24h=(dental(mg),)))
    assert serious(findings) == [("STOP", "DOSE_OTHER_MG_INVALID"), ("WARN", "DOSE_A8_24H")]


def test_another_anaesthetic_of_no_known_class_cannot_be_built():
    with pytest.raises(ValueError, match="not amide or ester"):
        dental(chemical_class="opioid")


@pytest.mark.parametrize(
    ("product", "facts", "found"),
    [
        (EMLA, {"occluded": True}, []),
        (EMLA, {"occluded": False}, []),
        (PLIAGLIS, {"occluded": False}, []),
        (PLIAGLIS, {"occluded": True}, [("STOP", "DOSE_A11_COVERED")]),
        (PLIAGLIS, {"occluded": None}, [("WARN", "DOSE_COVER_MISSING")]),
        (EMLA, {"heat_used": True}, [("STOP", "DOSE_A11_HEAT")]),
        (EMLA, {"heat_used": None}, [("WARN", "DOSE_HEAT_MISSING")]),
    ],
)
def test_cover_and_heat(product, facts, found):
    assert serious(check_dose([on_skin(product, 5, 40, **facts)], ADULT, room())) == found


@pytest.mark.parametrize(("required", "found"), [(True, ["DOSE_A11_UNCOVERED"]), (False, [])])
def test_a_cover_the_label_asks_for_and_nobody_put_on_is_noted(required, found):
    cream = replace(EMLA, occlusion_required=required)
    findings = check_dose([on_skin(cream, 5, 40, occluded=False)], ADULT, room())
    assert [one.code for one in findings if "COVER" in one.code] == found


def test_a_cover_not_recorded_is_noted_even_where_it_is_allowed():
    finding = the(check_dose([on_skin(EMLA, occluded=None)], ADULT, room()), "DOSE_COVER_MISSING")
    assert finding.level is Level.INFO


def test_an_active_is_recognised_whatever_its_letters():
    loud = replace(LMX4, actives=(Active("LIDOCAINE hydrochloride", D(40), "amide"),))
    patient = replace(ADULT, allergies=frozenset({"lidocaine"}))
    findings = check_dose([on_skin(loud, 5, 50)], patient, room())
    assert codes(findings, Level.STOP) == ["DOSE_ALLERGY"]
