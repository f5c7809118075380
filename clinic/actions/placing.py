"""Put a visit somewhere: is the time legal, take it, and say what to do when it is gone."""

from collections.abc import Callable, Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.db.models import BigIntegerField, DateField, DateTimeField, Q, UUIDField

from clinic.actions.audit import record
from clinic.actions.refusals import DEADLOCK, NotHealed, SlotTaken, broken_promise
from clinic.models import Appointment, Clinic, FreedTime, Hold, Patient, Rest, Service, TreatedArea
from clinic.models.openings import Healing, RestWish, offered, slot_of, snapshot
from clinic.models.prepared import Given, Prepared, insert
from clinic.scheduling.minutes import instant_of, minute_of_instant
from clinic.scheduling.reasons import day_words, sentence
from clinic.scheduling.slots import (
    ServiceShape,
    Slot,
    Snapshot,
    holds_of,
    nearest_slots,
    slot_at,
    why_not,
)

TRIES = 3
NEAREST, NEAREST_WITHIN_DAYS = 3, 14


class _Standing(NamedTuple):
    """A visit that may be in the way of another one."""

    pk: int
    patient_id: int
    request_key: UUID | None
    starts_at: datetime
    ends_at: datetime
    expires_at: datetime | None
    at: datetime  # of the deed

    @property
    def has_expired(self) -> bool:
        """Say whether it is a kept time that stands in nobody's way any more."""
        return self.expires_at is not None and self.expires_at <= self.at


