"""Whoever opens a page about a patient leaves a line that names the patient."""

import pytest
from django.urls import reverse

from clinic.models import AuditEvent, Role
from clinic.permissions import PAGES, may
from tests import factories
from tests.attack import world as worlds

pytestmark = pytest.mark.django_db
#: Parts of a page that show nothing of the patient: free days alone (tests/treatments/views/test_nextdates.py).
NAMELESS = {"due_best"}
KEYS = {"patient_id", "appointment_id", "plan_id", "session_id", "key"}


def pages_about(world):
    """Return (name, path) of every page that is addressed by one patient's row."""
    return [
        (name, reverse(name, kwargs=worlds.arguments(pattern, world)))
        for name, pattern in worlds.walk()
        if KEYS & set(pattern.pattern.converters) and not name.startswith(("account", "mfa"))
    ]


@pytest.mark.parametrize("role", [Role.PRACTITIONER, Role.FRONT_DESK, Role.LEAD])
def test_every_page_that_shows_a_patient_writes_who_looked(client, role):
    world = worlds.build()
    user = factories.staff(world.clinic, role)
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    silent = []
    for name, path in pages_about(world):
        if name in NAMELESS or "GET" not in PAGES[name].methods or not may(role, name):
            continue
        before = AuditEvent.objects.count()
        answer = client.get(path)
        if answer.status_code != 200:
            continue
        lines = AuditEvent.objects.filter(actor_id=user.pk, patient_id=world.patient.pk)
        if AuditEvent.objects.count() != before + 1 or not lines.exists():
            silent.append((name, AuditEvent.objects.count() - before))

    assert silent == []
