"""The month of the diary: how many come, and how full the days are."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.models import HoursException

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("on_monday")


def test_the_month_counts_the_visits_of_each_day(at_desk, visit):
    page = at_desk.get(reverse("diary"), {"view": "month", "on": "2026-11-01"})

    cells = {cell["day"]: cell["count"] for week in page.context["weeks"] for cell in week}
    assert cells[TUESDAY] == 1
    assert (min(cells), max(cells)) == (date(2026, 10, 26), date(2026, 12, 6))


def test_the_month_says_what_is_booked_of_the_working_hours(at_desk, visit, clinic):
    HoursException.objects.create(clinic=clinic, kind="off", reason="holiday", from_day=TUESDAY
                                  + timedelta(days=1), to_day=TUESDAY + timedelta(days=1))  # fmt: skip

    page = at_desk.get(reverse("diary"), {"view": "month", "on": "2026-11-01"})

    cells = {cell["day"]: cell for week in page.context["weeks"] for cell in week}
    people = clinic.resources.practitioners().count()
    tuesday = cells[TUESDAY]
    assert (tuesday["booked_min"], tuesday["open_min"] % people) == (40, 0)
    assert tuesday["share"] == round(100 * 40 / tuesday["open_min"])
    assert cells[TUESDAY + timedelta(days=1)]["share"] is None
    assert page.content.decode().count("Closed") == sum(
        cell["share"] is None for cell in cells.values()
    )
