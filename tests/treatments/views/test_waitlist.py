"""The waitlist: a time that becomes free names those it suits, and one tap gives it to one."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from clinic.actions.absences import let_times_go
from clinic.models import Blackout, FreedTime
from clinic.scheduling.minutes import instant_of, minute_of
from tests import factories
from tests.support.diary import TUESDAY
from treatments.actions.diary import book_session
from treatments.actions.waitlist import add_to_waitlist
from treatments.models import WaitlistEntry
from treatments.models.gaps import Gap
from treatments.views.gaps import fits

pytestmark = pytest.mark.django_db
NEXT_WEEK = TUESDAY + timedelta(days=7)
TEN = 10 * 60


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(factories.NOW, tick=False):
        yield


@pytest.fixture
def gap(clinic):
    """Return a freed visit: next Tuesday 10:00 to 11:30 with the first practitioner."""
    start = minute_of(NEXT_WEEK, TEN, clinic.zone)
    return Gap(NEXT_WEEK, start, start + 90, clinic.resources.practitioners().first().pk)


def waiting(clinic, *, plan=None, patient=None, **facts) -> WaitlistEntry:
    """Return a wish of a patient for any time."""
    patient = patient or (plan.patient if plan else factories.patient(clinic))
    values = {"service": clinic.services.first(), "at": factories.NOW,
              "by": factories.staff(clinic, "front_desk")}  # fmt: skip
    return add_to_waitlist(patient=patient, plan=plan, **values | facts)


def named(clinic, gap) -> list[WaitlistEntry]:
    """Return whom a gap suits."""
    units = {row.pk: row for row in clinic.resources.all()}
    return [fit.entry for fit in fits(gap, clinic=clinic, at=factories.NOW, units=units)]


def test_urgent_ones_come_first_then_who_has_waited_longest(clinic, gap):
    early = waiting(clinic, at=factories.NOW - timedelta(days=3))
    late = waiting(clinic)
    urgent = waiting(clinic, is_urgent=True)

    assert named(clinic, gap) == [urgent, early, late]


@pytest.mark.parametrize(
    ("wish", "suits"),
    [
        ({"weekdays": [1]}, True), ({"weekdays": [0, 2]}, False),
        ({"from_min": TEN, "to_min": TEN + 90}, True), ({"from_min": TEN + 90, "to_min": 900}, False),
        ({"until": NEXT_WEEK}, True), ({"until": NEXT_WEEK - timedelta(days=1)}, False),
    ],
)  # fmt: skip
def test_a_gap_is_offered_to_whom_it_suits(clinic, gap, wish, suits):
    entry = waiting(clinic, **wish)

    assert named(clinic, gap) == ([entry] if suits else [])


def test_only_the_practitioner_wished_for(clinic, gap):
    first, second = clinic.resources.practitioners()
    own, other = waiting(clinic, practitioner=first), waiting(clinic, practitioner=second)

    assert (own in named(clinic, gap), other in named(clinic, gap)) == (True, False)


@pytest.mark.parametrize(("days", "short", "suits"), [(1, False, False), (1, True, True),
                                                      (2, False, True)])  # fmt: skip
def test_short_notice_is_for_those_who_said_it_is_fine(clinic, days, short, suits):
    day = factories.NOW.date() + timedelta(days=days)
    start = minute_of(day, TEN, clinic.zone)
    gap = Gap(day, start, start + 90, clinic.resources.practitioners().first().pk)
    entry = waiting(clinic, short_notice_ok=short)

    assert named(clinic, gap) == ([entry] if suits else [])


@pytest.mark.parametrize(("days", "suits"), [(27, False), (28, True)])
def test_skin_must_have_healed_by_the_gap(clinic, desk, days, suits):
    plan = factories.plan(factories.patient(clinic), agreed_on=factories.NOW.date())
    book_session(planned_session=plan.sessions.get(number=1), at=factories.NOW, by=desk,
                 slot=factories.slot_on(clinic, TUESDAY))  # fmt: skip
    plan.sessions.filter(number=1).update(done_on=TUESDAY)
    day = TUESDAY + timedelta(days=days)
    day_start = minute_of(day, TEN, clinic.zone)
    gap = Gap(day, day_start, day_start + 90, clinic.resources.practitioners().first().pk)
    entry = waiting(clinic, plan=plan, service=plan.service)

    assert named(clinic, gap) == ([entry] if suits and day.weekday() != 6 else [])


def test_nobody_is_offered_a_day_they_are_away(clinic, gap):
    entry = waiting(clinic)
    Blackout.objects.create(patient=entry.patient, kind="holiday", from_day=NEXT_WEEK,
                            to_day=NEXT_WEEK)  # fmt: skip

    assert named(clinic, gap) == []


@pytest.mark.parametrize(("later", "suits"), [(7, True), (0, False), (-1, False)])
def test_only_an_earlier_day_than_the_one_booked_is_offered(clinic, gap, desk, later, suits):
    plan = factories.plan(factories.patient(clinic), agreed_on=factories.NOW.date())
    book_session(planned_session=plan.sessions.get(number=1), at=factories.NOW, by=desk,
                 slot=factories.slot_on(clinic, NEXT_WEEK + timedelta(days=later), 780))  # fmt: skip
    entry = waiting(clinic, plan=plan, service=plan.service)

    assert named(clinic, gap) == ([entry] if suits else [])


def test_of_those_who_may_be_asked_the_first_in_turn_are_tried(clinic, gap, monkeypatch):
    monkeypatch.setattr("treatments.models.gaps.LOOKED_AT", 2)
    left = waiting(clinic)
    waiting(clinic, until=NEXT_WEEK - timedelta(days=1))
    waiting(clinic, weekdays=[0])
    fits_it, _too_late = waiting(clinic), waiting(clinic)

    assert named(clinic, replace(gap, left_by=frozenset([left.patient_id]))) == [fits_it]


def test_a_gap_that_has_begun_suits_nobody(clinic):
    waiting(clinic, short_notice_ok=True)
    start = minute_of(factories.NOW.date(), 9 * 60, clinic.zone)

    assert named(clinic, Gap(factories.NOW.date(), start, start + 90, 1)) == []


def cancel(client, visit):
    """Cancel a visit by its page."""
    return client.post(reverse("appointment_cancel", args=[visit.pk]), {"reason": "patient"})


def test_cancelling_names_who_fits_and_one_tap_moves_them_in(clinic, desk, as_user):
    plan = factories.plan(factories.patient(clinic), agreed_on=factories.NOW.date())
    later = book_session(planned_session=plan.sessions.get(number=1), at=factories.NOW, by=desk,
                         slot=factories.slot_on(clinic, NEXT_WEEK + timedelta(days=14)))  # fmt: skip
    entry = waiting(clinic, plan=plan, service=plan.service)
    freed = factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN)
    client = as_user(desk)
    cancel(client, freed)

    (freed_time,) = client.get(reverse("waitlist_gap")).context["gaps"]
    fit = freed_time["fits"][0]
    client.post(reverse("waitlist_give", args=[entry.pk]),
                {"gap": freed_time["gap"].word, "slot": fit.offer.word, "version": fit.visit.version})  # fmt: skip

    later.refresh_from_db()
    entry.refresh_from_db()
    assert (later.local_date, later.local_start_min) == (NEXT_WEEK, TEN)
    assert (entry.ended_how, entry.ended_by) == ("booked", desk)
    assert client.get(reverse("waitlist_gap")).content == b""


def test_who_gave_the_time_up_is_not_offered_it_again(clinic, desk, as_user):
    freed = factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN)
    waiting(clinic, patient=freed.patient)
    client = as_user(desk)

    cancel(client, freed)
    assert client.get(reverse("waitlist_gap")).content == b""

    entry = waiting(clinic)
    (row,) = client.get(reverse("waitlist_gap")).context["gaps"]
    assert [fit.entry for fit in row["fits"]] == [entry]


def open_starts(client) -> list[str]:
    """Return the freed times a desk is shown."""
    context = client.get(reverse("waitlist_gap")).context
    return [row["clock"] for row in context["gaps"]] if context else []


def test_every_desk_sees_every_freed_time_until_it_is_taken(clinic, desk, as_user):
    waiting(clinic)
    first, second = (
        factories.appointment(factories.patient(clinic), NEXT_WEEK, start) for start in (TEN, 840)
    )
    cancel(as_user(desk), first)
    cancel(as_user(desk), second)
    other = as_user(factories.staff(clinic, "front_desk", username="other"))

    assert open_starts(other) == ["10:00 to 11:30", "14:00 to 15:30"]

    factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN, who=first.practitioner)
    assert open_starts(other) == ["14:00 to 15:30"]


def test_a_time_taken_back_is_no_gap(clinic, desk, as_user):
    waiting(clinic)
    client = as_user(desk)
    cancel(client, factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN))
    assert open_starts(client) == ["10:00 to 11:30"]

    client.post(reverse("diary_undo"))

    assert FreedTime.objects.count() == 0


def change_to_move(visit) -> None:
    """Let a visit wait for another time, its own one still taken."""
    type(visit).objects.filter(pk=visit.pk).update(
        status="proposed", to_move_since=factories.NOW, to_move_because="Room flooded"
    )


def test_a_time_a_repair_freed_is_offered_too(clinic, desk, as_user):
    waiting(clinic)
    visit = factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN)
    change_to_move(visit)

    let_times_go([visit], at=factories.NOW)

    assert open_starts(as_user(desk)) == ["10:00 to 11:30"]


@pytest.mark.parametrize("gaps", [0, 1])
def test_the_page_itself_asks_nothing_about_gaps(
    clinic, desk, as_user, django_assert_num_queries, gaps
):
    for _ in range(gaps):
        cancel(as_user(desk), factories.appointment(factories.patient(clinic), NEXT_WEEK, TEN))
    client = as_user(factories.staff(clinic, "front_desk", username="other"))

    with django_assert_num_queries(4):
        page = client.get(reverse("waitlist"))
    assert 'id="gap"' in page.content.decode()


def test_anyone_and_a_sunday_can_be_wished_for(clinic, patient, desk, as_user):
    who = clinic.resources.practitioners().first()
    patient.preferred_practitioner, patient.preferred_weekdays = who, [6]
    patient.save()
    client, url = as_user(desk), reverse("waitlist_add", args=[patient.pk])
    page = client.get(url)
    assert ("", "Anyone") in list(page.context["form"].fields["practitioner"].choices)
    assert ">Anyone</label>" in page.content.decode()
    assert page.context["form"].initial["weekdays"] == [6]

    client.post(url, {"what": f"service-{clinic.services.first().pk}", "practitioner": "",
                      "weekdays": ["6"]})  # fmt: skip

    entry = WaitlistEntry.objects.get()
    assert (entry.practitioner, entry.weekdays) == (None, [6])


def test_a_place_given_twice_is_given_once(clinic, desk, as_user, gap):
    first, second = waiting(clinic), waiting(clinic)
    client = as_user(desk)
    word = f"{gap.start}.{gap.practitioner_id}"

    for entry in (first, second):
        client.post(reverse("waitlist_give", args=[entry.pk]), {"gap": gap.word, "slot": word})

    visits = clinic.appointments.filter(starts_at=instant_of(gap.start),
                                        practitioner=gap.practitioner_id)  # fmt: skip
    assert [visit.patient for visit in visits] == [first.patient]


def test_the_desk_puts_a_patient_on_the_list_once(clinic, patient, desk, as_user):
    plan = factories.plan(patient)
    client, url = as_user(desk), reverse("waitlist_add", args=[patient.pk])
    sent = {"what": f"plan-{plan.pk}", "weekdays": ["1"], "from_time": "09:00", "to_time": "12:00",
            "is_urgent": "on"}  # fmt: skip

    first, again = client.post(url, sent), client.post(url, sent)

    entry = WaitlistEntry.objects.get()
    assert (first.status_code, again.status_code) == (302, 422)
    assert (entry.plan, entry.weekdays, entry.from_min, entry.to_min, entry.is_urgent) == (
        plan, [1], 540, 720, True,
    )  # fmt: skip
    assert [row.pk for row in client.get(reverse("waitlist")).context["rows"]] == [entry.pk]


def test_who_no_longer_wishes_is_taken_off(clinic, desk, as_user):
    entry = waiting(clinic)

    as_user(desk).post(reverse("waitlist_end", args=[entry.pk]))

    entry.refresh_from_db()
    assert (entry.ended_how, entry.ended_at) == ("withdrawn", factories.NOW)


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    clinic, desk, as_user, django_assert_num_queries, many
):
    for _ in range(many):
        waiting(clinic, plan=factories.plan(factories.patient(clinic)))
    client = as_user(desk)

    with django_assert_num_queries(4):
        client.get(reverse("waitlist"))


def with_a_later_visit(clinic, desk, number, *, has_course):
    """Return the wish of somebody whose visit is a month away, and who is away before it."""
    patient = factories.patient(clinic)
    patient.blackouts.create(kind="holiday", from_day=TUESDAY, to_day=TUESDAY)
    slot = factories.slot_on(clinic, NEXT_WEEK + timedelta(days=28), 540 + 120 * number)
    if not has_course:
        factories.appointment(patient, slot.day, slot.wall_min)
        return waiting(clinic, patient=patient)
    plan = factories.plan(patient, agreed_on=factories.NOW.date())
    book_session(planned_session=plan.sessions.get(number=1), at=factories.NOW, by=desk, slot=slot)
    return waiting(clinic, plan=plan, service=plan.service)


@pytest.mark.parametrize(
    ("has_course", "queries"), [([True], 17), ([False], 15), ([True, False], 18)]
)
@pytest.mark.parametrize("many", [1, 3])
def test_a_freed_time_costs_the_same_queries_for_one_who_waits_and_for_three(
    clinic, desk, as_user, django_assert_num_queries, many, has_course, queries
):
    kinds = (has_course * many)[: max(many, len(has_course))]
    entries = [with_a_later_visit(clinic, desk, n, has_course=k) for n, k in enumerate(kinds)]
    starts = [TEN, 840][: 1 if many == 1 else 2]
    for start in starts:
        cancel(as_user(desk), factories.appointment(factories.patient(clinic), NEXT_WEEK, start))
    client = as_user(factories.staff(clinic, "front_desk", username="other"))

    with django_assert_num_queries(queries):
        gaps = client.get(reverse("waitlist_gap")).context["gaps"]

    found = [[(fit.entry, fit.visit.local_date) for fit in row["fits"]] for row in gaps]
    later = NEXT_WEEK + timedelta(days=28)
    assert found == [[(entry, later) for entry in entries]] * len(starts)
