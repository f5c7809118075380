"""The diary in a real browser: looks, and a visit moved by mouse, finger and keys alone."""

import re
from datetime import date, timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import factories
from tests.support.pages import axe, sign_in
from treatments.actions.diary import book_session

sizes = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)
HALF_HOUR_PX = 48  # static/js/diary.js


def monday(weeks: int = 1) -> date:
    """Return a Monday some weeks ahead: open, and never today."""
    today = timezone.localdate()
    return today + timedelta(days=7 * weeks - today.weekday())


@pytest.fixture
def visit(clinic, desk):
    """Return a visit next Monday at 10:00 with the first practitioner."""
    patient = factories.patient(clinic, given_name="Lyra", family_name="Fictional")
    return factories.appointment(patient, monday(), by=desk, at=timezone.now())


@pytest.fixture
def course(clinic, desk):
    """Return a course with sessions 1 to 3 booked five weeks apart."""
    patient = factories.patient(clinic, given_name="Orla", family_name="Fictional-Exampleton")
    plan = factories.plan(patient, agreed_on=timezone.localdate())
    for number, weeks in ((1, 1), (2, 6), (3, 11)):
        book_session(planned_session=plan.sessions.get(number=number), at=timezone.now(), by=desk,
                     slot=factories.slot_on(clinic, monday(weeks)))  # fmt: skip
    return plan


def open_diary(page, live_server, user, day, view="day", by="practitioner"):
    """Open the diary and wait until it is drawn."""
    sign_in(page, live_server, user)
    page.goto(f"/diary/?on={day}&view={view}&by={by}")
    expect(page.locator("#diary")).not_to_have_attribute("aria-busy", "true")


def drawn(page, visit):
    return page.locator(f"[data-visit='{visit.pk}']")


def centre(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + 20


def now_at(visit) -> str:
    visit.refresh_from_db()
    return visit.start_clock


@sizes
@pytest.mark.parametrize("view", ["day", "week", "month"])
def test_every_look_of_the_diary_is_accessible(page, live_server, desk, visit, view):
    sign_in(page, live_server, desk)
    page.goto(f"/diary/?on={monday()}&view={view}")
    if view != "month":
        expect(drawn(page, visit)).to_be_visible()

    axe(page)


def test_dragging_is_one_action_and_undo_another(page, live_server, desk, visit):
    open_diary(page, live_server, desk, monday())
    x, y = centre(drawn(page, visit))

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + HALF_HOUR_PX, steps=4)
    page.mouse.move(x, y + 2 * HALF_HOUR_PX, steps=4)
    page.mouse.up()

    expect(page.locator("#diary-undo-words")).to_contain_text("11:00")
    assert now_at(visit) == "11:00"
    page.keyboard.press("u")
    expect(page.locator(".note", has_text="Undone")).to_be_visible()
    assert now_at(visit) == "10:00"


def test_three_taps_move_a_visit(page, live_server, desk, visit, clinic):
    open_diary(page, live_server, desk, monday())
    other = clinic.resources.practitioners()[1]

    drawn(page, visit).click()
    page.get_by_role("button", name="Move").click()
    expect(page.locator("#hand-where")).to_contain_text("free")
    axe(page)
    _, y = centre(drawn(page, visit))
    width = page.locator(f"[data-column='{other.pk}']").bounding_box()
    page.mouse.click(width["x"] + width["width"] / 2, y)

    expect(page.locator("#diary-undo-words")).to_contain_text("moved to")
    visit.refresh_from_db()
    assert visit.practitioner == other


def test_three_keys_move_a_visit(page, live_server, desk, visit):
    open_diary(page, live_server, desk, monday())

    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#hand-where")).to_contain_text("10:10")
    page.keyboard.press("Enter")

    expect(page.locator("#diary-undo-words")).to_contain_text("10:10")
    assert now_at(visit) == "10:10"


def test_a_visit_put_down_where_it_was_is_not_moved(page, live_server, desk, visit):
    open_diary(page, live_server, desk, monday())
    before = Appointment.objects.values().get(pk=visit.pk)

    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#hand-where")).to_contain_text("10:10")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#hand-where")).to_contain_text("10:00")
    page.keyboard.press("Enter")

    expect(page.get_by_text("stays where it was")).to_be_visible()
    expect(page.locator("#diary-hand")).to_be_hidden()
    expect(page.locator("#diary-undo-words")).to_be_hidden()
    assert Appointment.objects.values().get(pk=visit.pk) == before


def test_arrows_choose_the_place_and_escape_leaves_it(page, live_server, desk, visit, clinic):
    open_diary(page, live_server, desk, monday())
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#hand-where")).to_contain_text("10:10")

    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    other = clinic.resources.practitioners()[1]
    expect(page.locator("#hand-where")).to_contain_text(f"10:20 · {other.name}: free")
    page.keyboard.press("Escape")

    expect(page.locator("#diary-hand")).to_be_hidden()
    assert now_at(visit) == "10:00"
    expect(drawn(page, visit)).to_be_focused()


