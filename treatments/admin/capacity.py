"""Capacity: how full the coming weeks are, and how many courses still need a place in them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.utils import timezone

from clinic.models import Hold, Resource
from clinic.models.openings import opening_hours
from clinic.scheduling.minutes import day_bounds
from clinic.scheduling.weeks import WEEK, Load, days_of, open_minutes, weeks_from

WEEKS = 12
KINDS = (
    (Resource.Kind.PRACTITIONER, "Practitioners", "person"),
    (Resource.Kind.ROOM, "Rooms", "door-closed"),
    (Resource.Kind.DEVICE, "Devices", "tools"),
)


@dataclass(frozen=True)
class LoadRow:
    """One practitioner, room or device, and how full each week is."""

    name: str
    loads: Sequence[Load]


@dataclass(frozen=True)
class LoadGroup:
    """All units of one kind, and their sum."""

    title: str
    icon: str
    rows: Sequence[LoadRow]

    @property
    def totals(self) -> list[Load]:
        """Return the load of all of them together, week by week."""
        return [
            sum(week, Load(0, 0)) for week in zip(*(row.loads for row in self.rows), strict=True)
        ]


def capacity(desk, request):
    """Show 12 weeks by practitioner, room and device, and the courses that need a place."""
    if not desk.has_view_permission(request):
        raise PermissionDenied
    today = request.clinic.local_date(timezone.now())
    mondays = weeks_from(today, WEEKS)
    plans = desk.model.objects.of(request.clinic)
    needs = plans.places_needed(mondays, today)
    facts = {
        "weeks": list(zip(mondays, needs, strict=True)), "today": today,
        "groups": loads(request.clinic, mondays), "most": max(need.may for need in needs),
        "waiting": plans.without_place(today).count(),
    }  # fmt: skip
    return render(request, "treatments/planner/capacity.html", facts)


def loads(clinic, mondays) -> list[LoadGroup]:
    """Return the load of every active unit, week by week. Five queries."""
    units = list(Resource.objects.bookable(clinic))
    known = opening_hours(clinic, from_day=mondays[0], days=7 * len(mondays))
    hours = {row.resource_id: row for row in known.resources}
    bounds = [day_bounds(day, clinic.zone)[0] for day in (*mondays, mondays[-1] + WEEK)]
    taken = Hold.objects.minutes_between(hours, bounds)
    weeks = [days_of(monday) for monday in mondays]
    groups = []
    for kind, title, icon in KINDS:
        rows = [
            LoadRow(unit.name, [
                Load(open_minutes(days, hours[unit.pk], known.clinic_exceptions), minutes)
                for days, minutes in zip(weeks, taken.get(unit.pk, [0] * len(weeks)), strict=True)
            ])
            for unit in units if unit.kind == kind
        ]  # fmt: skip
        if rows:
            groups.append(LoadGroup(title, icon, rows))
    return groups
