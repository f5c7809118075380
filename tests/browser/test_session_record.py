"""Writing a session record with a finger: from the board to the signature, and what goes wrong."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.support.pages import axe
from tests.support.records import appointment, checked, ready, record
from treatments.actions.sessions import open_record, save_draft
from treatments.actions.signing import sign_session
from treatments.models import TreatmentSession

both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)
ipad = pytest.mark.parametrize("size", ["ipad"], indirect=True)


@pytest.fixture
def plan(clinic):
    """Return a course of one zone, its first session signed five weeks ago, the second due now."""
    patient = factories.patient(clinic, family_name="Quokka")
    row = factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])
    by, before = clinic.memberships.first().user, timezone.now() - timedelta(days=35)
    factories.device(clinic)
    first = ready(row, by, before, numbed=True, serum=True)
    sign_session(session=first, version=first.version, at=before, by=by)
    return row


@ipad
def test_an_unchanged_session_is_signed_with_few_taps(page, robin, plan):
    visit = appointment(plan, number=2, day=timezone.localdate(), status="arrived")
    checked(visit, robin, timezone.now())
    page.goto("/")

    page.get_by_role("button", name="Start session").click()  # 1
    page.locator("label[for=id_skin_cleansed_0]").click()  # 2
    page.locator("label[for=id_skin_intact_0]").click()  # 3
    page.locator("label[for=id_other_anaesthetic_0]").click()  # 4
    page.get_by_label("Amount in g", exact=True).first.fill("20")  # 5 and two digits
    put_on = timezone.localtime() - timedelta(minutes=40)
    page.get_by_label("Put on at").first.fill(f"{put_on:%H:%M}")  # 6: Now, 40 minutes ago
    page.get_by_role("button", name="Now: Taken off at").click()  # 7
    page.locator("#div_id_cartridge label.btn").first.click()  # 8
    page.get_by_role("button", name="Now: Needling started").click()  # 9
    page.locator("label[for=id_zones-0-endpoint_3]").click()  # 10
    page.locator("#div_id_pain_nrs label.btn", has_text="3").click()  # 11
    page.get_by_label("Explained and handed over").check()  # 12
    page.get_by_label("Cartridge in the sharps bin").check()  # 13
    page.get_by_role("link", name="Review and sign").click()  # 14
    page.wait_for_url("**/sign/")
    page.get_by_role("button", name="Sign", exact=True).click()  # 15

    expect(page.get_by_role("heading", name="Book the next session")).to_be_visible()
    signed = TreatmentSession.objects.latest("pk")
    assert (signed.status, signed.pain_nrs) == ("signed", 3)
    assert signed.numbing.get().amount_g == Decimal(20)
    assert signed.zones.get().depth_mm == Decimal("1.5")


@ipad
def test_letters_in_grams_stay_with_a_sentence_and_the_rest_is_saved(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")

    page.get_by_label("Amount in g", exact=True).first.fill("twenty")
    page.locator("#div_id_pain_nrs label.btn", has_text="7").click()

    expect(page.get_by_text("Type a number, such as 12.5.")).to_be_visible()
    expect(page.locator("#saved-at")).to_contain_text("except 1 field")
    assert page.get_by_label("Amount in g", exact=True).first.input_value() == "twenty"
    session.refresh_from_db()
    assert session.pain_nrs == 7


def test_too_much_cream_stops_while_it_is_typed(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")

    page.get_by_label("Amount in g", exact=True).first.fill("61")

    expect(page.locator("#findings")).to_contain_text("is over the 60 g allowed.")
    expect(page.locator("#record-state")).to_contain_text("1 stop")
    expect(page.locator("#findings")).to_contain_text("A lead must override this")


def test_a_deeper_setting_than_last_time_is_shown_as_a_change(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")

    page.locator("#rows-zones").get_by_role("button", name="More: Set depth").click()

    expect(page.locator("#rows-zones")).to_contain_text("1.5 → 1.75 mm")
    expect(page.locator("#findings")).to_contain_text("1.75 mm is over the 1.5 mm")


def test_a_warning_is_answered_where_it_stands(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")
    page.locator("#rows-zones").get_by_role("button", name="More: Set depth").click()
    reason = page.locator("#findings [data-finding^=DEPTH_NOT_EVALUATED]")

    reason.fill("Thick scars")
    reason.press("Enter")

    expect(page.locator("#findings")).to_contain_text("“Thick scars” Robin Sample")
    assert session.answers.get().reason == "Thick scars"


def test_a_zone_is_added_and_another_taken_away(page, robin, plan):
    chest = factories.zone("CHEST", name="Chest")
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")

    page.get_by_role("button", name="Add zone").click()
    page.locator("#id_zones-1-zone").select_option(label="Chest")
    page.locator("#id_zones-1-depth_mm").fill("1")
    page.locator("label[for=id_zones-0-DELETE]").click()
    page.get_by_role("button", name="Save draft").click()

    _saved(page)
    assert session.zones.get().zone == chest


def test_two_people_see_both_texts_and_nothing_is_lost(page, robin, plan, lead, complaints):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")
    theirs = {"notes": "Theirs", "pain_nrs": 6, "aftercare_explained": True}
    save_draft(session=session, version=session.version, values=theirs, at=timezone.now(),
               by=lead)  # fmt: skip

    page.get_by_role("textbox", name="Notes").fill("Mine")

    conflict = page.locator("#conflict")
    expect(conflict.get_by_role("radio")).to_have_count(2)
    expect(conflict).to_contain_text("Only they changed")
    axe(page)
    assert page.get_by_role("textbox", name="Notes").input_value() == "Mine"
    conflict.get_by_role("button", name="Save these choices").click()
    expect(conflict).to_contain_text("Choose for each line")
    conflict.get_by_text("Yours, on this page").click()
    conflict.get_by_role("button", name="Save these choices").click()
    expect(conflict).to_be_empty()
    expect(page.get_by_role("checkbox", name="Explained and handed over")).to_be_checked()
    session.refresh_from_db()
    assert (session.notes, session.pain_nrs, session.aftercare_explained) == ("Mine", 6, True)
    complaints[:] = [one for one in complaints if "409" not in one]


def test_a_lost_connection_keeps_what_was_typed_and_saves_later(page, robin, plan, complaints):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")
    page.context.set_offline(True)
    page.get_by_role("textbox", name="Notes").fill("Typed offline")
    expect(page.locator("#saved-at")).to_have_text("Not saved; trying again")

    page.context.set_offline(False)

    expect(page.locator("#saved-at")).to_contain_text("Saved ", timeout=15_000)
    session.refresh_from_db()
    assert session.notes == "Typed offline"
    complaints[:] = [one for one in complaints if "INTERNET_DISCONNECTED" not in one]


@both
def test_the_pages_of_a_record_can_be_used_by_everyone(page, robin, plan):
    session = _draft(plan, robin)
    first = TreatmentSession.objects.earliest("pk")
    for address in (
        f"{session.pk}/",
        f"{session.pk}/sign/",
        f"{first.pk}/",
        f"{first.pk}/mistake/",
    ):
        page.goto(f"/sessions/{address}")
        page.wait_for_load_state("networkidle")
        axe(page)


@both
def test_a_record_with_stops_and_faults_can_be_used_by_everyone(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")
    page.get_by_label("Amount in g", exact=True).first.fill("61")
    page.locator("#id_zones-0-depth_mm").fill("9")
    expect(page.locator("#record-state")).to_contain_text("1 stop")
    expect(page.get_by_text("Set depth is at most 4 mm")).to_be_visible()

    axe(page)


@ipad
def test_every_control_is_big_enough_for_a_gloved_finger(page, robin, plan):
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")

    small = page.evaluate(
        """() => [...document.querySelectorAll("main button, main a, main label.btn, main select, main summary")]
          .filter((one) => one.offsetParent)
          .map((one) => [one.textContent.trim(), one.getBoundingClientRect()])
          .filter(([, box]) => box.height < 43.5 || box.width < 43.5)
          .map(([text, box]) => `${text}: ${box.width} x ${box.height}`)"""
    )

    assert small == []


def _saved(page):
    """Wait until nothing that was typed is unsaved."""
    expect(page.locator("#record-form")).not_to_have_attribute("data-dirty", "1")


def _draft(plan, by):
    """Return today's draft of session 2."""
    visit = appointment(plan, number=2, day=timezone.localdate(), status="arrived")
    return open_record(appointment=visit, at=timezone.now(), by=by)


def test_a_walk_in_is_recorded_too(page, robin, clinic):
    session = record(patient=factories.patient(clinic), by=robin, at=timezone.now())

    page.goto(f"/sessions/{session.pk}/")

    expect(page.get_by_role("heading", name="Session", exact=True)).to_be_visible()
    expect(page.get_by_text("first session")).to_be_visible()


def test_an_added_zone_stays_through_every_later_save(page, robin, plan):
    chest = factories.zone("CHEST", name="Chest")
    session = _draft(plan, robin)
    page.goto(f"/sessions/{session.pk}/")
    page.get_by_role("button", name="Add zone").click()
    page.locator("#id_zones-1-zone").select_option(label="Chest")
    page.locator("#id_zones-1-depth_mm").fill("1")
    _saved(page)
    assert session.zones.count() == 2

    page.get_by_role("textbox", name="Notes").fill("Chest as well")
    _saved(page)

    session.refresh_from_db()
    assert session.notes == "Chest as well"
    assert session.zones.filter(zone=chest).count() == 1
