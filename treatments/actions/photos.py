"""Deeds on photos: take one in, sort it, strike it out, open its file."""

import logging
from dataclasses import dataclass
from datetime import date, datetime
from threading import BoundedSemaphore
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404
from django.shortcuts import get_object_or_404

from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.models import Clinic, Patient
from treatments.actions.photo_files import discard, keep, new_name
from treatments.actions.renditions import SIZES, order_renditions
from treatments.imaging.intake import Limits, Master, PhotoRefused
from treatments.imaging.isolated import take_in_isolated
from treatments.models import Photo, PhotoPermission, TreatmentSession, View

log = logging.getLogger(__name__)

#: A decoder may take a gigabyte. No process of ours runs more than two; a third upload waits.
DECODERS = BoundedSemaphore(2)
FIRST_CAMERA_YEAR = 1990  # what a camera whose clock was never set writes lies before
NOT_KEPT = "This photo could not be stored just now. Try again in a moment."
NO_PERMISSION = "The patient has not permitted photos for the record. Ask, and record the answer."
JPEG, WEBP = "image/jpeg", "image/webp"


class PhotoNotKept(Exception):  # noqa: N818 (nobody's mistake: the store did not answer)
    """The photo is good and could not be stored; the same upload may work in a moment."""

    sentence = NOT_KEPT

    def __str__(self) -> str:
        return self.sentence


class PhotoNotPermitted(PermissionDenied):
    """The patient has not permitted this: taking a photo, or this use of one."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def take_photo(
    *, patient: Patient, upload, view: View | None, session: TreatmentSession | None,
    taken_on: date | None, at: datetime, by,
) -> Photo:  # fmt: skip
    """Take an uploaded photo in and return its row, stored; its sizes follow in the background.

    `upload` is a file or bytes; `taken_on` None asks the camera, then the session, then `at`. A
    file that is on file for this patient returns that photo, whose `uploaded_at` is then not `at`.
    Raises PhotoNotPermitted without the patient's permission for the record, PhotoRefused (its
    sentence is for the person) and PhotoNotKept; all leave nothing.

    Not one transaction but a chain of them, none held while a file is decoded or written: the row
    is promised, the file made, the row told what the file will be, the file kept, the row shown.
    Wherever it breaks, `reconcile_photos` knows from row and file which way to finish.
    """
    if session is not None and session.patient_id != patient.pk:
        raise ValueError("The session record is another patient's.")
    photo = _promise(patient, view, session, at, by)
    try:
        master = _taken_in(upload)
    except PhotoRefused as refused:
        _turn_away(photo, refused, at, by)
        raise
    photo = _tell(photo, master, taken_on, at)
    if photo.state != Photo.State.PENDING:
        return photo
    _keep(photo, master)
    return settle(photo=photo, at=at, by=by)


@transaction.atomic(durable=True)
def _promise(patient, view, session, at, by) -> Photo:
    """Write the row before the file: from here on no file can be there that no row knows."""
    if not PhotoPermission.objects.permits(patient.pk, PhotoPermission.Scope.RECORD):
        raise PhotoNotPermitted(NO_PERMISSION)
    return Photo.objects.create(
        clinic=patient.clinic, patient=patient, view=view, session=session,
        taken_on=patient.clinic.local_date(at), uploaded_at=at, uploaded_by=by,
        storage_name=new_name(patient.clinic_id, "jpg"),
    )  # fmt: skip


def _taken_in(upload) -> Master:
    """Return the clean photo of an upload, made behind the wall of another process."""
    limits = Limits(max_bytes=settings.PHOTO_MAX_BYTES)
    if not isinstance(upload, bytes):
        upload.seek(0)
        upload = upload.read(limits.max_bytes + 1)
    with DECODERS:
        return take_in_isolated(upload, limits=limits)


@transaction.atomic(durable=True)
def _turn_away(photo: Photo, refused: PhotoRefused, at, by) -> None:
    """Take the promised row back; the log keeps that and why a file was refused."""
    record("photo.refused", photo.patient, clinic=photo.clinic, at=at, by=by,
           patient=photo.patient, category="photo", reason=refused.code)  # fmt: skip
    photo.delete()


def _tell(photo: Photo, master: Master, taken_on: date | None, at) -> Photo:
    """Write into the row what the file will be; return the row that stands for this file.

    That is another one where the same file is on file already. One that another upload left
    unfinished is finished by this one.
    """
    taken_at = _camera_time(master, photo, at)
    try:
        with transaction.atomic(durable=True):
            Photo.objects.filter(pk=photo.pk).update(
                taken_at=taken_at, taken_on=taken_on or _day(photo, taken_at),
                width=master.width, height=master.height, size_bytes=len(master.bytes),
                sha256=master.sha256, original_sha256=master.original_sha256,
                original_format=master.original_format,
            )  # fmt: skip
    except IntegrityError:
        standing = Photo.objects.filter(
            patient_id=photo.patient_id, original_sha256=master.original_sha256, struck_at=None
        ).first()
        photo.delete()
        if standing is None:
            raise
        if standing.state == Photo.State.PENDING and standing.sha256 != master.sha256:
            Photo.objects.filter(pk=standing.pk, state=Photo.State.PENDING).update(
                sha256=master.sha256, size_bytes=len(master.bytes)
            )
        return standing
    photo.refresh_from_db()
    return photo


def _camera_time(master: Master, photo: Photo, at: datetime) -> datetime | None:
    """Return the camera's time as an instant; None where its clock cannot be right."""
    written = master.taken_at
    if written is None or not FIRST_CAMERA_YEAR <= written.year <= at.year + 1:
        return None
    if master.taken_offset:
        offset = datetime.strptime(master.taken_offset, "%z").tzinfo
        taken_at = written.replace(tzinfo=offset)
    else:
        taken_at = written.replace(tzinfo=photo.clinic.zone)
    return taken_at if taken_at <= at else None


