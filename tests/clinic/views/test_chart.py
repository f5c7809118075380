"""The chart: the whole story for care, nothing clinical for the desk."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.models import AuditEvent
from tests import factories
from tests.support import charts
from tests.support.clock import NOON
from treatments.models import Photo

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def post(client, name, *args, **facts):
    """Send a form as the page does: with its key, so the double tap can be told."""
    return client.post(reverse(name, args=args), facts)


def test_the_chart_tells_the_whole_story_to_a_practitioner(clinic, practitioner, as_user):
    patient = charts.story(clinic, NOON)

    page = as_user(practitioner).get(patient.get_absolute_url()).content.decode()

    told = ("Canaryallergy", "Skin type III", "Back acne scars", "2 of 4", "Session 2 of 4",
            "Canaryzone upper", "1.37 mm", "23.71 g", "Canarycream", "Canaryview", "Canarymedicine")  # fmt: skip
    assert [word for word in told if word not in page] == []
    assert AuditEvent.objects.values_list("action", "category", "patient_id").get() == (
        "patient.viewed", "note", patient.pk,
    )  # fmt: skip


def test_the_desks_chart_holds_nothing_clinical(clinic, desk, as_user):
    patient = charts.story(clinic, NOON)
    client = as_user(desk)

    pages = [client.get(url).content.decode() for url in (
        patient.get_absolute_url(), reverse("patient_list"),
        reverse("patient_edit", args=[patient.pk]), f"{reverse('patient_search')}?q=tes",
    )]  # fmt: skip

    assert "2 of 4" in pages[0]
    assert [word for word in charts.CANARIES for page in pages if word in page] == []
    assert [word for word in ("Skin type", "Allerg", "/photos/", "/sessions/")
            for page in pages if word in page] == []  # fmt: skip


def test_the_desk_may_not_open_health(clinic, desk, as_user, patient):
    assert as_user(desk).get(reverse("patient_health", args=[patient.pk])).status_code == 403


def test_an_empty_chart_says_how_to_begin(clinic, practitioner, desk, as_user, patient):
    care = as_user(practitioner).get(patient.get_absolute_url())
    front = as_user(desk).get(patient.get_absolute_url())

    assert (care.context["story"].step.label, front.context["story"].step.label) == (
        "Plan a course", "Book",
    )  # fmt: skip
    assert b"No course yet" in care.content


@pytest.mark.parametrize("role", ["practitioner", "front_desk"])
def test_a_longer_story_costs_no_more_queries_and_no_more_than_20(clinic, as_user, role):
    client = as_user(factories.staff(clinic, role))
    counts = []
    for sessions in (1, 3):
        patient = charts.story(clinic, NOON, sessions=sessions)
        for days in range(sessions):
            charts.appointment(
                patient, NOON + timedelta(days=days + 2), patient.allergies.get().noted_by
            )
        client.get(patient.get_absolute_url())  # the clinic's first audit line makes its head
        with CaptureQueriesContext(connection) as queries:
            client.get(patient.get_absolute_url())
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20


def test_a_photo_still_being_prepared_stands_as_a_place_and_not_a_broken_picture(
    practitioner, as_user, patient
):
    photo = Photo.objects.create(
        clinic=patient.clinic, patient=patient, view=factories.view(), state="stored",
        taken_on=NOON.date(), uploaded_at=NOON, uploaded_by=practitioner, storage_name="c1/aa/x.jpg",
        width=10, height=10, size_bytes=10, sha256="0" * 64,
    )  # fmt: skip
    chart = reverse("chart", args=[patient.pk])
    client = as_user(practitioner)

    fresh = client.get(chart).content.decode()
    Photo.objects.filter(pk=photo.pk).update(state="ready")
    ready = client.get(chart).content.decode()

    assert (photo.thumb_url in fresh, "being prepared" in fresh) == (False, True)
    assert (photo.thumb_url in ready, "being prepared" in ready) == (True, False)
