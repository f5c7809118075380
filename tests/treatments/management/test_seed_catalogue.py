"""The catalogue's seed: whole the first time, nothing the second, a lead's edits left alone."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from treatments.models import DoseLimit, Product, Protocol, View, Zone

pytestmark = pytest.mark.django_db


def seed() -> str:
    out = StringIO()
    call_command("seed_catalogue", stdout=out)
    return out.getvalue().strip()


def test_an_empty_catalogue_is_filled_with_sources_on_every_row():
    seed()

    assert all(model.objects.exists() for model in (Zone, View, Protocol, Product, DoseLimit))
    assert not any(model.objects.filter(source="").exists()
                   for model in (Zone, Protocol, Product, DoseLimit))  # fmt: skip


def test_seeding_again_adds_nothing():
    seed()

    assert seed() == "0 catalogue rows added."


def test_a_row_the_lead_edited_stays_as_it_is():
    seed()
    Protocol.objects.filter(code="BACK_AS").update(depth_default_mm=Decimal("1.25"))

    seed()

    assert Protocol.objects.get(code="BACK_AS").depth_default_mm == Decimal("1.25")


def test_a_row_that_was_removed_comes_back_with_its_parts():
    seed()
    before = DoseLimit.objects.filter(product__name="EMLA 5 % cream").count()
    Product.objects.get(name="EMLA 5 % cream").delete()

    seed()

    assert DoseLimit.objects.filter(product__name="EMLA 5 % cream").count() == before > 0
