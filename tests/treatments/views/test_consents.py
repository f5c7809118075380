"""Pages of consent: sign by drawing or typing, withdraw, photo permissions, and who sees what."""

import json
import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from tests import factories
from tests.support.consents import STROKES, permitted, signed, text, texts
from tests.support.photos import taken, upload
from tests.support.records import appointment, record
from treatments.actions.consents import refuse_photos, withdraw_consent, withdraw_permission
from treatments.forms.consents import UNREADABLE, UNSIGNED
from treatments.models import Consent, ConsentText, Photo, PhotoPermission

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def carer(practitioner, as_user):
    """Return the client of a practitioner."""
    return as_user(practitioner)


@pytest.fixture
def plan(patient):
    """Return a course that needs all three texts."""
    texts()
    return factories.plan(patient)


def page(plan):
    """Return where a course's consent is."""
    return reverse("course_consent", args=[plan.pk])


def filled(plan, **changes):
    """Return the form as a patient who agrees to everything sends it."""
    facts = {f"agree_{one.pk}": "on" for one in ConsentText.objects.exclude(kind="photo")}
    facts |= {"asked": "on", "questions": "", "typed_name": "Ada Testcase", "strokes": "",
              "request_key": str(uuid.uuid4())} | changes  # fmt: skip
    return {key: value for key, value in facts.items() if value is not None}


def permissions(patient):
    """Return where a patient's photo permissions are."""
    return reverse("photo_permissions", args=[patient.pk])


# --- Give -----------------------------------------------------------------------------------------
def test_the_page_shows_every_text_whole(carer, plan):
    text("numbing", version=2, text="Cream\nTwo lines.", effective_from=factories.NOW.date())

    shown = carer.get(page(plan)).content.decode()

    assert [title in shown for title in ("Text about procedure", "Text about off_label",
                                         "Text about numbing")] == [True] * 3  # fmt: skip
    assert ("<h3>Cream</h3><p>Two lines.</p>" in shown, "Text about photo" in shown) == (
        True,
        False,
    )


def test_a_typed_name_signs_and_leads_back(carer, plan, practitioner):
    back = reverse("chart", args=[plan.patient_id])

    answer = carer.post(page(plan), filled(plan, next=back))

    assert (answer.status_code, answer["Location"]) == (302, back)
    rows = Consent.objects.values_list("text__kind", "typed_name", "taken_by")
    assert set(rows) == {(kind, "Ada Testcase", practitioner.pk)
                         for kind in ("procedure", "off_label", "numbing")}  # fmt: skip


def test_a_drawing_signs_without_a_name(carer, plan):
    carer.post(page(plan), filled(plan, typed_name="", strokes=json.dumps(STROKES)))

    assert {tuple(map(len, row.strokes)) for row in Consent.objects.all()} == {(3, 1)}
    assert b'd="M10 100 L60 40 90 120 M120 90 L120 90"' in carer.get(page(plan)).content


@pytest.mark.parametrize("drawing", [
    "[", '"x"', "[[]]", "[[[1]]]", "[[[1, 2.5]]]", "[[[1, true]]]", "[[[601, 5]]]", "[[[1, -1]]]",
    "[[[1, 2, 3]]]", '[[["1", "2"]]]', "[" * 30_000, "[[[1,2]]," * 70, '{"a": 1}',
    json.dumps([[[1, 2]] * 4001]), json.dumps([[[1, 2]]] * 65),
])  # fmt: skip
def test_a_drawing_that_is_none_is_refused_and_nothing_typed_is_lost(carer, plan, drawing):
    answer = carer.post(page(plan), filled(plan, strokes=drawing, questions="Swimming?"))

    assert (answer.status_code, Consent.objects.count()) == (422, 0)
    assert UNREADABLE in answer.content.decode()
    assert "Swimming?" in answer.content.decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"typed_name": " "}, UNSIGNED),
        ({"asked": None}, "Talk about the questions before it is signed."),
        ({"agree": None}, "Not agreed to yet: read it, then tick."),
    ],
)
def test_what_is_missing_is_said_and_nothing_is_given(carer, plan, change, sentence):
    if "agree" in change:
        change = {f"agree_{ConsentText.objects.get(kind='numbing').pk}": None}

    answer = carer.post(page(plan), filled(plan, **change))

    assert (answer.status_code, Consent.objects.count()) == (422, 0)
    assert sentence in answer.content.decode()


def test_a_text_replaced_while_it_was_read_must_be_read(carer, plan):
    sent = filled(plan)
    text("numbing", version=2, effective_from=factories.NOW.date())

    answer = carer.post(page(plan), sent)

    assert (answer.status_code, Consent.objects.count()) == (422, 0)


def test_a_double_tap_makes_one_row_a_text(carer, plan):
    sent = filled(plan)

    answers = [carer.post(page(plan), sent).status_code for _ in range(2)]

    assert (answers, Consent.objects.count()) == ([302, 302], 3)


