"""Fixtures of the practice's deeds."""

import pytest

from tests import factories
from tests.support.diary import TUESDAY


@pytest.fixture
def wish(clinic, patient, desk, now):
    """Return what it takes to book Tuesday at ten."""
    return {"clinic": clinic, "patient": patient, "service": clinic.services.get(), "at": now,
            "by": desk, "slot": factories.slot_on(clinic, TUESDAY)}  # fmt: skip
