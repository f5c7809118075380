"""What a visit's own page says of its messages: to whom, in which state, and what went wrong."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.models import OutboxMessage
from tests import factories
from tests.support.clock import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
DAY = date(2026, 12, 14)


@pytest.fixture
def patient(clinic):
    """Return a patient who reads e-mail."""
    return factories.patient(clinic, email="ada@example.org")


@pytest.fixture
def visit(patient):
    """Return a visit with a confirmation and two reminders waiting."""
    return factories.appointment(patient, DAY)


def told(client, visit) -> list[tuple[str, str]]:
    """Return kind and state of every message the page names, in its order."""
    rows = client.get(visit.get_absolute_url()).context["told"]
    return [(row.kind, row.look) for row in rows]


def test_every_message_of_a_visit_is_named_newest_first(visit, desk, as_user):
    OutboxMessage.objects.filter(kind="course_booked").update(
        status="sent", sent_at=NOON, sent_to="ada@example.org"
    )

    assert told(as_user(desk), visit) == [
        ("reminder_2d", "queued"), ("reminder_7d", "queued"), ("course_booked", "sent"),
    ]  # fmt: skip
    page = as_user(desk).get(visit.get_absolute_url()).content.decode()
    assert "E-mail to ada@example.org · Mon 23 Nov 12:00" in page


def test_a_message_about_several_visits_is_on_the_page_of_each_and_of_no_other(
    patient, visit, desk, as_user
):
    second, third = (factories.appointment(patient, DAY + timedelta(days=n)) for n in (7, 14))
    OutboxMessage.objects.exclude(kind="course_booked", appointment=visit).delete()
    OutboxMessage.objects.update(visits=[visit.pk, second.pk])
    client = as_user(desk)

    assert [told(client, row) for row in (visit, second, third)] == [
        [("course_booked", "queued")], [("course_booked", "queued")], [],
    ]  # fmt: skip


def test_a_failed_message_says_why_and_is_sent_again_from_here(visit, desk, as_user):
    rows = OutboxMessage.objects.filter(kind="course_booked")
    rows.update(status="failed", last_error="The mail server refused it: 550 No such mailbox",
                not_before=NOON, next_try_at=NOON)  # fmt: skip
    client, url = as_user(desk), visit.get_absolute_url()

    page = client.get(url).content.decode()
    answer = client.post(reverse("message_retry", args=[rows.get().pk]), {"next": url})

    assert page.count("550 No such mailbox") == 1
    assert page.count("Send again") == 1
    assert (answer["Location"], rows.get().status) == (url, "queued")


@pytest.mark.parametrize("visits", [1, 3])
def test_the_page_costs_the_same_queries_for_any_number_of_messages(
    patient, visit, desk, as_user, django_assert_num_queries, visits
):
    for n in range(1, visits):
        factories.appointment(patient, DAY + timedelta(days=n))
    client = as_user(desk)
    client.get(visit.get_absolute_url())

    with django_assert_num_queries(11):
        client.get(visit.get_absolute_url())
