"""What a course form starts with, holds together and hands to the action."""

from datetime import date
from decimal import Decimal

import pytest

from tests import factories
from treatments.forms.plans import CourseForm, DatesForm

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 23)


@pytest.fixture
def zone():
    """Return a zone: usual 1 to 2 mm, cap 2.5 mm."""
    return factories.zone()


def form(clinic, protocol, data=None, **facts):
    """Return a course form."""
    return CourseForm(data, clinic=clinic, today=TODAY, protocol=protocol, **facts)


def typed(clinic, zone, **facts):
    """Return a filled form."""
    return {
        "zones": [zone.pk], f"depth_{zone.pk}": "1.5", f"passes_{zone.pk}": "4", "sessions": "4",
        "gap_days_min": "28", "gap_days_ideal": "35", "gap_days_max": "42",
        "service": clinic.services.get().pk,
    } | facts  # fmt: skip


def test_a_protocol_fills_in_its_figures(clinic, zone):
    blank = form(clinic, factories.protocol([zone]))

    names = ("sessions", "gap_days_min", "gap_days_ideal", "gap_days_max")
    assert [blank[name].value() for name in names] == [4, 28, 35, 42]
    assert blank[f"depth_{zone.pk}"].value() == Decimal("1.5")
    assert blank[f"passes_{zone.pk}"].value() == 4


def test_calm_days_stay_empty_unless_the_protocol_has_them(clinic, zone):
    without = form(clinic, factories.protocol([zone]))
    with_days = form(clinic, factories.protocol([zone], calm_days=21))

    assert (without["calm_days"].value(), with_days["calm_days"].value()) == (None, 21)


def test_a_depth_is_filled_in_no_deeper_than_is_usual_in_the_zone(clinic):
    thin = factories.zone(depth_min_mm=Decimal("0.5"), depth_max_mm=Decimal("1"))

    assert form(clinic, factories.protocol([thin]))[f"depth_{thin.pk}"].value() == Decimal("1")


def test_a_course_is_booked_as_needling_unless_told(clinic, zone):
    factories.service(clinic, name="A talk").phases.exclude(kind="numbing").delete()

    blank = form(clinic, factories.protocol([zone]))

    assert blank["service"].value() == clinic.services.exclude(name="A talk").get().pk


def test_forbidden_zones_are_not_on_the_form(clinic, zone):
    never = factories.zone(forbidden=True)

    assert f"depth_{never.pk}" not in form(clinic, factories.protocol([zone])).fields


def test_the_protocols_regions_come_first(clinic, zone):
    factories.zone(region="abdomen")

    regions = form(clinic, factories.protocol([zone])).regions

    assert [(name, own) for name, _, own in regions] == [("Back", True), ("Abdomen", False)]


def test_figures_of_zones_not_chosen_do_not_count(clinic, zone):
    other = factories.zone()
    data = typed(clinic, zone, **{f"depth_{other.pk}": "99"})

    filled = form(clinic, factories.protocol([zone, other]), data)

    assert filled.is_valid()
    assert filled.facts["zones"] == [(zone, Decimal("1.5"), 4)]


@pytest.mark.parametrize(("depth", "sentence"), [("", "Say the set depth."),
                                                 ("0", "Say the set depth."),
                                                 ("2.75", "The cap of this zone is 2.50 mm.")])  # fmt: skip
def test_a_chosen_zone_needs_a_depth_within_its_cap(clinic, zone, depth, sentence):
    data = typed(clinic, zone, **{f"depth_{zone.pk}": depth})

    filled = form(clinic, factories.protocol([zone]), data)

    assert filled.errors == {f"depth_{zone.pk}": [sentence]}


def test_editing_starts_with_the_course_as_it_is(clinic, patient):
    plan = factories.plan(patient, notes="Gently")
    row = plan.zones.get()

    blank = form(clinic, plan.protocol, plan=plan)

    assert blank.chosen_zones == {str(row.zone_id)}
    assert (blank["notes"].value(), blank["version"].value()) == ("Gently", 1)


def test_a_course_keeps_what_the_clinic_has_retired_since(clinic, patient):
    plan = factories.plan(patient)
    zone = plan.zones.get().zone
    type(zone).objects.filter(pk=zone.pk).update(active=False)
    clinic.services.update(active=False)
    clinic.resources.update(active=False)
    data = typed(clinic, zone, practitioner=plan.practitioner_id)

    filled = form(clinic, plan.protocol, data, plan=plan)

    assert filled.is_valid(), filled.errors
    assert (filled.facts["service"], filled.facts["practitioner"]) == (
        plan.service, plan.practitioner,
    )  # fmt: skip


def test_a_booking_that_changed_since_it_was_shown_is_told(clinic, patient):
    plan = factories.plan(patient)
    session = plan.sessions.get(number=1)
    session.appointment = factories.appointment(patient, date(2026, 11, 30))
    slot = factories.slot_on(clinic, date(2026, 12, 1))
    data = {"slot_1": f"{slot.start}.{slot.practitioner_id}", "seen_1": "9"}

    sent = DatesForm(data, sessions=[session], zone=clinic.zone, today=TODAY)

    assert sent.slots.keys() == {1}
    assert sent.moved_meanwhile == {1: "Somebody booked this session meanwhile: Mon 30 Nov, 10:00."}
