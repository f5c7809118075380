"""What a course says of a booked date that comes too late or is not as its patient wished."""

import re
from datetime import timedelta

import pytest

from tests import factories
from tests.support.clock import NOON
from tests.treatments.views.test_plans import MONDAY, dates_url
from treatments.actions.diary import book_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient)


@pytest.mark.parametrize(("gap", "told"), [(42, []), (43, ["1 day late"])])
def test_a_session_booked_past_its_latest_day_says_so_on_the_course(desk, plan, as_user, gap, told):
    first = factories.slot_on(plan.clinic, MONDAY)
    late = factories.slot_on(plan.clinic, MONDAY + timedelta(days=gap))
    for number, slot in ((1, first), (2, late)):
        book_session(planned_session=plan.sessions.get(number=number), slot=slot, at=NOON, by=desk)

    page = as_user(desk).get(plan.get_absolute_url()).content.decode()

    assert re.findall(r"Booked (\d+ days? late)", page) == told


@pytest.mark.parametrize(
    ("days", "state", "late"), [(42, "on_track", ""), (43, "at_risk", "1 day late")]
)
def test_the_course_says_how_late_its_next_day_is_beside_the_latest(
    desk, plan, as_user, days, state, late
):
    plan.sessions.filter(number=1).update(done_on=NOON.date())
    slot = factories.slot_on(plan.clinic, NOON.date() + timedelta(days=days))
    book_session(planned_session=plan.sessions.get(number=2), slot=slot, at=NOON, by=desk)

    answer = as_user(desk).get(plan.get_absolute_url())

    assert (answer.context["plan"].state, answer.context["late"]) == (state, late)
    assert ("1 day late</span></dd>" in answer.content.decode()) is bool(late)


def test_a_booked_date_still_says_which_wishes_it_does_not_meet(desk, plan, as_user):
    slot = factories.slot_on(plan.clinic, MONDAY)
    kept = [{"code": "late", "days": 30, "cost": 120}, {"code": "not_primary", "cost": 20},
            {"code": "weights", "version": "1"}]  # fmt: skip
    book_session(planned_session=plan.sessions.get(number=1), slot=slot, at=NOON, by=desk, why=kept)

    first, second = as_user(desk).get(dates_url(plan)).context["page"].rows[:2]

    assert first.is_pinned
    assert [words for words in first.reasons if "after the" not in words] == [
        "Not with the patient's own practitioner."
    ]
    assert "30 days after the ideal interval." not in first.reasons
    assert "Not with the patient's own practitioner." not in second.reasons
