"""Facts and questions about patients."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from clinic.models import Allergy, BodyMeasure, Medicine, Patient
from clinic.models.patients import day_in, digits, plain
from tests import factories


@pytest.mark.parametrize(("typed", "day"), [
    ("14/3/1990", date(1990, 3, 14)), ("14.03.90", date(1990, 3, 14)),
    ("14-03-1990", date(1990, 3, 14)), ("14 3 1990", date(1990, 3, 14)),
    ("1990-03-14", date(1990, 3, 14)), ("29/2/2000", date(2000, 2, 29)),
    ("31/2/1990", None), ("14/3", None), ("14/13/1990", None), ("", None), ("Ada", None),
    ("1/2/3/4", None), ("0/0/0", None), ("99999/1/1", None),
])  # fmt: skip
def test_dates_are_read_as_the_desk_types_them(typed, day):
    assert day_in(typed) == day


def test_search_compares_letters_without_accents_and_capitals():
    assert (plain("  Zoë  Åström "), plain("STRASSE") == plain("straße")) == ("zoe astrom", True)
    assert digits("+44 (0)20 7946-0001") == "442079460001"


@pytest.mark.parametrize(("day", "years"), [
    (date(2026, 3, 13), 35), (date(2026, 3, 14), 36), (date(1990, 3, 14), 0),
])  # fmt: skip
def test_age_counts_completed_years(day, years):
    assert Patient(birth_date=date(1990, 3, 14)).age_on(day) == years


def found(clinic, text):
    return [row.number for row in Patient.objects.of(clinic).matching(text).for_list()]


def test_names_match_from_their_beginning_in_any_order(clinic):
    factories.patient(clinic, number=1, given_name="Anna Maria", family_name="de la Cruz")
    factories.patient(clinic, number=2, given_name="Maria", family_name="Anker")

    assert found(clinic, "an") == [2, 1]
    assert found(clinic, "de la") == [1]
    assert found(clinic, "anna maria") == [1]
    assert found(clinic, "maria ank") == [2]
    assert found(clinic, "ria") == []


def test_a_number_finds_the_patient_and_the_telephone(clinic):
    factories.patient(clinic, number=4711, family_name="Aa", phone="")
    factories.patient(clinic, number=5, family_name="Bb", phone="0471 100")

    assert found(clinic, "4711") == [4711, 5]


@pytest.mark.parametrize("kept", ["020 7946 0000", "+44 20 7946 0000", "+44 (0)20 7946 0000"])
@pytest.mark.parametrize("typed", [
    "020 7946 0000", "+44 20 7946 0000", "0044 20 7946 0000", "+44 (0)20 7946 0000",
    "(020) 7946-0000", "7946 0000",
])  # fmt: skip
def test_a_telephone_is_found_with_and_without_its_country(clinic, kept, typed):
    factories.patient(clinic, number=1, phone=kept)
    factories.patient(clinic, number=2, phone="020 7946 0001")

    assert found(clinic, typed) == [1]


@pytest.mark.parametrize(("kept", "dialled"), [
    ("+44 (0)20 7946 0000", "+442079460000"), ("020 7946 0000", "02079460000"), ("", ""),
])  # fmt: skip
def test_a_telephone_is_dialled_as_it_is_written(clinic, kept, dialled):
    assert factories.patient(clinic, phone=kept).dialled == dialled


@pytest.mark.django_db
@pytest.mark.parametrize(("facts", "twin"), [
    ({"given_name": "ADA", "family_name": "testperson"}, True),
    ({"family_name": "Tester", "birth_date": date(1990, 3, 14)}, True),
    ({"phone": "+44 20 7946 1234"}, True),
    ({"phone": "(020) 7946-1234"}, True),
    ({"phone": "1234"}, False),
    ({"birth_date": date(1990, 3, 14), "given_name": "Zed", "family_name": "Other"}, False),
    ({"given_name": "Ada"}, False),
    ({}, False),
])  # fmt: skip
def test_probable_duplicates_share_name_or_telephone_or_birthday_and_beginning(facts, twin):
    factories.patient(factories.clinic(), given_name="Ada", family_name="Testperson",
                      phone="020 7946 1234")  # fmt: skip
    nothing = {"given_name": "", "family_name": "", "birth_date": None, "phone": ""}

    assert Patient.objects.like(**nothing | facts).exists() is twin


@pytest.mark.parametrize("facts", [
    {"skin_phototype": 3},
    {"skin_phototype": 7, "skin_phototype_on": date(2026, 1, 1), "skin_phototype_method": "observer"},
    {"preferred_from_min": 600},
    {"preferred_from_min": 600, "preferred_to_min": 600},
])  # fmt: skip
def test_the_database_refuses_half_a_fact(clinic, facts):
    with pytest.raises(IntegrityError), transaction.atomic():
        factories.patient(clinic, **facts)


def test_the_database_refuses_a_number_twice_in_one_clinic(clinic):
    factories.patient(clinic, number=7)
    factories.patient(factories.clinic(), number=7)

    with pytest.raises(IntegrityError), transaction.atomic():
        factories.patient(clinic, number=7)


@pytest.mark.parametrize(("model", "facts"), [
    (Allergy, {"code": "latex", "ended_on": date(2026, 1, 1)}),
    (Allergy, {"code": "other"}),
    (BodyMeasure, {}),
    (BodyMeasure, {"height_cm": 17}),
    (Medicine, {"name": "X", "since": date(2026, 2, 1), "until": date(2026, 1, 1)}),
])  # fmt: skip
def test_the_database_refuses_health_facts_without_sense(patient, practitioner, model, facts):
    extra = {Allergy: {"noted_on": date(2026, 1, 1), "noted_by": practitioner},
             BodyMeasure: {"measured_on": date(2026, 1, 1)}}.get(model, {})  # fmt: skip

    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(patient=patient, **extra | facts)


def test_an_other_allergy_reads_as_its_own_words():
    assert [str(row) for row in (Allergy(code="other", text="Kiwi"), Allergy(code="latex"))] == [
        "Kiwi", "Latex",
    ]  # fmt: skip
