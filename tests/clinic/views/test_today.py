"""The home page by role."""

from datetime import timedelta

import pytest
from django.urls import reverse

from clinic.models import Appointment, AuditEvent
from tests import factories
from tests.support.clock import NOON
from treatments.actions.sessions import open_record, strike_session
from treatments.models import TreatmentSession

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
        (row.appointment.patient.full_name, row.steps[0].label if row.steps else None)
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
    assert answer.context["rows"][0].steps[0].url == reverse("course_next", args=[plan.pk])


@pytest.mark.parametrize(
    ("facts", "tones"),
    [
        ({}, ["btn-primary", "btn-quiet", "btn-quiet"]),
        ({"status": "noshow", "ended_at": NOON}, ["btn-primary", "btn-quiet"]),
        ({"status": "fulfilled", "finished_at": NOON}, ["btn-primary", "btn-quiet"]),
    ],
)
def test_only_what_comes_next_is_the_lead_of_a_card(patient, desk, as_user, facts, tones):
    ended = {"ended_by": desk} if "ended_at" in facts else {}
    appointment(patient, plan=factories.plan(patient, sessions_done=1), **facts, **ended)

    (row,) = as_user(desk).get("/").context["rows"]

    assert [step.tone for step in row.steps] == tones


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

    with django_assert_num_queries(10):
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


def columns(answer):
    """Return who stands in which column of the board."""
    return {
        lane.key: [row.appointment for row in lane.rows]
        for lane in answer.context["lanes"]
        if lane.rows
    }


def test_a_visit_wanders_through_the_columns(clinic, desk, as_user):
    came, hour = {"arrived_at": NOON, "status": "arrived"}, iter((13, 8, 9, 10, 11))
    rows = {
        key: appointment(factories.patient(clinic), hour=next(hour), **facts)
        for key, facts in {
            "expected": {}, "arrived": came, "numbing": came | {"numbing_at": NOON},
            "in_room": {"status": "in_session", "arrived_at": NOON, "started_at": NOON},
            "done": {"status": "fulfilled", "finished_at": NOON},
        }.items()
    }  # fmt: skip

    assert columns(as_user(desk).get("/")) == {key: [row] for key, row in rows.items()}


@pytest.mark.parametrize(
    ("hour", "column", "late"), [(12, "expected", False), (11, "expected", True),
                                 (10, "unresolved", True)],
)  # fmt: skip
def test_a_visit_still_booked_is_late_and_in_the_end_unresolved(
    patient, desk, as_user, hour, column, late
):
    visit = appointment(patient, hour=hour)  # 90 minutes; it is noon

    answer = as_user(desk).get("/")

    (row,) = answer.context["rows"]
    assert columns(answer) == {column: [visit]}
    assert (row.is_late, "Late, <b" in answer.content.decode()) == (late, late)
    visit.refresh_from_db()
    assert visit.status == "booked"


def test_what_is_unresolved_can_be_settled_on_the_board(patient, desk, as_user):
    visit = appointment(patient, hour=10)
    client = as_user(desk)
    (row,) = client.get("/").context["rows"]
    assert [step.key for step in row.steps] == ["d", "s", "a", "m", "x"]

    client.post(row.steps[0].url)

    visit.refresh_from_db()
    assert (visit.status, visit.finished_at) == ("fulfilled", visit.ends_at)


def test_numbing_counts_from_the_cream_of_the_record_and_ends_when_it_comes_off(
    clinic, desk, as_user
):
    plan = factories.plan(factories.patient(clinic))
    visit = appointment(plan.patient, plan=plan, status="in_session", arrived_at=NOON,
                        started_at=NOON)  # fmt: skip
    session = TreatmentSession.objects.create(
        clinic=clinic, patient=plan.patient, plan=plan, appointment=visit, opened_at=NOON,
        practitioner=visit.practitioner, performed_on=NOON.date(), opened_by=desk,
    )  # fmt: skip
    cream = session.numbing.create(product=factories.anaesthetic(),
                                   applied_at=NOON - timedelta(minutes=20))  # fmt: skip
    client = as_user(desk)

    row = client.get("/").context["rows"][0]
    session.numbing.filter(pk=cream.pk).update(removed_at=NOON)
    after = client.get("/").context["rows"][0]

    assert (row.state, row.numbing_until) == ("numbing", NOON + timedelta(minutes=25))
    assert after.state == "in_room"


def test_the_desks_steps_follow_the_visit(patient, desk, as_user):
    visit, client, seen = appointment(patient), as_user(desk), []
    for word in ("arrive", "numb", "start", "finish"):
        row = client.get("/").context["rows"][0]
        seen.append([step.label for step in row.steps])
        client.post(reverse("appointment_step", args=[visit.pk, word]))

    assert seen == [
        ["Arrived", "Move", "Cancel"],
        ["Cream on", "In the room", "One step back"],
        ["In the room", "One step back"],
        ["Done", "One step back"],
    ]


def test_done_opens_the_next_dates_while_the_course_has_a_session_without_one(
    patient, desk, as_user
):
    plan = factories.plan(patient)
    visit = appointment(patient, plan=plan, status="in_session", arrived_at=NOON, started_at=NOON)
    client = as_user(desk)
    step = client.get("/").context["rows"][0].steps[0]

    answer = client.post(step.url, {"next": step.then})

    assert (step.label, step.key) == ("Done, book next", "d")
    assert answer.headers["Location"] == reverse("course_next", args=[plan.pk])
    visit.refresh_from_db()
    assert visit.status == "fulfilled"


def test_the_board_asks_for_itself_without_writing_a_line_or_taking_a_message(
    patient, desk, as_user
):
    appointment(patient)
    client = as_user(desk)
    before = AuditEvent.objects.count()

    part = client.get("/", headers={"hx-request": "true", "hx-trigger": "board"})

    assert part.content.lstrip().startswith(b'<div id="board"')
    assert AuditEvent.objects.count() == before


def test_columns_can_be_practitioners_or_rooms(clinic, desk, as_user):
    room = clinic.resources.filter(kind="room").first()
    visit = appointment(factories.patient(clinic), room=room)
    client = as_user(desk)

    people, rooms = client.get("/?show=people"), client.get("/?show=rooms")

    assert columns(people) == {f"practitioner-{visit.practitioner_id}": [visit]}
    assert columns(rooms) == {f"room-{room.pk}": [visit]}


def test_visits_of_earlier_days_are_counted_above_the_board(patient, desk, as_user):
    appointment(patient, local_date=NOON.date() - timedelta(days=1))

    answer = as_user(desk).get("/")

    assert answer.context["unresolved"] == 1
    assert columns(answer) == {}
