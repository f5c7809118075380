"""What moving or cancelling one session does to the rest of its course, shown before it is saved."""

import re
from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.forms.diary import slot_word
from tests import factories
from treatments.actions.diary import book_session
from treatments.models.openings import Course
from treatments.models.tail import Rest

TUESDAY = date(2026, 11, 24)


@pytest.fixture(autouse=True)
def _monday(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def at_desk(as_user, desk):
    return as_user(desk)


@pytest.fixture
def course(patient):
    return factories.plan(patient, agreed_on=TUESDAY)


@pytest.fixture
def visits(course, desk, now):
    """Return the visits of sessions 1 to 3, five weeks apart, booked yesterday."""
    return [
        book_session(planned_session=course.sessions.get(number=number), by=desk,
                     at=now - timedelta(days=1),
                     slot=factories.slot_on(course.clinic, TUESDAY + timedelta(days=days)))
        for number, days in ((1, 0), (2, 35), (3, 70))
    ]  # fmt: skip


def word(course, days: int) -> str:
    """Return a time some days after session 1 as a button sends it."""
    return slot_word(factories.slot_on(course.clinic, TUESDAY + timedelta(days=days)))


def days_of(course) -> list[int | None]:
    """Return the booked days of sessions 1 to 3, counted from session 1's first day."""
    rows = course.sessions.filter(number__lte=3).order_by("number").select_related("appointment")
    return [(row.appointment.local_date - TUESDAY).days if row.is_booked else None for row in rows]


def move(client, visit, slot):
    """Send the move form; answer followed."""
    url = reverse("appointment_move", args=[visit.pk])
    return client.post(url, {"slot": slot, "version": visit.version}, follow=True)


def asked(queries):
    """Count queries, the marks of a transaction left out."""
    return sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)


def told(answer) -> str:
    """Return what the bar says that also takes it back; no note says the same again."""
    assert [str(note) for note in answer.context["messages"]] == []
    return answer.context["undo"]["words"]


# --- Move -----------------------------------------------------------------------------------------
def test_the_move_form_lists_the_later_sessions_before_a_time_is_chosen(at_desk, visits):
    page = at_desk.get(reverse("appointment_move", args=[visits[1].pk]))

    rest = page.context["offers"].rest
    assert [(row.number, row.appointment) for row in rest.booked] == [(3, visits[2])]
    assert [row.number for row in rest.undated] == [4]
    assert "The rest of the course" in page.content.decode()


def test_the_move_form_of_the_last_booked_session_names_only_what_has_no_date(at_desk, visits):
    rest = at_desk.get(reverse("appointment_move", args=[visits[2].pk])).context["offers"].rest

    assert ([row.number for row in rest.booked], [row.number for row in rest.undated]) == ([], [4])


def test_the_move_form_says_on_which_days_a_later_session_would_have_to_move(at_desk, visits):
    url = reverse("appointment_move", args=[visits[1].pk])

    days = at_desk.get(url, {"from": "2027-01-05"}).context["offers"].days

    assert [(row.day, row.note) for row in days[:2]] == [
        (date(2027, 1, 5), ""),
        (date(2027, 1, 6), "Session 3 would have to move too, to Wed 3 Feb or later."),
    ]


def test_the_list_claims_no_more_than_up_to_which_day_a_later_session_stays(at_desk, visits):
    page = at_desk.get(reverse("appointment_move", args=[visits[0].pk])).content.decode()

    words = re.findall(r"Stays[^<]*", page)
    assert words == ["Stays up to Tue 1 Dec", "Stays up to Tue 8 Dec"]


def test_the_move_form_says_on_which_days_a_later_session_comes_late(at_desk, course, visits):
    move(at_desk, visits[2], word(course, 77))
    url = reverse("appointment_move", args=[visits[1].pk])

    days = at_desk.get(url, {"from": "2026-12-28"}).context["offers"].days

    assert [(row.day, row.note) for row in days[:2]] == [
        (date(2026, 12, 28), "Session 3 then comes 1 day past its longest interval."),
        (date(2026, 12, 29), ""),
    ]  # fmt: skip


def test_a_session_a_day_late_is_not_worth_a_question(at_desk, course, visits):
    move(at_desk, visits[2], word(course, 77))
    visits[1].refresh_from_db()

    answer = move(at_desk, visits[1], word(course, 34))

    assert days_of(course) == [0, 34, 77]
    assert told(answer) == (
        f"{visits[1].patient.full_name}: moved to Mon 28 Dec, 10:00. Session 3 stays. "
        "Session 3 then comes 1 day past its longest interval."
    )


