"""Rows into the values the pure slot search works on, in a handful of queries whatever the size."""

from collections import ChainMap, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from django.core.exceptions import ValidationError
from django.db.models import (
    Aggregate,
    BigIntegerField,
    BooleanField,
    DateField,
    F,
    Field,
    Q,
    SmallIntegerField,
    TextField,
    Value,
)

from clinic.models.diary import Appointment, Hold
from clinic.models.prepared import Given, Prepared
from clinic.models.rests import Rest
from clinic.models.services import HoursException, Resource, ServicePhase
from clinic.scheduling.hours import DatedException, WeeklyRule, open_stretches
from clinic.scheduling.minutes import day_bounds, day_number, day_of, minute_of_instant
from clinic.scheduling.slots import PhaseNeed, ResourceHours, ServiceShape, Slot, Snapshot
from clinic.scheduling.taken import LONGER, Stretches

WEEK_DAYS = 7
Stretch = tuple[int, int, int]  # resource id, start, end in epoch minutes


@dataclass(frozen=True)
class RestWish:
    """A zone of the patient shall rest for `days` days from `start_day` on, that day included."""

    zone_code: str
    start_day: date
    days: int
    area_id: int | None = field(default=None, compare=False)  # of the patient, where it is known

    @property
    def span(self) -> tuple[int, int]:
        """Return the days since 1970-01-01 it covers: `[start, end)`."""
        start = day_number(self.start_day)
        return start, start + self.days

    def on(self, day: date) -> "RestWish":
        """Return the same rest from another day on."""
        return replace(self, start_day=day)


def shape_of(service) -> ServiceShape:
    """Return the phases of a service as the search wants them. One query, none if prefetched.

    Raises ValidationError (`no_phases`) when nobody is needed in it: such a service is not bookable.
    """
    return _shape(
        service,
        (
            (row.offset_min, row.minutes, row.practitioner_min, row.needs_room, row.needs_device)
            for row in service.phases.all()
        ),
    )


def _shape(service, phases: Iterable[tuple[int, int, int, bool, bool]]) -> ServiceShape:
    """Return the shape phases make: their offset, minutes, those of a person, room and device."""
    needs = []
    for offset_min, minutes, practitioner_min, needs_room, needs_device in phases:
        if practitioner_min:
            needs.append(PhaseNeed("practitioner", offset_min, practitioner_min))
        if needs_room:
            needs.append(PhaseNeed("room", offset_min, minutes))
        if needs_device:
            needs.append(PhaseNeed("device", offset_min, minutes))
    if not any(need.kind == "practitioner" for need in needs):
        raise ValidationError(
            f"{service} has no phase with a practitioner yet; it cannot be booked.",
            code="no_phases",
        )
    return ServiceShape(tuple(needs), service.grid_min)


def snapshot(
    clinic,
    service,
    *,
    from_day: date,
    days: int,
    practitioner_ids: Sequence[int] | None = None,
    ignore: Iterable[int] = (),
) -> Snapshot:
    """Return hours and taken stretches of a service's resources for `days` local days.

    `practitioner_ids` leaves out the other practitioners. The holds of the appointments whose keys
    are in `ignore` do not count: those about to be moved. Three queries.
    """
    known = _unbusy(clinic, service, from_day, days, practitioner_ids)
    return with_taken(known, from_day=from_day, days=days, ignore=ignore)


def with_taken(known: Snapshot, *, from_day: date, days: int, ignore=()) -> Snapshot:
    """Return hours with what their resources have taken on `days` local days. One query."""
    ids = [row.resource_id for row in known.resources]
    return _with_busy(known, from_day, days, tuple(ignore), ids)


_EXCEPTIONS = frozenset(HoursException.Kind.values)


