"""Fill an empty catalogue from treatments/fixtures; never overwrite what a lead has edited."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction

from treatments.models import (
    Active,
    AftercareSheet,
    AreaDose,
    ConsentText,
    DeviceModel,
    DoseLimit,
    Product,
    Protocol,
    Question,
    QuestionSet,
    Threshold,
    View,
    Zone,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures"


def rows(name: str) -> list[dict]:
    """Return the rows of one fixture file."""
    return json.loads((FIXTURES / f"{name}.json").read_text())


class Command(BaseCommand):
    """Add catalogue rows that are missing, found by their code or name."""

    help = __doc__

    @transaction.atomic
    def handle(self, *args, **options):
        """Seed every chapter in one transaction and say how many rows were new."""
        added = sum([
            self._simple(Zone, "zones", "code"),
            self._simple(View, "views", "code"),
            self._simple(Threshold, "thresholds", "code", "effective_from"),
            self._protocols(),
            self._simple(DeviceModel, "devices", "manufacturer", "name"),
            self._products(),
            self._simple(AftercareSheet, "aftercare", "code", "version", "language"),
            self._question_sets(),
            self._simple(ConsentText, "consents", "code", "version", "language"),
        ])  # fmt: skip
        return f"{added} catalogue rows added."

    def _simple(self, model, fixture, *keys) -> int:
        added = 0
        for facts in rows(fixture):
            found = {key: facts.pop(key) for key in keys}
            added += model.objects.get_or_create(**found, defaults=facts)[1]
        return added

    def _protocols(self) -> int:
        added = 0
        for facts in rows("protocols"):
            zones = facts.pop("zones")
            row, new = Protocol.objects.get_or_create(code=facts.pop("code"), defaults=facts)
            if new:
                row.zones.set(Zone.objects.filter(code__in=zones))
            added += new
        return added

    def _products(self) -> int:
        added = 0
        parts = {"actives": Active, "limits": DoseLimit, "area_table": AreaDose}
        for facts in rows("products"):
            children = {name: facts.pop(name, []) for name in parts}
            device = facts.pop("device", "")
            if device:
                facts["device_model"] = DeviceModel.objects.get(name=device)
            row, new = Product.objects.get_or_create(name=facts.pop("name"), defaults=facts)
            if new:
                for name, model in parts.items():
                    model.objects.bulk_create(model(product=row, **part) for part in children[name])
            added += new
        return added

    def _question_sets(self) -> int:
        """Add the versions that are missing and put them into use, which freezes their questions."""
        added = 0
        for facts in rows("screening"):
            questions = facts.pop("questions")
            row, new = QuestionSet.objects.get_or_create(
                version=facts.pop("version"), defaults=facts
            )
            if new:
                Question.objects.bulk_create(Question(question_set=row, **one) for one in questions)
                QuestionSet.objects.filter(pk=row.pk).update(status=QuestionSet.Status.PUBLISHED)
            added += new
        return added
