"""The rules see what the rows say: each line of a record reaches its rule with the right figures."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.models import Allergy, Rest, TreatedArea
from clinic.scheduling.minutes import day_number
from tests import factories
from tests.support.records import ready, record
from treatments.actions.findings import clocks, judge
from treatments.actions.records import Record, zone_areas
from treatments.actions.sessions import save_draft, state_of
from treatments.actions.signing import sign_session
from treatments.models import Lot, TreatmentSession


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


def found(session, at, *, signing=False):
    """Return what the rules say about a record, as (level, code) without the notes."""
    session = TreatmentSession.objects.get(pk=session.pk)
    judged = judge(Record(session), at=at, signing=signing)
    return [(str(one.level), one.code) for one in judged if one.level != "INFO"]


def change(session, row, **facts):
    """Change the only row of a draft's numbing, zones or products."""
    session = TreatmentSession.objects.get(pk=session.pk)
    rows = state_of(session)[row]
    return save_draft(
        session=session, version=session.version, values={row: [rows[0] | facts]},
        at=factories.NOW, by=session.opened_by,
    )  # fmt: skip


def test_a_dull_session_has_no_stop_and_no_warning(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True, serum=True)

    assert found(session, now, signing=True) == []


def test_grams_over_the_label_stop(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    change(session, "numbing", amount_g=Decimal("60.10"))

    assert found(session, now) == [("STOP", "DOSE_A1_GRAMS")]


def test_area_over_the_label_stops(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    change(session, "numbing", area_cm2=Decimal("600.1"))

    assert found(session, now) == [("STOP", "DOSE_A2_AREA")]


def test_a_cream_nobody_took_off_stops_the_signature(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    session = change(session, "numbing", removed_at=None)
    save_draft(session=session, version=session.version, at=now, by=practitioner,
               values={"needling_started_at": None})  # fmt: skip

    assert found(session, now) == []
    assert found(session, now, signing=True) == [("STOP", "DOSE_A12_STILL_ON")]


def test_the_cream_has_a_time_to_warn_and_a_time_to_come_off(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    on_at = session.numbing.get().applied_at

    # The label allows 300 minutes; the alarm is due after 0.9 of them.
    assert clocks(Record(session)) == [
        (on_at + timedelta(minutes=270), on_at + timedelta(minutes=300))
    ]


def test_heat_on_the_cream_stops(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    change(session, "numbing", heat_used=True)

    assert found(session, now) == [("STOP", "DOSE_A11_HEAT")]


def test_an_allergy_to_amides_stops_a_lidocaine_cream(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    Allergy.objects.create(patient=plan.patient, code="amide", noted_on=now.date(),
                           noted_by=practitioner)  # fmt: skip

    assert found(session, now) == [("STOP", "DOSE_ALLERGY")] * 2


def test_an_allergy_to_metals_stops_the_needles(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    Allergy.objects.create(patient=plan.patient, code="metal", noted_on=now.date(),
                           noted_by=practitioner)  # fmt: skip

    assert found(session, now) == [("STOP", "ALLERGY_METAL")]


def allergic(patient, code, by):
    """Note an allergy."""
    Allergy.objects.create(patient=patient, code=code, noted_on=factories.NOW.date(), noted_by=by)


@pytest.mark.parametrize(
    ("kind", "stops"),
    [("antiseptic", [("STOP", "ALLERGY_ANTISEPTIC")]), ("cleanser", [])],
)
def test_an_allergy_to_antiseptics_stops_an_antiseptic(kind, stops, plan, practitioner, now):
    session = ready(plan, practitioner, now)
    save_draft(session=session, version=session.version, at=now, by=practitioner,
               values={"cleansed_with_id": factories.product(kind).pk})  # fmt: skip
    allergic(plan.patient, "antiseptic", practitioner)

    assert found(session, now) == stops


def notes(session, at):
    """Return the codes of the notes about a record."""
    session = TreatmentSession.objects.get(pk=session.pk)
    return [one.code for one in judge(Record(session), at=at) if one.level == "INFO"]


def test_an_allergy_to_latex_is_noted(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    before = notes(session, now)
    allergic(plan.patient, "latex", practitioner)

    assert sorted(notes(session, now)) == sorted([*before, "ALLERGY_LATEX"])


@pytest.mark.parametrize("covered", [True, False])
def test_an_allergy_to_adhesives_is_noted_where_a_cream_is_covered(
    covered, plan, practitioner, now
):
    session = ready(plan, practitioner, now, numbed=True)
    change(session, "numbing", occluded=covered)
    allergic(plan.patient, "adhesive", practitioner)

    assert ("ALLERGY_ADHESIVE" in notes(session, now)) is covered


def test_an_expired_lot_cites_the_pack_and_a_near_expiry_the_days_ahead(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    lots = Lot.objects.filter(product__kind="serum")
    sources = []
    for days in (-1, 5):
        lots.update(expires_on=now.date() + timedelta(days=days))
        fresh = TreatmentSession.objects.get(pk=session.pk)
        sources += [one.source for one in judge(Record(fresh), at=now) if "EXPIRE" in one.code]

    assert sources == [
        "The expiry printed on the pack; [proposal] no use after it or while set aside",
        "[proposal] expiry on the day and 30 days ahead at stock intake",
    ]


@pytest.mark.parametrize(
    ("facts", "finding"),
    [
        ({"skin_intact": False}, ("STOP", "SKIN_NOT_INTACT")),
        ({"skin_cleansed": False}, ("WARN", "SKIN_NOT_CLEANSED")),
    ],
)
def test_skin_that_is_not_ready_is_a_finding(plan, practitioner, now, facts, finding):
    session = ready(plan, practitioner, now)
    save_draft(session=session, version=session.version, values=facts, at=now, by=practitioner)

    assert found(session, now) == [finding]


def test_another_anaesthetic_is_summed_with_its_milligrams(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    words = {"other_anaesthetic_24h": "articaine 68 mg at the dentist"}
    session = save_draft(session=session, version=session.version, values=words, at=now,
                         by=practitioner)  # fmt: skip

    warning = next(one for one in judge(Record(session), at=now) if one.level == "WARN")

    # 20 g × 50 mg/g = 1000 mg, and 68 mg: over 80 kg 13.35 mg/kg.
    assert dict(warning.figures) == {"total_mg": "1068", "mg_per_kg": "13.35"}


def test_nobody_asked_about_other_anaesthetics_is_a_warning(plan, practitioner, now):
    session = ready(plan, practitioner, now, numbed=True)
    save_draft(session=session, version=session.version, values={"other_anaesthetic_asked": False},
               at=now, by=practitioner)  # fmt: skip

    assert found(session, now) == [("WARN", "DOSE_OTHER_MISSING")]


def test_an_expired_lot_stops(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    Lot.objects.filter(product__kind="serum").update(expires_on=date(2026, 11, 22))

    assert found(session, now) == [("STOP", "LOT_EXPIRED")]


def test_a_lot_set_aside_since_stops(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    Lot.objects.filter(product__kind="serum").update(quarantined_at=now,
                                                     quarantined_because="Recall")  # fmt: skip

    assert found(session, now) == [("STOP", "LOT_QUARANTINED")]


def test_a_serum_without_a_lot_is_a_warning(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    change(session, "products", lot_id=None)

    assert found(session, now) == [("WARN", "LOT_EXPIRY_MISSING")]


def test_a_product_for_intact_skin_stops_while_needling(plan, practitioner, now):
    session = ready(plan, practitioner, now, serum=True)
    used = session.products.get().product
    type(used).objects.filter(pk=used.pk).update(route_allowed="INTACT_SKIN")

    assert found(session, now) == [("STOP", "ROUTE_INTACT_ONLY")]


def test_six_days_after_a_deep_session_is_a_stop(plan, practitioner, now):
    before = ready(plan, practitioner, now - timedelta(days=6))
    sign_session(session=before, version=before.version, at=now - timedelta(days=6),
                 by=practitioner)  # fmt: skip
    session = ready(plan, practitioner, now, number=2)

    assert found(session, now) == [("STOP", "INTERVAL_HARD_STOP")]


def test_twenty_seven_days_of_twenty_eight_is_a_warning(plan, practitioner, now):
    before = ready(plan, practitioner, now - timedelta(days=27))
    sign_session(session=before, version=before.version, at=now - timedelta(days=27),
                 by=practitioner)  # fmt: skip
    session = ready(plan, practitioner, now, number=2)

    assert found(session, now) == [("WARN", "INTERVAL_SHORT")]


def test_a_struck_record_does_not_count_for_the_interval(plan, practitioner, now):
    before = ready(plan, practitioner, now - timedelta(days=6))
    TreatmentSession.objects.filter(pk=before.pk).update(
        status="entered_in_error", struck_at=now, struck_by=practitioner, struck_because="Mistake"
    )
    session = ready(plan, practitioner, now, number=2)

    assert found(session, now) == []


def test_healing_time_from_elsewhere_counts_too(plan, practitioner, now):
    area = TreatedArea.objects.create(patient=plan.patient, zone_code="BACK_UL")
    today = day_number(now.date())
    Rest.objects.create(area=area, kind="treated", start_day=today - 10, end_day=today + 18)
    session = ready(plan, practitioner, now)

    assert found(session, now) == [("WARN", "INTERVAL_SHORT")]


def test_another_zone_heals_by_itself(patient, plan, practitioner, now):
    before = ready(plan, practitioner, now - timedelta(days=6))
    sign_session(session=before, version=before.version, at=now - timedelta(days=6),
                 by=practitioner)  # fmt: skip
    other = factories.plan(patient, zones=[factories.zone("BACK_UR")])

    assert found(ready(other, practitioner, now), now) == []


def test_the_area_of_a_zone_comes_from_height_and_weight(plan, practitioner, now):
    plan.patient.measures.create(
        measured_on=now.date(), height_cm=Decimal(178), weight_kg=Decimal(80)
    )
    loaded = Record(record(plan, practitioner, now))

    # √(178 × 80 / 3600) = 1.98886 m², of which 2.25 %.
    assert zone_areas(loaded, [loaded.zones[0].zone]) == {"BACK_UL": Decimal("447.5")}


def test_without_a_height_no_area_is_made_up(plan, practitioner, now):
    plan.patient.measures.create(measured_on=now.date(), weight_kg=Decimal(80))
    loaded = Record(record(plan, practitioner, now))

    assert zone_areas(loaded, [loaded.zones[0].zone]) == {}


@pytest.mark.parametrize("zones", [1, 3])
def test_judging_a_record_takes_the_same_queries_for_any_number_of_rows(
    patient, practitioner, now, zones, django_assert_num_queries
):
    plan = factories.plan(patient, zones=[factories.zone() for _ in range(zones)])
    ready(plan, practitioner, now, numbed=True, serum=True)
    session = TreatmentSession.objects.for_story().select_related(
        "patient", "clinic", "device__model", "plan__protocol", "planned_session"
    )
    session = session.prefetch_related(None).get()

    with django_assert_num_queries(9):
        judge(Record(session), at=now)
