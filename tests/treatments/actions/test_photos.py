"""Taking photos in, sorting them, striking them out, and the sizes made of them."""

import hashlib
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from unittest.mock import patch

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.http import Http404
from PIL import Image

from clinic.models import AuditEvent
from tests import factories
from tests.attack.corpus import TURNED_HEIC
from tests.support.consents import permitted
from tests.support.photos import files, jpeg, taken, upload
from treatments.actions import photos as deeds
from treatments.actions.photo_files import kept
from treatments.actions.photos import (
    PhotoNotKept,
    date_photo,
    open_photo,
    sort_photo,
    strike_photo,
    take_photo,
)
from treatments.actions.renditions import make_renditions
from treatments.imaging.intake import PhotoRefused
from treatments.models import Photo, Rendition, TreatmentSession


@pytest.fixture
def take(patient, practitioner, now):
    """Return a function that takes a photo of the patient in."""

    def take(data=None, **facts):
        values = {"patient": patient, "view": None, "session": None, "taken_on": None, "at": now,
                  "by": practitioner}  # fmt: skip
        permitted((values | facts)["patient"], practitioner)
        return take_photo(upload=upload(data), **values | facts)

    return take


@pytest.fixture
def record(patient, practitioner, now):
    """Return a draft record of another day."""
    return TreatmentSession.objects.create(
        clinic=patient.clinic, patient=patient, performed_on=date(2026, 10, 1), opened_at=now,
        practitioner=patient.clinic.resources.practitioners().first(), opened_by=practitioner,
    )  # fmt: skip


def with_camera_time(text, offset="") -> bytes:
    """Return a JPEG whose camera wrote this time."""
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    details[0x9003] = text
    if offset:
        details[0x9011] = offset
    return jpeg(exif=exif)


def test_a_photo_is_stored_with_its_size_and_hash(take, patient, practitioner, now):
    view = factories.view()

    photo = take(view=view)

    master = kept(photo.storage_name)
    assert (photo.state, photo.width, photo.height) == ("stored", 240, 320)
    assert (photo.view, photo.patient, photo.uploaded_by) == (view, patient, practitioner)
    assert (photo.uploaded_at, photo.original_format) == (now, "JPEG")
    assert photo.size_bytes == len(master)
    assert photo.sha256 == hashlib.sha256(master).hexdigest()
    assert photo.original_sha256 == hashlib.sha256(jpeg()).hexdigest()


def test_a_file_name_tells_the_clinic_and_nothing_else(take, clinic):
    photo = take()

    assert re.fullmatch(rf"c{clinic.pk}/([0-9a-f]{{2}})/\1[0-9a-f-]{{34}}\.jpg", photo.storage_name)
    assert files() == [photo.storage_name]


def test_a_file_can_be_read_by_the_group_and_by_nobody_else(take):
    photo = take()

    path = Path(storages["photos"].path(photo.storage_name))
    modes = [oct(place.stat().st_mode & 0o777) for place in (path, path.parent, path.parent.parent)]
    assert modes == ["0o640", "0o750", "0o750"]


def test_taking_a_photo_is_written_into_the_log(take, patient, practitioner):
    view = factories.view()

    photo = take(view=view)

    line = AuditEvent.objects.get(action="photo.taken")
    assert (line.object_id, line.patient_id, line.actor_id) == (
        str(photo.pk), patient.pk, practitioner.pk,
    )  # fmt: skip
    assert (line.category, line.details) == ("photo", {"session": None, "view": view.pk})


