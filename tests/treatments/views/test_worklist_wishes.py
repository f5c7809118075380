"""Patients who ask for another time by link: on the worklist until they are answered."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import MoveWish
from tests import factories
from tests.support.clock import NOON
from tests.support.records import appointment

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def wish(clinic):
    """Return the wish of a patient with a telephone to come at another time than next week's."""
    visit = appointment(
        patient=factories.patient(clinic, phone="020 7946 0001"),
        day=NOON.date() + timedelta(days=7),
    )
    return MoveWish.objects.create(appointment=visit, asked_at=NOON, words="Fridays")


def test_a_patient_who_asks_for_another_time_is_on_the_list(wish, desk, as_user):
    page = as_user(desk).get("/worklist/")

    assert list(page.context["wishes"]) == [wish]
    move = reverse("appointment_move", args=[wish.appointment_id])
    text = page.content.decode()
    assert [text.count(part) for part in ("tel:02079460001", "Fridays", move)] == [1, 1, 1]


def test_an_answered_wish_leaves_the_list_and_leads_back_to_it(wish, desk, as_user):
    client = as_user(desk)

    answer = client.post(reverse("wish_settle", args=[wish.pk]), {"next": "/worklist/?list=call"})

    wish.refresh_from_db()
    assert (answer["Location"], wish.settled_by) == ("/worklist/?list=call", desk)
    assert list(client.get("/worklist/").context["wishes"]) == []


def test_another_clinics_wish_is_not_on_the_list(wish, as_user):
    there = factories.staff(factories.clinic_with_diary(), "front_desk")

    assert list(as_user(there).get("/worklist/").context["wishes"]) == []
