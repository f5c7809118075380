"""Snapshots for the slot search: what is in them and what they cost."""

from datetime import UTC, date, datetime, timedelta

from clinic.models import HoursException, WeeklyHours
from clinic.models.openings import offered, shape_of, snapshot
from clinic.scheduling.slots import Slot
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


# --- The units of one slot ------------------------------------------------------------------------
def units_of(clinic) -> tuple:
    """Return the first practitioner, room and device of a clinic."""
    return tuple(
        clinic.resources.filter(kind=kind).first() for kind in ("practitioner", "room", "device")
    )


def slot_with(*units) -> Slot:
    """Return a slot that names these units; where one is None it needs none of the kind."""
    return Slot(TUESDAY, 600, 0, 90, *(unit and unit.pk for unit in units))


def on_tuesday(known, only) -> dict:
    """Return what a snapshot says about Tuesday for some resources, in no order."""
    return {
        row.resource_id: (
            row.kind,
            {rule for rule in row.weekly if rule.weekday == TUESDAY.weekday()},
            {(one.from_day, one.to_day, one.kind, one.span) for one in row.exceptions},
        )
        for row in known.resources
        if row.resource_id in only
    }


def test_what_is_known_of_a_slot_is_what_a_search_would_know_of_its_units(clinic):
    who, room, device = units_of(clinic)
    service, elsewhere = clinic.services.get(), factories.clinic_with_diary()
    tomorrow, here = TUESDAY + timedelta(days=1), {"clinic": clinic, "reason": "other"}
    WeeklyHours.objects.create(
        resource=who, weekday=TUESDAY.weekday(), from_min=1080, to_min=1200, valid_to=TUESDAY
    )
    for facts in (
        {"resource": who, "from_day": TUESDAY, "to_day": tomorrow},
        {"resource": who, "from_day": tomorrow, "to_day": tomorrow},
        {"resource": room, "from_day": TUESDAY, "to_day": TUESDAY, "from_min": 600, "to_min": 660},
        {"resource": None, "from_day": TUESDAY, "to_day": TUESDAY, "kind": "extra",
         "from_min": 1000, "to_min": 1100},
        {"clinic": elsewhere, "resource": None, "from_day": TUESDAY, "to_day": TUESDAY},
    ):  # fmt: skip
        HoursException.objects.create(**here | facts)

    shape, known = offered(clinic, service, TUESDAY, slot_with(who, room, device))

    searched = snapshot(clinic, service, from_day=TUESDAY, days=1)
    only = {who.pk, room.pk, device.pk}
    assert shape == shape_of(service)
    assert on_tuesday(known, only) == on_tuesday(searched, only)
    assert {row.resource_id for row in known.resources} == only
    assert [(one.kind, one.span) for one in known.clinic_exceptions] == [("extra", (1000, 1100))]
    assert len(on_tuesday(known, only)[who.pk][1]) == 2


def test_a_unit_that_may_not_serve_is_not_known_of_a_slot(clinic):
    who, room, device = units_of(clinic)
    service, stranger = clinic.services.get(), factories.resource(factories.clinic())
    device.competences.all().delete()
    room.active = False
    room.save()

    for person, left in ((who, [who.pk]), (stranger, [])):
        _, known = offered(clinic, service, TUESDAY, slot_with(person, room, device))
        assert [row.resource_id for row in known.resources] == left


def test_a_slot_without_a_device_is_known_in_one_query(clinic, django_assert_num_queries):
    (who, room, _), service = units_of(clinic), clinic.services.get()
    with django_assert_num_queries(1):
        _, known = offered(clinic, service, TUESDAY, slot_with(who, room, None))

    assert {row.resource_id for row in known.resources} == {who.pk, room.pk}
