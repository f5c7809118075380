"""The planner on a running course: what is done and booked stands, the rest is proposed."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry

from clinic.models import Appointment, OutboxMessage
from tests import factories
from tests.support.planner import LIST, LIVE, URL, days, slots, text, word
from treatments.actions.diary import book_session
from treatments.models import TreatmentPlan


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


@pytest.fixture
def running(patient, lead, now):
    """Return a course with session 1 done four weeks ago and session 2 booked."""
    plan = factories.plan(patient, agreed_on=date(2026, 10, 1))
    plan.sessions.filter(number=1).update(done_on=now.date() - timedelta(days=28))
    slot = factories.slot_on(patient.clinic, date(2026, 12, 3))
    book_session(planned_session=plan.sessions.get(number=2), slot=slot, at=now, by=lead)
    return plan


def test_done_and_booked_sessions_stand_and_the_rest_is_proposed(desk, running):
    shown = text(desk.get(URL, {"plan": running.pk}))

    assert "1 Mon 26 Oct 2026 Done" in shown
    assert re.search(r"2 Thu 3 Dec 2026, 10:00 .*? Booked", shown)
    assert re.search(r"Session 3 Thu 7 Jan 2027, \d\d:00 ", shown)
    assert "Book 2 sessions" in shown


def test_booking_the_rest_leaves_what_is_booked(desk, running, lead):
    page = desk.get(URL, {"plan": running.pk})
    visit = running.sessions.get(number=2).appointment
    sent = slots(page) | {"seen_2": str(visit.version), "book": "1", "keep_shown": "1", "keep": "1"}

    answer = desk.post(f"{URL}?plan={running.pk}", sent)

    assert answer["Location"] == LIST
    assert days(running)[1:3] == [date(2026, 12, 3), date(2027, 1, 7)]
    visit.refresh_from_db()
    assert visit.version == int(sent["seen_2"])
    line = LogEntry.objects.get()
    assert (line.object_id, line.is_change()) == (str(running.pk), True)


def test_saving_what_is_booked_already_moves_nothing_and_says_so(desk, running):
    page = desk.get(URL, {"plan": running.pk})
    visit = running.sessions.get(number=2).appointment
    before = Appointment.objects.values().get()
    told = OutboxMessage.objects.count()
    own = {"slot_2": slots(page)["slot_2"], "seen_2": str(visit.version)}

    answer = desk.post(f"{URL}?plan={running.pk}", own | {"book": "1"}, follow=True)

    assert "Nothing was changed: every session keeps its time." in text(answer)
    assert Appointment.objects.values().get() == before
    assert (OutboxMessage.objects.count(), LogEntry.objects.count()) == (told, 0)


def test_only_what_is_newly_booked_is_counted(desk, running):
    page = desk.get(URL, {"plan": running.pk})
    visit = running.sessions.get(number=2).appointment

    answer = desk.post(f"{URL}?plan={running.pk}",
                       slots(page) | {"seen_2": str(visit.version), "book": "1"}, follow=True)  # fmt: skip

    assert "2 sessions booked for" in text(answer)


def test_a_booked_date_far_too_late_moves_when_the_lead_lets_it(desk, patient, lead, now):
    plan = factories.plan(patient, agreed_on=date(2026, 10, 1))
    plan.sessions.filter(number=1).update(done_on=date(2026, 10, 26))
    late = factories.slot_on(patient.clinic, date(2027, 1, 18))
    book_session(planned_session=plan.sessions.get(number=2), slot=late, at=now, by=lead)
    first_page = slots(desk.get(URL, {"plan": plan.pk}))

    free = slots(desk.post(f"{URL}?plan={plan.pk}", {"keep_shown": "1"}, headers=LIVE))

    assert first_page["slot_2"] == word(patient.clinic, date(2027, 1, 18))
    assert (
        free["slot_2"].split(".")[0] == word(patient.clinic, date(2026, 11, 30), 540).split(".")[0]
    )


def test_a_booking_moved_meanwhile_is_not_moved_back(desk, running):
    page = desk.get(URL, {"plan": running.pk})
    visit = running.sessions.get(number=2).appointment
    Appointment.objects.filter(pk=visit.pk).update(version=visit.version + 1)
    sent = slots(page) | {"seen_2": str(visit.version), "book": "1"}

    answer = desk.post(f"{URL}?plan={running.pk}", sent)

    assert answer.status_code == 409
    assert "Somebody booked this session meanwhile" in text(answer)


def test_a_course_that_has_ended_has_nothing_to_plan(desk, patient):
    plan = factories.plan(patient)
    TreatmentPlan.objects.filter(pk=plan.pk).update(
        status="stopped", stopped_on=date(2026, 11, 1), stopped_because="Moved away"
    )

    assert "Nothing is left to plan" in text(desk.get(URL, {"plan": plan.pk}))


@pytest.mark.parametrize("sessions", [2, 6])
def test_the_sheet_costs_the_same_queries_for_any_length(
    desk, patient, sessions, django_assert_num_queries
):
    plan = factories.plan(patient, sessions=sessions)
    desk.get(URL, {"plan": plan.pk})

    with django_assert_num_queries(18):
        desk.get(URL, {"plan": plan.pk})
