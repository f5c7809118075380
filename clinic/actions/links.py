"""Signed links for patients: one appointment at one time, dead after it and after a move.

The signature holds the appointment and its start. A move changes the start and kills the link;
undoing the move brings the same promise back, and with it the link.
"""

from datetime import datetime

from django.core.signing import BadSignature, Signer

from clinic.models import Appointment
from clinic.scheduling.minutes import minute_of_instant

_SIGNER = {"salt": "clinic.visit", "sep": "."}


def token_for(visit: Appointment) -> str:
    """Return the token of a visit's link, fit for an address."""
    return Signer(**_SIGNER).sign(f"{visit.pk}-{minute_of_instant(visit.starts_at)}")


def visit_of(token: str) -> tuple[Appointment, int] | None:
    """Return the appointment a token was signed for and the start it promised, None for no token."""
    try:
        pk, start = Signer(**_SIGNER).unsign(token).split("-")
    except BadSignature:
        return None
    row = Appointment.objects.select_related("clinic", "patient").filter(pk=int(pk)).first()
    return (row, int(start)) if row else None


def still_holds(visit: Appointment, start: int, *, at: datetime) -> bool:
    """Say whether a link still acts: its time stands, is booked and has not come."""
    same = minute_of_instant(visit.starts_at) == start
    return same and visit.status == Appointment.Status.BOOKED and at < visit.starts_at