@Prepared
def _offered():
    """Ask for phases, for the weekly hours of three units and for what is dated on one day."""
    clinic, service = (Given(name, BigIntegerField()) for name in ("clinic", "service"))
    units = [Given(kind, BigIntegerField()) for kind in ("practitioner", "room", "device")]
    day, no_flag, no_day = Given("day", DateField()), _none(BooleanField()), _none(DateField())
    phases = ServicePhase.objects.filter(service=service).order_by().values_list(
        Value("phase", TextField()), _none(BigIntegerField()), "offset_min", "minutes",
        "practitioner_min", "needs_room", "needs_device", no_day, no_day,
    )  # fmt: skip
    hours = Resource.objects.bookable(clinic, service).filter(pk__in=units).order_by()
    hours = hours.values_list(
        "kind", "pk", "weekly_hours__from_min", "weekly_hours__to_min", "weekly_hours__weekday",
        no_flag, no_flag, "weekly_hours__valid_from", "weekly_hours__valid_to",
    )  # fmt: skip
    whose = Q(resource=None)
    for unit in units:
        whose |= Q(resource=unit)
    dated = HoursException.objects.filter(whose, clinic=clinic, from_day__lte=day, to_day__gte=day)
    dated = dated.order_by().values_list(
        "kind", "resource_id", "from_min", "to_min", _none(SmallIntegerField()), no_flag, no_flag,
        "from_day", "to_day",
    )  # fmt: skip
    return phases.union(hours, dated, all=True)


def _none(field: Field) -> Value:
    return Value(None, field)


def offered(clinic, service, day: date, slot: Slot) -> tuple[ServiceShape, Snapshot]:
    """Return a service's shape and the hours of a slot's units on one local day, nothing taken.

    A unit that cannot be booked for the service is left out. One query. Raises as `shape_of`.
    """
    phases, kinds, weekly, dated = [], {}, defaultdict(list), defaultdict(list)
    asked = _offered(
        clinic=clinic.pk, service=service.pk, day=day, practitioner=slot.practitioner_id,
        room=slot.room_id, device=slot.device_id,
    )  # fmt: skip
    for what, key, first, second, third, room, device, from_day, to_day in asked:
        if what == "phase":
            phases.append((first, second, third, room, device))
        elif what in _EXCEPTIONS:
            dated[key].append(DatedException(from_day, to_day, what, first, second))
        else:
            kinds[key] = what
            if third == day.weekday():
                weekly[key].append(WeeklyRule(third, first, second, from_day, to_day))
    rows = tuple(
        ResourceHours(pk, kind, tuple(weekly[pk]), tuple(dated[pk])) for pk, kind in kinds.items()
    )
    return _shape(service, phases), Snapshot(clinic.zone, rows, tuple(dated[None]))


def opening_hours(clinic, *, from_day: date, days: int) -> Snapshot:
    """Return the hours of all active resources for `days` local days, nothing taken. Two queries."""
    return _unbusy(clinic, None, from_day, days, None)


def with_promised(known: Snapshot, promised: Iterable[Stretch]) -> Snapshot:
    """Return a snapshot in which these stretches are taken as well."""
    more = defaultdict(list)
    for resource_id, start, end in promised:
        more[resource_id].append((start, end))
    return replace(known, busy=ChainMap(
        {key: [*known.busy.get(key, ()), *rows] for key, rows in more.items()}, known.busy
    ))  # fmt: skip


def snapshots_by_week(
    clinic,
    service,
    *,
    from_day: date,
    days: int,
    practitioner_id: int | None = None,
    ignore: Iterable[int] = (),
) -> Iterator[tuple[date, Snapshot]]:
    """Yield (day, what is known of it) for `days` days; of the first week's holds first.

    For whoever stops at the first free times: in a full diary most of a month's holds stay unread.
    With `practitioner_id` the other practitioners' hours are known, what they have taken is not.
    Two queries, and one for the first week's holds and one for those of the other days.
    """
    known = _unbusy(clinic, service, from_day, days, None)
    ids = [
        row.resource_id
        for row in known.resources
        if practitioner_id in (None, row.resource_id) or row.kind != Resource.Kind.PRACTITIONER
    ]
    for offset in range(days):
        if offset in (0, WEEK_DAYS):
            first = from_day + timedelta(days=offset)
            many = days - offset if offset else min(WEEK_DAYS, days)
            part = _with_busy(known, first, many, tuple(ignore), ids)
        yield from_day + timedelta(days=offset), part


