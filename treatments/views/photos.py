"""Pages about photos: a patient's board, upload, then and now, and the gate every file goes through."""

import logging
from urllib.parse import quote

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.files.storage import storages
from django.http import FileResponse, Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django_htmx.http import trigger_client_event

from clinic.scheduling.reasons import day_words
from clinic.views.looks import look_at
from treatments.actions.consents import permit_photos
from treatments.actions.photos import (
    NO_PERMISSION,
    PhotoNotKept,
    PhotoNotPermitted,
    date_photo,
    open_photo,
    sort_photo,
    strike_photo,
    take_photo,
)
from treatments.forms.photos import DateForm, SortForm, StrikeForm, UploadForm
from treatments.imaging.intake import PhotoRefused
from treatments.models import Photo, PhotoPermission, TreatmentSession, View
from treatments.views.gallery import board, pair_of

log = logging.getLogger(__name__)

OK, CREATED, NOTHING_NEW, NOT_PERMITTED, INVALID, UNAVAILABLE = 200, 201, 204, 409, 422, 503
ON_FILE = "This photo is already on file; it was not added again."
LONGEST_FILE_NAME = 60
#: What every file of a photo carries, whatever it says of itself.
GATE_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def photos(request, patient_id):
    """Show a patient's photos by view, and where new ones come in; one card alone for its poll."""
    if request.htmx and (key := request.GET.get("card")):
        return _card(request, patient_id, key)
    patient = _open(request, patient_id)
    form = UploadForm(initial=_chosen(request), **_choices(request, patient))
    facts = board(patient, request.clinic, today=_today(request)) | {"form": form}
    part = request.htmx and not request.htmx.boosted
    name = "treatments/photos/_gallery.html" if part else "treatments/photos/board.html"
    return render(request, name, facts)


def photo_upload(request, patient_id):
    """Take photos in: one for a script that shows progress, several from a plain form."""
    patient = _open(request, patient_id)
    form = UploadForm(request.POST, request.FILES, **_choices(request, patient))
    if not form.is_valid():
        return _refusal(request, patient, form)
    if form.cleaned_data["permit"]:
        permit_photos(patient=patient, scope=PhotoPermission.Scope.RECORD, at=timezone.now(),
                      by=request.user)  # fmt: skip
    elif not PhotoPermission.objects.permits(patient.pk, PhotoPermission.Scope.RECORD):
        form.add_error("permit", NO_PERMISSION)
        return _refusal(request, patient, form, status=NOT_PERMITTED)
    outcomes = [
        _take(request, patient, file, form.cleaned_data) for file in form.cleaned_data["files"]
    ]
    if request.accepts("text/html"):
        for file, (status, facts) in zip(form.cleaned_data["files"], outcomes, strict=True):
            _say(request, file, status, facts)
        return redirect("photos", patient.pk)
    status, facts = outcomes[0]
    return JsonResponse(facts, status=status)


def photo_compare(request, patient_id):
    """Show the baseline of one view beside its latest photo, or two chosen ones."""
    patient = _open(request, patient_id)
    facts = pair_of(patient, request.clinic, request.GET, today=_today(request))
    return render(request, "treatments/photos/compare.html", facts)


def photo_edit(request, key):
    """Put a photo under another view."""
    photo = _photo(request, key)
    form = SortForm(request.POST, views=View.objects.filter(active=True))
    if not form.is_valid():
        return _after(request, photo, form.errors["view"][0], level="error")
    try:
        photo = sort_photo(
            photo=photo, view=form.cleaned_data["view"], at=timezone.now(), by=request.user
        )
    except ValidationError as refusal:
        return _after(request, photo, refusal.messages[0], level="error")
    return _after(request, photo, f"Now under {photo.view}." if photo.view else "No view yet.")


def photo_date(request, key):
    """Settle which day of a photo is right, where the camera's is not the session's."""
    photo = _photo(request, key)
    form = DateForm(request.POST)
    if not form.is_valid():
        return _after(request, photo, form.errors["keep"][0], level="error")
    try:
        photo = date_photo(photo=photo, keep=form.cleaned_data["keep"], at=timezone.now(),
                           by=request.user)  # fmt: skip
    except ValidationError as refusal:
        return _after(request, photo, refusal.messages[0], level="error")
    return _after(request, photo, f"Taken on {day_words(photo.taken_on)}.")


def photo_strike(request, key):
    """Mark a photo as a mistake, with a reason."""
    photo = _photo(request, key)
    form = StrikeForm(request.POST)
    if not form.is_valid():
        return _after(request, photo, form.errors["reason"][0], level="error")
    try:
        strike_photo(
            photo=photo, reason=form.cleaned_data["reason"], at=timezone.now(), by=request.user
        )
    except ValidationError as refusal:
        return _after(request, photo, refusal.messages[0], level="error")
    return _after(request, photo, "Marked as a mistake. It is shown nowhere any more.")


