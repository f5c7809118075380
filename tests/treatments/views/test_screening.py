"""The pages of a health check: asked, repeated, read, countersigned; what the desk sees of it."""

import re
import uuid
from datetime import date, timedelta
from html import unescape

import pytest
from django.urls import reverse
from django.utils.html import strip_tags

from clinic.models import AuditEvent
from tests import factories
from tests.support.records import appointment, checked, ready
from treatments.actions.signing import sign_session
from treatments.models import ScreeningResponse
from treatments.safety.screening import Answer

YES = Answer(yes=True)


@pytest.fixture(autouse=True)
def _stopped(time_machine, now):
    time_machine.move_to(now, tick=False)


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    factories.question_set()
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


@pytest.fixture
def visit(plan):
    """Return the visit of the first session, today."""
    return appointment(plan, status="arrived")


@pytest.fixture
def at_care(practitioner, as_user):
    """Return a client signed in as one who treats."""
    return as_user(practitioner)


def url(visit):
    return reverse("health_check", args=[visit.pk])


def words(answer) -> str:
    """Return what a page says."""
    return " ".join(unescape(strip_tags(answer.content.decode())).split())


def sent(**facts):
    """Return the form as a browser sends it, everything no."""
    no = {"yes_INF": "no", "yes_ISO": "no", "yes_FAINT": "no", "filled_by": "patient",
          "request_key": uuid.uuid4()}  # fmt: skip
    return no | facts


# --- Questions ------------------------------------------------------------------------------------
def test_the_questions_are_asked_in_the_patients_words_by_heading(at_care, visit):
    page = at_care.get(url(visit))

    assert page.status_code == 200
    assert "The skin we treat An infection?" in words(page)
    assert "Your health Do you faint?" in words(page)
    assert "Nothing has changed" not in words(page)


def test_answers_are_saved_and_shown_with_their_findings(at_care, visit):
    answer = at_care.post(url(visit), sent(
        yes_INF="yes", words_INF="Impetigo", yes_ISO="yes", on_ISO="2026-10-01"))  # fmt: skip

    assert (answer.status_code, answer["Location"]) == (302, url(visit))
    page = words(at_care.get(url(visit)))
    assert "Stop: Infection: yes (“Impetigo”)." in page
    assert "53 days before the visit; 127 of 180 days still to wait, until 30 Mar 2027." in page
    assert ScreeningResponse.objects.get().filled_by == "patient"


def test_two_taps_on_save_make_one_row(at_care, visit):
    form = sent()

    answers = [at_care.post(url(visit), form).status_code for _ in range(2)]

    assert answers == [302, 302]
    assert ScreeningResponse.objects.count() == 1


def test_a_question_left_open_keeps_what_was_typed(at_care, visit):
    answer = at_care.post(url(visit), sent(yes_INF="yes", words_INF="Impetigo", yes_FAINT=""))

    assert answer.status_code == 422
    assert "Not saved yet. 1 question is open." in words(answer)
    assert _jump(answer) == ["#div_id_yes_FAINT"]
    page = answer.content.decode()
    assert re.findall(r'id="id_yes_(\w+)_error"', page) == ["FAINT"]
    assert (_checked(page, "INF"), 'value="Impetigo"' in page) == ("yes", True)
    assert ScreeningResponse.objects.count() == 0


def test_an_empty_check_says_how_many_questions_are_open_and_leads_to_the_first(at_care, visit):
    answer = at_care.post(url(visit), {})

    page = words(answer)
    assert "Not saved yet. 4 questions are open." in page
    assert (page.count("Answer yes or no."), page.count("Say who answers.")) == (3, 1)
    assert _jump(answer) == ["#div_id_filled_by"]


def test_the_first_open_question_is_the_first_on_the_page(at_care, visit):
    order = re.findall(r'id="div_id_yes_(\w+)"', at_care.get(url(visit)).content.decode())

    answer = at_care.post(url(visit), sent(yes_INF="", yes_ISO="", yes_FAINT=""))

    assert _jump(answer) == [f"#div_id_yes_{order[0]}"]


def test_a_missing_day_is_named_beside_the_open_questions(at_care, visit):
    answer = at_care.post(url(visit), sent(yes_ISO="yes", on_ISO="", yes_FAINT=""))

    page = words(answer)
    assert "1 question is open." in page
    assert "Last capsule on: Give the day, roughly if need be." in page
    assert _jump(answer) == ["#div_id_yes_FAINT", "#id_on_ISO"]


