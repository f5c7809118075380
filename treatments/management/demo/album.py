"""File the demo's photos: drawn and made small in the background while the story is written.

`take_photo` decodes a stranger's file behind a wall and commits at every step. These pictures are our
own and belong to the story's one transaction, so the same parts are put together here: the same
clean master, the same sizes, the same rows, the same line in the audit.
"""

from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from random import Random
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import storages

from clinic.actions.audit import record
from treatments.imaging.intake import Limits, Master, take_in
from treatments.imaging.renditions import RENDITIONS, Rendition, render
from treatments.management.demo.people import phototype
from treatments.management.demo.skin import Shot, photograph
from treatments.models import Photo, View
from treatments.models import Rendition as Size

VIEWS = ("BK_FULL", "BK_UPPER_L", "BK_UPPER_R")
PAINTERS = 2
EFFORT = 1  # a quarter of the time, and of pictures this small not a byte more


class Album:
    """Pictures on their way and files kept; a story that breaks off leaves no file behind."""

    def __init__(self, painters: ThreadPoolExecutor, views: Iterable[str], seed: str) -> None:
        self._painters = painters
        self._rng = Random(seed)  # noqa: S311 -- names of files nobody must guess are not made here
        self._views = {code: View.objects.get(code=code) for code in views}
        self._coming: dict[Shot, Future] = {}
        self._kept: list[str] = []

    def expect(self, person: int, visits: Iterable[int]) -> None:
        """Begin to draw a person at these visits."""
        for visit in visits:
            for view in self._views:
                shot = Shot(person, phototype(person), view, visit)
                self._coming[shot] = self._painters.submit(_developed, shot)

    def add(self, *, patient, person: int, visit: int, session, at: datetime, by) -> None:
        """File one picture of each view, as `expect` had them drawn."""
        for code, view in self._views.items():
            shot = Shot(person, phototype(person), code, visit)
            self._file(*self._coming.pop(shot).result(), patient=patient, view=view,
                       session=session, at=at, by=by)  # fmt: skip

    def _file(self, master: Master, sizes: dict[str, Rendition], *, at, by, **of) -> None:
        clinic = of["patient"].clinic
        photo = Photo.objects.create(
            key=self._uuid(), clinic=clinic, state=Photo.State.READY, taken_on=clinic.local_date(at),
            taken_at=at, uploaded_at=at, uploaded_by=by, width=master.width, height=master.height,
            size_bytes=len(master.bytes), sha256=master.sha256,
            original_sha256=master.original_sha256, original_format=master.original_format,
            storage_name=self._keep(clinic, "jpg", master.bytes), **of,
        )  # fmt: skip
        Size.objects.bulk_create(
            Size(photo=photo, name=name, storage_name=self._keep(clinic, "webp", size.bytes),
                 width=size.width, height=size.height, size_bytes=len(size.bytes),
                 sha256=size.sha256)
            for name, size in sizes.items()
        )  # fmt: skip
        record("photo.taken", photo, at=at, by=by, category="photo",
               details={"session": photo.session_id, "view": photo.view_id})  # fmt: skip

    def _uuid(self) -> UUID:
        return UUID(int=self._rng.getrandbits(128), version=4)

    def _keep(self, clinic, extension: str, data: bytes) -> str:
        token = self._uuid()
        wanted = f"c{clinic.pk}/{token.hex[:2]}/{token}.{extension}"
        self._kept.append(storages["photos"].save(wanted, ContentFile(data)))
        return self._kept[-1]

    def burn(self) -> None:
        """Delete every file kept so far."""
        for name in self._kept:
            storages["photos"].delete(name)


@contextmanager
def album(seed: str, views: Iterable[str] = VIEWS):
    """Yield an album; when the block fails its files are deleted again."""
    with ThreadPoolExecutor(PAINTERS) as painters:
        made = Album(painters, views, seed)
        try:
            yield made
        except BaseException:
            painters.shutdown(wait=False, cancel_futures=True)
            made.burn()
            raise


def _developed(shot: Shot) -> tuple[Master, dict[str, Rendition]]:
    """Draw a picture and make of it what the app keeps of an upload."""
    master = take_in(photograph(shot), limits=Limits())
    longest = max(master.width, master.height)
    least = min(side for _, side in RENDITIONS if side >= longest)
    sizes = [size for size in RENDITIONS if size[1] <= least]
    made = render(master.bytes, sizes=sizes, effort=EFFORT)
    whole = max(made.values(), key=lambda size: size.width)
    return master, {name: made.get(name, whole) for name, _ in RENDITIONS}
