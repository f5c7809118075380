"""Visits of earlier days: one click each, and never a timer."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.models import Appointment
from tests import factories
from tests.support.records import appointment

pytestmark = pytest.mark.django_db
YESTERDAY = factories.NOW.date() - timedelta(days=1)


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(factories.NOW, tick=False):
        yield


def settle(client, visit, outcome, **sent):
    """Say what became of a visit; return its row as it is then."""
    client.post(reverse("unresolved_settle", args=[visit.pk, outcome]), sent)
    return Appointment.objects.get(pk=visit.pk)


def test_only_past_visits_without_an_outcome_are_listed(clinic, desk, as_user):
    states = {
        status: appointment(patient=factories.patient(clinic), day=YESTERDAY, status=status)
        for status in ("booked", "arrived", "in_session")
    }
    appointment(patient=factories.patient(clinic), day=YESTERDAY, status="fulfilled",
                finished_at=factories.NOW)  # fmt: skip
    appointment(patient=factories.patient(clinic), day=factories.NOW.date())

    page = as_user(desk).get(reverse("unresolved")).context["page"]

    assert list(page) == list(states.values())


def test_a_visit_that_took_place_is_done_at_its_own_time(patient, desk, as_user):
    visit = appointment(patient=patient, day=YESTERDAY)

    row = settle(as_user(desk), visit, "attended")

    assert (row.status, row.started_at, row.finished_at) == (
        "fulfilled", visit.starts_at, visit.ends_at,
    )  # fmt: skip


def test_a_visit_nobody_came_to_is_marked_by_a_person(patient, desk, as_user):
    visit = appointment(patient=patient, day=YESTERDAY)

    row = settle(as_user(desk), visit, "noshow")

    assert (row.status, row.ended_by) == ("noshow", desk)


@pytest.mark.parametrize(("reason", "status"), [("patient", "cancelled"), ("", "booked")])
def test_a_cancellation_needs_its_reason(patient, desk, as_user, reason, status):
    visit = appointment(patient=patient, day=YESTERDAY)

    assert settle(as_user(desk), visit, "cancel", reason=reason).status == status


def test_a_visit_that_is_not_over_cannot_have_taken_place(patient, desk, as_user):
    visit = appointment(patient=patient, day=factories.NOW.date())

    assert settle(as_user(desk), visit, "attended").status == "booked"


def test_time_alone_settles_nothing(patient, desk, as_user):
    visit = appointment(patient=patient, day=date(2026, 1, 5))
    client = as_user(desk)

    client.get("/")
    client.get(reverse("unresolved"))

    visit.refresh_from_db()
    assert visit.status == "booked"


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    clinic, desk, as_user, django_assert_num_queries, many
):
    for _ in range(many):
        plan = factories.plan(factories.patient(clinic))
        appointment(plan, day=YESTERDAY)
    client = as_user(desk)

    with django_assert_num_queries(5):
        client.get(reverse("unresolved"))
