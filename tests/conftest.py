"""Fixtures every test may use; rows come from tests/factories.py."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.db.backends.sqlite3.base import DatabaseOperations  # base first: they import each other

from tests import factories
from tests.support import flush
from tests.support.clock import NOON


def pytest_collection_modifyitems(config, items):
    """Leave out what is marked `bench`, unless it is asked for with -m."""
    if "bench" in config.getoption("markexpr"):
        return
    left = [item for item in items if item.get_closest_marker("bench")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if not item.get_closest_marker("bench")]


@pytest.fixture(scope="session", autouse=True)
def _rows_that_stay_leave_after_a_test():
    """Let Django empty the database between tests, append-only and frozen rows included."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DatabaseOperations, "execute_sql_flush", flush.past_guards)
        yield


@pytest.fixture(autouse=True)
def _quick_and_private(settings, tmp_path):
    """Hash passwords quickly, run tasks at once and keep photos in a folder of the test's own."""
    settings.PASSWORD_HASHERS = [
        "django.contrib.auth.hashers.MD5PasswordHasher",
        "django.contrib.auth.hashers.PBKDF2PasswordHasher",  # the demo's, before a first sign-in
    ]
    settings.TASKS = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    settings.MFA_REQUIRED = False
    settings.STORAGES = {
        **settings.STORAGES,
        "photos": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path / "photos")},
        },
    }


@pytest.fixture
def at_noon():
    """Stop the clock at `NOON`."""
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def now():
    """Return the instant tests happen at: Monday 23 November 2026, 09:00 in London."""
    return datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def today(now):
    """Return the clinic's calendar day of `now`."""
    return now.date()


@pytest.fixture
def clinic(db):
    """Return a clinic in London with two practitioners, two rooms, two devices and a service."""
    return factories.clinic_with_diary()


@pytest.fixture
def practitioner(clinic):
    """Return a practitioner's account in the clinic."""
    return factories.staff(clinic, "practitioner")


@pytest.fixture
def desk(clinic):
    """Return a front desk account in the clinic."""
    return factories.staff(clinic, "front_desk")


@pytest.fixture
def lead(clinic):
    """Return the lead's account in the clinic."""
    return factories.staff(clinic, "lead")


@pytest.fixture
def auditor(clinic):
    """Return the auditor's account in the clinic."""
    return factories.staff(clinic, "auditor")


@pytest.fixture
def patient(clinic):
    """Return a patient of the clinic."""
    return factories.patient(clinic)


@pytest.fixture
def as_user(client):
    """Return a function that signs a person in on the test client and returns the client."""

    def sign_in(user):
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return sign_in
