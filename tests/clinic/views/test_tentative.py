"""Keeping a time from the finder, and where a kept time is seen, taken and let go."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.actions.tentative import KEPT_FOR, keep
from clinic.models import Appointment, AuditEvent
from tests import factories
from tests.support.clock import NOON
from tests.support.diary import TUESDAY, slot_of
from treatments.actions.diary import keep_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient)


@pytest.fixture
def kept(plan, desk):
    """Return Tuesday at ten, kept for the first session."""
    return keep_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                        slot=slot_of(plan.clinic, start=600))  # fmt: skip


@pytest.fixture
def at_desk(as_user, desk):
    return as_user(desk)


def send(client, name, patient, start=600, **facts):
    """Send a tapped time to a page as the finder's buttons do."""
    slot = slot_of(patient.clinic, start=start)
    word = f"{slot.start}.{slot.practitioner_id}"
    values = {"patient": patient.pk, "slot": word, "request_key": uuid.uuid4()}
    return client.post(reverse(name), values | facts)


def finder(client, patient, **facts):
    return client.get(reverse("appointment_new"), {"patient": patient.pk} | facts)


# --- Keep -----------------------------------------------------------------------------------------
def test_one_tap_keeps_the_time_and_shows_it_above_the_others(at_desk, plan, patient):
    session = plan.sessions.get(number=1)

    answer = send(at_desk, "time_keep", patient, visit=f"session-{session.pk}")

    assert answer.status_code == 302
    assert answer.url == f"{reverse('appointment_new')}?patient={patient.pk}&planned={session.pk}"
    kept = Appointment.tentative.get()
    assert (kept.local_date, kept.start_clock, kept.kept_for) == (TUESDAY, "10:00", session)
    page = at_desk.get(answer.url)
    assert [(row.until, row.seconds) for row in page.context["kept"]] == [("12:10", 600)]
    assert "Kept until 12:10 · Session 1 of 4" in page.content.decode()


def test_the_finder_stays_with_whom_and_from_which_day_it_was(at_desk, plan, patient):
    visit = f"session-{plan.sessions.get(number=1).pk}"

    answer = send(at_desk, "time_keep", patient, visit=visit, practitioner="",
                  **{"from": "2026-12-01"})  # fmt: skip

    assert answer.url.endswith("&practitioner=&from=2026-12-01")
    assert f"{at_desk.get(answer.url).context['offers'].starts_on}" == "2026-12-01"


def test_a_time_outside_courses_is_kept_too_and_the_next_one_replaces_it(at_desk, patient, clinic):
    service = clinic.services.get()

    for start in (600, 780):
        answer = send(at_desk, "time_keep", patient, start, visit=f"service-{service.pk}")

    assert answer.url.endswith(f"&service={service.pk}")
    kept = Appointment.tentative.get()
    assert (kept.start_clock, kept.service) == ("13:00", service)


def test_a_third_session_asked_for_by_link_keeps_its_own_time(at_desk, plan, patient):
    third = plan.sessions.get(number=3)
    slot = factories.slot_on(plan.clinic, TUESDAY + timedelta(days=70))
    word = f"{slot.start}.{slot.practitioner_id}"

    send(at_desk, "time_keep", patient, slot=word, visit=f"session-{third.pk}")

    assert Appointment.tentative.get().kept_for == third


def test_a_time_just_taken_is_not_kept_and_the_three_nearest_are_shown(at_desk, plan, patient):
    factories.appointment(factories.patient(plan.clinic), TUESDAY)

    answer = send(at_desk, "time_keep", patient, visit=f"session-{plan.sessions.first().pk}")

    assert answer.status_code == 409
    assert "has just been taken" in answer.context["refusal"]
    assert len(answer.context["nearest"]) == 3
    assert Appointment.tentative.count() == 0


@pytest.mark.parametrize("bad", ["", "ten o'clock", "1.1"])
def test_a_slot_that_is_none_keeps_nothing(at_desk, patient, bad):
    answer = send(at_desk, "time_keep", patient, slot=bad)

    assert answer.status_code == 422
    assert Appointment.tentative.count() == 0


def test_a_move_offers_no_keeping(at_desk, plan, patient):
    visit = factories.appointment(patient, TUESDAY)

    moving = at_desk.get(reverse("appointment_move", args=[visit.pk])).content.decode()

    assert reverse("time_keep") not in moving
    assert reverse("time_keep") in finder(at_desk, patient).content.decode()


# --- Seen -----------------------------------------------------------------------------------------
def test_the_finder_offers_the_kept_time_to_its_patient_and_to_nobody_else(
    at_desk, kept, patient, clinic
):
    def starts(whom):
        days = finder(at_desk, whom, **{"from": TUESDAY}).context["offers"].days
        mine = [offer for row in days for offer in row.offers]
        return {o.slot.start for o in mine if o.practitioner == kept.practitioner}

    ten = slot_of(clinic, start=600).start
    assert ten not in starts(factories.patient(clinic))
    Appointment.tentative.filter(pk=kept.pk).update(expires_at=NOON)
    assert at_desk.get(kept.patient.get_absolute_url()).context["kept"] == []
    assert Appointment.tentative.count() == 0


@pytest.mark.parametrize(("role", "number"), [("front_desk", 1), ("practitioner", 1), ("lead", 1)])
def test_chart_and_course_show_it_to_the_whole_team(kept, plan, as_user, role, number):
    client = as_user(factories.staff(plan.clinic, role, username=role))

    for page in (plan.patient.get_absolute_url(), plan.get_absolute_url()):
        answer = client.get(page)
        assert len(answer.context["kept"]) == number
        assert reverse("time_let_go", args=[kept.pk]) in answer.content.decode()


