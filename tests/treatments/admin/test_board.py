"""The course board: sessions by week with letters, filters and pages, at a fixed cost."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse

from tests import factories
from tests.support.planner import text
from treatments.actions.diary import book_session
from treatments.admin import board
from treatments.models import TreatmentPlan

URL = reverse("admin:treatments_treatmentplan_board")
MONDAY = date(2026, 11, 23)
# Session, account, clinics of the frame, whether the person leads; practitioners and protocols to
# filter by; how many courses; the courses; their sessions with appointments.
QUERIES = 9


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


def course(clinic, name, **facts):
    """Return a course whose next session is ideal in a week."""
    window = {"next_earliest_on": MONDAY, "next_ideal_on": MONDAY + timedelta(days=7),
              "next_latest_on": MONDAY + timedelta(days=14)}  # fmt: skip
    return factories.plan(factories.patient(clinic, family_name=name), **window | facts)


def marks(plan, today=MONDAY):
    """Return number, letter and day of a course's sessions."""
    (row,) = board.with_sessions(TreatmentPlan.objects.filter(pk=plan.pk))
    return [
        (mark.number, mark.letter, mark.day) for mark in board.marks_of(row, row.in_order, today)
    ]


def names(answer):
    """Return the family names in the order of the rows."""
    return re.findall(r'class="board-who"><a href="[^"]*">(\w+),', answer.content.decode())


def test_every_session_stands_in_its_week_with_its_letter(clinic, now, lead):
    plan = course(clinic, "Mixed", sessions_done=1, last_session_on=MONDAY - timedelta(days=40))
    plan.sessions.filter(number=1).update(done_on=MONDAY - timedelta(days=40))
    slot = factories.slot_on(clinic, MONDAY + timedelta(days=1))
    book_session(planned_session=plan.sessions.get(number=2), slot=slot, at=now, by=lead)

    assert marks(plan) == [
        (1, "D", MONDAY - timedelta(days=40)), (2, "B", MONDAY + timedelta(days=1)),
        (3, "P", MONDAY + timedelta(days=36)), (4, "P", MONDAY + timedelta(days=71)),
    ]  # fmt: skip


def test_a_session_past_its_ideal_day_is_overdue_today_and_the_rest_follows(clinic):
    plan = course(clinic, "Late", next_ideal_on=MONDAY - timedelta(days=1), sessions=2)

    assert marks(plan) == [(1, "O", MONDAY), (2, "P", MONDAY + timedelta(days=35))]


def test_a_visit_that_waits_for_another_time_and_one_nobody_resolved_are_told_apart(
    clinic, now, lead
):
    plan = course(clinic, "Waiting", sessions=2)
    days = [MONDAY + timedelta(days=1), MONDAY + timedelta(days=40)]
    for session, day in zip(plan.sessions.order_by("number"), days, strict=True):
        slot = factories.slot_on(clinic, day)
        visit = book_session(planned_session=session, slot=slot, at=now, by=lead)
    visit.status, visit.to_move_since, visit.to_move_because = "proposed", now, "Sick"
    visit.save()

    assert [letter for _, letter, _ in marks(plan, MONDAY + timedelta(days=3))] == ["?", "M"]


@pytest.mark.parametrize(
    ("gap", "letter", "words"),
    [(42, "B", "booked, Tue 5 Jan"), (43, "L", "booked 1 day late, Wed 6 Jan")],
)
def test_a_session_booked_past_its_longest_interval_is_marked_late(
    desk, clinic, now, lead, gap, letter, words
):
    plan = course(clinic, "Far", sessions=2)
    first = MONDAY + timedelta(days=1)
    for session, day in zip(plan.sessions.order_by("number"), (first, first + timedelta(days=gap)),
                            strict=True):  # fmt: skip
        slot = factories.slot_on(clinic, day)
        book_session(planned_session=session, slot=slot, at=now, by=lead)

    assert [mark[1] for mark in marks(plan)] == ["B", letter]
    assert f"Session 2 of 2: {words}" in text(desk.get(URL))


