"""The planning desk in a real browser: several courses at once, the board, capacity, the timeline."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import factories
from tests.support.pages import axe, sign_in

LIST = "/admin/treatments/treatmentplan/"
both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)
SETTINGS = ["/admin/", "/admin/clinic/resource/", "/admin/clinic/hoursexception/add/",
            "/admin/clinic/service/", "/admin/treatments/protocol/"]  # fmt: skip


@pytest.fixture
def desk(page, live_server, clinic):
    """Return the page with the clinic's lead signed in."""
    sign_in(page, live_server, factories.staff(clinic, "lead"))
    return page


@pytest.fixture
def plans(clinic):
    """Return three courses of two sessions, to be booked now."""
    today = clinic.local_date(timezone.now())
    zone = factories.zone()
    protocol = factories.protocol([zone])
    window = {"next_earliest_on": today, "next_ideal_on": today + timedelta(days=7),
              "next_latest_on": today + timedelta(days=14), "agreed_on": today}  # fmt: skip
    return [
        factories.plan(factories.patient(clinic, family_name=f"Quokka{k}"), zones=[zone],
                       protocol=protocol, sessions=2, **window)
        for k in range(3)
    ]  # fmt: skip


def booked():
    """Return how many sessions of courses hold a time."""
    return Appointment.objects.live().filter(planned_session__isnull=False).count()


def fits(page):
    """Say whether nothing sticks out to the right."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@both
def test_the_lead_books_three_courses_in_five_actions(desk, plans, theme, size):
    desk.goto(LIST)
    ticks = desk.locator(".action-select")
    expect(ticks).to_have_count(3)
    axe(desk)

    for number in range(3):  # 1, 2, 3
        ticks.nth(number).check()
    desk.get_by_role("button", name="Propose and book").click()  # 4
    expect(desk.get_by_role("heading", name="Propose and book")).to_be_visible()
    axe(desk)
    assert fits(desk)
    assert booked() == 0
    desk.get_by_role("button", name="Book 6 sessions of 3 courses").click()  # 5

    expect(desk.get_by_role("heading", name="3 of 3 courses booked")).to_be_visible()
    axe(desk)
    assert fits(desk)
    assert booked() == 6


def test_several_courses_are_booked_by_keys_alone(desk, plans):
    desk.goto(LIST)
    for number in range(2):
        desk.locator(".action-select").nth(number).press("Space")
    desk.get_by_role("button", name="Propose and book").press("Enter")
    expect(desk.get_by_role("heading", name="Propose and book")).to_be_visible()

    desk.get_by_role("button", name="Book 4 sessions of 2 courses").press("Enter")

    expect(desk.get_by_role("heading", name="2 of 2 courses booked")).to_be_visible()
    assert booked() == 4


@both
def test_the_board_shows_every_course_and_narrows_at_a_choice(desk, plans, theme, size):
    desk.goto(f"{LIST}board/")
    expect(desk.get_by_role("heading", name="3 courses")).to_be_visible()
    axe(desk)
    assert fits(desk)

    desk.get_by_label("State").select_option("overdue")
    expect(desk.get_by_role("heading", name="No course fits")).to_be_visible()
    axe(desk)
    desk.get_by_role("link", name="Show every running course").click()

    region = desk.get_by_role("region", name="Courses by week")
    expect(region).to_be_visible()
    region.focus()
    expect(region).to_be_focused()


@both
def test_capacity_leads_to_the_courses_of_a_week(desk, plans, theme, size):
    desk.goto(f"{LIST}capacity/")
    expect(desk.get_by_role("heading", name="3 courses need a place")).to_be_visible()
    axe(desk)
    assert fits(desk)

    desk.get_by_title("Show these courses").first.click()

    expect(desk.locator(".action-select")).to_have_count(3)


@both
def test_a_date_moves_on_the_timeline_by_keys_and_by_hand(desk, plans, theme, size):
    desk.goto(f"{LIST}planner/?plan={plans[0].pk}")
    dot = desk.get_by_role("slider", name="Date of session 2")
    before = dot.get_attribute("aria-valuetext")
    axe(desk)
    assert fits(desk)

    dot.focus()
    dot.press("Shift+ArrowRight")
    expect(desk.get_by_text(re.compile("Session 2: .* can be had"))).to_be_visible()
    dot.press("Enter")
    expect(desk.get_by_role("heading", name="Your choice")).to_be_visible()
    expect(dot).to_be_focused()
    moved = dot.get_attribute("aria-valuetext")
    assert moved != before

    first = desk.get_by_role("slider", name="Date of session 1").locator(".tl-disc").bounding_box()
    box = dot.locator(".tl-disc").bounding_box()
    desk.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desk.mouse.down()
    desk.mouse.move(first["x"] + 30, box["y"] + 10, steps=4)
    desk.mouse.up()
    expect(desk.get_by_text(re.compile("Session 2 stays where it was"))).to_be_visible()
    expect(dot).to_have_attribute("aria-valuetext", moved)
    axe(desk)


@pytest.mark.parametrize("size", ["ipad"], indirect=True)
def test_on_an_ipad_the_dates_are_in_sight_beside_the_form(desk, plans, size):
    desk.goto(f"{LIST}planner/?plan={plans[0].pk}")

    expect(desk.get_by_role("heading", name="Over the months")).to_be_in_viewport()
    expect(desk.get_by_role("heading", name="What is agreed")).to_be_in_viewport()


@both
@pytest.mark.parametrize("address", SETTINGS)
def test_the_pages_of_the_practice_are_in_order(desk, plans, address, theme, size):
    desk.goto(address)

    expect(desk.locator("h1")).to_have_count(1)
    axe(desk)
    assert fits(desk)


@both
def test_a_persons_week_and_a_course_are_read_in_words(desk, clinic, plans, theme, size):
    desk.goto(f"/admin/clinic/resource/{clinic.resources.practitioners().first().pk}/change/")
    expect(desk.get_by_text("The week at a glance")).to_be_visible()
    expect(desk.get_by_text("09:00–17:00").first).to_be_visible()
    axe(desk)

    desk.goto(f"{LIST}{plans[0].pk}/change/")
    expect(desk.get_by_text("28 to 42 days, ideally 35").first).to_be_visible()
    axe(desk)
