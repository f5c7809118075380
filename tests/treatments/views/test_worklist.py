"""The worklist: each state on both sides of its boundary day, and what the row's forms do."""

from datetime import date, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.models import Appointment, AuditEvent, Blackout, MoveWish
from tests import factories
from tests.support.records import appointment
from tests.support.worklist import NOON, TODAY, WEEK, course, listed, where
from treatments.actions.kept import keep_dates
from treatments.actions.worklist import log_contact, put_off
from treatments.models import ContactLog
from treatments.views.due import hurry

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_noon():
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.mark.parametrize(
    ("window", "words"),
    [
        ({"first": 1, "ideal": 8, "latest": 15}, "possible in 1 day"),
        ({"first": 0, "ideal": 7, "latest": 14}, "7 days to the ideal day"),
        ({"first": -7, "ideal": 0, "latest": 7}, "today is the ideal day"),
        ({"first": -8, "ideal": -1, "latest": 6}, "6 days left"),
        ({"first": -14, "ideal": -7, "latest": 0}, "today is the last day"),
        ({"first": -15, "ideal": -8, "latest": -1}, "1 day past the last day"),
    ],
)
def test_how_urgent_a_course_is_reads_as_a_desk_says_it(clinic, window, words):
    plan = course(clinic, **window)

    assert hurry(plan, plan.state_on(TODAY), TODAY) == words


@pytest.mark.parametrize(
    ("window", "expected"),
    [
        ({"first": 15, "ideal": 22, "latest": 29}, None),
        ({"first": 14, "ideal": 21, "latest": 28}, ("call", "book_now")),
        ({"first": -7, "ideal": 0, "latest": 7}, ("call", "book_now")),
        ({"first": -8, "ideal": -1, "latest": 6}, ("call", "overdue")),
        ({"first": -14, "ideal": -7, "latest": 0}, ("call", "overdue")),
        ({"first": -15, "ideal": -8, "latest": -1}, ("call", "at_risk")),
        ({"first": -56, "ideal": -49, "latest": -42}, ("call", "at_risk")),
        ({"first": -57, "ideal": -50, "latest": -43}, ("lapsed", "lapsed")),
    ],
)
def test_a_course_changes_its_state_on_the_boundary_day(clinic, window, expected):
    assert where(course(clinic, **window)) == expected


@pytest.mark.parametrize(("offset", "state"), [(0, "book_now"), (-1, "at_risk")])
def test_an_event_that_can_no_longer_be_met_puts_a_course_at_risk(clinic, offset, state):
    plan = course(clinic, start_by_on=TODAY + timedelta(days=offset))

    assert where(plan) == ("call", state)


def test_the_last_day_for_the_event_counts_healing_between_the_sessions_left(clinic, patient):
    plan = factories.plan(patient, sessions=3, event_on=date(2027, 6, 1), calm_days=14)

    keep_dates(plan)

    assert plan.start_by_on == date(2027, 6, 1) - timedelta(days=14 + 2 * 28)


@pytest.mark.parametrize(("unanswered", "name"), [(2, "call"), (3, "lapsed")])
def test_three_contacts_nobody_answered_leave_it_to_a_practitioner(clinic, desk, unanswered, name):
    plan = course(clinic)
    for _ in range(unanswered):
        log_contact(plan=plan, result="no_answer", at=NOON, by=desk)

    assert where(plan)[0] == name


def test_an_answer_begins_the_count_anew(clinic, desk):
    plan = course(clinic)
    for result in ("no_answer", "no_answer", "calls_back", "no_answer"):
        log_contact(plan=plan, result=result, at=NOON, by=desk)

    plan.refresh_from_db()
    assert plan.contacts_unanswered == 1


@pytest.mark.parametrize(("days", "name"), [(1, "snoozed"), (0, "call")])
def test_what_is_put_off_comes_back_on_its_day(clinic, desk, days, name):
    plan = course(clinic)
    until = TODAY + timedelta(days=1)
    put_off(plan=plan, until=until, because="Abroad", today=TODAY, at=NOON, by=desk)

    assert where(plan, today=until - timedelta(days=days))[0] == name


@pytest.mark.parametrize(("last_day", "name"), [(0, "blocked"), (-1, "call")])
def test_a_medical_pause_blocks_until_its_last_day(clinic, last_day, name):
    plan = course(clinic)
    Blackout.objects.create(patient=plan.patient, kind="medical", from_day=TODAY - WEEK,
                            to_day=TODAY + timedelta(days=last_day))  # fmt: skip

    assert where(plan)[0] == name


@pytest.mark.parametrize(("days", "name"), [(-1, "blocked"), (0, None)])
def test_a_visit_without_an_outcome_blocks_its_course_from_the_next_day(clinic, days, name):
    plan = course(clinic, next_booked_on=TODAY + timedelta(days=days))

    found = where(plan)

    assert (found and found[0]) == name


