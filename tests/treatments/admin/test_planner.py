"""The lead's planner: it previews without writing, books all or nothing, and keeps what was typed."""

import re
import uuid
from datetime import date

import pytest
import time_machine
from django.contrib.admin.models import LogEntry

from clinic.models import Appointment, AuditEvent, Hold, Membership, Rest, Role
from clinic.scheduling.minutes import minute_of
from tests import factories
from tests.support.planner import LIST, LIVE, URL, days, slots, text, word
from treatments.actions.diary import book_session
from treatments.models import PlannedSession, TreatmentPlan


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


@pytest.fixture
def zone(db):
    """Return a zone of the back."""
    return factories.zone()


@pytest.fixture
def protocol(zone):
    """Return a protocol of 4 sessions, 28 to 42 days apart."""
    return factories.protocol([zone])


@pytest.fixture
def typed(protocol, zone, clinic):
    """Return what a filled-in form sends, without dates."""
    return {
        "protocol": protocol.pk, "zones": [zone.pk], f"depth_{zone.pk}": "1.5",
        f"passes_{zone.pk}": "4", "sessions": "3", "gap_days_min": "28", "gap_days_ideal": "35",
        "gap_days_max": "42", "service": clinic.services.get().pk, "practitioner": "",
        "request_key": str(uuid.uuid4()), "notes": "Likes mornings",
    }  # fmt: skip


def rows():
    """Return how many rows the deeds of the planner could have written."""
    kinds = TreatmentPlan, PlannedSession, Appointment, Hold, Rest, LogEntry
    return [kind.objects.count() for kind in kinds]


def preview(desk, patient, typed, **pressed):
    """Return the live answer for what is typed."""
    return desk.post(f"{URL}?patient={patient.pk}", typed | pressed, headers=LIVE)


# --- Who ------------------------------------------------------------------------------------------
def test_without_a_patient_it_asks_whose_course_it_is(desk, patient):
    assert "Whose course is it?" in text(desk.get(URL))
    found = desk.get(URL, {"q": patient.family_name[:6]}, headers=LIVE).content.decode()
    assert f'href="{URL}?patient={patient.pk}"' in found


def test_the_search_shows_the_patients_of_the_clinic_at_hand_alone(desk, lead):
    other = factories.clinic_with_diary(name="ZZ other clinic")
    Membership.objects.create(user=lead, clinic=other, role=Role.LEAD)
    factories.patient(other, family_name="Elsewhere")

    assert "No patient found" in text(desk.get(URL, {"q": "elsewhere"}, headers=LIVE))


@pytest.mark.parametrize("name", ["patient", "plan"])
@pytest.mark.parametrize("key", ["foreign", "999999", "x", "9" * 40, "²", ""])
def test_another_clinics_key_and_an_unknown_one_are_the_same_404(desk, name, key):
    other = factories.patient(factories.clinic_with_diary())
    foreign = {"patient": other, "plan": factories.plan(other)}[name]

    answer = desk.get(URL, {name: foreign.pk if key == "foreign" else key})

    assert answer.status_code == 404


def test_the_planner_opens_for_a_lead_alone(as_user, practitioner, desk):
    assert as_user(practitioner).get(URL).status_code == 403


def test_opening_a_sheet_is_written_into_the_audit(desk, patient, lead):
    desk.get(URL, {"patient": patient.pk})

    seen = AuditEvent.objects.filter(action="patient.viewed", patient_id=patient.pk)
    assert [event.actor_id for event in seen] == [lead.pk]


# --- Preview --------------------------------------------------------------------------------------
def test_a_protocol_fills_in_its_figures_and_keeps_the_zones_that_were_chosen(
    desk, patient, typed, zone
):
    other = factories.protocol([zone], sessions_default=6, gap_days_ideal=40, name="Other scars")
    headers = LIVE | {"HX-Trigger-Name": "protocol"}

    answer = desk.post(
        f"{URL}?patient={patient.pk}", typed | {"protocol": other.pk}, headers=headers
    )

    page = answer.content.decode()
    assert re.search(r'name="sessions" value="6"', page)
    assert re.search(r'name="gap_days_ideal" value="40"', page)
    assert re.search(rf'name="zones" value="{zone.pk}"[^>]* checked', page)
    assert "Likes mornings" in page


def test_the_preview_proposes_three_courses_and_writes_nothing(desk, patient, typed):
    before = rows()

    answer = preview(desk, patient, typed)

    shown = text(answer)
    for title in ("Nearest to ideal", "Same weekday and hour", "Finished early"):
        assert title in shown
    assert "Tue 24 Nov 2026, 09:00" in shown
    assert "Tue 29 Dec 2026, 09:00" in shown
    assert "Tue 2 Feb 2027, 09:00" in shown
    assert "35 days after the session before" in shown
    assert "Agree and book 3 sessions" in shown
    assert rows() == before


