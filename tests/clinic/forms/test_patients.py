"""What the desk types becomes facts, and comes back as it was typed."""

from datetime import date

import pytest

from clinic.forms.patients import BirthDateField, PatientForm, TimeOfDayField, differences
from clinic.forms.settings import ClockField
from tests import factories

TYPED = {"given_name": " Nora ", "family_name": "Fiction", "birth_date": "14.03.90"}


def form(clinic, data=None, patient=None):
    return PatientForm(data, clinic=clinic, today=date(2026, 11, 23), cancel_url="/", twins_url="/",
                       patient=patient)  # fmt: skip


def test_a_new_form_carries_a_key_of_its_own(clinic):
    keys = {form(clinic).initial["request_key"] for _ in range(2)}

    assert len(keys) == 2


def test_typed_facts_become_the_actions_facts(clinic):
    sent = form(clinic, TYPED | {"preferred_weekdays": ["4"], "preferred_from_min": "08:15",
                                 "preferred_to_min": "17:00", "short_notice_ok": "on"})  # fmt: skip

    assert sent.is_valid()
    assert sent.facts == {
        "given_name": "Nora", "family_name": "Fiction", "birth_date": date(1990, 3, 14), "phone": "",
        "email": "", "address": "", "preferred_weekdays": [4], "preferred_from_min": 495,
        "preferred_to_min": 1020, "preferred_practitioner": None, "short_notice_ok": True,
        "desk_note": "",
    }  # fmt: skip


def test_what_is_shown_and_sent_back_unchanged_changes_nothing(clinic):
    patient = factories.patient(clinic, preferred_weekdays=[0, 2], preferred_from_min=540,
                                preferred_to_min=720)  # fmt: skip
    shown = form(clinic, patient=patient)
    sent = form(clinic, {field.html_name: value for field in shown
                         if (value := field.value()) is not None}, patient=patient)  # fmt: skip

    assert sent.is_valid(), sent.errors
    assert (differences(sent, patient), sent.shows_identity_changed()) == ([], False)


@pytest.mark.parametrize(("sent", "keys"), [
    ("", set()), ("3", {3}), ("3,7", {3, 7}), ("3,x,-1, 4", {3}),
])  # fmt: skip
def test_confirmed_twins_are_the_keys_that_were_shown(clinic, sent, keys):
    typed = form(clinic, TYPED | {"someone_else": sent})

    assert typed.is_valid()
    assert typed.confirmed_twins == keys


def test_both_texts_are_told_in_words(clinic):
    patient = factories.patient(clinic, given_name="Nora", family_name="Fiction", phone="",
                                preferred_weekdays=[0], preferred_from_min=540,
                                preferred_to_min=720)  # fmt: skip
    sent = form(clinic, TYPED | {"short_notice_ok": "on", "desk_note": "Tall"}, patient=patient)

    assert sent.is_valid()
    assert differences(sent, patient) == [
        ("Days that suit", "Monday", "Nothing"), ("Not before", "09:00", "Nothing"),
        ("Not after", "12:00", "Nothing"), ("Would come at short notice", "No", "Yes"),
        ("Note for the front desk", "Nothing", "Tall"),
    ]  # fmt: skip


def test_fields_show_stored_values_as_they_are_typed():
    assert BirthDateField().prepare_value(date(1990, 3, 4)) == "04/03/1990"
    assert BirthDateField().prepare_value("31/2/1990") == "31/2/1990"
    assert TimeOfDayField().prepare_value(495) == "08:15"


@pytest.mark.parametrize(("typed", "minutes"), [
    ("9:00", 540), ("9.30", 570), ("0900", 540), ("9", 540), ("24:00", 1440), ("", None),
])  # fmt: skip
def test_clock_times_are_read_as_they_are_typed(typed, minutes):
    assert ClockField(required=False).clean(typed) == minutes
    assert ClockField(required=False).has_changed(minutes, typed) is False
