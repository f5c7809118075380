"""Taking back says where the visit is now, and its page keeps what was done and undone."""

from datetime import date

import pytest
from django.urls import reverse

from tests import factories

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("on_monday")


def undone(client) -> str:
    """Take the last deed back and return what is said."""
    answer = client.post(reverse("diary_undo"), headers={"accept": "application/json"})
    return " ".join(answer.json()["said"])


def cancel(client, visit):
    return client.post(reverse("appointment_cancel", args=[visit.pk]), {"reason": "patient"},
                       follow=True)  # fmt: skip


def test_a_move_taken_back_says_where_the_visit_is_again(at_desk, visit):
    at_desk.post(reverse("diary_place", args=[visit.pk]), {
        "day": "2026-11-25", "minute": 660, "practitioner": visit.practitioner_id,
        "version": visit.version,
    })  # fmt: skip

    assert undone(at_desk) == f"Undone: {visit.patient.full_name} is back at Tue 24 Nov, 10:00."


def test_a_booking_taken_back_says_so(at_desk, patient, clinic):
    slot = factories.slot_on(clinic, TUESDAY)
    at_desk.post(reverse("appointment_new"), {
        "patient": patient.pk, "visit": f"service-{clinic.services.first().pk}",
        "slot": f"{slot.start}.{slot.practitioner_id}",
    })  # fmt: skip

    assert undone(at_desk) == f"Undone: the booking of {patient.full_name} is taken back."


def test_the_page_of_a_cancelled_visit_says_it_once_with_one_way_back(at_desk, visit):
    page = cancel(at_desk, visit)

    text = page.content.decode()
    assert text.count(f"Cancelled: Tue 24 Nov, 10:00 of {visit.patient.full_name}.") == 1
    assert [str(note) for note in page.context["messages"]] == []
    assert "data-after-undo hidden" in text


def test_after_three_minutes_the_cancellation_is_taken_back_by_its_own_button(
    at_desk, visit, time_machine
):
    cancel(at_desk, visit)
    time_machine.shift(181)

    text = at_desk.get(visit.get_absolute_url()).content.decode()

    assert "data-after-undo" not in text
    assert "Take the cancellation back" in text


def test_what_happened_keeps_the_cancellation_and_that_it_was_taken_back(at_desk, visit):
    cancel(at_desk, visit)
    assert undone(at_desk) == f"Undone: {visit.patient.full_name} is back at Tue 24 Nov, 10:00."

    stamps = at_desk.get(visit.get_absolute_url()).context["visit"].stamps

    assert [what for what, *_ in stamps] == [
        "Booked", "Cancelled: Patient asked", "Cancellation taken back",
    ]  # fmt: skip


def test_what_happened_says_a_cancellation_once_and_where_a_visit_came_from(at_desk, visit):
    at_desk.post(reverse("diary_place", args=[visit.pk]), {
        "day": "2026-11-25", "minute": 660, "practitioner": visit.practitioner_id,
        "version": visit.version,
    })  # fmt: skip
    cancel(at_desk, visit)

    stamps = at_desk.get(visit.get_absolute_url()).context["visit"].stamps

    assert [what for what, *_ in stamps] == [
        "Booked", "Moved from Tue 24 Nov, 10:00", "Cancelled: Patient asked",
    ]  # fmt: skip
