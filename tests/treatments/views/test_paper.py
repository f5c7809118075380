"""Day sheets and the appointment card."""

import pytest
import time_machine
from django.urls import reverse

from clinic.models import Allergy, AuditEvent
from tests import factories
from tests.support.records import appointment

pytestmark = pytest.mark.django_db
TODAY = factories.NOW.date()


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(factories.NOW, tick=False):
        yield


def test_a_sheet_for_each_practitioner_or_room(clinic, desk, as_user):
    first, second = clinic.resources.practitioners()
    room = clinic.resources.filter(kind="room").first()
    for who in (second, first, first):
        appointment(patient=factories.patient(clinic), practitioner=who, room=room, day=TODAY)
    client = as_user(desk)

    people = client.get(reverse("day_sheet")).context["sheets"]
    rooms = client.get(f"{reverse('day_sheet')}?by=room").context["sheets"]

    assert [(unit, len(rows)) for unit, rows in people] == [(first, 2), (second, 1)]
    assert [(unit, len(rows)) for unit, rows in rooms] == [(room, 3)]


@pytest.mark.parametrize(("role", "count"), [("front_desk", 0), ("practitioner", 1)])
def test_allergies_are_printed_for_those_who_treat(clinic, patient, as_user, role, count):
    Allergy.objects.create(patient=patient, code="other", text="Canaryallergy", noted_on=TODAY,
                           noted_by=factories.staff(clinic))  # fmt: skip
    appointment(patient=patient, day=TODAY)

    text = as_user(factories.staff(clinic, role)).get(reverse("day_sheet")).content.decode()

    assert text.count("Canaryallergy") == count


@pytest.mark.parametrize("many", [1, 3])
def test_a_sheet_costs_the_same_queries_for_any_number_of_rows(
    clinic, practitioner, as_user, django_assert_num_queries, many
):
    for _ in range(many):
        appointment(factories.plan(factories.patient(clinic)), day=TODAY)
    client = as_user(practitioner)
    client.get(reverse("day_sheet"))
    lines = AuditEvent.objects.count()

    with django_assert_num_queries(9):
        client.get(reverse("day_sheet"))

    assert AuditEvent.objects.count() == lines + 1


@pytest.mark.parametrize("day", ["2026-13-40", "yesterday"])
def test_a_day_that_is_none_is_not_found(desk, as_user, day):
    assert as_user(desk).get(f"{reverse('day_sheet')}?day={day}").status_code == 404


def test_the_card_shows_every_session_and_nothing_clinical(clinic, patient, desk, as_user):
    plan = factories.plan(patient, sessions=3, notes="Canaryplan")
    appointment(plan, number=1, day=TODAY)

    answer = as_user(desk).get(reverse("course_card", args=[plan.pk]))

    text = answer.content.decode()
    assert text.count("take-home-no") == 3
    assert "Mon 23 Nov 2026, 09:00" in text
    assert (plan.protocol.name in text, "Canaryplan" in text) == (False, False)
