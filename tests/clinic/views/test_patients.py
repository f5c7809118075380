"""Pages about patients: found in three letters, never registered twice, told by role."""

import re
import uuid
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.actions.patients import edit_patient
from clinic.models import Patient
from tests import factories
from tests.support import charts
from tests.support.clock import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]
HTMX = {"HX-Request": "true"}
NEW = {"given_name": "Nora", "family_name": "Fiction", "birth_date": "14/3/1990"}


def numbers(answer):
    return [hit.patient.number for hit in answer.context["hits"]]


def post(client, name, *args, **facts):
    """Send a form as the page does: with its key, so the double tap can be told."""
    return client.post(reverse(name, args=args), facts)


# --- The list and the searches --------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "quo", "Zan", "quokka zan", "zan quokka", "zän", "14/3/1988", "14.03.88", "1988-03-14",
    "0201 555", "+44 201 5550", "2015 550", "4711",
])  # fmt: skip
def test_a_patient_is_found_by(clinic, desk, as_user, text):
    factories.patient(clinic, number=4711, given_name="Zanna", family_name="Quokka",
                      birth_date=date(1988, 3, 14), phone="+44 201 5550 199")  # fmt: skip
    factories.patient(clinic, phone="")

    answer = as_user(desk).get(reverse("patient_list"), {"q": text})

    assert numbers(answer) == [4711]


def test_nobody_is_found_behind_another_clinics_wall(clinic, desk, as_user):
    factories.patient(factories.clinic(), given_name="Zanna", family_name="Quokka")
    client = as_user(desk)

    pages = [
        client.get(reverse("patient_list"), {"q": "quo"}),
        client.get(reverse("patient_search"), {"q": "quo"}, headers=HTMX),
        client.get(reverse("patient_duplicates"),
                   {"given_name": "Zanna", "family_name": "Quokka"}),
    ]  # fmt: skip

    assert [b"Quokka" in page.content for page in pages] == [False] * 3


def test_a_row_says_who_when_and_how_far_the_course_is(clinic, desk, as_user):
    patient = charts.story(clinic, NOON)
    charts.appointment(patient, NOON + timedelta(days=9, hours=2), desk)
    charts.appointment(patient, NOON + timedelta(days=2), desk)
    charts.appointment(patient, NOON + timedelta(days=1), desk, status="cancelled",
                       cancel_reason="clinic", ended_at=NOON, ended_by=desk)  # fmt: skip

    answer = as_user(desk).get(reverse("patient_list"))

    hit = answer.context["hits"][0]
    words = " ".join(answer.content.decode().split())
    assert (hit.next.local_date, hit.next.start_clock) == (date(2026, 11, 25), "12:00")
    assert (hit.course.sessions_done, hit.course.sessions_planned) == (2, 4)
    assert all(word in words for word in ("14 Mar 1990", "36 years", "Wed 25 Nov", "12:00", "2/4"))


def test_an_open_course_counts_before_a_newer_finished_one(clinic, desk, as_user, patient):
    running = factories.plan(patient, agreed_on=date(2026, 1, 1))
    factories.plan(patient, agreed_on=date(2026, 6, 1), status="done")

    answer = as_user(desk).get(reverse("patient_list"))

    assert answer.context["hits"][0].course == running


def test_typing_gets_the_rows_alone(clinic, desk, as_user, patient):
    part = as_user(desk).get(reverse("patient_list"), {"q": "tes"}, headers=HTMX)

    assert b"<html" not in part.content
    assert b'data-for="tes"' in part.content


def test_the_list_stops_at_25_and_says_so(clinic, desk, as_user):
    for _ in range(26):
        factories.patient(clinic)

    answer = as_user(desk).get(reverse("patient_list"))

    assert len(numbers(answer)) == 25
    assert b"Only the first 25 are shown" in answer.content


def test_an_empty_clinic_and_an_empty_search_say_what_to_do(clinic, desk, as_user):
    client = as_user(desk)

    assert b"No patients yet" in client.get(reverse("patient_list")).content
    assert b"No patient found" in client.get(reverse("patient_list"), {"q": "xyz"}).content