@pytest.mark.parametrize(("days", "told"), [(14, False), (15, True)])
def test_a_course_whose_next_day_is_late_says_so_beside_its_name(desk, clinic, days, told):
    course(clinic, "Far", next_booked_on=MONDAY + timedelta(days=days))

    assert ("At risk · 0 of 4 Booked 1 day late" in text(desk.get(URL))) is told


def test_an_ended_course_plans_nothing_more(clinic):
    plan = course(clinic, "Stopped", status="stopped", stopped_on=MONDAY, stopped_because="Moved")

    assert marks(plan) == []


def test_the_board_says_in_words_what_a_letter_stands_for(desk, clinic, now, lead):
    plan = course(clinic, "Words")
    slot = factories.slot_on(clinic, MONDAY + timedelta(days=1))
    book_session(planned_session=plan.sessions.get(number=1), slot=slot, at=now, by=lead)

    shown = text(desk.get(URL))

    who = clinic.resources.practitioners().first().name
    assert f"Session 1 of 4: booked, Tue 24 Nov, 10:00 with {who}" in shown
    assert "Session 2 of 4: planned, ideally Tue 29 Dec" in shown


def test_other_weeks_are_a_link_away_and_say_how_much_lies_beyond(desk, clinic):
    course(clinic, "Far")

    shown = text(desk.get(URL, {"from": "2027-06-01"}))

    assert "4 sessions earlier" in shown
    assert desk.get(URL, {"from": "soon"}).status_code == 200
    assert desk.get(URL, {"from": "9999-12-31"}).status_code == 200


def test_filters_narrow_the_board_and_unknown_words_do_not(desk, clinic):
    other = clinic.resources.practitioners().last()
    course(clinic, "Anna", practitioner=other)
    late = course(clinic, "Berta", next_ideal_on=MONDAY - timedelta(days=1))
    course(clinic, "Carla", status="done", next_earliest_on=None, next_ideal_on=None,
           next_latest_on=None)  # fmt: skip

    def kept(**asked):
        return sorted(names(desk.get(URL, asked)))

    assert kept() == ["Anna", "Berta"]
    assert kept(practitioner=other.pk) == ["Anna"]
    assert kept(protocol=late.protocol_id) == ["Berta"]
    assert kept(state="overdue") == ["Berta"]
    assert kept(state="all") == ["Anna", "Berta", "Carla"]
    assert kept(state="x", practitioner="x", protocol="9" * 30) == ["Anna", "Berta"]


def test_a_long_board_comes_in_pages(desk, clinic, monkeypatch):
    monkeypatch.setattr(board, "ROWS", 2)
    for number in range(3):
        course(clinic, f"Page{number}")

    first, second = desk.get(URL), desk.get(URL, {"page": "2"})

    assert (len(names(first)), len(names(second))) == (2, 1)
    assert "3 courses" in text(first)
    assert "Page 1 of 2" in text(first)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_board_costs_the_same_queries_for_one_course_and_for_three(
    as_user, lead, clinic, now, rows, django_assert_num_queries
):
    for number in range(rows):
        plan = course(clinic, f"Row{number}")
        slot = factories.slot_on(clinic, MONDAY + timedelta(days=number + 1))
        book_session(planned_session=plan.sessions.get(number=1), slot=slot, at=now, by=lead)
    client = as_user(lead)
    client.get(URL)

    with django_assert_num_queries(QUERIES):
        assert len(names(client.get(URL))) == rows


def test_another_clinics_courses_are_not_on_the_board(desk):
    course(factories.clinic_with_diary(), "Foreign")

    assert names(desk.get(URL, {"state": "all"})) == []


def test_it_opens_for_a_lead_alone(as_user, practitioner):
    assert as_user(practitioner).get(URL).status_code == 403