def _day(photo: Photo, taken_at: datetime | None) -> date:
    """Return the day of a photo nobody has dated: the camera's, the session's, the upload's."""
    if taken_at is not None:
        return photo.clinic.local_date(taken_at)
    return photo.session.performed_on if photo.session else photo.taken_on


def _keep(photo: Photo, master: Master) -> None:
    """Keep the file; where the store fails take the promise back, so that a retry starts anew."""
    try:
        keep(photo.storage_name, master.bytes)
    except Exception as fault:
        log.exception("A photo could not be kept")
        Photo.objects.filter(pk=photo.pk, state=Photo.State.PENDING).delete()
        discard_quietly(photo.storage_name)
        raise PhotoNotKept from fault


def discard_quietly(name: str) -> None:
    """Delete a file where the store lets us; what stays is an orphan and goes with the next round."""
    try:
        discard(name)
    except Exception:
        log.warning("A file of a photo stays behind for reconcile_photos")


@deed
def settle(*, photo: Photo, at: datetime, by) -> Photo:
    """Show a promised photo whose file is kept, and ask for its sizes. Doing it twice is once."""
    waiting = Photo.objects.filter(pk=photo.pk, state=Photo.State.PENDING)
    if waiting.update(state=Photo.State.STORED):
        record("photo.taken", photo, at=at, by=by, category="photo",
               details={"session": photo.session_id, "view": photo.view_id})  # fmt: skip
        order_renditions(photo.pk)
    settled = Photo.objects.filter(pk=photo.pk).first()
    if settled is None:  # another upload of the same file took its promise back
        raise PhotoNotKept
    return settled


@deed
def sort_photo(*, photo: Photo, view: View | None, at: datetime, by) -> Photo:
    """Put a photo under another standard view, or under none yet; return the new row."""
    current = Photo.objects.select_for_update().get(pk=photo.pk)
    if current.struck_at:
        raise ValidationError("This photo is marked as a mistake.", code="struck")
    if current.view_id == (view.pk if view else None):
        return current
    details = {"from": current.view_id, "to": view.pk if view else None}
    Photo.objects.filter(pk=current.pk).update(view=view)
    record("photo.sorted", current, at=at, by=by, category="photo", details=details)
    return Photo.objects.get(pk=current.pk)


