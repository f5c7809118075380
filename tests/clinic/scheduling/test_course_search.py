"""Courses planned on a real slot search: closed days, one digest everywhere, and speed."""

import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clinic.scheduling.course import (
    CourseRequest,
    CourseWish,
    Reason,
    SessionWish,
    day_verdicts,
    propose,
    propose_three,
)
from clinic.scheduling.hours import DatedException, WeeklyRule
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import (
    FoundCandidates,
    PhaseNeed,
    ResourceHours,
    ServiceShape,
    Snapshot,
)

ROME = ZoneInfo("Europe/Rome")
FIRST = date(2026, 12, 7)  # a Monday


def days_on(number):
    return FIRST + timedelta(days=number)


def sessions(count, least=28, ideal=35, most=42):
    return tuple(SessionWish(n, least, ideal, most) for n in range(1, count + 1))


def clinic_course(practitioners=3, weeks=20):
    """A clinic with phases, closings and a pattern of holds, and a course of four to plan."""
    week = tuple(WeeklyRule(d, a, b) for d in range(5) for a, b in ((540, 780), (840, 1080)))
    shut = DatedException(date(2026, 12, 24), date(2027, 1, 3), "off", reason="holiday")
    kinds = [("practitioner", 0, practitioners), ("room", 20, practitioners), ("device", 40, 2)]
    rows = [ResourceHours(b + n, kind, week) for kind, b, many in kinds for n in range(1, many + 1)]
    busy = {}
    for row in rows:
        for number in range(weeks * 7):
            start = minute_of(days_on(number), 540, ROME) + (number * row.resource_id * 37) % 400
            busy.setdefault(row.resource_id, []).append((start, start + 70))
    shape = ServiceShape(
        (
            PhaseNeed("practitioner", 0, 5),
            PhaseNeed("practitioner", 45, 35),
            PhaseNeed("room", 0, 90),
            PhaseNeed("device", 45, 45),
        )
    )
    snapshot = Snapshot(ROME, tuple(rows), (shut,), busy)
    from_minute = minute_of(FIRST, 600, ROME)
    return CourseRequest(
        sessions(5 if weeks > 20 else 4),
        FoundCandidates(snapshot, shape, from_minute=from_minute, days=weeks * 7),
        FIRST,
        wish=CourseWish(weekdays=(1, 3), from_min=840, primary_practitioner_id=2),
    )


def test_a_course_from_a_real_search_names_closed_days():
    proposal = propose(clinic_course())

    assert len(proposal.sessions) == 4
    assert proposal.refused[date(2026, 12, 12)].code in ("too_soon", "clinic_closed")
    assert all(placed.slot.room_id and placed.slot.device_id for placed in proposal.sessions)
    verdicts = day_verdicts(clinic_course(), number=1)
    assert verdicts[date(2026, 12, 25)].reasons == (Reason.of("clinic_closed"),)


def test_equal_input_gives_one_digest_in_three_processes_with_three_hash_seeds():
    script = (
        f"import runpy; m = runpy.run_path({__file__!r}); "
        "print([o.digest() for o in m['propose_three'](m['clinic_course']())])"
    )
    answers = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }

    assert answers == {f"{[outcome.digest() for outcome in propose_three(clinic_course())]}\n"}


@pytest.mark.bench
def test_five_sessions_eight_practitioners_thirty_weeks_take_at_most_60_ms():
    taken = []
    for _ in range(15):
        course = clinic_course(practitioners=8, weeks=30)
        started = time.process_time()
        propose(course)
        taken.append(time.process_time() - started)

    assert min(taken) <= 0.060
