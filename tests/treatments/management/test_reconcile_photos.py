"""The nightly round over photos: what it mends, what it leaves alone, what it tells."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.utils import timezone

from clinic.models import AuditEvent
from tests.support.photos import files, jpeg, known_files, taken
from treatments.actions.photo_files import keep, new_name
from treatments.models import Photo


@pytest.fixture
def photo(patient, practitioner):
    """Return a photo with its three sizes."""
    return taken(patient, practitioner, at=timezone.now())


@pytest.fixture
def go_round(django_capture_on_commit_callbacks):
    """Return a function that runs the command and the jobs it asks for, and gives its line."""

    def go_round(**options):
        out = StringIO()
        with django_capture_on_commit_callbacks(execute=True):
            call_command("reconcile_photos", stdout=out, **options)
        return out.getvalue().strip()

    return go_round


def place_of(name):
    """Return where a file lies."""
    return Path(storages["photos"].path(name))


def figures(finished=0, removed=0, orphans=0, forgotten=0, ordered=0):
    """Return the line of a round."""
    return (
        f"{finished} uploads finished, {removed} taken back, {orphans} stray files deleted,"
        f" {forgotten} sizes forgotten, {ordered} photos asked for again."
    )


def test_a_sound_store_is_left_as_it_is(photo, go_round):
    before = files()

    assert go_round(grace_hours=0, verify=True) == figures()
    assert files() == before


def test_an_empty_store_is_sound(db, go_round):
    assert go_round(grace_hours=0, verify=True) == figures()


def test_a_stray_file_goes_after_a_day_and_not_before(photo, clinic, go_round):
    keep(new_name(clinic.pk, "jpg"), jpeg())

    assert go_round() == figures()
    assert go_round(grace_hours=0) == figures(orphans=1)
    assert files() == known_files()


def test_half_written_files_go(photo, clinic, go_round):
    part = place_of(photo.storage_name).with_suffix(".part")
    part.write_bytes(b"half")

    assert go_round(grace_hours=0) == figures(orphans=1)
    assert not part.exists()


def test_what_is_not_ours_is_left_alone(photo, go_round):
    root = Path(storages["photos"].location)
    (root / "lost+found").mkdir()
    (root / "lost+found/README.jpg").write_bytes(b"x")
    (root / "README").write_bytes(b"x")

    assert go_round(grace_hours=0) == figures()
    assert (root / "lost+found/README.jpg").exists()
    assert (root / "README").exists()


def test_an_upload_nobody_finished_is_taken_back_and_logged(patient, practitioner, go_round):
    Photo.objects.create(
        clinic=patient.clinic, patient=patient, taken_on=timezone.now().date(),
        uploaded_at=timezone.now(), uploaded_by=practitioner, storage_name="c1/aa/never.jpg",
    )  # fmt: skip

    assert go_round() == figures()
    assert go_round(grace_hours=0) == figures(removed=1)
    line = AuditEvent.objects.get(action="photo.taken_back")
    assert (line.actor_name, line.patient_id) == ("Needlepoint", patient.pk)


def test_an_upload_whose_file_is_not_the_promised_one_is_taken_back(photo, go_round):
    Photo.objects.filter(pk=photo.pk).update(state="pending")
    photo.renditions.all().delete()
    place_of(photo.storage_name).write_bytes(jpeg(1))

    line = go_round(grace_hours=0)

    assert line == figures(removed=1, orphans=3)  # its sizes are strangers now
    assert files() == []


def test_sizes_that_were_never_made_are_asked_for_again(patient, practitioner, go_round):
    photo = taken(patient, practitioner, at=timezone.now(), ready=False)

    assert go_round() == figures(ordered=1)
    photo.refresh_from_db()
    assert (photo.state, photo.renditions.count()) == ("ready", 3)


def test_a_size_whose_file_is_gone_is_made_again(photo, go_round):
    place_of(photo.renditions.get(name="medium").storage_name).unlink()

    assert go_round(grace_hours=0) == figures(forgotten=1, ordered=1)
    assert files() == known_files()
    photo.refresh_from_db()
    assert (photo.state, photo.renditions.count()) == ("ready", 3)


def test_an_altered_size_is_found_by_its_hash_and_made_again(photo, go_round):
    place_of(photo.renditions.get(name="thumb").storage_name).write_bytes(b"RIFF")

    assert go_round(grace_hours=0) == figures()
    assert go_round(grace_hours=0, verify=True) == figures(forgotten=1, ordered=1)
    assert files() == known_files()


def test_one_flipped_byte_of_a_master_is_found_and_nothing_is_removed(photo, go_round):
    place = place_of(photo.storage_name)
    data = bytearray(place.read_bytes())
    data[-3] ^= 1
    place.write_bytes(data)

    with pytest.raises(CommandError, match=f"altered: {photo.pk}"):
        go_round(grace_hours=0, verify=True)

    assert len(files()) == 4


def test_a_master_that_is_gone_is_told_and_its_row_stays(photo, go_round):
    place_of(photo.storage_name).unlink()

    with pytest.raises(CommandError, match=f"without a file: {photo.pk};"):
        go_round(grace_hours=0)

    assert Photo.objects.get().state == "ready"


def test_a_store_that_is_gone_altogether_is_told(photo, go_round, settings, tmp_path):
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {**settings.STORAGES["photos"], "OPTIONS": {"location": str(tmp_path / "no")}},
    }

    with pytest.raises(CommandError, match=f"without a file: {photo.pk};"):
        go_round(grace_hours=0)


def test_a_negative_age_is_refused(db):
    with pytest.raises(CommandError, match="0 or more"):
        call_command("reconcile_photos", grace_hours=-1)
