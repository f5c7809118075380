"""The round that brings photos' rows and files back together after something broke.

Row and file are two systems without a common transaction. `take_photo` and `make_renditions` work
in an order that leaves at every step enough behind to know which way to finish; this is where it
is finished. Running it twice, or beside the app at work, does no harm.
"""

import hashlib
import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Count, Q

from clinic.actions.audit import record
from clinic.actions.locks import deed
from treatments.actions import photo_files
from treatments.actions.photos import settle
from treatments.actions.renditions import SIZES, order_renditions
from treatments.models import Photo, Rendition

log = logging.getLogger(__name__)


@dataclass
class Round:
    """What one round did. `lost` and `altered` name photos a person has to look at."""

    finished: int = 0
    removed: int = 0
    orphans: int = 0
    ordered: int = 0
    remade: int = 0
    lost: list[int] = field(default_factory=list)
    altered: list[int] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Say whether every photo that is shown has its own, unaltered master."""
        return not self.lost and not self.altered


def reconcile(*, at: datetime, grace: timedelta, verify: bool = False, by=None) -> Round:
    """Walk all rows and files once and return what was done.

    Nothing younger than `grace` is touched: it may be on its way. `verify` reads every file and
    holds it against the hash in its row. A master that is gone or altered is told, never removed.
    """
    done = Round()
    before = at - grace
    _pending(done, before, at, by)
    for folder in _all_folders():
        there = photo_files.names_in(folder)  # before the rows: a row is always older than its file
        _orphans(done, there, before)
        _missing(done, folder, set(there), before)
    if verify:
        _verify(done, before)
    _order(done)
    return done


def _pending(done: Round, before, at, by) -> None:
    """Finish the promise whose file is whole; take back the one whose file is not."""
    for photo in Photo.objects.filter(state=Photo.State.PENDING, uploaded_at__lt=before):
        if photo.sha256 and _is_whole(photo.storage_name, photo.sha256):
            settle(photo=photo, at=at, by=by)
            done.finished += 1
        elif _take_back(photo, at, by):
            photo_files.discard(photo.storage_name)
            done.removed += 1


@deed
def _take_back(photo: Photo, at, by) -> bool:
    """Delete a promise nobody kept, if it still is one."""
    if not Photo.objects.filter(pk=photo.pk, state=Photo.State.PENDING).delete()[0]:
        return False
    record("photo.taken_back", photo, at=at, by=by, category="photo", reason="unfinished upload")
    return True


def _is_whole(name: str, sha256: str) -> bool:
    try:
        return hashlib.sha256(photo_files.kept(name)).hexdigest() == sha256
    except FileNotFoundError:
        return False


def _all_folders() -> list[str]:
    """Return the folders that hold files, and those that rows say should."""
    found = set(photo_files.folders())
    for names in (Photo.objects.all(), Rendition.objects.all()):
        rows = names.values_list("storage_name", flat=True).iterator()
        found |= {name.rpartition("/")[0] for name in rows}
    return sorted(found)


def _orphans(done: Round, there: list[str], before) -> None:
    """Delete files that no row knows, half-written ones among them."""
    known = set(Photo.objects.filter(storage_name__in=there).values_list("storage_name", flat=True))
    known |= set(
        Rendition.objects.filter(storage_name__in=there).values_list("storage_name", flat=True)
    )
    for name in there:
        if name not in known and photo_files.changed_at(name) < before:
            photo_files.discard(name)
            done.orphans += 1


def _missing(done: Round, folder: str, there: set[str], before) -> None:
    """Tell of masters that are gone; forget sizes that are, so that they are made again."""
    for photo in _old(before).filter(storage_name__startswith=f"{folder}/"):
        if photo.storage_name not in there:
            done.lost.append(photo.pk)
    for made in Rendition.objects.filter(
        storage_name__startswith=f"{folder}/", photo__uploaded_at__lt=before
    ):
        if made.storage_name not in there:
            _forget(done, made)


def _verify(done: Round, before) -> None:
    """Read every file and compare it with its hash."""
    for photo in _old(before).iterator():
        if photo.pk not in done.lost and not _is_whole(photo.storage_name, photo.sha256):
            done.altered.append(photo.pk)
            log.error("The master of photo %s is not what was stored", photo.pk)
    for made in Rendition.objects.filter(photo__uploaded_at__lt=before).iterator():
        if not _is_whole(made.storage_name, made.sha256):
            _forget(done, made)
            photo_files.discard(made.storage_name)


def _old(before):
    """Return the photos, struck ones too, whose file must be there."""
    return Photo.objects.exclude(state=Photo.State.PENDING).filter(uploaded_at__lt=before)


@deed
def _forget(done: Round, made: Rendition) -> None:
    """Forget one size of a photo; the photo is then asked for again."""
    made.delete()
    Photo.objects.filter(pk=made.photo_id, state=Photo.State.READY).update(state=Photo.State.STORED)
    done.remade += 1


def _order(done: Round) -> None:
    """Ask again for sizes that are not there; a job that runs twice does nothing the second time."""
    made = Count("renditions", filter=Q(renditions__name__in=SIZES))
    short = Photo.objects.shown().annotate(made=made)
    short = short.filter(Q(made__lt=len(SIZES)) | ~Q(state=Photo.State.READY))
    for pk in list(short.exclude(pk__in=done.lost + done.altered).values_list("pk", flat=True)):
        order_renditions(pk)
        done.ordered += 1
