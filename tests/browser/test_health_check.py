"""The health check in the treatment room: opened from today, answered, its finding passed, signed."""

from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.support.consents import signed
from tests.support.pages import axe
from tests.support.records import appointment, checked, filled
from treatments.actions.sessions import open_record
from treatments.models import ScreeningResponse, TreatmentSession
from treatments.safety.screening import Answer

both = pytest.mark.parametrize(
    ("theme", "size"), [("light", "desk"), ("dark", "ipad")], indirect=True
)
ipad = pytest.mark.parametrize("size", ["ipad"], indirect=True)


@pytest.fixture
def visit(clinic):
    """Return today's visit of a course, its patient here."""
    factories.question_set()
    patient = factories.patient(clinic, family_name="Quokka")
    plan = factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])
    factories.device(clinic)
    signed(plan, clinic.memberships.first().user, at=timezone.now() - timedelta(days=7))
    return appointment(plan, day=timezone.localdate(), status="arrived")


def choose(page, code, answer):
    """Tap yes or no at a question."""
    page.locator(f"label[for=id_yes_{code}_{int(answer == 'yes')}]").click()


@both
def test_from_today_to_the_answer_its_finding_and_the_signature(page, robin, visit):
    page.goto("/")
    axe(page)
    page.get_by_role("link", name="Health check missing").click()
    page.wait_for_url("**/health-check/")
    axe(page)

    choose(page, "ISO", "yes")
    expect(page.get_by_label("Last capsule on")).to_be_visible()
    page.get_by_label("Last capsule on").fill(
        (timezone.localdate() - timedelta(days=40)).isoformat()
    )
    page.get_by_role("button", name="All no").click()
    assert page.locator("[name=yes_INF]:checked").input_value() == "no"
    assert ScreeningResponse.objects.count() == 0
    page.locator("label[for=id_filled_by_0]").click()
    axe(page)
    page.get_by_role("button", name="Save answers").click()

    expect(page.locator(".finding-warn")).to_contain_text("140 of 180 days still to wait")
    axe(page)
    session = open_record(appointment=visit, at=timezone.now(), by=robin)
    session = filled(session, robin, timezone.now())
    page.goto(f"/sessions/{session.pk}/sign/")
    expect(page.get_by_text("Your signature also countersigns the health check")).to_be_visible()
    reason = page.get_by_role("textbox", name="Reason: Isotretinoin stopped")
    reason.fill("Consensus 2017, agreed with the doctor")
    reason.press("Enter")
    page.get_by_role("button", name="Sign", exact=True).click()

    expect(page.get_by_role("heading", name="Health check")).to_be_visible()
    axe(page)
    assert TreatmentSession.objects.get().status == "signed"
    given = ScreeningResponse.objects.get()
    assert (given.status, given.countersigned_by, given.filled_by) == (
        "countersigned", robin, "patient",
    )  # fmt: skip


@ipad
def test_a_stop_is_seen_in_the_record_and_waits_for_a_lead(page, robin, visit):
    checked(visit, robin, timezone.now(), INF=Answer(yes=True))
    session = open_record(appointment=visit, at=timezone.now(), by=robin)

    page.goto(f"/sessions/{session.pk}/")

    expect(page.locator("#record-state")).to_contain_text("1 stop")
    expect(page.locator("#findings")).to_contain_text("Infection: yes.")
    expect(page.locator("#findings")).to_contain_text("A lead must override this")
    axe(page)


@ipad
def test_targets_are_large_enough_for_a_finger(page, robin, visit):
    page.goto(f"/appointments/{visit.pk}/health-check/")

    sizes = [row.bounding_box() for row in page.locator("#health-form .segmented .btn").all()]
    assert [box for box in sizes if box["height"] < 44 or box["width"] < 44] == []


@both
def test_an_empty_check_leads_to_its_first_open_question(page, robin, visit, complaints):
    page.goto(f"/appointments/{visit.pk}/health-check/")
    page.locator("label[for=id_filled_by_0]").click()
    choose(page, "INF", "no")
    page.get_by_role("button", name="Save answers").click()

    note = page.get_by_role("alert").filter(has_text="2 questions are open.")
    expect(note).to_be_visible()
    assert note.bounding_box()["height"] < 120
    axe(page)
    note.get_by_role("link", name="Go to the first one").click()
    first = page.locator(".health-question:has(.invalid-feedback)").first
    expect(first).to_be_in_viewport(ratio=1)
    assert page.locator("[name=yes_INF]:checked").input_value() == "no"
    complaints[:] = [words for words in complaints if "422" not in words]


@ipad
def test_the_steps_of_a_visit_stand_in_one_row(page, robin, visit):
    page.goto(visit.get_absolute_url())

    steps = page.locator(".visit-steps .btn")
    assert [words.split("\n")[0] for words in steps.all_inner_texts()] == [
        "In the room", "Start session", "Cancel", "Not arrived yet",
    ]  # fmt: skip
    assert len({step.bounding_box()["y"] for step in steps.all()}) == 1
    axe(page)


@ipad
def test_nothing_has_changed_is_one_tap(page, robin, visit):
    plan = visit.planned_session.plan
    checked(visit, robin, timezone.now())
    later = appointment(plan, number=2, day=timezone.localdate() + timedelta(days=3))

    page.goto(f"/appointments/{later.pk}/health-check/")
    page.get_by_role("button", name="Nothing has changed").click()

    expect(page.get_by_text("Nothing has changed since")).to_be_visible()
    assert ScreeningResponse.objects.of_visit(later.pk).unchanged


def test_without_a_script_all_no_shows_the_answers_first(open_context, robin, visit, page):
    context = open_context(java_script_enabled=False)
    context.add_cookies(page.context.cookies())
    bare = context.new_page()
    bare.goto(f"/appointments/{visit.pk}/health-check/")
    expect(bare.get_by_label("Last capsule on")).to_be_hidden()
    choose(bare, "ISO", "yes")
    expect(bare.get_by_label("Last capsule on")).to_be_visible()
    bare.get_by_label("Last capsule on").fill("2020-01-01")

    bare.get_by_role("button", name="All no").click()

    expect(bare.get_by_text("Every open question now says no.")).to_be_visible()
    assert bare.get_by_label("Last capsule on").input_value() == "2020-01-01"
    assert ScreeningResponse.objects.count() == 0
    bare.locator("label[for=id_filled_by_1]").click()
    bare.get_by_role("button", name="Save answers").click()
    expect(bare.get_by_text("the wait is 180 days")).to_be_visible()
