"""The diary: what it draws, where a visit in hand may go, and taking back."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from django.urls import reverse

from clinic.actions.diary import mark_to_move
from clinic.models import Appointment, AuditEvent, HoursException, OutboxMessage
from tests import factories
from treatments.actions.diary import book_session

TUESDAY = date(2026, 11, 24)
DATA_QUERIES = 12

pytestmark = pytest.mark.usefixtures("on_monday")


@pytest.fixture
def course(patient):
    return factories.plan(patient, agreed_on=TUESDAY)


def data(client, **query):
    answer = client.get(reverse("diary_data"), {"on": TUESDAY.isoformat(), **query})
    assert answer.status_code == 200
    return answer.json()


def place(client, visit, day, minute, **facts):
    values = {"day": day.isoformat(), "minute": minute, "practitioner": visit.practitioner_id,
              "version": visit.version}  # fmt: skip
    return client.post(reverse("diary_place", args=[visit.pk]), values | facts)


# --- What is drawn --------------------------------------------------------------------------------
def test_a_visit_is_drawn_with_its_phases_and_the_practitioners_own_minutes(at_desk, visit):
    drawn = data(at_desk)["visits"][0]

    assert (drawn["start"], drawn["end"]) == ("2026-11-24T10:00", "2026-11-24T11:30")
    assert drawn["phases"] == [["numbing", 0, 45], ["needling", 45, 80], ["cleaning", 80, 90]]
    assert drawn["hands"] == [[0, 5], [45, 80]]
    assert drawn["resource"] == str(visit.practitioner_id)


def test_badges_tell_session_first_visit_and_missing_confirmation(at_desk, course, desk, now):
    book_session(planned_session=course.sessions.get(number=1), at=now, by=desk,
                 slot=factories.slot_on(course.clinic, TUESDAY))  # fmt: skip

    drawn = data(at_desk)["visits"][0]

    assert (drawn["session"], drawn["first"], drawn["unconfirmed"]) == ("1/4", True, True)


def test_a_missing_photo_is_told_to_those_who_treat_only(as_user, practitioner, desk, course, now):
    visit = book_session(planned_session=course.sessions.get(number=1), at=now, by=desk,
                         slot=factories.slot_on(course.clinic, TUESDAY))  # fmt: skip
    type(visit).objects.filter(pk=visit.pk).update(status="arrived", arrived_at=now)

    assert data(as_user(practitioner))["visits"][0]["lacks_photo"]
    assert not data(as_user(desk))["visits"][0]["lacks_photo"]


def test_hours_nobody_works_are_closed(at_desk, clinic):
    who = clinic.resources.practitioners().first()
    HoursException.objects.create(clinic=clinic, resource=who, from_day=TUESDAY, to_day=TUESDAY,
                                  from_min=720, to_min=780)  # fmt: skip

    closed = [row for row in data(at_desk)["closed"] if row["resource"] == str(who.pk)]

    assert [(row["start"][11:], row["end"][11:]) for row in closed] == [
        ("00:00", "09:00"), ("12:00", "13:00"), ("17:00", "00:00"),
    ]  # fmt: skip


def test_rooms_have_columns_of_their_own(at_desk, visit):
    drawn = data(at_desk, by="room")

    assert drawn["visits"][0]["resource"] == str(visit.room_id)
    assert str(visit.room_id) in [row["id"] for row in drawn["resources"]]


def test_a_week_is_one_persons(at_desk, visit, patient, desk, clinic):
    other = clinic.resources.practitioners()[1]
    factories.appointment(patient, TUESDAY, 800, who=other, by=desk)

    drawn = data(at_desk, view="week", of=visit.practitioner_id)["visits"]

    assert [row["id"] for row in drawn] == [visit.pk]


def test_a_full_week_takes_as_many_queries_as_one_visit(
    at_desk, clinic, desk, django_assert_num_queries
):
    factories.appointment(factories.patient(clinic), TUESDAY, 900, by=desk)
    with django_assert_num_queries(DATA_QUERIES):
        data(at_desk)
    for offset in range(4):
        for start in (540, 640, 740):
            factories.appointment(factories.patient(clinic), TUESDAY + timedelta(days=offset), start,
                                  by=desk)  # fmt: skip
    with django_assert_num_queries(DATA_QUERIES):
        assert len(data(at_desk, view="week")["visits"]) == 13


def test_another_clinics_visits_are_not_drawn(at_desk, visit):
    other = factories.clinic_with_diary()
    factories.appointment(factories.patient(other), TUESDAY)

    assert [row["id"] for row in data(at_desk)["visits"]] == [visit.pk]


@pytest.mark.parametrize("query", ["on=nonsense", "view=x&by=y&of=z", "on=0001-01-01&view=month",
                                   "on=9999-12-31&view=week", "of=99999999999999999999"])  # fmt: skip
def test_a_wrong_address_shows_a_diary_all_the_same(at_desk, query):
    assert at_desk.get(f"{reverse('diary')}?{query}").status_code == 200
    assert at_desk.get(f"{reverse('diary_data')}?{query}").status_code == 200


# --- A visit in hand ------------------------------------------------------------------------------
def targets(client, visit, day):
    answer = client.get(reverse("diary_targets", args=[visit.pk]), {"on": day.isoformat()})
    return answer.json()["days"][day.isoformat()]


def test_a_day_within_healing_time_is_refused_with_its_figures(at_desk, course, desk, now):
    for number, day in ((1, TUESDAY), (2, TUESDAY + timedelta(days=35))):
        visit = book_session(planned_session=course.sessions.get(number=number), at=now, by=desk,
                             slot=factories.slot_on(course.clinic, day))  # fmt: skip

    found = targets(at_desk, visit, TUESDAY + timedelta(days=20))

    assert found["refused"] == (
        "20 days after the last session; healing needs 28: possible from Tue 22 Dec."
    )


def test_a_free_day_lights_up_and_says_who_would_have_to_move(at_desk, course, desk, now):
    visits = [
        book_session(planned_session=course.sessions.get(number=number), at=now, by=desk,
                     slot=factories.slot_on(course.clinic, TUESDAY + timedelta(days=days)))
        for number, days in ((1, 0), (2, 35), (3, 70))
    ]  # fmt: skip
    visit = visits[1]

    found = targets(at_desk, visit, TUESDAY + timedelta(days=49))

    assert found["note"] == "Session 3 would have to move too, to Tue 9 Feb or later."
    lane = found["lanes"][str(visit.practitioner_id)]
    assert [540, 940, ""] in lane


def test_a_visit_is_put_down_where_it_is_free(at_desk, visit):
    answer = place(at_desk, visit, TUESDAY, 800)

    visit.refresh_from_db()
    assert (answer.status_code, visit.start_clock, visit.version) == (200, "13:20", 2)
    assert answer.json()["undo"]["seconds"] == 180


@pytest.mark.parametrize("by", ["practitioner", "room"])
def test_a_visit_put_down_on_its_own_place_is_not_moved_and_nobody_is_told(at_desk, visit, by):
    room = {"room": visit.room_id} if by == "room" else {}
    before = Appointment.objects.values().get()
    kept = AuditEvent.objects.count(), OutboxMessage.objects.count()

    told = place(at_desk, visit, TUESDAY, 600, by=by, **room).json()

    name = visit.patient.full_name
    assert told == {"stays": f"{name} stays where it was: Tue 24 Nov, 10:00. Nothing was changed."}
    assert Appointment.objects.values().get() == before
    assert (AuditEvent.objects.count(), OutboxMessage.objects.count()) == kept
    assert data(at_desk)["undo"] is None


def test_a_visit_to_be_moved_is_booked_again_on_its_own_place(at_desk, visit, desk, now):
    mark_to_move(appointment=visit, because="Ill", at=now, by=desk)
    visit.refresh_from_db()

    answer = place(at_desk, visit, TUESDAY, 600)

    visit.refresh_from_db()
    assert (answer.status_code, visit.status, visit.start_clock) == (200, "booked", "10:00")


def test_who_takes_over_is_named(at_desk, visit, clinic):
    other = clinic.resources.practitioners().exclude(pk=visit.practitioner_id).first()

    told = place(at_desk, visit, TUESDAY, 600, practitioner=other.pk).json()["done"]

    assert told == f"{visit.patient.full_name}: moved to Tue 24 Nov, 10:00 with {other.name}."


def test_a_refused_place_says_why_and_names_three_others(at_desk, visit, clinic, desk):
    factories.appointment(factories.patient(clinic), TUESDAY, 800, who=visit.practitioner, by=desk)

    answer = place(at_desk, visit, TUESDAY, 800)

    visit.refresh_from_db()
    told = answer.json()
    assert (answer.status_code, visit.start_clock) == (409, "10:00")
    name = visit.practitioner.name
    assert told["refusal"] == f"{name} is taken from 13:20 to 14:40."
    assert len(told["nearest"]) == 3


def test_the_nearest_places_can_be_had(at_desk, visit):
    told = place(at_desk, visit, TUESDAY, 480).json()  # before anybody works

    first = told["nearest"][0]
    again = place(at_desk, visit, date.fromisoformat(first["day"]), first["minute"],
                  practitioner=first["practitioner"])  # fmt: skip
    assert again.status_code == 200


def test_who_was_slower_is_told_and_offered_the_nearest(at_desk, visit):
    place(at_desk, visit, TUESDAY, 800)

    answer = place(at_desk, visit, TUESDAY, 840)

    assert answer.status_code == 409
    assert answer.json()["refusal"].startswith("Somebody changed this appointment meanwhile")
    assert len(answer.json()["nearest"]) == 3


def test_the_room_a_visit_is_put_into_is_kept_when_it_is_free(at_desk, visit, clinic):
    other = clinic.resources.filter(kind="room").exclude(pk=visit.room_id).get()

    place(at_desk, visit, TUESDAY, 800, room=other.pk)

    visit.refresh_from_db()
    assert visit.room == other


def test_a_place_that_presses_on_a_later_session_asks_first(at_desk, course, desk, now):
    visits = [
        book_session(planned_session=course.sessions.get(number=number), at=now, by=desk,
                     slot=factories.slot_on(course.clinic, TUESDAY + timedelta(days=days)))
        for number, days in ((1, 0), (2, 35), (3, 70))
    ]  # fmt: skip
    second = visits[1]

    answer = place(at_desk, second, TUESDAY + timedelta(days=49), 600)

    preview = at_desk.get(answer.json()["ask"])
    assert [(row.number, row.what) for row in preview.context["rows"]] == [
        (1, "kept"), (2, "changed"), (3, "moved"),
    ]  # fmt: skip
    second.refresh_from_db()
    assert second.local_date == TUESDAY + timedelta(days=35)


# --- Undo -----------------------------------------------------------------------------------------
def test_a_move_is_taken_back_within_three_minutes(at_desk, visit, time_machine, now):
    type(visit).objects.filter(pk=visit.pk).update(confirmed_at=now)
    place(at_desk, visit, TUESDAY, 800)
    time_machine.move_to(now + timedelta(minutes=2, seconds=59), tick=False)

    at_desk.post(reverse("diary_undo"))

    visit.refresh_from_db()
    assert (visit.start_clock, visit.confirmed_at) == ("10:00", now)


def test_undo_comes_back_to_the_page_it_was_pressed_on(at_desk, visit):
    place(at_desk, visit, TUESDAY, 800)
    page = f"{reverse('diary')}?on=2026-11-24&view=week"

    assert at_desk.post(reverse("diary_undo"), {"next": page}).url == page


def test_undo_goes_to_no_other_site(at_desk, visit):
    place(at_desk, visit, TUESDAY, 800)

    answer = at_desk.post(reverse("diary_undo"), {"next": "https://example.org/"})

    assert answer.url == reverse("diary")


def test_after_three_minutes_it_stays(at_desk, visit, time_machine, now):
    place(at_desk, visit, TUESDAY, 800)
    time_machine.move_to(now + timedelta(minutes=3), tick=False)

    answer = at_desk.post(reverse("diary_undo"), follow=True)

    visit.refresh_from_db()
    assert visit.start_clock == "13:20"
    assert "There is nothing to undo" in answer.content.decode()


def test_a_time_given_away_meanwhile_is_not_taken_back(at_desk, visit, clinic, desk):
    place(at_desk, visit, TUESDAY, 800)
    factories.appointment(factories.patient(clinic), TUESDAY, who=visit.practitioner, by=desk)

    answer = at_desk.post(reverse("diary_undo"), follow=True)

    visit.refresh_from_db()
    assert visit.start_clock == "13:20"
    assert "Not undone. This time has just been taken." in answer.content.decode()


def test_a_visit_changed_since_is_not_taken_back(at_desk, visit, desk, now):
    from treatments.actions.diary import step

    place(at_desk, visit, TUESDAY, 800)
    visit.refresh_from_db()
    step(appointment=visit, step="confirm", at=now, by=desk)

    answer = at_desk.post(reverse("diary_undo"), follow=True)

    assert "changed since; it stays as it is" in answer.content.decode()


def test_a_booking_is_taken_back(at_desk, patient, clinic):
    slot = factories.slot_on(clinic, TUESDAY)
    at_desk.post(reverse("appointment_new"), {
        "patient": patient.pk, "visit": f"service-{clinic.services.get().pk}",
        "slot": f"{slot.start}.{slot.practitioner_id}",
    })  # fmt: skip

    at_desk.post(reverse("diary_undo"))

    assert [(row.status, row.holds.count()) for row in patient.appointments.all()] == [
        ("entered_in_error", 0)
    ]


def test_a_cancellation_is_taken_back(at_desk, visit):
    at_desk.post(reverse("appointment_cancel", args=[visit.pk]), {"reason": "patient"})

    at_desk.post(reverse("diary_undo"))

    visit.refresh_from_db()
    assert (visit.status, visit.cancel_reason, visit.holds.count()) == ("booked", "", 4)


def test_a_visit_that_waited_to_be_moved_waits_again(at_desk, visit, desk, now):
    mark_to_move(appointment=visit, because="Room shut", at=now, by=desk)
    visit.refresh_from_db()
    place(at_desk, visit, TUESDAY, 800)

    at_desk.post(reverse("diary_undo"))

    visit.refresh_from_db()
    assert (visit.status, visit.to_move_because, visit.holds.count()) == (
        "proposed",
        "Room shut",
        0,
    )


def test_nobody_takes_back_another_persons_deed(at_desk, visit, clinic, client):
    place(at_desk, visit, TUESDAY, 800)
    other = type(client)()
    other.force_login(factories.staff(clinic, "front_desk"),
                      backend="allauth.account.auth_backends.AuthenticationBackend")  # fmt: skip

    other.post(reverse("diary_undo"))

    visit.refresh_from_db()
    assert visit.start_clock == "13:20"


def test_no_clinical_word_is_in_what_the_desk_draws(at_desk, course, desk, now):
    book_session(planned_session=course.sessions.get(number=1), at=now, by=desk,
                 slot=factories.slot_on(course.clinic, TUESDAY))  # fmt: skip

    text = json.dumps(data(at_desk))

    assert str(course.protocol) not in text
    assert "mm" not in text
    assert datetime(2026, 11, 24, 10, tzinfo=UTC).strftime("%H:%M") in text
