"""Measured: whole pages through middleware, view and template, as a signed-in person gets them."""

from collections.abc import Iterator
from functools import partial

from django.test import Client
from django.urls import reverse

from clinic.models import Membership, Patient
from tests.bench.seed import GROWN
from tests.bench.timing import Result, measure
from treatments.models import TreatmentPlan, TreatmentSession

LETTERS = ("bar", "kel", "mor", "sal", "wil", "zan", "hol", "per")
SECRET_DOOR = "allauth.account.auth_backends.AuthenticationBackend"


class Visitor:
    """A person signed in to one clinic."""

    def __init__(self, membership: Membership) -> None:
        self.clinic = membership.clinic
        self.client = Client()
        self.client.force_login(membership.user, backend=SECRET_DOOR)

    def page(self, address: str, **headers) -> None:
        """Get a page; anything but a page is a fault of the measurement."""
        answer = self.client.get(address, headers=headers)
        if answer.status_code != 200:
            raise ValueError(f"{address} answered {answer.status_code}.")


def visitors() -> list[Visitor]:
    """Return the lead of every clinic, signed in; the clinic growth is counted with is none."""
    rows = Membership.objects.filter(role="lead").exclude(clinic__slug=GROWN)
    rows = rows.select_related("user", "clinic")
    return [Visitor(row) for row in rows.order_by("clinic_id")]


def pages(samples: int) -> Iterator[Result]:
    """Measure the pages of the issue, the clinics taking turns."""
    people = visitors()
    courses = reverse("admin:treatments_treatmentplan_changelist")
    board = reverse("admin:treatments_treatmentplan_board")
    capacity = reverse("admin:treatments_treatmentplan_capacity")
    many = max(TreatmentPlan.objects.of(p.clinic).count() for p in people)
    everyday = {
        "today page": [partial(p.page, f"{reverse('today')}?show=all") for p in people],
        "diary, day": [partial(p.page, reverse("diary_data")) for p in people],
        "diary, day by room": [partial(p.page, f"{reverse('diary_data')}?by=room") for p in people],
        "diary, week of one person": [
            partial(p.page, f"{reverse('diary_data')}?view=week") for p in people
        ],
        "diary, month": [partial(p.page, f"{reverse('diary')}?view=month") for p in people],
        "chart page": list(_charts(people, samples)),
        "admin courses": [partial(p.page, courses) for p in people],
        "admin courses, one state": [
            partial(p.page, f"{courses}?state={state}")
            for p in people for state in ("at_risk", "overdue", "book_now")
        ],
        "admin courses, sorted by state": [partial(p.page, f"{courses}?o=3") for p in people],
        f"course board, {many:,} courses": [
            partial(p.page, f"{board}?state=all") for p in people
        ],
        "course board, running courses": [partial(p.page, board) for p in people],
        "capacity, 12 weeks": [partial(p.page, capacity) for p in people],
        "quick search, three letters": [
            partial(p.page, f"{reverse('patient_search')}?q={letters}", hx_request="true")
            for p in people for letters in LETTERS
        ],
        "patient list, three letters": [
            partial(p.page, f"{reverse('patient_list')}?q={letters}")
            for p in people for letters in LETTERS
        ],
    }  # fmt: skip
    for name, deeds in everyday.items():
        if not deeds:  # a small practice has nobody with three sessions yet
            continue
        yield measure(
            Result(name, target="≤ 20 queries, p95 ≤ 150 ms", target_ms=150, target_queries=20),
            deeds, samples,
        )  # fmt: skip


def _charts(people, samples) -> Iterator[partial]:
    """Yield charts of patients with several session records and photos."""
    each = -(-samples // len(people)) + 1
    rows = {
        person: Patient.objects.of(person.clinic)
        .filter(pk__in=TreatmentSession.objects.of(person.clinic).values("patient"),
                plans__sessions_done__gte=3, plans__status="open")
        .order_by("-pk")[:each]
        for person in people
    }  # fmt: skip
    for number in range(each):
        for person, found in rows.items():
            if number < len(found):
                yield partial(person.page, reverse("chart", args=[found[number].pk]))
