"""A1, A2, A5, layers, entries that are missing or cannot be right, and the choice of the row."""

from dataclasses import replace

import pytest

from tests.treatments.safety.shelf import (
    ADULT,
    BLT,
    COMPOUNDED_4,
    EMLA,
    LMX4,
    NINE,
    PLIAGLIS,
    D,
    codes,
    minutes,
    on_skin,
    room,
    row,
    serious,
    the,
    weighing,
)
from treatments.safety.dose import (
    Active,
    LimitRow,
    PatientFacts,
    ProductLimits,
    check_dose,
    limit_row,
)
from treatments.safety.findings import Level
from treatments.safety.seeds import DOSE_RULES


@pytest.mark.parametrize(
    ("grams", "area", "stops"),
    [
        ("59.9", "599.9", []),
        ("60", "600", []),
        ("60.1", "600", [("STOP", "DOSE_A1_GRAMS")]),
        ("60", "600.1", [("STOP", "DOSE_A2_AREA")]),
        ("40", "650", [("STOP", "DOSE_A2_AREA")]),
        ("61", "650", [("STOP", "DOSE_A1_GRAMS"), ("STOP", "DOSE_A2_AREA")]),
    ],
)
def test_emla_stops_over_sixty_grams_or_six_hundred_square_centimetres(grams, area, stops):
    assert serious(check_dose([on_skin(EMLA, grams, area)], weighing(60), room())) == stops


def test_a_cap_names_its_sum_its_limit_and_its_source():
    finding = the(check_dose([on_skin(EMLA, "60.1", 400)], ADULT, room()), "DOSE_A1_GRAMS")
    assert finding.sentence == "60.1 g EMLA is over the 60 g allowed."
    assert dict(finding.figures) == {"total_g": "60.1", "max_g": "60"}
    assert (finding.source, finding.subject) == ("UK/IE SmPC", "EMLA")


@pytest.mark.parametrize(("second", "stops"), [("30", []), ("30.1", [("STOP", "DOSE_A1_GRAMS")])])
def test_two_applications_of_one_product_share_its_cap(second, stops):
    morning = on_skin(EMLA, 30, 300, zones=("B_UPPER_L",))
    later = on_skin(EMLA, second, 300, zones=("B_UPPER_R",))
    assert serious(check_dose([morning, later], ADULT, room())) == stops


def test_two_areas_of_one_product_share_its_cap():
    parts = [on_skin(EMLA, 20, 300), on_skin(EMLA, 20, "300.1")]
    assert serious(check_dose(parts, ADULT, room())) == [("STOP", "DOSE_A2_AREA")]


def test_the_same_product_from_two_versions_of_the_catalogue_is_summed_against_both():
    older = replace(EMLA, adult=row(50, 400, 300, source="older label"))
    findings = check_dose([on_skin(EMLA, 30, 200), on_skin(older, 25, 150)], ADULT, room())
    assert serious(findings) == [("STOP", "DOSE_A1_GRAMS")]


@pytest.mark.parametrize(
    "grams", ["0", "-1", "NaN", "sNaN", "Infinity", "500.1", "1e9", "1E+999999"]
)
@pytest.mark.parametrize("product", [EMLA, LMX4, COMPOUNDED_4])
def test_impossible_grams_are_refused(grams, product):
    findings = check_dose([on_skin(product, grams, 300)], ADULT, room())
    assert the(findings, "DOSE_GRAMS_INVALID").level is Level.STOP


@pytest.mark.parametrize("area", ["0", "-1", "NaN", "Infinity", "20000.1", "1e9"])
def test_an_impossible_area_is_refused(area):
    findings = check_dose([on_skin(LMX4, 10, area)], ADULT, room())
    assert the(findings, "DOSE_AREA_INVALID").level is Level.STOP


def test_a_float_is_refused_like_any_other_impossible_entry():
    findings = check_dose([replace(on_skin(EMLA), grams=30.0)], ADULT, room())
    assert the(findings, "DOSE_GRAMS_INVALID").level is Level.STOP


@pytest.mark.parametrize(
    ("missing", "code"), [("grams", "DOSE_GRAMS_MISSING"), ("area_cm2", "DOSE_AREA_MISSING")]
)
def test_missing_grams_or_area_is_a_warning_of_its_own(missing, code):
    findings = check_dose([replace(on_skin(EMLA), **{missing: None})], ADULT, room())
    assert serious(findings) == [("WARN", code)]


def test_one_missing_amount_does_not_hide_what_the_others_add_up_to():
    parts = [on_skin(EMLA, None, 100), on_skin(EMLA, 61, 100)]
    assert serious(check_dose(parts, ADULT, room())) == [
        ("STOP", "DOSE_A1_GRAMS"),
        ("WARN", "DOSE_GRAMS_MISSING"),
    ]


