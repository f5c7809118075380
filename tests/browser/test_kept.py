"""A time kept while the patient is asked, in a real browser: kept, seen in the diary, taken."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment
from tests import factories
from tests.support.pages import axe, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plan(clinic):
    """Return a course of four sessions agreed today, of a patient nobody else is called like."""
    patient = factories.patient(clinic, given_name="Lyra", family_name="Fictional")
    return factories.plan(patient, agreed_on=timezone.localdate())


def kept_here(page):
    """Return the kept time as a page of the patient shows it, once its countdown runs."""
    kept = page.locator(".kept-time")
    expect(kept).to_have_count(1)
    expect(kept.get_by_role("timer")).to_have_text(re.compile(r"^(10:00|9:\d\d) left$"))
    return kept


@pytest.mark.parametrize(("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True)
def test_the_desk_keeps_a_time_sees_it_in_the_diary_and_takes_it(
    page, live_server, desk, plan, theme, size
):
    sign_in(page, live_server, desk)
    day = timezone.localdate() + timedelta(days=1)
    page.goto(f"/appointments/new/?patient={plan.patient_id}&from={day:%Y-%m-%d}")
    first = page.locator(".slot-button").first
    expect(first).to_be_visible()
    axe(page)
    first.focus()
    expect(first).to_be_focused()
    page.keyboard.press("k")
    kept = kept_here(page)
    row = Appointment.tentative.get()
    expect(kept).to_contain_text(f"{row.start_clock} with {row.practitioner}")
    axe(page)

    page.goto(f"/diary/?on={row.local_date:%Y-%m-%d}")
    visit = page.locator(".visit.state-tentative")
    expect(visit).to_contain_text("kept until")
    axe(page)
    visit.click()
    card = page.locator("#diary-card")
    expect(card).to_contain_text("Kept until")
    expect(card.get_by_role("link", name="Cancel")).to_be_hidden()
    card.get_by_role("link", name="Open").click()
    page.wait_for_url("**/appointments/new/?patient=*")

    kept_here(page)
    page.goto(plan.get_absolute_url())
    kept_here(page)
    axe(page)
    page.goto(plan.patient.get_absolute_url())
    kept = kept_here(page)
    axe(page)
    kept.get_by_role("button", name="Take").click()

    page.wait_for_url(re.compile(r"/appointments/\d+/$"))
    booked = Appointment.everything.get()
    assert (booked.status, booked.starts_at) == ("booked", row.starts_at)
    expect(page.locator("h1")).to_contain_text(booked.start_clock)


def test_a_kept_time_is_let_go_by_its_key(page, live_server, desk, plan):
    sign_in(page, live_server, desk)
    page.goto(f"/appointments/new/?patient={plan.patient_id}")
    page.locator(".slot-keep").first.click()
    kept_here(page)

    page.keyboard.press("l")

    expect(page.locator(".kept-time")).to_have_count(0)
    expect(page.locator(".slot-button").first).to_be_visible()
    assert Appointment.everything.count() == 0
