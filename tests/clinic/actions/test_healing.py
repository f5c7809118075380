"""No zone is booked before it has healed."""

from datetime import UTC, date, datetime, timedelta

import pytest

from clinic.actions import diary
from clinic.actions.diary import NotHealed, RestWish, SlotTaken
from clinic.models import Rest
from clinic.models.openings import Healing
from tests import factories
from tests.support.diary import TUESDAY, refused, slot_of

LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def healing(patient):
    """Return the day after which zone UB rests for 28 days."""
    factories.appointment(patient, TUESDAY, rests=[RestWish("UB", TUESDAY, 28)])
    return TUESDAY


@pytest.mark.parametrize("days", [1, 27])
def test_a_zone_is_not_booked_before_it_has_healed(healing, wish, clinic, days):
    day = healing + timedelta(days=days)
    slot = factories.slot_on(clinic, day, 780)

    refusal = refused(diary.book, **wish | {"slot": slot, "rests": [RestWish("UB", day, 28)]})

    assert isinstance(refusal, NotHealed)
    assert refusal.messages == ["The skin has not healed by then. Possible from Tue 22 Dec."]
    assert refusal.first_day == date(2026, 12, 22)


@pytest.mark.parametrize("days", [28, 29])
def test_a_healed_zone_is_booked(healing, patient, days):
    day = healing + timedelta(days=days)

    factories.appointment(patient, day, 780, rests=[RestWish("UB", day, 28)])

    assert Rest.objects.count() == 2


def test_a_visit_is_not_squeezed_between_two_that_are_just_healed(healing, wish, clinic, patient):
    later = healing + timedelta(days=42)
    factories.appointment(patient, later, rests=[RestWish("UB", later, 28)])
    day = healing + timedelta(days=29)
    slot = factories.slot_on(clinic, day, 780)

    refusal = refused(diary.book, **wish | {"slot": slot, "rests": [RestWish("UB", day, 28)]})

    assert refusal.first_day == later + timedelta(days=28)


def test_another_zone_and_another_patient_heal_by_themselves(healing, patient, clinic):
    day = healing + timedelta(days=1)
    other = factories.patient(clinic)

    factories.appointment(patient, day, 600, rests=[RestWish("LB", day, 28)])
    factories.appointment(other, day, 780, rests=[RestWish("UB", day, 28)])

    assert Rest.objects.count() == 3


def test_of_several_zones_the_slowest_says_the_first_day(healing, wish, clinic, patient):
    day = healing + timedelta(days=7)
    factories.appointment(patient, day, rests=[RestWish("LB", day, 28)])
    soon = day + timedelta(days=1)
    both = [RestWish("UB", soon, 28), RestWish("LB", soon, 28)]

    refusal = refused(diary.book, **wish | {"slot": factories.slot_on(clinic, soon), "rests": both})

    assert refusal.first_day == day + timedelta(days=28)


def test_nearest_times_are_on_days_the_skin_has_healed(healing, wish, clinic, patient):
    day = healing + timedelta(days=28)
    for who in clinic.resources.practitioners():
        for start in range(540, 930, 10):
            if factories.slot_on(clinic, day, start, who):
                factories.appointment(factories.patient(clinic), day, start, who=who)
    taken = slot_of(clinic, start=600, day=day)

    refusal = refused(diary.book, **wish | {"slot": taken, "rests": [RestWish("UB", day, 28)]})

    assert isinstance(refusal, SlotTaken)
    assert {s.day for s in refusal.nearest} == {day + timedelta(days=1)}


def test_each_zone_waits_for_its_own_healing_only(patient):
    later = TUESDAY + timedelta(days=14)
    factories.appointment(patient, later, rests=[RestWish("LB", later, 28)])
    wishes = [RestWish("UB", TUESDAY, 28), RestWish("LB", TUESDAY, 14)]

    healing = Healing(patient, ["UB", "LB"])

    assert healing.allows(wishes)
    assert healing.first_day([wishes[0], RestWish("LB", TUESDAY, 15)]) == (
        later + timedelta(days=28)
    )
