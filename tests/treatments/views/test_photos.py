"""The photo pages: board, upload without script, sorting, striking, then and now."""

import uuid
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clinic.models import AuditEvent
from tests import factories
from tests.support.consents import permitted
from tests.support.photos import jpeg, taken, upload
from treatments.actions import photos as deeds
from treatments.models import Photo, TreatmentSession

HTMX = {"hx-request": "true"}


@pytest.fixture
def carer(practitioner, as_user):
    """Return the client of a practitioner."""
    return as_user(practitioner)


@pytest.fixture(autouse=True)
def _permitted(patient, practitioner):
    """Let the patient permit photos for the record."""
    permitted(patient, practitioner)


@pytest.fixture
def view(db):
    """Return a standard view of the back."""
    return factories.view(name="Whole back")


def board(patient):
    """Return where a patient's photos are."""
    return reverse("photos", args=[patient.pk])


def send(carer, patient, files, **fields):
    """Send a plain form and follow it."""
    address = reverse("photo_upload", args=[patient.pk])
    return carer.post(address, {"files": files, **fields}, follow=True)


def said(answer):
    """Return what the page said in notes."""
    return [str(note) for note in answer.context["messages"]]


def draft(patient, by, **facts):
    """Return a draft record of 1 October 2026."""
    return TreatmentSession.objects.create(
        clinic=patient.clinic, patient=patient, performed_on=date(2026, 10, 1),
        opened_at=factories.NOW, opened_by=by,
        practitioner=patient.clinic.resources.practitioners().first(), **facts,
    )  # fmt: skip


def test_a_patient_without_photos_is_asked_for_a_baseline(carer, patient):
    answer = carer.get(board(patient))

    assert answer.status_code == 200
    assert "No photos yet" in answer.content.decode()


def test_photos_stand_by_view_from_the_baseline_to_the_latest(carer, patient, practitioner, view):
    latest = taken(patient, practitioner, view=view, shade=1)
    baseline = taken(patient, practitioner, view=view, shade=2, days_ago=90)
    loose = taken(patient, practitioner, shade=3)

    facts = carer.get(board(patient)).context

    assert [shelf.photos for shelf in facts["shelves"]] == [[baseline, latest]]
    assert facts["shelves"][0].span_days == 90
    assert facts["unsorted"] == [loose]


def test_a_photo_whose_two_days_disagree_is_no_baseline_until_one_is_chosen(
    carer, patient, practitioner, view
):
    latest = taken(patient, practitioner, view=view)
    photo = taken(patient, practitioner, view=view, shade=1, days_ago=30,
                  session=draft(patient, practitioner))  # fmt: skip
    Photo.objects.filter(pk=photo.pk).update(taken_at=factories.NOW - timedelta(days=30))

    before = carer.get(board(patient)).context
    answer = carer.post(reverse("photo_date", args=[photo.key]), {"keep": "camera"}, follow=True)

    assert ([shelf.photos for shelf in before["shelves"]], before["apart"]) == ([[latest]], [photo])
    assert [shelf.photos for shelf in answer.context["shelves"]] == [[photo, latest]]
    assert said(answer) == ["Taken on Sat 24 Oct."]
    assert Photo.objects.get(pk=photo.pk).session is None


def test_a_choice_between_two_days_that_is_none_is_said(carer, patient, practitioner, view):
    photo = taken(patient, practitioner, view=view)

    answer = carer.post(reverse("photo_date", args=[photo.key]), {"keep": "mine"}, follow=True)

    assert said(answer) == ["Choose which day is right."]


def test_a_struck_or_unfinished_photo_is_not_on_the_board(carer, patient, practitioner, now):
    struck, unfinished = taken(patient, practitioner), taken(patient, practitioner, shade=1)
    deeds.strike_photo(photo=struck, reason="Blurred", at=now, by=practitioner)
    Photo.objects.filter(pk=unfinished.pk).update(state="pending")

    assert carer.get(board(patient)).context["count"] == 0


def test_the_board_asks_as_much_for_three_photos_as_for_one(carer, patient, practitioner, view):
    figures, plan = [], factories.plan(patient)
    for number in (1, 2, 3):
        record = draft(patient, practitioner, planned_session=plan.sessions.get(number=number))
        taken(patient, practitioner, view=view, shade=number, session=record)
        with CaptureQueriesContext(connection) as asked:
            carer.get(board(patient))
        figures.append(len(asked))

    assert figures[0] == figures[2]
    assert figures[0] <= 22


def test_looking_at_the_board_is_one_line_in_the_log(carer, patient, practitioner):
    taken(patient, practitioner)

    carer.get(board(patient))

    lines = AuditEvent.objects.filter(action="patient.viewed")
    assert list(lines.values_list("patient_id", "category")) == [(patient.pk, "photo")]


