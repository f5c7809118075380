"""What must hold for every dose: more cream is never safer, a lost entry is never silent."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.treatments.safety.shelf import (
    ADULT,
    BLT,
    COMPOUNDED_4,
    EMLA,
    LMX4,
    NINE,
    PLIAGLIS,
    TODAY,
    D,
    on_skin,
    room,
)
from treatments.safety.dose import OtherAnaesthetic, PatientFacts, check_dose
from treatments.safety.findings import Finding, Level, worst

QUICK = settings(max_examples=40, deadline=None, derandomize=True)


def quantities(most):
    return st.decimals(min_value="0.1", max_value=most, places=1)


creams = st.sampled_from([EMLA, LMX4, PLIAGLIS, COMPOUNDED_4, BLT])
moments = st.one_of(st.none(), st.integers(0, 400).map(lambda m: NINE + timedelta(minutes=m)))
flags = st.sampled_from([True, False, None])
patients = st.builds(
    PatientFacts,
    age_years=st.one_of(st.none(), st.decimals(min_value=0, max_value=90, places=2)),
    weight_kg=st.one_of(st.none(), quantities(200)),
    weight_on=st.one_of(st.none(), st.integers(0, 500).map(lambda d: TODAY - timedelta(days=d))),
    allergies=st.sampled_from([None, frozenset(), frozenset({"amide"}), frozenset({"ester"})]),
)
applications = st.builds(
    on_skin,
    product=creams,
    grams=st.one_of(st.none(), quantities(200)),
    area=st.one_of(st.none(), quantities(1500)),
    applied_at=moments,
    removed_at=moments,
    occluded=flags,
    heat_used=flags,
)
others = st.sampled_from([None, (), (OtherAnaesthetic("dentist", "lidocaine", "amide", D(40)),)])
rooms = st.builds(
    room,
    now=moments,
    needling_started_at=moments,
    other_anaesthetic_24h=others,
    prescription_recorded=st.booleans(),
)


@QUICK
@given(st.lists(applications, min_size=1, max_size=3), patients, rooms, quantities(300))
def test_more_cream_is_never_safer(creams_on, patient, context, extra):
    first = creams_on[0]
    more = replace(first, grams=(first.grams or D(0)) + extra)
    if first.grams is None:
        first = replace(first, grams=D("0.1"))
    before = worst(check_dose([first, *creams_on[1:]], patient, context))
    after = worst(check_dose([more, *creams_on[1:]], patient, context))
    assert after >= before


@QUICK
@given(creams, quantities(250), quantities(250), quantities(1500))
def test_with_nothing_else_wrong_more_cream_keeps_every_stop_and_warning(
    product, grams, extra, area
):
    def serious_codes(amount):
        cream = on_skin(product, amount, area)
        findings = check_dose([cream], ADULT, room(prescription_recorded=True))
        return {(one.code, one.subject) for one in findings if one.level > Level.INFO}

    assert serious_codes(grams) <= serious_codes(grams + extra)


@QUICK
@given(st.lists(applications, min_size=1, max_size=2), applications, patients, rooms)
def test_a_further_cream_is_never_safer(creams_on, further, patient, context):
    before = worst(check_dose(creams_on, patient, context))
    assert worst(check_dose([*creams_on, further], patient, context)) >= before


@QUICK
@given(st.lists(applications, max_size=3), patients, rooms)
def test_there_is_always_an_answer_in_order_and_fit_for_a_record(creams_on, patient, context):
    findings = check_dose(creams_on, patient, context)
    assert findings
    assert [one.level for one in findings] == sorted((one.level for one in findings), reverse=True)
    assert [Finding.from_dict(one.to_dict()) for one in findings] == list(findings)
    assert all(one.sentence.endswith(".") and "None" not in one.sentence for one in findings)


@pytest.mark.parametrize("product", [EMLA, LMX4, PLIAGLIS, COMPOUNDED_4, BLT])
@pytest.mark.parametrize("lost", ["grams", "area_cm2", "applied_at", "removed_at", "heat_used"])
def test_an_entry_of_the_cream_that_is_lost_is_at_least_a_warning(product, lost):
    cream = replace(on_skin(product, 5, 50), **{lost: None})
    assert worst(check_dose([cream], ADULT, room())) >= Level.WARN


@pytest.mark.parametrize("product", [EMLA, LMX4, PLIAGLIS, COMPOUNDED_4, BLT])
@pytest.mark.parametrize("lost", ["age_years", "weight_kg", "weight_on", "allergies"])
def test_an_entry_of_the_patient_that_is_lost_is_at_least_a_warning(product, lost):
    patient = replace(ADULT, **{lost: None})
    assert worst(check_dose([on_skin(product, 5, 50)], patient, room())) >= Level.WARN


@QUICK
@given(applications, patients, rooms, st.data())
def test_losing_an_entry_never_leaves_fewer_words_than_a_note(cream, patient, context, data):
    lost = data.draw(
        st.sampled_from(["grams", "area_cm2", "applied_at", "removed_at", "occluded", "heat_used"])
    )
    with_it = {one.key for one in check_dose([cream], patient, context)}
    without = check_dose([replace(cream, **{lost: None})], patient, context)
    silent = not any(one.code.endswith(("_MISSING", "_STILL_ON", "_CONTACT")) for one in without)
    assert with_it
    assert not silent or {one.code for one in without} & {
        "DOSE_A3_ALARM", "DOSE_A3_OVER", "DOSE_TIMES_INVALID",
    }  # fmt: skip
