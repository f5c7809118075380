"""The worklist's pages and tabs: how rows are read, and what every tab counts."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from clinic.models import Blackout
from tests import factories
from tests.support.worklist import NOON, TODAY, WEEK, course, listed
from treatments.actions.worklist import put_off
from treatments.models import worklist as questions
from treatments.models.worklist import ROWS, first_to_call
from treatments.views.worklist import due_list

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


def test_a_page_behind_the_courses_at_risk_goes_on_with_the_others(clinic, desk, as_user):
    at_risk = [course(clinic, latest=-1) for _ in range(21)]
    others = [course(clinic) for _ in range(20)]
    client = as_user(desk)

    pages = [client.get(f"/worklist/?page={n}").context["rows"] for n in (1, 2, 3)]

    assert [[row.plan for row in rows] for rows in pages] == [
        at_risk[:20], [at_risk[20], *others[:19]], [others[19]],
    ]  # fmt: skip


def test_the_first_page_is_asked_once_and_is_what_the_questions_say(clinic, desk):
    course(clinic, latest=-43, ideal=-50, first=-60)  # lapsed
    course(factories.clinic_with_diary(), latest=-1)
    put_off(plan=course(clinic), until=TODAY + WEEK, because="away", today=TODAY, at=NOON, by=desk)
    paused = course(clinic)
    Blackout.objects.create(patient=paused.patient, kind="medical", from_day=TODAY, to_day=TODAY)
    others = [course(clinic, first=n) for n in (14, 15)]
    at_risk = [course(clinic, latest=n) for n in (-42, -1)]

    for today in (TODAY, TODAY + timedelta(days=1)):
        assert first_to_call(clinic, today) == listed(clinic, "call", today=today)[:ROWS]

    assert first_to_call(clinic, TODAY) == [*at_risk, others[0]]


def test_the_list_is_read_in_the_order_of_an_index(clinic):
    for question in due_list(clinic, "call", today=TODAY):
        with CaptureQueriesContext(connection) as asked:
            list(question.for_worklist()[:20])
        plan = question.for_worklist()[:20].explain()
        assert len(asked) == 1
        if connection.vendor == "sqlite":
            assert "plan_clinic_unbooked" in plan, plan
            assert "USE TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_a_practitioner_alone_sees_what_is_lapsed_and_blocked(clinic, desk, practitioner, as_user):
    course(clinic, latest=-43, ideal=-50, first=-60)

    seen = {
        user: [tab["label"] for tab in as_user(user).get("/worklist/").context["lists"]]
        for user in (desk, practitioner)
    }

    assert seen[desk] == ["To call", "Put off"]
    assert seen[practitioner] == ["To call", "Lapsed", "Blocked", "Put off"]
    assert as_user(desk).get("/worklist/?list=blocked").context["chosen"] == "call"


def test_every_tab_counts_what_its_list_shows(clinic, practitioner, desk, as_user):
    course(clinic, latest=-1), course(clinic), course(clinic, first=15)  # to call, and not yet
    course(clinic, latest=-43, ideal=-50, first=-60)  # lapsed by its days
    course(clinic, contacts_unanswered=3)  # lapsed by calls in vain
    put_off(plan=course(clinic), until=TODAY + WEEK, because="away", today=TODAY, at=NOON, by=desk)
    for first, last in ((-1, 0), (0, 0), (0, 1), (1, 2), (-2, -1)):
        away = {"from_day": TODAY + first * WEEK / 7, "to_day": TODAY + last * WEEK / 7}
        Blackout.objects.create(patient=course(clinic).patient, kind="medical", **away)
    Blackout.objects.create(
        patient=course(clinic).patient, kind="sun", from_day=TODAY, to_day=TODAY
    )
    course(clinic, next_booked_on=TODAY - WEEK)  # a visit without its record

    tabs = as_user(practitioner).get("/worklist/").context["lists"]

    counts = {tab["url"]: tab["count"] for tab in tabs}
    assert counts == {
        f"?list={n}": len(listed(clinic, n)) for n in ("call", "lapsed", "blocked", "snoozed")
    }
    assert counts == {"?list=call": 5, "?list=lapsed": 2, "?list=blocked": 4, "?list=snoozed": 1}


def test_what_has_lapsed_is_counted_to_99_until_it_is_looked_at(
    clinic, practitioner, as_user, monkeypatch
):
    monkeypatch.setattr(questions, "COUNT_TO", 3)
    client, seen = as_user(practitioner), []
    for _ in range(3):
        course(clinic, latest=-43, ideal=-50, first=-60)
        tabs = client.get("/worklist/").context["lists"]
        seen += [tab["count"] for tab in tabs if tab["label"] == "Lapsed"]

    looked_at = client.get("/worklist/?list=lapsed")

    assert seen == [1, 2, "2+"]
    assert [tab["count"] for tab in looked_at.context["lists"] if tab["active"]] == [3]
    assert looked_at.context["page"].paginator.count == 3