def test_the_views_offered_are_those_of_the_regions_in_care(carer, patient, view):
    factories.plan(patient)
    factories.view(region="face")
    factories.view(active=False)

    assert carer.get(board(patient)).context["views"] == [view]


def test_a_plain_form_takes_several_photos(carer, patient, view):
    answer = send(carer, patient, [upload(jpeg(1), "one.jpg"), upload(jpeg(2), "two.jpg")],
                  view=view.pk, taken_on="2026-05-01")  # fmt: skip

    assert answer.redirect_chain == [(board(patient), 302)]
    assert said(answer) == ["one.jpg is stored.", "two.jpg is stored."]
    assert list(Photo.objects.values_list("view", "taken_on")) == [(view.pk, date(2026, 5, 1))] * 2


def test_one_bad_file_does_not_stop_the_others(carer, patient):
    answer = send(carer, patient, [upload(b"words", "words.jpg"), upload()])

    assert said(answer) == [
        "words.jpg: This file is not a photo: it is a text. Choose a JPEG, PNG, WebP or HEIC.",
        "IMG_0001.jpg is stored.",
    ]


def test_the_same_file_again_says_so(carer, patient):
    send(carer, patient, [upload()])

    answer = send(carer, patient, [upload()])

    assert said(answer) == ["IMG_0001.jpg: This photo is already on file; it was not added again."]
    assert Photo.objects.count() == 1


def test_a_script_is_told_whether_a_photo_is_new(carer, patient, view):
    address = reverse("photo_upload", args=[patient.pk])
    first, second = (
        carer.post(
            address, {"files": upload(), "view": view.pk}, headers={"accept": "application/json"}
        )
        for _ in range(2)
    )

    photo = Photo.objects.get()
    facts = {"key": str(photo.key), "view": view.pk,
             "edit_url": reverse("photo_edit", args=[photo.key])}  # fmt: skip
    assert (first.status_code, first.json()) == (201, facts | {"sentence": ""})
    assert (second.status_code, second.json()) == (200, facts | {"sentence": said_twice()})


def said_twice():
    """Return the sentence for a file that is on file."""
    return "This photo is already on file; it was not added again."


def test_a_store_that_does_not_answer_says_try_again(carer, patient):
    with patch.object(deeds, "keep", side_effect=OSError("disk full")):
        answer = carer.post(
            reverse("photo_upload", args=[patient.pk]), {"files": upload()},
            headers={"accept": "application/json"},
        )  # fmt: skip

    assert answer.status_code == 503
    assert answer.json()["sentence"].endswith("Try again in a moment.")


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        ("2126-01-01", "This day has not come yet."),
        ("1980-01-01", "This day is before the patient was born."),
        ("soon", "Choose a day, or write it as 2026-03-14."),
    ],
)
def test_an_impossible_day_is_refused_in_words(carer, patient, day, sentence):
    answer = send(carer, patient, [upload()], taken_on=day)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Photo.objects.count() == 0


def test_the_address_chooses_session_and_view_beforehand(carer, patient, practitioner, view):
    record = draft(patient, practitioner)

    text = carer.get(f"{board(patient)}?session={record.pk}&view={view.pk}").content.decode()

    assert f'<option value="{record.pk}" selected>Session, Thu 1 Oct 2026</option>' in text
    assert f'id="view-{view.pk}" data-guide="" checked' in text


def test_a_card_being_prepared_has_nothing_new_until_its_sizes_are_there(
    carer, patient, practitioner
):
    photo = taken(patient, practitioner, ready=False)
    address = f"{board(patient)}?card={photo.key}"

    waiting = carer.get(address, headers=HTMX)
    deeds.order_renditions(photo.pk)
    Photo.objects.filter(pk=photo.pk).update(state="ready")
    ready = carer.get(address, headers=HTMX)

    assert waiting.status_code == 204
    assert photo.thumb_url in ready.content.decode()


@pytest.mark.parametrize("key", [str(uuid.uuid4()), "x"])
def test_a_card_nobody_knows_is_not_found(carer, patient, key):
    assert carer.get(f"{board(patient)}?card={key}", headers=HTMX).status_code == 404


def test_one_tap_puts_a_photo_under_its_view(carer, patient, practitioner, view):
    photo = taken(patient, practitioner)

    answer = carer.post(reverse("photo_edit", args=[photo.key]), {"view": view.pk}, headers=HTMX)

    photo.refresh_from_db()
    assert (answer.status_code, photo.view) == (200, view)
    assert "Now under Whole back." in answer["HX-Trigger"]
    assert [shelf.view for shelf in answer.context["shelves"]] == [view]


