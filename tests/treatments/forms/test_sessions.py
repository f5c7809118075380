"""The record's form: what is valid is kept, what is not stays on the page with a sentence."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests import factories
from tests.support.records import numbing, ready, record
from treatments.actions.records import Record
from treatments.actions.sessions import save_draft, state_of
from treatments.forms.sessions import RecordForms
from treatments.forms.shelf import Shelf
from treatments.models import TreatmentSession

COUNTS = {"TOTAL_FORMS": 0, "INITIAL_FORMS": 0}


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


@pytest.fixture
def session(plan, practitioner, now):
    """Return a draft with its one zone."""
    return record(plan, practitioner, now)


def bound(session, at, *, zones=None, numbing=(), products=(), **fields):
    """Return the form of a draft with what was posted; rows as dicts."""
    stored = [{"zone": row.zone_id, "depth_mm": "1.5", "passes": "4"} for row in
              session.zones.all()]  # fmt: skip
    rows = {"zones": stored if zones is None else zones, "numbing": numbing, "products": products}
    data = {"version": session.version, **fields}
    for name, posted in rows.items():
        count = getattr(session, name).count()
        data |= {f"{name}-TOTAL_FORMS": len(posted), f"{name}-INITIAL_FORMS": count}
        for n, row in enumerate(posted):
            data |= {f"{name}-{n}-{field}": value for field, value in row.items()}
    return RecordForms(Record(session), at=at, data=data)


def sentences(forms):
    """Return the faults as (input, sentence)."""
    return [(auto_id, sentence) for auto_id, _, sentence in forms.faults()]


def test_a_comma_is_a_decimal_point(session, now):
    zone = session.zones.get().zone_id

    forms = bound(session, now, zones=[{"zone": zone, "depth_mm": "1,75", "passes": "4"}])

    assert forms.values()["zones"][0]["depth_mm"] == Decimal("1.75")
    assert sentences(forms) == []


def test_a_row_stored_since_the_page_was_opened_is_not_taken_for_an_empty_one(
    session, practitioner, now
):
    upper, chest = session.zones.get().zone_id, factories.zone("CHEST", name="Chest").pk
    posted = [{"zone": upper, "depth_mm": "1.5", "passes": "4"}, {"zone": chest, "depth_mm": "1"}]
    forms = bound(session, now, zones=posted)
    save_draft(session=session, version=session.version, values=forms.values(), at=now,
               by=practitioner)  # fmt: skip

    data = {**forms.rows["zones"].data, "zones-INITIAL_FORMS": 1}
    again = RecordForms(Record(TreatmentSession.objects.get(pk=session.pk)), at=now, data=data)

    assert [row["zone_id"] for row in again.values()["zones"]] == [upper, chest]


def test_a_row_taken_away_does_not_take_the_next_one_with_it(session, practitioner, now):
    upper, chest = session.zones.get().zone_id, factories.zone("CHEST", name="Chest").pk
    posted = [{"zone": upper, "depth_mm": "1.5", "passes": "4"}, {"zone": chest, "depth_mm": "1"}]
    forms = bound(session, now, zones=posted)
    save_draft(session=session, version=session.version, values=forms.values(), at=now,
               by=practitioner)  # fmt: skip

    data = {**forms.rows["zones"].data, "zones-INITIAL_FORMS": 1, "zones-0-DELETE": "on"}
    again = RecordForms(Record(TreatmentSession.objects.get(pk=session.pk)), at=now, data=data)

    assert [row["zone_id"] for row in again.values()["zones"]] == [chest]


def test_letters_in_grams_are_a_sentence_and_the_rest_is_kept(session, now):
    cream = factories.anaesthetic()
    lot = factories.lot(session.clinic, cream)
    row = {"item": f"lot:{lot.pk}", "amount_g": "twenty", "area_cm2": "300"}

    forms = bound(session, now, numbing=[row], pain_nrs="4")
    values = forms.values()

    assert sentences(forms) == [("id_numbing-0-amount_g", "Type a number, such as 12.5.")]
    assert values["pain_nrs"] == 4
    kept = values["numbing"][0]
    assert (kept["product_id"], kept["lot_id"]) == (cream.pk, lot.pk)
    assert (kept["amount_g"], kept["area_cm2"]) == (None, Decimal("300"))


def test_a_depth_of_nine_keeps_the_stored_one(session, now):
    zone = session.zones.get().zone_id

    forms = bound(session, now, zones=[{"zone": zone, "depth_mm": "9", "passes": "6"}])
    values = forms.values()

    assert sentences(forms) == [
        ("id_zones-0-depth_mm", "Set depth is at most 4 mm; check the dial.")
    ]
    assert (values["zones"][0]["depth_mm"], values["zones"][0]["passes"]) == (Decimal("1.50"), 6)


def test_a_new_zone_without_a_depth_is_said_to_be_unsaved(session, now):
    chest = factories.zone("CHEST")
    stored = {"zone": session.zones.get().zone_id, "depth_mm": "1.5", "passes": "4"}

    forms = bound(session, now, zones=[stored, {"zone": chest.pk, "passes": "3"}])
    values = forms.values()

    assert sentences(forms) == [
        ("id_zones-1-depth_mm", "Set the depth; this zone is not saved without one.")
    ]
    assert len(values["zones"]) == 1


def test_a_zone_is_recorded_once(session, now):
    row = {"zone": session.zones.get().zone_id, "depth_mm": "1.5", "passes": "4"}

    forms = bound(session, now, zones=[row, row])
    values = forms.values()

    assert sentences(forms) == [("id_zones-1-zone", "This zone is already there.")]
    assert len(values["zones"]) == 1


def test_a_removed_row_is_gone(session, now):
    row = {"zone": session.zones.get().zone_id, "depth_mm": "1.5", "passes": "4", "DELETE": "on"}

    assert bound(session, now, zones=[row]).values()["zones"] == []


def test_cream_cannot_come_off_before_it_goes_on(session, now):
    lot = factories.lot(session.clinic, factories.anaesthetic())
    row = {"item": f"lot:{lot.pk}", "applied_at": "08:30", "removed_at": "08:00"}

    forms = bound(session, now, numbing=[row])
    values = forms.values()

    assert sentences(forms) == [
        ("id_numbing-0-removed_at", "Cream cannot come off before it goes on.")
    ]
    assert values["numbing"][0]["applied_at"] == datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert values["numbing"][0]["removed_at"] is None


def test_a_time_is_the_clinics_wall_time(plan, practitioner):
    in_summer = datetime(2026, 7, 6, 12, 0, tzinfo=UTC)
    session = record(plan, practitioner, in_summer)

    forms = bound(session, in_summer, needling_started_at="12:30")

    at = forms.values()["needling_started_at"]
    assert at == datetime(2026, 7, 6, 11, 30, tzinfo=UTC)


def test_a_clock_that_is_a_minute_fast_does_not_work_in_the_future(session, now):
    forms = bound(session, now, needling_started_at="09:01")

    assert forms.values()["needling_started_at"] == now


@pytest.mark.parametrize(
    ("posted", "asked", "words"),
    [
        ({"other_anaesthetic": "no"}, True, ""),
        (
            {"other_anaesthetic": "yes", "other_anaesthetic_24h": "articaine 68 mg"},
            True,
            "articaine 68 mg",
        ),
        ({}, False, ""),
    ],
)
def test_other_anaesthetics_are_asked_answered_or_open(session, now, posted, asked, words):
    values = bound(session, now, **posted).values()

    assert (values["other_anaesthetic_asked"], values["other_anaesthetic_24h"]) == (asked, words)


def test_yes_without_saying_which_is_a_sentence(session, now):
    forms = bound(session, now, other_anaesthetic="yes")

    assert sentences(forms) == [("id_other_anaesthetic_24h", "Say which one and how many mg.")]
    assert "other_anaesthetic_asked" not in forms.values()


def test_another_clinics_lot_is_no_choice(session, now):
    lot = factories.lot(factories.clinic(), factories.product("serum"))

    forms = bound(session, now, products=[{"item": f"lot:{lot.pk}", "amount": "2"}])

    assert forms.values()["products"] == []
    assert [auto_id for auto_id, _ in sentences(forms)] == ["id_products-0-item"]


def test_only_cartridges_that_fit_the_device_are_offered(session, now):
    device = factories.device(session.clinic)
    other = type(device.model).objects.create(
        manufacturer="Other", name="Stamp", depth_min_mm=Decimal("0.5"),
        depth_max_mm=Decimal("2"), depth_step_mm=Decimal("0.5"), **factories.SOURCE,
    )  # fmt: skip
    fits = factories.lot(session.clinic, factories.product("cartridge", device_model=device.model))
    factories.lot(session.clinic, factories.product("cartridge", device_model=other))

    forms = bound(session, now, device=str(device.pk))

    assert [key for key, _ in forms.main.fields["cartridge"].choices] == [fits.pk]


def test_a_lot_set_aside_stays_on_the_record_that_used_it(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    lot = session.products.get().lot
    type(lot).objects.filter(pk=lot.pk).update(quarantined_at=now, quarantined_because="Recall")

    shelf = Shelf.of(Record(TreatmentSession.objects.get(pk=session.pk)))

    choices = dict(shelf.item_choices("serum"))
    assert choices[f"lot:{lot.pk}"] == f"{lot.product.name} · {lot.number} · set aside"


def test_what_the_page_shows_saves_as_what_is_stored(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True, serum=True)
    stored = state_of(session)
    page = RecordForms(Record(session), at=now)

    data = {}
    for form in [page.main, *(form for rows in page.rows.values() for form in rows)]:
        for name in form.fields:
            value = form[name].value()
            if value not in (None, "", False):
                data[form.add_prefix(name)] = value
    for rows in page.rows.values():
        data |= {rows.add_prefix("").rstrip("-") + f"-{name}": rows.initial_form_count()
                 for name in COUNTS}  # fmt: skip
    values = RecordForms(Record(session), at=now, data=data).values()

    assert {name: stored[name] for name in values} == values


def other_pen(clinic, *, speeds, unit="rpm"):
    """Return a pen of another model, with the speeds its catalogue row lists."""
    model = factories.device(clinic).model
    model.pk, model.name, model.speeds, model.speed_unit = None, "Pen C", speeds, unit
    model.save()
    return factories.device(clinic, model=model, name="Pen C")


def test_another_device_takes_no_speed_it_does_not_have(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    other = other_pen(session.clinic, speeds=[])
    zone = {"zone": session.zones.get().zone_id, "depth_mm": "1.5", "passes": "4", "speed": "7000"}

    values = bound(session, now, zones=[zone], device=str(other.pk)).values()

    assert (values["device_id"], values["zones"][0]["speed"]) == (other.pk, None)


def test_another_device_with_one_speed_has_it(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    other = other_pen(session.clinic, speeds=[12000])
    zone = {"zone": session.zones.get().zone_id, "depth_mm": "1.5", "passes": "4", "speed": "7000"}

    values = bound(session, now, zones=[zone], device=str(other.pk)).values()

    assert values["zones"][0]["speed"] == 12000


@pytest.mark.parametrize(
    ("typed", "kept", "faults"),
    [
        ("12000", 12000, []),
        ("0", None, ["Type a whole number from 1 to 99999."]),
        ("fast", None, ["Type a whole number from 1 to 99999."]),
    ],
)
def test_a_device_whose_speeds_are_not_listed_takes_a_typed_one(
    typed, kept, faults, plan, practitioner, now
):
    session = ready(plan, practitioner, now)
    pen = other_pen(session.clinic, speeds=[], unit="level")
    rows = [{**state_of(session)["zones"][0], "speed": None}]
    session = save_draft(session=session, version=session.version, at=now, by=practitioner,
                         values={"device_id": pen.pk, "zones": rows})  # fmt: skip
    session = TreatmentSession.objects.get(pk=session.pk)
    zone = {"zone": rows[0]["zone_id"], "depth_mm": "1.5", "passes": "4", "speed": typed}

    forms = bound(session, now, zones=[zone], device=str(pen.pk))

    assert forms.values()["zones"][0]["speed"] == kept
    assert [sentence for _, sentence in sentences(forms)] == faults


def test_a_stored_time_keeps_its_seconds(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    cream = numbing(session.clinic, session, now + timedelta(seconds=17))
    session = save_draft(session=session, version=session.version, values={"numbing": [cream]},
                         at=now, by=practitioner)  # fmt: skip
    lot = cream["lot_id"]

    row = {"item": f"lot:{lot}", "applied_at": "07:25", "removed_at": "08:55", "occluded": "on"}
    values = bound(session, now, numbing=[row]).values()

    assert values["numbing"][0]["applied_at"] == cream["applied_at"]
