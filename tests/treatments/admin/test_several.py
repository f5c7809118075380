"""Propose and book: several courses planned together, each booked in its own transaction."""

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.urls import reverse

from clinic.models import Appointment, AuditEvent
from tests import factories
from tests.support.planner import LIST, text
from treatments.actions.diary import book_session
from treatments.models import TreatmentPlan

URL = reverse("admin:treatments_treatmentplan_several")


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
def plans(clinic):
    """Return three courses of two sessions for three patients, nothing booked."""
    zone = factories.zone()
    protocol = factories.protocol([zone])
    return [
        factories.plan(factories.patient(clinic, family_name=f"Several{k}"), zones=[zone],
                       protocol=protocol, sessions=2)
        for k in range(3)
    ]  # fmt: skip


def keys(plans):
    """Return what the address says."""
    return ",".join(str(plan.pk) for plan in plans)


def shown(answer):
    """Return the fields of the form on the page, ticks included."""
    page = answer.content.decode()
    page = page[page.index('id="several"') :]
    found = dict(re.findall(r'name="(p\d+-slot_\d+|plans|key)" value="([^"]*)"', page))
    return found | {"take": re.findall(r'name="take"[^>]* value="(\d+)"', page), "book": "1"}


def booked(plan):
    """Return the days a course is booked for."""
    rows = Appointment.objects.live().filter(planned_session__plan=plan).order_by("local_date")
    return [row.local_date for row in rows]


def test_the_list_takes_ticked_courses_to_their_proposals(desk, plans):
    answer = desk.post(LIST, {"action": "propose_and_book", "index": "0", "select_across": "0",
                              "_selected_action": [plans[0].pk, plans[2].pk]})  # fmt: skip

    assert answer.status_code == 302
    assert answer["Location"] == f"{URL}?plans={plans[0].pk},{plans[2].pk}"


def test_without_courses_it_goes_back_to_the_list(desk):
    assert desk.get(URL)["Location"] == LIST
    assert desk.get(URL, {"plans": "x"})["Location"] == LIST


def test_no_course_is_shown_a_time_of_another_one_and_nothing_is_written(desk, plans):
    answer = desk.get(URL, {"plans": keys(plans)})

    words = [v for k, v in shown(answer).items() if "slot" in k]
    assert (len(words), len(set(words))) == (6, 6)
    assert Appointment.objects.count() == 0
    assert "Book 6 sessions of 3 courses" in text(answer)


def test_all_ticked_courses_are_booked_with_their_dates(desk, plans, lead):
    form = shown(desk.get(URL, {"plans": keys(plans)}))

    answer = desk.post(URL, form)

    assert "3 of 3 courses booked" in text(answer)
    assert [len(booked(plan)) for plan in plans] == [2, 2, 2]
    assert "Tue 24 Nov 2026" in text(answer)
    lines = AuditEvent.objects.filter(action="appointment.booked")
    assert set(lines.values_list("actor_id", flat=True)) == {lead.pk}
    assert LogEntry.objects.count() == 3


def test_why_each_date_was_chosen_is_kept(desk, plans):
    desk.post(URL, shown(desk.get(URL, {"plans": keys(plans)})))

    codes = [row.why_this_date[-1]["code"] for row in Appointment.objects.all()]
    assert codes == ["weights"] * 6


def test_a_course_without_a_tick_is_left_out(desk, plans):
    form = shown(desk.get(URL, {"plans": keys(plans)}))
    form["take"] = form["take"][:1]

    answer = desk.post(URL, form)

    assert "1 of 1 course booked" in text(answer)
    assert sum(bool(booked(plan)) for plan in plans) == 1


def test_the_same_form_again_books_nothing_more_and_says_the_same(desk, plans):
    form = shown(desk.get(URL, {"plans": keys(plans)}))
    first = text(desk.post(URL, form))

    again = text(desk.post(URL, form))

    assert re.findall(r"\d of \d courses booked", again) == re.findall(
        r"\d of \d courses booked", first
    )
    assert Appointment.objects.count() == 6
    assert LogEntry.objects.count() == 3


