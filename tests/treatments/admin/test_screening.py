"""The lead's health checks in the admin: drafts are written, versions in use are read."""

import pytest
from django.urls import reverse

from clinic.models import AuditEvent
from tests import factories
from treatments.actions.screening import new_version
from treatments.models import QuestionSet

LIST = reverse("admin:treatments_questionset_changelist")


@pytest.fixture
def at_desk(lead, as_user):
    """Return a client signed in as the lead."""
    return as_user(lead)


def page_of(row):
    return reverse("admin:treatments_questionset_change", args=[row.pk])


def form_of(client, row) -> dict:
    """Return what the page of a draft would send."""
    page = client.get(page_of(row))
    forms = [
        page.context["adminform"].form,
        *page.context["inline_admin_formsets"][0].formset.forms,
    ]
    sent = {}
    for form in forms:
        for name, field in form.fields.items():
            value = form.get_initial_for_field(field, name)
            value = field.prepare_value(value)
            sent[form.add_prefix(name)] = "" if value is None else getattr(value, "pk", value)
    manage = page.context["inline_admin_formsets"][0].formset.management_form
    return sent | {manage.add_prefix(name): value for name, value in manage.initial.items()}


def test_a_version_in_use_is_read_and_cannot_be_changed(at_desk):
    row = factories.question_set()

    page = at_desk.get(page_of(row)).content.decode()
    at_desk.post(page_of(row), {"title": "Other", "questions-0-text": "Other"})

    assert "Isotretinoin before?" in page
    assert "<textarea" not in page
    assert 'name="questions-0-text"' not in page
    row.refresh_from_db()
    assert (row.title, row.questions.first().text) == ("Health check", "An infection?")


def test_a_new_version_begins_from_the_one_chosen(at_desk, lead):
    row = factories.question_set()

    at_desk.post(LIST, {"action": "begin_new_version", "_selected_action": [row.pk]})

    draft = QuestionSet.objects.get(version=row.version + 1)
    assert (draft.status, draft.questions.count()) == ("draft", 3)
    line = AuditEvent.objects.get(action="catalogue.added")
    assert (line.actor_id, line.object_id) == (lead.pk, str(draft.pk))


def test_a_draft_is_edited_and_put_into_use_in_one_save(at_desk, lead, now):
    draft = new_version(question_set=factories.question_set(), at=now, by=lead)
    sent = form_of(at_desk, draft) | {"questions-0-text": "Is there an infection?",
                                      "status": "published"}  # fmt: skip

    answer = at_desk.post(page_of(draft), sent)

    assert answer.status_code == 302
    draft.refresh_from_db()
    assert (draft.status, draft.questions.first().text) == ("published", "Is there an infection?")
    assert AuditEvent.objects.filter(action="catalogue.published").count() == 1


def test_a_wait_without_days_is_refused_with_a_sentence(at_desk, lead, now):
    draft = new_version(question_set=factories.question_set(), at=now, by=lead)
    sent = form_of(at_desk, draft) | {"questions-0-kind": "WAIT"}

    answer = at_desk.post(page_of(draft), sent)

    assert "A wait has its days, and nothing else has." in answer.content.decode()
    assert draft.questions.first().kind == "ABS"


def test_a_version_without_questions_is_not_put_into_use(at_desk):
    sent = {"version": 99, "title": "New", "status": "published", "answer_within_days": 7,
            "source": "House", "effective_from": "2026-11-23", "questions-TOTAL_FORMS": 0,
            "questions-INITIAL_FORMS": 0}  # fmt: skip

    answer = at_desk.post(reverse("admin:treatments_questionset_add"), sent)

    assert "Save the draft with its questions first" in answer.content.decode()
    assert QuestionSet.objects.count() == 0
