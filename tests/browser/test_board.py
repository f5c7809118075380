"""The desk's day in a real browser, counted: board, worklist, unresolved visits, a gap, paper."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment, MoveWish
from tests import factories
from tests.support.pages import axe, sign_in
from tests.support.records import appointment

both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)


@pytest.fixture
def visit(clinic):
    """Return a visit of today, of a patient with a long name."""
    patient = factories.patient(
        clinic, given_name="Maximiliana-Wilhelmina", family_name="Quokkaby-Placeholderbury"
    )
    return appointment(factories.plan(patient), day=timezone.localdate())


def status(visit) -> str:
    """Return a visit's state as it is stored."""
    return Appointment.objects.values_list("status", flat=True).get(pk=visit.pk)


@both
def test_checking_in_is_one_click_and_the_board_stays(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/")
    axe(page)

    page.get_by_role("button", name="Arrived").click()

    card = page.locator(f".lane-arrived [data-row='{visit.pk}']")
    expect(card.get_by_text("Waiting since")).to_be_visible()
    expect(page.locator(f"#who-{visit.pk}")).to_be_focused()
    assert status(visit) == "arrived"
    axe(page)


def test_two_taps_on_a_step_are_one_step(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/")
    sent = []
    page.on("request", lambda request: request.method == "POST" and sent.append(request.url))

    page.get_by_role("button", name="Arrived").dblclick()

    expect(page.locator(f".lane-arrived [data-row='{visit.pk}']")).to_be_visible()
    assert len(sent) == 1
    assert status(visit) == "arrived"


def test_checking_in_by_key_is_one_key_on_the_row_in_focus(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#who-{visit.pk}")).to_be_focused()

    page.keyboard.press("a")

    expect(page.locator(f".lane-arrived #who-{visit.pk}")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator(".lane-numbing .numbing")).to_contain_text("min left")
    expect(page.locator(f".lane-numbing #who-{visit.pk}")).to_be_focused()
    page.keyboard.press("i")
    expect(page.locator(f".lane-in_room #who-{visit.pk}")).to_be_focused()
    page.keyboard.press("d")
    expect(page.get_by_role("heading", name="Book session 2 of 4")).to_be_visible()
    axe(page)
    page.keyboard.press("1")
    page.wait_for_url("**/courses/*/")
    assert visit.patient.appointments.filter(status="booked").count() == 1


def test_finding_a_patient_is_three_letters_and_enter(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto("/")

    page.keyboard.press("/")
    page.keyboard.type("quo")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**/patients/{visit.patient_id}/")
    page.keyboard.press("a")
    expect(page.get_by_text("has arrived")).to_be_visible()
    assert status(visit) == "arrived"


def test_numbing_turns_amber_at_its_end_and_red_a_quarter_of_an_hour_later(
    page, live_server, desk, clinic, visit
):
    other = appointment(patient=factories.patient(clinic), day=timezone.localdate(),
                        practitioner=clinic.resources.practitioners().last())  # fmt: skip
    for row, minutes in ((visit, 46), (other, 61)):
        Appointment.objects.filter(pk=row.pk).update(
            status="arrived", arrived_at=timezone.now() - timedelta(minutes=minutes),
            numbing_at=timezone.now() - timedelta(minutes=minutes),
        )  # fmt: skip
    sign_in(page, live_server, desk)

    page.goto("/")

    expect(page.locator(f"[data-row='{visit.pk}'] .numbing.is-up")).to_contain_text("min over")
    expect(page.locator(f"[data-row='{other.pk}'] .numbing.is-over")).to_contain_text("min over")
    axe(page)


@both
def test_the_worklist_books_in_its_row_and_keeps_a_call(page, live_server, desk, clinic):
    today = timezone.localdate()
    plan = factories.plan(
        factories.patient(clinic), agreed_on=today, next_earliest_on=today, next_ideal_on=today,
        next_latest_on=today,
    )  # fmt: skip
    sign_in(page, live_server, desk)
    page.goto("/worklist/")
    axe(page)

    page.keyboard.press("ArrowDown")
    expect(page.locator(f"#who-{plan.pk}")).to_be_focused()
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Reached")).to_be_focused()
    axe(page)
    page.get_by_role("button", name="No answer").click()
    expect(page.locator(".due-notes")).to_contain_text("No answer")
    expect(page.locator(f"#who-{plan.pk}")).to_be_focused()
    axe(page)
    page.keyboard.press("b")
    expect(page.locator(".three-date").first).to_be_focused()
    axe(page)
    page.keyboard.press("1")
    expect(page.locator(".due-booked")).to_be_visible()

    assert plan.sessions.get(number=1).is_booked
    assert plan.contacts.count() == 1


def test_what_a_due_row_opened_is_closed_by_the_same_button_or_escape(
    page, live_server, desk, clinic
):
    today = timezone.localdate()
    plan = factories.plan(factories.patient(clinic), agreed_on=today, next_earliest_on=today,
                          next_ideal_on=today, next_latest_on=today)  # fmt: skip
    sign_in(page, live_server, desk)
    page.goto("/worklist/")
    opener, until = page.locator(f"#z-{plan.pk}"), page.get_by_label("Until")
    because = page.get_by_label("Why, nothing clinical")

    opener.click()
    expect(because).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "true")
    opener.click()
    expect(until).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("z")
    expect(because).to_be_focused()
    page.keyboard.press("Escape")

    expect(until).to_have_count(0)
    expect(opener).to_be_focused()
    expect(opener).to_have_attribute("aria-expanded", "false")


@both
def test_a_patient_who_asks_to_move_is_answered_on_the_worklist(page, live_server, desk, clinic):
    visit = appointment(patient=factories.patient(clinic, phone="020 7946 0001"),
                        day=timezone.localdate() + timedelta(7))  # fmt: skip
    wish = MoveWish.objects.create(appointment=visit, asked_at=timezone.now(), words="Fridays")
    sign_in(page, live_server, desk)
    page.goto("/worklist/")
    axe(page)

    page.get_by_role("button", name="Answered").click()

    expect(page.get_by_text("Fridays")).to_have_count(0)
    expect(page.get_by_role("heading", name="Worklist")).to_be_visible()
    wish.refresh_from_db()
    assert wish.settled_by == desk


@both
def test_an_unresolved_visit_is_settled_by_one_click(page, live_server, desk, clinic):
    row = appointment(patient=factories.patient(clinic), day=timezone.localdate() - timedelta(2))
    sign_in(page, live_server, desk)
    page.goto("/")
    page.get_by_role("link", name="Settle them").click()
    page.wait_for_url("**/unresolved/")
    axe(page)

    page.get_by_role("button", name="Did not attend").click()

    expect(page.locator(f"#settle-{row.pk}")).to_contain_text("did not attend")
    assert status(row) == "noshow"
    axe(page)


@pytest.mark.parametrize("theme", ["light", "dark"], indirect=True)
def test_pages_without_rows_say_so(page, live_server, desk):
    sign_in(page, live_server, desk)

    for address in ("/", "/worklist/", "/unresolved/", "/waitlist/", "/print/day/"):
        page.goto(address)
        expect(page.locator(".empty")).to_be_visible()
        axe(page)


def test_the_card_of_a_course_is_one_page_of_a6(page, live_server, desk, visit):
    sign_in(page, live_server, desk)
    page.goto(f"/courses/{visit.planned_session.plan_id}/card/")
    axe(page)

    paper = page.pdf(prefer_css_page_size=True)

    assert paper.count(b"/Type /Page\n") + paper.count(b"/Type /Page/") <= 1
    assert b"/MediaBox [0 0 297" in paper or b"/MediaBox [0 0 298" in paper
