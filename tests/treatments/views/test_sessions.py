"""The session record's pages, asked as a browser asks them."""

import re
from datetime import timedelta

import pytest
import time_machine

from clinic.models import AuditEvent
from tests import factories
from tests.support.record_pages import posted, save, text
from tests.support.records import appointment, ready, record
from treatments.actions.sessions import add_addendum, save_draft, strike_session
from treatments.actions.signing import sign_session
from treatments.models import TreatmentSession


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


def test_opening_from_the_board_leads_to_the_record(plan, practitioner, as_user):
    visit = appointment(plan, status="arrived")

    response = as_user(practitioner).post(f"/appointments/{visit.pk}/record/")

    session = TreatmentSession.objects.get()
    assert (response.status_code, response.url) == (302, f"/sessions/{session.pk}/")


def test_a_visit_that_is_not_here_gets_a_sentence_and_no_record(plan, practitioner, as_user, now):
    visit = appointment(plan, day=now.date() + timedelta(days=1))

    response = as_user(practitioner).post(f"/appointments/{visit.pk}/record/")

    assert (response.status_code, response.url) == (302, f"/appointments/{visit.pk}/")
    assert TreatmentSession.objects.count() == 0


def test_the_page_names_the_session_the_zone_and_what_is_open(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = as_user(practitioner).get(f"/sessions/{session.pk}/")

    assert response.status_code == 200
    words = text(response)
    assert "Session 1 of 4" in words
    assert "Upper left back" in words
    assert "Nothing open" not in words


def test_everything_a_signature_needs_is_counted_and_leads_to_its_field(
    plan, practitioner, as_user
):
    session = record(plan, practitioner)

    response = as_user(practitioner).get(f"/sessions/{session.pk}/")

    # Skin twice, numbing, device, cartridge, start, one endpoint, pain, aftercare, sharps;
    # and the health check among the findings.
    assert len(response.context["panel"].gaps) == 10
    assert "11 to record" in text(response)
    assert 'href="#div_id_zones-0-endpoint"' in response.content.decode()


def test_a_save_answers_with_findings_time_and_the_new_version(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = save(as_user(practitioner), session, pain_nrs="4")

    assert response.status_code == 200
    assert 'data-version="2"' in response.content.decode()
    assert "Saved 09:00" in text(response)
    assert TreatmentSession.objects.get().pain_nrs == 4


def test_two_identical_saves_are_both_fine(plan, practitioner, as_user):
    session = record(plan, practitioner)
    client = as_user(practitioner)

    answers = [save(client, session, pain_nrs="4").status_code for _ in range(2)]

    assert answers == [200, 200]
    assert TreatmentSession.objects.get().version == 2


def test_one_field_with_a_fault_does_not_hold_up_the_others(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = save(as_user(practitioner), session, pain_nrs="4", **{"zones-0-depth_mm": "9"})

    assert response.status_code == 200
    assert "Set depth is at most 4 mm; check the dial." in text(response)
    assert 'data-for="id_zones-0-depth_mm"' in response.content.decode()
    saved = TreatmentSession.objects.get()
    assert (saved.pain_nrs, str(saved.zones.get().depth_mm)) == (4, "1.50")


def test_without_a_script_the_page_comes_back_with_what_was_typed(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = as_user(practitioner).post(
        f"/sessions/{session.pk}/", posted(session, **{"zones-0-depth_mm": "9"})
    )

    assert response.status_code == 422
    assert re.search(r'name="zones-0-depth_mm"[^>]*value="9"', response.content.decode())


def test_a_record_signed_in_another_window_is_not_written_any_more(
    plan, practitioner, as_user, now
):
    session = ready(plan, practitioner)
    sign_session(session=session, version=session.version, at=now, by=practitioner)

    response = save(as_user(practitioner), session, notes="Late")

    assert response.status_code == 409
    assert "This record is signed" in text(response)


def test_a_post_that_is_no_page_of_ours_is_refused(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = as_user(practitioner).post(f"/sessions/{session.pk}/save/", {"notes": "x"})

    assert response.status_code == 400


def test_the_review_links_to_what_is_missing(plan, practitioner, as_user):
    session = record(plan, practitioner)

    page = as_user(practitioner).get(f"/sessions/{session.pk}/sign/").content.decode()

    assert f'href="/sessions/{session.pk}/#div_id_pain_nrs"' in page
    assert "Record the pain, 0 to 10." in page


def test_signing_shows_the_story(plan, practitioner, as_user):
    session = ready(plan, practitioner)
    client = as_user(practitioner)
    client.get(f"/sessions/{session.pk}/sign/")

    response = client.post(f"/sessions/{session.pk}/sign/", {"version": session.version})

    assert (response.status_code, response.url) == (302, f"/sessions/{session.pk}/")
    assert TreatmentSession.objects.get().status == "signed"
    story = client.get(response.url)
    assert "Signed" in text(story)
    assert "record-form" not in story.content.decode()


def test_two_taps_on_sign_make_one_signature(plan, practitioner, as_user):
    session = ready(plan, practitioner)
    client = as_user(practitioner)

    answers = [
        client.post(f"/sessions/{session.pk}/sign/", {"version": session.version}).status_code
        for _ in range(2)
    ]

    assert answers == [302, 302]
    assert AuditEvent.objects.filter(action="session.signed").count() == 1


def test_signing_too_early_says_what_is_missing(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = as_user(practitioner).post(
        f"/sessions/{session.pk}/sign/", {"version": session.version}
    )

    assert response.status_code == 422
    assert "Choose the device." in text(response)


def test_signing_over_somebody_elses_save_asks_to_read_again(
    plan, practitioner, lead, as_user, now
):
    session = ready(plan, practitioner)
    save_draft(session=session, version=session.version, values={"pain_nrs": 9}, at=now, by=lead)

    response = as_user(practitioner).post(
        f"/sessions/{session.pk}/sign/", {"version": session.version}
    )

    assert response.status_code == 409
    assert "9 of 10" in text(response)


def keyed(page):
    """Return the key and the fingerprint of the first open finding of a page."""
    found = [re.search(rf'name="{name}" value="([^"]+)"', page) for name in ("key", "seen")]
    return {"key": found[0][1], "seen": found[1][1]}


def test_a_warning_is_answered_in_place(plan, practitioner, as_user):
    session = ready(plan, practitioner, depth_mm=2)
    client = as_user(practitioner)
    page = client.get(f"/sessions/{session.pk}/").content.decode()

    response = client.post(
        f"/sessions/{session.pk}/answer/", {**keyed(page), "reason": "Thick scars", "part": "1"}
    )

    assert response.status_code == 200
    assert "Thick scars" in text(response)
    assert "Nothing open" in text(response)


def test_a_practitioner_sees_that_a_lead_must_override(plan, practitioner, lead, as_user):
    session = ready(plan, practitioner, depth_mm=3)

    page = as_user(practitioner).get(f"/sessions/{session.pk}/")

    assert "A lead must override this" in text(page)
    assert "A lead must override this" not in text(as_user(lead).get(f"/sessions/{session.pk}/"))


def test_an_addendum_needs_its_words(plan, practitioner, as_user, now):
    session = ready(plan, practitioner)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    client = as_user(practitioner)

    empty = client.post(f"/sessions/{session.pk}/addendum/", {"text": "Calm", "reason": ""})
    full = client.post(f"/sessions/{session.pk}/addendum/", {"text": "Calm", "reason": "Call"})

    assert (empty.status_code, full.status_code) == (422, 302)
    assert "Say why it is added now." in text(empty)
    assert session.addenda.get().text == "Calm"


def test_a_struck_record_is_shown_struck(plan, practitioner, as_user, now):
    session = ready(plan, practitioner)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    client = as_user(practitioner)

    response = client.post(f"/sessions/{session.pk}/mistake/", {"because": "Wrong patient"})

    assert response.status_code == 302
    page = client.get(response.url).content.decode()
    assert "is-struck" in page
    assert "Wrong patient" in page


def test_striking_needs_a_reason(plan, practitioner, as_user):
    session = record(plan, practitioner)

    response = as_user(practitioner).post(f"/sessions/{session.pk}/mistake/", {"because": ""})

    assert response.status_code == 422
    assert "Say why this record is a mistake." in text(response)


@pytest.mark.parametrize("address", ["", "sign/", "mistake/", "?part=next"])
def test_another_clinics_record_is_not_there(plan, practitioner, as_user, address):
    session = record(plan, practitioner)
    stranger = factories.staff(factories.clinic())

    assert as_user(stranger).get(f"/sessions/{session.pk}/{address}").status_code == 404


@pytest.mark.parametrize("address", ["save", "sign", "answer", "addendum", "mistake"])
def test_another_clinics_record_is_not_written(plan, practitioner, as_user, address):
    session = record(plan, practitioner)
    stranger = factories.staff(factories.clinic())

    response = as_user(stranger).post(f"/sessions/{session.pk}/{address}/", posted(session))

    assert response.status_code == 404


def test_the_front_desk_does_not_see_records(plan, practitioner, desk, as_user):
    session = record(plan, practitioner)

    assert as_user(desk).get(f"/sessions/{session.pk}/").status_code == 403


def test_looking_at_a_record_is_written_into_the_log(plan, practitioner, as_user):
    session = record(plan, practitioner)

    as_user(practitioner).get(f"/sessions/{session.pk}/")

    line = AuditEvent.objects.get(action="patient.viewed")
    assert (line.patient_id, line.category) == (plan.patient.pk, "note")


def test_after_signing_the_next_dates_are_offered(plan, practitioner, as_user, now):
    session = ready(plan, practitioner)
    sign_session(session=session, version=session.version, at=now, by=practitioner)

    response = as_user(practitioner).get(f"/sessions/{session.pk}/?part=next")

    assert "Book the next session" in text(response)
    # 28 to 42 days after Mon 23 Nov: the ideal day is Mon 28 Dec.
    assert "Mon 28 Dec" in text(response)
    assert len(response.context["best"].dates) == 3


def test_a_date_offered_after_signing_is_booked_by_one_tap_and_leads_back(
    plan, practitioner, as_user, now
):
    session = ready(plan, practitioner)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    client = as_user(practitioner)
    shown = client.get(f"/sessions/{session.pk}/?part=next").context
    second = shown["best"].dates[1].offer

    answer = client.post(f"/courses/{plan.pk}/next/", {
        "slot": second.word, "request_key": shown["key"], "next": shown["next"],
        "number": shown["best"].session.number,
    })  # fmt: skip

    assert (answer.status_code, answer.url) == (302, f"/sessions/{session.pk}/")
    booked = plan.sessions.get(number=2).appointment
    assert (booked.local_date, booked.start_clock) == (second.slot.day, second.clock)
    then = text(client.get(f"/sessions/{session.pk}/?part=next"))
    assert f"{second.clock} with {booked.practitioner.name}." in then


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_a_draft_takes_the_same_queries_for_any_number_of_rows(
    patient, practitioner, as_user, rows, django_assert_num_queries
):
    plan = factories.plan(patient, zones=[factories.zone() for _ in range(rows)])
    session = ready(plan, practitioner, numbed=True, serum=True)
    client = as_user(practitioner)
    client.get("/")

    with django_assert_num_queries(17):
        client.get(f"/sessions/{session.pk}/")


@pytest.mark.parametrize("rows", [1, 3])
def test_saving_a_draft_takes_the_same_queries_for_any_number_of_rows(
    patient, practitioner, as_user, rows, django_assert_num_queries
):
    plan = factories.plan(patient, zones=[factories.zone() for _ in range(rows)])
    session = ready(plan, practitioner)
    client = as_user(practitioner)
    save(client, session)  # whatever this post leaves out of the record is gone from here on
    session.refresh_from_db()
    data = posted(session, pain_nrs="5", **{"zones-0-passes": "7"})

    with django_assert_num_queries(24):
        client.post(f"/sessions/{session.pk}/save/", data)


@pytest.mark.parametrize("rows", [1, 3])
def test_the_page_of_a_signed_record_takes_the_same_queries_for_any_number_of_rows(
    patient, practitioner, as_user, rows, now, django_assert_num_queries
):
    plan = factories.plan(patient, zones=[factories.zone() for _ in range(rows)])
    session = ready(plan, practitioner, numbed=True, serum=True)
    sign_session(session=session, version=session.version, at=now, by=practitioner)
    for n in range(rows):
        add_addendum(session=session, text=f"{n}", reason="Call", at=now, by=practitioner)
    client = as_user(practitioner)
    client.get("/")

    with django_assert_num_queries(10):
        client.get(f"/sessions/{session.pk}/")


def test_a_draft_struck_out_is_still_readable(plan, practitioner, as_user, now):
    session = record(plan, practitioner)
    strike_session(session=session, because="Opened twice", at=now, by=practitioner)

    response = as_user(practitioner).get(f"/sessions/{session.pk}/")

    assert response.status_code == 200
    assert "Opened twice" in text(response)