@pytest.mark.parametrize(("after", "drawn"), [(KEPT_FOR - timedelta(seconds=1), 1), (KEPT_FOR, 0)])
def test_the_diary_draws_it_until_it_expires(kept, at_desk, time_machine, after, drawn):
    time_machine.move_to(NOON + after, tick=False)

    found = at_desk.get(reverse("diary_data"), {"on": TUESDAY.isoformat()}).json()["visits"]

    assert len(found) == drawn
    for row in found:
        assert (row["state"], row["word"], row["until"]) == ("tentative", "Kept", "12:10")
        assert (row["session"], row["movable"], row["unconfirmed"]) == ("1/4", False, False)
        assert row["url"] == f"{reverse('appointment_new')}?patient={kept.patient_id}"


def test_no_page_takes_it_for_a_visit(kept, at_desk, clinic):
    for name in ("appointment", "appointment_move", "appointment_cancel", "diary_targets"):
        assert at_desk.get(reverse(name, args=[kept.pk])).status_code == 404
    step = reverse("appointment_step", args=[kept.pk, "arrive"])
    assert at_desk.post(step).status_code == 404
    assert list(Appointment.objects.for_board(clinic, TUESDAY)) == []
    assert Appointment.objects.counted_by_day(clinic, TUESDAY, TUESDAY) == {}


# --- Take and let go ------------------------------------------------------------------------------
def test_take_books_the_session_with_one_tap(kept, plan, patient, at_desk):
    session = plan.sessions.get(number=1)

    answer = send(at_desk, "appointment_new", patient, planned=session.pk)

    session.refresh_from_db()
    assert answer.url == session.appointment.get_absolute_url()
    assert (session.is_booked, Appointment.tentative.count()) == (True, 0)
    assert AuditEvent.objects.filter(action="appointment.taken").count() == 1


def test_take_outside_courses_books_with_one_tap(at_desk, patient, clinic, desk):
    keep(clinic=clinic, patient=patient, service=clinic.services.get(), at=NOON, by=desk,
         slot=slot_of(clinic, start=600))  # fmt: skip

    send(at_desk, "appointment_new", patient, service=clinic.services.get().pk)

    assert Appointment.everything.get().status == "booked"


def test_a_take_too_late_gets_a_sentence_and_the_nearest_times(
    kept, plan, patient, at_desk, time_machine
):
    time_machine.move_to(NOON + KEPT_FOR, tick=False)
    other = factories.patient(plan.clinic)
    factories.appointment(other, TUESDAY, slot=slot_of(plan.clinic, start=600), at=NOON + KEPT_FOR)

    answer = send(at_desk, "appointment_new", patient, planned=plan.sessions.get(number=1).pk)

    assert answer.status_code == 409
    assert answer.context["refusal"] == "Session 1: this time has just been taken."
    assert len(answer.context["nearest"]) == 3


def test_let_go_frees_it_and_goes_back(kept, plan, at_desk):
    url, back = reverse("time_let_go", args=[kept.pk]), plan.get_absolute_url()

    first, second = (at_desk.post(url, {"next": back}) for _ in range(2))

    assert (first.url, second.url) == (back, back)
    assert Appointment.tentative.count() == 0
    assert AuditEvent.objects.filter(action="appointment.let_go").count() == 1


def test_let_go_leads_to_no_other_site(kept, at_desk):
    url = reverse("time_let_go", args=[kept.pk])

    assert at_desk.post(url, {"next": "https://example.org/"}).url == reverse("today")


# --- Walls and figures ----------------------------------------------------------------------------
def test_another_clinics_kept_time_and_patient_are_out_of_reach(at_desk, desk):
    there = factories.clinic_with_diary()
    stranger = factories.patient(there)
    foreign = keep(clinic=there, patient=stranger, service=there.services.get(), at=NOON, by=desk,
                   slot=slot_of(there, start=600))  # fmt: skip

    at_desk.post(reverse("time_let_go", args=[foreign.pk]))

    assert list(Appointment.tentative.all()) == [foreign]
    assert send(at_desk, "time_keep", stranger).status_code == 404


@pytest.mark.parametrize(
    ("role", "status"),
    [("front_desk", 302), ("practitioner", 302), ("lead", 302), ("auditor", 403)],
)
@pytest.mark.parametrize("name", ["time_keep", "time_let_go"])
def test_the_team_keeps_and_lets_go_an_auditor_does_not(
    kept, plan, patient, as_user, role, status, name
):
    client = as_user(factories.staff(plan.clinic, role, username=role))
    session = plan.sessions.get(number=1)

    if name == "time_keep":
        answer = send(client, name, patient, visit=f"session-{session.pk}")
    else:
        answer = client.post(reverse(name, args=[kept.pk]))

    assert answer.status_code == status


def test_the_finder_asks_no_more_for_a_patient_with_a_kept_time(kept, plan, at_desk):
    def asked(whom):
        url = f"{reverse('appointment_slots')}?patient={whom.pk}"
        at_desk.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert at_desk.get(url).status_code == 200
        return sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)

    other = factories.plan(factories.patient(plan.clinic), zones=[plan.zones.get().zone])

    assert asked(plan.patient) == asked(other.patient)
    assert asked(plan.patient) == 18


def test_keeping_a_time_asks_a_fixed_number_of_questions(at_desk, plan, patient):
    visit = f"session-{plan.sessions.get(number=1).pk}"
    send(at_desk, "time_keep", patient, 780, visit=visit)

    with CaptureQueriesContext(connection) as queries:
        send(at_desk, "time_keep", patient, 600, visit=visit)

    locks = 2 * int(connection.vendor == "postgresql")  # of the diary; SQLite has one writer anyway
    asked = sum("SAVEPOINT" not in q["sql"] for q in queries.captured_queries)
    assert asked == 41 + locks
