"""The desk's day, counted: by keyboard alone, the focus never lost, and by mouse (docs/desk.md).

An action is a click, a key pressed (arrows included) or one field typed.
"""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import factories
from tests.support.hands import Keyboard, Mouse
from tests.support.pages import sign_in
from tests.support.records import appointment
from treatments.actions.diary import book_session
from treatments.actions.waitlist import add_to_waitlist


@pytest.fixture
def mouse(page, live_server, desk):
    """Return the mouse of the desk, signed in."""
    sign_in(page, live_server, desk)
    return Mouse(page)


@pytest.fixture
def keys(page, live_server, desk):
    """Return the keyboard of the desk, signed in."""
    sign_in(page, live_server, desk)
    return Keyboard(page)


@pytest.fixture
def patient(clinic):
    """Return a patient with a name nobody else has."""
    return factories.patient(clinic, given_name="Lyra", family_name="Quokkaby")


def monday(weeks):
    """Return the Monday some weeks ahead."""
    today = timezone.localdate()
    return today + timedelta(days=7 * weeks - today.weekday())


@pytest.fixture
def course(patient, desk):
    """Return a course with sessions 1 to 3 booked five weeks apart."""
    plan = factories.plan(patient, agreed_on=timezone.localdate())
    for number, weeks in ((1, 1), (2, 6), (3, 11)):
        book_session(planned_session=plan.sessions.get(number=number), at=timezone.now(), by=desk,
                     slot=factories.slot_on(plan.clinic, monday(weeks)))  # fmt: skip
    return plan


def due(clinic):
    """Return a course whose first session is due today."""
    today = timezone.localdate()
    return factories.plan(factories.patient(clinic), agreed_on=today, next_earliest_on=today,
                          next_ideal_on=today, next_latest_on=today)  # fmt: skip


def visit_of(course, number):
    """Return the visit of a session as it is stored."""
    return course.sessions.get(number=number).appointment


def find(keys, page, patient):
    """Open a patient's chart: three actions."""
    keys.press("/")
    expect(page.locator("#quick-input")).to_be_focused()
    keys.type("quo")
    keys.press("Enter")
    page.wait_for_url(f"**/patients/{patient.pk}/")


# --- Book, check in, move, by keys ----------------------------------------------------------------
def test_every_remaining_session_is_booked_in_five_actions(page, keys, patient):
    plan = factories.plan(patient, agreed_on=timezone.localdate())
    page.goto("/")
    find(keys, page, patient)

    keys.press("b")
    expect(page.get_by_role("button", name="Book 4 sessions")).to_be_visible()
    keys.press("y")
    page.wait_for_url(f"**/courses/{plan.pk}/")

    assert plan.sessions.filter(appointment__status="booked").count() == 4
    assert keys.count == 5


def test_a_visit_is_checked_in_from_anywhere_in_four_actions_and_on_the_board_in_two(
    page, keys, clinic, patient
):
    here = appointment(patient=patient, day=timezone.localdate())
    there = appointment(patient=factories.patient(clinic), day=timezone.localdate(),
                        practitioner=clinic.resources.practitioners().last())  # fmt: skip
    page.goto("/")
    keys.press("ArrowDown")
    expect(page.locator("[data-row] [data-row-focus]").first).to_be_focused()
    first = page.locator("[data-row]").first.get_attribute("data-row")
    keys.press("a")
    expect(page.locator(f".lane-arrived #who-{first}")).to_be_focused()
    assert keys.count == 2
    Appointment.objects.filter(pk__in=[here.pk, there.pk]).update(status="booked", arrived_at=None)
    keys.count = 0

    find(keys, page, patient)
    keys.press("a")

    expect(page.get_by_text("has arrived")).to_be_visible()
    assert keys.count == 4


def test_a_visit_is_found_and_moved_to_the_next_time_in_seven_actions_the_rest_said(
    page, keys, course, patient
):
    page.goto("/")
    find(keys, page, patient)

    keys.press("o")
    expect(page.get_by_role("link", name="Move")).to_be_visible()
    keys.press("m")
    expect(page.get_by_role("heading", name="The rest of the course")).to_be_visible()
    keys.press("ArrowDown")
    expect(page.locator(".slot-button").first).to_be_focused()
    keys.press("Enter")

    words = page.locator("#diary-undo-words")
    expect(words).to_contain_text("Sessions 2 and 3 stay.")
    assert keys.count == 7
    address = page.url
    keys.press("u")
    expect(page.locator(".note", has_text="Undone")).to_be_visible()
    assert page.url == address
    assert visit_of(course, 1).start_clock == "10:00"


