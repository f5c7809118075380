"""Deeds when somebody or something is away: keep the absence, and make work of it, never a hole.

An absence never deletes a visit. A room or device that fails is swapped for a free one without a
word to the patient; whoever cannot be helped so is *to move*: the time stays taken until a new one
is found, so that nobody else is put into it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.core.exceptions import ValidationError

from clinic.actions import messages
from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.actions.placing import remember_freed, take
from clinic.models import Appointment, Clinic, FreedTime, Hold, HoursException, Resource, Rest
from clinic.models.openings import shape_of, slot_of, snapshot
from clinic.scheduling.hours import DatedException
from clinic.scheduling.masks import frame_of
from clinic.scheduling.minutes import day_bounds, minute_of
from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import slot_at

LONGEST_ABSENCE_DAYS = 366
LONGEST_LOOK_DAYS = 92  # of an absence whose visits are counted day by day
_NOUNS = {"leave": "on leave", "sick": "ill", "training": "in training",
          "service": "out for service", "holiday": "closed", "other": "away"}  # fmt: skip


@dataclass(frozen=True)
class Absence:
    """Who or what is away (None: the whole clinic), on which days, between which wall minutes."""

    resource: Resource | None
    from_day: date
    to_day: date
    reason: str
    from_min: int | None = None
    to_min: int | None = None

    @classmethod
    def of(cls, row: HoursException) -> "Absence":
        """Return the absence a row of the hours says."""
        return cls(row.resource, row.from_day, row.to_day, row.reason, row.from_min, row.to_min)

    @property
    def words(self) -> str:
        """Return why a visit must move: 'Anna Berger is ill on Tue 24 Nov'."""
        who = str(self.resource) if self.resource else "The clinic"
        last = "" if self.to_day == self.from_day else f" to {day_words(self.to_day)}"
        is_thing = self.resource is not None and self.resource.kind != Resource.Kind.PRACTITIONER
        noun = "out of order" if is_thing and self.reason == "sick" else _NOUNS[self.reason]
        noun = noun if self.resource else "closed"
        return f"{who} is {noun}, {day_words(self.from_day)}{last}"

    def stretches(self, zone) -> list[tuple[int, int]]:
        """Return the epoch minutes it takes, day by day."""
        rule = DatedException(self.from_day, self.to_day, "off", self.from_min, self.to_min)
        days = range((self.to_day - self.from_day).days + 1)
        frames = [frame_of(self.from_day + timedelta(days=n), zone) for n in days]
        return [(f.start + f.bit(rule.span[0]), f.start + f.bit(rule.span[1])) for f in frames]


@dataclass
class Outcome:
    """What an absence did: the row kept, visits now to move, visits with another room or device."""

    exception: HoursException
    to_move: list[Appointment] = field(default_factory=list)
    swapped: list[Appointment] = field(default_factory=list)


def check_absence(absence: Absence, *, today: date) -> None:
    """Refuse days that are over, in the wrong order or too many."""
    if absence.to_day < absence.from_day:
        raise ValidationError("The last day cannot come before the first.", code="order")
    if absence.to_day < today:
        raise ValidationError("These days are over.", code="past")
    if (absence.to_day - absence.from_day).days > LONGEST_ABSENCE_DAYS:
        raise ValidationError("An absence is at most a year long.", code="long")


def keep_exception(clinic: Clinic, absence: Absence, *, at: datetime, by) -> HoursException:
    """Write the absence into the hours; the same absence again is the row that is there."""
    facts = {
        "clinic": clinic, "resource": absence.resource, "kind": HoursException.Kind.OFF,
        "reason": absence.reason, "from_day": absence.from_day, "to_day": absence.to_day,
        "from_min": absence.from_min, "to_min": absence.to_min,
    }  # fmt: skip
    if row := HoursException.objects.filter(**facts).first():
        return row
    row = HoursException.objects.create(**facts)
    record("absence.kept", row, at=at, by=by, category="schedule", reason=absence.reason,
           details={"resource": absence.resource.pk if absence.resource else None,
                    "from": f"{absence.from_day:%Y-%m-%d}", "to": f"{absence.to_day:%Y-%m-%d}"},
           )  # fmt: skip
    return row


def visits_in(clinic: Clinic, absence: Absence, *, at: datetime) -> list[Appointment]:
    """Return the booked visits still to come that an absence falls into, by time."""
    stretches = absence.stretches(clinic.zone)
    resources = clinic.resources.all()
    if absence.resource:
        resources = resources.filter(pk=absence.resource.pk)
    held = Hold.objects.touching(
        resources.values("pk"), start=stretches[0][0], end=stretches[-1][1]
    ).values_list("appointment_id", "start", "end")
    ids = {
        key for key, start, end in held
        if any(start < to and from_ < end for from_, to in stretches)
    }  # fmt: skip
    rows = Appointment.objects.filter(
        pk__in=ids, status=Appointment.Status.BOOKED, starts_at__gt=at
    )
    rows = rows.select_related("clinic", "patient", "service", "practitioner", "room", "device")
    return list(rows.prefetch_related("service__phases").order_by("starts_at", "pk"))


def booked_into(
    rows: Iterable[HoursException], *, at: datetime, look_days: int = LONGEST_LOOK_DAYS
) -> dict[int, int]:
    """Return how many visits `visits_in` would find of absences, by the key of each. One query.

    Of an absence of some hours a day the next `look_days` days count.
    """
    absences = {}
    for row in rows:
        zone, first = row.clinic.zone, max(row.from_day, row.clinic.local_date(at))
        if row.kind != HoursException.Kind.OFF or row.to_day < first:
            continue
        stretches = [(day_bounds(first, zone)[0], day_bounds(row.to_day, zone)[1])]
        if row.from_min is not None:
            days = range(min((row.to_day - first).days + 1, look_days))
            hours = row.from_min, row.to_min
            stretches = [
                tuple(minute_of(first + timedelta(days=n), wall, zone) for wall in hours)
                for n in days
            ]
        whose = {"resource": row.resource_id}
        if row.resource_id is None:
            whose = {"resource__in": Resource.objects.filter(clinic=row.clinic_id).values("pk")}
        absences[row.pk] = whose, stretches
    return Hold.objects.visits_in(absences, at=at)


def handle_visits(
    visits: Sequence[Appointment], absence: Absence, outcome: Outcome, *, at: datetime, by
) -> None:
    """Swap the room or device of each visit where that is all it takes, else mark it to move."""
    for row in visits:
        is_person = absence.resource is None or absence.resource.kind == "practitioner"
        if not is_person and swap_units(row, at=at, by=by):
            outcome.swapped.append(row)
        else:
            outcome.to_move.append(_to_move(row, absence.words, at=at, by=by))


@deed
def swap_units(row: Appointment, *, at: datetime, by) -> bool:
    """Give a booked visit another room or device at its own time; False when none is free.

    Nothing changes for the patient: the confirmation stays and nobody is told.
    """
    known = snapshot(row.clinic, row.service, from_day=row.local_date, days=1, ignore=(row.pk,))
    shape = shape_of(row.service)
    free = slot_at(known, shape, start=slot_of(row).start, practitioner_id=row.practitioner_id)
    if free is None:
        return False
    before = {"room": row.room_id, "device": row.device_id}
    row.holds.all().delete()
    row.room_id, row.device_id = free.room_id, free.device_id
    row.version += 1
    row.save(update_fields=["room", "device", "version"])
    take(row, free, shape, ())
    record("appointment.swapped", row, at=at, by=by, patient=row.patient, category="schedule",
           details={"before": before, "room": row.room_id, "device": row.device_id})  # fmt: skip
    return True


def _to_move(row: Appointment, because: str, *, at: datetime, by) -> Appointment:
    """Mark a visit to be moved; its holds stay, the healing time it reserved does not."""
    row.rests.filter(kind=Rest.Kind.BOOKED).delete()
    row.status, row.to_move_since = Appointment.Status.PROPOSED, at
    row.to_move_because, row.confirmed_at = because[:200], None
    row.version += 1
    row.save()
    messages.tell(
        [row], at=at
    )  # reminders of a time that will not be; news follow with the new one
    record("appointment.to_move", row, at=at, by=by, patient=row.patient, category="schedule",
           reason=because)  # fmt: skip
    return row


@deed
def let_times_go(
    rows: Iterable[Appointment], *, at: datetime
) -> dict[int, list[tuple[int, int, int]]]:
    """Free what visits to move still hold, and return it: key -> (resource, start, end)."""
    rows = list(rows)
    held: dict[int, list[tuple[int, int, int]]] = {row.pk: [] for row in rows}
    holds = Hold.objects.filter(appointment_id__in=held).order_by("resource_id", "start")
    for key, *stretch in holds.values_list("appointment_id", "resource_id", "start", "end"):
        held[key].append(tuple(stretch))
    holds.delete()
    remember_freed((FreedTime.of(row) for row in rows if held[row.pk]), at=at)
    return held