def photo_file(request, key, size):
    """Hand out one size of a photo: the only way to a photo's bytes."""
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise PermissionDenied
    opened = open_photo(
        key=key, size=size, clinic=request.clinic, purpose=PhotoPermission.Scope.RECORD,
        at=timezone.now(), by=request.user,
    )  # fmt: skip
    response = _bytes_of(opened)
    response["Content-Type"] = opened.content_type
    response["Content-Disposition"] = f'inline; filename="{opened.file_name}"'
    for name, value in GATE_HEADERS.items():
        response[name] = value
    return response


def _bytes_of(opened):
    """Let the front server send the file where one is told to; else stream it."""
    if settings.PHOTO_ACCEL_PREFIX:
        place = settings.PHOTO_ACCEL_PREFIX.rstrip("/") + "/" + quote(opened.storage_name)
        return HttpResponse(headers={"X-Accel-Redirect": place})
    try:
        return FileResponse(storages["photos"].open(opened.storage_name))
    except FileNotFoundError:
        log.error("The file %s is gone; run reconcile_photos", opened.storage_name)
        raise Http404 from None


def _open(request, patient_id):
    return look_at(request, patient_id, "photo")


def _photo(request, key):
    rows = Photo.objects.of(request.clinic).shown().select_related("view", "patient")
    return get_object_or_404(rows, key=key)


def _today(request):
    return request.clinic.local_date(timezone.now())


def _choices(request, patient):
    """Return what the upload form offers: the views in use, this patient's records, today."""
    records = TreatmentSession.objects.of(request.clinic).filter(patient=patient)
    records = records.exclude(status=TreatmentSession.Status.ENTERED_IN_ERROR)
    return {"patient": patient, "today": _today(request), "views": View.objects.for_patient(patient),
            "sessions": records.select_related("planned_session").order_by("-performed_on", "-pk")}  # fmt: skip


def _chosen(request):
    """Return what the address chooses beforehand: `?session=` and `?view=`."""
    return {name: value for name in ("session", "view")
            if (value := request.GET.get(name, "")).isdecimal()}  # fmt: skip


def _card(request, patient_id, key):
    """Answer the poll of a card whose sizes are being made: its picture alone."""
    rows = Photo.objects.of(request.clinic).shown().select_related("view")
    try:
        photo = rows.filter(patient_id=patient_id, key=key).first()
    except ValidationError:  # not a key at all
        photo = None
    if photo is None:
        raise Http404
    if photo.state == Photo.State.STORED:
        return HttpResponse(status=NOTHING_NEW)
    return render(request, "treatments/photos/_thumb.html", {"photo": photo})


def _take(request, patient, file, chosen):
    """Take one file in; return (status, what to say) for a script or a message."""
    at = timezone.now()
    try:
        photo = take_photo(
            patient=patient, upload=file, view=chosen["view"], session=chosen["session"],
            taken_on=chosen["taken_on"], at=at, by=request.user,
        )  # fmt: skip
    except PhotoNotPermitted as refused:
        return NOT_PERMITTED, {"sentence": refused.sentence}
    except PhotoRefused as refused:
        return INVALID, {"sentence": refused.sentence}
    except PhotoNotKept as fault:
        return UNAVAILABLE, {"sentence": fault.sentence, "retry": True}
    facts = {
        "key": str(photo.key), "view": photo.view_id or "", "sentence": "",
        "edit_url": reverse("photo_edit", args=[photo.key]),
    }  # fmt: skip
    if photo.uploaded_at != at:
        return OK, facts | {"sentence": ON_FILE}
    if photo.is_dated_apart(request.clinic.zone):
        facts["sentence"] = (
            f"Stored. The camera says {day_words(photo.taken_on)}: choose its day below."
        )
    return CREATED, facts


def _refusal(request, patient, form, status=INVALID):
    """Answer an upload whose fields make no sense: every fault in words, nothing taken in."""
    if not request.accepts("text/html"):
        faults = [fault for faults in form.errors.values() for fault in faults]
        return JsonResponse({"sentence": " ".join(faults)}, status=status)
    facts = board(patient, request.clinic, today=_today(request)) | {"form": form}
    return render(request, "treatments/photos/board.html", facts, status=status)


def _say(request, file, status, facts):
    """Say what became of one file of a plain form."""
    name = "".join(letter for letter in file.name if letter.isprintable())[:LONGEST_FILE_NAME]
    if status == CREATED and not facts["sentence"]:
        messages.success(request, f"{name} is stored.")
    else:
        messages.warning(request, f"{name}: {facts['sentence']}")


def _after(request, photo, sentence, *, level="success"):
    """Show the gallery as it is now, with a note."""
    if not request.htmx:
        note = messages.success if level == "success" else messages.error
        note(request, sentence)
        return redirect("photos", photo.patient_id)
    patient = _open(request, photo.patient_id)
    facts = board(patient, request.clinic, today=_today(request))
    response = render(request, "treatments/photos/_gallery.html", facts)
    return trigger_client_event(response, "toast", {"text": sentence, "level": level})