def _unbusy(clinic, service, from_day, days, practitioner_ids) -> Snapshot:
    """Return the hours of a service's resources, nothing taken."""
    units = Resource.objects.bookable(clinic, service)
    if practitioner_ids is not None:
        units = units.filter(~Q(kind="practitioner") | Q(pk__in=practitioner_ids))
    return _hours(clinic, units, from_day, from_day + timedelta(days=days - 1))


def _hours(clinic, units, from_day, to_day) -> Snapshot:
    """Return these resources with their weekly hours and what is dated, nothing taken."""
    kinds, weekly = _weekly(units, from_day, to_day)
    exceptions = _exceptions(clinic, kinds, from_day, to_day)
    rows = tuple(
        ResourceHours(pk, kind, tuple(weekly[pk]), tuple(exceptions[pk]))
        for pk, kind in kinds.items()
    )
    return Snapshot(clinic.zone, rows, tuple(exceptions[None]))


def hours_of(
    clinic, resources, *, from_day: date, days: int
) -> dict[tuple[int, date], tuple[tuple[int, int], ...]]:
    """Return the open stretches in wall minutes of resources by (key, day). Two queries."""
    to_day = from_day + timedelta(days=days - 1)
    units = Resource.objects.filter(pk__in=[row.pk for row in resources])
    kinds, weekly = _weekly(units, from_day, to_day)
    exceptions = _exceptions(clinic, kinds, from_day, to_day)
    found = {}
    for pk, kind in kinds.items():
        own = [
            *exceptions[pk],
            *(row for row in exceptions[None] if row.kind == "off" or kind != "practitioner"),
        ]
        for offset in range(days):
            day = from_day + timedelta(days=offset)
            found[pk, day] = open_stretches(day, weekly[pk], own)
    return found


def _with_busy(
    known: Snapshot, from_day: date, days: int, ignore: tuple[int, ...], ids: Sequence[int]
) -> Snapshot:
    """Return a snapshot with what these resources have taken on `days` local days."""
    to_day = from_day + timedelta(days=days - 1)
    start, end = day_bounds(from_day, known.zone)[0], day_bounds(to_day, known.zone)[1]
    return replace(known, busy=_busy(ids, start, end, ignore))


def _weekly(units, from_day: date, to_day: date) -> tuple[dict[int, str], dict[int, list]]:
    """Return the kinds of resources by key, and their weekly rules valid on any of the days."""
    names = "weekday", "from_min", "to_min", "valid_from", "valid_to"
    rows = units.order_by().values_list("pk", "kind", *(f"weekly_hours__{n}" for n in names))
    # Most resources keep the same hours: one rule is made for all who do.
    rules: dict[tuple, WeeklyRule] = {}
    kinds, weekly = {}, defaultdict(list)
    for pk, kind, *rule in rows:
        kinds[pk] = kind
        weekday, _, _, valid_from, valid_to = key = tuple(rule)
        if weekday is None or (valid_from or from_day) > to_day or (valid_to or to_day) < from_day:
            continue
        if key not in rules:
            rules[key] = WeeklyRule(*key)
        weekly[pk].append(rules[key])
    return kinds, weekly


def _exceptions(clinic, kinds, from_day, to_day) -> dict[int | None, list[DatedException]]:
    """Return dated exceptions by resource; those of the whole clinic under None."""
    rows = HoursException.objects.filter(
        clinic=clinic, from_day__lte=to_day, to_day__gte=from_day
    ).order_by("pk")
    found = defaultdict(list)
    for resource_id, *row in rows.values_list(
        "resource_id", "from_day", "to_day", "kind", "from_min", "to_min", "reason"
    ):
        if resource_id is None or resource_id in kinds:
            found[resource_id].append(DatedException(*row))
    return found


