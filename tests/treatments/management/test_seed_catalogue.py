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


LABELS = {  # clinical.md 3.1: g, cm², g per 10 cm², least and longest minutes of an adult
    "EMLA 5 % cream": (60, 600, None, 60, 300),
    "EMLA 5 % cream, minor procedure": (2, None, "1.5", 60, 300),
    "EMLA 5 % cream, larger areas in hospital": (None, None, 2, 120, 300),
    "EMLA or generic 5 % cream, US label, minor procedure": ("2.5", 25, None, 60, None),
    "EMLA or generic 5 % cream, US label, major procedure": (None, None, 2, 120, None),
    "LMX4 4 % cream": (None, 900, 2, 30, 60),
    "LMX4 4 % cream, US (OTC)": (None, None, None, 30, None),
    "Pliaglis 7 % / 7 % cream": (53, 400, None, 20, 60),
    "Lidocaine 5 % ointment": (5, None, None, None, None),
    "Tetracaine 4 % gel (Ametop)": (7, None, "0.34", 30, 45),
}


def test_every_label_is_seeded_with_its_own_figures_and_unknown_ones_stay_empty():
    seed()

    adults = DoseLimit.objects.filter(min_age_months=216).select_related("product")

    assert {
        row.product.name: (row.max_g, row.max_area_cm2, row.max_g_per_10cm2, row.min_minutes,
                           row.max_minutes)
        for row in adults
    } == {
        name: tuple(None if one is None else Decimal(one) for one in figures)
        for name, figures in LABELS.items()
    }  # fmt: skip


def test_labels_for_a_hospital_or_another_country_wait_for_a_lead():
    seed()

    waiting = Product.objects.filter(active=False)

    assert sorted(row.name for row in waiting) == [
        "EMLA 5 % cream, larger areas in hospital",
        "EMLA or generic 5 % cream, US label, major procedure",
        "EMLA or generic 5 % cream, US label, minor procedure",
        "LMX4 4 % cream, US (OTC)",
    ]
