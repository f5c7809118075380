"""Capacity: the load of the weeks and the courses that still need a place in them."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.models import HoursException
from clinic.scheduling.weeks import Load, weeks_from
from tests import factories
from tests.support.planner import LIST, text
from treatments.admin.capacity import loads
from treatments.models import TreatmentPlan

URL = reverse("admin:treatments_treatmentplan_capacity")
MONDAY = date(2026, 11, 23)
# Session, account, clinics of the frame, whether the person leads; courses to place, how many;
# units, units of the hours, hours, exceptions, holds.
QUERIES = 9


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


def needs_place(clinic, first, last, **facts):
    """Return a course whose next session falls between two days after Monday."""
    window = {"next_earliest_on": MONDAY + timedelta(days=first),
              "next_ideal_on": MONDAY + timedelta(days=first),
              "next_latest_on": MONDAY + timedelta(days=last)}  # fmt: skip
    return factories.plan(factories.patient(clinic), **window | facts)


def test_a_week_is_as_full_as_its_holds_and_hours_say(clinic):
    factories.appointment(factories.patient(clinic), date(2026, 11, 24))
    factories.appointment(factories.patient(clinic), date(2026, 12, 2))
    who = clinic.resources.practitioners().first()
    HoursException.objects.create(clinic=clinic, resource=who, from_day=MONDAY, to_day=MONDAY)

    people, rooms, devices = loads(clinic, weeks_from(MONDAY, 2))

    assert people.rows[0].loads == [Load(5 * 480, 40), Load(6 * 480, 40)]
    assert people.rows[1].loads == [Load(6 * 480, 0), Load(6 * 480, 0)]
    assert people.totals == [Load(11 * 480, 40), Load(12 * 480, 40)]
    assert [row.loads[0].taken_min for row in rooms.rows] == [90, 0]
    assert devices.totals[0].taken_min == 45


def test_a_course_needs_a_place_in_every_week_its_window_touches(clinic):
    needs_place(clinic, 6, 7)
    needs_place(clinic, -30, -5)  # past its longest interval: now
    needs_place(clinic, -90, -60)  # lapsed
    needs_place(clinic, 0, 3, next_booked_on=MONDAY)

    found = TreatmentPlan.objects.of(clinic).places_needed(weeks_from(MONDAY, 3), MONDAY)

    assert [tuple(need) for need in found] == [(2, 1), (1, 1), (0, 0)]


def test_the_page_shows_figures_and_leads_to_the_courses_of_a_week(as_user, lead, clinic):
    plan = needs_place(clinic, 14, 15)
    other = needs_place(clinic, 40, 41)
    client = as_user(lead)

    page = client.get(URL)
    address = re.search(r'href="([^"]*\?place=2026-12-07)"', page.content.decode())[1]
    listed = client.get(address)

    assert "2 courses need a place" in text(page)
    assert [row.pk for row in listed.context["cl"].result_list] == [plan.pk]
    assert other.patient.family_name not in text(listed)
    assert "Place needed from Mon 7 Dec" in text(listed)


@pytest.mark.parametrize("place", ["soon", "2026-13-01", "", "%00"])
def test_a_week_that_is_none_filters_nothing(as_user, lead, clinic, place):
    needs_place(clinic, 14, 15)

    answer = as_user(lead).get(LIST, {"place": place})

    assert answer.status_code in {200, 302}


@pytest.mark.parametrize("rows", [1, 3])
def test_it_costs_the_same_queries_for_one_course_and_for_three(
    as_user, lead, clinic, rows, django_assert_num_queries
):
    for number in range(rows):
        needs_place(clinic, 7, 14)
        factories.appointment(factories.patient(clinic), MONDAY + timedelta(days=7 * number + 1))
    client = as_user(lead)
    client.get(URL)

    with django_assert_num_queries(QUERIES):
        assert client.get(URL).status_code == 200


def test_it_opens_for_a_lead_alone(as_user, practitioner):
    assert as_user(practitioner).get(URL).status_code == 403
