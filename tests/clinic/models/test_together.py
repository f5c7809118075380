"""Lists read together are the lists their QuerySets give, each row as the ORM makes it."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from clinic.models import Appointment, Patient, Resource
from clinic.models.together import read_together
from tests import factories
from tests.support.records import record
from treatments.models import AnaestheticApplication

pytestmark = pytest.mark.django_db


def columns(row) -> list:
    """Return what a row of any model holds."""
    return [getattr(row, field.attname) for field in row._meta.concrete_fields]


@pytest.fixture
def visits(patient):
    """Return three visits; the second came by a form and says why its day was offered."""
    rows = [factories.appointment(patient, factories.NOW.date() + timedelta(n)) for n in range(3)]
    Appointment.objects.filter(pk=rows[1].pk).update(
        request_key=uuid4(), why_this_date=[{"days": 1.5, "words": "it's “free”"}]
    )
    return rows


def test_every_list_is_what_its_queryset_gives_in_one_query(
    visits, clinic, django_assert_num_queries
):
    lists = {
        "visits": Appointment.objects.order_by("-starts_at"),
        "people": Patient.objects.of(clinic),
        "rooms": Resource.objects.filter(clinic=clinic).order_by("-pk"),
    }

    with django_assert_num_queries(1):
        read = read_together(**lists)

    for name, rows in lists.items():
        assert [columns(row) for row in read[name]] == [columns(row) for row in rows]
    assert [len(read["visits"]), len(read["people"])] == [3, 1]


def test_figures_keep_their_places_and_instants_their_zone(patient, practitioner):
    plan = factories.plan(patient)
    session = record(plan, practitioner)
    product = factories.anaesthetic()
    session.numbing.create(
        product=product, amount_g=Decimal("12.50"), area_cm2=None, applied_at=factories.NOW,
        zone_codes=["BACK_UL"], occluded=True,
    )  # fmt: skip

    (row,) = read_together(numbing=AnaestheticApplication.objects.all())["numbing"]

    assert (str(row.amount_g), row.area_cm2, row.applied_at) == ("12.50", None, factories.NOW)
    assert row.applied_at.utcoffset() == timedelta(0)
    assert (row.zone_codes, row.occluded, row.heat_used) == (["BACK_UL"], True, False)


def test_what_is_joined_comes_along(visits, django_assert_num_queries):
    rows = Appointment.objects.select_related("patient", "ended_by").order_by("pk")

    read = read_together(visits=rows)["visits"]

    with django_assert_num_queries(0):
        assert read[0].patient.full_name == visits[0].patient.full_name
        assert read[0].ended_by is None


def test_a_row_knows_that_it_is_in_the_database(visits):
    row = read_together(visits=Appointment.objects.filter(pk=visits[0].pk))["visits"][0]

    row.note = "kept"
    row.save()

    assert Appointment.objects.get(pk=row.pk).note == "kept"


def test_a_list_of_nothing_is_empty(clinic, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert read_together(none=Patient.objects.none()) == {"none": []}
    with django_assert_num_queries(1):
        read = read_together(none=Patient.objects.none(), people=Patient.objects.of(clinic))
    assert read == {"none": [], "people": []}
