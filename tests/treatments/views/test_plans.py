"""A course page by page: agree it, look at it, choose all its dates, stop it."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.urls import reverse

from clinic.models import Appointment, Blackout
from tests import factories
from tests.support.clock import NOON
from treatments.actions.diary import book_session
from treatments.models import TreatmentPlan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
MONDAY = date(2026, 11, 30)


@pytest.fixture
def zone():
    """Return a zone: usual 1 to 2 mm, cap 2.5 mm."""
    return factories.zone(name="Upper back left")


@pytest.fixture
def protocol(zone):
    """Return the scar protocol with that zone: 4 sessions, 28 / 35 / 42 days, 1.5 mm, 4 passes."""
    return factories.protocol([zone])


@pytest.fixture
def plan(patient):
    """Return a course of four sessions agreed today."""
    return factories.plan(patient)


def typed(clinic, agreed, area, **facts):
    """Return a filled course form."""
    return {
        "protocol": agreed.pk, "zones": [area.pk], f"depth_{area.pk}": "1.5",
        f"passes_{area.pk}": "4", "sessions": "4", "gap_days_min": "28", "gap_days_ideal": "35",
        "gap_days_max": "42", "service": clinic.services.first().pk, "practitioner": "",
        "event_on": "", "calm_days": "", "notes": "Starts gently", "request_key": uuid.uuid4(),
    } | facts  # fmt: skip


def asked(queries):
    """Count queries, the marks of a transaction left out."""
    return sum("SAVEPOINT" not in query["sql"] for query in queries.captured_queries)


def dates_url(plan):
    """Return the address of "Propose dates"."""
    return reverse("course_dates", args=[plan.pk])


def chosen(answer):
    """Return what the form of the dates page sends."""
    rows = answer.context["page"].rows
    sent = {f"slot_{row.number}": row.offer.word for row in rows if row.offer}
    return sent | {f"seen_{row.number}": row.version for row in rows if row.version}


def book(plan, number, day, start_min=600, who=None):
    """Book session k of a course."""
    return book_session(
        planned_session=plan.sessions.get(number=number), at=NOON,
        by=factories.staff(plan.clinic, "front_desk"),
        slot=factories.slot_on(plan.clinic, day, start_min, who),
    )  # fmt: skip


# --- Agree and edit -------------------------------------------------------------------------------
def test_agreeing_a_course_leads_to_its_dates(practitioner, patient, protocol, zone, as_user):
    answer = as_user(practitioner).post(
        reverse("course_new", args=[patient.pk]), typed(patient.clinic, protocol, zone)
    )

    plan = TreatmentPlan.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, dates_url(plan))
    assert [(row.zone, row.depth_mm, row.passes) for row in plan.zones.all()] == [
        (zone, Decimal("1.5"), 4)
    ]
    assert (plan.sessions.count(), plan.notes, plan.calm_days) == (4, "Starts gently", None)


def test_a_double_tap_agrees_one_course(practitioner, patient, protocol, zone, as_user):
    client, form = as_user(practitioner), typed(patient.clinic, protocol, zone)

    for _ in range(2):
        client.post(reverse("course_new", args=[patient.pk]), form)

    assert TreatmentPlan.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"zones": []}, "Choose at least one zone."),
        ({"gap_days_ideal": "50"}, "Intervals go from shortest to ideal to longest."),
        ({"protocol": ""}, "Choose what is treated."),
        ({"sessions": "13"}, "Type a whole number from 1 to 12."),
        ({"calm_days": "14"}, "Calm days need the date they come before."),
        ({"event_on": "2026-11-01"}, "This day is over."),
    ],
)
def test_wrong_input_keeps_what_was_typed_and_says_what_to_do(
    practitioner, patient, protocol, zone, as_user, facts, sentence
):
    answer = as_user(practitioner).post(
        reverse("course_new", args=[patient.pk]), typed(patient.clinic, protocol, zone, **facts)
    )

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert "Starts gently" in answer.content.decode()
    assert TreatmentPlan.objects.count() == 0


def test_a_depth_over_the_zones_cap_is_refused_with_the_cap(
    practitioner, patient, protocol, zone, as_user
):
    form = typed(patient.clinic, protocol, zone, **{f"depth_{zone.pk}": "3"})

    answer = as_user(practitioner).post(reverse("course_new", args=[patient.pk]), form)

    assert "The cap of this zone is 2.50 mm." in answer.content.decode()


def test_another_protocol_fills_in_its_figures_and_keeps_the_zones(
    practitioner, patient, protocol, zone, as_user
):
    other = factories.protocol([zone], name="Stretch marks", sessions_default=5,
                               gap_days_ideal=30, depth_default_mm=Decimal("2.25"))  # fmt: skip

    answer = as_user(practitioner).post(
        reverse("course_new", args=[patient.pk]), {"protocol": other.pk, "zones": [zone.pk]},
        headers={"hx-request": "true", "hx-trigger-name": "protocol"},
    )  # fmt: skip

    form = answer.context["form"]
    assert (form["sessions"].value(), form["gap_days_ideal"].value()) == (5, 30)
    assert form.chosen_zones == {str(zone.pk)}
    assert form[f"depth_{zone.pk}"].value() == Decimal("2")  # no deeper than is usual there
    assert TreatmentPlan.objects.count() == 0


def test_editing_changes_what_is_still_to_come(practitioner, plan, as_user):
    zone = plan.zones.get().zone
    form = typed(plan.clinic, plan.protocol, zone, sessions="5", version=plan.version)

    answer = as_user(practitioner).post(reverse("course_edit", args=[plan.pk]), form)

    plan.refresh_from_db()
    assert (answer.status_code, plan.sessions_planned) == (302, 5)


def test_two_people_editing_see_both_texts(practitioner, plan, as_user):
    TreatmentPlan.objects.filter(pk=plan.pk).update(version=4, notes="Theirs")
    form = typed(plan.clinic, plan.protocol, plan.zones.get().zone, notes="Mine", version=1)

    answer = as_user(practitioner).post(reverse("course_edit", args=[plan.pk]), form)

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Theirs" in page
    assert "Mine" in page
    assert 'name="version" value="4"' in page


def test_stopping_needs_a_reason_and_cancels_what_is_booked(practitioner, plan, as_user):
    visit = book(plan, 1, MONDAY)
    client, url = as_user(practitioner), reverse("course_stop", args=[plan.pk])

    without = client.post(url, {"cancel_reason": "clinic"})
    done = client.post(url, {"because": "Moving away", "cancel_reason": "patient"})

    plan.refresh_from_db()
    visit.refresh_from_db()
    assert (without.status_code, done.status_code) == (422, 302)
    assert (plan.status, visit.status, visit.cancel_reason) == ("stopped", "cancelled", "patient")


# --- Look -----------------------------------------------------------------------------------------
def test_the_desk_sees_the_course_without_its_clinical_part(clinic, desk, patient, as_user):
    zone = factories.zone(name="Wombatzone")
    plan = factories.plan(patient, zones=[zone], notes="Tapirnotes")
    client = as_user(desk)

    for url in (plan.get_absolute_url(), dates_url(plan)):
        page = client.get(url).content.decode()
        assert [word for word in ("Wombatzone", "Tapirnotes", "1.5 mm") if word in page] == []


def test_a_practitioner_sees_zones_and_notes(practitioner, patient, as_user):
    plan = factories.plan(patient, zones=[factories.zone(name="Wombatzone")], notes="Tapirnotes")

    page = as_user(practitioner).get(plan.get_absolute_url()).content.decode()

    assert "Wombatzone" in page
    assert "1.5 mm · 4 passes" in page
    assert "Tapirnotes" in page


# --- Dates ----------------------------------------------------------------------------------------
def test_all_sessions_are_proposed_and_one_save_books_them(desk, plan, as_user):
    client = as_user(desk)
    page = client.get(dates_url(plan))

    answer = client.post(dates_url(plan), chosen(page))

    days = [row.appointment.local_date for row in plan.sessions.order_by("number")]
    assert (answer.status_code, answer["Location"]) == (302, plan.get_absolute_url())
    assert len(days) == 4
    assert all((b - a).days >= 28 for a, b in pairwise(days))


def test_a_course_with_every_session_booked_offers_to_change_dates(desk, plan, as_user):
    client = as_user(desk)
    before = client.get(plan.get_absolute_url()).content.decode()
    client.post(dates_url(plan), chosen(client.get(dates_url(plan))))

    after = client.get(plan.get_absolute_url()).content.decode()

    assert ("Propose dates" in before, "Change dates" in before) == (True, False)
    assert ("Propose dates" in after, "Change dates" in after) == (False, True)


def test_booking_twice_books_once(desk, plan, as_user):
    client = as_user(desk)
    sent = chosen(client.get(dates_url(plan)))

    client.post(dates_url(plan), sent)
    again = client.post(dates_url(plan), sent)

    assert Appointment.objects.count() == 4
    assert again.status_code == 409


def test_three_proposals_are_cards_to_choose_from(desk, plan, as_user):
    page = as_user(desk).get(dates_url(plan), {"proposal": "same_weekday_and_hour"})

    cards = page.context["page"].cards
    assert [(card.name, card.is_chosen) for card in cards] == [
        ("nearest_to_ideal", False), ("same_weekday_and_hour", True), ("before_event", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("event_on", "offered"), [(date(2026, 12, 30), True), (date(2027, 8, 30), False)]
)
def test_a_course_is_squeezed_only_before_an_event_it_would_otherwise_miss(
    desk, plan, as_user, event_on, offered
):
    plan.event_on, plan.calm_days = event_on, 0
    plan.save()

    page = as_user(desk).get(dates_url(plan), {"proposal": "before_event"}).context["page"]

    names = [card.name for card in page.cards]
    assert ("before_event" in names) is offered
    assert [card.name for card in page.cards if card.is_chosen] == [
        "before_event" if offered else "nearest_to_ideal"
    ]


def test_a_session_already_booked_is_pinned(desk, plan, as_user):
    book(plan, 1, MONDAY)

    page = as_user(desk).get(dates_url(plan)).context["page"]

    assert [row.is_pinned for row in page.rows] == [True, False, False, False]
    assert page.rows[0].offer.slot.day == MONDAY
    assert page.to_book == 3


def test_a_clash_says_so_in_its_row_and_keeps_the_others(clinic, desk, plan, as_user):
    client = as_user(desk)
    sent = chosen(client.get(dates_url(plan)))
    who = sent["slot_2"].partition(".")[2]
    page = client.get(dates_url(plan)).context["page"]
    slot = page.rows[1].offer.slot
    factories.appointment(factories.patient(clinic), slot.day, slot.wall_min,
                          who=clinic.resources.get(pk=who))  # fmt: skip

    answer = client.post(dates_url(plan), sent)

    rows = answer.context["page"].rows
    assert answer.status_code == 409
    assert rows[1].refusal == "Session 2: this time has just been taken."
    assert len(rows[1].nearest) == 3
    assert chosen(answer) == sent
    assert not Appointment.objects.filter(patient=plan.patient).exists()


def test_a_booking_moved_meanwhile_is_not_moved_back(desk, plan, as_user):
    visit = book(plan, 1, MONDAY)
    client = as_user(desk)
    sent = chosen(client.get(dates_url(plan)))
    Appointment.objects.filter(pk=visit.pk).update(version=5)

    answer = client.post(dates_url(plan), sent)

    assert answer.status_code == 409
    assert answer.context["page"].rows[0].refusal == (
        "Somebody booked this session meanwhile: Mon 30 Nov, 10:00."
    )


def test_a_time_picked_by_hand_shows_what_it_costs_and_what_it_breaks(clinic, desk, plan, as_user):
    client = as_user(desk)
    first = client.get(dates_url(plan))
    too_soon = first.context["page"].rows[1].offer.slot.day - timedelta(days=14)
    slot = factories.slot_on(clinic, too_soon)

    page = client.get(
        dates_url(plan), chosen(first) | {"pick": f"2:{slot.start}.{slot.practitioner_id}"}
    ).context["page"]

    assert page.rows[1].offer.slot.day == slot.day
    assert "healing needs 28" in page.rows[1].refusal
    assert page.has_conflicts


def test_a_row_opens_with_the_days_around_and_the_times_of_one(desk, plan, as_user):
    client = as_user(desk)
    sent = chosen(client.get(dates_url(plan)))
    day = client.get(dates_url(plan)).context["page"].rows[1].offer.slot.day

    answer = client.get(reverse("course_date_row", args=[plan.pk]),
                        sent | {"edit": 2, "day": (day - timedelta(days=14)).isoformat()})  # fmt: skip

    editor = answer.context["row"].editor
    assert len(editor.strip) == 14
    assert "healing needs 28" in editor.because
    assert editor.offers == []


def test_an_opened_row_offers_every_time_of_its_day(desk, plan, as_user):
    client = as_user(desk)
    sent = chosen(client.get(dates_url(plan)))

    editor = client.get(
        reverse("course_date_row", args=[plan.pk]), sent | {"edit": 1}
    ).context["row"].editor  # fmt: skip

    assert len(editor.offers) > 10
    assert {offer.slot.day for offer in editor.offers} == {editor.day}


def test_without_a_legal_date_the_page_gives_the_reasons(desk, plan, as_user):
    Blackout.objects.create(patient=plan.patient, kind="medical", from_day=date(2026, 1, 1),
                            to_day=date(2030, 1, 1))  # fmt: skip

    page = as_user(desk).get(dates_url(plan))

    assert page.status_code == 200
    assert [number for number, _ in page.context["page"].faults] == [1, 2, 3, 4]
    assert "Not possible for medical reasons until" in page.content.decode()


def test_a_course_that_is_over_has_nothing_to_book(desk, plan, as_user):
    plan.sessions.update(done_on=date(2026, 11, 1))
    TreatmentPlan.objects.filter(pk=plan.pk).update(status="done", sessions_done=4)

    assert "Nothing is left to book" in as_user(desk).get(dates_url(plan)).content.decode()


# --- Walls and figures ----------------------------------------------------------------------------
@pytest.mark.parametrize("name", ["course", "course_edit", "course_stop", "course_dates",
                                  "course_date_row"])  # fmt: skip
def test_another_clinics_course_is_not_found(practitioner, as_user, name):
    foreign = factories.plan(factories.patient(factories.clinic_with_diary()))

    assert as_user(practitioner).get(reverse(name, args=[foreign.pk])).status_code == 404


@pytest.mark.parametrize("page", ["course_new", "course", "course_edit", "course_stop",
                                  "course_dates", "course_date_row"])  # fmt: skip
def test_a_page_asks_the_same_few_questions_for_one_zone_and_three(
    practitioner, patient, as_user, page, django_assert_max_num_queries
):
    client, counts = as_user(practitioner), []
    for size in (1, 3):
        plan = factories.plan(patient, zones=[factories.zone() for _ in range(size)],
                              sessions=2 * size)  # fmt: skip
        key = patient.pk if page == "course_new" else plan.pk
        url = reverse(page, args=[key]) + ("?edit=1" if page == "course_date_row" else "")
        client.get(url)
        with django_assert_max_num_queries(99) as queries:
            client.get(url)
        counts.append(asked(queries))

    assert counts[0] == counts[1]
    assert counts[1] <= 20, [q["sql"][:90] for q in queries.captured_queries]