def test_the_day_turns_at_midnight_on_the_clinics_wall(as_user):
    clinic = factories.clinic_with_diary(time_zone="Pacific/Auckland")
    there = factories.staff(clinic, "front_desk")
    course(clinic, first=-6, ideal=1, latest=8)
    states = []

    for clock in ("2026-11-24T10:59+00:00", "2026-11-24T11:01+00:00"):  # 23:59 and 00:01 there
        with time_machine.travel(datetime.fromisoformat(clock), tick=False):
            rows = as_user(there).get("/worklist/").context["rows"]
            states.append([row.state for row in rows])

    assert states == [["book_now"], ["overdue"]]


def test_the_longest_past_comes_first_then_least_left_then_the_event(clinic):
    relaxed = course(clinic, first=0, ideal=9, latest=20)
    plain = course(clinic, first=-10, ideal=-3, latest=4)
    event = course(clinic, first=-10, ideal=-3, latest=4, event_on=TODAY + 30 * WEEK)
    worst, bad = course(clinic, latest=-20), course(clinic, latest=-2)
    doomed = course(clinic, first=0, ideal=9, latest=20, start_by_on=TODAY - WEEK)

    rows = listed(clinic, "call")

    assert rows == [worst, bad, doomed, event, plain, relaxed]


def test_booking_takes_a_course_off_the_list_and_forgets_the_calls(clinic, patient, desk):
    plan = course(clinic, patient=patient, snoozed_until=TODAY, snoozed_because="x",
                  snoozed_by=desk, contacts_unanswered=3)  # fmt: skip
    appointment(plan, day=TODAY + WEEK)

    keep_dates(plan)

    plan.refresh_from_db()
    assert (plan.contacts_unanswered, plan.snoozed_until, plan.snoozed_because) == (0, None, "")


def test_three_letters_filter_the_list(clinic, desk, as_user):
    wanted = course(clinic, patient=factories.patient(clinic, family_name="Quokkaby"))
    course(clinic)

    rows = as_user(desk).get("/worklist/?q=quo").context["rows"]

    assert [row.plan for row in rows] == [wanted]


@pytest.mark.parametrize("many", [1, 3])
def test_the_worklist_costs_the_same_queries_for_any_number_of_rows(
    clinic, desk, as_user, django_assert_num_queries, many
):
    for _ in range(many):
        log_contact(plan=course(clinic), result="no_answer", at=NOON, by=desk)
    client = as_user(desk)

    with django_assert_num_queries(9):
        client.get("/worklist/")


@pytest.mark.parametrize(
    ("name", "queries"), [("call", 12), ("lapsed", 11), ("blocked", 11), ("snoozed", 11)]
)
@pytest.mark.parametrize("many", [1, 3])
def test_each_list_costs_the_same_queries_for_rows_with_everything_they_can_show(
    clinic, practitioner, as_user, django_assert_num_queries, name, queries, many
):
    who = clinic.resources.practitioners().first()
    for _ in range(many):
        patient = factories.patient(
            clinic, preferred_practitioner=who, preferred_weekdays=[1], phone="020 7946 0001"
        )
        late = {"first": -57, "ideal": -50, "latest": -43} if name == "lapsed" else {}
        plan = course(clinic, patient=patient, event_on=TODAY + timedelta(days=90), **late)
        log_contact(plan=plan, result="no_answer", at=NOON, by=practitioner)
        if name == "blocked":
            Blackout.objects.create(patient=patient, kind="medical", from_day=TODAY, to_day=TODAY)
        if name == "snoozed":
            put_off(plan=plan, until=TODAY + WEEK, because="Calls back", today=TODAY, at=NOON,
                    by=practitioner)  # fmt: skip
        MoveWish.objects.create(appointment=appointment(patient=patient, day=TODAY + WEEK),
                                asked_at=NOON, words="Fridays")  # fmt: skip
    client = as_user(practitioner)

    with django_assert_num_queries(queries):
        page = client.get(f"/worklist/?list={name}")

    assert (len(page.context["rows"]), len(page.context["wishes"])) == (many, many)


@pytest.mark.parametrize(("opener", "field"), [("contact_url", "note"), ("snooze_url", "because")])
def test_a_rows_form_comes_when_it_is_opened_and_as_a_page_of_its_own(
    clinic, desk, as_user, opener, field
):
    course(clinic)
    client = as_user(desk)
    listed = client.get("/worklist/")
    url = getattr(listed.context["rows"][0], opener)

    answers = [listed, client.get(url, headers={"hx-request": "true"}), client.get(url)]

    pages = [answer.content.decode() for answer in answers]
    assert [f'name="{field}"' in page for page in pages] == [False, True, True]
    assert ["</html>" in page for page in pages] == [True, False, True]


