"""Consent in a real browser: read, draw, save, and the badge goes; a photo waits for one tap."""

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.support.consents import signed, text, texts
from tests.support.pages import axe, sign_in
from tests.support.photos import jpeg
from tests.support.records import appointment
from treatments.models import Consent, Photo, PhotoPermission

LOOKS = [("light", "ipad"), ("dark", "desk"), ("dark", "ipad"), ("light", "desk")]
#: Chromium says of every refused request that it was refused, even where the page says it in words.
REFUSED = "Failed to load resource: the server responded with a status of 409"


@pytest.fixture
def plan(transactional_db, clinic):
    """Return a course with a visit today and nothing signed yet."""
    text("procedure", title="Consent to needling",
         text="What is done\nFine needles.\n\nWhat can go wrong\nDarker marks.")  # fmt: skip
    texts()
    patient = factories.patient(clinic, given_name="Ada", family_name="Quokkaby")
    plan = factories.plan(patient)
    appointment(plan, day=timezone.localdate(), status="arrived")
    return plan


@pytest.fixture
def page_of(page, live_server, plan, practitioner):
    """Return a page on which a practitioner is signed in."""
    sign_in(page, live_server, practitioner)
    return page


def draw(page, *lines):
    """Draw lines, given as shares of the pad, with the mouse; a finger's events are the same."""
    pad = page.locator(".signature-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    for line in lines:
        places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in line]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=4)
        page.mouse.up()


WAVE = [(0.1, 0.6), (0.2, 0.3), (0.3, 0.7), (0.4, 0.35)]
BAR = [(0.15, 0.8), (0.6, 0.78)]


def tick_all(page):
    """Tick every box of the form by its label."""
    for box in page.locator(".consent-tick label, label[for=id_asked]").all():
        box.click()


@pytest.mark.parametrize(("theme", "size"), LOOKS, indirect=True)
def test_a_signature_is_drawn_and_the_badge_goes(page_of, plan):
    page = page_of
    page.goto("/?show=all")
    card = page.locator(".visit", has_text="Quokkaby")
    expect(card.get_by_text("Consent missing")).to_be_visible()
    axe(page)
    page.goto(plan.get_absolute_url())
    axe(page)
    page.get_by_role("link", name="Give consent").click()
    expect(page.get_by_role("heading", name="What can go wrong")).to_be_visible()
    axe(page)

    tick_all(page)
    draw(page, WAVE)
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".signature-pad path")).to_have_count(0)
    draw(page, WAVE, BAR)
    expect(page.get_by_text("Signed.", exact=True)).to_be_visible()
    axe(page)
    page.get_by_role("button", name="Give consent").click()

    expect(page.get_by_text("Consent given", exact=True)).to_be_visible()
    page.get_by_role("link", name="Look at it").click()
    expect(page.locator(".signature-kept path").first).to_be_visible()
    axe(page)
    page.goto("/?show=all")
    expect(card).to_be_visible()
    expect(card.get_by_text("Consent missing")).to_have_count(0)
    rows = Consent.objects.all()
    assert {len(row.strokes) for row in rows} == {2}
    assert all(0 <= x <= 600 and 0 <= y <= 200 for row in rows for line in row.strokes
               for x, y in line)  # fmt: skip


def test_a_finger_signs_as_a_pen_and_a_mouse_do(page_of, plan):
    page = page_of
    page.goto(reverse("course_consent", args=[plan.pk]))
    page.locator(".signature-pad").evaluate("""(pad) => {
      const { left, top } = pad.getBoundingClientRect();
      const send = (type, x, y, id) => pad.dispatchEvent(new PointerEvent(type, {
        pointerId: id, pointerType: "touch", clientX: left + x, clientY: top + y, bubbles: true }));
      pad.setPointerCapture = () => {};
      send("pointerdown", 20, 20, 7);
      send("pointerdown", 90, 90, 8);  // a second finger, or the palm
      send("pointermove", 60, 40, 7);
      send("pointermove", 120, 120, 8);
      send("pointerup", 60, 40, 7);
    }""")

    lines = page.locator("#id_strokes").evaluate("(input) => JSON.parse(input.value)")

    assert [len(line) for line in lines] == [2]


