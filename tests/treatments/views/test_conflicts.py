"""Two people save one record: the second sees what both changed, and nothing is reverted."""

import pytest
import time_machine

from tests import factories
from tests.support.record_pages import posted, save, text
from tests.support.records import record
from treatments.actions.records import Record
from treatments.actions.sessions import save_draft
from treatments.forms.conflicts import opened_with
from treatments.models import TreatmentSession


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


def test_two_people_see_both_texts(plan, practitioner, lead, as_user, now):
    session = record(plan, practitioner)
    save_draft(session=session, version=1, values={"notes": "Their words"}, at=now, by=lead)

    response = save(as_user(practitioner), session, notes="My words", pain_nrs="4")

    assert response.status_code == 409
    words = text(response)
    assert "My words" in words
    assert "Their words" in words
    assert 'data-version="2"' in response.content.decode()
    assert TreatmentSession.objects.get().notes == "Their words"


def opened(session):
    """Return what the page of a draft carries of the state it was opened with."""
    return opened_with(Record(session))


def test_after_a_conflict_what_was_chosen_stays_and_nothing_else_is_reverted(
    plan, practitioner, lead, as_user, now
):
    session = record(plan, practitioner)
    carried = opened(session)
    theirs = {"notes": "Their words", "pain_nrs": 2, "aftercare_explained": True}
    saved = save_draft(session=session, version=1, values=theirs, at=now, by=lead)

    response = save(as_user(practitioner), saved, opened=carried, resolving="1", notes="My words",
                    skin_intact="yes", **{"stays-notes": "mine"})  # fmt: skip

    assert response.status_code == 200
    merged = TreatmentSession.objects.get()
    assert (merged.notes, merged.pain_nrs, merged.aftercare_explained, merged.skin_intact) == (
        "My words", 2, True, True,
    )  # fmt: skip


def test_a_choice_not_made_saves_nothing_and_asks_for_it(plan, practitioner, lead, as_user, now):
    session = record(plan, practitioner)
    carried = opened(session)
    saved = save_draft(session=session, version=1, values={"notes": "Theirs"}, at=now, by=lead)

    response = save(as_user(practitioner), saved, opened=carried, resolving="1", notes="Mine")

    assert response.status_code == 409
    assert "Choose for each line which of the two stays." in text(response)
    assert TreatmentSession.objects.get().notes == "Theirs"


def test_a_page_without_a_script_keeps_what_it_was_opened_with_through_a_conflict(
    plan, practitioner, lead, as_user, now
):
    session = record(plan, practitioner)
    carried = opened(session)
    save_draft(session=session, version=1, values={"pain_nrs": 2}, at=now, by=lead)

    response = as_user(practitioner).post(
        f"/sessions/{session.pk}/", posted(session, opened=carried, notes="Mine")
    )

    assert response.status_code == 409
    assert "Only they changed, and it stays as they have it: Pain 2" in text(response)
    assert response.context["opened"] == carried
    assert 'name="version" value="2"' in response.content.decode()
