"""Booking, moving, cancelling and stepping a visit, page by page."""

import uuid
from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.actions.diary import mark_to_move
from clinic.models import Appointment, Blackout, Rest
from tests import factories
from tests.support.clock import NOON
from treatments.actions.diary import book_session, step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
MONDAY = date(2026, 11, 30)


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient)


def new_url(**facts):
    """Return the booking page's address."""
    return f"{reverse('appointment_new')}?{'&'.join(f'{k}={v}' for k, v in facts.items())}"


def book(client, patient, word, **facts):
    """Send the booking form with one time tapped."""
    service = f"service-{patient.clinic.services.first().pk}"
    values = {"patient": patient.pk, "slot": word, "request_key": uuid.uuid4(), "visit": service}
    values |= facts
    return client.post(reverse("appointment_new"), values)


def word(clinic, day, start_min=600, who=None):
    """Return what the button of a slot sends."""
    slot = factories.slot_on(clinic, day, start_min, who)
    return f"{slot.start}.{slot.practitioner_id}"


def asked(queries):
    """Count queries, the marks of a transaction left out."""
    return sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)


def offers(answer):
    """Return the days with times of a finder."""
    return [row for row in answer.context["offers"].days if row.offers]


# --- Who, what, when ------------------------------------------------------------------------------
def test_without_a_patient_the_page_asks_who_it_is_for(desk, patient, as_user):
    client = as_user(desk)

    asked = client.get(reverse("appointment_new"))
    found = client.get(reverse("appointment_new"), {"q": "testc"}, headers={"hx-request": "true"})

    assert "Who is it for?" in asked.content.decode()
    assert [row.pk for row in found.context["patients"]] == [patient.pk]


def test_ten_times_are_offered_at_most_three_a_day(desk, patient, as_user):
    answer = as_user(desk).get(new_url(patient=patient.pk))

    counts = [len(row.offers) for row in offers(answer)]
    assert (sum(counts), max(counts)) == (10, 3)
    assert offers(answer)[0].day == NOON.date()
    assert all(offer.slot.start * 60 >= NOON.timestamp() for offer in offers(answer)[0].offers)


def test_a_running_course_offers_its_next_session_first(desk, plan, as_user):
    book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                 slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip

    answer = as_user(desk).get(new_url(patient=plan.patient_id))

    search, window = answer.context["search"], answer.context["offers"].window
    assert search.planned.number == 2
    assert (window.earliest, window.ideal, window.latest) == (
        date(2026, 12, 28), date(2027, 1, 4), date(2027, 1, 11),
    )  # fmt: skip
    assert answer.context["offers"].starts_on == date(2027, 1, 4)


def test_days_before_the_skin_has_healed_are_greyed_with_the_figures(desk, plan, as_user):
    book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                 slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip

    answer = as_user(desk).get(new_url(patient=plan.patient_id, **{"from": "2026-12-27"}))

    assert answer.context["offers"].days[0].because == (
        "27 days after the last session; healing needs 28: possible from Mon 28 Dec."
    )
    assert offers(answer)[0].day == date(2026, 12, 28)


def test_days_the_patient_is_away_say_so(desk, patient, as_user):
    Blackout.objects.create(patient=patient, kind="holiday", from_day=date(2026, 11, 1),
                            to_day=date(2026, 11, 24))  # fmt: skip

    answer = as_user(desk).get(new_url(patient=patient.pk))

    first = answer.context["offers"].days[0]
    assert (first.day, first.until, first.because) == (
        NOON.date(), date(2026, 11, 24), "The patient is away until Tue 24 Nov.",
    )  # fmt: skip


# --- Book -----------------------------------------------------------------------------------------
def test_one_tap_books_the_session_of_the_course(desk, plan, as_user):
    session = plan.sessions.get(number=1)

    answer = book(as_user(desk), plan.patient, word(plan.clinic, MONDAY),
                  visit=f"session-{session.pk}", note="Prefers text messages")  # fmt: skip

    visit = Appointment.objects.get()
    session.refresh_from_db()
    assert (answer.status_code, answer["Location"]) == (302, visit.get_absolute_url())
    assert (visit.local_date, visit.start_clock, visit.note) == (
        MONDAY, "10:00", "Prefers text messages",
    )  # fmt: skip
    assert session.appointment == visit
    assert Rest.objects.count() == 1


def test_a_double_tap_books_once(desk, plan, as_user):
    client, key = as_user(desk), uuid.uuid4()
    facts = {"visit": f"session-{plan.sessions.get(number=1).pk}", "request_key": key}

    tapped = word(plan.clinic, MONDAY)

    first = book(client, plan.patient, tapped, **facts)
    second = book(client, plan.patient, tapped, **facts)

    assert first["Location"] == second["Location"]
    assert Appointment.objects.count() == 1