@pytest.mark.parametrize(
    ("grams", "area", "warned"),
    [
        ("5", "40", []),
        ("5.1", "40", ["DOSE_TABLE"]),
        ("11", "41", []),
        ("11.1", "80", ["DOSE_TABLE"]),
        ("53", "400", []),
    ],
)
def test_pliaglis_warns_over_the_next_printed_row_of_its_table(grams, area, warned):
    findings = check_dose([on_skin(PLIAGLIS, grams, area)], ADULT, room())
    assert codes(findings, Level.WARN) == warned


def test_past_the_last_row_of_the_table_the_area_cap_speaks():
    findings = check_dose([on_skin(PLIAGLIS, 53, "400.1")], ADULT, room())
    assert serious(findings) == [("STOP", "DOSE_A2_AREA")]


@pytest.mark.parametrize(("grams", "warned"), [("40", []), ("40.1", ["DOSE_LAYER"])])
def test_a_layer_over_the_label_is_a_warning(grams, warned):
    findings = check_dose([on_skin(LMX4, grams, 200)], ADULT, room())
    assert codes(findings, Level.WARN) == warned


def test_a_limit_the_label_does_not_give_is_named_as_not_checked():
    finding = the(check_dose([on_skin(LMX4, 30, 300)], ADULT, room()), "DOSE_NOT_CAPPED")
    assert (finding.level, finding.figures["not_checked"]) == (Level.INFO, "grams")


def test_a_row_without_any_limit_is_a_warning():
    bare = replace(LMX4, adult=row(None, None, None))
    finding = the(check_dose([on_skin(bare, 30, 300)], ADULT, room()), "DOSE_NOT_CAPPED")
    assert finding.level is Level.WARN


def test_a_labelled_product_without_a_row_for_adults_stops():
    rowless = replace(EMLA, adult=None)
    assert serious(check_dose([on_skin(rowless)], ADULT, room())) == [("STOP", "DOSE_NO_LIMITS")]


def test_a_product_without_actives_stops():
    unknown = replace(EMLA, actives=())
    assert serious(check_dose([on_skin(unknown)], ADULT, room())) == [("STOP", "DOSE_NO_ACTIVES")]


def compounded(percent, name="lidocaine", chemical_class="amide"):
    return replace(COMPOUNDED_4, actives=(Active(name, D(percent) * 10, chemical_class),))


@pytest.mark.parametrize(
    ("product", "prescribed", "level"),
    [
        (compounded("3.9"), False, None),
        (compounded("4"), False, None),
        (compounded("4.1"), False, "STOP"),
        (compounded("4.1"), True, "INFO"),
        (compounded("1", "Benzocaine", "ester"), False, "STOP"),
        (BLT, False, "STOP"),
        (BLT, True, "INFO"),
        (PLIAGLIS, False, None),
    ],
)
def test_strong_or_benzocaine_creams_without_a_label_need_a_prescription(
    product, prescribed, level
):
    findings = check_dose([on_skin(product, 5, 40)], ADULT, room(prescription_recorded=prescribed))
    found = [one.level.value for one in findings if one.code == "DOSE_A5_PRESCRIPTION"]
    assert found == ([level] if level else [])


def test_actives_of_a_compounded_cream_are_added_one_to_one():
    two = replace(
        COMPOUNDED_4,
        actives=(Active("lidocaine", D(30), "amide"), Active("tetracaine", D(11), "ester")),
    )
    finding = the(check_dose([on_skin(two, 5, 40)], ADULT, room()), "DOSE_A5_PRESCRIPTION")
    assert finding.figures["percent_w_w"] == "4.1"


def test_a_cream_without_limits_warns_that_nothing_was_checked():
    findings = check_dose([on_skin(COMPOUNDED_4, 5, 40)], ADULT, room())
    assert serious(findings) == [("WARN", "DOSE_NO_LIMITS")]


def child(age, kg, **more):
    return PatientFacts(D(age), None if kg is None else D(kg), ADULT.weight_on, frozenset(), **more)


@pytest.mark.parametrize(
    ("age", "weight_kg", "max_g"),
    [
        ("0.1", "4", 1),
        ("0.24", "9", 1),
        ("0.25", "5.1", 2),
        ("0.25", "5", 1),
        ("0.99", "12", 2),
        ("1", "10.1", 10),
        ("1", "10", 2),
        ("6.9", "25", 10),
        ("7", "20.1", 20),
        ("7", "20", 10),
        ("9", "10", 2),
        ("9", "4", 1),
        ("12.9", "50", 20),
        ("15", "55", 20),
        ("17.99", "70", 20),
        ("18", "70", 60),
        ("7", None, 1),
    ],
)
def test_age_and_weight_must_both_hold_else_the_lower_row_applies(age, weight_kg, max_g):
    assert limit_row(EMLA, child(age, weight_kg), DOSE_RULES).max_g == max_g


