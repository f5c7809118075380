"""What a slot button sends, and what the slot finder reads from a link or a form."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.http import QueryDict

from clinic.forms.diary import SlotField, SlotSearchForm, day_asked, slot_word
from clinic.scheduling.minutes import minute_of
from tests import factories

LONDON = ZoneInfo("Europe/London")
TODAY = date(2026, 11, 23)


def clean(word):
    """Return what a slot field makes of a word."""
    return SlotField(zone=LONDON, today=TODAY).clean(word)


def test_a_word_becomes_the_slot_of_its_wall_time():
    start = minute_of(date(2027, 3, 29), 600, LONDON)  # the clocks went forward the day before

    slot = clean(f"{start}.7")

    assert (slot.day, slot.wall_min, slot.start, slot.practitioner_id) == (
        date(2027, 3, 29), 600, start, 7,
    )  # fmt: skip
    assert slot_word(slot) == f"{start}.7"


@pytest.mark.parametrize("word", ["x", "1", "1.", ".1", "29999999.x", "-5.1", "1.1", "29999999.1e3",
                                  "9999999999.1", "٣٠٠٠٠٠٠٠.1"])  # fmt: skip
def test_anything_else_is_refused_in_one_sentence(word):
    with pytest.raises(ValidationError, match="Choose one of the times shown"):
        clean(word)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-12-01", date(2026, 12, 1)),
        ("2020-01-01", TODAY),
        ("9999-01-01", date(2028, 11, 22)),
        ("soon", None),
        ("", None),
    ],
)
def test_a_day_asked_for_is_bounded_to_what_is_searched(text, day):
    assert day_asked(text, today=TODAY) == day


@pytest.fixture
def sessions(patient):
    """Return the sessions of a running course."""
    return list(factories.plan(patient).sessions.all())


def search(clinic, sessions, text=""):
    """Return the search a query string asks for."""
    return SlotSearchForm(QueryDict(text), clinic=clinic, sessions=sessions[:1])


@pytest.mark.django_db
def test_a_running_course_goes_first_and_brings_its_practitioner(clinic, sessions):
    form = search(clinic, sessions)

    assert form.planned == sessions[0]
    assert form.practitioner_id == sessions[0].plan.practitioner_id


@pytest.mark.django_db
def test_anyone_is_a_choice_of_its_own(clinic, sessions):
    assert search(clinic, sessions, "practitioner=").practitioner_id is None


@pytest.mark.django_db
def test_a_link_may_ask_for_a_service(clinic, sessions):
    form = search(clinic, sessions, f"service={clinic.services.get().pk}")

    assert (form.planned, form.service) == (None, clinic.services.get())


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["practitioner=x", "practitioner=999999", "practitioner=²"])
def test_an_unknown_practitioner_means_anyone(clinic, sessions, text):
    assert search(clinic, sessions, text).practitioner_id is None
