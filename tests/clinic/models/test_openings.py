"""Snapshots for the slot search: what is in them and what they cost."""

from datetime import UTC, date, datetime, timedelta

from clinic.models.openings import shape_of, snapshot
from tests import factories

TUESDAY = date(2026, 11, 24)
LATER = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_a_snapshot_is_read_in_as_many_queries_for_a_year_as_for_a_day(
    clinic, patient, django_assert_num_queries
):
    for day in range(1, 6):
        factories.appointment(patient, TUESDAY + timedelta(days=7 * day))
    service = clinic.services.get()

    for days in (1, 365):
        with django_assert_num_queries(4):
            shape = shape_of(service)
            known = snapshot(clinic, service, from_day=TUESDAY, days=days)
    assert shape.total_min == 90
    assert sum(map(len, known.busy.values())) == 5 * 4


def test_a_snapshot_leaves_out_what_gives_way_and_who_is_not_asked_for(clinic, patient):
    appointment = factories.appointment(patient, TUESDAY)
    service = clinic.services.get()
    _, second = clinic.resources.practitioners()

    known = snapshot(
        clinic, service, from_day=TUESDAY, days=1, ignore=[appointment.pk],
        practitioner_ids=[second.pk],
    )  # fmt: skip

    assert known.busy == {}
    people = [row.resource_id for row in known.resources if row.kind == "practitioner"]
    assert people == [second.pk]