def test_a_move_that_presses_on_the_next_session_is_looked_at_and_saved_in_three_actions(
    page, keys, course
):
    second, third = visit_of(course, 2), visit_of(course, 3)
    page.goto(f"/appointments/{second.pk}/move/?from={monday(8)}")
    expect(page.locator(".slot-note").first).to_contain_text(
        "Session 3 would have to move too, to Mon"
    )

    keys.press("ArrowDown")
    expect(page.locator(".slot-button").first).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("button", name="Move all 2")).to_be_visible()
    keys.press("y")

    expect(page.locator("#diary-undo-words")).to_contain_text("session 3 to")
    assert keys.count == 3
    moved = [visit_of(course, number).local_date for number in (2, 3)]
    assert moved[0] == monday(8)
    assert moved[1] > third.local_date


def test_a_visit_in_focus_in_the_diary_goes_to_another_practitioner_in_three_actions(
    page, keys, course, clinic
):
    page.goto(f"/diary/?on={monday(1)}")
    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")

    page.keyboard.press("ArrowDown")
    expect(page.locator("#diary-card")).to_be_visible()
    keys.press("m")
    expect(page.locator("#hand-where")).to_contain_text("free")
    keys.press("ArrowRight")
    expect(page.locator("#hand-where")).to_contain_text(clinic.resources.practitioners()[1].name)
    keys.press("Enter")

    expect(page.locator("#diary-undo-words")).to_contain_text("Sessions 2 and 3 stay.")
    assert keys.count == 3
    expect(page.locator(f"[data-visit='{visit_of(course, 1).pk}']")).to_be_focused()


def test_the_diary_is_turned_and_looked_at_otherwise_by_keys(page, keys, course):
    page.goto(f"/diary/?on={monday(1)}")
    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")

    keys.press("2")
    page.wait_for_url("**view=week**")
    keys.press("3")
    page.wait_for_url("**view=month**")
    keys.press("ArrowRight")
    page.wait_for_url(re.compile(r"on=\d{4}-\d\d-01"))
    keys.press("1")
    page.wait_for_url("**view=day**")

    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")


# --- Cancel, and who fits the gap, by keys --------------------------------------------------------
def test_a_visit_is_cancelled_in_three_actions_and_its_gap_given_away_in_two(
    page, keys, course, desk, clinic
):
    visit = visit_of(course, 1)
    other = factories.patient(clinic)
    add_to_waitlist(patient=other, service=clinic.services.first(), short_notice_ok=True,
                    at=timezone.now(), by=desk)  # fmt: skip
    page.goto(f"/appointments/{visit.pk}/")

    keys.press("x")
    expect(page.get_by_role("heading", name="What becomes of the course")).to_be_visible()
    keys.press("1")
    expect(page.get_by_label("Patient asked")).to_be_checked()
    keys.press("y")
    page.wait_for_url(f"**/appointments/{visit.pk}/")
    expect(page.locator("#diary-undo-words")).to_contain_text("Sessions 2 and 3 stay.")
    assert keys.count == 3
    expect(page.locator("details.gap summary")).to_be_visible()
    keys.press("v")
    expect(page.locator("details.gap button").first).to_be_focused()
    keys.press("b")

    expect(page.locator(".note", has_text=f"{other.full_name} has Mon")).to_be_visible()
    assert keys.count == 5
    assert other.appointments.get().local_date == visit.local_date


# --- Lists, by keys -------------------------------------------------------------------------------
def test_the_worklist_is_worked_without_losing_the_row(page, keys, clinic):
    today = timezone.localdate()
    plans = [
        factories.plan(factories.patient(clinic), agreed_on=today, next_earliest_on=today,
                       next_ideal_on=today, next_latest_on=today + timedelta(days=day))
        for day in (0, 1)
    ]  # fmt: skip
    first = page.locator(f"#who-{plans[0].pk}")
    page.goto("/worklist/")

    keys.press("ArrowDown")
    expect(first).to_be_focused()
    keys.press("c")
    expect(page.get_by_role("button", name="Reached")).to_be_focused()
    keys.press("4")
    expect(page.locator(f"#due-{plans[0].pk} .due-notes")).to_contain_text("No answer")
    expect(first).to_be_focused()
    assert keys.count == 3

    keys.press("z")
    expect(page.locator(f"#because-{plans[0].pk}")).to_be_focused()
    keys.type("Wants to think")
    keys.press("Enter")
    expect(page.locator(f"#due-{plans[0].pk} .due-notes")).to_contain_text("Wants to think")
    expect(first).to_be_focused()
    assert keys.count == 6

    keys.press("ArrowDown")
    expect(page.locator(f"#who-{plans[1].pk}")).to_be_focused()
    keys.press("b")
    expect(page.locator(".three-date").first).to_be_focused()
    keys.press("1")
    expect(page.locator(".due-booked")).to_be_focused()
    assert keys.count == 9
    assert plans[1].sessions.get(number=1).is_booked