def test_a_move_that_leaves_the_rest_in_place_is_saved_at_once_and_says_so(at_desk, course, visits):
    answer = move(at_desk, visits[1], word(course, 36))

    assert days_of(course) == [0, 36, 70]
    assert told(answer).endswith(": moved to Wed 30 Dec, 10:00. Session 3 stays.")


def test_moving_the_first_session_names_every_session_that_stays(at_desk, course, visits):
    answer = move(at_desk, visits[0], word(course, 1))

    assert told(answer).endswith(": moved to Wed 25 Nov, 10:00. Sessions 2 and 3 stay.")


def test_a_drag_says_what_became_of_the_rest(at_desk, visits):
    answer = at_desk.post(reverse("diary_place", args=[visits[1].pk]), {
        "day": "2026-12-30", "minute": 600, "practitioner": visits[1].practitioner_id,
        "version": visits[1].version,
    })  # fmt: skip

    words = f"{visits[1].patient.full_name}: moved to Wed 30 Dec, 10:00. Session 3 stays."
    assert answer.json()["done"] == words
    assert answer.json()["undo"]["words"] == words


def test_a_visit_outside_a_course_is_moved_without_a_word_about_a_rest(at_desk, patient, course):
    visit = factories.appointment(patient, TUESDAY)

    answer = move(at_desk, visit, word(course, 1))

    assert told(answer) == f"{patient.full_name}: moved to Wed 25 Nov, 10:00."


def test_a_time_of_the_move_form_that_presses_on_a_later_session_asks_first(
    at_desk, course, visits
):
    answer = move(at_desk, visits[1], word(course, 49))

    rows = answer.context["rows"]
    assert [(row.number, row.what) for row in rows] == [
        (1, "kept"), (2, "changed"), (3, "moved"),
    ]  # fmt: skip
    assert rows[2].because == "21 days after session 2; healing needs 28"
    assert answer.context["stay"] == ""
    assert days_of(course) == [0, 35, 70]


def test_a_session_that_would_come_far_too_late_may_stay_or_move_along(at_desk, course, visits):
    move(at_desk, visits[2], word(course, 77))  # 42 days after session 2, its longest interval
    visits[1].refresh_from_db()

    answer = move(at_desk, visits[1], word(course, 28))

    rows = {row.number: row for row in answer.context["rows"]}
    assert rows[3].what == "moved"
    assert rows[3].because == "Otherwise 7 days past the longest interval after session 2"
    late = "Session 3 stays. Session 3 then comes 7 days past its longest interval."
    assert answer.context["stay"] == late
    sent = {"slot": word(course, 28), "version": visits[1].version, "slot_3": rows[3].word}
    url = reverse("appointment_tail", args=[visits[1].pk])

    alone = at_desk.post(url, sent | {"stay": "1"}, follow=True)

    assert days_of(course) == [0, 28, 77]
    name = visits[1].patient.full_name
    assert told(alone) == f"{name}: session 2 to Tue 22 Dec, 10:00. Session 3 stays."


def test_a_session_that_cannot_stay_is_not_left_where_it_is(at_desk, course, visits):
    url = reverse("appointment_tail", args=[visits[1].pk])

    answer = at_desk.post(
        url, {"slot": word(course, 49), "version": visits[1].version, "stay": "1"}
    )

    assert answer.status_code == 409
    assert days_of(course) == [0, 35, 70]


def test_one_save_moves_a_session_and_those_that_give_way(at_desk, course, visits):
    preview = move(at_desk, visits[1], word(course, 49)).context
    sent = {"slot": preview["slot_word"], "version": visits[1].version}
    sent |= {f"slot_{row.number}": row.word for row in preview["rows"] if row.what == "moved"}

    answer = at_desk.post(reverse("appointment_tail", args=[visits[1].pk]), sent, follow=True)

    third = course.sessions.get(number=3).appointment.local_date
    assert days_of(course) == [0, 49, (third - TUESDAY).days]
    assert third >= TUESDAY + timedelta(days=49 + 28)
    assert told(answer).startswith(
        f"{visits[1].patient.full_name}: session 2 to Tue 12 Jan, 10:00; session 3 to "
    )

    at_desk.post(reverse("diary_undo"))
    assert days_of(course) == [0, 35, 70]


