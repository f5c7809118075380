"""The gate: who gets which size of which photo, with which headers, and what is written down."""

import io
import re
import uuid

import pytest
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image

from clinic.models import AuditEvent, Membership, Role
from tests import factories
from tests.support.photos import taken
from treatments.actions.photos import strike_photo
from treatments.models import Photo

SIZES = ("thumb", "medium", "large")


@pytest.fixture
def photo(patient, practitioner):
    """Return a photo with its three sizes."""
    return taken(patient, practitioner)


def address(photo, size="thumb"):
    """Return where a size of a photo is asked for."""
    return reverse("photo_file", args=[photo.key, size])


def views():
    """Return the lines of the log that tell of a photo being looked at."""
    return AuditEvent.objects.filter(action="photo.viewed")


def without_token(answer):
    """Return a page without the token that is another one every time."""
    return re.sub(rb'"x-csrftoken": "\w+"|value="\w{64}"', b"", answer.content)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.PRACTITIONER, 200), (Role.LEAD, 200), (Role.FRONT_DESK, 403), (Role.AUDITOR, 403)],
)
def test_each_size_opens_for_care_alone(photo, clinic, as_user, role, status, size):
    client = as_user(factories.staff(clinic, role))

    answer = client.get(address(photo, size))

    assert answer.status_code == status
    assert views().count() == (1 if status == 200 else 0)


def test_without_signing_in_there_is_the_sign_in_page(photo, client):
    answer = client.get(address(photo))

    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")


@pytest.mark.parametrize("size", [*SIZES, "master", "original", "jpg"])
def test_another_clinics_photo_is_the_same_as_no_photo(photo, as_user, size):
    client = as_user(factories.staff(factories.clinic_with_diary(), Role.LEAD))

    foreign = client.get(address(photo, size))
    unknown = client.get(reverse("photo_file", args=[uuid.uuid4(), size]))

    assert (foreign.status_code, unknown.status_code) == (404, 404)
    assert without_token(foreign) == without_token(unknown)
    assert not views().exists()


def test_a_size_nobody_made_is_not_found(photo, practitioner, as_user):
    for size in ("master", "original", "THUMB", "jpg"):
        assert as_user(practitioner).get(address(photo, size)).status_code == 404


def test_a_struck_photo_is_not_found_by_anybody(photo, clinic, practitioner, lead, as_user, now):
    strike_photo(photo=photo, reason="Wrong patient", at=now, by=practitioner)

    for user in (practitioner, lead):
        assert {as_user(user).get(address(photo, size)).status_code for size in SIZES} == {404}


def test_a_photo_that_never_arrived_is_not_found(photo, practitioner, as_user):
    Photo.objects.filter(pk=photo.pk).update(state="pending")

    assert as_user(practitioner).get(address(photo)).status_code == 404


def test_who_left_the_clinic_sees_nothing(photo, practitioner, as_user, now):
    client = as_user(practitioner)
    Membership.objects.filter(user=practitioner).update(ended_at=now)

    assert client.get(address(photo)).status_code == 403


@pytest.mark.parametrize("size", SIZES)
def test_every_answer_carries_the_headers(photo, practitioner, as_user, size):
    answer = as_user(practitioner).get(address(photo, size))

    told = {name: answer.headers.get(name) for name in (
        "Content-Type", "Cache-Control", "X-Content-Type-Options", "Cross-Origin-Resource-Policy",
        "Content-Security-Policy", "Content-Disposition", "X-Frame-Options")}  # fmt: skip
    assert told == {
        "Content-Type": "image/webp",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Content-Disposition": f'inline; filename="{photo.key}-{size}.webp"',
        "X-Frame-Options": "DENY",
    }


@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_are_the_size_asked_for(photo, practitioner, as_user, size):
    answer = as_user(practitioner).get(address(photo, size))

    data = b"".join(answer.streaming_content)
    made = photo.renditions.get(name=size)
    assert Image.open(io.BytesIO(data)).size == (made.width, made.height)
    assert int(answer["Content-Length"]) == made.size_bytes


def test_a_fresh_photo_has_no_small_size_and_its_large_one_is_the_master(
    patient, practitioner, as_user
):
    photo = taken(patient, practitioner, ready=False)
    client = as_user(practitioner)

    answers = {size: client.get(address(photo, size)) for size in SIZES}

    assert {size: answer.status_code for size, answer in answers.items()} == {
        "thumb": 404, "medium": 404, "large": 200,
    }  # fmt: skip
    assert answers["large"]["Content-Type"] == "image/jpeg"
    assert answers["large"]["Content-Disposition"] == f'inline; filename="{photo.key}.jpg"'


@pytest.mark.parametrize(
    ("site", "status"),
    [("cross-site", 403), ("same-origin", 200), ("same-site", 200), ("none", 200)],
)
def test_another_site_cannot_embed_a_photo(photo, practitioner, as_user, site, status):
    answer = as_user(practitioner).get(address(photo), headers={"sec-fetch-site": site})

    assert answer.status_code == status
    assert views().count() == (1 if status == 200 else 0)


def test_each_look_is_one_line_with_the_person_the_patient_and_the_size(
    photo, patient, practitioner, as_user
):
    client = as_user(practitioner)

    for size in ("thumb", "large", "large"):
        client.get(address(photo, size))

    lines = list(
        views().order_by("seq").values_list("actor_id", "patient_id", "object_id", "details")
    )
    assert lines == [
        (practitioner.pk, patient.pk, str(photo.pk), {"size": size, "purpose": "RECORD"})
        for size in ("thumb", "large", "large")
    ]


def test_a_front_server_sends_the_file_where_it_is_told_to(photo, practitioner, as_user, settings):
    settings.PHOTO_ACCEL_PREFIX = "/_photos/"

    answer = as_user(practitioner).get(address(photo, "large"))

    made = photo.renditions.get(name="large")
    assert answer["X-Accel-Redirect"] == f"/_photos/{made.storage_name}"
    assert (answer.content, answer["Content-Type"]) == (b"", "image/webp")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert views().count() == 1


def test_a_file_that_is_gone_is_not_found(photo, practitioner, as_user):
    storages["photos"].delete(photo.renditions.get(name="thumb").storage_name)

    assert as_user(practitioner).get(address(photo)).status_code == 404


@pytest.mark.parametrize("size", ["..%2f..%2fneedlepoint.sqlite3", "%2e%2e", "thumb%00"])
def test_no_address_leads_out_of_the_store(photo, practitioner, as_user, size):
    assert as_user(practitioner).get(f"/photos/{photo.key}/{size}/").status_code == 404
