"""The lead mends a day in a real browser: somebody is ill, two visits get new times, by keys too."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import factories
from tests.support.pages import axe, sign_in

REPAIR = "/admin/treatments/treatmentplan/repair/"
#: Chromium says of every refused request that it was refused, even where the page says it in words.
REFUSED = "Failed to load resource: the server responded with a status of 422"
both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)


@pytest.fixture
def day(clinic):
    """Return a Tuesday more than a week ahead, so that nothing is at short notice."""
    today = clinic.local_date(timezone.now())
    return today + timedelta(days=8 + (1 - today.weekday() - 8) % 7)


@pytest.fixture
def desk(page, live_server, clinic, day):
    """Return the page with the lead signed in; two visits stand on the day."""
    for minute in (600, 780):
        factories.appointment(factories.patient(clinic), day, minute)
    sign_in(page, live_server, factories.staff(clinic, "lead"))
    return page


@both
def test_an_illness_is_kept_and_its_visits_get_new_times_by_keys(desk, clinic, day, theme, size):
    who = clinic.resources.practitioners()[0]
    desk.goto(REPAIR)
    desk.get_by_label("Who or what").select_option(str(who.pk))
    desk.get_by_label("Reason").select_option("sick")
    desk.get_by_label("First day").fill(day.isoformat())
    desk.get_by_role("button", name="Keep it and find new times").click()

    expect(desk.get_by_text("2 appointments have to move.")).to_be_visible()
    expect(desk.locator("[data-row]")).to_have_count(2)
    axe(desk)

    desk.locator("[data-row]").first.focus()
    desk.keyboard.press("a")
    expect(desk.get_by_role("button", name="Apply 1 of 2")).to_be_enabled()
    desk.get_by_role("button", name="Refuse").nth(1).click()
    desk.get_by_role("button", name="Not with").click()
    expect(desk.locator("[data-row]").nth(1).locator(".is-refused")).to_have_count(1)
    desk.get_by_role("button", name="Accept all").click()
    apply_both = desk.get_by_role("button", name="Apply 2 of 2")
    expect(apply_both).to_be_enabled()
    apply_both.click()

    expect(desk.get_by_text("2 appointments moved.")).to_be_visible()
    expect(desk.get_by_role("heading", name="Nothing waits to be moved")).to_be_visible()
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}


def test_a_tap_before_the_answer_to_the_last_one_does_not_undo_it(desk, clinic, day):
    desk.goto(REPAIR)
    desk.get_by_label("Who or what").select_option(str(clinic.resources.practitioners()[0].pk))
    desk.get_by_label("Reason").select_option("sick")
    desk.get_by_label("First day").fill(day.isoformat())
    desk.get_by_role("button", name="Keep it and find new times").click()
    rows = desk.locator("[data-row]")
    expect(rows).to_have_count(2)
    desk.get_by_role("button", name="Refuse").nth(0).click()

    # Both in one breath: the second would be sent without what the first one said.
    desk.evaluate("""() => {
      document.querySelector('.dropdown-menu.show button[value^="who-"]').click();
      document.querySelector("#accept-all").click();
    }""")

    expect(rows.nth(0).locator(".is-refused")).to_have_count(1)


@both
def test_a_hurried_tap_closes_nothing_and_loses_nothing(desk, clinic, day, theme, size, complaints):
    desk.goto(REPAIR)
    desk.get_by_label("First day").fill(day.isoformat())
    desk.get_by_label("From").fill("9:15")
    desk.get_by_label("To", exact=True).fill("11:00")

    desk.get_by_role("button", name="Keep it and find new times").click()

    expect(desk.get_by_text("Choose who or what is away")).to_be_visible()
    expect(desk.get_by_text("Choose the reason.")).to_be_visible()
    expect(desk.get_by_label("First day")).to_have_value(day.isoformat())
    expect(desk.get_by_label("From")).to_have_value("9:15")
    assert set(Appointment.objects.values_list("status", flat=True)) == {"booked"}
    axe(desk)
    complaints[:] = [complaint for complaint in complaints if REFUSED not in complaint]
