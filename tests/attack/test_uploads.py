"""Files somebody could upload instead of a photo: a sentence, no row, no file; no mark survives."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from clinic.models import AuditEvent
from tests import factories
from tests.attack.corpus import DATA, poisoned_files, refused_files
from tests.support.consents import permitted
from tests.support.photos import files, jpeg, upload
from treatments.actions.photo_files import kept
from treatments.actions.renditions import make_renditions
from treatments.imaging.intake import PhotoRefused
from treatments.models import Photo, TreatmentSession

#: Names that would matter if a name of a file were ever used.
NAMES = (
    r"..\..\needlepoint.sqlite3", "../../../etc/passwd", "con.jpg", "a" * 300 + ".jpg",
    'x"; filename="page.html', "x\r\nSet-Cookie: a=b.jpg", "\u202egpj.exe", "page.html", ".htaccess",
    "<script>alert(1)</script>.jpg", "\U0001f600.jpg", "photo.jpg\0.html",
)  # fmt: skip


@pytest.fixture
def send(patient, practitioner, as_user):
    """Return a function that uploads one file as the page's script does."""
    permitted(patient, practitioner)
    client = as_user(practitioner)

    def send(file, **fields):
        return client.post(
            reverse("photo_upload", args=[patient.pk]), {"files": file, **fields},
            headers={"accept": "application/json"},
        )  # fmt: skip

    return send


@pytest.mark.parametrize("refused", refused_files(), ids=lambda refused: refused.name)
def test_a_hostile_file_gets_a_sentence_and_leaves_nothing(send, refused):
    answer = send(SimpleUploadedFile(refused.name, refused.data, content_type="image/jpeg"))

    assert (answer.status_code, list(answer.json())) == (422, ["sentence"])
    assert answer.json()["sentence"].endswith(".")
    assert AuditEvent.objects.get(action="photo.refused").reason == refused.code
    assert (Photo.objects.count(), files()) == (0, [])


def test_a_file_that_crashes_its_decoder_gets_a_sentence_and_leaves_nothing(send):
    answer = send(upload((DATA / "crashes_decoder.heic").read_bytes(), "crashes.heic"))

    assert answer.status_code == 422
    assert (Photo.objects.count(), files()) == (0, [])
    assert send(upload()).status_code == 201  # and the next photo comes in


@pytest.mark.parametrize("poisoned", poisoned_files(), ids=lambda poisoned: poisoned.name)
def test_no_mark_of_a_poisoned_photo_is_kept_or_served(send, client, poisoned):
    answer = send(SimpleUploadedFile(poisoned.name, poisoned.data))

    assert answer.status_code == 201
    photo = Photo.objects.get()
    make_renditions.func(photo.pk)
    stored = [kept(name) for name in files()]
    served = [
        b"".join(client.get(reverse("photo_file", args=[photo.key, size])).streaming_content)
        for size in ("thumb", "medium", "large")
    ]
    assert (len(stored), len(served)) == (4, 3)
    assert [mark for mark in poisoned.marks for data in stored + served if mark in data] == []


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_is_never_used(send, clinic, name):
    file = SimpleUploadedFile("x.jpg", jpeg(), content_type="text/html")
    file._name = name

    answer = send(file)

    photo = Photo.objects.get()
    assert answer.status_code == 201
    assert photo.storage_name.startswith(f"c{clinic.pk}/")
    assert name not in str(vars(photo))


def test_a_plain_form_says_the_name_of_a_file_without_its_markup(patient, practitioner, as_user):
    permitted(patient, practitioner)
    client = as_user(practitioner)

    answer = client.post(
        reverse("photo_upload", args=[patient.pk]),
        {"files": [upload(b"words", "<b>x</b>.jpg"), upload()]}, follow=True,
    )  # fmt: skip

    text = answer.content.decode()
    assert "&lt;b&gt;x&lt;" in text or "b&gt;.jpg" in text
    assert "<b>x</b>" not in text
    assert Photo.objects.count() == 1


def test_a_file_one_byte_over_the_limit_gets_a_sentence(send, settings):
    settings.PHOTO_MAX_BYTES = len(jpeg()) - 1

    answer = send(upload())

    assert (answer.status_code, Photo.objects.count()) == (422, 0)
    assert "larger than" in answer.json()["sentence"]


def test_of_a_file_that_is_far_too_large_hardly_more_than_the_limit_is_read(
    send, settings, monkeypatch
):
    settings.PHOTO_MAX_BYTES = 100_000
    read = []
    monkeypatch.setattr(
        "treatments.views.photos.take_photo",
        lambda *, upload, **facts: read.append(upload.size) or refuse(),
    )

    send(upload(jpeg() + bytes(6_000_000)))

    assert 100_000 < read[0] <= 100_000 + 2 * 65_536


def refuse():
    """Refuse a photo as too large."""
    raise PhotoRefused("too_many_bytes", "This file is too large.")


def test_more_files_than_a_form_may_hold_are_refused_at_once(patient, practitioner, as_user):
    answer = as_user(practitioner).post(
        reverse("photo_upload", args=[patient.pk]), {"files": [upload() for _ in range(21)]}
    )

    assert (answer.status_code, Photo.objects.count()) == (400, 0)


def test_an_upload_without_a_file_says_so(send):
    answer = send("")

    assert (answer.status_code, answer.json()) == (422, {"sentence": "Choose at least one photo."})


def test_rows_of_another_clinic_cannot_be_named(send, now):
    other = factories.clinic_with_diary()
    foreign = TreatmentSession.objects.create(
        clinic=other, patient=factories.patient(other), performed_on=now.date(), opened_at=now,
        practitioner=other.resources.practitioners().first(), opened_by=factories.staff(other),
    )  # fmt: skip

    answer = send(upload(), session=foreign.pk)

    assert (answer.status_code, Photo.objects.count()) == (422, 0)
    assert answer.json() == {"sentence": "This session record is not this patient's."}


def test_fields_nobody_asked_for_are_left_aside(send, patient):
    send(upload(), state="ready", clinic=99, patient=99, key="x", struck_because="x", sha256="x")

    photo = Photo.objects.get()
    assert (photo.state, photo.clinic, photo.patient) == ("stored", patient.clinic, patient)
    assert (photo.struck_because, len(photo.sha256)) == ("", 64)


@pytest.mark.parametrize("role", ["front_desk", "auditor"])
def test_only_care_uploads(patient, clinic, as_user, role):
    answer = as_user(factories.staff(clinic, role)).post(
        reverse("photo_upload", args=[patient.pk]), {"files": upload()}
    )

    assert (answer.status_code, Photo.objects.count()) == (403, 0)


def test_a_patient_of_another_clinic_takes_no_photo(patient, as_user):
    stranger = factories.staff(factories.clinic_with_diary())

    answer = as_user(stranger).post(reverse("photo_upload", args=[patient.pk]), {"files": upload()})

    assert (answer.status_code, Photo.objects.count(), files()) == (404, 0, [])
