"""Booking in a real browser: one follow-up by keyboard, a whole course in two taps, a new course."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from clinic.scheduling.minutes import instant_of
from tests import factories
from tests.support.pages import axe, sign_in
from treatments.actions.diary import book_session
from treatments.models import TreatmentPlan


@pytest.fixture
def patient(clinic):
    """Return a patient with a name nobody else has."""
    return factories.patient(clinic, given_name="Lyra", family_name="Fictional")


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient, agreed_on=timezone.localdate())


def weekday(day: date) -> date:
    """Return the day, or the Monday after it where it is a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day


def test_the_desk_books_a_follow_up_by_keyboard_alone(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto("/appointments/new/")
    page.keyboard.type("fic")
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/new/?patient=*")
    page.wait_for_selector(".slot-button")
    axe(page)

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    second = page.locator(".slot-button").nth(1)
    tapped = second.get_attribute("value")
    expect(second).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/appointments/*/")

    visit = Appointment.objects.get()
    assert f"{int(visit.starts_at.timestamp()) // 60}.{visit.practitioner_id}" == tapped
    assert plan.sessions.get(number=1).appointment == visit
    axe(page)


def test_jumping_by_weeks_keeps_what_was_typed(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/new/?patient={plan.patient_id}")
    page.locator("#id_note").fill("Rings before eight")
    before = page.locator("#id_from").input_value()

    page.locator("#jump-after").click()
    expect(page.locator("#id_from")).not_to_have_value(before)

    shift = date.fromisoformat(page.locator("#id_from").input_value()) - date.fromisoformat(before)
    assert shift.days == 7
    assert page.locator("#id_note").input_value() == "Rings before eight"
    expect(page.locator("#jump-after")).to_be_focused()
    assert Appointment.objects.count() == 0


def test_enter_in_a_field_never_books(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/new/?patient={plan.patient_id}")

    page.locator("#id_note").press("Enter")
    page.wait_for_load_state("networkidle")

    assert Appointment.objects.count() == 0
    assert page.locator(".slot-button").count() == 10


@pytest.mark.parametrize(("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True)
def test_every_remaining_session_is_booked_in_one_tap(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/courses/{plan.pk}/dates/")
    axe(page)

    page.get_by_role("button", name="Book 4 sessions").click()
    page.wait_for_url(f"**/courses/{plan.pk}/")

    assert plan.sessions.filter(appointment__status="booked").count() == 4
    axe(page)


def test_dates_chosen_are_never_booked_before_they_are_shown(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/courses/{plan.pk}/dates/")
    expect(page.locator("[data-key=y]")).to_be_visible()

    # Another proposal and "Book" in one breath, by key and by finger.
    page.evaluate("""() => {
      document.querySelector(".card-choice[data-key='3']").click();
      document.dispatchEvent(new KeyboardEvent("keydown", {key: "y", bubbles: true}));
      document.querySelector("[data-key=y]").click();
    }""")

    chosen = page.locator(".card-choice[data-key='3'][aria-pressed=true]")
    expect(chosen).to_be_visible()
    assert Appointment.objects.count() == 0
    page.keyboard.press("y")
    page.wait_for_url("**/courses/*/")
    assert Appointment.objects.count() == 4


def test_one_row_is_changed_and_the_others_stay(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/courses/{plan.pk}/dates/")
    slots = "[...document.querySelectorAll('input[name^=slot_]')].map(i => i.value)"
    before = page.evaluate(slots)

    page.locator("#edit-4").click()
    page.wait_for_selector("#row-4 .times button")
    axe(page)
    page.locator("#row-4 section .times button:not([aria-pressed])").last.click()
    page.wait_for_selector("#rows-title:has-text('Your choice')")

    after = page.evaluate(slots)
    assert after[:3] == before[:3]
    assert after[3] != before[3]
    expect(page.locator("#edit-4")).to_be_focused()
    page.get_by_role("button", name="Book 4 sessions").click()
    page.wait_for_url(f"**/courses/{plan.pk}/")
    assert plan.sessions.filter(appointment__status="booked").count() == 4


def test_a_time_taken_meanwhile_offers_the_three_nearest(
    page, live_server, desk, clinic, plan, complaints
):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/new/?patient={plan.patient_id}")
    button = page.locator(".slot-button").first
    start = instant_of(int(button.get_attribute("value").partition(".")[0]))
    for who in clinic.resources.practitioners():
        wall = timezone.localtime(start, clinic.zone)
        factories.appointment(factories.patient(clinic), wall.date(), wall.hour * 60 + wall.minute,
                              who=who, at=timezone.now())  # fmt: skip

    button.click()
    page.wait_for_selector(".refusal")

    assert page.locator(".refusal .slot-button").count() == 3
    axe(page)
    page.locator(".refusal .slot-button").first.click()
    page.wait_for_url("**/appointments/*/")
    assert plan.sessions.get(number=1).is_booked
    complaints[:] = [words for words in complaints if "409" not in words]


@pytest.mark.parametrize("theme", ["light", "dark"], indirect=True)
def test_a_practitioner_agrees_a_course_on_the_ipad(page, live_server, clinic, patient):
    zones = [factories.zone(name="Upper back left"), factories.zone(name="Upper back right")]
    factories.protocol(zones)
    other = factories.protocol(zones, name="Stretch marks", sessions_default=5)
    sign_in(page, live_server, factories.staff(clinic, "practitioner"))
    page.goto(f"/patients/{patient.pk}/courses/new/")
    axe(page)

    page.locator("label.card-choice", has_text="Back acne scars").click()
    page.locator(".zones label", has_text="Upper back left").first.click()
    page.locator("#id_notes").fill("Starts gently")
    page.locator("label.card-choice", has_text="Stretch marks").click()
    page.wait_for_selector("#id_sessions[value='5']")
    axe(page)
    assert page.locator(f"#zone-{zones[0].pk}").is_checked()
    assert page.locator("#id_notes").input_value() == "Starts gently"
    page.get_by_role("button", name="Agree the course").click()
    page.wait_for_url("**/courses/*/dates/")

    plan = TreatmentPlan.objects.get()
    assert (plan.protocol, plan.sessions_planned, plan.notes) == (other, 5, "Starts gently")


def test_moving_shows_why_a_day_cannot_be_had(page, live_server, desk, plan):
    first = weekday(timezone.localdate() + timedelta(days=7))
    for number, day in ((1, first), (2, weekday(first + timedelta(days=40)))):
        book_session(planned_session=plan.sessions.get(number=number), by=desk, at=timezone.now(),
                     slot=factories.slot_on(plan.clinic, day))  # fmt: skip
    visit = plan.sessions.get(number=2).appointment
    sign_in(page, live_server, desk)

    page.goto(f"/appointments/{visit.pk}/move/?from={first + timedelta(days=20)}")

    assert "healing needs 28" in page.locator(".slot-day.is-shut").first.inner_text()
    axe(page)
