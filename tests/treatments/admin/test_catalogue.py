"""The lead's catalogue in the admin: it opens, it stays behind the wall, nothing is lost from it."""

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from clinic.models import AuditEvent, Membership, Role
from tests import factories
from treatments.models import Device, Lot, Zone

MODELS = sorted(
    (m for m in admin.site._registry if m._meta.app_label in {"clinic", "treatments"}),
    key=lambda model: model._meta.label,
)
CATALOGUE = [m for m in MODELS if m._meta.app_label == "treatments"]
of = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label_lower)


def url(model, page, *args):
    """Return an address of the admin."""
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=args)


@pytest.fixture
def shelf(clinic):
    """Return one row of what a clinic keeps on its shelf."""
    product = factories.product(name="Own serum")
    return {
        Device: factories.device(clinic, serial="OWN-1"),
        Lot: factories.lot(clinic, product, number="OWN-1"),
    }


@pytest.fixture
def foreign(clinic):
    """Return the same of another clinic."""
    other = factories.clinic_with_diary()
    return {
        Device: factories.device(other, serial="FOREIGN-1"),
        Lot: factories.lot(other, factories.product(name="Other serum"), number="FOREIGN-1"),
    }


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


@of
def test_every_list_opens_and_searches(desk, shelf, patient, model):
    factories.plan(patient)

    assert desk.get(url(model, "changelist")).status_code == 200
    assert desk.get(url(model, "changelist"), {"q": "a"}).status_code == 200


@pytest.mark.parametrize("model", [Device, Lot], ids=["device", "lot"])
def test_a_list_shows_the_own_clinics_rows_alone(desk, shelf, foreign, model):
    page = desk.get(url(model, "changelist")).content.decode()

    assert "OWN-1" in page
    assert "FOREIGN-1" not in page


@pytest.mark.parametrize("model", [Device, Lot], ids=["device", "lot"])
def test_another_clinics_row_is_not_found(desk, shelf, foreign, model):
    assert desk.get(url(model, "change", shelf[model].pk)).status_code == 200
    assert desk.get(url(model, "change", foreign[model].pk)).status_code == 404


def test_a_form_offers_the_own_clinic_and_its_units_alone(desk, shelf, foreign):
    page = desk.get(url(Device, "add")).content.decode()

    other = foreign[Device].clinic
    assert other.name not in page
    assert all(f">{unit.name}<" not in page for unit in other.resources.all())


def test_a_member_who_does_not_lead_there_sees_none_of_it(desk, lead, foreign):
    Membership.objects.create(user=lead, clinic=foreign[Lot].clinic, role=Role.PRACTITIONER)

    assert "FOREIGN-1" not in desk.get(url(Lot, "changelist")).content.decode()


@pytest.mark.parametrize("model", CATALOGUE, ids=lambda model: model._meta.model_name)
def test_no_row_of_the_catalogue_can_be_deleted(desk, shelf, patient, model):
    factories.plan(patient)
    call_command("seed_catalogue", verbosity=0)
    row = model.objects.first()
    before = model.objects.count()

    assert desk.get(url(model, "delete", row.pk)).status_code == 403
    assert desk.post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    sent = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
    desk.post(url(model, "changelist"), sent)
    assert model.objects.count() == before


def test_a_change_of_the_catalogue_is_written_into_the_audit(desk, lead, db):
    zone = factories.zone(name="Upper back")
    names = [field.name for field in Zone._meta.fields if field.name != "id"]
    sent = {name: getattr(zone, name) for name in names} | {"note": "Ask first"}
    sent = {k: v for k, v in sent.items() if v is not None and v is not False}

    answer = desk.post(url(Zone, "change", zone.pk), sent)

    assert answer.status_code == 302
    zone.refresh_from_db()
    assert zone.note == "Ask first"
    line = AuditEvent.objects.get(action="catalogue.changed")
    assert (line.actor_id, line.object_id, line.details) == (
        lead.pk, str(zone.pk), {"fields": ["note"]},
    )  # fmt: skip
