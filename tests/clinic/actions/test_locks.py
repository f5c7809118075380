"""Whoever waits too long for the diary is told so and has written nothing."""

from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from clinic.models import Appointment
from tests import factories

pytestmark = pytest.mark.django_db


def test_a_booking_that_waits_too_long_for_a_change_of_hours_says_so(patient, desk):
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time and no lock of ours")
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(7301, %s)", [patient.clinic_id])
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")

    with pytest.raises(ValidationError) as refusal:
        factories.appointment(patient, date(2026, 11, 24), by=desk)
    other.close()

    assert (refusal.value.code, Appointment.everything.count()) == ("busy", 0)
    factories.appointment(patient, date(2026, 11, 24), by=desk)
    assert Appointment.everything.count() == 1
