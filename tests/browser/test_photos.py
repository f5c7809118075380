"""Photos in a real browser: several at once, each with its own words; then beside now."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from tests import factories
from tests.support.consents import permitted
from tests.support.pages import axe, sign_in
from tests.support.photos import jpeg, taken
from treatments.actions.renditions import make_renditions
from treatments.models import Photo

LOOKS = [("light", "ipad"), ("dark", "desk")]
#: Chromium says of every refused request that it was refused, even where the page says it in words.
REFUSED = "Failed to load resource: the server responded with a status of 422"


def file(name, data):
    """Return a file as an input takes it."""
    return {"name": name, "mimeType": "image/jpeg", "buffer": data}


@pytest.fixture
def view(transactional_db, patient, practitioner):
    """Return the first of two standard views of the back; the patient permits photos."""
    permitted(patient, practitioner)
    first = factories.view(name="Whole back", order=1, guide="Feet on the tape")
    factories.view(name="Upper back left", order=2)
    return first


@pytest.fixture
def board(page, live_server, view, patient, practitioner):
    """Return the page of a patient's photos, opened by a practitioner."""
    sign_in(page, live_server, practitioner)
    page.goto(reverse("photos", args=[patient.pk]))
    return page


@pytest.mark.parametrize(("theme", "size"), LOOKS, indirect=True)
def test_several_photos_come_in_at_once_and_a_bad_one_says_why(board, view, complaints):
    axe(board)
    board.locator(f"label[for=view-{view.pk}]").click()
    expect(board.get_by_text("Feet on the tape")).to_be_visible()

    board.set_input_files("#photo-files", [
        file("back.jpg", jpeg(1)), file("again.jpg", jpeg(1)), file("letter.jpg", b"%PDF-1.7\n"),
        file("side.jpg", jpeg(2)),
    ])  # fmt: skip

    expect(board.locator("#photo-tray-count")).to_have_text(
        "2 of 4 stored, 1 already on file, 1 refused"
    )
    rows = board.locator(".tray-item")
    expect(rows.nth(2)).to_contain_text("This file is not a photo: it is a PDF document.")
    expect(board.locator(".photo-card")).to_have_count(2)
    expect(board.locator(f'[data-done="{view.pk}"]')).to_be_visible()
    axe(board)
    assert set(Photo.objects.values_list("view", flat=True)) == {view.pk}
    complaints[:] = [complaint for complaint in complaints if REFUSED not in complaint]


def test_a_fresh_photo_is_seen_at_once_and_its_small_size_when_it_is_made(
    board, view, settings, monkeypatch
):
    monkeypatch.setattr("treatments.actions.photos.order_renditions", lambda photo_id: None)
    board.locator(f"label[for=view-{view.pk}]").click()

    board.set_input_files("#photo-files", [file("back.jpg", jpeg(1))])

    picture = board.locator(".photo-card img")
    expect(picture).to_have_attribute("src", re.compile("^blob:"))
    photo = Photo.objects.get()
    make_renditions.func(photo.pk)
    expect(picture).to_have_attribute("src", photo.thumb_url)


def test_one_tap_puts_a_photo_under_its_view(board):
    board.set_input_files("#photo-files", [file("back.jpg", jpeg(1))])

    board.get_by_role("button", name="Upper back left").click()

    expect(board.get_by_role("heading", name="Upper back left")).to_be_visible()
    expect(board.get_by_text("Now under Upper back left.")).to_be_visible()
    assert Photo.objects.get().view.name == "Upper back left"


def test_after_a_picture_from_the_camera_the_next_view_is_chosen(board, view):
    board.locator(f"label[for=view-{view.pk}]").click()

    board.set_input_files("#photo-camera", [file("image.jpg", jpeg(1))])

    expect(board.get_by_role("radio", name="Upper back left")).to_be_checked()
    expect(board.locator(".tray-item[data-state=stored]")).to_have_count(1)
    assert Photo.objects.get().view == view