@deed
def date_photo(*, photo: Photo, keep: str, at: datetime, by) -> Photo:
    """Settle a photo whose camera's day is not its session's; return the new row.

    `keep` is what is right: "camera" (the photo was not taken in that session) or "session" (the
    camera's clock is wrong).
    """
    current = Photo.objects.select_for_update().get(pk=photo.pk)
    if current.struck_at:
        raise ValidationError("This photo is marked as a mistake.", code="struck")
    if not current.is_dated_apart(current.clinic.zone):
        return current
    day = current.taken_on if keep == "camera" else current.session.performed_on
    session = None if keep == "camera" else current.session
    Photo.objects.filter(pk=current.pk).update(taken_on=day, session=session)
    details = {"kept": keep, "session": current.session_id, "from": current.taken_on.isoformat(),
               "to": day.isoformat()}  # fmt: skip
    record("photo.dated", current, at=at, by=by, category="photo", details=details)
    return Photo.objects.get(pk=current.pk)


@deed
def strike_photo(*, photo: Photo, reason: str, at: datetime, by) -> Photo:
    """Mark a photo as entered by mistake: it is shown nowhere any more, and kept."""
    reason = reason.strip()
    if not reason:
        raise ValidationError("Say why this photo is a mistake.", code="reason")
    standing = Photo.objects.filter(pk=photo.pk, struck_at=None)
    if not standing.update(struck_at=at, struck_by=by, struck_because=reason):
        raise ValidationError("This photo is already marked as a mistake.", code="struck")
    record("photo.struck", photo, at=at, by=by, category="photo", reason=reason)
    return Photo.objects.get(pk=photo.pk)


@dataclass(frozen=True)
class OpenedPhoto:
    """A file of a photo that may be shown: where it lies, and what it is to the browser."""

    storage_name: str
    content_type: str
    file_name: str


@deed
def open_photo(
    *, key: UUID, size: str, clinic: Clinic, purpose: str, at: datetime, by
) -> OpenedPhoto:
    """Find a photo's file for a user and write "photo.viewed": the one door to a photo's bytes.

    `size` is large, medium or thumb; large is the master until the sizes are made. An unknown key,
    another clinic's, a struck photo and a size that is not there are the same `Http404`. `purpose`
    is a scope of `PhotoPermission`: RECORD for care; any other must be permitted by the patient at
    this moment, else `PhotoNotPermitted`.
    """
    if size not in SIZES:
        raise Http404
    rows = Photo.objects.of(clinic).shown().select_related("view")
    photo = get_object_or_404(rows, key=key)
    _must_be_permitted(photo, PhotoPermission.Scope(purpose))
    made = photo.renditions.filter(name=size).first()
    if made is None and size != "large":
        raise Http404
    details = {"size": size, "purpose": str(purpose)}
    record("photo.viewed", photo, at=at, by=by, category="photo", details=details)
    if made is None:
        return OpenedPhoto(photo.storage_name, JPEG, f"{photo.key}.jpg")
    return OpenedPhoto(made.storage_name, WEBP, f"{photo.key}-{size}.webp")


def _must_be_permitted(photo: Photo, purpose: PhotoPermission.Scope) -> None:
    """Refuse a use the patient has not permitted now; a photo without a view may show the face.

    A photo on file was permitted when it was taken and stays part of the record, whatever the
    patient says later: care may always look at it.
    """
    if purpose == PhotoPermission.Scope.RECORD:
        return
    may_show_face = photo.view is None or photo.view.region == "face"
    if not PhotoPermission.objects.permits(photo.patient_id, purpose, with_face=may_show_face):
        raise PhotoNotPermitted(f"The patient has not permitted: {purpose.label}.")