def test_a_visit_stays_in_the_hand_from_day_to_day(page, live_server, desk, visit):
    open_diary(page, live_server, desk, monday())
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#hand-where")).to_contain_text("10:10")

    page.locator(".diary-step a").last.click()
    page.wait_for_url(re.compile(f"on={monday() + timedelta(days=1)}"))
    expect(page.locator("#hand-where")).to_contain_text("free")
    page.keyboard.press("Enter")

    expect(page.locator("#diary-undo-words")).to_contain_text("moved to Tue")
    visit.refresh_from_db()
    assert visit.local_date == monday() + timedelta(days=1)


def test_a_finger_moves_a_visit_after_a_long_press(open_context, live_server, desk, visit):
    page = open_context(size="ipad").new_page()
    open_diary(page, live_server, desk, monday())
    x, y = centre(drawn(page, visit))
    touch = page.context.new_cdp_session(page)

    def send(kind, *points):
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    send("touchStart", {"x": x, "y": y})
    expect(page.locator("#diary.is-placing")).to_be_attached()
    for step in range(1, 9):
        send("touchMove", {"x": x, "y": y + step * HALF_HOUR_PX / 4})
    send("touchEnd")

    expect(page.locator("#diary-undo-words")).to_contain_text("11:00")
    assert now_at(visit) == "11:00"


def test_a_refused_drag_goes_back_and_offers_three_others(
    page, live_server, desk, visit, clinic, complaints
):
    open_diary(page, live_server, desk, monday())
    factories.appointment(factories.patient(clinic), monday(), 720, who=visit.practitioner, by=desk,
                          at=timezone.now())  # fmt: skip
    x, y = centre(drawn(page, visit))

    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 3 * HALF_HOUR_PX, steps=4)
    page.mouse.move(x, y + 4 * HALF_HOUR_PX, steps=4)
    page.mouse.up()

    offers = page.locator("#hand-near button")
    expect(offers).to_have_count(3)
    expect(page.locator("#hand-where")).to_have_text(
        f"{visit.practitioner.name} is taken from 12:00 to 13:20."
    )
    assert now_at(visit) == "10:00"
    axe(page)
    page.keyboard.press("7")
    expect(page.locator("#diary-undo-words")).to_contain_text("moved to")
    assert now_at(visit) != "10:00"
    complaints[:] = [words for words in complaints if "409" not in words]


def test_a_day_that_is_too_soon_is_grey_and_says_why(page, live_server, desk, course):
    open_diary(page, live_server, desk, monday(6), view="week")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("m")
    expect(page.locator("#hand-where")).to_contain_text("free")

    for _ in range(2):
        page.locator(".diary-step a").first.click()
        expect(page.locator("#diary-hand")).to_be_visible()

    expect(page.locator("#hand-where")).to_contain_text("healing needs 28: possible from")
    expect(page.locator(".ec-bg-event.is-refused").first).to_contain_text("healing needs 28")
    axe(page)


@sizes
def test_a_move_that_presses_on_the_next_session_is_previewed_and_saved_at_once(
    page, live_server, desk, course
):
    second, third = (course.sessions.get(number=n).appointment for n in (2, 3))
    open_diary(page, live_server, desk, monday(8))
    page.evaluate(
        "([key, visit]) => sessionStorage.setItem(key, JSON.stringify(visit))",
        ["diary-hand", {"id": second.pk, "initials": "OF", "name": "OF", "resource": None,
                        "targets_url": f"/appointments/{second.pk}/targets/",
                        "place_url": f"/appointments/{second.pk}/place/"}],
    )  # fmt: skip
    page.reload()
    expect(page.locator("#hand-where")).to_contain_text("Session 3 would have to move too, to")

    page.keyboard.press("Enter")
    page.wait_for_url("**/tail/**")
    axe(page)
    page.get_by_role("button", name="Move all 2").click()
    page.wait_for_url("**/diary/**")

    expect(page.locator("#diary-undo-words")).to_contain_text("Orla")
    assert [Appointment.objects.get(pk=row.pk).local_date != row.local_date
            for row in (second, third)] == [True, True]  # fmt: skip


@sizes
def test_cancelling_offers_a_new_date_in_the_same_save(page, live_server, desk, course):
    second = course.sessions.get(number=2).appointment
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/{second.pk}/cancel/")
    axe(page)

    page.get_by_text("Patient asked").click()
    page.get_by_role("button", name="Cancel and book this date").click()
    page.wait_for_url(f"**/appointments/{second.pk}/")

    assert course.sessions.get(number=2).is_booked
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    axe(page)


def test_names_become_initials_and_stay_so_in_this_browser(page, live_server, desk, visit):
    open_diary(page, live_server, desk, monday())
    expect(drawn(page, visit).get_by_text("Lyra Fictional")).to_be_visible()

    page.keyboard.press("i")
    expect(drawn(page, visit).get_by_text("Lyra Fictional")).to_be_hidden()
    page.reload()

    expect(drawn(page, visit).get_by_text("LF", exact=True)).to_be_visible()
    expect(drawn(page, visit).get_by_text("Lyra Fictional")).to_be_hidden()