def _jump(answer) -> list[str]:
    """Return where the links of the note above the form lead."""
    note = answer.content.decode().split('role="alert"')[1].split("</div>")[0]
    return re.findall(r'href="(#[^"]+)"', note)


@pytest.mark.parametrize(
    ("on", "sentence"),
    [
        ("", "Give the day, roughly if need be."), ("2026-11-24", "This day has not come yet."),
        ("2026-13-45", "Enter a valid date."),
    ],
)  # fmt: skip
def test_a_wait_needs_a_day_that_was(at_care, visit, on, sentence):
    answer = at_care.post(url(visit), sent(yes_ISO="yes", on_ISO=on))

    assert answer.status_code == 422
    assert f"Last capsule on: {sentence}" in words(answer)
    assert f'value="{on}"' in answer.content.decode()


def test_all_no_shows_every_answer_before_anything_is_saved(at_care, visit):
    answer = at_care.post(url(visit), sent(yes_INF="yes", words_INF="Impetigo", yes_ISO="",
                                           yes_FAINT="", all_no="1"))  # fmt: skip

    page = answer.content.decode()
    assert answer.status_code == 200
    assert [_checked(page, code) for code in ("INF", "ISO", "FAINT")] == ["yes", "no", "no"]
    assert 'value="Impetigo"' in page
    assert ScreeningResponse.objects.count() == 0


def _checked(page: str, code: str) -> str:
    """Return which answer of a question is chosen."""
    inputs = [tag for tag in page.split("<input")[1:] if f'name="yes_{code}"' in tag]
    return next(tag.split('value="')[1].split('"')[0] for tag in inputs if " checked" in tag)


def test_without_questions_in_use_the_page_says_who_can_help(at_care, visit):
    before = date(2025, 6, 1)
    type(visit).objects.filter(pk=visit.pk).update(local_date=before)

    assert "A lead puts a health check into use" in words(at_care.get(url(visit)))
    assert at_care.post(url(visit), sent()).status_code == 422


def test_a_visit_far_ahead_is_not_answered_yet(at_care, plan, now):
    visit = appointment(plan, number=2, day=now.date() + timedelta(days=8))

    answer = at_care.post(url(visit), sent())

    assert answer.status_code == 422
    assert "answers count from 7 days before it" in words(answer)


# --- Since the last one ---------------------------------------------------------------------------
def test_the_last_answers_stand_beside_each_question(at_care, plan, practitioner, now):
    last = Answer(yes=True, on=date(2026, 10, 1), words="20 mg")
    checked(appointment(plan), practitioner, now, ISO=last)

    page = words(at_care.get(url(appointment(plan, number=2))))

    assert "Last time: yes, Thu 1 Oct 2026, “20 mg”" in page
    assert "Anything changed since Mon 23 Nov 2026? Answered yes then: Isotretinoin stopped" in page


def test_nothing_has_changed_is_one_tap(at_care, plan, practitioner, now):
    first = checked(appointment(plan), practitioner, now, FAINT=YES)
    visit, key = appointment(plan, number=2), uuid.uuid4()

    for _ in range(2):
        at_care.post(url(visit), {"unchanged": first.pk, "request_key": key})

    second = ScreeningResponse.objects.of_visit(visit.pk)
    assert ScreeningResponse.objects.count() == 2
    assert (second.unchanged, second.answers) == (True, first.answers)


def test_one_may_start_from_the_last_answers(at_care, plan, practitioner, now):
    checked(appointment(plan), practitioner, now, FAINT=YES)

    page = at_care.get(url(appointment(plan, number=2)), {"again": "1"}).content.decode()

    assert [_checked(page, code) for code in ("INF", "ISO", "FAINT")] == ["no", "no", "yes"]


# --- Countersign ----------------------------------------------------------------------------------
def test_a_practitioner_countersigns_what_was_read(at_care, visit, practitioner, now):
    given = checked(visit, practitioner, now)
    sign = reverse("health_check_countersign", args=[visit.pk])

    at_care.post(sign, {"seen": given.pk})

    given.refresh_from_db()
    assert (given.status, given.countersigned_by) == ("countersigned", practitioner)


def test_answers_that_came_meanwhile_are_not_countersigned_unread(
    at_care, visit, practitioner, now
):
    seen = checked(visit, practitioner, now)
    checked(visit, practitioner, now, INF=YES)

    at_care.post(reverse("health_check_countersign", args=[visit.pk]), {"seen": seen.pk})

    assert set(ScreeningResponse.objects.values_list("status", flat=True)) == {"given"}