@Prepared
def _around():
    """Ask for a patient's visits of a day and of a form, and the clinic's kept times that expired."""
    names = "pk", "patient_id", "request_key", "starts_at", "ends_at", "expires_at"
    mine = Appointment.everything.filter(patient=Given("patient", BigIntegerField()))
    of_day = mine.filter(local_date=Given("day", DateField()), status__in=Appointment.PROMISED)
    of_form = mine.filter(request_key=Given("key", UUIDField()))
    clinic, at = Given("clinic", BigIntegerField()), Given("at", DateTimeField())
    expired = Appointment.tentative.filter(clinic=clinic).expired(at)
    one, two, three = (rows.order_by().values_list(*names) for rows in (of_day, of_form, expired))
    return one.union(two, three, all=True)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One attempt to put a visit somewhere: is it legal, place it, and what a refusal means."""

    clinic: Clinic
    patient: Patient
    service: Service
    slot: Slot
    rests: Sequence[RestWish]
    at: datetime
    request_key: UUID | None = None
    ignore: tuple[int, ...] = ()  # keys of appointments that give way: the one being moved

    @cached_property
    def shape(self) -> ServiceShape:
        """Return the phases of the service. Raises as `shape_of`."""
        return self._offered[0]

    @cached_property
    def _offered(self) -> tuple[ServiceShape, Snapshot]:
        return offered(self.clinic, self.service, self._day, self.slot)

    def make_way(self, giving_way: Iterable[int | None] = ()) -> list[Appointment]:
        """Free kept times as `make_way` does, which is asked for only if there are such times."""
        keys = {key for key in giving_way if key}
        if not keys and not any(row.has_expired for row in self._standing):
            return []
        gone = make_way(clinic=self.clinic, at=self.at, giving_way=keys)
        vars(self).pop("_standing", None)  # whoever this waited for may have booked meanwhile
        return gone

    def placed(self, place: Callable[[Slot], Appointment]) -> tuple[Appointment, bool]:
        """Return the appointment that `place` wrote and True, or the first one of a double submit.

        The units the slot names are tried first, if they may be booked then at all: whether they
        are free, the database says. A lost race is looked at afresh: perhaps only the room is gone.
        A deadlock is tried again.
        """
        standing = self._in_the_way()
        if self.request_key and self.request_key in standing:
            return self._first(None), False
        free = None if standing else self._as_offered()
        for _ in range(TRIES):
            free = free or self._legal()
            try:
                with transaction.atomic():
                    return place(free), True
            except DatabaseError as error:
                broken = broken_promise(error)
                if "request_key" in broken:
                    return self._first(error), False
                if broken == "rest_no_overlap":
                    raise not_healed(self.patient, self.rests, ignore=self.ignore) from error
                if broken not in {"hold_no_overlap", DEADLOCK}:
                    raise
                free = None
        raise self._taken()

    def _first(self, error) -> Appointment:
        first = with_key(self.clinic, self.patient, self.request_key)
        if first is None:
            raise ValidationError("This form was already used.", code="request_key") from error
        return first

    def _in_the_way(self) -> set[UUID | None]:
        """Return the keys of the patient's visits at this time, and of the one with this form's."""
        start = instant_of(self.slot.start)
        end = instant_of(self.slot.start + self.shape.total_min)
        return {
            row.request_key
            for row in self._standing
            if not row.has_expired
            and row.patient_id == self.patient.pk
            and (
                (row.pk not in self.ignore and row.starts_at < end and row.ends_at > start)
                or (self.request_key and row.request_key == self.request_key)
            )
        }

    @cached_property
    def _standing(self) -> list["_Standing"]:
        """Return what stands in the way of this visit, or may: see `_around`."""
        rows = _around(clinic=self.clinic.pk, patient=self.patient.pk, day=self._day, at=self.at,
                       key=self.request_key)  # fmt: skip
        return [_Standing(*row, self.at) for row in rows]

    @cached_property
    def _day(self) -> date:
        return self.clinic.local_date(instant_of(self.slot.start))

    def _as_offered(self) -> Slot | None:
        """Return the slot when its very units may be booked at its start, holds aside."""
        if self._day < self.clinic.local_date(self.at):
            return None
        return self._at(self._offered[1])

    def _at(self, known) -> Slot | None:
        slot = self.slot
        return slot_at(known, self.shape, start=slot.start, practitioner_id=slot.practitioner_id,
                       room_id=slot.room_id, device_id=slot.device_id)  # fmt: skip

    def _legal(self) -> Slot:
        """Return the slot with a free room and device, or raise what forbids it."""
        start, who, day = self.slot.start, self.slot.practitioner_id, self._day
        if day < self.clinic.local_date(self.at):
            raise ValidationError(f"{day_words(day)} is over.", code="past")
        known = self._snapshot(day, 1)
        if who not in {row.resource_id for row in known.resources if row.kind == "practitioner"}:
            raise ValidationError(
                f"This practitioner does not do {self.service}.", code="not_competent"
            )
        free = self._at(known)
        if free is None:
            reason = why_not(known, self.shape, start=start, practitioner_id=who)
            if reason is None or reason.code == "taken":
                raise self._taken()
            raise ValidationError(f"{sentence(reason)}.", code=reason.code)
        self._patient_is_free(free)
        return free

    def _patient_is_free(self, free: Slot) -> None:
        others = Appointment.everything.filter(
            patient=self.patient, local_date=free.day, status__in=Appointment.PROMISED,
            starts_at__lt=instant_of(free.end), ends_at__gt=instant_of(free.start),
        )  # fmt: skip
        if self.request_key:  # a double submit meets its own twin
            others = others.exclude(request_key=self.request_key)
        if other := others.exclude(pk__in=self.ignore).first():
            what = "an appointment" if other.is_live else "a time kept"
            raise ValidationError(
                f"The patient already has {what} at {other.start_clock}.", code="patient_busy"
            )

    def _snapshot(self, from_day: date, days: int):
        return snapshot(self.clinic, self.service, from_day=from_day, days=days, ignore=self.ignore)

    def _taken(self) -> SlotTaken:
        return SlotTaken("This time has just been taken.", search=self._nearest)

    def _nearest(self) -> list[Slot]:
        """Return the free starts nearest to the wished one on which the skin would have healed."""
        clear_expired(clinic=self.clinic, at=self.at)  # the refused deed took its clearing back
        around = self.slot.day
        first = max(around - timedelta(days=NEAREST_WITHIN_DAYS), self.clinic.local_date(self.at))
        days = (around - first).days + NEAREST_WITHIN_DAYS + 1
        codes = [wish.zone_code for wish in self.rests]
        healing = Healing(self.patient, codes, ignore=self.ignore)
        found = nearest_slots(
            self._snapshot(first, days), self.shape, around=self.slot.start,
            count=NEAREST if not codes else 10 * NEAREST,
            days=NEAREST_WITHIN_DAYS, from_minute=minute_of_instant(self.at),
        )  # fmt: skip
        fit = [s for s in found if healing.allows(wish.on(s.day) for wish in self.rests)]
        fit.sort(key=lambda s: abs(s.start - self.slot.start))
        return sorted(fit[:NEAREST], key=lambda s: s.key)


# --- Times that are only kept ----------------------------------------------------------------------
def make_way(
    *, clinic: Clinic, at: datetime, giving_way: Iterable[int | None] = ()
) -> list[Appointment]:
    """Free the clinic's kept times that have expired, and those whose keys give way.

    Part of a deed, before it places anything and only then: whoever clears waits here for whoever
    takes, in the order of the keys, and a deed that is refused takes its clearing back with it.
    Returns those that gave way before they had expired.
    """
    gone = Q(expires_at__lte=at)
    if keys := {key for key in giving_way if key}:
        gone |= Q(pk__in=keys)
    found = Appointment.tentative.filter(gone, clinic=clinic).order_by("pk").select_for_update()
    ends = dict(found.values_list("pk", "expires_at"))
    if not ends:  # nearly always: nothing else of such rows is read then
        return []
    rows = Appointment.tentative.filter(pk__in=ends).order_by("pk")
    given = [row for row in rows.select_related("clinic", "patient") if ends[row.pk] > at]
    rows.delete()
    return given


def clear_expired(*, clinic: Clinic, at: datetime) -> None:
    """Free the clinic's kept times that have expired, before a search; writes only if there are."""
    if Appointment.tentative.of(clinic).expired(at).exists():
        with transaction.atomic():
            make_way(clinic=clinic, at=at)


def tell_gone(rows: Iterable[Appointment], *, instead: Appointment, at: datetime, by) -> None:
    """Write into the audit what became of kept times that gave way to a visit: taken or let go."""
    for row in rows:
        kept, now = slot_of(row), slot_of(instead)
        deed = "taken" if kept.key == now.key and instead.is_live else "let_go"
        tell(deed, row, at, by, details={"appointment": instead.pk})