# --- Cancel ---------------------------------------------------------------------------------------
def test_the_cancel_form_lists_what_becomes_of_the_course(at_desk, course, visits):
    page = at_desk.get(reverse("appointment_cancel", args=[visits[1].pk]))

    rest = page.context["rest"]
    assert [(row.number, row.appointment) for row in rest.booked] == [(3, visits[2])]
    assert "What becomes of the course" in page.content.decode()


def test_cancelling_alone_says_what_stays_and_where_the_session_went(at_desk, course, visits):
    answer = at_desk.post(
        reverse("appointment_cancel", args=[visits[1].pk]), {"reason": "patient"}, follow=True
    )

    assert days_of(course) == [0, None, 70]
    assert told(answer) == (
        f"Cancelled: Tue 29 Dec, 10:00 of {visits[1].patient.full_name}. "
        "Session 2 has no date now: the worklist brings it up. Session 3 stays."
    )


def test_cancelling_a_visit_outside_a_course_says_nothing_of_one(at_desk, patient):
    visit = factories.appointment(patient, TUESDAY)
    url = reverse("appointment_cancel", args=[visit.pk])

    page, answer = at_desk.get(url), at_desk.post(url, {"reason": "patient"}, follow=True)

    assert "What becomes of the course" not in page.content.decode()
    assert told(answer) == f"Cancelled: Tue 24 Nov, 10:00 of {patient.full_name}."


def test_cancelling_a_session_proposes_a_new_date_and_books_it_with_one_save(
    at_desk, course, visits
):
    address = reverse("appointment_cancel", args=[visits[1].pk])
    rows = at_desk.get(address).context["rows"]
    assert [(row.number, row.what) for row in rows] == [(1, "kept"), (2, "changed"), (3, "kept")]

    answer = at_desk.post(
        address, {"reason": "patient", "mend": "1", "slot_2": rows[1].word}, follow=True
    )

    visits[1].refresh_from_db()
    second = course.sessions.get(number=2).appointment
    assert (visits[1].status, second.status) == ("cancelled", "booked")
    assert second.local_date == rows[1].offer.slot.day
    assert told(answer).endswith(f", {second.start_clock}. Session 3 stays.")

    at_desk.post(reverse("diary_undo"))
    visits[1].refresh_from_db()
    second.refresh_from_db()
    assert (visits[1].status, second.status) == ("booked", "entered_in_error")
    assert course.sessions.get(number=2).appointment == visits[1]


# --- Figures --------------------------------------------------------------------------------------
@pytest.mark.parametrize(("page", "queries"), [("move", 17), ("cancel", 17), ("tail", 19)])
def test_a_page_asks_the_same_few_questions_however_long_the_rest(
    at_desk, course, visits, page, queries, desk, now, django_assert_max_num_queries
):
    url = reverse(f"appointment_{page}", args=[visits[0].pk])
    url += f"?slot={word(course, 1)}" if page == "tail" else ""
    at_desk.get(url)
    with django_assert_max_num_queries(99) as few:
        at_desk.get(url)
    book_session(planned_session=course.sessions.get(number=4), by=desk, at=now,
                 slot=factories.slot_on(course.clinic, TUESDAY + timedelta(days=105)))  # fmt: skip
    with django_assert_max_num_queries(99) as many:
        at_desk.get(url)

    assert (asked(few), asked(many)) == (queries, queries)
    assert [row.number for row in Rest(Course(course), 1).booked] == [2, 3, 4]


def test_a_visit_that_was_moved_meanwhile_is_not_cancelled_and_the_form_says_so(
    at_desk, course, visits
):
    url = reverse("appointment_cancel", args=[visits[2].pk])
    seen = at_desk.get(url).context["form"]["version"].value()
    move(at_desk, visits[2], word(course, 77))

    answer = at_desk.post(url, {"reason": "patient", "version": seen})

    assert answer.status_code == 409
    assert answer.context["form"].non_field_errors() == [
        "Somebody changed this appointment meanwhile."
    ]
    assert days_of(course) == [0, 35, 77]
    again = answer.context["form"]["version"].value()
    assert at_desk.post(url, {"reason": "patient", "version": again}).status_code == 302
    assert days_of(course) == [0, 35, None]
