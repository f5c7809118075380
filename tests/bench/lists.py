"""Measured: the lists the desk works through, the rows alone and the whole page."""

from collections.abc import Iterator
from functools import partial

from django.urls import reverse
from django.utils import timezone

from tests.bench.gaps import gaps
from tests.bench.pages import LETTERS, visitors
from tests.bench.timing import Result, measure
from treatments.models.worklist import first_to_call
from treatments.views.due import due_rows


def lists(samples: int) -> Iterator[Result]:
    """Measure the due worklist, its first rows and its pages, and the waitlist with its gaps."""
    people, now = visitors(), timezone.now()
    yield measure(
        Result("due worklist, rows", target="p95 ≤ 20 ms", target_ms=20),
        [partial(_rows, p.clinic, p.clinic.local_date(now)) for p in people], samples,
    )  # fmt: skip
    pages = {
        "due worklist, page": [partial(p.page, reverse("worklist")) for p in people],
        "due worklist, three letters": [
            partial(p.page, f"{reverse('worklist')}?q={letters}")
            for p in people for letters in LETTERS
        ],
        "unresolved visits": [partial(p.page, reverse("unresolved")) for p in people],
    }  # fmt: skip
    for name, deeds in pages.items():
        yield measure(
            Result(name, target="≤ 20 queries, p95 ≤ 150 ms", target_ms=150, target_queries=20),
            deeds, samples,
        )  # fmt: skip
    yield from gaps(samples)


def _rows(clinic, today) -> list:
    return due_rows(first_to_call(clinic, today), today=today, role="lead")
