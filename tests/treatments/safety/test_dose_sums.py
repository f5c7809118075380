"""The sums of the clinical reference's test table, exactly, and the sentence that shows them."""

import pytest

from tests.treatments.safety.shelf import (
    ADULT,
    COMPOUNDED_4,
    EMLA,
    LIDOCAINE_25,
    LMX4,
    PLIAGLIS,
    PRILOCAINE_25,
    D,
    codes,
    on_skin,
    room,
    the,
    weighing,
)
from treatments.safety.dose import (
    absorbed_by_flux_mg,
    absorbed_estimate_mg,
    check_dose,
    mg_applied,
    mg_per_kg,
)


@pytest.mark.parametrize(
    ("product", "grams", "weight_kg", "mg", "per_kg"),
    [
        (EMLA, "30", "80", "750", "9.38"),
        (EMLA, "60", "60", "1500", "25.00"),
        (LMX4, "30", "70", "1200", "17.14"),
        (PLIAGLIS, "53", "70", "3710", "53.00"),
        (COMPOUNDED_4, "15", "70", "600", "8.57"),
    ],
)
def test_the_reference_table_of_applied_doses(product, grams, weight_kg, mg, per_kg):
    findings = check_dose([on_skin(product, grams, 400)], weighing(weight_kg), room())
    sums = [dict(one.figures) for one in findings if one.code == "DOSE_SUM"]
    assert [(figures["mg"], figures["mg_per_kg"]) for figures in sums] == [(mg, per_kg)] * len(
        product.actives
    )


def test_the_sums_themselves_are_exact():
    assert mg_applied(D(30), LIDOCAINE_25) == D(750)
    assert mg_applied(D(30), PRILOCAINE_25) == D(750)
    assert mg_per_kg(D(750), D(80)) == D("9.375")


def test_flux_over_400_square_centimetres_for_three_hours():
    assert absorbed_by_flux_mg(D("0.045"), D(400), D(3)) == D("54.0")
    assert absorbed_by_flux_mg(D("0.077"), D(400), D(3)) == D("92.4")


def test_the_absorbed_estimate_is_a_share_of_what_was_applied():
    assert absorbed_estimate_mg(D(1500), D("0.05")) == D(75)


def test_the_sentence_shows_the_whole_sum():
    findings = check_dose([on_skin(EMLA, 30, 300)], ADULT, room())
    assert [one.sentence for one in findings if one.code == "DOSE_SUM"] == [
        "30 g EMLA on 80 kg = 750 mg lidocaine, 9.38 mg/kg applied.",
        "30 g EMLA on 80 kg = 750 mg prilocaine, 9.38 mg/kg applied.",
    ]


def test_without_a_weight_the_sentence_stops_at_milligrams():
    findings = check_dose([on_skin(LMX4, 30, 300)], weighing(None), room())
    assert the(findings, "DOSE_SUM").sentence == "30 g LMX4 = 1200 mg lidocaine applied."


def test_two_tubes_of_one_product_are_one_sum():
    findings = check_dose([on_skin(LMX4, 10, 100), on_skin(LMX4, 20, 200)], weighing(70), room())
    assert the(findings, "DOSE_SUM").sentence == (
        "30 g LMX4 on 70 kg = 1200 mg lidocaine, 17.14 mg/kg applied."
    )


def test_no_sum_is_shown_where_no_grams_are_known():
    assert "DOSE_SUM" not in codes(check_dose([on_skin(grams=None)], ADULT, room()))


def test_a_session_without_numbing_says_so():
    assert [(one.level.value, one.code) for one in check_dose([], ADULT, room())] == [
        ("INFO", "DOSE_NONE")
    ]
