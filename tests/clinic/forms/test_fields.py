"""Numbers and days are refused in one sentence of the field's own."""

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from clinic.forms.fields import DayField, Measured, WholeNumber, no_such_day
from clinic.forms.patients import BirthDateField


def said(field, typed):
    """Return what a field says to what was typed."""
    with pytest.raises(ValidationError) as refused:
        field.clean(typed)
    return refused.value.messages


@pytest.mark.parametrize("typed", ["1.68", "tall", "251", "168.25", "99999"])
def test_a_height_that_cannot_be_right_is_answered_by_an_example(typed):
    field = Measured(example="Height in centimetres, for example 168.", max_digits=4,
                     decimal_places=1, min_value=50, max_value=250)  # fmt: skip

    assert said(field, typed) == ["Height in centimetres, for example 168."]
    assert field.clean("168,5") == Decimal("168.5")


@pytest.mark.parametrize("typed", ["0", "13", "four", "2.5", ""])
def test_a_count_names_its_bounds(typed):
    field = WholeNumber(min_value=1, max_value=12)

    assert said(field, typed) == ["Type a whole number from 1 to 12."]
    assert [field.clean("1"), field.clean("12")] == [1, 12]


@pytest.mark.parametrize(("typed", "sentence"), [
    ("soon", "Choose a day, or write it as 2026-03-14."), ("", "Choose a day."),
])  # fmt: skip
def test_a_day_from_the_picker_says_how_to_write_it(typed, sentence):
    assert said(DayField(), typed) == [sentence]


@pytest.mark.parametrize(("typed", "sentence"), [
    ("31/02/1990", "There is no 31 February."),
    ("29/02/2023", "There is no 29 February 2023."),
    ("31.4.90", "There is no 31 April."),
    ("14/13/1990", "Write day, month and year, for example 14/3/1990."),
    ("spring", "Write day, month and year, for example 14/3/1990."),
])  # fmt: skip
def test_a_day_in_no_calendar_is_named(typed, sentence):
    assert said(BirthDateField(), typed) == [sentence]


def test_a_day_that_is_has_nothing_said_against_it():
    assert no_such_day(2024, 2, 29) == ""
    assert BirthDateField().clean("29/2/2024") == date(2024, 2, 29)