@pytest.mark.parametrize("text", ["a\0b", "\0", "%", "'", "9" * 200, "ﷺ" * 200, "\udcff", "  "])
def test_odd_search_texts_are_answered(clinic, desk, as_user, patient, text):
    text = text.encode("utf-8", "replace").decode()

    for name in ("patient_list", "patient_search"):
        assert as_user(desk).get(reverse(name), {"q": text}, headers=HTMX).status_code == 200


def test_the_quick_search_names_its_question_and_links_to_charts(clinic, desk, as_user, patient):
    part = (
        as_user(desk).get(reverse("patient_search"), {"q": "testc"}, headers=HTMX).content.decode()
    )

    assert f'href="{patient.get_absolute_url()}"' in part
    assert 'data-for="testc"' in part


def test_the_quick_search_without_a_script_is_the_list(clinic, desk, as_user, patient):
    answer = as_user(desk).get(reverse("patient_search"), {"q": "tes"})

    assert answer.url == f"{reverse('patient_list')}?q=tes"


@pytest.mark.parametrize("name", ["patient_list", "patient_search"])
def test_more_rows_cost_no_more_queries(clinic, desk, as_user, name):
    client = as_user(desk)
    counts = []
    for _ in range(3):
        patient = charts.story(clinic, NOON, by=desk)
        charts.appointment(patient, NOON + timedelta(days=3), desk)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            client.get(reverse(name), {"q": "tes"}, headers=HTMX)
        counts.append(len(queries))

    assert counts[0] == counts[2] <= 8


# --- Registering ----------------------------------------------------------------------------------


def test_a_patient_is_registered_and_their_chart_opens(clinic, desk, as_user):
    answer = post(as_user(desk), "patient_new", **NEW, phone="+44 (0)20 7946-0001",
                  preferred_weekdays=["0", "3"], preferred_from_min="16:00",
                  preferred_to_min="18:30", request_key=str(uuid.uuid4()))  # fmt: skip

    patient = Patient.objects.get()
    assert answer.url == patient.get_absolute_url()
    assert (patient.number, patient.birth_date, patient.phone, patient.preferred_weekdays,
            patient.preferred_from_min, patient.preferred_to_min) == (
        1001, date(1990, 3, 14), "+44 (0)20 7946-0001", [0, 3], 960, 1110,
    )  # fmt: skip


@pytest.mark.parametrize(("wrong", "says"), [
    ({"birth_date": "31/2/1990"}, "There is no 31 February."),
    ({"birth_date": "yesterday"}, "for example 14/3/1990"),
    ({"birth_date": "24/11/2026"}, "has not come yet"),
    ({"birth_date": "1/1/1890"}, "Check the year"),
    ({"birth_date": ""}, "Write the date of birth"),
    ({"given_name": ""}, "Write the first name."),
    ({"email": "nobody"}, "Write the address as name@example.org."),
    ({"phone": "none"}, "with its digits"),
    ({"preferred_from_min": "16:00"}, "both times"),
    ({"preferred_from_min": "16:00", "preferred_to_min": "15:00"}, "later than the start"),
])  # fmt: skip
def test_wrong_input_keeps_what_was_typed_and_says_what_to_do(clinic, desk, as_user, wrong, says):
    answer = post(as_user(desk), "patient_new", **NEW | {"address": "12 Madeup Row"} | wrong)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert "12 Madeup Row" in page
    assert all(f'value="{value}"' in page for value in wrong.values() if value)
    assert Patient.objects.count() == 0


def test_a_probable_duplicate_is_shown_while_typing(clinic, desk, as_user):
    factories.patient(clinic, number=77, given_name="Nora", family_name="Fictional")

    part = as_user(desk).get(reverse("patient_duplicates"), NEW, headers=HTMX).content.decode()

    assert "1 patient on file looks the same" in part
    assert "No. 77" in part
    assert "someone_else" not in part


@pytest.mark.parametrize("half", [{}, {"given_name": "N"}, {"birth_date": "14/3"}, {"phone": "0"}])
def test_half_typed_facts_accuse_nobody(clinic, desk, as_user, patient, half):
    part = as_user(desk).get(reverse("patient_duplicates"), half, headers=HTMX)

    assert part.content.strip() == b""


