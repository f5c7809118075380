"""Finding, registering and reading a patient in a real browser."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from clinic.models import Patient
from tests import factories
from tests.support import charts
from tests.support.pages import axe, sign_in

LONG = {"given_name": "Maximiliana-Theodora", "family_name": "Featherstonehaugh-Cholmondeley"}
both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)


def signed_in(page, live_server, clinic, role="practitioner"):
    """Return a person of this role, signed in on the page."""
    person = factories.staff(clinic, role)
    sign_in(page, live_server, person)
    return person


def test_three_letters_and_enter_open_the_first_chart(page, live_server, clinic):
    signed_in(page, live_server, clinic, "front_desk")
    patient = factories.patient(clinic, family_name="Quokka", given_name="Zanna")
    factories.patient(clinic, family_name="Quollson")
    page.goto("/patients/")

    page.keyboard.type("quo")  # the box has the focus
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{patient.get_absolute_url()}")
    expect(page.get_by_label("Patient", exact=True)).to_contain_text("Zanna Quokka")


def test_enter_opens_what_was_typed_last_and_not_what_was_shown(page, live_server, clinic):
    signed_in(page, live_server, clinic, "front_desk")
    factories.patient(clinic, family_name="Aardvark")
    wanted = factories.patient(clinic, family_name="Zebrason")
    page.goto("/patients/")

    page.get_by_label("Find by name").press_sequentially("zebrason", delay=0)
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{wanted.get_absolute_url()}")


def test_arrows_move_through_the_rows_and_back_to_the_box(page, live_server, clinic):
    signed_in(page, live_server, clinic, "front_desk")
    factories.patient(clinic, family_name="Quokka")
    second = factories.patient(clinic, family_name="Quollson")
    page.goto("/patients/?q=quo")
    box = page.get_by_label("Find by name")
    box.focus()

    for key in ("ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp"):
        page.keyboard.press(key)
    expect(box).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{second.get_absolute_url()}")


def test_the_top_bar_finds_patients_on_every_page(page, live_server, clinic):
    signed_in(page, live_server, clinic)
    patient = factories.patient(clinic, family_name="Quokka")
    page.goto("/patients/new/")

    page.get_by_label("Find a patient by name").fill("quo")
    page.get_by_role("option", name="Quokka").wait_for()
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{patient.get_absolute_url()}")


def test_a_duplicate_shows_while_typing_and_again_before_saving(page, live_server, clinic):
    signed_in(page, live_server, clinic, "front_desk")
    factories.patient(clinic, given_name="Nora", family_name="Fiction", number=77)
    page.goto("/patients/new/")
    page.get_by_label("First name").fill("Nora")
    page.get_by_label("Last name").fill("Fiction")
    expect(page.get_by_role("status").filter(has_text="looks the same")).to_be_visible()
    page.get_by_role("textbox", name="Date of birth").fill("14.03.90")
    axe(page)

    page.get_by_role("button", name="Register patient").click()
    expect(page.get_by_role("alert").filter(has_text="Not saved yet")).to_be_visible()
    expect(page.get_by_role("textbox", name="Date of birth")).to_have_value("14.03.90")
    axe(page)
    page.get_by_role("button", name="This is someone else, save").click()

    page.wait_for_url("**/patients/*/")
    assert Patient.objects.filter(given_name="Nora").count() == 2


@pytest.fixture(autouse=True)
def _browser_says_422(context, complaints):
    """Chromium calls a refused form a lost resource; it is an answer like any other."""
    yield
    complaints[:] = [line for line in complaints if "422" not in line and "404" not in line]


@both
def test_the_full_chart_reads_well(page, live_server, clinic, theme, size):
    by = signed_in(page, live_server, clinic)
    now = timezone.now()
    patient = charts.story(clinic, now, by=by, **LONG)
    charts.appointment(patient, now + timedelta(days=3), by)
    charts.appointment(patient, now - timedelta(days=90), by, status="noshow", ended_at=now,
                       ended_by=by)  # fmt: skip

    page.goto(patient.get_absolute_url())

    expect(page.get_by_role("heading", name="Sessions")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)


@both
def test_the_empty_chart_reads_well(page, live_server, clinic, theme, size):
    signed_in(page, live_server, clinic)
    page.goto(factories.patient(clinic).get_absolute_url())

    expect(page.get_by_role("heading", name="No course yet")).to_be_visible()
    axe(page)


@both
def test_the_desks_chart_reads_well(page, live_server, clinic, theme, size):
    signed_in(page, live_server, clinic, "front_desk")
    patient = charts.story(clinic, timezone.now(), **LONG)
    page.goto(patient.get_absolute_url())

    expect(page.get_by_role("heading", name="Contact")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    axe(page)


@both
def test_the_list_and_the_forms_read_well(page, live_server, clinic, theme, size):
    signed_in(page, live_server, clinic)
    patient = charts.story(clinic, timezone.now(), **LONG)
    factories.patient(clinic, phone="")
    for path in ("/patients/", "/patients/new/", f"/patients/{patient.pk}/edit/",
                 f"/patients/{patient.pk}/health/"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        axe(page)


def test_health_is_noted_by_finger(page, live_server, clinic):
    signed_in(page, live_server, clinic)
    patient = factories.patient(clinic)
    page.goto(f"/patients/{patient.pk}/health/")

    page.get_by_text("Latex", exact=True).click()
    page.get_by_text("I asked about allergies").click()
    page.get_by_text("IV", exact=True).click()
    page.get_by_text("Seen by a practitioner").click()
    page.get_by_label("Height in cm").fill("172")
    page.get_by_role("button", name="Save", exact=True).click()

    page.wait_for_url(f"**{patient.get_absolute_url()}")
    expect(page.get_by_label("Allergies and skin type")).to_contain_text("Latex")
    expect(page.get_by_label("Allergies and skin type")).to_contain_text("Skin type IV")