def test_refused_days_say_why(desk, patient, typed):
    shown = text(preview(desk, patient, typed))

    assert "Wed 25 Nov to Mon 21 Dec Healing needs 28 days: possible from Tue 22 Dec." in shown


def test_points_and_reasons_are_shown_where_a_date_is_not_as_wished(desk, patient, typed):
    patient.preferred_weekdays = [2]
    patient.save()

    shown = text(preview(desk, patient, typed, slot_1="", proposal="nearest_to_ideal"))

    assert re.search(r"\d+ points? · ", shown)


def test_a_figure_that_is_missing_is_named_instead_of_dates(desk, patient, typed):
    shown = text(preview(desk, patient, typed | {"zones": [], "sessions": ""}))

    assert "The dates appear here" in shown
    assert "Choose at least one zone." in shown
    assert "Sessions: Type a whole number from 1 to 12." in shown


def test_the_rest_of_a_zone_is_seen_before_the_course_exists(desk, patient, typed, zone, lead, now):
    done = factories.plan(patient, zones=[zone])
    first = done.sessions.get(number=1)
    slot = factories.slot_on(patient.clinic, date(2026, 11, 24))
    book_session(planned_session=first, slot=slot, at=now, by=lead)

    shown = slots(preview(desk, patient, typed))

    first_day = minute_of(date(2026, 12, 22), 0, patient.clinic.zone)
    assert int(shown["slot_1"].split(".")[0]) >= first_day


def test_a_row_opens_with_the_times_of_its_day(desk, patient, typed, clinic):
    sent = typed | slots(preview(desk, patient, typed))

    opened = preview(desk, patient, sent, edit="2")
    other = preview(desk, patient, sent, look="2:2026-12-31")

    assert "Day of session 2" in opened.content.decode()
    assert f'value="2:{word(clinic, date(2026, 12, 29), 600)}"' in opened.content.decode()
    assert f'value="2:{word(clinic, date(2026, 12, 31), 600)}"' in other.content.decode()


def test_a_day_typed_into_the_open_row_shows_its_times(desk, patient, typed, clinic):
    sent = typed | slots(preview(desk, patient, typed)) | {"opened": "2", "day": "2027-01-08"}

    answer = desk.post(
        f"{URL}?patient={patient.pk}", sent, headers=LIVE | {"HX-Trigger-Name": "day"}
    )

    assert f'value="2:{word(clinic, date(2027, 1, 8), 600)}"' in answer.content.decode()


def test_a_day_that_cannot_be_had_says_why(desk, patient, typed):
    sent = typed | slots(preview(desk, patient, typed))

    shown = text(preview(desk, patient, sent, look="2:2026-12-01"))

    assert "Tue 1 Dec: 7 days after the last session; healing needs 28" in shown


def test_a_time_chosen_by_hand_stays_when_a_figure_changes(desk, patient, typed, clinic):
    sent = typed | slots(preview(desk, patient, typed))
    by_hand = word(clinic, date(2026, 12, 30), 660)
    picked = preview(desk, patient, sent, pick=f"2:{by_hand}")
    assert slots(picked)["slot_2"] == by_hand
    assert 'name="own" value="2"' in picked.content.decode()
    sent = typed | slots(picked) | {"own": ["2"], "weighting": "nearest_to_ideal"}

    changed = desk.post(
        f"{URL}?patient={patient.pk}", sent | {"sessions": "4", "gap_days_ideal": "30"},
        headers=LIVE | {"HX-Trigger": "agreed"},
    )  # fmt: skip

    assert slots(changed)["slot_2"] == by_hand
    assert set(slots(changed)) == {"slot_1", "slot_2", "slot_3", "slot_4"}


def test_a_time_too_near_to_its_neighbour_is_a_conflict_in_its_row(desk, patient, typed, clinic):
    sent = typed | slots(preview(desk, patient, typed))
    near = word(clinic, date(2026, 12, 10))

    answer = preview(desk, patient, sent, pick=f"2:{near}")

    assert "16 days after the last session; healing needs 28" in text(answer)
    assert re.search(r'name="book"[^>]* disabled', answer.content.decode())


def test_without_a_script_a_pressed_button_shows_the_whole_page(desk, patient, typed):
    answer = desk.post(f"{URL}?patient={patient.pk}", typed | {"proposal": "before_event"})

    assert answer.status_code == 200
    assert 'value="before_event" aria-pressed="true"' in answer.content.decode()
    assert "Plan a course" in text(answer)


