"""The desk's four journeys on the demo, counted: by mouse, and by the keyboard alone.

An action is a click, a key pressed (arrows included) or one field typed (docs/desk.md). The demo is
played once for all of them and stands at a late morning; each journey takes people of its own.
"""

import re

import pytest
from playwright.sync_api import expect

from clinic.models.patients import plain
from tests.browser.test_counted import Keyboard, Mouse
from tests.support.demo import AT, running_demo
from tests.support.pages import SIZES, watch
from tests.support.scenes import scratch_copy
from treatments.management.demo import people, story

pytestmark = pytest.mark.django_db  # so that there is a test database to copy; nothing is written
TOMORROW = "/diary/?on=2026-11-24"
NEXT_WEEK = "/diary/?on=2026-12-01"
NAMES = [tuple(map(plain, people.name(number))) for number in range(60)]


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker, tmp_path_factory):
    """Serve the demo for this module, on a copy of the empty test database."""
    folder = tmp_path_factory.mktemp("demo")
    with (
        django_db_blocker.unblock(),
        scratch_copy(folder) as url,
        running_demo(url, folder) as served,
    ):
        yield served


@pytest.fixture
def page(new_context, demo, complaints):
    """Return a page of the front desk's browser at the demo."""
    context = new_context(
        base_url=demo.url, viewport=SIZES["desk"], locale="en-GB", timezone_id="Europe/London",
        reduced_motion="reduce",
    )  # fmt: skip
    watch(context, complaints)
    context.add_cookies([demo.cookie])
    yield context.new_page()
    assert complaints == []


@pytest.fixture
def keys(page):
    return Keyboard(page)


@pytest.fixture
def mouse(page):
    return Mouse(page)


def letters(number: int) -> str:
    """Return three letters that only the name of person `number` begins with, "" without any."""
    found = (
        word[:3] for word in NAMES[number]
        if sum(any(other.startswith(word[:3]) for other in names) for names in NAMES) == 1
    )  # fmt: skip
    return next(found, "")


def people_of(fits) -> list[tuple[str, str]]:
    """Return (three letters, name) of the clinic's people whose course fits, in the story's order."""
    found = [(letters(number), " ".join(people.name(number)))
             for number, course in enumerate(story.NORTH) if fits(course)]  # fmt: skip
    return [pair for pair in found if pair[0]]


def is_unbooked(course) -> bool:
    """Say whether a course waits for its dates: several sessions, none of them booked."""
    return course.state in {"book_now", "overdue", "at_risk"} and not course.ahead


def look_up(page, text: str, name: str, *, by) -> None:
    """Find a patient in three actions: three letters and Enter, or the hit tapped."""
    if isinstance(by, Keyboard):
        by.press("/")
        expect(page.locator("#quick-input")).to_be_focused()
        by.type(text)
        by.press("Enter")
    else:
        by.tap("#quick-input")
        page.keyboard.type(text)
        by.count += 1
        by.tap(".quick-hit")
    page.wait_for_url("**/patients/*/")
    expect(page.get_by_role("link", name=name).or_(page.get_by_text(name)).first).to_be_visible()


def is_drawn(page) -> None:
    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")


# --- Find -----------------------------------------------------------------------------------------
@pytest.mark.parametrize("hand", ["keys", "mouse"])
def test_a_patient_is_found_by_three_letters_in_three_actions(page, request, hand):
    by = request.getfixturevalue(hand)
    text, name = people_of(lambda course: course.state == "done")[0]
    page.goto("/")

    look_up(page, text, name, by=by)

    assert (by.count, len(text)) == (3, 3)


# --- Book every remaining session -----------------------------------------------------------------
def test_every_remaining_session_is_booked_in_five_keys(page, keys):
    text, name = people_of(is_unbooked)[0]
    page.goto("/")

    look_up(page, text, name, by=keys)
    keys.press("b")
    expect(page.get_by_role("button", name=re.compile(r"Book \d sessions?"))).to_be_visible()
    keys.press("y")

    page.wait_for_url("**/courses/*/")
    assert keys.count == 5
    expect(page.locator(".note", has_text=re.compile(r"sessions? (is|are) booked"))).to_be_visible()
    expect(page.get_by_text("No date yet")).to_have_count(0)


def test_every_remaining_session_is_booked_in_five_actions_by_mouse(page, mouse):
    text, name = people_of(is_unbooked)[1]
    page.goto("/")

    look_up(page, text, name, by=mouse)
    mouse.tap("[data-key=b]:visible")
    mouse.click(re.compile(r"Book \d sessions?"))

    page.wait_for_url("**/courses/*/")
    assert mouse.count == 5
    expect(page.get_by_text("No date yet")).to_have_count(0)


# --- Check in -------------------------------------------------------------------------------------
def expected(page):
    """Return the rows of today's board that are still expected and can be checked in."""
    return page.locator("[data-row]:has([data-key=a]:visible)")


def test_a_visit_in_focus_is_checked_in_by_one_key(page, keys):
    page.goto("/?show=all")
    row = expected(page).first
    number = row.get_attribute("data-row")
    row.locator("[data-row-focus]").focus()

    keys.press("a")

    expect(page.locator(f".lane-arrived #who-{number}")).to_be_focused()
    assert keys.count == 1


def test_a_visit_is_checked_in_by_one_click(page, mouse):
    page.goto("/?show=all")
    row = expected(page).first
    number = row.get_attribute("data-row")

    row.locator("[data-key=a]").click()
    mouse.count += 1

    expect(page.locator(f".lane-arrived #who-{number}")).to_be_visible()
    assert mouse.count == 1


# --- Move -----------------------------------------------------------------------------------------
def test_a_visit_in_focus_is_moved_to_another_practitioner_in_three_keys(page, keys):
    page.goto(NEXT_WEEK)  # tomorrow nobody else has room for it
    is_drawn(page)
    page.keyboard.press("ArrowDown")
    expect(page.locator("#diary-card")).to_be_visible()

    keys.press("m")
    expect(page.locator("#hand-where")).to_contain_text("free")
    before = page.locator("#hand-where").inner_text()
    keys.press("ArrowRight")
    expect(page.locator("#hand-where")).not_to_have_text(before)
    keys.press("Enter")

    expect(page.locator("#diary-undo-words")).to_contain_text("moved to")
    assert keys.count == 3


def test_a_visit_is_moved_in_three_clicks(page, mouse):
    page.goto(TOMORROW)
    is_drawn(page)

    mouse.tap("[data-visit]")
    mouse.tap("[data-card-move]")
    expect(page.locator("#hand-where")).to_contain_text("free")
    mouse.tap("#hand-place")

    expect(page.locator("#diary-undo-words")).to_contain_text("moved to")
    assert mouse.count == 3


def test_the_demo_stands_at_its_own_morning(page):
    page.goto("/")

    expect(
        page.get_by_text(f"{AT:%A} {AT.day} {AT:%B}").or_(page.get_by_text("Mon 23 Nov")).first
    ).to_be_visible()
