"""What a visit in the diary wears."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests import factories
from treatments.models import ScreeningResponse

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("days_ahead", "given_days_before", "status", "lacks"),
    [
        (1, None, "booked", True), (7, None, "booked", True), (8, None, "booked", False),
        (1, None, "fulfilled", False), (1, 1, "booked", False),
        (7, 7, "booked", False), (7, 8, "booked", True),
    ],
)  # fmt: skip
def test_a_needling_visit_of_the_week_tells_that_its_health_check_is_missing(
    as_user, patient, desk, practitioner, time_machine, days_ahead, given_days_before, status, lacks
):
    day = TUESDAY + timedelta(days=days_ahead)
    visit = factories.appointment(patient, day, by=desk)
    if given_days_before:
        checked_on(visit, day - timedelta(days=given_days_before), practitioner)
    type(visit).objects.filter(pk=visit.pk).update(
        status=status, finished_at=factories.NOW if status == "fulfilled" else None
    )
    time_machine.move_to(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False)

    drawn = as_user(desk).get("/diary/data/", {"on": day.isoformat()}).json()["visits"]

    assert [row["lacks_health"] for row in drawn] == [lacks]


def checked_on(visit, day, by):
    """Write a health check down as answered on a day."""
    ScreeningResponse.objects.create(
        clinic=visit.clinic, patient=visit.patient, appointment=visit,
        question_set=factories.question_set(), answers={}, filled_by="staff", given_on=day,
        given_at=factories.NOW, given_by=by,
    )  # fmt: skip
