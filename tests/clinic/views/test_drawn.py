"""What a visit in the diary wears."""

from datetime import date

import pytest

from tests import factories

TUESDAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("asked_on", "status", "lacks"),
    [
        (None, "booked", True), (None, "fulfilled", False), (TUESDAY, "booked", False),
    ],
)  # fmt: skip
def test_a_visit_to_come_tells_that_allergies_were_never_asked(
    as_user, patient, desk, time_machine, now, asked_on, status, lacks
):
    time_machine.move_to(now, tick=False)
    visit = factories.appointment(patient, TUESDAY, by=desk)
    type(patient).objects.filter(pk=patient.pk).update(allergies_asked_on=asked_on)
    type(visit).objects.filter(pk=visit.pk).update(
        status=status, finished_at=now if status == "fulfilled" else None
    )

    drawn = as_user(desk).get("/diary/data/", {"on": TUESDAY.isoformat()}).json()["visits"]

    assert [row["lacks_health"] for row in drawn] == [lacks]
