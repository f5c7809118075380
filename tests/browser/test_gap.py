"""A time that becomes free in the diary names at once whom it would suit, without a new page."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.support.pages import axe, sign_in
from treatments.actions.diary import cancel_appointment
from treatments.actions.waitlist import add_to_waitlist

pytestmark = pytest.mark.django_db(transaction=True)
HALF_HOUR_PX = 48  # static/js/diary.js


@pytest.fixture
def monday() -> date:
    """Return the Monday after next: open, and no short notice."""
    today = timezone.localdate()
    return today + timedelta(days=14 - today.weekday())


@pytest.fixture
def visit(clinic, desk, monday):
    """Return a visit on that Monday at 10:00, with the first practitioner."""
    patient = factories.patient(clinic, given_name="Lyra", family_name="Fictional")
    return factories.appointment(patient, monday, by=desk, at=timezone.now())


@pytest.fixture
def waiting(clinic, desk):
    """Return a patient who would come at any time."""
    patient = factories.patient(clinic, given_name="Wanda", family_name="Waitwell")
    add_to_waitlist(patient=patient, service=clinic.services.first(), at=timezone.now(), by=desk)
    return patient


def drag(page, visit, *, by_px):
    """Pull a visit down with the mouse."""
    box = page.locator(f"[data-visit='{visit.pk}']").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + 20
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + by_px / 2, steps=4)
    page.mouse.move(x, y + by_px, steps=4)
    page.mouse.up()


@pytest.mark.parametrize(("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True)
def test_a_drag_shows_whom_the_old_time_suits_and_undo_takes_it_away(
    page, live_server, desk, visit, waiting, monday
):
    sign_in(page, live_server, desk)
    page.goto(f"/diary/?on={monday}&view=day&by=practitioner")
    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#gap")).to_be_empty()

    drag(page, visit, by_px=4 * HALF_HOUR_PX)

    chip = page.locator("#gap")
    expect(chip).to_contain_text("1 fits this gap")
    axe(page)
    page.keyboard.press("v")
    expect(chip.get_by_role("button", name="Waitwell")).to_be_visible()
    page.keyboard.press("u")
    expect(page.locator(".note", has_text="Undone")).to_be_visible()
    expect(page.locator("#gap")).to_be_empty()


def test_another_desk_sees_what_this_one_freed(page, live_server, clinic, desk, visit, waiting):
    cancel_appointment(appointment=visit, reason="patient", at=timezone.now(), by=desk)
    other = factories.staff(clinic, "front_desk", username="otherdesk")
    sign_in(page, live_server, other)

    for address in ("/", "/diary/", "/waitlist/"):
        page.goto(address)
        expect(page.locator("#gap")).to_contain_text("1 fits this gap")
    page.keyboard.press("v")
    axe(page)
    page.keyboard.press("b")

    expect(page.get_by_role("heading", name="10:00")).to_be_visible()
    assert waiting.appointments.get().start_clock == "10:00"