def test_unresolved_visits_are_settled_by_a_key_each_and_the_next_one_has_the_focus(
    page, keys, clinic
):
    days = timezone.localdate() - timedelta(3), timezone.localdate() - timedelta(2)
    rows = [appointment(patient=factories.patient(clinic), day=day) for day in days]
    page.goto("/")

    keys.press("q")
    page.wait_for_url("**/unresolved/")
    keys.press("ArrowDown")
    links = page.locator("[data-row-focus]")
    expect(links.first).to_be_focused()
    keys.press("s")
    expect(links).to_have_count(1)
    expect(links.first).to_be_focused()
    keys.press("s")
    expect(links).to_have_count(0)

    assert keys.count == 4
    assert {row.status for row in Appointment.objects.filter(pk__in=[r.pk for r in rows])} == {
        "noshow"
    }


def test_the_day_sheet_is_printed_in_two_actions(page, keys, clinic):
    appointment(patient=factories.patient(clinic), day=timezone.localdate())
    page.add_init_script("window.print = () => { document.title = 'Printed'; };")
    page.goto("/")

    keys.press("k")
    page.wait_for_url("**/print/day/**")
    keys.press("k")

    expect(page).to_have_title("Printed")
    assert keys.count == 2


# --- By mouse -------------------------------------------------------------------------------------
def test_by_mouse_cancelling_takes_three_actions_and_the_gap_two(page, mouse, course, desk, clinic):
    other = factories.patient(clinic)
    add_to_waitlist(patient=other, service=clinic.services.first(), short_notice_ok=True,
                    at=timezone.now(), by=desk)  # fmt: skip
    page.goto(f"/appointments/{visit_of(course, 1).pk}/")

    mouse.click("Cancel the appointment", "link")
    mouse.tap("label:has-text('Patient asked')")
    mouse.click("Cancel the appointment")
    assert mouse.count == 3
    mouse.tap("details.gap summary")
    mouse.tap("details.gap button")

    expect(page.locator(".note", has_text=f"{other.full_name} has Mon")).to_be_visible()
    assert mouse.count == 5


def test_by_mouse_a_move_is_two_actions_on_the_form_also_where_another_session_moves(
    page, mouse, course
):
    second, third = visit_of(course, 2), visit_of(course, 3)
    page.goto(f"/appointments/{second.pk}/move/?from={monday(8)}")

    mouse.tap(".slot-button")
    mouse.click("Move all 2")

    expect(page.locator("#diary-undo-words")).to_contain_text("session 3 to")
    assert mouse.count == 2
    assert visit_of(course, 3).local_date > third.local_date


def test_by_mouse_the_worklist_takes_two_actions_for_a_call_and_for_a_date(page, mouse, clinic):
    plan = due(clinic)
    page.goto("/worklist/")

    mouse.click("Contact", "link")
    mouse.click("No answer")
    expect(page.locator(".due-notes")).to_contain_text("No answer")
    assert mouse.count == 2
    mouse.tap(f"#b-{plan.pk}")
    mouse.tap(".three-date")

    expect(page.locator(".due-booked")).to_be_visible()
    assert mouse.count == 4
    assert plan.sessions.get(number=1).is_booked


def test_by_mouse_a_course_is_put_off_in_three_actions(page, mouse, clinic):
    plan = due(clinic)
    page.goto("/worklist/")

    mouse.tap(f"#z-{plan.pk}")
    page.get_by_label("Why, nothing clinical").fill("On holiday")
    mouse.count += 1
    mouse.click("Put off")

    expect(page.locator(".note", has_text="Put off")).to_be_visible()
    assert mouse.count == 3
    plan.refresh_from_db()
    assert plan.snoozed_because == "On holiday"


def test_by_mouse_settling_and_printing_take_two_actions_each(page, mouse, clinic):
    for day in (0, 2):
        appointment(patient=factories.patient(clinic), day=timezone.localdate() - timedelta(day))
    page.add_init_script("window.print = () => { document.title = 'Printed'; };")
    page.goto("/")

    mouse.click("Settle them", "link")
    mouse.click("Did not attend")
    expect(page.locator(".is-muted")).to_contain_text("did not attend")
    assert mouse.count == 2
    page.goto("/")
    mouse.click("Print", "link")
    mouse.click("Print")

    expect(page).to_have_title("Printed")
    assert mouse.count == 4
