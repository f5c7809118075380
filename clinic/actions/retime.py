"""Put the diary right after the rules of a time zone changed.

The wall time is the promise: the local date and the minute on the clinic's clock are what the
patient was told. The instants and the holds are derived from them, by the zone data of the day they
were written. When a country changes its clocks and the data follow, what lies ahead is derived anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import DatabaseError, transaction

from clinic.actions.audit import record
from clinic.actions.locks import deed, share_diary
from clinic.actions.refusals import broken_promise
from clinic.models import Appointment, Clinic, Hold
from clinic.scheduling.minutes import instant_of, minute_of, minute_of_instant

#: What lies ahead and holds a time: visits to be moved keep theirs until they are.
AHEAD = (Appointment.Status.BOOKED, Appointment.Status.PROPOSED)


@dataclass(frozen=True)
class Shift:
    """A visit whose instants no longer match its wall time; `minutes` is how far they must move."""

    appointment: Appointment
    minutes: int

    @property
    def words(self) -> str:
        """Return one line of the report: ids and times, no name."""
        row, sign = self.appointment, "+" if self.minutes > 0 else "−"
        return (f"appointment {row.pk}: {row.local_date:%Y-%m-%d} {row.start_clock} stands at "
                f"{row.starts_at:%Y-%m-%d %H:%M} UTC, {sign}{abs(self.minutes)} min")  # fmt: skip


def shifts(clinic: Clinic, *, at: datetime) -> Iterator[Shift]:
    """Yield the visits to come that must move, in an order in which neighbours make way.

    Those that go later come last first, those that go earlier first first. One query.
    """
    rows = Appointment.objects.of(clinic).filter(status__in=AHEAD, starts_at__gt=at)
    found = []
    for row in rows.order_by("starts_at", "pk").iterator():
        wanted = minute_of(row.local_date, row.local_start_min, clinic.zone)
        if minutes := wanted - minute_of_instant(row.starts_at):
            found.append(Shift(row, minutes))
    yield from (shift for shift in reversed(found) if shift.minutes > 0)
    yield from (shift for shift in found if shift.minutes < 0)


@deed
def retime(*, shift: Shift, at: datetime, by=None) -> bool:
    """Move a visit's instants and holds to its wall time; False when the time is taken.

    Then nothing is written and somebody must move it. Done twice it changes nothing.
    """
    share_diary(shift.appointment.clinic_id)
    row = Appointment.objects.select_for_update().get(pk=shift.appointment.pk)
    start = minute_of(row.local_date, row.local_start_min, row.clinic.zone)
    minutes = start - minute_of_instant(row.starts_at)
    if not minutes or row.status not in AHEAD:
        return True
    try:
        with transaction.atomic():
            _shift_holds(row, minutes)
    except DatabaseError as error:
        if broken_promise(error) != "hold_no_overlap":
            raise
        return False
    length, before = row.ends_at - row.starts_at, row.starts_at
    row.starts_at = instant_of(start)
    row.ends_at = row.starts_at + length
    if row.told_start == before:  # the patient was told a wall time, and that has not changed
        row.told_start = row.starts_at
    row.version += 1
    row.sequence, row.changed_at = row.sequence + 1, at
    row.save()
    record("appointment.retimed", row, at=at, by=by, patient=row.patient, category="schedule",
           details={"minutes": minutes})  # fmt: skip
    return True


def _shift_holds(row: Appointment, minutes: int) -> None:
    """Take the holds away and write them shifted, lowest resource first, through the constraint."""
    held = list(
        row.holds.order_by("resource_id", "start").values_list("resource_id", "start", "end")
    )
    row.holds.all().delete()
    Hold.objects.bulk_create(
        Hold(appointment=row, resource_id=resource, start=start + minutes, end=end + minutes)
        for resource, start, end in held
    )
