"""The repair of the lead: an absence kept, a plan decided row by row, applied, and who is to call."""

import re
from datetime import timedelta

import pytest
from django.db.models import F
from django.urls import reverse

from clinic.models import Appointment, Blackout, Refusal
from clinic.scheduling.minutes import wall_of
from clinic.scheduling.reasons import day_words
from clinic.scheduling.slots import Slot
from tests import factories
from tests.support.diary import TUESDAY, slot_of
from tests.support.planner import LIVE, text
from treatments.actions.diary import book_session, move_appointment
from treatments.actions.repair import Absence, keep_absence

pytestmark = pytest.mark.django_db
URL = reverse("admin:treatments_treatmentplan_repair")
HIDDEN = re.compile(r'name="(v\d+-\w+)" value="([^"]*)"')


@pytest.fixture(autouse=True)
def _monday(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def ill(clinic, lead, now):
    """Return three visits to move: the first practitioner is ill on Tuesday."""
    visits = [factories.appointment(factories.patient(clinic), TUESDAY, m) for m in (540, 660, 780)]
    absence = Absence(clinic.resources.practitioners()[0], TUESDAY, TUESDAY, "sick")
    keep_absence(clinic=clinic, absence=absence, at=now, by=lead)
    return visits


def held(answer):
    """Return what the page carries of its rows."""
    return dict(HIDDEN.findall(answer.content.decode()))


def press(client, answer, do, **facts):
    """Return the page after a button of a row was pressed."""
    return client.post(URL, {**held(answer), "do": do, **facts}, headers=LIVE)


def test_an_empty_page_asks_who_is_away(as_user, lead):
    answer = as_user(lead).get(URL)

    assert "Nothing waits to be moved" in text(answer)


def test_accepting_keeps_the_plan_as_it_stands(as_user, lead, ill):
    first = as_user(lead).get(URL)

    answer = press(as_user(lead), first, f"accept-{ill[0].pk}")

    before, after = held(first), held(answer)
    assert after == before | {f"v{ill[0].pk}-decision": "accept"}
    assert "Apply 1 of 3" in text(answer)


def test_pressing_accept_again_takes_it_back(as_user, lead, ill):
    client = as_user(lead)
    once = press(client, client.get(URL), f"accept-{ill[0].pk}")

    assert held(press(client, once, f"accept-{ill[0].pk}"))[f"v{ill[0].pk}-decision"] == ""


def test_refusing_a_day_finds_another_and_leaves_what_is_pinned(as_user, lead, ill):
    client = as_user(lead)
    pinned = press(client, client.get(URL), f"pin-{ill[1].pk}")
    before = held(pinned)

    answer = press(client, pinned, f"day-{ill[0].pk}")

    after = held(answer)
    assert after[f"v{ill[1].pk}-place"] == before[f"v{ill[1].pk}-place"]
    assert after[f"v{ill[0].pk}-place"] != before[f"v{ill[0].pk}-place"]
    assert after[f"v{ill[0].pk}-refused"] == "d2026-11-26"


def test_applying_moves_what_was_accepted_and_keeps_refused_days(as_user, lead, ill):
    client = as_user(lead)
    refused = press(client, client.get(URL), f"day-{ill[0].pk}")
    accepted = press(client, refused, f"accept-{ill[0].pk}")

    answer = client.post(URL, {**held(accepted), "apply": "1"}, follow=True)

    moved, *others = Appointment.objects.order_by("pk")
    assert moved.status == "booked"
    assert moved.local_date != TUESDAY
    assert moved.why_this_date[-1] == {"code": "weights", "version": "repair-1"}
    assert {row.status for row in others} == {"proposed"}
    blackout = Blackout.objects.get()
    assert (blackout.kind, blackout.from_day) == ("refused", TUESDAY + timedelta(days=2))
    assert "1 appointment moved." in text(answer)


def test_every_refusal_of_the_preview_is_kept_and_stands_on_the_next_page(as_user, lead, ill):
    client = as_user(lead)
    answer = press(client, client.get(URL), f"weekday-{ill[0].pk}")
    answer = press(client, answer, f"who-{ill[1].pk}")
    answer = press(client, answer, f"accept-{ill[2].pk}")

    answer = client.post(URL, {**held(answer), "apply": "1"}, follow=True)

    assert "1 appointment moved." in text(answer)
    assert "2 refusals kept." in text(answer)
    assert set(Refusal.objects.values_list("appointment", "weekday")) == {
        (ill[0].pk, 3), (ill[1].pk, None),
    }  # fmt: skip
    assert "Not on Thursdays" in text(answer)
    assert f"Not with {Refusal.objects.get(weekday=None).practitioner}" in text(answer)
    assert held(answer)[f"v{ill[0].pk}-refused"] == ""  # it is kept, the page need not carry it


def test_refusals_alone_can_be_kept(as_user, lead, ill):
    client = as_user(lead)
    refused = press(client, client.get(URL), f"day-{ill[0].pk}")
    assert "Keep what was refused" in text(refused)

    client.post(URL, {**held(refused), "apply": "1"})

    assert Blackout.objects.get().kind == "refused"
    assert set(Appointment.objects.values_list("status", flat=True)) == {"proposed"}


def test_a_kept_refusal_can_be_forgotten(as_user, lead, ill):
    client = as_user(lead)
    refused = press(client, client.get(URL), f"weekday-{ill[0].pk}")
    client.post(URL, {**held(refused), "apply": "1"})

    forgot = press(client, client.get(URL), f"forget-{ill[0].pk}")
    assert "is-refused" not in forgot.content.decode()
    client.post(URL, {**held(forgot), "apply": "1"})

    assert Refusal.objects.count() == 0


def test_for_today_only_the_same_time_with_somebody_else_is_proposed(as_user, clinic, lead, now):
    who, other = clinic.resources.practitioners()[:2]
    today = clinic.local_date(now)
    same, gone = (factories.appointment(factories.patient(clinic), today, m) for m in (900, 720))
    factories.appointment(factories.patient(clinic), today, 720, who=other)
    for visit in (same, gone):  # nobody can come on another day
        visit.patient.blackouts.create(kind="holiday", from_day=TUESDAY,
                                       to_day=TUESDAY + timedelta(days=90))  # fmt: skip
    keep_absence(clinic=clinic, absence=Absence(who, today, today, "sick"), at=now, by=lead)

    answer = as_user(lead).get(URL)

    start = slot_of(clinic, day=today, start=900).start
    assert held(answer)[f"v{same.pk}-place"].startswith(f"{start}.{other.pk}.")
    (call,) = answer.context["calls"]
    assert (call.row.visit, call.next_free.day) == (gone, today)  # asked on the telephone


def test_no_time_is_offered_to_two_on_the_call_list(as_user, clinic, lead, ill):
    for visit in ill:
        visit.patient.blackouts.create(kind="holiday", from_day=TUESDAY - timedelta(days=30),
                                       to_day=TUESDAY + timedelta(days=20))  # fmt: skip

    answer = as_user(lead).get(URL)

    slots = [(call.next_free.start, call.next_free.practitioner_id)
             for call in answer.context["calls"]]  # fmt: skip
    assert len(set(slots)) == len(slots) == 3
    assert {slot.day for slot in (call.next_free for call in answer.context["calls"])} == {
        TUESDAY + timedelta(days=21)
    }


def test_applying_twice_moves_once(as_user, lead, ill):
    client = as_user(lead)
    sent = {**held(press(client, client.get(URL), "all-")), "apply": "1"}

    client.post(URL, sent)
    client.post(URL, sent)

    assert set(Appointment.objects.values_list("status", "version")) == {("booked", 3)}


def test_who_was_refused_stays_as_it_was_and_has_another_time_on_the_page_that_follows(
    as_user, clinic, lead, now, ill
):
    client = as_user(lead)
    accepted = press(client, client.get(URL), "all-")
    places = {visit.pk: held(accepted)[f"v{visit.pk}-place"] for visit in ill}
    start, who = (int(part) for part in places[ill[2].pk].split(".")[:2])
    moved = ill[0]  # the desk moves one of them into the time another one was to have
    moved.refresh_from_db()
    day, minute = wall_of(start, clinic.zone)
    move_appointment(
        appointment=moved, slot=Slot(day, minute, start, start + 1, who, None, None),
        version=moved.version, at=now, by=lead,
    )  # fmt: skip
    kept = sorted(ill[2].holds.values_list("resource", "start", "end"))

    answer = client.post(URL, {**held(accepted), "apply": "1"}, follow=True)

    said = text(answer)
    assert "1 appointment moved." in said
    assert (f"{moved.patient.full_name}: Somebody changed this appointment meanwhile: it is now "
            f"booked for {day_words(day)}, {minute // 60:02d}:{minute % 60:02d}.") in said  # fmt: skip
    assert f"{ill[2].patient.full_name}: This time has just been taken." in said
    assert "1 appointment stays as it was and is planned again on this page." in said
    ill[2].refresh_from_db()
    assert ill[2].status == "proposed"
    assert sorted(ill[2].holds.values_list("resource", "start", "end")) == kept
    assert held(answer)[f"v{ill[2].pk}-place"] not in {"", places[ill[2].pk]}


def test_many_refusals_are_named_without_covering_the_page(as_user, clinic, lead, now, ill):
    client = as_user(lead)
    more = [factories.appointment(factories.patient(clinic), TUESDAY + timedelta(days=1), m)
            for m in (540, 660)]  # fmt: skip
    absence = Absence(clinic.resources.practitioners()[0], more[0].local_date, more[0].local_date,
                      "sick")  # fmt: skip
    keep_absence(clinic=clinic, absence=absence, at=now, by=lead)
    accepted = press(client, client.get(URL), "all-")
    Appointment.objects.update(version=F("version") + 1)  # somebody else has been at them all

    said = text(client.post(URL, {**held(accepted), "apply": "1"}, follow=True))

    names = [row.patient.full_name for row in [*ill, *more]]
    assert said.count("Somebody changed this appointment meanwhile") == 3
    assert sum(f"{name}: Somebody changed" in said for name in names) == 3
    assert "Not moved either: " in said
    assert "5 appointments stay as they were and are planned again on this page." in said


def test_applying_nothing_says_so(as_user, lead, ill):
    client = as_user(lead)

    answer = client.post(URL, {**held(client.get(URL)), "apply": "1"})

    assert answer.status_code == 422
    assert "Accept at least one new time first." in text(answer)


def test_healing_is_kept_and_who_cannot_be_placed_is_to_call(as_user, clinic, lead, now):
    patient = factories.patient(clinic, phone="020 7946 0999")
    plan = factories.plan(patient, sessions=2)
    for number, day in ((1, TUESDAY), (2, TUESDAY + timedelta(days=28))):
        book_session(planned_session=plan.sessions.get(number=number),
                     slot=factories.slot_on(clinic, day), at=now, by=lead)  # fmt: skip
    week = Absence(None, TUESDAY, TUESDAY + timedelta(days=1), "holiday")
    keep_absence(clinic=clinic, absence=week, at=now, by=lead)

    answer = as_user(lead).get(URL)

    # Session 1 may only move earlier: later would be too near to session 2. Monday is left.
    place = held(answer)[f"v{plan.sessions.get(number=1).appointment_id}-place"]
    assert place == "" or "Mon 23 Nov" in text(answer)


def test_a_patient_without_a_place_is_listed_with_telephone_and_next_date(
    as_user, lead, ill, clinic
):
    patient = ill[0].patient
    patient.blackouts.create(kind="holiday", from_day=TUESDAY - timedelta(days=30),
                             to_day=TUESDAY + timedelta(days=20))  # fmt: skip

    answer = as_user(lead).get(URL)

    assert "To call" in text(answer)
    assert patient.phone in text(answer)
    assert "Tue 15 Dec" in text(answer)


@pytest.mark.parametrize("name", ["place", "decision", "refused", "version"])
def test_rubbish_in_a_row_is_no_error(as_user, lead, ill, name):
    client = as_user(lead)
    sent = held(client.get(URL)) | {f"v{ill[0].pk}-{name}": "x" * 50 + "'\x00"}

    answer = client.post(URL, {**sent, "do": "accept-99999999999999999999"}, headers=LIVE)

    assert answer.status_code == 200


def test_another_clinics_visits_are_not_on_the_page(as_user, lead, now):
    abroad = factories.clinic_with_diary()
    visit = factories.appointment(factories.patient(abroad), TUESDAY)
    Appointment.objects.filter(pk=visit.pk).update(
        status="proposed", to_move_since=now, to_move_because="Ill"
    )

    answer = as_user(lead).get(URL)

    assert "Nothing waits to be moved" in text(answer)


def let_be_ill(clinic, lead, now, many):
    """Return visits of as many courses to move, and an absence each that is still booked into."""
    who, other = clinic.resources.practitioners()[:2]
    visits = []
    for minute in (540, 660, 780)[:many]:
        plan = factories.plan(factories.patient(clinic))
        slot = factories.slot_on(clinic, TUESDAY, minute)
        visits.append(
            book_session(planned_session=plan.sessions.get(number=1), slot=slot, at=now, by=lead)
        )
        later = TUESDAY + timedelta(days=28 + len(visits))
        factories.appointment(factories.patient(clinic), later, minute, who=other)
        clinic.hours_exceptions.create(resource=other, from_day=later, to_day=later, reason="leave")
    absence = Absence(who, TUESDAY, TUESDAY, "sick")
    keep_absence(clinic=clinic, absence=absence, at=now, by=lead)
    return visits


@pytest.mark.parametrize("many", [1, 3])
def test_the_page_costs_the_same_queries_for_one_visit_and_for_three(
    as_user, clinic, lead, now, django_assert_num_queries, many
):
    let_be_ill(clinic, lead, now, many)
    client = as_user(lead)

    with django_assert_num_queries(20):
        answer = client.get(URL)

    assert len(held(answer)) == 4 * many
    assert text(answer).count("1 appointment is still booked into it.") == many


@pytest.mark.parametrize("deed", ["day", "weekday", "who", "accept", "forget"])
@pytest.mark.parametrize("many", [1, 3])
def test_a_press_costs_the_same_queries_for_one_visit_and_for_three(
    as_user, clinic, lead, now, django_assert_num_queries, many, deed
):
    visits = let_be_ill(clinic, lead, now, many)
    client = as_user(lead)
    before = client.get(URL)

    with django_assert_num_queries(18):
        answer = press(client, before, f"{deed}-{visits[0].pk}")

    assert len(held(answer)) == 4 * many


@pytest.mark.parametrize("many", [1, 3])
def test_the_list_to_call_costs_the_same_queries_for_one_patient_and_for_three(
    as_user, clinic, lead, now, django_assert_num_queries, many
):
    for visit in let_be_ill(clinic, lead, now, many):
        visit.patient.blackouts.create(kind="holiday", from_day=TUESDAY - timedelta(days=30),
                                       to_day=TUESDAY + timedelta(days=20))  # fmt: skip
    client = as_user(lead)

    with django_assert_num_queries(21):
        answer = client.get(URL)

    assert [call.next_free.day for call in answer.context["calls"]] == [
        TUESDAY + timedelta(days=21)
    ] * many


def test_who_was_to_come_today_at_another_time_is_to_be_called_at_once(as_user, clinic, lead, now):
    who, other = clinic.resources.practitioners()[:2]
    today = clinic.local_date(now)
    gone, same = (factories.appointment(factories.patient(clinic), today, m) for m in (720, 900))
    factories.appointment(factories.patient(clinic), today, 720, who=other)
    same.patient.blackouts.create(kind="holiday", from_day=TUESDAY,
                                  to_day=TUESDAY + timedelta(days=90))  # fmt: skip
    keep_absence(clinic=clinic, absence=Absence(who, today, today, "sick"), at=now, by=lead)

    shown = text(as_user(lead).get(URL))

    assert f"Today: call {gone.patient.phone}" in shown
    assert f"Today: call {same.patient.phone}" not in shown