def test_a_time_just_taken_brings_back_what_was_typed_and_the_three_nearest(
    clinic, desk, patient, as_user
):
    tapped = word(clinic, MONDAY)
    for who in clinic.resources.practitioners():
        factories.appointment(factories.patient(clinic), MONDAY, who=who)

    answer = book(as_user(desk), patient, tapped, note="Brings her sister")

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "This time has just been taken." in page
    assert "Brings her sister" in page
    assert len(answer.context["nearest"]) == 3
    assert not Appointment.objects.filter(patient=patient).exists()


def test_a_day_too_soon_names_the_first_possible_day_and_shows_its_times(desk, plan, as_user):
    book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                 slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip
    second = plan.sessions.get(number=2)

    answer = book(as_user(desk), plan.patient, word(plan.clinic, MONDAY + timedelta(days=7)),
                  visit=f"session-{second.pk}")  # fmt: skip

    assert answer.status_code == 409
    assert answer.context["refusal"] == (
        "Session 2: the skin has not healed by then. Possible from Mon 28 Dec."
    )
    assert offers(answer)[0].day == date(2026, 12, 28)


def test_a_session_somebody_else_booked_is_not_booked_as_something_else(desk, plan, as_user):
    session = plan.sessions.get(number=1)
    book_session(planned_session=session, at=NOON, by=desk,
                 slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip

    answer = book(as_user(desk), plan.patient, word(plan.clinic, MONDAY + timedelta(days=1)),
                  visit=f"session-{session.pk}")  # fmt: skip

    assert answer.status_code == 422
    assert Appointment.objects.count() == 1


@pytest.mark.parametrize("bad", ["", "x", "1.1", "99999999999.1", "29999999.9999999999999999",
                                 "²³.1", "29999999"])  # fmt: skip
def test_a_slot_that_is_none_gets_a_sentence(desk, patient, as_user, bad):
    answer = book(as_user(desk), patient, bad)

    assert answer.status_code == 422
    assert "Choose" in answer.context["refusal"]
    assert Appointment.objects.count() == 0


def test_another_clinics_practitioner_cannot_be_booked(desk, patient, as_user):
    other = factories.clinic_with_diary()

    answer = book(as_user(desk), patient, word(other, MONDAY))

    assert answer.status_code == 422
    assert Appointment.objects.count() == 0


def test_a_clinic_without_a_bookable_service_says_so(desk, patient, clinic, as_user):
    clinic.services.update(active=False)

    answer = as_user(desk).get(new_url(patient=patient.pk))

    assert "no service that can be booked" in answer.content.decode()


# --- Move -----------------------------------------------------------------------------------------
def test_moving_keeps_the_visit_and_shows_its_new_time(clinic, desk, patient, as_user):
    visit = factories.appointment(patient, MONDAY)
    tuesday = MONDAY + timedelta(days=1)

    answer = as_user(desk).post(
        reverse("appointment_move", args=[visit.pk]),
        {"slot": word(clinic, tuesday), "version": visit.version},
    )

    visit.refresh_from_db()
    assert answer.status_code == 302
    assert (visit.local_date, visit.version) == (tuesday, 2)


def test_moving_what_somebody_else_moved_shows_both_times(clinic, desk, patient, as_user):
    visit = factories.appointment(patient, MONDAY)
    Appointment.objects.filter(pk=visit.pk).update(version=7, local_start_min=660)

    answer = as_user(desk).post(
        reverse("appointment_move", args=[visit.pk]),
        {"slot": word(clinic, MONDAY + timedelta(days=1)), "version": 1},
    )

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "it is now booked for Mon 30 Nov, 11:00" in page
    assert "You chose Tue 1 Dec, 10:00" in page
    assert 'name="version" value="7"' in page


@pytest.mark.parametrize(("waits", "offered"), [(False, False), (True, True)])
def test_a_booked_visit_is_not_offered_the_time_it_stands_at(
    desk, patient, as_user, waits, offered
):
    visit = factories.appointment(patient, MONDAY, 540)
    if waits:
        mark_to_move(appointment=visit, because="Room shut", at=NOON, by=desk)
    own = f"{int(visit.starts_at.timestamp()) // 60}.{visit.practitioner_id}"

    days = as_user(desk).get(
        reverse("appointment_move", args=[visit.pk]), {"from": MONDAY.isoformat()}
    ).context["offers"].days  # fmt: skip

    words = [offer.word for day in days for offer in day.offers]
    assert len(words) > 3
    assert any(word.startswith(own) for word in words) is offered


# --- Cancel and steps -----------------------------------------------------------------------------
def test_cancelling_needs_a_reason(desk, patient, as_user):
    visit = factories.appointment(patient, MONDAY)
    url = reverse("appointment_cancel", args=[visit.pk])
    client = as_user(desk)

    without, with_reason = client.post(url), client.post(url, {"reason": "patient"})

    visit.refresh_from_db()
    assert (without.status_code, with_reason.status_code) == (422, 302)
    assert (visit.status, visit.cancel_reason) == ("cancelled", "patient")


def test_a_step_returns_to_where_it_was_taken(desk, patient, as_user):
    visit = factories.appointment(patient, NOON.date(), 840)
    client, url = as_user(desk), reverse("appointment_step", args=[visit.pk, "arrive"])

    back = client.post(url, {"next": visit.get_absolute_url()})
    away = client.post(url, {"next": "https://elsewhere.example/"})

    visit.refresh_from_db()
    assert (back["Location"], away["Location"]) == (visit.get_absolute_url(), reverse("today"))
    assert visit.status == "arrived"


def test_a_step_that_cannot_be_taken_says_why(desk, patient, as_user):
    visit = factories.appointment(patient, MONDAY)
    url = reverse("appointment_step", args=[visit.pk, "arrive"])

    answer = as_user(desk).post(url, follow=True)

    assert [str(note) for note in answer.context["messages"]] == [
        "This appointment is on Mon 30 Nov."
    ]


def test_an_unknown_step_is_not_found(desk, patient, as_user):
    visit = factories.appointment(patient, MONDAY)

    answer = as_user(desk).post(reverse("appointment_step", args=[visit.pk, "fly"]))

    assert answer.status_code == 404


def test_undo_takes_the_last_step_back(desk, patient, as_user):
    visit = factories.appointment(patient, NOON.date(), 840)
    step(appointment=visit, step="arrive", at=NOON, by=desk)

    as_user(desk).post(reverse("appointment_step", args=[visit.pk, "undo"]))

    visit.refresh_from_db()
    assert (visit.status, visit.arrived_at) == ("booked", None)


@pytest.mark.parametrize(
    ("role", "labels"),
    [("front_desk", ["Arrived", "Confirm"]), ("practitioner", ["Arrived", "Confirm"])],
)
def test_the_page_of_a_visit_shows_what_can_be_done_now(clinic, patient, as_user, role, labels):
    visit = factories.appointment(patient, NOON.date(), 840)

    answer = as_user(factories.staff(clinic, role)).get(visit.get_absolute_url())

    assert [row.label for row in answer.context["visit"].steps] == labels


def test_a_practitioner_without_a_time_for_weeks_is_searched_in_no_more_than_20_queries(
    desk, plan, as_user, django_assert_max_num_queries
):
    client, who = as_user(desk), plan.clinic.resources.practitioners()[0]
    plan.clinic.hours_exceptions.create(
        resource=who, from_day=date(2026, 11, 1), to_day=date(2026, 12, 15), kind="off",
        reason="leave",
    )  # fmt: skip
    url = new_url(patient=plan.patient_id, practitioner=who.pk)
    client.get(url)
    with django_assert_max_num_queries(99) as queries:
        answer = client.get(url)
    assert offers(answer)[0].day == date(2026, 12, 16)
    assert asked(queries) <= 20


# --- Walls and figures ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["appointment", "appointment_move", "appointment_cancel"])
def test_another_clinics_visit_is_not_found(desk, as_user, name):
    foreign = factories.appointment(factories.patient(factories.clinic_with_diary()), MONDAY)

    assert as_user(desk).get(reverse(name, args=[foreign.pk])).status_code == 404


@pytest.mark.parametrize("name", ["appointment_new", "appointment_slots"])
def test_another_clinics_patient_is_not_found(desk, as_user, name):
    foreign = factories.patient(factories.clinic_with_diary())

    assert as_user(desk).get(reverse(name), {"patient": foreign.pk}).status_code == 404


@pytest.mark.parametrize("page", ["new", "slots", "appointment", "move", "cancel"])
def test_a_page_asks_the_same_few_questions_however_full_the_diary(
    desk, plan, as_user, page, django_assert_max_num_queries
):
    client = as_user(desk)
    visit = book_session(planned_session=plan.sessions.get(number=1), at=NOON, by=desk,
                         slot=factories.slot_on(plan.clinic, MONDAY))  # fmt: skip
    urls = {
        "new": new_url(patient=plan.patient_id),
        "slots": f"{reverse('appointment_slots')}?patient={plan.patient_id}",
        "appointment": visit.get_absolute_url(),
        "move": reverse("appointment_move", args=[visit.pk]),
        "cancel": reverse("appointment_cancel", args=[visit.pk]),
    }
    client.get(urls[page])

    with django_assert_max_num_queries(99) as few:
        client.get(urls[page])
    for hour in (9, 11, 13):
        factories.appointment(factories.patient(plan.clinic), date(2027, 1, 4), hour * 60)
    with django_assert_max_num_queries(99) as many:
        client.get(urls[page])

    assert asked(few) == asked(many)
    assert asked(many) <= 20
