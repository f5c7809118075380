"""The lead's catalogue in the admin: it opens, it stays behind the wall, nothing is lost from it."""

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from clinic.models import AuditEvent, Membership, Role
from tests import factories
from treatments.models import Device, Lot, Product, Zone
from treatments.safety.seeds import ROUTE_LIMITS

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


# --- What is kept as a list -----------------------------------------------------------------------
def saved(desk, row, **changes):
    """Post a row's page as it is shown, with changes; return the answer."""
    address = url(type(row), "change", row.pk)
    form = desk.get(address).context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    sent = {name: value for name, value in sent.items() if value not in (None, False)}
    return desk.post(address, sent | changes)


def test_what_a_product_contains_is_ticked(desk):
    product = factories.product(contains=["vitamin C"])

    page = desk.get(url(Product, "change", product.pk)).content.decode()
    answer = saved(desk, product, contains=["acid", "exosome"])

    ticks = re.findall(r'name="contains" value="([^"]+)"[^>]*?( checked)?>', page)
    assert dict(ticks) == {name: " checked" if name == "vitamin C" else ""
                           for name in Product.Contains.values}  # fmt: skip
    assert answer.status_code == 302
    product.refresh_from_db()
    assert product.contains == ["acid", "exosome"]


def test_every_group_a_rule_reads_can_be_ticked_and_no_other():
    assert set(Product.Contains.values) == ROUTE_LIMITS.not_while_open | {"exosome"}


def test_a_group_no_rule_reads_is_kept_and_says_so(desk):
    product = factories.product(contains=["copper"])

    page = desk.get(url(Product, "change", product.pk)).content.decode()
    saved(desk, product, contains=["copper", "retinoid"])

    assert "copper (no rule reads it)" in page
    product.refresh_from_db()
    assert product.contains == ["copper", "retinoid"]


@pytest.mark.parametrize(
    ("kind", "shown"),
    [("serum", [False, False]), ("anaesthetic", [True, False]), ("cartridge", [False, True])],
)
def test_a_product_asks_only_what_its_kind_has(desk, kind, shown):
    product = factories.product(kind, device_model=None)

    page = desk.get(url(Product, "change", product.pk)).content.decode()

    assert ['name="occlusion"' in page, 'name="needle_count"' in page] == shown


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("3000, 5000", [3000, 5000]), ("7000", [7000]), ("", []), ("5000 3000,5000", [5000, 3000])],
)
def test_speeds_are_typed_with_commas(desk, clinic, typed, kept):
    model = factories.device(clinic).model

    assert saved(desk, model, speeds=typed).status_code == 302

    model.refresh_from_db()
    assert model.speeds == kept


@pytest.mark.parametrize("typed", ["fast", "3000.5", "0", "-3", "1000000", "[7000]"])
def test_speeds_that_are_no_whole_numbers_come_back_with_a_sentence(desk, clinic, typed):
    model = factories.device(clinic).model

    answer = saved(desk, model, speeds=typed)

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["speeds"]
    assert f'value="{typed}"' in answer.content.decode()


@pytest.mark.parametrize(
    ("expiry", "days"),
    [("over", [-1]), ("soon", [0, 30]), ("later", [31]), ("open", [None]),
     ("?", [-1, 0, 30, 31, None])],
)  # fmt: skip
def test_lots_are_found_by_when_they_expire(desk, clinic, time_machine, now, expiry, days):
    time_machine.move_to(now, tick=False)
    product = factories.product()
    for n in (-1, 0, 30, 31, None):
        on = None if n is None else now.date() + timedelta(days=n)
        factories.lot(clinic, product, number=f"{n}", expires_on=on)

    rows = desk.get(url(Lot, "changelist"), {"expiry": expiry}).context["cl"].result_list

    assert {row.number for row in rows} == {f"{n}" for n in days}
