"""Measured: a fortnight of 400 appointments repaired as a sum, and the lead's page on the full diary.

All by processor time. The sums are the made-up fortnights of tests/support/disruptions.py; their
floor is the greedy start, their quality is held by tests/clinic/scheduling/test_repair_fixtures.py against
proven optima. The pages work on the seeded practice: somebody is away for three days of a nearly
full fortnight; everything is taken back afterwards.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from clinic.actions.absences import Absence
from clinic.models import Appointment
from clinic.scheduling.repair import repair
from tests.bench.pages import Visitor, visitors
from tests.bench.timing import Result, clocked, measure
from tests.support.disruptions import problem
from treatments.actions.repair import keep_absence

ROUNDS, SEEDS = 3, range(1, 9)
ROWS = (
    ("A", "repair 400 appointments, one person off 3 days", 1000),
    ("C", "repair 400 appointments, two people off a week", 1000),
    ("E", "repair 520 appointments, dense, two people off a week", 3000),
)
AHEAD_DAYS, AWAY_DAYS, AROUND_DAYS = 3, 3, 7
PAGE_MS, PAGE_QUERIES = 1000, 20
HELD = re.compile(r'name="(v\d+-\w+)" value="([^"]*)"')


def repairs(samples: int) -> Iterator[Result]:
    """Measure the sums and the pages."""
    yield from sums(samples)
    yield from pages(samples)


def sums(samples: int) -> Iterator[Result]:
    """Measure the search of all its turns, the eight stored fortnights of a scenario in turn.

    `samples` is bounded, for each takes most of a second.
    """
    for name, words, limit in ROWS:
        fortnights = [problem(name, seed) for seed in SEEDS]
        result = Result(words, target=f"p95 ≤ {limit} ms of processor", target_ms=limit)
        for n in range(min(samples, ROUNDS * len(SEEDS))):
            asked = fortnights[n % len(SEEDS)]
            _, work, _ = clocked(lambda asked=asked: repair(asked))
            _, floor, _ = clocked(lambda asked=asked: repair(asked, turns=0))
            result.times.append(work)
            result.work.append(work)
            result.floors.append(floor)
        yield result


def pages(samples: int) -> Iterator[Result]:
    """Measure the preview and a refusal that plans the rest again, as the lead's browser asks them."""
    person = visitors()[0]
    address = reverse("admin:treatments_treatmentplan_repair")
    with transaction.atomic():
        to_move, around = _disrupt(person)
        words = f"{to_move} to move among {around:,}"
        deeds = {
            f"repair page, {words}": partial(person.page, address),
            f"repair page, one day refused, {words}": _refusal(person, address),
        }
        for name, deed in deeds.items():
            result = Result(
                name, target=f"≤ {PAGE_QUERIES} queries, p95 ≤ {PAGE_MS} ms of processor",
                target_ms=PAGE_MS, target_queries=PAGE_QUERIES,
            )  # fmt: skip
            measure(result, [deed], min(samples, ROUNDS * 5))
            result.times = list(result.work)
            yield result
        transaction.set_rollback(True)


def _disrupt(person: Visitor) -> tuple[int, int]:
    """Let the first practitioner be away; return visits to move, and booked ones of these weeks."""
    clinic, now = person.clinic, timezone.now()
    first = clinic.local_date(now) + timedelta(days=AHEAD_DAYS)
    last = first + timedelta(days=AWAY_DAYS - 1)
    who = clinic.resources.practitioners().first()
    kept = keep_absence(clinic=clinic, absence=Absence(who, first, last, "sick"), at=now, by=None)
    week = timedelta(days=AROUND_DAYS)
    around = Appointment.objects.live().filter(
        clinic=clinic, local_date__range=(clinic.local_date(now), last + week)
    )
    return len(kept.to_move), around.count()


def _refusal(person: Visitor, address: str) -> partial:
    """Return the press of "Not on this day" of the first row on the page as it stands."""
    held = dict(HELD.findall(person.client.get(address).content.decode()))
    key = next(name for name, value in held.items() if name.endswith("-place") and value)
    sent = held | {"do": f"day-{key[1:].partition('-')[0]}"}
    return partial(_press, person, address, sent)


def _press(person: Visitor, address: str, sent: dict) -> None:
    answer = person.client.post(address, sent, headers={"hx-request": "true"})
    if answer.status_code != 200:
        raise ValueError(f"{address} answered {answer.status_code}.")
