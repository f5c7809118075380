"""The admin in plain words: the home by use, weeks at a glance, absences with their consequence."""

import re
from datetime import date

import pytest
import time_machine
from django.urls import reverse

from clinic.admin.services import visits_in
from clinic.models import HoursException, WeeklyHours
from clinic.templatetags.desk import by_use, hours, week_strip
from tests import factories
from tests.support.planner import text

MONDAY = date(2026, 11, 23)
# Session, account, clinics of the frame, whether the person leads; two of the account's own
# permissions; how many, twice (found and in all); the rows; the visits that fall into them.
ABSENCE_QUERIES = 10


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


def away(clinic, **facts):
    """Return an absence on Tuesday."""
    day = {"from_day": date(2026, 11, 24), "to_day": date(2026, 11, 24)}
    return HoursException.objects.create(**{"clinic": clinic, "kind": "off"} | day | facts)


def test_the_home_groups_every_model_by_use(desk):
    page = desk.get(reverse("admin:index"))

    titles = re.findall(r'<h2 id="group-\d"><i[^>]*></i> ([^<]+)</h2>', page.content.decode())
    assert titles[:4] == ["Plan", "Practice", "Catalogue", "Staff"]
    assert "Absences and extra hours" in text(page)


def test_a_model_nobody_grouped_is_shown_last():
    model = {"object_name": "Stranger", "name": "Strangers", "admin_url": "/x/", "add_url": None}

    (group,) = by_use([{"models": [model]}])

    assert (group["title"], group["cards"][0]["title"]) == ("More", "Strangers")


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0"), (60, "1"), (90, "1.5"), (100, "1.5"), (1440, "24")]
)
def test_minutes_are_hours_in_halves(minutes, words):
    assert hours(minutes) == words


def test_a_week_is_drawn_from_the_hours_that_hold_today():
    rows = [
        WeeklyHours(weekday=0, from_min=540, to_min=720),
        WeeklyHours(weekday=0, from_min=780, to_min=1020),
        WeeklyHours(weekday=1, from_min=540, to_min=1020, valid_to=date(2026, 11, 1)),
    ]

    days = week_strip(rows, MONDAY)

    assert days[0]["words"] == "09:00 to 12:00, 13:00 to 17:00"
    assert days[0]["bars"] == [("18.8%", "18.8%"), ("43.8%", "25.0%")]
    assert (days[1]["words"], days[1]["bars"]) == ("closed", [])


def test_the_visits_an_absence_falls_on_are_counted_once_each(clinic, now):
    one, two = clinic.resources.practitioners()
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=one)
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 840, who=one)
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=two)
    rows = [away(clinic, resource=one), away(clinic), away(clinic, resource=one, from_min=780,
            to_min=1020), away(clinic, kind="extra", from_min=1020, to_min=1080),
            away(clinic, from_day=date(2026, 11, 2), to_day=date(2026, 11, 3))]  # fmt: skip

    counts = visits_in(rows, at=now)

    assert [counts.get(row.pk, 0) for row in rows] == [2, 3, 1, 0, 0]


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_absences_costs_the_same_queries_for_one_row_and_for_three(
    desk, clinic, rows, django_assert_num_queries
):
    for _ in range(rows):
        away(clinic)
    address = reverse("admin:clinic_hoursexception_changelist")
    desk.get(address)

    with django_assert_num_queries(ABSENCE_QUERIES):
        assert desk.get(address).status_code == 200


def test_an_absence_that_is_saved_says_what_falls_into_it(desk, clinic):
    who = clinic.resources.practitioners().first()
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=who)

    answer = desk.post(
        reverse("admin:clinic_hoursexception_add"),
        {"clinic": clinic.pk, "resource": who.pk, "kind": "off", "reason": "sick",
         "from_day": "2026-11-24", "to_day": "2026-11-24", "from_min": "", "to_min": ""},
        follow=True,
    )  # fmt: skip

    assert "1 appointment falls into it" in text(answer)


def test_the_course_page_speaks_words_instead_of_columns(desk, patient):
    plan = factories.plan(patient)

    shown = text(desk.get(reverse("admin:treatments_treatmentplan_change", args=[plan.pk])))

    assert "Days between sessions: 28 to 42 days, ideally 35" in shown
    assert "Gap days" not in shown