def test_what_was_signed_is_shown_with_its_version_and_not_asked_again(carer, plan, practitioner):
    signed(plan, practitioner, questions="How long?")

    shown = carer.get(page(plan)).content.decode()

    assert "Everything this course needs is signed." in shown
    assert ("How long?" in shown, "Give consent" in shown) == (True, False)


def test_without_a_text_in_the_catalogue_the_page_says_who_writes_one(carer, patient):
    plan = factories.plan(patient)

    assert "no text in force" in carer.get(page(plan)).content.decode()


def test_withdrawing_asks_what_the_patient_says(carer, plan, practitioner):
    signed(plan, practitioner)
    appointment(plan, number=1, day=factories.NOW.date() + timedelta(days=3))
    address = reverse("consent_withdraw", args=[plan.pk])

    asked = carer.get(address).content.decode()
    empty = carer.post(address, {"because": ""})
    done = carer.post(address, {"because": "Wishes so"})

    assert "Thu 26 Nov" in asked
    assert (empty.status_code, done.status_code) == (422, 302)
    assert set(Consent.objects.values_list("withdrawn_because", flat=True)) == {"Wishes so"}
    assert "Wishes so" in carer.get(page(plan)).content.decode()


# --- Where it is missing --------------------------------------------------------------------------
def places(plan, visit):
    """Return the pages that tell whether a course's consent is there."""
    return [reverse("chart", args=[plan.patient_id]), plan.get_absolute_url(),
            visit.get_absolute_url(), "/?show=all"]  # fmt: skip


@pytest.mark.parametrize("role", ["practitioner", "front_desk"])
def test_the_badge_is_there_until_it_is_signed_and_again_after_a_withdrawal(
    plan, clinic, practitioner, as_user, role, now
):
    client = as_user(factories.staff(clinic, role))
    addresses = places(plan, appointment(plan))

    def missing():
        return ["Consent missing" in client.get(one).content.decode() for one in addresses]

    before = missing()
    signed(plan, practitioner)
    given = missing()
    withdraw_consent(plan=plan, because="Wishes so", at=now, by=practitioner)

    assert (before, given, missing()) == ([True] * 4, [False] * 4, [True] * 4)


def test_the_desk_sees_the_state_and_no_way_in(plan, desk, as_user, practitioner):
    signed(plan, practitioner, questions="Canaryquestion")
    client = as_user(desk)

    shown = [client.get(one).content.decode() for one in places(plan, appointment(plan))]

    assert ["Consent given" in one for one in shown] == [False, True, True, False]
    assert [word for one in shown for word in ("/consent/", "Canaryquestion", "/permissions/")
            if word in one] == []  # fmt: skip
    assert client.get(page(plan)).status_code == 403
    assert client.get(permissions(plan.patient)).status_code == 403


@pytest.mark.parametrize(
    ("status", "lacks"),
    [("booked", True), ("arrived", True), ("in_session", True), ("fulfilled", False)],
)
def test_the_diary_tells_of_visits_that_are_still_to_be_done(carer, plan, status, lacks):
    day = factories.NOW.date()
    facts = {"finished_at": factories.NOW} if status == "fulfilled" else {}
    appointment(plan, day=day, status=status, **facts)
    address = f"{reverse('diary_data')}?on={day}"

    (visit,) = carer.get(address).json()["visits"]

    assert visit["lacks_consent"] == lacks


def test_the_board_leads_practitioners_to_a_missing_consent_and_tells_the_desk(
    carer, plan, as_user, desk
):
    appointment(plan, day=factories.NOW.date(), status="booked")
    link = f'href="{page(plan)}?next=/%3Fshow%3Dall"'

    at_care = carer.get("/?show=all").content.decode()
    at_desk = as_user(desk).get("/?show=all").content.decode()

    assert (at_care.count(link), at_desk.count(link)) == (1, 0)
    assert "Consent missing" in at_desk


@pytest.mark.parametrize("rows", [1, 3])
def test_the_diary_asks_once_for_all_visits(carer, clinic, rows, django_assert_num_queries):
    day = factories.NOW.date()
    texts()
    for number in range(rows):
        appointment(
            factories.plan(factories.patient(clinic)), day=day, local_start_min=540 + number
        )
    address = f"{reverse('diary_data')}?on={day}"
    carer.get(address)

    with django_assert_num_queries(15):
        carer.get(address)


def test_the_record_offers_to_sign_and_comes_back(carer, plan, practitioner, now):
    session = record(plan, practitioner, now, unsigned=True)
    where = session.get_absolute_url()

    shown = carer.get(where).content.decode()

    assert f"{page(plan)}?next={where}" in shown
    carer.post(page(plan), filled(plan, next=where))
    after = carer.get(where).content.decode()
    assert ("no consent is on file" in shown, "no consent is on file" in after) == (True, False)


