"""The planner's timeline: what is drawn where, and what dragging a date does."""

import json
import re
from datetime import date

import pytest
import time_machine

from clinic.models import Appointment, Blackout
from tests import factories
from tests.support.planner import LIVE, URL, slots, text, word
from treatments.admin.timeline import Scale, differing
from treatments.views.proposals import Card


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def plan(patient):
    """Return a course of 4 sessions, nothing done."""
    return factories.plan(patient)


@pytest.fixture
def sheet(as_user, lead, plan):
    """Return a function that sends what a browser would and returns the live answer."""
    client = as_user(lead)

    def send(**pressed):
        return client.post(f"{URL}?plan={plan.pk}", pressed, headers=LIVE)

    return send


def lanes(answer):
    """Return day -> reason by session, as the page's script reads it."""
    found = re.search(r'<script id="timeline-days"[^>]*>(.*?)</script>', answer.content.decode())
    return json.loads(found[1])["lanes"]


# --- Sums -----------------------------------------------------------------------------------------
def test_days_lie_on_the_line_by_their_share_of_it():
    scale = Scale(date(2026, 11, 1), 10)

    assert scale.start(date(2026, 11, 1)) == "0.000%"
    assert scale.at(date(2026, 11, 6)) == "55.000%"
    assert scale.wide(date(2026, 11, 2), date(2026, 11, 3)) == "20.000%"
    assert scale.clip(date(2026, 10, 1), date(2026, 11, 4)) == (
        date(2026, 11, 1),
        date(2026, 11, 4),
    )
    assert scale.clip(date(2026, 12, 1), date(2026, 12, 4)) is None


@pytest.mark.parametrize(("days", "name"), [(49, ""), (50, "Dec"), (51, "Dec")])
def test_a_month_is_named_where_its_name_finds_room(days, name):
    scale = Scale(date(2026, 10, 15), days)  # 50 days end on 3 December: 3 of 50 are 6 %

    assert scale.month_name(date(2026, 12, 1)) == name


def test_january_bears_its_year():
    assert Scale(date(2026, 12, 20), 60).month_name(date(2027, 1, 1)) == "Jan 2027"


def test_proposals_with_the_same_dates_are_one_card_and_a_sentence():
    days = [date(2026, 11, 24)]
    one = Card("nearest_to_ideal", "Nearest to ideal", "x", days, (), is_chosen=False)
    twin = Card("before_event", "Finished early", "x", days, (), is_chosen=True,
                same_as="Nearest to ideal")  # fmt: skip

    cards, twins = differing([one, twin])

    assert [(card.title, card.is_chosen) for card in cards] == [("Nearest to ideal", True)]
    assert twins == ["“Finished early” gives the same dates as “Nearest to ideal”."]


# --- Drawn ----------------------------------------------------------------------------------------
def test_every_session_has_a_line_with_its_window_and_a_dot(sheet):
    page = sheet().content.decode()

    assert re.findall(r'data-lane="(\d)"', page) == ["1", "2", "3", "4"]
    assert re.findall(r'id="tl-(\d)" role="slider"', page) == ["1", "2", "3", "4"]
    assert "From Tue 22 Dec, ideally Tue 29 Dec, at the latest Tue 5 Jan" in page
    assert 'aria-valuetext="Tue 29 Dec, 09:00 with ' in page


def test_refused_days_carry_their_reason(sheet, plan):
    Blackout.objects.create(patient=plan.patient, kind="holiday", from_day=date(2026, 12, 30),
                            to_day=date(2026, 12, 31))  # fmt: skip

    found = lanes(sheet())["2"]

    assert found["2026-12-21"] == "Healing needs 28 days: possible from Tue 22 Dec"
    assert found["2026-12-27"] == "The clinic is closed"
    assert found["2026-12-30"] == "The patient is away until Thu 31 Dec"
    assert "2026-12-29" not in found


def test_the_event_and_its_calm_days_are_drawn(sheet, plan):
    plan.event_on, plan.calm_days = date(2027, 4, 10), 14
    plan.save()

    page = sheet().content.decode()

    assert "Event Sat 10 Apr" in page
    assert "14 calm days before the event on Sat 10 Apr" in page


# --- Dragged --------------------------------------------------------------------------------------
def test_a_date_that_is_dragged_keeps_its_hour_and_practitioner(sheet, clinic):
    sent = slots(sheet())
    sent["slot_2"] = word(clinic, date(2026, 12, 29), 660)

    answer = sheet(**sent, put="2:2026-12-31")

    assert slots(answer)["slot_2"] == word(clinic, date(2026, 12, 31), 660)
    assert {k: v for k, v in slots(answer).items() if k != "slot_2"} == {
        k: v for k, v in sent.items() if k != "slot_2"
    }
    assert Appointment.objects.count() == 0


def test_a_date_dragged_onto_a_refused_day_stays_and_says_why(sheet):
    sent = slots(sheet())

    answer = sheet(**sent, put="2:2026-12-10")

    assert slots(answer) == sent
    assert "Session 2 stays where it was. Thu 10 Dec: 16 days after the last session" in text(
        answer
    )


@pytest.mark.parametrize("put", ["", "2", "9:2026-12-31", "x:2026-12-31", "2:soon", "²:2026-12-31"])
def test_a_drag_that_makes_no_sense_changes_nothing(sheet, put):
    sent = slots(sheet())

    answer = sheet(**sent, put=put)

    assert (answer.status_code, slots(answer)) == (200, sent)
