"""The desk's page of messages."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.models import MessageTemplate, MoveWish, OutboxMessage
from tests import factories

LIST = "/messages/"


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now + timedelta(minutes=10), tick=False):
        yield


@pytest.fixture
def visit(clinic):
    """Return a visit with three messages waiting."""
    return factories.appointment(
        factories.patient(clinic, email="a@example.org"), date(2026, 12, 14)
    )


@pytest.fixture
def at_desk(as_user, desk):
    """Return the test client with the desk signed in."""
    return as_user(desk)


def fail():
    """Let the confirmation have failed."""
    rows = OutboxMessage.objects.filter(kind="course_booked")
    rows.update(status="failed", attempts=6, last_error="SMTPServerDisconnected: gone")
    return rows.get()


def test_a_failed_message_shows_why_and_how_often_it_was_tried(visit, at_desk):
    fail()

    text = at_desk.get(LIST).content.decode()

    assert "SMTPServerDisconnected: gone" in text
    assert "6 tries" in text
    assert str(visit.patient) in text


def test_the_tabs_count_and_narrow(visit, at_desk):
    fail()

    answer = at_desk.get(LIST + "?status=failed")

    assert [(tab["label"], tab["count"]) for tab in answer.context["tabs"]] == [
        ("Last 90 days", None), ("Waiting", 2), ("Sent", None), ("Failed", 1), ("Withdrawn", None),
    ]  # fmt: skip
    assert [row.status for row in answer.context["page"]] == ["failed"]


def test_the_kind_narrows_too_and_nonsense_does_not(visit, at_desk):
    kinds = at_desk.get(LIST + "?kind=reminder_2d&status=queued").context["page"]
    assert [row.kind for row in kinds] == ["reminder_2d"]

    assert len(at_desk.get(LIST + "?status=x&page=99999999999").context["page"]) == 1


def test_what_is_far_ahead_only_shows_among_what_waits_soonest_first(visit, at_desk):
    so_far = at_desk.get(LIST).context["page"]
    waiting = at_desk.get(LIST + "?status=queued").context["page"]

    assert [row.kind for row in so_far] == ["course_booked"]
    assert [row.kind for row in waiting] == ["course_booked", "reminder_7d", "reminder_2d"]


def test_send_again_puts_it_back_and_stays_on_the_tab(visit, at_desk):
    row = fail()

    answer = at_desk.post(reverse("message_retry", args=[row.pk]), {"status": "failed"})

    row.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, "/messages/?status=failed")
    assert (row.status, row.attempts) == ("queued", 0)


def test_withdraw_takes_it_back_and_a_sent_one_says_why_not(visit, at_desk, now):
    row = OutboxMessage.objects.get(kind="reminder_2d")
    at_desk.post(reverse("message_withdraw", args=[row.pk]))
    row.refresh_from_db()
    assert row.status == "withdrawn"

    OutboxMessage.objects.filter(kind="reminder_7d").update(
        status="sent", sent_at=now, sent_to="a@example.org"
    )
    other = OutboxMessage.objects.get(kind="reminder_7d")
    answer = at_desk.post(reverse("message_withdraw", args=[other.pk]), follow=True)

    assert "This message is sent and cannot be withdrawn." in answer.content.decode()


def test_a_wish_is_settled_with_one_click(visit, at_desk, desk):
    wish = MoveWish.objects.create(appointment=visit, asked_at=factories.NOW, words="Fridays")
    assert "Fridays" in at_desk.get(LIST).content.decode()

    at_desk.post(reverse("wish_settle", args=[wish.pk]))

    wish.refresh_from_db()
    assert wish.settled_by == desk
    assert "Fridays" not in at_desk.get(LIST).content.decode()


def test_another_clinics_message_is_not_found(visit, as_user, db):
    other = factories.clinic_with_diary()
    client = as_user(factories.staff(other, "front_desk"))
    row = OutboxMessage.objects.first()

    for name in ("message_retry", "message_withdraw"):
        assert client.post(reverse(name, args=[row.pk])).status_code == 404
    assert list(client.get(LIST).context["page"]) == []


def test_the_page_asks_the_same_questions_for_two_rows_and_for_many(
    clinic, visit, at_desk, django_assert_num_queries, django_assert_max_num_queries
):
    at_desk.get(LIST)
    with django_assert_max_num_queries(20) as few:
        at_desk.get(LIST)
    for n in range(12):
        patient = factories.patient(clinic, email=f"p{n}@example.org")
        row = factories.appointment(
            patient, date(2026, 12, 15) + timedelta(days=n // 4), 540 + n % 4 * 100
        )
        MoveWish.objects.create(appointment=row, asked_at=factories.NOW)

    with django_assert_num_queries(len(few)):
        at_desk.get(LIST)


def test_the_lead_writes_a_text_and_an_unknown_placeholder_is_refused(clinic, as_user, lead):
    client = as_user(lead)
    values = {"clinic": clinic.pk, "kind": "changed", "channel": "email", "active": "on",
              "subject": "New time", "body": "On {dya}"}  # fmt: skip
    url = reverse("admin:clinic_messagetemplate_add")

    answer = client.post(url, values)
    assert "“{dya}” is not a placeholder." in answer.content.decode()
    assert MessageTemplate.objects.count() == 0

    client.post(url, values | {"body": "On {day}"})
    assert MessageTemplate.objects.get().body == "On {day}"