# --- Photos ---------------------------------------------------------------------------------------
def test_each_use_is_answered_by_itself(carer, patient):
    texts()

    answer = carer.post(permissions(patient), {
        "answer_RECORD": "given", "answer_MARKETING_SITE": "given", "face_MARKETING_SITE": "on",
        "answer_PROMO_PRINT": "refused", "typed_name": "Ada Testcase",
    })  # fmt: skip

    assert answer.status_code == 302
    kept = PhotoPermission.objects.values_list("scope", "status", "face_identifiable")
    assert set(kept) == {("RECORD", "given", False), ("MARKETING_SITE", "given", True),
                         ("PROMO_PRINT", "refused", False)}  # fmt: skip


def test_the_record_needs_no_signature_and_any_other_use_does(carer, patient):
    texts()

    record_only = carer.post(permissions(patient), {"answer_RECORD": "given"})
    beyond = carer.post(permissions(patient), {"answer_MARKETING_SITE": "given"})

    assert (record_only.status_code, beyond.status_code) == (302, 422)
    assert UNSIGNED in beyond.content.decode()
    assert list(PhotoPermission.objects.values_list("scope", flat=True)) == ["RECORD"]


def test_no_answer_at_all_is_said(carer, patient):
    texts()

    answer = carer.post(permissions(patient), {})

    assert (answer.status_code, PhotoPermission.objects.count()) == (422, 0)


def test_a_permission_is_withdrawn_and_the_page_says_what_stays(carer, patient, practitioner):
    permitted(patient, practitioner)
    address = reverse("permission_withdraw", args=[patient.pk])

    asked = carer.get(f"{address}?scope=RECORD").content.decode()
    carer.post(address, {"scope": "RECORD", "because": "Enough"})

    assert "remain part of the treatment record" in asked
    assert PhotoPermission.objects.get().status == "withdrawn"
    shown = carer.get(permissions(patient)).content.decode()
    assert "those taken stay in the record for the care team" in shown


@pytest.mark.parametrize("scope", ["", "ANYTHING", "record"])
def test_an_unknown_use_is_not_found(carer, patient, scope):
    address = reverse("permission_withdraw", args=[patient.pk])

    assert carer.get(f"{address}?scope={scope}").status_code == 404


def send(client, patient, **fields):
    """Return the answer to two photos of a plain form."""
    files = [upload(), upload(b"words", "words.jpg")]
    return client.post(reverse("photo_upload", args=[patient.pk]), {"files": files, **fields})


def test_an_upload_without_permission_is_refused_with_a_sentence_and_keeps_the_choices(
    carer, patient
):
    texts()
    view = factories.view(name="Whole back")

    answer = send(carer, patient, view=view.pk, taken_on="2026-11-20")

    shown = answer.content.decode()
    assert (answer.status_code, Photo.objects.count()) == (409, 0)
    assert "Ask, and record the answer." in shown
    assert f'value="{view.pk}" id="view-{view.pk}" data-guide="" checked' in shown
    assert 'value="2026-11-20"' in shown


def test_one_tap_records_the_permission_and_takes_the_photos(carer, patient, practitioner):
    texts()

    answer = send(carer, patient, permit="1")

    assert (answer.status_code, Photo.objects.count()) == (302, 1)
    told = PhotoPermission.objects.values_list("scope", "status", "taken_by")
    assert list(told) == [("RECORD", "given", practitioner.pk)]


def test_a_script_is_told_that_permission_is_missing(carer, patient):
    texts()

    answer = carer.post(reverse("photo_upload", args=[patient.pk]), {"files": upload()},
                        headers={"accept": "application/json"})  # fmt: skip

    assert (answer.status_code, list(answer.json())) == (409, ["sentence"])


def test_after_a_withdrawal_the_board_says_so_and_shows_what_is_there(
    carer, patient, practitioner, now
):
    photo = taken(patient, practitioner, view=factories.view())
    withdraw_permission(patient=patient, scope="RECORD", because="Enough", at=now, by=practitioner)

    shown = carer.get(reverse("photos", args=[patient.pk])).content.decode()

    assert "withdrew the permission" in shown
    assert photo.thumb_url in shown
    assert carer.get(photo.thumb_url).status_code == 200
    assert send(carer, patient).status_code == 409


@pytest.mark.parametrize(("answer", "lacks"), [(None, True), ("given", True), ("refused", False),
                                               ("withdrawn", False)])  # fmt: skip
def test_the_diary_does_not_miss_photos_a_patient_refused(
    carer, plan, practitioner, now, answer, lacks
):
    appointment(plan, day=now.date(), status="in_session")
    if answer == "refused":
        refuse_photos(patient=plan.patient, scope="RECORD", at=now, by=practitioner)
    elif answer:
        permitted(plan.patient, practitioner)
    if answer == "withdrawn":
        withdraw_permission(patient=plan.patient, scope="RECORD", because="Enough", at=now,
                            by=practitioner)  # fmt: skip

    (visit,) = carer.get(f"{reverse('diary_data')}?on={now.date()}").json()["visits"]

    assert visit["lacks_photo"] == lacks
