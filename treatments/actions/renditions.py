"""Make the smaller sizes of a photo, after it is stored and outside the request.

A job carries the photo's id and nothing else. It may run twice, or stop half way: what is there is
left alone, what is missing is made.
"""

import logging
from functools import partial

from django.db import IntegrityError, transaction
from django_tasks import task

from treatments.actions.photo_files import discard, keep, kept, new_name
from treatments.imaging.renditions import RENDITIONS, render
from treatments.models import Photo, Rendition

log = logging.getLogger(__name__)

SIZES = tuple(name for name, _ in RENDITIONS)
WAITING = (Photo.State.STORED, Photo.State.FAILED)


def order_renditions(photo_id: int) -> None:
    """Ask for a photo's sizes once this transaction is committed.

    A queue that does not answer costs nobody the photo: `reconcile_photos` asks again.
    """
    transaction.on_commit(partial(make_renditions.enqueue, photo_id), robust=True)


@task()
def make_renditions(photo_id: int) -> None:
    """Make the sizes a photo lacks and mark it ready; mark it failed where that cannot be done."""
    photo = Photo.objects.filter(pk=photo_id).exclude(state=Photo.State.PENDING).first()
    if photo is None:
        return
    try:
        _make_missing(photo)
    except Exception:  # a photo that cannot be shrunk is still there whole: say so and go on
        log.exception("The sizes of photo %s could not be made", photo_id)
        _mark(photo, Photo.State.FAILED)
    else:
        _mark(photo, Photo.State.READY)


def _make_missing(photo: Photo) -> None:
    there = set(photo.renditions.values_list("name", flat=True))
    missing = [size for size in RENDITIONS if size[0] not in there]
    if not missing:
        return
    for name, made in render(kept(photo.storage_name), sizes=missing).items():
        _add(photo, name, made)


def _add(photo: Photo, name: str, made) -> None:
    """Keep one size, file before row; where another worker was quicker, its file stands."""
    storage_name = new_name(photo.clinic_id, "webp")
    keep(storage_name, made.bytes)
    try:
        with transaction.atomic():
            Rendition.objects.create(
                photo=photo, name=name, storage_name=storage_name, width=made.width,
                height=made.height, size_bytes=len(made.bytes), sha256=made.sha256,
            )  # fmt: skip
    except IntegrityError:
        discard(storage_name)
        if not photo.renditions.filter(name=name).exists():
            raise


def _mark(photo: Photo, state: str) -> None:
    Photo.objects.filter(pk=photo.pk, state__in=WAITING).update(state=state)
