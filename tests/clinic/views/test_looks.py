"""One opening of a page is one line in the log; its parts and its forms add none."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import AuditEvent
from tests import factories
from tests.support.clock import NOON
from tests.support.planner import LIVE, URL

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
SLOTS = reverse("appointment_slots")


def looks() -> list[tuple[int, str]]:
    """Return who looked at which part, in order."""
    lines = AuditEvent.objects.filter(action="patient.viewed").order_by("pk")
    return list(lines.values_list("actor_id", "category"))


def refresh(client, patient, **headers):
    """Ask for the times again, as the finder does when another practitioner is chosen."""
    answer = client.get(SLOTS, {"patient": patient.pk}, headers=LIVE | headers)
    assert answer.status_code == 200


def test_the_finder_writes_one_line_however_often_it_is_refreshed(as_user, desk, patient):
    client = as_user(desk)
    client.get(reverse("appointment_new"), {"patient": patient.pk})

    refresh(client, patient)
    refresh(client, patient)

    assert looks() == [(desk.pk, "schedule")]


def test_opening_the_page_again_is_another_look(as_user, desk, patient):
    client = as_user(desk)

    for _ in range(2):
        client.get(reverse("appointment_new"), {"patient": patient.pk})

    assert looks() == [(desk.pk, "schedule")] * 2


@pytest.mark.parametrize(
    "headers", [{"HX-Boosted": "true"}, {"HX-History-Restore-Request": "true"}]
)
def test_a_whole_page_that_htmx_fetches_is_a_look(as_user, desk, patient, headers):
    client = as_user(desk)
    client.get(reverse("appointment_new"), {"patient": patient.pk})

    refresh(client, patient, **headers)

    assert looks() == [(desk.pk, "schedule")] * 2


def test_a_part_nobody_opened_the_page_of_is_a_look(as_user, desk, patient):
    refresh(as_user(desk), patient)

    assert looks() == [(desk.pk, "schedule")]


def test_what_one_person_opened_says_nothing_of_another(as_user, desk, lead, patient):
    as_user(desk).get(reverse("appointment_new"), {"patient": patient.pk})

    refresh(as_user(lead), patient)

    assert looks() == [(desk.pk, "schedule"), (lead.pk, "schedule")]


def test_a_look_at_one_patient_or_one_part_covers_no_other(as_user, practitioner, patient, clinic):
    client = as_user(practitioner)
    client.get(reverse("chart", args=[patient.pk]))
    client.get(reverse("appointment_new"), {"patient": factories.patient(clinic).pk})

    refresh(client, patient)

    assert looks() == [(practitioner.pk, part) for part in ("note", "schedule", "schedule")]


def test_yesterdays_look_does_not_count_today(as_user, desk, patient, time_machine):
    time_machine.move_to(NOON + timedelta(hours=11), tick=False)
    client = as_user(desk)
    client.get(reverse("appointment_new"), {"patient": patient.pk})
    time_machine.move_to(NOON + timedelta(hours=11, minutes=59), tick=False)
    refresh(client, patient)
    before_midnight = len(looks())
    time_machine.move_to(NOON + timedelta(hours=12), tick=False)

    refresh(client, patient)

    assert (before_midnight, len(looks())) == (1, 2)


def test_the_planner_writes_one_line_for_a_sheet_and_all_its_previews(as_user, lead, patient):
    plan = factories.plan(patient)
    client, address = as_user(lead), f"{URL}?plan={plan.pk}"
    client.get(address)

    for weighting in ("ideal", "rhythm"):
        assert client.post(address, {"proposal": weighting}, headers=LIVE).status_code == 200

    assert looks() == [(lead.pk, "note")]


def test_a_form_that_is_sent_back_is_the_page_that_was_opened(as_user, desk, patient):
    client, address = as_user(desk), reverse("patient_edit", args=[patient.pk])
    client.get(address)

    answer = client.post(address, {"given_name": ""})

    assert answer.status_code == 422
    assert looks() == [(desk.pk, "demographics")]


def test_a_row_opened_in_the_worklist_is_a_look_each_time(as_user, desk, patient):
    plan = factories.plan(patient)
    client = as_user(desk)

    for _ in range(2):
        client.get(reverse("due_contact", args=[plan.pk]), headers=LIVE)

    assert looks() == [(desk.pk, "schedule")] * 2
