"""Where a course stands, told by the row itself and by the database."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import factories
from treatments.models import TreatmentPlan

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)
DAYS = st.none() | st.integers(-60, 60)


@given(window=st.none() | st.tuples(*[st.integers(-60, 60)] * 3), start_by=DAYS, booked=DAYS,
       unanswered=st.integers(0, 4), status=st.sampled_from(["open", "done"]))  # fmt: skip
@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_a_rows_state_is_what_the_database_calls_it(
    patient, window, start_by, booked, unanswered, status
):
    def day(offset):
        return None if offset is None else TODAY + timedelta(days=offset)

    earliest, ideal, latest = sorted(window) if window else (None,) * 3
    plan = factories.plan(
        patient, status=status, next_earliest_on=day(earliest), next_ideal_on=day(ideal),
        next_latest_on=day(latest), start_by_on=day(start_by), next_booked_on=day(booked),
        contacts_unanswered=unanswered,
    )  # fmt: skip

    asked = TreatmentPlan.objects.with_state(TODAY).get(pk=plan.pk)

    assert asked.state_on(TODAY) == asked.state