# --- Book a new course ----------------------------------------------------------------------------
def booked(desk, patient, typed, **changed):
    """Press "Agree and book" on what the preview shows."""
    sent = typed | slots(preview(desk, patient, typed)) | {"book": "1"} | changed
    return desk.post(f"{URL}?patient={patient.pk}", sent), sent


def test_one_save_agrees_the_course_and_books_its_sessions(desk, patient, typed, lead):
    answer, _ = booked(desk, patient, typed)

    assert (answer.status_code, answer["Location"]) == (302, LIST)
    plan = TreatmentPlan.objects.get()
    assert (plan.patient, plan.sessions_planned, plan.notes) == (patient, 3, "Likes mornings")
    assert days(plan) == [date(2026, 11, 24), date(2026, 12, 29), date(2027, 2, 2)]
    assert plan.next_booked_on == date(2026, 11, 24)
    line = LogEntry.objects.get()
    assert (line.user, line.object_id, line.is_addition()) == (lead, str(plan.pk), True)
    assert "3 sessions booked" in text(desk.get(LIST))
    deeds = AuditEvent.objects.filter(action__in=["course.agreed", "appointment.booked"])
    assert sorted(deeds.values_list("action", flat=True)) == [
        "appointment.booked", "appointment.booked", "appointment.booked", "course.agreed",
    ]  # fmt: skip


def test_why_a_date_was_chosen_is_kept_with_the_booking(desk, patient, typed):
    booked(desk, patient, typed)

    why = Appointment.objects.order_by("local_date").first().why_this_date
    assert [reason["code"] for reason in why][-1] == "weights"


def test_a_form_sent_twice_makes_one_course(desk, patient, typed):
    answer, sent = booked(desk, patient, typed)
    before = [TreatmentPlan.objects.count(), Appointment.objects.count()]

    again = desk.post(f"{URL}?patient={patient.pk}", sent)

    assert (answer.status_code, again.status_code) == (302, 302)
    assert [TreatmentPlan.objects.count(), Appointment.objects.count()] == before == [1, 3]


def test_a_time_taken_meanwhile_keeps_everything_and_offers_the_nearest(
    desk, patient, typed, clinic
):
    sent = typed | slots(preview(desk, patient, typed)) | {"book": "1"}
    for who in clinic.resources.practitioners():
        factories.appointment(factories.patient(clinic), date(2026, 12, 29), 540, who=who)
    before = rows()

    answer = desk.post(f"{URL}?patient={patient.pk}", sent)

    assert answer.status_code == 409
    shown = text(answer)
    assert "Session 2: this time has just been taken." in shown
    assert "Nothing was booked yet." in shown
    assert "The nearest free times:" in shown
    page = answer.content.decode()
    near = page[page.index("The nearest free times:") :].split("</li>")[0]
    assert near.count('name="pick"') == 3
    assert slots(answer) == {k: v for k, v in sent.items() if k.startswith("slot_")}
    assert "Likes mornings" in page
    assert rows() == before


def test_a_form_with_a_fault_keeps_what_was_typed_and_writes_nothing(desk, patient, typed, zone):
    before = rows()

    answer, _ = booked(desk, patient, typed, **{f"depth_{zone.pk}": "9"})

    assert answer.status_code == 422
    assert "The cap of this zone is 2.5" in text(answer)
    assert "Likes mornings" in answer.content.decode()
    assert rows() == before


def test_a_time_that_is_none_is_refused_in_its_row(desk, patient, typed):
    before = rows()

    answer, _ = booked(desk, patient, typed, slot_2="12.abc")

    assert answer.status_code == 409
    assert "Choose one of the times shown." in text(answer)
    assert rows() == before


def test_without_any_time_nothing_is_agreed(desk, patient, typed):
    before = rows()

    answer = desk.post(f"{URL}?patient={patient.pk}", typed | {"book": "1"})

    assert answer.status_code == 422
    assert "Choose at least one time." in text(answer)
    assert rows() == before


# --- Figures --------------------------------------------------------------------------------------
def test_a_course_that_runs_is_laid_out_in_no_more_than_20_queries(
    desk, patient, zone, lead, now, django_assert_max_num_queries
):
    plan = factories.plan(patient, zones=[zone, factories.zone("LB")])
    for number, day in enumerate((date(2026, 11, 24), date(2026, 12, 29)), start=1):
        book_session(planned_session=plan.sessions.get(number=number), at=now, by=lead,
                     slot=factories.slot_on(plan.clinic, day))  # fmt: skip
    desk.get(f"{URL}?plan={plan.pk}")

    with django_assert_max_num_queries(99) as queries:
        answer = desk.get(f"{URL}?plan={plan.pk}")

    assert len(answer.context["page"].cards) == 3
    assert sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries) <= 20
