"""Session records: opened with what is known, saved as you go, signed once, never changed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from clinic.actions.refusals import Conflict
from clinic.models import AuditEvent, Rest
from tests import factories
from tests.support.records import answer_all, appointment, filled, ready, record
from treatments.actions.findings import judge
from treatments.actions.records import Record
from treatments.actions.sessions import (
    add_addendum,
    answer_finding,
    open_record,
    save_draft,
    state_of,
    strike_session,
)
from treatments.actions.signing import sign_session
from treatments.models import PlannedSession, TreatmentSession


def test_a_record_opens_with_the_zones_and_depths_that_were_agreed(patient, practitioner, now):
    plan = factories.plan(patient, zones=[factories.zone("BACK_UL"), factories.zone("BACK_UR")])
    visit = appointment(plan, status="arrived")

    session = open_record(appointment=visit, at=now, by=practitioner)

    zones = session.zones.order_by("zone__code").values_list("zone__code", "depth_mm", "passes")
    assert list(zones) == [("BACK_UL", Decimal("1.50"), 4), ("BACK_UR", Decimal("1.50"), 4)]
    assert session.status == "draft"
    assert session.planned_session.number == 1


def test_opening_puts_the_patient_into_the_room(patient, practitioner, now):
    visit = appointment(factories.plan(patient), status="booked")

    open_record(appointment=visit, at=now, by=practitioner)

    visit.refresh_from_db()
    assert (visit.status, visit.arrived_at, visit.started_at) == ("in_session", now, now)


def test_opening_twice_gives_the_same_record(patient, practitioner, now):
    visit = appointment(factories.plan(patient), status="arrived")

    first = open_record(appointment=visit, at=now, by=practitioner)
    second = open_record(appointment=visit, at=now, by=practitioner)

    assert first.pk == second.pk
    assert TreatmentSession.objects.count() == 1


def test_a_visit_without_a_course_gets_a_record_too(patient, practitioner, now):
    visit = appointment(patient=patient, status="arrived")

    session = open_record(appointment=visit, at=now, by=practitioner)

    assert (session.plan, session.zones.count()) == (None, 0)


def test_no_record_is_opened_for_a_cancelled_visit(patient, practitioner, now):
    visit = appointment(
        factories.plan(patient), status="cancelled", cancel_reason="patient", ended_at=now,
        ended_by=practitioner,
    )  # fmt: skip

    with pytest.raises(ValidationError, match="marked “Cancelled” for Mon 23 Nov"):
        open_record(appointment=visit, at=now, by=practitioner)


def test_no_record_is_opened_before_the_day(patient, practitioner, now):
    visit = appointment(factories.plan(patient), day=date(2026, 11, 24))

    with pytest.raises(ValidationError, match="a record is opened on the day"):
        open_record(appointment=visit, at=now, by=practitioner)


def test_the_last_session_fills_in_settings_and_materials_but_nothing_that_must_be_seen_anew(
    patient, practitioner, now
):
    plan = factories.plan(patient)
    before = ready(plan, practitioner, now - timedelta(days=35), numbed=True, serum=True)
    sign_session(session=before, version=before.version, at=now - timedelta(days=35),
                 by=practitioner)  # fmt: skip
    again = appointment(plan, number=2, status="arrived")

    session = open_record(appointment=again, at=now, by=practitioner)

    cream, serum, zone = session.numbing.get(), session.products.get(), session.zones.get()
    old = before.numbing.get()
    assert (cream.product, cream.lot, cream.occluded) == (old.product, old.lot, True)
    assert (cream.amount_g, cream.applied_at, cream.removed_at) == (None, None, None)
    assert (serum.product, serum.amount) == (before.products.get().product, Decimal("2.00"))
    assert (zone.passes, zone.speed) == (6, 7000)
    assert session.device == before.device
    assert session.cartridges.count() == 0
    assert (session.skin_cleansed, session.skin_intact, session.pain_nrs) == (None, None, None)
    assert session.cartridge_discarded is False


def test_a_serum_comes_from_the_lot_that_is_still_good(patient, practitioner, now):
    plan = factories.plan(patient)
    before = ready(plan, practitioner, now - timedelta(days=35), serum=True)
    sign_session(session=before, version=before.version, at=now - timedelta(days=35),
                 by=practitioner)  # fmt: skip
    old = before.products.get().lot
    type(old).objects.filter(pk=old.pk).update(expires_on=date(2026, 11, 22))
    fresh = factories.lot(patient.clinic, old.product)

    session = open_record(
        appointment=appointment(plan, number=2, status="arrived"), at=now, by=practitioner
    )

    assert session.products.get().lot == fresh


def test_saving_writes_what_changed_and_counts_the_version_up(patient, practitioner, now):
    session = record(factories.plan(patient), practitioner, now)

    saved = save_draft(session=session, version=1, values={"pain_nrs": 4}, at=now, by=practitioner)

    assert (saved.pain_nrs, saved.version, saved.saved_at) == (4, 2, now)
    line = AuditEvent.objects.get(action="session.saved")
    assert line.details == {"fields": ["pain_nrs"]}


def test_the_same_save_twice_is_one_save(patient, practitioner, now):
    session = record(factories.plan(patient), practitioner, now)

    for _ in range(2):
        saved = save_draft(
            session=session, version=1, values={"pain_nrs": 4}, at=now, by=practitioner
        )

    assert saved.version == 2
    assert AuditEvent.objects.filter(action="session.saved").count() == 1


def test_a_save_over_somebody_elses_is_refused_and_loses_nothing(patient, practitioner, lead, now):
    session = record(factories.plan(patient), practitioner, now)
    save_draft(session=session, version=1, values={"notes": "Theirs"}, at=now, by=lead)

    with pytest.raises(Conflict) as refused:
        save_draft(session=session, version=1, values={"notes": "Mine"}, at=now, by=practitioner)

    assert refused.value.current.notes == "Theirs"
    assert TreatmentSession.objects.get().notes == "Theirs"


def test_rows_are_replaced_as_a_whole(patient, practitioner, now):
    session = record(factories.plan(patient), practitioner, now)
    chest = factories.zone("CHEST")
    row = {"zone_id": chest.pk, "depth_mm": Decimal("0.75"), "passes": 3, "speed": None,
           "endpoint": None}  # fmt: skip

    save_draft(session=session, version=1, values={"zones": [row]}, at=now, by=practitioner)

    assert state_of(TreatmentSession.objects.get())["zones"] == [row]


def test_a_stop_can_only_be_overridden_by_a_lead(patient, practitioner, lead, now):
    session = ready(factories.plan(patient), practitioner, now, depth_mm=Decimal("2.75"))
    stop = next(one for one in judge(Record(session), at=now) if one.level == "STOP")
    answer = {"session": session, "key": stop.key, "seen": stop.finding.fingerprint,
              "reason": "Agreed", "at": now}  # fmt: skip

    with pytest.raises(PermissionDenied):
        answer_finding(**answer, by=practitioner)

    assert answer_finding(**answer, by=lead).level == "STOP"


def test_an_answer_no_longer_counts_when_the_figures_change(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now, depth_mm=Decimal("1.75"))
    answer_all(session, practitioner, now)
    zones = state_of(session)["zones"]
    zones[0]["depth_mm"] = Decimal("2.00")

    session = save_draft(session=session, version=session.version, values={"zones": zones}, at=now,
                         by=practitioner)  # fmt: skip

    waiting = [one.code for one in judge(Record(session), at=now) if one.is_open]
    assert waiting == ["DEPTH_NOT_EVALUATED"]


def test_an_answer_to_figures_that_changed_while_reading_is_refused(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now, depth_mm=Decimal("1.75"))
    warning = next(one for one in judge(Record(session), at=now) if one.level == "WARN")

    with pytest.raises(ValidationError, match="The figures have changed since"):
        answer_finding(session=session, key=warning.key, seen="0" * 64, reason="Seen", at=now,
                       by=practitioner)  # fmt: skip


def test_an_addendum_is_added_to_a_signed_record_only(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now)
    words = {"text": "Redness until evening.", "reason": "Patient called", "at": now}

    with pytest.raises(ValidationError, match="not signed yet"):
        add_addendum(session=session, by=practitioner, **words)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    add_addendum(session=session, by=practitioner, **words)
    add_addendum(session=session, by=practitioner, **words)

    assert session.addenda.get().text == "Redness until evening."


def test_a_struck_record_stays_readable_and_no_longer_counts(patient, practitioner, now):
    plan = factories.plan(patient)
    session = ready(plan, practitioner, now)
    sign_session(session=session, version=session.version, at=now, by=practitioner)

    struck = strike_session(session=session, because="Wrong patient", at=now, by=practitioner)

    assert (struck.status, struck.struck_because) == ("entered_in_error", "Wrong patient")
    assert struck.signed_content["pain_nrs"] == 3
    assert Rest.objects.count() == 0
    assert PlannedSession.objects.exclude(done_on=None).count() == 0
    assert TreatmentSession.objects.valid().count() == 0


def test_a_record_is_struck_out_by_its_signer_or_a_lead(patient, practitioner, lead, now):
    session = ready(factories.plan(patient), practitioner, now)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    colleague = factories.staff(patient.clinic)

    with pytest.raises(PermissionDenied):
        strike_session(session=session, because="No", at=now, by=colleague)

    assert strike_session(session=session, because="Twice", at=now, by=lead).struck_by == lead


def test_a_record_struck_out_and_written_again_is_session_2_of_4_again(patient, practitioner, now):
    plan = factories.plan(patient)
    plan.sessions.filter(number=1).update(done_on=date(2026, 10, 12))
    session = ready(plan, practitioner, now, number=2)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    strike_session(session=session, because="Wrong zone", at=now, by=practitioner)
    plan.refresh_from_db()
    assert (plan.sessions_done, plan.sessions_left) == (1, 3)

    again = open_record(appointment=session.appointment, at=now, by=practitioner)
    again = filled(again, practitioner, now)
    sign_session(session=again, version=again.version, at=now, by=practitioner)

    assert again.pk != session.pk
    assert (again.planned_session.number, again.appointment) == (2, session.appointment)
    plan.refresh_from_db()
    assert (plan.sessions_done, plan.sessions_left, plan.last_session_on) == (
        2, 2, date(2026, 11, 23),
    )  # fmt: skip
    done = plan.sessions.order_by("number").values_list("done_on", flat=True)
    assert list(done) == [date(2026, 10, 12), date(2026, 11, 23), None, None]
    assert plan.sessions.get(number=2).record == again
