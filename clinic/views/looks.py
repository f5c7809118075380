"""Who looked: the pages' way through the one door to a patient's data."""

from django.utils import timezone

from clinic.actions.patients import note_view, open_patient
from clinic.models import Patient


def look_at(request, patient_id: int, category: str, *, alone: bool = False) -> Patient:
    """Load a patient for the person on this page; the audit says which part they saw.

    One opening of a page is one line: the parts it fetches later and the answers to its forms show
    the same person the same patient, and write a line only where today's log has none. `alone`:
    what this request shows is a look of its own, in whichever way it was asked for.
    """
    return open_patient(
        pk=patient_id, clinic=request.clinic, category=category, at=timezone.now(),
        by=request.user, within_page=not alone and is_within_page(request),
    )  # fmt: skip


def look_with(request, row, category: str, *, alone: bool = False) -> Patient:
    """Return the patient who came with a row of the clinic at hand, and note the look as `look_at`."""
    patient = row.patient
    patient.clinic = request.clinic
    note_view(
        patient=patient, clinic=request.clinic, category=category, at=timezone.now(),
        by=request.user, within_page=not alone and is_within_page(request),
    )  # fmt: skip
    return patient


def is_within_page(request) -> bool:
    """Say whether a request is part of a page already open: a part of it, or a form it sent."""
    whole = request.htmx.boosted or request.htmx.history_restore_request
    return request.method == "POST" or bool(request.htmx and not whole)
