"""The best dates in a row of the worklist, and the rest of a course planned anew."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from clinic.actions.diary import mark_to_move
from clinic.models import AuditEvent
from tests import factories
from treatments.actions.diary import book_session
from treatments.actions.kept import keep_dates

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
DONE_ON = date(2026, 11, 10)  # a Tuesday
HTMX = {"hx-request": "true"}


@pytest.fixture
def course(patient, desk, now):
    """Return a course: session 1 done, 2 and 3 booked five weeks apart."""
    plan = factories.plan(patient, sessions=3, agreed_on=DONE_ON)
    plan.sessions.filter(number=1).update(done_on=DONE_ON)
    for number, days in ((2, 35), (3, 70)):
        book_session(planned_session=plan.sessions.get(number=number), at=now, by=desk,
                     slot=factories.slot_on(plan.clinic, DONE_ON + timedelta(days=days)))  # fmt: skip
    keep_dates(plan)
    return plan


@pytest.fixture
def slower(course, desk, now):
    """Return the course after healing took three weeks more: session 2 lost its day."""
    session = course.sessions.get(number=2)
    for name in ("gap_days_min", "gap_days_ideal", "gap_days_max"):
        setattr(session, name, getattr(session, name) + 21)
    session.save()
    mark_to_move(appointment=session.appointment, because="Too soon", at=now, by=desk)
    keep_dates(course)
    return course


def days_of(plan) -> list[int | None]:
    """Return the days sessions 2 and 3 are booked for, counted from session 1."""
    rows = plan.sessions.filter(number__gt=1).order_by("number").select_related("appointment")
    return [(row.appointment.local_date - DONE_ON).days if row.is_booked else None for row in rows]


def looks() -> int:
    return AuditEvent.objects.filter(action="patient.viewed").count()


def test_the_row_of_a_lost_day_is_on_the_list_and_says_so(slower, desk, as_user):
    (row,) = as_user(desk).get("/worklist/").context["rows"]

    assert (row.plan, row.state) == (slower, "book_now")
    assert row.why.startswith("It lost its day; possible in ")


def test_a_rows_dates_come_as_a_part_that_names_nobody_and_writes_no_look(
    slower, patient, desk, as_user
):
    client, before = as_user(desk), looks()

    answer = client.get(reverse("due_best", args=[slower.pk]), headers=HTMX)

    text = answer.content.decode()
    assert text.count("best-date") >= 1
    assert looks() == before
    assert [text.count(name) for name in (patient.family_name, patient.phone)] == [0, 0]


def test_the_rest_is_planned_anew_with_the_fewest_moved_and_one_save_books_it(
    slower, desk, as_user
):
    client, url = as_user(desk), reverse("course_next", args=[slower.pk])
    best = client.get(url).context["best"]
    assert [(row.number, row.what) for row in best.tail] == [(2, "changed"), (3, "moved")]
    sent = {f"slot_{row.number}": row.word for row in best.tail} | {"mend": "1"}
    sent["seen_3"] = best.tail[1].was.version

    answer = client.post(url, sent, headers=HTMX)

    assert answer.status_code == 200
    second, third = days_of(slower)
    assert second >= 49
    assert third - second >= 28
    assert "Session 3 is now on" in answer.content.decode()
    slower.refresh_from_db()
    assert slower.next_to_move is False


def test_a_booking_moved_meanwhile_is_not_moved_back(slower, desk, as_user):
    client, url = as_user(desk), reverse("course_next", args=[slower.pk])
    best = client.get(url).context["best"]
    sent = {f"slot_{row.number}": row.word for row in best.tail} | {"mend": "1", "seen_3": 99}

    answer = client.post(url, sent, headers=HTMX)

    assert answer.status_code == 422
    assert "Somebody booked this session meanwhile" in answer.content.decode()
    assert days_of(slower) == [None, 70]


def test_later_sessions_that_lost_their_day_too_get_one_in_the_same_save(
    slower, desk, as_user, now
):
    mark_to_move(appointment=slower.sessions.get(number=3).appointment, because="Room shut",
                 at=now, by=desk)  # fmt: skip
    keep_dates(slower)
    client, url = as_user(desk), reverse("course_next", args=[slower.pk])
    best = client.get(url).context["best"]
    assert [(row.number, row.what) for row in best.tail] == [(2, "changed"), (3, "moved")]

    sent = {f"slot_{row.number}": row.word for row in best.tail} | {"mend": "1"}
    assert client.post(url, sent, headers=HTMX).status_code == 200

    second, third = days_of(slower)
    assert (second >= 49, third - second >= 28) == (True, True)


def test_a_lost_day_for_which_nothing_has_to_move_is_one_of_three(course, desk, as_user, now):
    mark_to_move(appointment=course.sessions.get(number=2).appointment, because="Room shut",
                 at=now, by=desk)  # fmt: skip
    keep_dates(course)

    best = as_user(desk).get(reverse("course_next", args=[course.pk])).context["best"]

    assert (len(best.dates), best.tail) == (3, ())


def test_the_page_of_all_dates_proposes_the_fewest_moved_first_and_books_it(slower, desk, as_user):
    client, url = as_user(desk), reverse("course_dates", args=[slower.pk])
    page = client.get(url).context["page"]
    assert [card.name for card in page.cards if card.is_chosen] == ["fewest_moved"]
    sent = {}
    for row in page.rows:
        sent |= {f"slot_{row.number}": row.offer.word, f"seen_{row.number}": row.version or ""}

    answer = client.post(url, sent)

    assert answer.status_code == 302
    second, third = days_of(slower)
    assert second >= 49
    assert third - second >= 28


def test_the_search_keeps_on_the_course_which_day_is_free_first(slower, desk, as_user):
    client = as_user(desk)

    client.get(reverse("due_best", args=[slower.pk]), headers=HTMX)

    slower.refresh_from_db()
    assert slower.next_free_on == slower.next_earliest_on


def test_the_page_of_all_dates_keeps_it_too_unless_it_begins_later(slower, desk, as_user):
    client, url = as_user(desk), reverse("course_dates", args=[slower.pk])

    client.get(url, {"from": "2027-02-01"})
    slower.refresh_from_db()
    assert slower.next_free_on is None
    client.get(url)

    slower.refresh_from_db()
    assert slower.next_free_on == slower.next_earliest_on


@pytest.mark.parametrize(("sessions", "phrase"), [(1, False), (2, True)])
def test_one_date_alone_is_not_called_always_the_same_weekday_and_hour(
    patient, desk, as_user, sessions, phrase
):
    plan = factories.plan(patient, sessions=sessions)
    keep_dates(plan)

    page = as_user(desk).get(reverse("course_dates", args=[plan.pk])).context["page"]

    same = next(card for card in page.cards if card.name == "same_weekday_and_hour")
    assert ("always the same weekday and hour" in same.summary) is phrase
