"""Where a course stands, told by the row itself and by the database."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinic.models import Blackout
from tests import factories
from tests.support.clock import NOON
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
DAYS = st.none() | st.integers(-60, 60)


def ahead(offset):
    """Return the day some days from today, None for None."""
    return None if offset is None else TODAY + timedelta(days=offset)


def waiting(patient, *, first=30, ideal=37, latest=44, free=None, **facts):
    """Return a course whose next session's days are so many days off, nothing booked."""
    seen = None if free is None else NOON
    return factories.plan(
        patient, next_earliest_on=ahead(first), next_ideal_on=ahead(ideal),
        next_latest_on=ahead(latest), next_free_on=ahead(free), next_free_seen_at=seen, **facts,
    )  # fmt: skip


def pause(patient, *, until=0):
    """Keep a medical pause from last week until some days from today."""
    Blackout.objects.create(
        patient=patient, kind="medical", from_day=ahead(-7), to_day=ahead(until)
    )


def states(plan):
    """Return the state the database and the row itself say."""
    asked = TreatmentPlan.objects.with_state(TODAY).get(pk=plan.pk)
    return asked.state, str(asked.state_on(TODAY))


def is_listed(plan, name):
    """Say whether a course is among those to call at risk, to call otherwise, or blocked."""
    rows = TreatmentPlan.objects.all()
    found = {"at_risk": rows.to_call(TODAY, at_risk=True), "blocked": rows.blocked(TODAY),
             "other": rows.to_call(TODAY, at_risk=False)}[name]  # fmt: skip
    return found.filter(pk=plan.pk).exists()


@given(window=st.none() | st.tuples(*[st.integers(-60, 60)] * 3), start_by=DAYS, booked=DAYS,
       unanswered=st.integers(0, 4), status=st.sampled_from(["open", "done"]), free=DAYS, event=DAYS,
       to_move=st.booleans(), paused=st.none() | st.integers(-2, 2))  # fmt: skip
@settings(max_examples=120, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_a_rows_state_is_what_the_database_calls_it_and_the_list_it_is_on(
    clinic, window, start_by, booked, unanswered, status, free, event, to_move, paused
):
    patient = factories.patient(clinic)
    first, ideal, latest = sorted(window) if window else (None,) * 3
    plan = waiting(
        patient, first=first, ideal=ideal, latest=latest, free=free, status=status,
        start_by_on=ahead(start_by), next_booked_on=ahead(booked), contacts_unanswered=unanswered,
        event_on=ahead(event),
        next_to_move=to_move and window is not None and booked is None,
    )  # fmt: skip
    if paused is not None:
        pause(patient, until=paused)

    state, own = states(plan)

    assert own == state
    if window:
        lists = {name for name in ("at_risk", "other", "blocked") if is_listed(plan, name)}
        expected = {"at_risk": {"at_risk"}, "overdue": {"other"}, "book_now": {"other"},
                    "blocked": {"blocked"}}  # fmt: skip
        is_held = booked is not None and booked >= 0  # nobody is called about it as if unbooked
        assert lists == (set() if is_held else expected.get(state, set()))


def test_a_course_that_lost_its_day_is_due_at_once_however_far_ahead_it_was(patient):
    assert states(waiting(patient)) == ("on_track",) * 2

    plan = waiting(patient, next_to_move=True)

    assert states(plan) == ("book_now",) * 2
    assert is_listed(plan, "other")
    assert plan in TreatmentPlan.objects.due(TODAY)


@pytest.mark.parametrize(("ideal", "latest", "state"), [(-1, 0, "overdue"), (-8, -1, "at_risk")])
def test_a_lost_day_is_as_urgent_as_the_days_say(patient, ideal, latest, state):
    plan = waiting(patient, first=-9, ideal=ideal, latest=latest, next_to_move=True)

    assert states(plan) == (state,) * 2


@pytest.mark.parametrize(("free", "state"), [(44, "on_track"), (45, "at_risk"), (None, "on_track")])
def test_without_a_free_day_up_to_the_latest_a_course_is_at_risk_before_it_is_late(
    patient, free, state
):
    plan = waiting(patient, free=free)

    assert states(plan) == (state,) * 2
    assert is_listed(plan, "at_risk") is (state == "at_risk")


@pytest.mark.parametrize(("until", "state"), [(0, "blocked"), (-1, "overdue")])
def test_a_medical_pause_blocks_a_course_that_is_due_until_its_last_day(patient, until, state):
    plan = waiting(patient, first=-8, ideal=-1, latest=6)
    pause(patient, until=until)

    assert states(plan) == (state,) * 2


def test_a_pause_does_not_block_what_is_not_due_or_has_its_day(clinic):
    calm, booked = factories.patient(clinic), factories.patient(clinic)
    plans = [waiting(calm, first=15), waiting(booked, first=-1, next_booked_on=ahead(3))]
    for patient in (calm, booked):
        pause(patient, until=9)

    assert [states(plan)[0] for plan in plans] == ["on_track", "on_track"]


@pytest.mark.parametrize(
    ("booked", "state", "words"), [(44, "on_track", ""), (45, "at_risk", "1 day late")]
)
def test_a_course_booked_past_its_latest_day_is_at_risk_and_says_by_how_much(
    patient, booked, state, words
):
    plan = waiting(patient, next_booked_on=ahead(booked))

    assert states(plan) == (state,) * 2
    assert plan.lateness_on(TODAY) == words
    assert not any(is_listed(plan, name) for name in ("at_risk", "other", "blocked"))


@pytest.mark.parametrize(
    ("event", "booked", "state", "words"),
    [(60, 40, "on_track", ""), (60, 41, "at_risk", "too late for the event"),
     (-1, 41, "on_track", "")],
)  # fmt: skip
def test_a_booked_day_too_late_for_an_event_to_come_puts_a_course_at_risk(
    patient, event, booked, state, words
):
    plan = waiting(patient, next_booked_on=ahead(booked), event_on=ahead(event),
                   start_by_on=ahead(40))  # fmt: skip

    assert states(plan) == (state,) * 2
    assert plan.lateness_on(TODAY) == words


@pytest.mark.parametrize("unanswered", [0, 3])
def test_a_course_booked_far_past_its_latest_day_does_not_lapse(patient, unanswered):
    plan = waiting(patient, first=-80, ideal=-70, latest=-60, next_booked_on=ahead(9),
                   contacts_unanswered=unanswered)  # fmt: skip

    assert states(plan) == ("at_risk",) * 2
    assert plan.lateness_on(TODAY) == "69 days late"


@pytest.mark.parametrize(("booked", "state"), [(0, "on_track"), (-1, "blocked")])
def test_a_visit_without_an_outcome_blocks_its_course_from_the_next_day(patient, booked, state):
    plan = waiting(patient, first=-1, ideal=6, latest=13, next_booked_on=ahead(booked))

    assert states(plan) == (state,) * 2


@pytest.mark.parametrize("many", [1, 3])
def test_the_states_of_any_number_of_courses_cost_one_query(
    clinic, django_assert_num_queries, many
):
    for _ in range(many):
        patient = factories.patient(clinic)
        waiting(patient, first=-1)
        pause(patient)

    with django_assert_num_queries(1):
        found = [row.state for row in TreatmentPlan.objects.with_state(TODAY).by_state(TODAY)]

    assert found == ["blocked"] * many
