"""Every page of the lead's admin in a real browser: no complaint, nothing the policy refuses."""

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from clinic.actions.letters import seed_templates
from clinic.models import HoursException
from clinic.permissions import ADMIN_MODELS, PAGES
from tests import factories
from tests.attack import world as worlds
from tests.support.pages import axe, sign_in

MODELS = {
    f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry
}


@pytest.fixture
def clinic(db):
    """Return a clinic with one row of everything a lead sees in the admin."""
    clinic = worlds.build().clinic
    call_command("seed_catalogue", verbosity=0)
    HoursException.objects.create(clinic=clinic, from_day="2026-12-24", to_day="2026-12-26")
    factories.device(clinic)
    factories.lot(clinic, factories.product())
    seed_templates(clinic)
    return clinic


def pages_of(name, clinic):
    """Return the addresses of a model's list, of its form and of one row."""
    desk = admin.site._registry[MODELS[name]]
    path = f"{desk.clinic_path}__in" if hasattr(desk, "clinic_path") else ""
    rows = MODELS[name].objects.filter(**{path: [clinic.pk]} if path else {})
    row = rows.order_by("pk").first()
    found = [reverse(f"admin:{name}_changelist"), reverse(f"admin:{name}_change", args=[row.pk])]
    if PAGES[f"admin:{name}_add"].roles:
        found.append(reverse(f"admin:{name}_add"))
    return found


def test_no_page_of_the_admin_breaks_the_policy_or_an_accessibility_rule(
    page, live_server, clinic, complaints
):
    sign_in(page, live_server, factories.staff(clinic, "lead"))
    addresses = [address for name in sorted(ADMIN_MODELS) for address in pages_of(name, clinic)]
    found = []

    for address in ["/admin/", *addresses]:
        page.goto(address)
        try:
            axe(page)
        except AssertionError as fault:
            found.append(str(fault))
        found += [f"{address} {complaint}" for complaint in complaints]
        complaints.clear()

    assert found == [], "\n".join(found)