def test_the_keyboard_alone_signs(page_of, plan):
    page = page_of
    page.goto(reverse("course_consent", args=[plan.pk]))
    for box in page.get_by_role("checkbox").all():
        box.focus()
        page.keyboard.press("Space")
    page.get_by_label("Full name, typed").focus()
    page.keyboard.type("Ada Quokkaby")
    page.keyboard.press("Enter")

    page.wait_for_url(f"**{plan.get_absolute_url()}")
    assert set(Consent.objects.values_list("typed_name", flat=True)) == {"Ada Quokkaby"}


def test_without_scripts_the_name_is_there_and_the_pad_is_not(
    open_context, live_server, plan, practitioner
):
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, live_server, practitioner)
    page.goto(reverse("course_consent", args=[plan.pk]))
    expect(page.locator(".signature-pad")).to_be_hidden()

    tick_all(page)
    page.get_by_label("Full name, typed").fill("Ada Quokkaby")
    page.get_by_role("button", name="Give consent").click()

    page.wait_for_url(f"**{plan.get_absolute_url()}")
    assert Consent.objects.count() == 3


def test_a_fault_keeps_the_drawing(page_of, plan, complaints):
    page = page_of
    page.goto(reverse("course_consent", args=[plan.pk]))
    draw(page, WAVE)
    page.get_by_role("button", name="Give consent").click()

    expect(page.get_by_text("Not agreed to yet: read it, then tick.").first).to_be_visible()
    expect(page.locator(".signature-pad path")).to_have_count(1)
    axe(page)
    complaints[:] = [one for one in complaints if "status of 422" not in one]


@pytest.mark.parametrize(("theme", "size"), LOOKS[:2], indirect=True)
def test_withdrawing_brings_the_badge_back(page_of, plan, practitioner):
    page = page_of
    signed(plan, practitioner, at=timezone.now())
    page.goto(reverse("course_consent", args=[plan.pk]))
    page.get_by_role("link", name="Withdraw").click()
    axe(page)
    page.get_by_label("What the patient says").fill("Wishes so")
    page.get_by_role("button", name="Withdraw the consent").click()

    expect(page.get_by_text("The consent is withdrawn.")).to_be_visible()
    page.goto(reverse("diary"))
    visit = page.locator("[data-visit]", has_text="Quokkaby")
    expect(visit).to_contain_text("consent missing")
    axe(page)


@pytest.mark.parametrize(("theme", "size"), LOOKS[:2], indirect=True)
def test_a_photo_waits_for_one_tap_and_nothing_chosen_is_lost(page_of, plan, complaints):
    page = page_of
    view = factories.view(name="Whole back")
    page.goto(reverse("photos", args=[plan.patient_id]))
    axe(page)
    page.locator(f"label[for=view-{view.pk}]").click()
    page.set_input_files("#photo-files", [
        {"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": jpeg(n)} for n in (1, 2)
    ])  # fmt: skip
    expect(page.locator("#photo-tray-count")).to_have_text(
        "0 of 2 stored, 2 waiting for permission"
    )
    axe(page)

    page.get_by_text("The patient agrees now").click()

    expect(page.locator("#photo-tray-count")).to_have_text("2 of 2 stored")
    expect(page.locator("#photo-permit")).to_be_hidden()
    assert set(Photo.objects.values_list("view", flat=True)) == {view.pk}
    assert PhotoPermission.objects.get().scope == "RECORD"
    complaints[:] = [one for one in complaints if REFUSED not in one]


@pytest.mark.parametrize(("theme", "size"), LOOKS[:2], indirect=True)
def test_the_uses_of_photos_are_answered_one_by_one(page_of, plan):
    page = page_of
    page.goto(reverse("photo_permissions", args=[plan.patient_id]))
    axe(page)
    for name, answer in (("Treatment record", "Permitted"), ("Social media", "Not permitted"),
                         ("Teaching inside the team", "Permitted")):  # fmt: skip
        page.get_by_role("group", name=name).get_by_text(answer, exact=True).click()
    draw(page, WAVE)
    page.get_by_role("button", name="Save the answers").click()

    expect(page.get_by_text("The answers are kept.")).to_be_visible()
    kept = PhotoPermission.objects.values_list("scope", "status")
    assert set(kept) == {("RECORD", "given"), ("TEAM_TEACHING", "given"),
                         ("MARKETING_SOCIAL", "refused")}  # fmt: skip
    axe(page)
    page.get_by_role("link", name="Teaching inside the team").click()
    axe(page)
