"""What the diary draws: columns, closed hours and visits as plain values for the page's calendar.

Times are the clinic's wall time without a zone ("2026-11-23T10:00"), so that every browser draws
them where the clinic's clock has them. Nothing clinical is in here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Value
from django.utils import timezone

from clinic.models import Appointment, Clinic, Resource
from clinic.models.openings import hours_of
from clinic.scheduling.minutes import DAY_MIN, minute_of_instant
from clinic.templatetags.needlepoint import APPOINTMENT
from clinic.views.addresses import address
from clinic.views.missing import Missing
from treatments.models import Photo, PhotoPermission

KINDS = {"practitioner": Resource.Kind.PRACTITIONER, "room": Resource.Kind.ROOM}
OPENS_MIN, CLOSES_MIN = 8 * 60, 18 * 60  # drawn when nobody works at all
BEGUN = {"arrived", "in_session", "fulfilled"}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A stretch of days of one clinic, with a column per practitioner or room.

    `only` keeps one resource (the week of one person); `clinical` also tells of missing photos.
    """

    clinic: Clinic
    from_day: date
    days: int
    kind: str
    at: datetime
    only: int | None = None
    clinical: bool = False

    @property
    def to_day(self) -> date:
        """Return the last day."""
        return self.from_day + timedelta(days=self.days - 1)

    def as_dict(self) -> dict:
        """Return everything the calendar needs. A fixed number of queries, see the tests."""
        units = list(self.clinic.resources.filter(kind=KINDS[self.kind]).order_by("order", "pk"))
        visits = self._rows() + self._kept()
        used = {self._column(row) for row in visits}
        units = [row for row in units if row.active or row.pk in used]
        shown = [row for row in units if self.only in (None, row.pk)]
        keys = {row.pk for row in shown}
        hours = hours_of(self.clinic, shown, from_day=self.from_day, days=self.days)
        drawn = [row for row in visits if self._column(row) in keys]
        return {
            "resources": [{"id": str(row.pk), "title": row.name} for row in shown],
            "opens": self._edge(hours, drawn, first=True),
            "closes": self._edge(hours, drawn, first=False),
            "closed": list(self._closed(hours)),
            "visits": self._visits(drawn),
            "now": timezone.localtime(self.at, self.clinic.zone).strftime("%Y-%m-%dT%H:%M"),
        }

    def _rows(self) -> list[Appointment]:
        """Return the visits of these days, those of one column only where one is asked for."""
        rows = Appointment.objects.for_diary(self.clinic, self.from_day, self.to_day)
        if self.only is not None:
            rows = rows.filter(**{f"{self.kind}_id": self.only})
        return list(rows.select_related("planned_session__plan"))

    def _kept(self) -> list[Appointment]:
        """Return the times kept for patients on the telephone: nobody has agreed to them yet."""
        rows = Appointment.tentative.of(self.clinic).open(self.at)
        rows = rows.filter(local_date__range=(self.from_day, self.to_day)).with_people()
        rows = rows.select_related("kept_for__plan").annotate(came_before=Value(value=True))
        return list(rows.prefetch_related("holds", "service__phases").order_by("starts_at", "pk"))

    def _column(self, row: Appointment) -> int | None:
        return row.practitioner_id if self.kind == "practitioner" else row.room_id

    def _edge(self, hours: Mapping, visits: Iterable[Appointment], *, first: bool) -> int:
        """Return the first or last full hour worth drawing, in wall minutes."""
        if first:
            edges = [stretches[0][0] for stretches in hours.values() if stretches]
            edges += [row.local_start_min for row in visits]
            return min(edges, default=OPENS_MIN) // 60 * 60
        edges = [stretches[-1][1] for stretches in hours.values() if stretches]
        edges += [min(row.local_start_min + row.minutes, DAY_MIN) for row in visits]
        return min(-(-max(edges, default=CLOSES_MIN) // 60) * 60, DAY_MIN)

    def _closed(self, hours: Mapping) -> Iterable[dict]:
        for (pk, day), stretches in hours.items():
            edge = 0
            for start, end in (*stretches, (DAY_MIN, DAY_MIN)):
                if edge < start:
                    yield {"resource": str(pk), "start": wall(day, edge), "end": wall(day, start)}
                edge = end

    def _visits(self, rows: Sequence[Appointment]) -> list[dict]:
        photographed: set = set()  # or declined: nobody is told that a refused photo is missing
        if self.clinical:
            photographed = Photo.objects.days_of(
                {row.patient_id for row in rows}, self.from_day, self.to_day
            )
            declined = PhotoPermission.objects.declined_record({row.patient_id for row in rows})
            photographed |= {(row.patient_id, row.local_date) for row in rows
                             if row.patient_id in declined}  # fmt: skip
        missing = Missing(rows, today=self.clinic.local_date(self.at))
        return [self._visit(row, photographed, missing) for row in rows]

    def _visit(self, row: Appointment, photographed: set, missing: Missing) -> dict:
        is_kept = row.status == Appointment.Status.TENTATIVE
        planned = getattr(row, "kept_for" if is_kept else "planned_session", None)
        state = "confirmed" if row.status == "booked" and row.confirmed_at else row.status
        look = APPOINTMENT[state]
        lacks_photo = planned is not None and row.status in BEGUN and (
            (row.patient_id, row.local_date) not in photographed
        )  # fmt: skip
        return {
            "id": row.pk, "version": row.version, "resource": str(self._column(row)),
            "start": wall(row.local_date, row.local_start_min),
            "end": wall(row.local_date, row.local_start_min + row.minutes),
            "name": row.patient.full_name, "initials": row.patient.initials,
            "who": row.practitioner.name, "practitioner": row.practitioner_id,
            "room": row.room.name if row.room else "",
            "service": row.service.name, "state": row.status, "word": look.label,
            "icon": look.icon, "tone": look.tone,
            "session": f"{planned.number}/{planned.plan.sessions_planned}" if planned else "",
            "first": not row.came_before, "unconfirmed": state == "booked",
            "lacks_consent": missing.consent(row),
            "lacks_photo": self.clinical and lacks_photo,
            "lacks_health": missing.check(row),
            "movable": row.can_be_moved,
            "phases": _phases(row), "hands": self._hands(row),
            "until": self._clock(row.expires_at) if is_kept else "",
            "minutes": row.minutes, **(_kept_addresses(row) if is_kept else _addresses(row)),
        }  # fmt: skip

    def _clock(self, instant: datetime) -> str:
        return timezone.localtime(instant, self.clinic.zone).strftime("%H:%M")

    def _hands(self, row: Appointment) -> list[list[int]]:
        """Return when the practitioner is taken, in minutes after the start: what the holds say."""
        begin = minute_of_instant(row.starts_at)
        mine = [hold for hold in row.holds.all() if hold.resource_id == row.practitioner_id]
        return sorted([hold.start - begin, hold.end - begin] for hold in mine)


def wall(day: date, wall_min: int) -> str:
    """Return a wall-clock minute of a day as the calendar reads it; 1440 is the next midnight."""
    day, wall_min = day + timedelta(days=wall_min // DAY_MIN), wall_min % DAY_MIN
    return f"{day.isoformat()}T{wall_min // 60:02d}:{wall_min % 60:02d}"


def _phases(row: Appointment) -> list[list]:
    """Return [kind, from, to] in minutes after the start, kept inside the visit."""
    length = row.minutes
    rows = sorted(row.service.phases.all(), key=lambda phase: phase.offset_min)
    found = [
        [phase.kind, phase.offset_min, min(phase.offset_min + phase.minutes, length)]
        for phase in rows
        if phase.offset_min < length
    ]
    return found or [["consult", 0, length]]


def _addresses(row: Appointment) -> dict:
    names = {"chart": "chart", "move": "appointment_move", "cancel": "appointment_cancel",
             "targets": "diary_targets", "place": "diary_place"}  # fmt: skip
    found = {
        f"{key}_url": address(name, row.patient_id if key == "chart" else row.pk)
        for key, name in names.items()
    }
    found["url"] = address("appointment", row.pk)
    return found | {"cancel_url": found["cancel_url"] + "?from=diary"}


def _kept_addresses(row: Appointment) -> dict:
    """Return where a kept time is taken or let go: at its patient's free times."""
    finder = f"{address('appointment_new')}?patient={row.patient_id}"
    return {"url": finder, "chart_url": address("chart", row.patient_id)}
