"""Visits to be moved in the diary: drawn while they take their time, and listed in order."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.actions.absences import Absence
from clinic.actions.diary import mark_to_move
from tests import factories
from treatments.actions.repair import keep_absence

TUESDAY = date(2026, 11, 24)
pytestmark = pytest.mark.usefixtures("on_monday")


def data(client):
    """Return what the diary draws on Tuesday."""
    return client.get(reverse("diary_data"), {"on": TUESDAY.isoformat()}).json()


def test_a_visit_to_be_moved_is_drawn_while_it_takes_its_time(at_desk, visit, clinic, lead, now):
    away = Absence(visit.practitioner, TUESDAY, TUESDAY, "sick")
    keep_absence(clinic=clinic, absence=away, at=now, by=lead)

    (drawn,) = data(at_desk)["visits"]
    assert (drawn["id"], drawn["state"], drawn["word"]) == (visit.pk, "proposed", "To be moved")
    assert drawn["hands"] == [[0, 5], [45, 80]]
    assert drawn["movable"]

    visit.holds.all().delete()  # its time was let go: nothing stands there any more
    assert data(at_desk)["visits"] == []


def test_the_visits_to_be_moved_are_listed_by_day_and_hour(at_desk, clinic, lead, now):
    late, early, next_day = (
        factories.appointment(factories.patient(clinic), day, start)
        for day, start in ((TUESDAY, 840), (TUESDAY, 600), (TUESDAY + timedelta(days=1), 540))
    )
    for row in (next_day, late, early):
        mark_to_move(appointment=row, because="Room flooded", at=now, by=lead)

    assert list(at_desk.get(reverse("diary")).context["waiting"]) == [early, late, next_day]


@pytest.mark.parametrize(("count", "more"), [(6, False), (7, True)])
def test_the_seventh_visit_to_be_moved_is_folded_up(at_desk, clinic, lead, now, count, more):
    for n in range(count):
        row = factories.appointment(factories.patient(clinic), TUESDAY + timedelta(days=n // 3),
                                    540 + 100 * (n % 3))  # fmt: skip
        mark_to_move(appointment=row, because="Room flooded", at=now, by=lead)

    page = at_desk.get(reverse("diary")).content.decode()

    assert f"{count} visits to be moved" in page
    assert ("1 more</summary>" in page) == more
