"""Slower healing from its page: where it leads, and what it says."""

import pytest
from django.urls import reverse

from tests import factories
from treatments.actions.kept import keep_dates
from treatments.models import TreatmentSession

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def slower(client, patient, by, *, sessions: int):
    """Say after session 1 of a course that healing takes two weeks more; answer not followed."""
    plan = factories.plan(patient, sessions=sessions)
    planned = plan.sessions.get(number=1)
    row = TreatmentSession.objects.create(
        clinic=plan.clinic, patient=patient, plan=plan, planned_session=planned,
        practitioner=plan.practitioner, performed_on=factories.NOW.date(),
        opened_at=factories.NOW, opened_by=by,
    )  # fmt: skip
    TreatmentSession.objects.filter(pk=row.pk).update(
        status="signed", signed_at=factories.NOW, signed_by=by, signed_content={}, findings=[],
        signed_hash="0" * 64,
    )  # fmt: skip
    plan.sessions.filter(number=1).update(done_on=factories.NOW.date())
    keep_dates(plan)
    sent = {"extra_days": "14", "because": "Still red", "version": plan.version}
    return plan, client.post(reverse("session_healing", args=[row.pk]), sent)


def told(answer) -> list[str]:
    return [str(note) for note in answer.wsgi_request._messages]


def test_after_the_last_session_the_healing_time_alone_is_kept(patient, practitioner, as_user):
    plan, answer = slower(as_user(practitioner), patient, practitioner, sessions=1)

    assert answer["Location"] == reverse("course", args=[plan.pk])
    assert told(answer) == ["The course has no session left; the healing time is kept."]


def test_before_it_the_next_dates_are_proposed(patient, practitioner, as_user):
    plan, answer = slower(as_user(practitioner), patient, practitioner, sessions=2)

    assert answer["Location"] == reverse("course_dates", args=[plan.pk])
    assert told(answer) == ["Healing is longer now; every date booked can stay."]
