"""A desk on Monday morning, and a visit on Tuesday."""

from datetime import date

import pytest

from tests import factories


@pytest.fixture
def on_monday(time_machine, now):
    """Let it be Monday morning."""
    time_machine.move_to(now, tick=False)


@pytest.fixture
def at_desk(as_user, desk):
    """Return a client of the front desk, signed in."""
    return as_user(desk)


@pytest.fixture
def visit(patient, desk):
    """Return a visit on Tuesday at 10:00."""
    return factories.appointment(patient, date(2026, 11, 24), by=desk)
