"""After a zone's rules change the promised wall time stands, and the instants follow it."""

from datetime import UTC, date, datetime, timedelta, timezone
from io import StringIO

import pytest
from django.core.management import call_command

from clinic.models import Appointment, AuditEvent, Clinic, Hold
from tests import factories

pytestmark = pytest.mark.django_db
SUMMER = date(2027, 4, 12)  # after the change of March 2027
WINTER = date(2027, 2, 8)


@pytest.fixture(autouse=True)
def _monday(time_machine, now):
    time_machine.move_to(now, tick=False)


def patch_zone(monkeypatch, offset):
    """Give every clinic a zone with a fixed offset, as new zone data would."""
    zone = timezone(offset)
    monkeypatch.setattr(Clinic, "zone", property(lambda clinic: zone))


@pytest.fixture
def no_summer_time_later(monkeypatch):
    """Return a function that changes the zone's rules once visits are booked."""
    return lambda offset=timedelta(0): patch_zone(monkeypatch, offset)


def run(*options):
    """Return what the command says."""
    out = StringIO()
    call_command("retime", *options, stdout=out)
    return out.getvalue()


def test_nothing_to_do_says_so(clinic, patient):
    factories.appointment(patient, SUMMER)

    assert run() == "Every visit to come stands at its wall time.\n"


def test_the_report_names_what_differs_and_writes_nothing(clinic, patient, no_summer_time_later):
    visit = factories.appointment(patient, SUMMER)
    no_summer_time_later()

    said = run()

    assert (
        f"appointment {visit.pk}: 2027-04-12 10:00 stands at 2027-04-12 09:00 UTC, +60 min" in said
    )
    assert "1 to put right; run again with --apply." in said
    assert Appointment.objects.get().starts_at == datetime(2027, 4, 12, 9, tzinfo=UTC)


def test_applying_moves_instants_and_holds_to_the_wall_time(clinic, patient, no_summer_time_later):
    visit = factories.appointment(patient, SUMMER)
    winter = factories.appointment(factories.patient(clinic), WINTER)
    before = sorted(visit.holds.values_list("resource_id", "start", "end"))
    no_summer_time_later()

    said = run("--apply")

    visit.refresh_from_db()
    assert "1 put right." in said
    assert visit.starts_at == datetime(2027, 4, 12, 10, tzinfo=UTC)
    assert visit.ends_at == datetime(2027, 4, 12, 11, 30, tzinfo=UTC)
    assert (visit.local_date, visit.local_start_min) == (SUMMER, 600)
    after = sorted(visit.holds.values_list("resource_id", "start", "end"))
    assert after == [(unit, start + 60, end + 60) for unit, start, end in before]
    assert AuditEvent.objects.filter(action="appointment.retimed").count() == 1
    winter.refresh_from_db()
    assert winter.starts_at == datetime(2027, 2, 8, 10, tzinfo=UTC)


def test_a_zone_that_moves_the_other_way_is_followed_too(clinic, patient, no_summer_time_later):
    visit = factories.appointment(patient, WINTER)
    no_summer_time_later(timedelta(hours=1))

    run("--apply")

    visit.refresh_from_db()
    assert visit.starts_at == datetime(2027, 2, 8, 9, tzinfo=UTC)


@pytest.mark.parametrize("offset", [timedelta(0), timedelta(hours=2)])
def test_neighbours_make_way_for_each_other(clinic, no_summer_time_later, offset):
    for minute in (540, 630, 720, 810):
        factories.appointment(factories.patient(clinic), SUMMER, minute)
    no_summer_time_later(offset)

    assert "4 put right." in run("--apply")
    assert Hold.objects.count() == 16


def test_done_twice_changes_nothing(clinic, patient, no_summer_time_later):
    factories.appointment(patient, SUMMER)
    no_summer_time_later()
    run("--apply")

    assert run("--apply") == "Every visit to come stands at its wall time.\n"


def test_a_taken_time_is_reported_and_left_alone(clinic, patient, no_summer_time_later):
    visit = factories.appointment(patient, SUMMER)
    other = factories.appointment(factories.patient(clinic), SUMMER, 690)
    Appointment.objects.filter(pk=other.pk).update(status="arrived", arrived_at=other.booked_at)
    no_summer_time_later()

    said = run("--apply")

    assert f"appointment {visit.pk}: 2027-04-12 10:00" in said
    assert "TAKEN, not moved" in said
    assert "0 put right, 1 taken: move them by hand." in said
    visit.refresh_from_db()
    assert visit.starts_at == datetime(2027, 4, 12, 9, tzinfo=UTC)
    assert visit.holds.count() == 4
