"""Signing: refused while anything is open, done once, and everything that follows from it."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from clinic.actions.refusals import Conflict
from clinic.models import Appointment, AuditEvent, Hold, Rest, TreatedArea
from clinic.scheduling.minutes import day_number
from tests import factories
from tests.support.records import answer_all, appointment, filled, ready, record
from treatments.actions.records import Record
from treatments.actions.sessions import save_draft, state_of
from treatments.actions.signing import NotReady, gaps_in, is_intact, sign_session
from treatments.models import TreatmentSession


def test_an_empty_record_says_everything_it_still_needs(patient, practitioner, now):
    session = record(patient=patient, by=practitioner, at=now)

    gaps = gaps_in(Record(session))

    assert [(gap.field, gap.sentence) for gap in gaps] == [
        ("skin_cleansed", "Say whether the skin was cleansed."),
        ("skin_intact", "Say whether the skin is intact."),
        ("numbing", "Record the numbing, or why there was none."),
        ("device", "Choose the device."),
        ("cartridge", "Choose the cartridge's lot."),
        ("needling_started_at", "Say when needling started."),
        ("zones", "Record at least one zone."),
        ("pain_nrs", "Record the pain, 0 to 10."),
        ("aftercare_sheet", "Give the aftercare sheet and explain it."),
        ("cartridge_discarded", "Put the cartridge into the sharps bin."),
    ]


def test_a_zone_without_its_endpoint_is_missing_something(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now)
    zones = [row | {"endpoint": None} for row in state_of(session)["zones"]]
    session = save_draft(session=session, version=session.version, values={"zones": zones}, at=now,
                         by=practitioner)  # fmt: skip

    gaps = gaps_in(Record(session))

    name = session.zones.get().zone.name
    assert [(gap.field, gap.sentence) for gap in gaps] == [
        ("zones-0-endpoint", f"Record the endpoint of {name}.")
    ]


def test_signing_is_refused_while_something_is_missing(patient, practitioner, now):
    session = record(factories.plan(patient), practitioner, now)

    with pytest.raises(NotReady):
        sign_session(session=session, version=session.version, at=now, by=practitioner)

    assert TreatmentSession.objects.get().status == "draft"


def test_signing_freezes_the_record_with_its_hash_and_rules(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now)

    signed = sign_session(session=session, version=session.version, at=now, by=practitioner)

    assert (signed.status, signed.signed_by, signed.signed_at) == ("signed", practitioner, now)
    assert signed.signed_content["zones"][0]["depth_mm"] == "1.50"
    assert signed.signed_content["pain_nrs"] == 3
    assert len(signed.signed_hash) == 64
    assert is_intact(TreatmentSession.objects.get())
    assert AuditEvent.objects.filter(action="session.signed").count() == 1


def test_a_changed_letter_in_the_signed_content_shows(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now)
    signed = sign_session(session=session, version=session.version, at=now, by=practitioner)

    signed.signed_content["notes"] = "Another note"

    assert is_intact(signed) is False


def test_two_taps_make_one_signature(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now)
    version = session.version

    first = sign_session(session=session, version=version, at=now, by=practitioner)
    second = sign_session(session=session, version=version, at=now + timedelta(seconds=1),
                          by=practitioner)  # fmt: skip

    assert (first.signed_at, second.signed_at) == (now, now)
    assert AuditEvent.objects.filter(action="session.signed").count() == 1


def test_signing_what_somebody_changed_meanwhile_is_refused(patient, practitioner, lead, now):
    session = ready(factories.plan(patient), practitioner, now)
    save_draft(session=session, version=session.version, values={"pain_nrs": 9}, at=now, by=lead)

    with pytest.raises(Conflict):
        sign_session(session=session, version=session.version, at=now, by=practitioner)


def test_signing_closes_the_visit_and_the_session_of_the_course(patient, practitioner, now):
    plan = factories.plan(patient)
    session = ready(plan, practitioner, now)

    sign_session(session=session, version=session.version, at=now, by=practitioner)

    assert Appointment.objects.get().status == "fulfilled"
    done = plan.sessions.order_by("number").values_list("number", "done_on")
    assert list(done) == [(1, date(2026, 11, 23)), (2, None), (3, None), (4, None)]


def test_the_zones_rest_until_the_next_session_may_come(patient, practitioner, now):
    plan = factories.plan(patient, zones=[factories.zone("BACK_UL")])
    session = ready(plan, practitioner, now)
    area = TreatedArea.objects.create(patient=patient, zone_code="BACK_UL")
    start = day_number(date(2026, 11, 23))
    Rest.objects.create(area=area, appointment=session.appointment, kind="booked",
                        start_day=start, end_day=start + 28)  # fmt: skip

    sign_session(session=session, version=session.version, at=now, by=practitioner)

    rest = Rest.objects.get()
    assert (rest.kind, rest.start_day, rest.end_day) == ("treated", start, start + 28)


def test_outside_a_course_the_zones_rest_for_the_days_of_the_hard_stop(patient, practitioner, now):
    session = record(patient=patient, by=practitioner, at=now)
    row = {"zone_id": factories.zone("BACK_UL").pk, "depth_mm": Decimal("1.5"), "passes": 4,
           "speed": None, "endpoint": None}  # fmt: skip
    session = save_draft(session=session, version=session.version, values={"zones": [row]}, at=now,
                         by=practitioner)  # fmt: skip
    session = filled(session, practitioner, now)
    answer_all(session, practitioner, now)

    sign_session(session=session, version=session.version, at=now, by=practitioner)

    rest = Rest.objects.get()
    assert rest.end_day - rest.start_day == 7


def test_a_later_visit_that_comes_too_soon_loses_its_time(patient, practitioner, now):
    plan = factories.plan(patient, zones=[factories.zone("BACK_UL")])
    later = appointment(plan, number=2, day=date(2026, 12, 7))
    area = TreatedArea.objects.create(patient=patient, zone_code="BACK_UL")
    start = day_number(date(2026, 12, 7))
    Rest.objects.create(area=area, appointment=later, kind="booked", start_day=start,
                        end_day=start + 28)  # fmt: skip
    Hold.objects.create(appointment=later, resource=later.practitioner, start=30_000_000,
                        end=30_000_030)  # fmt: skip
    session = ready(plan, practitioner, now)

    sign_session(session=session, version=session.version, at=now, by=practitioner)

    later.refresh_from_db()
    assert (later.status, later.to_move_since) == ("proposed", now)
    assert later.to_move_because == "Too soon after the session of Mon 23 Nov."
    assert (Hold.objects.count(), later.rests.count()) == (0, 0)


def test_healing_time_that_was_overridden_ends_where_the_new_one_begins(patient, practitioner, now):
    zone = factories.zone("BACK_UL")
    plan = factories.plan(patient, zones=[zone])
    area = TreatedArea.objects.create(patient=patient, zone_code="BACK_UL")
    today = day_number(date(2026, 11, 23))
    Rest.objects.create(area=area, kind="treated", start_day=today - 20, end_day=today + 8)
    session = ready(plan, practitioner, now)
    answer_all(session, practitioner, now)

    sign_session(session=session, version=session.version, at=now, by=practitioner)

    spans = Rest.objects.order_by("start_day").values_list("start_day", "end_day")
    assert list(spans) == [(today - 20, today), (today, today + 28)]


def test_a_warning_blocks_the_signature_until_it_has_a_reason(patient, practitioner, now):
    session = ready(factories.plan(patient), practitioner, now, depth_mm=Decimal("2.00"))

    with pytest.raises(NotReady) as refused:
        sign_session(session=session, version=session.version, at=now, by=practitioner)

    assert [one.code for one in refused.value.open_findings] == ["DEPTH_NOT_EVALUATED"]
    answer_all(session, practitioner, now)
    signed = sign_session(session=session, version=session.version, at=now, by=practitioner)
    kept = next(one for one in signed.findings if one["code"] == "DEPTH_NOT_EVALUATED")
    assert kept["answer"]["reason"] == "Seen together"
