"""Keep a time for a patient on the telephone: tentative appointments with real holds that expire.

A kept time stands under the same promises of the database as a booking, and no message leaves for
it. Taking it is booking it (`clinic.actions.diary.book` with `instead_of`). From `expires_at` on it
stands in nobody's way: every deed that gives a time clears what has expired first
(`clinic.actions.placing.make_way`), every search does (`clear_expired`), and the worker.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django_tasks import task

from clinic.actions.locks import deed, share_diary
from clinic.actions.placing import (
    Visit,
    clear_expired,
    columns,
    make_way,
    place_words,
    take,
    tell,
    tell_gone,
)
from clinic.models import Appointment, Clinic
from clinic.models.openings import RestWish
from clinic.scheduling.slots import Slot

__all__ = ["KEPT_FOR", "clear_expired", "give_up", "keep"]

KEPT_FOR = timedelta(minutes=10)


@deed
def keep(
    *, clinic, patient, service, slot: Slot, rests: Sequence[RestWish] = (), at: datetime, by,
    request_key=None, instead_of: Iterable[int | None] = (),
) -> Appointment:  # fmt: skip
    """Keep a slot and the healing time of its zones for ten minutes.

    `instead_of` are keys of kept times that give way. The same `request_key` again returns the
    first one while it stands. Raises as `clinic.actions.diary.book`; then nothing is written.
    """
    share_diary(clinic.pk)
    if patient.clinic_id != clinic.pk or service.clinic_id != clinic.pk:
        raise ValidationError("This patient or service belongs to another clinic.", code="foreign")
    if first := _with_key(patient, request_key, at):
        return first
    visit = Visit(
        clinic=clinic, patient=patient, service=service, slot=slot, rests=rests, at=at,
        request_key=request_key,
    )  # fmt: skip
    gone = visit.make_way(instead_of)

    def place(free: Slot) -> Appointment:
        row = Appointment.objects.create(
            clinic=clinic, patient=patient, service=service, booked_at=at, booked_by=by,
            request_key=request_key, status=Appointment.Status.TENTATIVE, expires_at=at + KEPT_FOR,
            **columns(free),
        )  # fmt: skip
        take(row, free, visit.shape, rests)
        return row

    kept, _ = visit.placed(place)
    details = place_words(kept) | {"until": kept.expires_at.isoformat()}
    tell("kept", kept, at, by, details=details)
    tell_gone(gone, instead=kept, at=at, by=by)
    transaction.on_commit(lambda: _wake(kept.expires_at), robust=True)
    return kept


@deed
def give_up(*, kept: Appointment, at: datetime, by) -> bool:
    """Let a kept time go; False when it had expired or gone already."""
    share_diary(kept.clinic_id)
    gone = make_way(clinic=kept.clinic, at=at, giving_way=[kept.pk])
    for row in gone:
        tell("let_go", row, at, by)
    return bool(gone)


def _with_key(patient, request_key, at: datetime) -> Appointment | None:
    if request_key is None:
        return None
    return Appointment.tentative.open(at).filter(patient=patient, request_key=request_key).first()


# --- The background worker ------------------------------------------------------------------------
@task()
def clear_tentative() -> None:
    """Free whatever has expired in any clinic."""
    at = timezone.now()
    for clinic in Clinic.objects.filter(appointments__expires_at__lte=at).distinct():
        clear_expired(clinic=clinic, at=at)


def _wake(at: datetime) -> None:
    """Ask the background worker to look when a kept time has expired."""
    if clear_tentative.get_backend().supports_defer:
        clear_tentative.using(run_after=at).enqueue()