def test_a_photo_that_was_not_sent_can_be_sent_again(board, complaints):
    board.route("**/upload/", lambda route: route.abort())
    board.set_input_files("#photo-files", [file("back.jpg", jpeg(1))])
    expect(board.locator("#photo-tray-count")).to_have_text("0 of 1 stored, 1 not sent")
    board.unroute("**/upload/")

    board.get_by_role("button", name="Try again").click()

    expect(board.locator("#photo-tray-count")).to_have_text("1 of 1 stored")
    complaints[:] = [complaint for complaint in complaints if "ERR_FAILED" not in complaint]


def test_who_was_signed_out_meanwhile_is_told(board, complaints):
    board.context.clear_cookies()

    board.set_input_files("#photo-files", [file("back.jpg", jpeg(1))])

    expect(board.locator(".tray-item")).to_contain_text("You were signed out.")
    complaints[:] = [complaint for complaint in complaints if "status of 403" not in complaint]


def test_a_mistake_is_struck_with_its_reason(board):
    board.set_input_files("#photo-files", [file("back.jpg", jpeg(1))])
    board.get_by_text("Entered by mistake").click()

    board.get_by_label("Why is it a mistake?").fill("Wrong patient")
    board.get_by_role("button", name="Mark as a mistake").click()

    expect(board.get_by_text("No photos yet")).to_be_visible()
    assert Photo.objects.get().struck_because == "Wrong patient"


def test_a_photo_opens_large_and_arrow_keys_go_through_the_view(
    page, live_server, patient, practitioner, view
):
    photos = [taken(patient, practitioner, view=view, shade=n, days_ago=60 - n) for n in (1, 2)]
    sign_in(page, live_server, practitioner)
    page.goto(reverse("photos", args=[patient.pk]))

    page.locator(".photo-card .thumb").first.click()
    image = page.locator("#lightbox-image")
    expect(image).to_have_attribute("src", re.compile(str(photos[0].key)))
    page.keyboard.press("ArrowRight")

    expect(image).to_have_attribute("src", re.compile(str(photos[1].key)))
    axe(page)
    page.keyboard.press("Escape")
    expect(image).not_to_be_visible()


@pytest.mark.parametrize(("theme", "size"), LOOKS, indirect=True)
def test_then_stands_beside_now_and_the_slider_moves_by_keyboard(
    page, live_server, patient, practitioner, view
):
    for shade, days in ((1, 90), (2, 45), (3, 0)):
        taken(patient, practitioner, view=view, shade=shade, days_ago=days)
    sign_in(page, live_server, practitioner)
    page.goto(reverse("photo_compare", args=[patient.pk]))
    expect(page.get_by_text("90 days between")).to_be_visible()
    axe(page)

    page.get_by_role("button", name="Slider").click()
    slider = page.get_by_role("slider")
    slider.focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")

    later = page.locator(".compare-second img")
    expect(slider).to_have_value("60")
    assert later.evaluate("image => getComputedStyle(image).clipPath") == "inset(0px 0px 0px 60%)"
    page.evaluate("window.scrollTo(0, 0)")  # nothing half under the bar, which axe calls too small
    axe(page)


def test_without_script_several_photos_come_in_by_a_plain_form(
    open_context, live_server, patient, practitioner, view
):
    page = open_context(java_script_enabled=False).new_page()
    sign_in(page, live_server, practitioner)
    page.goto(reverse("photos", args=[patient.pk]))

    page.set_input_files("#id_files", [file("a.jpg", jpeg(1)), file("b.jpg", jpeg(2))])
    page.get_by_role("button", name="Upload").click()

    expect(page.get_by_text("a.jpg is stored.")).to_be_visible()
    assert Photo.objects.count() == 2


def test_photos_of_one_day_without_a_view_are_told_apart(board, patient, practitioner):
    for shade in (1, 2):
        taken(patient, practitioner, shade=shade)
    board.reload()

    axe(board)
    names = [
        form.get_attribute("aria-label")
        for form in board.locator(".unsorted form[aria-label]").all()
    ]
    assert names == [f"View of photo {n} of 2 without one, Mon 23 Nov 2026" for n in (1, 2)]
