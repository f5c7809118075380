"""The home page by role."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import Appointment
from tests import factories
from tests.support.clock import NOON
from treatments.actions.sessions import open_record, strike_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def appointment(patient, *, hour=14, practitioner=None, plan=None, **facts):
    """Return a booked appointment today, without holds."""
    clinic = patient.clinic
    starts = NOON.replace(hour=hour)
    row = Appointment.objects.create(
        **{
            "clinic": clinic, "patient": patient, "service": clinic.services.first(),
            "practitioner": practitioner or clinic.resources.practitioners().first(),
            "local_date": starts.date(), "local_start_min": hour * 60, "starts_at": starts,
            "ends_at": starts + timedelta(minutes=90), "booked_at": NOON,
            "booked_by": factories.staff(clinic, "front_desk"),
        } | facts
    )  # fmt: skip
    if plan:
        plan.sessions.filter(number=1).update(appointment=row)
    return row


def steps(answer):
    """Return (patient, label of the one button) of every row."""
    return [
        (row.appointment.patient.full_name, row.step.label if row.step else None)
        for row in answer.context["rows"]
    ]


def test_the_desk_sees_the_whole_clinics_day_by_time(clinic, desk, as_user):
    later = appointment(factories.patient(clinic, given_name="Lyra"), hour=15)
    sooner = appointment(factories.patient(clinic, given_name="Arno"), hour=13)

    answer = as_user(desk).get(reverse("today"))

    assert [row.appointment for row in answer.context["rows"]] == [sooner, later]
    assert steps(answer)[0] == (sooner.patient.full_name, "Arrived")


def test_a_practitioner_sees_their_own_patients_first_and_everyone_on_request(
    clinic, practitioner, as_user
):
    mine, other = clinic.resources.practitioners()
    mine.user = practitioner
    mine.save(update_fields=["user"])
    own = appointment(factories.patient(clinic), practitioner=mine)
    theirs = appointment(factories.patient(clinic), hour=15, practitioner=other)
    client = as_user(practitioner)

    first, everyone = client.get("/"), client.get("/?show=all")

    assert [row.appointment for row in first.context["rows"]] == [own]
    assert [row.appointment for row in everyone.context["rows"]] == [own, theirs]


@pytest.mark.parametrize(
    ("facts", "label"),
    [
        ({}, "Arrived"),
        ({"status": "arrived", "arrived_at": NOON}, "Start session"),
        ({"status": "in_session", "started_at": NOON}, "Start session"),
    ],
)
def test_a_practitioners_button_is_the_next_step(patient, lead, as_user, facts, label):
    appointment(patient, **facts)

    answer = as_user(lead).get("/")

    assert steps(answer) == [(patient.full_name, label)]


def test_the_desk_books_the_next_session_of_a_finished_visit(clinic, patient, desk, as_user):
    plan = factories.plan(patient, sessions_done=1)
    appointment(patient, plan=plan, status="fulfilled", finished_at=NOON)

    answer = as_user(desk).get("/")

    assert steps(answer) == [(patient.full_name, "Book next")]
    assert answer.context["rows"][0].step.url == reverse("course_dates", args=[plan.pk])


def test_a_cancelled_appointment_is_not_on_the_board(patient, desk, as_user):
    appointment(patient, status="cancelled", cancel_reason="patient", ended_at=NOON, ended_by=desk)

    assert steps(as_user(desk).get("/")) == []


def test_days_since_the_last_session_are_counted_on_the_clinics_calendar(patient, desk, as_user):
    plan = factories.plan(patient, last_session_on=NOON.date() - timedelta(days=28))
    appointment(patient, plan=plan)

    answer = as_user(desk).get("/")

    assert answer.context["rows"][0].days_since_last == 28
    assert "28 days since last" in answer.content.decode()


def test_the_auditor_goes_to_the_log(auditor, as_user):
    assert as_user(auditor).get("/").headers["Location"] == reverse("audit_log")


@pytest.mark.parametrize("rows", [1, 3])
def test_the_board_costs_the_same_queries_for_any_number_of_rows(
    clinic, desk, as_user, django_assert_num_queries, rows
):
    for hour in range(13, 13 + rows):
        patient = factories.patient(clinic)
        appointment(patient, hour=hour, plan=factories.plan(patient))
    client = as_user(desk)

    with django_assert_num_queries(6):
        client.get("/")


def test_another_clinics_day_stays_behind_its_wall(desk, as_user):
    appointment(factories.patient(factories.clinic_with_diary()))

    assert steps(as_user(desk).get("/")) == []


def test_a_person_of_two_clinics_switches_between_them(clinic, desk, as_user):
    other = factories.clinic_with_diary()
    desk.memberships.create(clinic=other, role="front_desk")
    client = as_user(desk)

    answer = client.post(reverse("clinic_switch"), {"clinic": other.pk}, follow=True)

    assert answer.context["member"].clinic == other


def test_nobody_switches_to_a_clinic_they_do_not_work_in(desk, as_user):
    stranger = factories.clinic()

    answer = as_user(desk).post(reverse("clinic_switch"), {"clinic": stranger.pk})

    assert answer.status_code == 404


def test_a_visit_whose_record_was_struck_out_is_started_again(clinic, practitioner, as_user):
    mine = clinic.resources.practitioners().first()
    mine.user = practitioner
    mine.save(update_fields=["user"])
    plan = factories.plan(factories.patient(clinic))
    visit = appointment(plan.patient, plan=plan, status="arrived", arrived_at=NOON)
    record = open_record(appointment=visit, at=NOON, by=practitioner)
    client = as_user(practitioner)
    name = plan.patient.full_name
    assert steps(client.get("/")) == [(name, "Continue record")]

    strike_session(session=record, because="Wrong patient", at=NOON, by=practitioner)

    assert steps(client.get("/")) == [(name, "Start session")]
