"""The worklist in a real browser: each row's best dates, and where the arrows begin."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import AuditEvent, MoveWish
from tests import factories
from tests.support.pages import axe, sign_in
from tests.support.records import appointment

both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)


@pytest.fixture
def plans(clinic):
    """Return twelve courses to be booked now: more than a screen shows."""
    today = clinic.local_date(timezone.now())
    zone = factories.zone()
    protocol = factories.protocol([zone])
    return [
        factories.plan(factories.patient(clinic), zones=[zone], protocol=protocol, agreed_on=today,
                       next_earliest_on=today, next_ideal_on=today,
                       next_latest_on=today + timedelta(days=day))
        for day in range(12)
    ]  # fmt: skip


@pytest.fixture
def worklist(page, live_server, desk, plans):
    """Return the page with the front desk at the worklist."""
    sign_in(page, live_server, desk)
    page.goto("/worklist/")
    return page


def best(page, plan):
    """Return the buttons of a row's best dates."""
    return page.locator(f"#best-{plan.pk} .best-date")


@both
def test_a_row_in_sight_shows_its_best_three_dates_and_one_out_of_sight_does_not_ask(
    worklist, plans, theme, size
):
    expect(best(worklist, plans[0])).to_have_count(3)
    axe(worklist)

    expect(best(worklist, plans[-1])).to_have_count(0)
    worklist.locator(f"#due-{plans[-1].pk}").scroll_into_view_if_needed()
    expect(best(worklist, plans[-1])).to_have_count(3)
    assert AuditEvent.objects.filter(action="patient.viewed").count() == 0


def test_a_date_of_a_row_is_booked_by_a_tap_and_a_yes(worklist, plans):
    best(worklist, plans[0]).nth(1).click()
    dialog = worklist.get_by_role("dialog")
    expect(dialog).to_contain_text("Book session 1 for")
    axe(worklist)

    dialog.get_by_role("button", name="Book").click()

    expect(worklist.locator(".due-booked")).to_be_visible()
    assert plans[0].sessions.get(number=1).is_booked


def test_a_date_of_a_row_that_is_not_wanted_books_nothing(worklist, plans):
    best(worklist, plans[0]).first.click()

    worklist.get_by_role("dialog").get_by_role("button", name="Go back").click()

    expect(best(worklist, plans[0]).first).to_be_focused()
    assert not plans[0].sessions.get(number=1).is_booked


def test_the_first_arrow_lands_on_the_first_course_also_below_wishes(worklist, plans, clinic):
    visit = appointment(patient=factories.patient(clinic),
                        day=timezone.localdate() + timedelta(days=7))  # fmt: skip
    wish = MoveWish.objects.create(appointment=visit, asked_at=timezone.now(), words="Fridays")
    worklist.reload()

    worklist.keyboard.press("ArrowDown")

    expect(worklist.locator(f"#who-{plans[0].pk}")).to_be_focused()
    worklist.keyboard.press("ArrowUp")
    expect(worklist.locator(f"[data-row=wish-{wish.pk}] [data-row-focus]")).to_be_focused()
