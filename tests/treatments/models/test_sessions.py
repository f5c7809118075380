"""What the database keeps of session records, whatever the code above it does."""

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from tests.support.records import appointment, ready, record
from treatments.actions.sessions import open_record, strike_session
from treatments.actions.signing import sign_session
from treatments.models import TreatmentSession, standing_record


def copied(session, **changes):
    """Write a second record like this one straight into the database."""
    columns = ("clinic", "patient", "plan", "planned_session", "appointment", "practitioner",
               "performed_on", "opened_at", "opened_by")  # fmt: skip
    facts = {name: getattr(session, name) for name in columns}
    with transaction.atomic():
        return TreatmentSession.objects.create(**facts | changes)


@pytest.mark.parametrize("link", ["appointment", "planned_session"])
def test_two_records_that_stand_for_one_visit_are_refused(link, patient, practitioner, now):
    session = record(factories.plan(patient), practitioner, now)
    other = {"planned_session", "appointment"} - {link}

    with pytest.raises(IntegrityError):
        copied(session, **dict.fromkeys(other))

    assert TreatmentSession.objects.count() == 1


def test_any_number_of_records_struck_out_leave_room_for_the_one_that_stands(
    patient, practitioner, now
):
    session = first = ready(factories.plan(patient), practitioner, now)
    sign_session(session=first, version=first.version, at=now, by=practitioner)
    for _ in range(2):
        strike_session(session=session, because="Wrong zone", at=now, by=practitioner)
        session = open_record(appointment=first.appointment, at=now, by=practitioner)

    assert list(TreatmentSession.objects.standing()) == [session]
    assert standing_record(first.appointment) == session
    assert [one.planned_session.number for one in TreatmentSession.objects.all()] == [1, 1, 1]


def test_records_without_a_visit_do_not_stand_in_each_others_way(patient, practitioner, now):
    visit = appointment(patient=patient, status="arrived")
    session = open_record(appointment=visit, at=now, by=practitioner)

    for _ in range(2):
        copied(session, appointment=None)

    assert TreatmentSession.objects.count() == 3
