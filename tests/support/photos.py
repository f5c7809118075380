"""Photos for tests: uploads as a browser sends them, rows with real files, what lies in the store."""

import io
from datetime import timedelta
from pathlib import Path

from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests import factories
from tests.support.consents import permitted
from treatments.actions.photos import take_photo
from treatments.actions.renditions import make_renditions
from treatments.models import Photo


def jpeg(shade=90, size=(240, 320), **options) -> bytes:
    """Return a plain JPEG; another shade is another photo."""
    out = io.BytesIO()
    Image.new("RGB", size, (200, shade, 110)).save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def upload(data=None, name="IMG_0001.jpg") -> SimpleUploadedFile:
    """Return a file as a form receives it."""
    return SimpleUploadedFile(name, jpeg() if data is None else data, content_type="image/jpeg")


def taken(patient, by, *, shade=90, days_ago=0, view=None, session=None, ready=True,
          at=factories.NOW) -> Photo:  # fmt: skip
    """Return a photo with its file, and its sizes unless `ready` is False."""
    permitted(patient, by)
    at -= timedelta(days=days_ago)
    photo = take_photo(
        patient=patient, upload=jpeg(shade), view=view, session=session, taken_on=at.date(), at=at,
        by=by,
    )  # fmt: skip
    if ready:
        make_renditions.func(photo.pk)
        photo.refresh_from_db()
    return photo


def files() -> list[str]:
    """Return the names of all files in the store."""
    root = Path(storages["photos"].location)
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def known_files() -> list[str]:
    """Return the names that rows know."""
    names = list(Photo.objects.values_list("storage_name", flat=True))
    names += list(Photo.objects.values_list("renditions__storage_name", flat=True))
    return sorted(name for name in names if name)