class _Packed(Aggregate):
    """The stretches of a group of holds as one text of the numbers `Stretches` is made of.

    Fetching a row a hold takes five times as long as the database takes to find them.
    """

    function, output_field = "GROUP_CONCAT", TextField()

    def __init__(self) -> None:
        super().__init__(F("start") * LONGER + F("end") - F("start"))

    def as_postgresql(self, compiler, connection, **context):
        """Return its SQL on PostgreSQL, where numbers are not joined as they are."""
        template = "STRING_AGG((%(expressions)s)::text, ',')"
        return self.as_sql(compiler, connection, template=template, **context)


class _Taken(Mapping):
    """Taken (start, end) by resource, read from packed texts for the resources asked for alone."""

    def __init__(self, packed: Mapping[int, str]) -> None:
        self._packed = packed
        self._read: dict[int, Stretches] = {}

    def __getitem__(self, resource_id: int) -> Stretches:
        if resource_id not in self._read:
            self._read[resource_id] = Stretches(map(int, self._packed[resource_id].split(",")))
        return self._read[resource_id]

    def __iter__(self) -> Iterator[int]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


def _busy(resource_ids, start: int, end: int, ignore: tuple[int, ...]) -> _Taken:
    holds = Hold.objects.touching(resource_ids, start=start, end=end)
    if ignore:
        holds = holds.exclude(appointment_id__in=ignore)
    rows = holds.order_by().values("resource_id").annotate(packed=_Packed())
    return _Taken(dict(rows.values_list("resource_id", "packed")))


def slot_of(appointment: Appointment) -> Slot:
    """Return the slot an appointment stands at."""
    return Slot(
        day=appointment.local_date,
        wall_min=appointment.local_start_min,
        start=minute_of_instant(appointment.starts_at),
        end=minute_of_instant(appointment.ends_at),
        practitioner_id=appointment.practitioner_id,
        room_id=appointment.room_id,
        device_id=appointment.device_id,
    )


class Healing:
    """The rests of a patient's zones, read once: on which days may they be needled?

    The rests of the appointments whose keys are in `ignore` do not count.
    """

    def __init__(self, patient, zone_codes: Iterable[str], *, ignore: Iterable[int] = ()) -> None:
        codes = set(zone_codes)
        self.rests: list[tuple[str, int, int]] = []
        if not codes:
            return
        rows = Rest.objects.filter(area__patient=patient, area__zone_code__in=codes)
        if ignore := tuple(ignore):
            rows = rows.exclude(appointment_id__in=ignore, kind=Rest.Kind.BOOKED)
        self.rests = list(
            rows.order_by("start_day").values_list("area__zone_code", "start_day", "end_day")
        )

    @classmethod
    def of(cls, rests: Iterable[tuple[str, int, int]]) -> "Healing":
        """Return the same from rests at hand: zone code and days since 1970-01-01, `[start, end)`."""
        healing = cls.__new__(cls)
        healing.rests = list(rests)
        return healing

    def allows(self, wishes: Iterable[RestWish]) -> bool:
        """Say whether all these rests are free."""
        return self._after(wishes) is None

    def first_day(self, wishes: Sequence[RestWish]) -> date:
        """Return the first day, from theirs on, from which all these rests would be free."""
        day = min(wish.start_day for wish in wishes)
        while (later := self._after([wish.on(day) for wish in wishes])) is not None:
            day = later
        return day

    def _after(self, wishes: Iterable[RestWish]) -> date | None:
        """Return the end of the last rest in the way, None when none is."""
        ends = []
        for wish in wishes:
            start, end = wish.span
            ends += [
                taken_to
                for code, taken_from, taken_to in self.rests
                if code == wish.zone_code and taken_from < end and start < taken_to
            ]
        return day_of(max(ends)) if ends else None