# --- Record, chart, desk --------------------------------------------------------------------------
def test_the_page_before_signing_says_that_it_countersigns(at_care, plan, practitioner, now):
    session = ready(plan, practitioner, now)

    page = words(at_care.get(reverse("session_sign", args=[session.pk])))

    assert "Your signature also countersigns the health check of Mon 23 Nov 09:00" in page
    assert "Everything was answered no" in page


def test_the_sign_page_refuses_answers_that_came_meanwhile(at_care, plan, practitioner, now):
    session = ready(plan, practitioner, now)
    seen = ScreeningResponse.objects.get()
    checked(session.appointment, practitioner, now, FAINT=YES)

    answer = at_care.post(reverse("session_sign", args=[session.pk]),
                          {"version": session.version, "check": seen.pk})  # fmt: skip

    assert answer.status_code == 409
    assert "The health check was answered again meanwhile." in words(answer)


def test_the_story_keeps_the_check_that_was_signed(at_care, plan, practitioner, now):
    session = ready(plan, practitioner, now)
    checked(session.appointment, practitioner, now, FAINT=Answer(yes=True, words="At needles"))
    sign_session(session=session, version=session.version, at=now, by=practitioner)

    page = words(at_care.get(session.get_absolute_url()))

    assert f"countersigned by {practitioner}" in page
    assert "Do you faint? · “At needles”" in page


def test_the_chart_tells_the_newest_check(at_care, plan, practitioner, now):
    checked(appointment(plan), practitioner, now, INF=YES)
    checked(appointment(plan, number=2), practitioner, now, FAINT=Answer(yes=True, words="Needles"))

    page = words(at_care.get(plan.patient.get_absolute_url()))

    assert "to be countersigned YesFaints · “Needles”" in page
    assert "Infection" not in page


def test_the_desk_sees_whether_it_is_done_and_nothing_else(as_user, desk, visit, practitioner, now):
    client = as_user(desk)
    pages = [
        visit.get_absolute_url(),
        "/?show=all",
        visit.patient.get_absolute_url(),
        "/diary/data/",
    ]
    before = words(client.get(visit.get_absolute_url()))
    checked(visit, practitioner, now, INF=Answer(yes=True, words="Wombatword"))

    after = [client.get(page).content.decode() for page in pages]

    assert "Health checkMissing" in before
    assert "Health checkDone" in " ".join(strip_tags(after[0]).split())
    assert [word for page in after for word in ("Wombatword", "Infection") if word in page] == []
    assert [url(visit) in page for page in after] == [False] * 4
    assert client.get(url(visit)).status_code == 403


def test_what_a_visit_still_needs_stands_together(at_care, visit):
    page = at_care.get(visit.get_absolute_url()).content.decode()

    facts = re.findall(r"<dt>(.*?)</dt>", page)
    at = facts.index("Consent")
    assert facts[at : at + 2] == ["Consent", "Health check"]


def test_the_board_names_who_lacks_a_check(at_care, visit, practitioner, now):
    before = at_care.get("/?show=all").content.decode()
    checked(visit, practitioner, now)
    after = at_care.get("/?show=all").content.decode()

    assert (before.count("Health check missing:"), after.count("Health check missing")) == (1, 0)


def test_a_visit_without_needles_lacks_nothing(at_care, visit):
    visit.service.phases.update(kind="consult")

    assert "Health check missing" not in at_care.get("/?show=all").content.decode()
    assert "Health check" not in words(at_care.get(visit.get_absolute_url()))


def test_whoever_reads_answers_leaves_a_line(at_care, visit, practitioner, now):
    checked(visit, practitioner, now)

    at_care.get(url(visit))

    line = AuditEvent.objects.filter(action="patient.viewed").latest("seq")
    assert (line.patient_id, line.category, line.actor_id) == (
        visit.patient_id,
        "note",
        practitioner.pk,
    )


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_clinics_visit_is_not_found(as_user, visit, method):
    other = factories.clinic_with_diary()
    client = as_user(factories.staff(other, "practitioner"))

    assert getattr(client, method)(url(visit)).status_code == 404
    assert client.post(reverse("health_check_countersign", args=[visit.pk])).status_code == 404


@pytest.mark.parametrize("checks", [1, 3])
def test_the_page_costs_the_same_queries_for_any_number_of_checks(
    at_care, visit, practitioner, now, django_assert_num_queries, checks
):
    for _ in range(checks):
        checked(visit, practitioner, now, INF=YES)
    at_care.get("/")

    with django_assert_num_queries(13):
        at_care.get(url(visit))