def test_the_sizes_are_made_once_the_photo_is_committed(take, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        photo = take(jpeg(size=(2800, 2100)))

    photo.refresh_from_db()
    sizes = {made.name: (made.width, made.height) for made in photo.renditions.all()}
    assert photo.state == "ready"
    assert sizes == {"large": (2560, 1920), "medium": (1280, 960), "thumb": (400, 300)}
    for made in photo.renditions.all():
        data = kept(made.storage_name)
        assert (len(data), hashlib.sha256(data).hexdigest()) == (made.size_bytes, made.sha256)
        assert Image.open(io.BytesIO(data)).format == "WEBP"


def test_an_iphone_photo_comes_in_upright_with_its_time(take):
    photo = take(TURNED_HEIC.read_bytes())

    assert photo.original_format == "HEIF"
    assert Image.open(io.BytesIO(kept(photo.storage_name))).format == "JPEG"
    assert b"Exif" not in kept(photo.storage_name)


def test_a_refused_file_leaves_nothing_but_a_line_in_the_log(take):
    with pytest.raises(PhotoRefused, match="it is a PDF document"):
        take(b"%PDF-1.7\n")

    assert (Photo.objects.count(), files()) == (0, [])
    line = AuditEvent.objects.get()
    assert (line.action, line.reason) == ("photo.refused", "not_a_photo")


def test_a_file_over_the_limit_is_refused(take, settings):
    settings.PHOTO_MAX_BYTES = len(jpeg()) - 1

    with pytest.raises(PhotoRefused) as refused:
        take()

    assert refused.value.code == "too_many_bytes"


def test_a_store_that_does_not_answer_leaves_nothing_and_asks_for_another_try(take):
    with (
        patch.object(deeds, "keep", side_effect=OSError("disk full")),
        pytest.raises(PhotoNotKept, match="Try again"),
    ):
        take()

    assert (Photo.objects.count(), files()) == (0, [])


def test_the_same_file_twice_is_one_photo(take, now):
    first = take()

    second = take(at=now.replace(hour=11))

    assert (second, second.uploaded_at) == (first, now)
    assert Photo.objects.count() == 1
    assert files() == [first.storage_name]


def test_the_same_file_of_another_patient_is_another_photo(take, clinic):
    first, second = take(), take(patient=factories.patient(clinic))

    assert first != second


def test_a_struck_photo_can_be_uploaded_again(take, practitioner, now):
    struck = strike_photo(photo=take(), reason="Wrong patient", at=now, by=practitioner)

    assert take() != struck


def test_an_upload_that_broke_off_is_finished_by_the_next_try(take):
    with (
        patch.object(deeds, "keep", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        take()
    unfinished = Photo.objects.get()

    photo = take()

    assert (photo, photo.state) == (unfinished, "stored")
    assert files() == [photo.storage_name]


@pytest.mark.parametrize(
    ("written", "offset", "instant"),
    [
        ("2026:07:01 10:30:00", "", datetime(2026, 7, 1, 9, 30, tzinfo=UTC)),  # London, summer
        ("2026:07:01 10:30:00", "+05:00", datetime(2026, 7, 1, 5, 30, tzinfo=UTC)),
        ("0001:01:01 00:00:00", "+14:00", None),
        ("1980:01:01 00:00:00", "", None),
        ("2027:01:01 00:00:00", "", None),
        ("9999:12:31 23:59:59", "-12:00", None),
    ],
)
def test_the_cameras_time_is_kept_where_its_clock_can_be_right(take, written, offset, instant):
    photo = take(with_camera_time(written, offset))

    assert photo.taken_at == instant
    assert photo.taken_on == (instant.date() if instant else date(2026, 11, 23))


def test_the_day_is_the_one_given_else_the_cameras_else_the_sessions_else_today(take, record, now):
    dated = with_camera_time("2026:07:01 10:30:00")
    days = [
        take(dated, session=record, taken_on=date(2026, 6, 1)).taken_on,
        take(with_camera_time("2026:07:02 10:30:00"), session=record).taken_on,
        take(jpeg(1), session=record).taken_on,
        take(jpeg(2)).taken_on,
    ]

    assert days == [date(2026, 6, 1), date(2026, 7, 2), record.performed_on, now.date()]


@pytest.mark.parametrize(
    ("keep", "day", "stays"), [("session", "session", True), ("camera", date(2026, 7, 2), False)]
)
def test_a_camera_that_contradicts_its_session_is_settled_by_a_person(
    take, record, now, practitioner, keep, day, stays
):
    photo = take(with_camera_time("2026:07:02 10:30:00"), session=record)
    apart = photo.is_dated_apart(photo.clinic.zone)

    dated = date_photo(photo=photo, keep=keep, at=now, by=practitioner)

    assert (apart, dated.is_dated_apart(dated.clinic.zone)) == (True, False)
    assert dated.taken_on == (record.performed_on if day == "session" else day)
    assert (dated.session == record) is stays
    assert AuditEvent.objects.get(action="photo.dated").details["kept"] == keep


def test_a_camera_that_agrees_with_its_session_has_nothing_to_settle(take, record):
    day = record.performed_on
    photo = take(with_camera_time(f"{day:%Y:%m:%d} 10:30:00"), session=record)

    assert photo.is_dated_apart(photo.clinic.zone) is False


def test_a_session_of_another_patient_is_refused(take, record, clinic):
    with pytest.raises(ValueError, match="another patient"):
        take(session=record, patient=factories.patient(clinic))

    assert Photo.objects.count() == 0


def test_at_most_two_files_are_decoded_at_a_time(take):
    seen = []

    def decode(data, *, limits):
        seen.append(deeds.DECODERS._value)
        raise PhotoRefused("damaged", "No.")

    with patch.object(deeds, "take_in_isolated", decode), pytest.raises(PhotoRefused):
        take()

    assert (seen, deeds.DECODERS._value) == ([1], 2)


def test_making_the_sizes_twice_makes_them_once(take):
    photo = take()
    make_renditions.func(photo.pk)
    before = files()

    make_renditions.func(photo.pk)

    assert (files(), Rendition.objects.count()) == (before, 3)


def test_a_size_that_is_missing_is_made_and_the_others_are_left_alone(take):
    photo = take()
    make_renditions.func(photo.pk)
    large = photo.renditions.get(name="large")
    photo.renditions.get(name="thumb").delete()

    make_renditions.func(photo.pk)

    assert photo.renditions.count() == 3
    assert photo.renditions.get(name="large") == large


def test_a_photo_that_cannot_be_shrunk_is_still_there_whole(take, clinic, practitioner, now):
    photo = take()
    with patch("treatments.actions.renditions.render", side_effect=OSError):
        make_renditions.func(photo.pk)

    photo.refresh_from_db()
    opened = open_photo(
        key=photo.key, size="large", clinic=clinic, purpose="RECORD", at=now, by=practitioner
    )
    assert photo.state == "failed"
    assert opened.storage_name == photo.storage_name


def test_sizes_of_a_photo_that_is_gone_are_nobodys_fault(db):
    make_renditions.func(4711)

    assert Rendition.objects.count() == 0


def test_sorting_a_photo_is_logged_and_doing_it_twice_is_once(take, practitioner, now):
    photo, view = take(), factories.view()

    for _ in range(2):
        photo = sort_photo(photo=photo, view=view, at=now, by=practitioner)

    assert photo.view == view
    line = AuditEvent.objects.get(action="photo.sorted")
    assert line.details == {"from": None, "to": view.pk}


def test_a_struck_photo_is_not_sorted(take, practitioner, now):
    photo = strike_photo(photo=take(), reason="Blurred", at=now, by=practitioner)

    with pytest.raises(ValidationError, match="mistake"):
        sort_photo(photo=photo, view=factories.view(), at=now, by=practitioner)


def test_a_photo_is_struck_once_with_its_reason_and_its_file_stays(take, practitioner, now):
    photo = strike_photo(photo=take(), reason=" Wrong patient ", at=now, by=practitioner)

    with pytest.raises(ValidationError, match="already"):
        strike_photo(photo=photo, reason="Again", at=now, by=practitioner)

    assert (photo.struck_because, photo.struck_by, photo.struck_at) == (
        "Wrong patient", practitioner, now,
    )  # fmt: skip
    assert AuditEvent.objects.get(action="photo.struck").reason == "Wrong patient"
    assert files() == [photo.storage_name]
    assert list(Photo.objects.shown()) == []


def test_striking_needs_a_reason(take, practitioner, now):
    with pytest.raises(ValidationError, match="Say why"):
        strike_photo(photo=take(), reason="  ", at=now, by=practitioner)


def test_opening_a_size_is_logged_with_the_size(patient, practitioner, clinic, now):
    photo = taken(patient, practitioner)

    opened = open_photo(
        key=photo.key, size="thumb", clinic=clinic, purpose="RECORD", at=now, by=practitioner
    )

    line = AuditEvent.objects.get(action="photo.viewed")
    assert (line.details, line.patient_id) == ({"size": "thumb", "purpose": "RECORD"}, patient.pk)
    assert opened.storage_name == photo.renditions.get(name="thumb").storage_name
    assert (opened.content_type, opened.file_name) == ("image/webp", f"{photo.key}-thumb.webp")


def test_large_is_the_master_until_the_sizes_are_made(patient, practitioner, clinic, now):
    photo = taken(patient, practitioner, ready=False)

    opened = open_photo(
        key=photo.key, size="large", clinic=clinic, purpose="RECORD", at=now, by=practitioner
    )

    assert (opened.storage_name, opened.content_type) == (photo.storage_name, "image/jpeg")


@pytest.mark.parametrize("size", ["thumb", "medium", "master", "original", ""])
def test_a_size_that_is_not_there_is_not_found_and_not_logged(
    patient, practitioner, clinic, now, size
):
    photo = taken(patient, practitioner, ready=False)

    with pytest.raises(Http404):
        open_photo(
            key=photo.key, size=size, clinic=clinic, purpose="RECORD", at=now, by=practitioner
        )

    assert not AuditEvent.objects.filter(action="photo.viewed").exists()
