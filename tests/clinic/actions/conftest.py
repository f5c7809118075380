"""Fixtures of the practice's deeds."""

import pytest

from clinic.actions import diary
from tests import factories
from tests.support.diary import TUESDAY


@pytest.fixture
def wish(clinic, patient, desk, now):
    """Return what it takes to book Tuesday at ten."""
    return {"clinic": clinic, "patient": patient, "service": clinic.services.get(), "at": now,
            "by": desk, "slot": factories.slot_on(clinic, TUESDAY)}  # fmt: skip


@pytest.fixture
def cancel(desk, now):
    """Return a function that cancels a visit."""

    def cancel(visit, *, at=now):
        return diary.cancel(appointment=visit, reason="patient", at=at, by=desk)

    return cancel
