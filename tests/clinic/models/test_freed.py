"""Freed times: which are still open, asked at their edges."""

from datetime import timedelta

import pytest

from clinic.actions.diary import cancel
from clinic.models import FreedTime
from clinic.scheduling.minutes import minute_of_instant
from tests import factories
from tests.support.diary import TUESDAY

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(patient):
    """Return a visit on Tuesday at 10:00."""
    return factories.appointment(patient, TUESDAY)


@pytest.fixture
def freed(visit):
    """Return the time of a visit whose holds are gone."""
    row = FreedTime.of(visit)
    row.save()
    visit.holds.all().delete()
    return row


@pytest.mark.parametrize(("minutes", "is_open"), [(-1, True), (0, False), (1, False)])
def test_a_freed_time_is_open_until_it_begins(clinic, visit, freed, minutes, is_open):
    at = visit.starts_at + timedelta(minutes=minutes)

    assert list(FreedTime.objects.open(clinic, at)) == ([freed] if is_open else [])
    assert FreedTime.objects.past(clinic, at).exists() != is_open


@pytest.mark.parametrize(("days", "is_open"), [(27, True), (28, False)])
def test_only_the_next_four_weeks_are_looked_at(clinic, visit, freed, days, is_open):
    at = visit.starts_at - timedelta(days=days)

    assert list(FreedTime.objects.open(clinic, at)) == ([freed] if is_open else [])


@pytest.mark.parametrize(("start", "end", "is_open"), [(-30, 0, True), (-30, 1, False),
                                                       (0, 5, False), (1, 90, True)])  # fmt: skip
def test_a_start_that_is_taken_again_is_not_open(clinic, visit, freed, now, start, end, is_open):
    begin = minute_of_instant(visit.starts_at)
    visit.holds.create(resource=visit.practitioner, start=begin + start, end=begin + end)

    assert list(FreedTime.objects.open(clinic, now)) == ([freed] if is_open else [])


def test_another_clinics_time_stays_behind_its_wall(freed, now):
    assert list(FreedTime.objects.open(factories.clinic(), now)) == []


def test_the_next_deed_that_frees_a_time_forgets_what_is_past(clinic, visit, freed, desk):
    later = factories.appointment(factories.patient(clinic), TUESDAY + timedelta(days=1))

    cancel(appointment=later, reason="patient", at=visit.starts_at, by=desk)

    assert [row.visit_id for row in FreedTime.objects.all()] == [later.pk]


def test_a_visit_that_has_begun_frees_nothing(visit, desk):
    cancel(appointment=visit, reason="patient", at=visit.starts_at, by=desk)

    assert FreedTime.objects.count() == 0