def test_a_time_taken_meanwhile_costs_that_course_alone_and_says_why(desk, plans, clinic):
    form = shown(desk.get(URL, {"plans": keys(plans)}))
    start = form[f"p{plans[1].pk}-slot_2"]
    visit = Appointment.objects
    day = date(1970, 1, 1) + timedelta(minutes=int(start.split(".")[0]))
    for who in clinic.resources.practitioners():
        for minute in range(540, 1020 - 90, 100):
            factories.appointment(factories.patient(clinic), day, minute, who=who)
    before = visit.count()

    answer = desk.post(URL, form)

    lost = [plan for plan in plans if not booked(plan)]
    assert plans[1] in lost
    assert f"{3 - len(lost)} of 3 courses booked" in text(answer)
    assert "Session 2: this time has just been taken." in text(answer)
    assert visit.count() == before + 2 * (3 - len(lost))
    assert f"planner/?plan={plans[1].pk}" in answer.content.decode()


def test_a_session_booked_meanwhile_stays_where_it_is_and_its_course_says_so(
    desk, plans, clinic, now, lead
):
    form = shown(desk.get(URL, {"plans": keys(plans)}))
    session = plans[1].sessions.get(number=1)
    slot = factories.slot_on(clinic, date(2026, 12, 2))
    visit = book_session(planned_session=session, slot=slot, at=now, by=lead)

    answer = text(desk.post(URL, form))

    assert "2 of 3 courses booked" in answer
    assert f"Session 1 has been booked meanwhile: Wed 2 Dec, {visit.start_clock}." in answer
    assert booked(plans[1]) == [date(2026, 12, 2)]


def test_courses_with_nothing_to_book_say_so(desk, plans, clinic, now, lead):
    for session in plans[0].sessions.order_by("number"):
        day = date(2026, 11, 25) + timedelta(days=35 * (session.number - 1))
        book_session(planned_session=session, slot=factories.slot_on(clinic, day), at=now, by=lead)
    TreatmentPlan.objects.filter(pk=plans[1].pk).update(
        status="stopped", stopped_on=now.date(), stopped_because="Moved away"
    )

    shown_text = text(desk.get(URL, {"plans": keys(plans)}))

    assert "Every session to come is booked already." in shown_text
    assert "the course has ended" in shown_text
    assert "Book 2 sessions of 1 course" in shown_text


def test_booked_sessions_stay_and_the_rest_is_proposed(desk, plans, clinic, now, lead):
    first = plans[0].sessions.get(number=1)
    slot = factories.slot_on(clinic, date(2026, 11, 26))
    book_session(planned_session=first, slot=slot, at=now, by=lead)

    form = shown(desk.get(URL, {"plans": keys(plans[:1])}))
    desk.post(URL, form)

    assert [name for name in form if "slot" in name] == [f"p{plans[0].pk}-slot_2"]
    assert booked(plans[0]) == [date(2026, 11, 26), date(2026, 12, 31)]


def test_a_slot_that_is_none_is_refused_for_its_course_alone(desk, plans):
    form = shown(desk.get(URL, {"plans": keys(plans)}))
    form[f"p{plans[0].pk}-slot_1"] = "12.abc"

    answer = desk.post(URL, form)

    assert "Choose one of the times shown." in text(answer)
    assert [len(booked(plan)) for plan in plans] == [0, 2, 2]


def test_another_clinics_course_is_not_among_them(desk, plans):
    other = factories.plan(factories.patient(factories.clinic_with_diary(), family_name="Foreign"))

    answer = desk.get(URL, {"plans": f"{other.pk},{plans[0].pk}"})
    form = shown(answer) | {"plans": f"{other.pk}", "take": [str(other.pk)],
                            f"p{other.pk}-slot_1": "29384756.1"}  # fmt: skip

    assert "Foreign" not in text(answer)
    assert desk.post(URL, form)["Location"] == LIST
    assert booked(other) == []


def test_it_opens_for_a_lead_alone(as_user, practitioner):
    assert as_user(practitioner).get(URL).status_code == 403