def test_without_scripts_a_contact_is_kept_and_the_list_comes_back(clinic, desk, as_user):
    plan = course(clinic)

    answer = as_user(desk).post(reverse("due_contact", args=[plan.pk]), {"result": "reached"})

    assert (answer.status_code, answer["Location"]) == (302, "/worklist/")
    assert plan.contacts.get().result == "reached"


def test_a_call_about_a_course_that_ended_meanwhile_is_kept_and_its_row_leaves(
    clinic, desk, as_user
):
    plan = factories.plan(factories.patient(clinic), status="done")

    answer = as_user(desk).post(
        reverse("due_contact", args=[plan.pk]), {"result": "reached"},
        headers={"hx-request": "true"},
    )  # fmt: skip

    assert (answer.status_code, answer.context["gone"]) == (200, True)


@pytest.mark.parametrize("page", ["due_contact", "due_snooze"])
def test_opening_a_form_costs_the_same_queries_for_any_number_of_contacts(
    clinic, desk, as_user, django_assert_num_queries, page
):
    plan = course(clinic)
    for _ in range(3):
        log_contact(plan=plan, result="no_answer", at=NOON, by=desk)
    client = as_user(desk)

    with django_assert_num_queries({"due_contact": 9, "due_snooze": 8}[page]):
        client.get(reverse(page, args=[plan.pk]), headers={"hx-request": "true"})


def test_another_clinics_row_opens_nothing(clinic, desk, as_user):
    foreign = course(factories.clinic_with_diary())

    for name in ("due_contact", "due_snooze"):
        assert as_user(desk).get(reverse(name, args=[foreign.pk])).status_code == 404


def test_a_call_is_kept_with_who_and_when(clinic, desk, as_user):
    plan = course(clinic)

    answer = as_user(desk).post(
        reverse("due_contact", args=[plan.pk]), {"result": "reached", "note": "Rings on Friday"},
        headers={"hx-request": "true"},
    )  # fmt: skip

    contact = ContactLog.objects.get()
    line = AuditEvent.objects.filter(action="course.contacted").get()
    assert (contact.way, contact.result, contact.by, contact.at) == ("call", "reached", desk, NOON)
    assert (line.patient_id, line.category) == (plan.patient_id, "schedule")
    assert "Reached, Mon 23 Nov" in answer.content.decode()


@pytest.mark.parametrize(
    "sent", [{"until": "2026-11-23", "because": "Abroad"}, {"until": "2026-12-01", "because": " "},
             {"because": "Abroad"}, {"until": "2028-01-01", "because": "Abroad"}],
)  # fmt: skip
def test_putting_off_needs_a_day_to_come_and_a_reason(clinic, desk, as_user, sent):
    plan = course(clinic)

    answer = as_user(desk).post(reverse("due_snooze", args=[plan.pk]), sent,
                                headers={"hx-request": "true"})  # fmt: skip

    plan.refresh_from_db()
    assert (answer.status_code, plan.snoozed_until) == (422, None)
    assert answer["HX-Retarget"] == f"#more-{plan.pk}"
    assert 'role="alert"' in answer.content.decode()


def test_the_desk_cannot_take_a_practitioners_decision(clinic, desk, as_user):
    plan = course(clinic, latest=-43, ideal=-50, first=-60)

    answer = as_user(desk).post(reverse("due_snooze", args=[plan.pk]), {"wake": "1"})

    assert answer.status_code == 403


def test_the_best_three_dates_are_three_days_that_suit_and_one_tap_books(
    clinic, patient, desk, as_user
):
    plan = factories.plan(patient)
    client, url = as_user(desk), reverse("course_next", args=[plan.pk])
    best = client.get(url).context["best"]

    first = best.dates[0].offer
    answer = client.post(url, {"number": best.session.number, "slot": first.word, "next": "/"})

    booked = Appointment.objects.get(patient=patient)
    assert len({row.offer.slot.day for row in best.dates}) == 3
    assert answer.headers["Location"] == "/"
    assert (booked.local_date, booked.start_clock) == (first.slot.day, first.clock)
    assert plan.sessions.get(number=1).appointment == booked


def test_a_date_between_two_booked_sessions_keeps_its_distance_to_both(
    clinic, patient, desk, as_user
):
    plan = factories.plan(patient, sessions=3)
    appointment(plan, number=1, day=TODAY + WEEK)
    appointment(plan, number=3, day=TODAY + 12 * WEEK)
    keep_dates(plan)

    best = as_user(desk).get(reverse("course_next", args=[plan.pk])).context["best"]

    days = [row.offer.slot.day for row in best.dates]
    assert best.session.number == 2
    assert min(days) >= TODAY + WEEK + timedelta(days=28)
    assert max(days) <= TODAY + 12 * WEEK - timedelta(days=28)
