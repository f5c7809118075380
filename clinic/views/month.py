"""The month of the diary: how many come on each day, and how much of the working time is booked."""

from datetime import date

from clinic.models import Appointment, Hold, Resource
from clinic.models.openings import hours_of
from clinic.scheduling.minutes import day_bounds
from clinic.views.targets import month_of

FULL, LEVELS = 100, 4  # percent, and shades of a day


def weeks_of(clinic, look) -> list[list[dict]]:
    """Return the weeks of the month looked at, a day a cell. A fixed number of queries.

    `open_min` and `booked_min` are minutes of all practitioners; `share` is the percent of the open
    ones that is booked, None on a day nobody works.
    """
    days = list(month_of(look.day))
    counts = Appointment.objects.counted_by_day(clinic, days[0], days[-1])
    loads = _loads(clinic, days)
    cells = [
        loads[day] | {"day": day, "count": counts.get(day, 0), "inside": day.month == look.day.month,
                      "url": look.at(view="day", on=day.isoformat())}
        for day in days
    ]  # fmt: skip
    return [cells[n : n + 7] for n in range(0, len(cells), 7)]


def _loads(clinic, days: list[date]) -> dict[date, dict]:
    people = list(clinic.resources.filter(kind=Resource.Kind.PRACTITIONER, active=True))
    hours = hours_of(clinic, people, from_day=days[0], days=len(days))
    bounds = [day_bounds(day, clinic.zone)[0] for day in days]
    bounds.append(day_bounds(days[-1], clinic.zone)[1])
    taken = Hold.objects.minutes_between([row.pk for row in people], bounds)
    found = {}
    for at, day in enumerate(days):
        open_min = sum(end - start for row in people for start, end in hours[row.pk, day])
        found[day] = _load(open_min, sum(minutes[at] for minutes in taken.values()))
    return found


def _load(open_min: int, booked_min: int) -> dict:
    """Return a day's minutes and their share; a day with visits outside the hours is full."""
    share = min(round(FULL * booked_min / open_min), FULL) if open_min else None
    level = -(-LEVELS * (share or 0) // FULL)
    return {"open_min": open_min, "booked_min": booked_min, "share": share, "level": level}
