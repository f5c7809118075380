"""What taking back a deed of the diary did, in one sentence."""

from collections.abc import Sequence

from clinic.models import Appointment
from clinic.scheduling.reasons import day_words


def undone_words(places: Sequence[dict], visits: Sequence[Appointment]) -> str:
    """Return where the visits are now that a deed was taken back; `places` as `undo.before` wrote."""
    kinds = {place["kind"] for place in places}
    if len(visits) == 1:
        return f"Undone: {_one(kinds.pop(), visits[0])}."
    if kinds == {"booked"}:
        return f"Undone: the {len(visits)} bookings are taken back."
    return f"Undone: {len(visits)} visits of {visits[0].patient.full_name} are as they were."


def _one(kind: str, visit: Appointment) -> str:
    name = visit.patient.full_name
    if kind == "booked":
        return f"the booking of {name} is taken back"
    if visit.status == Appointment.Status.PROPOSED:
        return f"{name} waits for another time again"
    where = f"{day_words(visit.local_date)}, {visit.start_clock}"
    return f"{name} is back at {where}"