def test_sorting_without_script_goes_back_to_the_board(carer, patient, practitioner, view):
    photo = taken(patient, practitioner, view=view)

    answer = carer.post(reverse("photo_edit", args=[photo.key]), {"view": ""}, follow=True)

    photo.refresh_from_db()
    assert (photo.view, said(answer)) == (None, ["No view yet."])


def test_a_view_out_of_use_is_refused(carer, patient, practitioner):
    photo = taken(patient, practitioner)
    gone = factories.view(active=False)

    answer = carer.post(reverse("photo_edit", args=[photo.key]), {"view": gone.pk}, headers=HTMX)

    photo.refresh_from_db()
    assert photo.view is None
    assert "This view is not in use." in answer["HX-Trigger"]


def test_a_mistake_needs_a_reason_and_then_is_gone_from_the_board(carer, patient, practitioner):
    photo = taken(patient, practitioner)
    address = reverse("photo_strike", args=[photo.key])

    silent = carer.post(address, {"reason": " "}, headers=HTMX)
    told = carer.post(address, {"reason": "Wrong patient"}, headers=HTMX)

    photo.refresh_from_db()
    assert "Say why this photo is a mistake." in silent["HX-Trigger"]
    assert (photo.struck_because, told.context["count"]) == ("Wrong patient", 0)
    assert carer.post(address, {"reason": "Again"}).status_code == 404


@pytest.mark.parametrize("name", ["photo_edit", "photo_strike"])
def test_another_clinics_photo_is_not_found(patient, practitioner, as_user, name):
    photo = taken(patient, practitioner)
    stranger = factories.staff(factories.clinic_with_diary(), "lead")

    answer = as_user(stranger).post(reverse(name, args=[photo.key]), {"view": "", "reason": "x"})

    photo.refresh_from_db()
    assert (answer.status_code, photo.struck_at) == (404, None)


def compare(patient, **asked):
    """Return where two photos of a patient stand beside each other."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return reverse("photo_compare", args=[patient.pk]) + f"?{query}"


def test_the_baseline_stands_beside_the_latest(carer, patient, practitioner, view):
    photos = [
        taken(patient, practitioner, view=view, shade=n, days_ago=90 - 40 * n) for n in range(3)
    ]

    facts = carer.get(compare(patient)).context

    assert (facts["first"], facts["second"], facts["days"]) == (photos[0], photos[2], 80)


def test_two_other_photos_can_be_chosen(carer, patient, practitioner, view):
    photos = [
        taken(patient, practitioner, view=view, shade=n, days_ago=90 - 40 * n) for n in range(3)
    ]

    facts = carer.get(
        compare(patient, view=view.pk, first=photos[1].key, second=photos[2].key)
    ).context

    assert (facts["first"], facts["second"], facts["days"]) == (photos[1], photos[2], 40)


def test_one_photo_of_a_view_waits_for_the_next(carer, patient, practitioner, view):
    taken(patient, practitioner, view=view)

    assert "One photo of this view so far" in carer.get(compare(patient)).content.decode()


def test_nothing_to_compare_says_so(carer, patient):
    assert "Nothing to compare yet" in carer.get(compare(patient)).content.decode()


def test_only_photos_of_this_view_and_patient_can_be_compared(carer, patient, practitioner, view):
    for shade in (1, 2):
        taken(patient, practitioner, view=view, shade=shade, days_ago=shade)
    other = taken(factories.patient(patient.clinic), practitioner, view=view)

    asked = [{"view": 4711}, {"view": "x"}, {"view": view.pk, "first": other.key},
             {"view": view.pk, "second": "x"}]  # fmt: skip
    assert {carer.get(compare(patient, **query)).status_code for query in asked} == {404}


def test_comparing_asks_as_much_for_three_photos_as_for_two(carer, patient, practitioner, view):
    figures, plan = [], factories.plan(patient)
    for number in (1, 2, 3):
        record = draft(patient, practitioner, planned_session=plan.sessions.get(number=number))
        taken(patient, practitioner, view=view, shade=number, session=record)
        with CaptureQueriesContext(connection) as asked:
            carer.get(compare(patient))
        figures.append(len(asked))

    assert figures[1] == figures[2]
    assert figures[2] <= 20


def test_tomorrow_is_the_clinics_tomorrow(carer, patient):
    today = patient.clinic.local_date(timezone.now())

    now, then = (
        send(carer, patient, [upload(jpeg(days))], taken_on=str(today + timedelta(days=days)))
        for days in (0, 1)
    )

    assert (now.status_code, then.status_code) == (200, 422)
