"""Take back what was done in the diary a moment ago: a move, a cancellation, a booking.

What a visit was before is kept as plain values (`before`), so that it can wait in a browser's
session; `take_back` puts it back if nobody changed it since and its time is still free and legal.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError

from clinic.actions import diary as bookings
from clinic.actions.locks import deed, share_diary
from clinic.models import Appointment, FreedTime
from clinic.models.openings import slot_of
from clinic.scheduling.slots import Slot
from treatments.actions import diary
from treatments.actions.kept import keep_dates, lock_plan
from treatments.models import PlannedSession

Place = Mapping[str, object]


def before(appointment: Appointment, kind: str) -> dict:
    """Return what a visit is now, before a deed of `kind` ("moved" or "cancelled") changes it."""
    slot = slot_of(appointment)
    session = PlannedSession.objects.filter(appointment=appointment).first()
    return {
        "kind": kind, "pk": appointment.pk, "session": session and session.pk,
        "status": appointment.status, "because": appointment.to_move_because,
        "confirmed_at": appointment.confirmed_at and appointment.confirmed_at.isoformat(),
        "day": slot.day.isoformat(), "wall_min": slot.wall_min, "start": slot.start,
        "end": slot.end, "practitioner": slot.practitioner_id, "room": slot.room_id,
    }  # fmt: skip


def after(places: Iterable[Place]) -> list[dict]:
    """Return the same with the versions the visits have now, after the deed."""
    places = list(places)
    rows = Appointment.objects.in_bulk([place["pk"] for place in places])
    return [{**place, "version": rows[place["pk"]].version} for place in places]


def booked(appointment: Appointment) -> dict:
    """Return what is to be taken back of a booking."""
    return {"kind": "booked", "pk": appointment.pk, "version": appointment.version}


@deed
def take_back(*, places: Sequence[Place], at: datetime, by) -> list[Appointment]:
    """Put visits back to what they were: all or none.

    Raises ValidationError with a sentence when one was changed since or its time is gone.
    """
    share_diary(Appointment.objects.get(pk=places[0]["pk"]).clinic_id)
    rows = _unchanged(places)
    kinds = {kind: [p for p in places if p["kind"] == kind]
             for kind in ("booked", "moved", "cancelled")}  # fmt: skip
    for place in kinds["booked"]:
        _unbook(rows[place["pk"]], at, by)
    if kinds["moved"]:
        _move_back(kinds["moved"], rows, at, by)
    for place in kinds["cancelled"]:
        _uncancel(place, rows[place["pk"]], at, by)
    FreedTime.objects.filter(visit_id__in=rows).delete()  # nobody gave anything up
    rows = Appointment.objects.filter(pk__in=rows).select_related("patient")
    return list(rows.order_by("local_date", "local_start_min", "pk"))


def _unchanged(places: Sequence[Place]) -> dict[int, Appointment]:
    _lock_courses(places)
    rows = Appointment.objects.select_for_update().order_by("pk")
    found = {row.pk: row for row in rows.filter(pk__in=[place["pk"] for place in places])}
    for place in places:
        row = found.get(place["pk"])
        if row is None or row.version != place["version"]:
            raise ValidationError(
                "The appointment was changed since; it stays as it is.", code="changed"
            )
    return found


def _lock_courses(places: Sequence[Place]) -> None:
    """Hold the courses first, as every deed of the diary does."""
    sessions = PlannedSession.objects.filter(appointment__in=[place["pk"] for place in places])
    for session in sessions.select_related("plan").order_by("plan_id"):
        lock_plan(session.plan)


def _unbook(row: Appointment, at: datetime, by) -> None:
    session = PlannedSession.objects.filter(appointment=row).select_related("plan").first()
    bookings.unbook(appointment=row, at=at, by=by)
    if session:
        keep_dates(session.plan)


def _slot(place: Place) -> Slot:
    return Slot(
        date.fromisoformat(place["day"]), place["wall_min"], place["start"], place["end"],
        place["practitioner"], place["room"], None,
    )  # fmt: skip


def _move_back(places: Sequence[Place], rows: Mapping[int, Appointment], at, by) -> None:
    """Give visits their earlier times again; several of one course together."""
    held = [place for place in places if place["status"] != "proposed"]
    for place in places:
        if place not in held:  # it waited to be moved: it waits again
            bookings.mark_to_move(
                appointment=rows[place["pk"]], because=place["because"], at=at, by=by
            )
    sessions = PlannedSession.objects.filter(appointment__in=[place["pk"] for place in places])
    of_visit = {row.appointment_id: row for row in sessions.select_related("plan")}
    if len(held) > 1:
        slots = {of_visit[place["pk"]].number: _slot(place) for place in held}
        diary.book_course(plan=of_visit[held[0]["pk"]].plan, slots=slots, at=at, by=by)
    elif held:
        row = rows[held[0]["pk"]]
        diary.move_appointment(
            appointment=row, slot=_slot(held[0]), version=row.version, at=at, by=by
        )
    for place in held:
        if place["confirmed_at"]:  # the patient had said yes to this very time
            said = datetime.fromisoformat(place["confirmed_at"])
            Appointment.objects.filter(pk=place["pk"]).update(confirmed_at=said)
    for plan in {session.plan for session in of_visit.values()}:
        keep_dates(plan)


def _uncancel(place: Place, row: Appointment, at: datetime, by) -> None:
    if place["session"]:
        # The session may have been given another visit with the cancellation; that one is taken
        # back by now, and the session stands for this visit again.
        PlannedSession.objects.filter(pk=place["session"]).update(appointment=row)
    diary.undo(appointment=row, at=at, by=by)
