"""The keyboard map: single keys press what shows them, and get in nobody's way."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.support.pages import axe, sign_in
from tests.support.records import appointment

sizes = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)


@pytest.fixture
def visit(clinic):
    """Return a visit of today that is booked."""
    return appointment(patient=factories.patient(clinic), day=timezone.localdate())


@sizes
def test_the_list_of_keys_is_made_from_the_page(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/")

    page.keyboard.press("?")

    expect(page.locator("#keys")).to_be_visible()
    told = dict(
        zip(
            page.locator("#keys-page dt").all_inner_texts(),
            page.locator("#keys-page dd").all_inner_texts(),
            strict=True,
        )
    )
    assert told["a"] == "Arrived"
    assert told["m"] == "Move"
    assert "/" in page.locator("#keys-frame dt").all_inner_texts()
    axe(page)
    page.keyboard.press("Escape")
    expect(page.locator("#keys")).to_be_hidden()


def test_one_key_takes_the_step_its_button_shows(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/")

    page.keyboard.press("a")

    expect(page.get_by_text("has arrived")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "arrived"


def test_a_cancelled_visit_has_one_way_back_by_one_key(page, live_server, desk, clinic):
    today = timezone.localdate()
    visit = factories.appointment(
        factories.patient(clinic), today + timedelta(days=7 - today.weekday()), by=desk,
        at=timezone.now(),
    )  # fmt: skip
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/cancel/")
    page.get_by_text("Could not reach the patient").click()
    page.get_by_role("button", name="Cancel the appointment").click()
    page.wait_for_url(f"**/appointments/{visit.pk}/")
    expect(page.locator("#diary-undo-words")).to_be_visible()
    expect(page.get_by_role("button", name="Take the cancellation back")).to_be_hidden()
    axe(page)

    page.keyboard.press("u")

    expect(page.locator(".note", has_text="is back at Mon")).to_be_visible()
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_a_key_typed_into_a_field_is_only_text(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/")

    page.keyboard.press("/")
    page.keyboard.type("am?")

    expect(page.locator("#quick-input")).to_have_value("am?")
    expect(page.locator("#keys")).to_be_hidden()
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_the_browsers_own_shortcuts_stay_its_own(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/")

    for combination in ("Control+a", "Alt+a", "Meta+a"):
        page.keyboard.press(combination)

    expect(page.locator("#quick-input")).not_to_be_focused()
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_single_keys_can_be_switched_off_and_stay_off(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{visit.pk}/")
    page.keyboard.press("?")
    page.get_by_label("Single keys").uncheck()
    page.keyboard.press("Escape")
    page.reload()

    page.keyboard.press("a")
    page.keyboard.press("?")
    page.keyboard.press("/")

    expect(page.locator("#keys")).to_be_hidden()
    expect(page.locator("#quick-input")).not_to_be_focused()
    assert page.locator("[aria-keyshortcuts]").count() == 0
    visit.refresh_from_db()
    assert visit.status == "booked"
    page.get_by_role("button", name="your account").click()
    page.get_by_role("button", name="Keys on this page").click()
    page.get_by_label("Single keys").check()
    assert page.locator("[aria-keyshortcuts=a]").count() == 1


@sizes
def test_the_diary_tells_what_its_own_keys_do_and_no_key_twice(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/diary/")
    expect(page.locator(f"[data-visit='{visit.pk}']")).to_be_visible()
    page.keyboard.press("ArrowDown")

    page.keyboard.press("?")

    told = page.locator("#keys-told section")
    assert told.locator("h3").all_inner_texts() == ["Visits", "A visit in hand"]
    assert told.first.locator("dt").all_inner_texts() == [*"↓↑↵mdocx", "Esc"]
    own = page.locator("#keys-page dt").all_inner_texts()
    frame = page.locator("#keys-frame dt").all_inner_texts()
    assert {"0", "1", "2", "3", "4", "5", "g", "i", "n"} <= set(own)
    assert "t" in frame
    assert set(own) & set(frame) == set()
    axe(page)


def test_the_looks_of_the_board_and_the_messages_have_keys(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/")

    page.keyboard.press("3")
    page.wait_for_url("**/?show=people")
    page.keyboard.press("4")
    page.wait_for_url("**/?show=rooms")
    page.keyboard.press("j")
    page.wait_for_url("**/messages/")
    page.keyboard.press(".")
    page.wait_for_url("**/messages/?status=queued*")
    page.keyboard.press(",")
    page.wait_for_url(lambda url: "queued" not in url)


def test_the_weeks_of_two_people_are_one_key_apart(page, live_server, desk, visit, clinic):
    first, second = clinic.resources.practitioners()
    sign_in(page, live_server, desk)
    page.goto("/diary/?view=week")
    current = page.locator(".diary-of [aria-current]")

    page.keyboard.press(".")
    expect(current).to_have_text(second.name)
    page.keyboard.press(",")
    expect(current).to_have_text(first.name)
