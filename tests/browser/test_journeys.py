"""The main jobs from end to end, with real clicks: the practitioner's and the front desk's.

The lead's journey is in test_planner.py. Each page on the way is clean: no console error, no CSP
violation (the watched page fails on them) and nothing that axe finds.
"""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Appointment, Resource
from tests import factories
from tests.support.consents import permitted
from tests.support.pages import axe, sign_in
from tests.support.photos import jpeg
from tests.support.records import appointment, checked, ready
from treatments.actions.signing import sign_session
from treatments.models import TreatmentSession

on_ipad = pytest.mark.parametrize(
    ("theme", "size"), [("light", "ipad"), ("dark", "ipad")], indirect=True
)
at_desk = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "desk")], indirect=True
)


@pytest.fixture
def course(clinic):
    """Return a course whose first session was signed five weeks ago."""
    patient = factories.patient(clinic, given_name="Ada", family_name="Quokkaby")
    plan = factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])
    by, before = factories.staff(clinic, "practitioner"), timezone.now() - timedelta(days=35)
    factories.device(clinic)
    permitted(patient, by)
    first = ready(plan, by, before, numbed=True)
    sign_session(session=first, version=first.version, at=before, by=by)
    return plan


@on_ipad
def test_a_practitioner_goes_from_today_to_a_signed_record_with_photos(
    page, live_server, clinic, course
):
    robin = factories.staff(clinic, first_name="Robin", last_name="Sample")
    Resource.objects.filter(pk=clinic.resources.practitioners().first().pk).update(user=robin)
    view = factories.view(name="Whole back")
    visit = appointment(course, number=2, day=timezone.localdate(), status="arrived")
    checked(visit, robin, timezone.now())
    sign_in(page, live_server, robin)

    page.goto("/")
    axe(page)
    page.get_by_role("button", name="Start session").click()
    page.wait_for_url("**/sessions/*/")
    axe(page)
    record_url = page.url
    page.get_by_role("link", name="Photos").first.click()
    page.wait_for_url("**/photos/**")
    page.locator(f"label[for=view-{view.pk}]").click()
    page.set_input_files("#photo-files", [
        {"name": "back.jpg", "mimeType": "image/jpeg", "buffer": jpeg(1)},
        {"name": "side.jpg", "mimeType": "image/jpeg", "buffer": jpeg(2)},
    ])  # fmt: skip
    expect(page.locator("#photo-tray-count")).to_have_text("2 of 2 stored")
    axe(page)
    page.goto(record_url)
    page.locator("label[for=id_skin_cleansed_0]").click()
    page.locator("label[for=id_skin_intact_0]").click()
    page.locator("label[for=id_other_anaesthetic_0]").click()
    page.get_by_label("Amount in g", exact=True).first.fill("20")
    put_on = timezone.localtime() - timedelta(minutes=40)
    page.get_by_label("Put on at").first.fill(f"{put_on:%H:%M}")
    page.get_by_role("button", name="Now: Taken off at").click()
    page.locator("#div_id_cartridge label.btn").first.click()
    page.get_by_role("button", name="Now: Needling started").click()
    page.locator("label[for=id_zones-0-endpoint_3]").click()
    page.locator("#div_id_pain_nrs label.btn", has_text="3").click()
    page.get_by_label("Explained and handed over").check()
    page.get_by_label("Cartridge in the sharps bin").check()
    page.get_by_role("link", name="Review and sign").click()
    page.wait_for_url("**/sign/")
    axe(page)
    page.get_by_role("button", name="Sign", exact=True).click()

    expect(page.get_by_role("heading", name="Book the next session")).to_be_visible()
    axe(page)
    signed = TreatmentSession.objects.latest("pk")
    assert (signed.status, signed.photos.count()) == ("signed", 2)


@at_desk
def test_the_desk_finds_a_patient_by_three_letters_and_books_the_whole_course(
    page, live_server, clinic, desk, course
):
    sign_in(page, live_server, desk)
    page.goto("/")

    page.keyboard.press("/")
    page.keyboard.type("quo")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/patients/{course.patient_id}/")
    axe(page)
    page.get_by_role("link", name="Back acne scars").first.click()
    page.wait_for_url(f"**/courses/{course.pk}/")
    axe(page)
    page.get_by_role("link", name="Propose dates").first.click()
    page.wait_for_url("**/dates/")
    axe(page)
    page.get_by_role("button", name="Book 3 sessions").click()

    page.wait_for_url(f"**/courses/{course.pk}/")
    booked = Appointment.objects.filter(patient=course.patient, status="booked")
    assert booked.count() == 3
    axe(page)