def tell(action: str, row: Appointment, at: datetime, by, *, reason="", details=None) -> None:
    """Write a deed of the diary into the audit."""
    record(
        f"appointment.{action}", row, at=at, by=by, patient=row.patient, category="schedule",
        reason=reason, details=details,
    )  # fmt: skip


def place_words(row: Appointment) -> dict:
    """Return when, who and where as ids and plain values for the audit."""
    return {
        "day": row.local_date.isoformat(), "start": row.start_clock,
        "practitioner": row.practitioner_id, "room": row.room_id, "device": row.device_id,
    }  # fmt: skip


# --- Write ----------------------------------------------------------------------------------------
def with_key(clinic, patient, request_key) -> Appointment | None:
    """Return the appointment an earlier submit of the same form made."""
    if request_key is None:
        return None
    return Appointment.objects.filter(
        request_key=request_key, clinic=clinic, patient=patient
    ).first()


def columns(slot: Slot) -> dict:
    """Return the columns of an appointment that say when, who and where."""
    return {
        "practitioner_id": slot.practitioner_id, "room_id": slot.room_id,
        "device_id": slot.device_id, "local_date": slot.day, "local_start_min": slot.wall_min,
        "starts_at": instant_of(slot.start), "ends_at": instant_of(slot.end),
    }  # fmt: skip


def put(row: Appointment, slot: Slot) -> None:
    """Set the columns that say when, who and where; nothing is written."""
    for name, value in columns(slot).items():
        setattr(row, name, value)


def take(row: Appointment, slot: Slot, shape: ServiceShape, rests) -> None:
    """Write the holds, lowest resource first so that two desks meet in one order, and the rests."""
    insert([
        Hold(appointment=row, resource_id=resource_id, start=start, end=end)
        for resource_id, start, end in holds_of(slot, shape)
    ])  # fmt: skip
    reserve(row, rests)


def reserve(row: Appointment, rests: Sequence[RestWish]) -> None:
    """Write the healing times a visit reserves, lowest zone of the patient first."""
    if not rests:
        return
    areas = {wish.zone_code: wish.area_id for wish in rests}
    if None in areas.values():
        areas = _areas(row, areas.keys())
    insert([
        Rest(
            area_id=areas[wish.zone_code], appointment=row, kind=Rest.Kind.BOOKED,
            start_day=wish.span[0], end_day=wish.span[1],
        )
        for wish in sorted(rests, key=lambda wish: areas[wish.zone_code])
    ])  # fmt: skip


def _areas(row: Appointment, codes: Set[str]) -> dict[str, int]:
    """Return the patient's areas of these zones by code; those not there yet are made."""
    mine = TreatedArea.objects.filter(patient_id=row.patient_id, zone_code__in=codes)
    areas = dict(mine.values_list("zone_code", "pk"))
    if missing := sorted(codes - areas.keys()):
        TreatedArea.objects.bulk_create(
            (TreatedArea(patient_id=row.patient_id, zone_code=code) for code in missing),
            ignore_conflicts=True,
        )
        areas = dict(mine.all().values_list("zone_code", "pk"))
    return areas


def shifted_rests(row: Appointment, day: date) -> list[RestWish]:
    """Return the healing times a visit reserves, as they would be on another day."""
    booked = row.rests.filter(kind=Rest.Kind.BOOKED).order_by("area_id")
    spans = booked.values_list("area__zone_code", "start_day", "end_day", "area_id")
    return [RestWish(code, day, end - start, area) for code, start, end, area in spans]


def let_go(row: Appointment) -> None:
    """Free the time and the reserved healing times of a visit."""
    row.holds.all().delete()
    row.rests.filter(kind=Rest.Kind.BOOKED).delete()


def freed_by(row: Appointment) -> list[FreedTime]:
    """Return what a visit frees where it stands; nothing for one whose time was let go before."""
    holds = row.status != Appointment.Status.PROPOSED or row.holds.exists()
    return [FreedTime.of(row)] if holds else []


def remember_freed(freed: Iterable[FreedTime], *, at: datetime) -> None:
    """Keep the times that became free for the waitlist, those that are still to come."""
    ahead = [row for row in freed if row.start > minute_of_instant(at)]
    if ahead:
        _forget_past(ahead[0].clinic_id, at)
        FreedTime.objects.bulk_create(ahead)


def _forget_past(clinic_id: int, at: datetime) -> None:
    """Remove freed times that have begun; those another deed is removing are left to it: no waiting."""
    past = FreedTime.objects.past(clinic_id, at).select_for_update(skip_locked=True)
    if keys := list(past.values_list("pk", flat=True)):
        FreedTime.objects.filter(pk__in=keys).delete()


def not_healed(patient, rests, *, ignore) -> NotHealed:
    """Return the refusal with the first day on which all these rests would be free."""
    healing = Healing(patient, [wish.zone_code for wish in rests], ignore=ignore)
    return NotHealed.until(healing.first_day(rests))
