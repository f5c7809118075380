"""The power goes at any step of taking a photo in: no row shows without a file, no file stays alone.

Twins that work in the careless order show that these checks can fail.
"""

from datetime import timedelta
from threading import Barrier, Thread
from unittest.mock import patch

import pytest
from django.db import connection
from django.utils import timezone

from clinic.models import AuditEvent
from tests.support.consents import permitted
from tests.support.photos import files, jpeg, known_files, upload
from treatments.actions import photo_files, photos, renditions
from treatments.actions.photo_files import kept, new_name
from treatments.actions.photo_rounds import reconcile
from treatments.actions.photos import take_photo
from treatments.actions.renditions import make_renditions
from treatments.models import Photo

GRACE = timedelta(hours=24)


class PowerCut(BaseException):
    """Nothing after this runs, no handler either."""


#: Where it is cut: (step, place, whether the photo can be finished from what is left).
CUTS = [
    ("before the file is decoded", (photos, "_taken_in"), False),
    ("while the file is decoded", (photos, "take_in_isolated"), False),
    ("before the row knows the file", (photos, "_camera_time"), False),
    ("before the file is written", (photos, "keep"), False),
    ("while the file is written", (photo_files.os, "fsync"), False),
    ("before the file has its name", (photo_files.Path, "replace"), False),
    ("before the folder is flushed", (photo_files, "_flush_folder"), True),
    ("before the row is shown", (photos, "settle"), True),
    ("while the row is shown", (photos, "order_renditions"), True),
]
RENDITION_CUTS = [
    ("before the master is read", (renditions, "kept")),
    ("before a size is written", (renditions, "keep")),
    ("while a size is written", (photo_files.os, "fsync")),
    ("before its row is written", (renditions.Rendition.objects, "create")),
    ("before the photo is ready", (renditions, "_mark")),
]


def ids(cuts):
    """Return the steps' names."""
    return [cut[0] for cut in cuts]


@pytest.fixture
def take(patient, practitioner):
    """Return a function that takes one and the same photo in."""
    permitted(patient, practitioner)

    def take():
        return take_photo(
            patient=patient, upload=upload(), view=None, session=None, taken_on=None,
            at=timezone.now(), by=practitioner,
        )  # fmt: skip

    return take


def put_right(django_capture_on_commit_callbacks):
    """Make the round of the next night, and the jobs it asks for."""
    with django_capture_on_commit_callbacks(execute=True):
        return reconcile(at=timezone.now() + GRACE + timedelta(hours=1), grace=GRACE)


def check_nothing_shows_without_its_file():
    """Assert that every photo a page would show can be opened."""
    there = files()
    assert [p.storage_name for p in Photo.objects.shown() if p.storage_name not in there] == []


def check_a_row_knows_every_whole_file():
    """Assert that no photo lies in the store that no row knows."""
    assert [name for name in files() if name.endswith(".jpg") and name not in known_files()] == []


@pytest.mark.parametrize(("step", "place", "can_be_finished"), CUTS, ids=ids(CUTS))
def test_a_cut_upload_is_finished_or_gone_after_the_round(
    take, django_capture_on_commit_callbacks, step, place, can_be_finished
):
    with patch.object(*place, side_effect=PowerCut), pytest.raises(PowerCut):
        take()
    check_nothing_shows_without_its_file()
    check_a_row_knows_every_whole_file()
    assert list(Photo.objects.shown()) == []

    done = put_right(django_capture_on_commit_callbacks)

    assert (done.finished, done.removed) == ((1, 0) if can_be_finished else (0, 1))
    assert files() == known_files()
    assert [photo.state for photo in Photo.objects.all()] == ["ready"] * can_be_finished
    check_nothing_shows_without_its_file()


@pytest.mark.parametrize(("step", "place", "can_be_finished"), CUTS, ids=ids(CUTS))
def test_the_same_photo_comes_in_at_the_next_try(take, step, place, can_be_finished):
    with patch.object(*place, side_effect=PowerCut), pytest.raises(PowerCut):
        take()

    photo = take()

    assert photo.state == "stored"
    assert list(Photo.objects.shown()) == [photo]
    assert len(kept(photo.storage_name)) == photo.size_bytes


@pytest.mark.parametrize(("step", "place"), RENDITION_CUTS, ids=ids(RENDITION_CUTS))
def test_a_cut_job_is_done_again_and_leaves_no_stray_size(
    take, django_capture_on_commit_callbacks, step, place
):
    photo = take()
    with patch.object(*place, side_effect=PowerCut), pytest.raises(PowerCut):
        make_renditions.func(photo.pk)
    check_nothing_shows_without_its_file()

    put_right(django_capture_on_commit_callbacks)

    photo.refresh_from_db()
    assert (photo.state, photo.renditions.count()) == ("ready", 3)
    assert files() == known_files()


def test_an_upload_on_its_way_is_left_alone(take, django_capture_on_commit_callbacks):
    with patch.object(photos, "settle", side_effect=PowerCut), pytest.raises(PowerCut):
        take()
    before = files()

    reconcile(at=timezone.now(), grace=GRACE)

    assert files() == before
    assert [photo.state for photo in Photo.objects.all()] == ["pending"]


def test_twin_a_file_before_its_row_is_found_by_the_check(clinic, db):
    """The careless order: file, power cut, no row."""
    photo_files.keep(new_name(clinic.pk, "jpg"), jpeg())

    with pytest.raises(AssertionError):
        check_a_row_knows_every_whole_file()


def test_twin_a_shown_row_before_its_file_is_found_by_the_check(patient, practitioner):
    """The other careless order: row shown, power cut, no file."""
    Photo.objects.create(
        clinic=patient.clinic, patient=patient, state="stored", taken_on=timezone.now().date(),
        uploaded_at=timezone.now(), uploaded_by=practitioner, width=1, height=1, sha256="0" * 64,
        storage_name=new_name(patient.clinic_id, "jpg"),
    )  # fmt: skip

    with pytest.raises(AssertionError):
        check_nothing_shows_without_its_file()


def test_twin_without_the_part_a_cut_leaves_half_a_photo_under_its_name(clinic, db):
    """Written straight under its name, a photo that stops half way looks like a photo."""
    name = new_name(clinic.pk, "jpg")
    whole = jpeg()

    with patch.object(photo_files.os, "fsync", side_effect=PowerCut), pytest.raises(PowerCut):
        photo_files.keep(name, whole)
    assert not photo_files.is_kept(name)

    careless = photo_files.Path(photo_files.storages["photos"].path(name))
    careless.write_bytes(whole[:100])
    assert photo_files.is_kept(name)


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_four_times_at_once_is_one_photo(patient, practitioner):
    permitted(patient, practitioner)
    start, outcomes = Barrier(4), []

    def send():
        start.wait()
        try:
            photo = take_photo(
                patient=patient, upload=upload(), view=None, session=None, taken_on=None,
                at=timezone.now(), by=practitioner,
            )  # fmt: skip
            outcomes.append(photo.pk)
        finally:
            connection.close()

    threads = [Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    photo = Photo.objects.get()
    assert outcomes == [photo.pk] * 4
    assert (photo.state, files()) == ("ready", known_files())
    assert AuditEvent.objects.filter(action="photo.taken").count() == 1
