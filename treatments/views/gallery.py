"""What the photo pages show: a patient's photos by view, and two of them beside each other."""

from dataclasses import dataclass
from datetime import date
from itertools import groupby

from django.conf import settings
from django.http import Http404

from treatments.models import Photo, PhotoPermission, View


@dataclass(frozen=True)
class Shelf:
    """One standard view with its photos, oldest first."""

    view: View
    photos: list[Photo]

    @property
    def span_days(self) -> int:
        """Return days from the first photo to the last."""
        return (self.photos[-1].taken_on - self.photos[0].taken_on).days

    @property
    def can_compare(self) -> bool:
        """Say whether there are two photos to hold beside each other."""
        return len(self.photos) > 1


@dataclass(frozen=True)
class Choice:
    """One view to take a photo of, and whether that is done today."""

    view: View
    is_done: bool


def board(patient, clinic, *, today: date) -> dict:
    """Return what the gallery prints. Four queries, however many photos there are.

    `permission` is the patient's last answer about photos for the record, None where nobody asked.
    """
    rows, apart = _settled(patient, clinic)
    done = {photo.view_id for photo in rows if photo.taken_on == today}
    views = list(View.objects.for_patient(patient))
    shelves = _shelves(rows)
    others = [shelf.view for shelf in shelves if shelf.view not in views]
    asked = PhotoPermission.objects.filter(patient=patient, scope=PhotoPermission.Scope.RECORD)
    permission = asked.order_by("-pk").first()
    return {
        "permission": permission, "may_take": permission is not None and permission.stands,
        "patient": patient, "today": today, "clinic": clinic, "apart": apart,
        "count": len(rows) + len(apart),
        "allergies": patient.allergies.filter(ended_on=None),
        "unsorted": [photo for photo in rows if photo.view_id is None],
        "shelves": shelves, "can_compare": any(shelf.can_compare for shelf in shelves),
        "views": views, "sort_views": views + others, "max_bytes": settings.PHOTO_MAX_BYTES,
        "max_megabytes": settings.PHOTO_MAX_BYTES // 1024**2,
        "choices": [Choice(view, view.pk in done) for view in views],
    }  # fmt: skip


def _shown(patient):
    rows = Photo.objects.filter(patient=patient).shown().for_gallery()
    return rows.select_related("view", "session__planned_session")


def _settled(patient, clinic) -> tuple[list[Photo], list[Photo]]:
    """Return the photos whose day is sure, and those whose camera and session disagree about it."""
    rows = list(_shown(patient))
    apart = [photo for photo in rows if photo.is_dated_apart(clinic.zone)]
    return [photo for photo in rows if photo not in apart], apart


def _shelves(rows) -> list[Shelf]:
    sorted_in = [photo for photo in rows if photo.view_id]
    return [Shelf(view, list(group)) for view, group in groupby(sorted_in, lambda row: row.view)]


def pair_of(patient, clinic, asked, *, today: date) -> dict:
    """Return a view's baseline and latest photo, or the two that were asked for.

    `asked` may hold `view` (an id), `first` and `second` (keys of photos of that view). Anything
    that is not there is a 404.
    """
    shelves = _shelves(_settled(patient, clinic)[0])
    shelf = _shelf(shelves, asked.get("view", ""))
    facts = {"patient": patient, "today": today, "shelves": shelves, "shelf": shelf,
             "allergies": patient.allergies.filter(ended_on=None)}  # fmt: skip
    if shelf is None or not shelf.can_compare:
        return facts
    first = _photo(shelf, asked.get("first", ""), shelf.photos[0])
    second = _photo(shelf, asked.get("second", ""), shelf.photos[-1])
    days = (second.taken_on - first.taken_on).days
    return facts | {"first": first, "second": second, "days": days}


def _shelf(shelves, view_id: str) -> Shelf | None:
    """Return the view asked for, else the first with something to compare, else the first."""
    if view_id:
        found = next((shelf for shelf in shelves if str(shelf.view.pk) == view_id), None)
        if found is None:
            raise Http404
        return found
    return next((shelf for shelf in shelves if shelf.can_compare), shelves[0] if shelves else None)


def _photo(shelf, key: str, default: Photo) -> Photo:
    if not key:
        return default
    found = next((photo for photo in shelf.photos if str(photo.key) == key), None)
    if found is None:
        raise Http404
    return found