def test_a_probable_duplicate_is_saved_only_when_said_to_be_someone_else(clinic, desk, as_user):
    twin = factories.patient(clinic, given_name="Nora", family_name="Fiction")
    client = as_user(desk)

    first = post(client, "patient_new", **NEW)
    assert (first.status_code, Patient.objects.count()) == (422, 1)
    assert f'name="someone_else" value="{twin.pk}"' in first.content.decode()

    second = post(client, "patient_new", **NEW, someone_else=str(twin.pk))
    assert (second.status_code, Patient.objects.count()) == (302, 2)


def test_a_duplicate_that_came_meanwhile_is_asked_about_again(clinic, desk, as_user):
    seen = factories.patient(clinic, given_name="Nora", family_name="Fiction")
    factories.patient(clinic, given_name="Nora", family_name="Fiction")

    answer = post(as_user(desk), "patient_new", **NEW, someone_else=str(seen.pk))

    assert (answer.status_code, Patient.objects.count()) == (422, 2)


def test_a_double_tap_registers_one_patient(clinic, desk, as_user):
    client, key = as_user(desk), str(uuid.uuid4())

    answers = [post(client, "patient_new", **NEW, request_key=key) for _ in range(2)]

    assert [answer.url for answer in answers] == [Patient.objects.get().get_absolute_url()] * 2


def test_another_clinics_practitioner_cannot_be_preferred(clinic, desk, as_user):
    stranger = factories.resource(factories.clinic())

    answer = post(as_user(desk), "patient_new", **NEW, preferred_practitioner=str(stranger.pk))

    assert (answer.status_code, Patient.objects.count()) == (422, 0)


# --- Editing --------------------------------------------------------------------------------------


def edited(patient, **changes):
    return {"given_name": patient.given_name, "family_name": patient.family_name,
            "birth_date": "14/03/1990", "phone": patient.phone, "version": patient.version} | changes  # fmt: skip


def test_the_edit_page_shows_dates_as_they_are_typed(clinic, desk, as_user, patient):
    page = as_user(desk).get(reverse("patient_edit", args=[patient.pk])).content.decode()

    assert 'value="14/03/1990"' in page


def test_an_edit_is_saved(clinic, desk, as_user, patient):
    answer = post(
        as_user(desk), "patient_edit", patient.pk, **edited(patient, family_name="Newname")
    )

    patient.refresh_from_db()
    assert (answer.url, patient.family_name, patient.version) == (
        patient.get_absolute_url(), "Newname", 2,
    )  # fmt: skip


def test_the_second_of_two_editors_sees_both_texts_and_may_save_theirs(
    clinic, desk, as_user, patient
):
    client = as_user(desk)
    edit_patient(patient=patient, version=1, facts={"desk_note": "Rings first"}, at=NOON, by=desk)

    refused = post(client, "patient_edit", patient.pk, **edited(patient, desk_note="Rings twice"))

    page = refused.content.decode()
    assert refused.status_code == 409
    assert [row[1:] for row in refused.context["conflict"]] == [("Rings first", "Rings twice")]
    assert ("Rings first" in page, "Rings twice" in page) == (True, True)
    assert 'name="version" value="2"' in page
    assert Patient.objects.get().desk_note == "Rings first"

    post(client, "patient_edit", patient.pk, **edited(patient, desk_note="Rings twice", version=2))
    assert Patient.objects.get().desk_note == "Rings twice"


def test_editing_into_somebody_else_is_asked_about_and_editing_a_note_is_not(
    clinic, desk, as_user, patient
):
    twin = factories.patient(clinic, given_name="Nora", family_name="Fiction")
    client = as_user(desk)

    asked = post(client, "patient_edit", patient.pk,
                 **edited(patient, given_name="Nora", family_name="Fiction"))  # fmt: skip
    plain = post(client, "patient_edit", patient.pk, **edited(patient, desk_note="Tall"))

    assert (asked.status_code, asked.context["twins"]) == (422, [twin])
    assert plain.status_code == 302


@pytest.mark.parametrize("name", ["chart", "patient_edit", "patient_health"])
def test_unknown_and_foreign_patients_are_the_same_404(clinic, lead, as_user, name):
    foreign = factories.patient(factories.clinic(), family_name="Quokka")
    client = as_user(lead)

    answers = [client.get(reverse(name, args=[pk])) for pk in (foreign.pk, 10**7, 10**40)]

    assert [answer.status_code for answer in answers] == [404] * 3
    pages = {re.sub(rb'"x-csrftoken": "\w+"', b"", answer.content) for answer in answers}
    assert len(pages) == 1
