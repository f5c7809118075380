"""The lead's way through the planner in a real browser: from the list of courses to booked dates."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from clinic.scheduling.minutes import wall_of
from tests import factories
from tests.support.pages import axe, sign_in
from treatments.models import TreatmentPlan

LIST = "/admin/treatments/treatmentplan/"
PLANNER = f"{LIST}planner/"
both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)

ipad = pytest.mark.parametrize("size", ["ipad"], indirect=True)


@pytest.fixture
def desk(page, live_server, clinic):
    """Return the page with the clinic's lead signed in; back scars can be planned."""
    sign_in(page, live_server, factories.staff(clinic, "lead"))
    factories.protocol(
        [factories.zone(name="Upper back left"), factories.zone(name="Upper back right")],
        name="Back acne scars",
    )
    return page


@pytest.fixture
def patient(clinic):
    """Return the patient who is planned for."""
    return factories.patient(clinic, given_name="Zanna", family_name="Quokka")


def due(clinic, **facts):
    """Return a course whose next session is to be booked now."""
    today = clinic.local_date(timezone.now())
    window = {"next_earliest_on": today, "next_ideal_on": today + timedelta(days=7),
              "next_latest_on": today + timedelta(days=14), "agreed_on": today}  # fmt: skip
    return factories.plan(factories.patient(clinic), **window | facts)


def booked(plan):
    """Return how many sessions of a course hold a time."""
    return Appointment.objects.live().filter(planned_session__plan=plan).count()


def fits(page):
    """Say whether nothing sticks out to the right."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@both
def test_the_lead_plans_a_new_course_from_the_list(desk, patient, theme, size):
    desk.goto(LIST)
    expect(desk.get_by_role("heading", name="No running course")).to_be_visible()
    axe(desk)

    desk.get_by_role("link", name="Plan a course").click()
    desk.wait_for_url(f"**{PLANNER}", wait_until="load")  # its scripts listen from here on
    desk.get_by_label("Patient", exact=True).press_sequentially("quo")
    desk.keyboard.press("Enter")
    desk.get_by_text("Back acne scars").click()
    desk.get_by_text("Upper back left", exact=True).click()
    expect(desk.get_by_role("heading", name="The dates")).to_be_visible()
    axe(desk)
    assert fits(desk)
    assert TreatmentPlan.objects.count() == 0
    desk.get_by_role("button", name="Agree and book 4 sessions").click()

    desk.wait_for_url(f"**{LIST}")
    expect(desk.get_by_text("4 sessions booked for Zanna Quokka.")).to_be_visible()
    expect(desk.get_by_role("link", name="Quokka, Zanna", exact=True)).to_be_visible()
    axe(desk)
    assert booked(TreatmentPlan.objects.get()) == 4


@ipad
def test_the_bar_lies_over_neither_the_timeline_nor_what_a_drag_says(desk, clinic):
    desk.goto(f"{PLANNER}?plan={due(clinic).pk}")
    expect(desk.locator(".timeline")).to_be_visible()
    desk.get_by_role("slider").first.focus()
    desk.keyboard.press("ArrowRight")

    line, say, bar = (
        desk.locator(one).bounding_box()
        for one in (".timeline", "[data-timeline-say]", ".form-actions-sticky")
    )
    assert bar["y"] >= line["y"] + line["height"]
    assert say["y"] + say["height"] <= 768
    desk.keyboard.press("Escape")


@both
def test_the_lead_moves_one_date_of_a_running_course_before_booking(desk, clinic, theme, size):
    plan = due(clinic)
    desk.goto(LIST)
    desk.get_by_role("link", name="Plan the course of").click()
    expect(desk.get_by_role("heading", name="The dates")).to_be_visible()
    axe(desk)

    desk.get_by_role("button", name="Finished early").click()
    expect(desk.get_by_role("button", name="Finished early")).to_have_attribute(
        "aria-pressed", "true"
    )
    desk.get_by_role("button", name="Change session 4").click()  # the last: none comes too soon
    editor = desk.get_by_role("group", name="Day of session 4")
    expect(editor).to_be_visible()
    axe(desk)
    later = editor.locator("[aria-current] ~ .strip-day:not(.is-shut)").first
    key = later.get_attribute("id")
    later.click()
    expect(desk.locator(f"#{key}[aria-current]")).to_be_visible()  # its times are there
    desk.get_by_role("button", name=re.compile("Session 4 on .* at 11:00")).first.click()
    expect(desk.get_by_role("heading", name="Your choice")).to_be_visible()
    expect(desk.get_by_text(re.compile(r", 11:00$"))).to_be_visible()
    axe(desk)
    assert fits(desk)
    desk.get_by_role("button", name="Book 4 sessions").click()

    desk.wait_for_url(f"**{LIST}")
    assert booked(plan) == 4
    assert plan.sessions.get(number=4).appointment.start_clock == "11:00"


def test_a_figure_that_changes_brings_new_dates_while_typing(desk, patient):
    desk.goto(f"{PLANNER}?patient={patient.pk}")
    desk.get_by_text("Back acne scars").click()
    desk.get_by_text("Upper back left", exact=True).click()
    expect(desk.get_by_role("button", name="Agree and book 4 sessions")).to_be_visible()

    desk.get_by_role("button", name="More: Sessions").click()

    expect(desk.get_by_role("button", name="Agree and book 5 sessions")).to_be_visible()


@pytest.fixture(autouse=True)
def _browser_says_409(context, complaints):
    """Chromium calls a refused form a lost resource; it is an answer like any other."""
    yield
    complaints[:] = [line for line in complaints if "409" not in line]


def test_a_time_taken_meanwhile_offers_the_nearest_and_one_tap_takes_it(desk, clinic):
    plan = due(clinic)
    desk.goto(f"{PLANNER}?plan={plan.pk}")
    first = desk.locator("input[name=slot_1]").input_value()
    desk.locator(".date-when strong").first.wait_for()
    start = int(first.split(".")[0])
    for who in clinic.resources.practitioners():
        _take(clinic, who, start)

    desk.get_by_role("button", name="Book 4 sessions").click()
    expect(desk.get_by_text("Session 1: this time has just been taken.")).to_be_visible()
    axe(desk)
    desk.locator(".date-nearest .slot-button").first.click()
    expect(desk.get_by_text("this time has just been taken")).to_be_hidden()
    desk.get_by_role("button", name="Book 4 sessions").click()

    desk.wait_for_url(f"**{LIST}")
    assert booked(plan) == 4


def _take(clinic, who, start):
    """Let somebody else book a practitioner's time, given in epoch minutes."""
    day, minute = wall_of(start, clinic.zone)
    factories.appointment(factories.patient(clinic), day, minute, who=who)
