"""The board's stamp for numbing, and visits settled afterwards."""

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.actions import diary
from clinic.models import AuditEvent
from tests.support.records import appointment

pytestmark = pytest.mark.django_db


def test_numbing_is_stamped_once_and_one_step_back_takes_only_the_stamp(patient, desk, now):
    visit = appointment(patient=patient, status="arrived")
    diary.numb(appointment=visit, at=now, by=desk)
    diary.numb(appointment=visit, at=now + timedelta(minutes=5), by=desk)
    stamped = diary.undo(appointment=visit, at=now, by=desk)

    visit.refresh_from_db()
    assert (stamped.status, visit.numbing_at) == ("arrived", None)
    assert AuditEvent.objects.filter(action="appointment.numbing").count() == 1


def test_who_is_not_here_cannot_be_numbed(patient, desk, now):
    with pytest.raises(ValidationError) as refusal:
        diary.numb(appointment=appointment(patient=patient), at=now, by=desk)

    assert refusal.value.code == "state"


@pytest.mark.parametrize("early", [0, 1])
def test_a_visit_took_place_once_its_time_is_over(patient, desk, early):
    visit = appointment(patient=patient)
    at = visit.ends_at - timedelta(minutes=early)

    if early:
        with pytest.raises(ValidationError):
            diary.attended(appointment=visit, at=at, by=desk)
    else:
        diary.attended(appointment=visit, at=at, by=desk)

    visit.refresh_from_db()
    assert visit.status == ("booked" if early else "fulfilled")
    assert visit.finished_at == (None if early else visit.ends_at)