def test_a_row_that_names_no_age_is_no_row_for_a_child():
    ageless = replace(EMLA, child_rows=(*EMLA.child_rows, EMLA.adult))
    assert limit_row(ageless, child("3", "15"), DOSE_RULES).max_g == D(10)
    assert limit_row(replace(EMLA, child_rows=(EMLA.adult,)), child("3", "15"), DOSE_RULES) is None


def test_of_two_rows_from_one_age_the_one_with_fewer_grams_is_read():
    twice = (
        row(None, 5, 5, min_age_years=1),
        row(9, 90, 60, min_age_years=1),
        row(10, 100, 60, min_age_years=1),
    )
    for rows in (twice, twice[::-1]):
        assert limit_row(replace(EMLA, child_rows=rows), child("3", "15"), DOSE_RULES).max_g == D(9)


def test_an_answer_given_where_nothing_was_checked_does_not_cover_more_cream():
    def unchecked(grams):
        return the(check_dose([on_skin(COMPOUNDED_4, grams, 40)], ADULT, room()), "DOSE_NO_LIMITS")

    assert unchecked(5).fingerprint != unchecked(15).fingerprint


def test_rows_are_read_by_age_whatever_their_order_in_the_catalogue():
    shuffled = replace(EMLA, child_rows=EMLA.child_rows[::-1])
    assert limit_row(shuffled, child("3", "15"), DOSE_RULES).max_g == D(10)


@pytest.mark.parametrize(("grams", "stops"), [("10", []), ("10.1", [("STOP", "DOSE_A1_GRAMS")])])
def test_a_childs_grams_are_capped_by_the_childs_row(grams, stops):
    prescribed = room(prescription_recorded=True)
    findings = check_dose([on_skin(EMLA, grams, 100)], child("3", "15"), prescribed)
    assert serious(findings) == [*stops, ("WARN", "DOSE_CHILD")]
    assert [one.sentence for one in findings if one.level is Level.STOP] == [
        "10.1 g EMLA is over the 10 g allowed for this age and weight."
    ] * len(stops)


def test_a_product_without_a_row_for_children_stops_for_a_child():
    findings = check_dose([on_skin(LMX4, 5, 50)], child("9", "30"), room())
    assert serious(findings) == [("STOP", "DOSE_CHILD"), ("STOP", "DOSE_NO_LIMITS")]


def test_a_compounded_cream_without_a_row_stops_for_a_child():
    findings = check_dose([on_skin(COMPOUNDED_4, 5, 50)], child("9", "30"), room())
    assert serious(findings) == [("STOP", "DOSE_CHILD"), ("STOP", "DOSE_NO_LIMITS")]


def test_a_childs_contact_time_is_the_childs_row():
    long = on_skin(EMLA, 5, 50, removed_at=NINE + minutes(241))
    later = room(needling_started_at=None, now=NINE + minutes(242), prescription_recorded=True)
    assert serious(check_dose([long], child("3", "15"), later)) == [
        ("STOP", "DOSE_A3_OVER"),
        ("WARN", "DOSE_CHILD"),
    ]


@pytest.mark.parametrize(
    "build",
    [
        lambda: Active("lidocaine", D(0), "amide"),
        lambda: Active("lidocaine", D("1000.1"), "amide"),
        lambda: Active("lidocaine", D(25), "amine"),
        lambda: Active(" ", D(25), "amide"),
        lambda: ProductLimits(" ", (), None, True, True, "label"),
        lambda: LimitRow(D("NaN"), None, None, "label"),
        lambda: LimitRow(D(0), None, None, "label"),
        lambda: LimitRow(None, None, None, "label", min_weight_kg=D(-1)),
        lambda: ProductLimits("X", (), None, True, True, "label", house_mg_per_kg=D(0)),
        lambda: ProductLimits("X", (), None, True, True, "label", area_table=((D(10), D(-1)),)),
        lambda: ProductLimits("X", (), None, True, True, "label", max_g_per_10cm2=1.5),
        lambda: replace(DOSE_RULES, alarm_fraction=D("1.1")),
        lambda: replace(DOSE_RULES, alarm_fraction=D(0)),
    ],
)
def test_a_catalogue_row_that_makes_no_sense_cannot_be_built(build):
    with pytest.raises(ValueError, match=r"\S"):
        build()
