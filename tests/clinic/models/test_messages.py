"""The words of messages: what a text may name."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from clinic.actions.letters import default_texts, seed_templates
from clinic.models import MessageTemplate, OutboxMessage
from clinic.models.messages import Channel, Kind, filled
from tests import factories


def text(clinic, **facts):
    """Return an unsaved text for an e-mail."""
    values = {"clinic": clinic, "kind": "changed", "channel": "email", "subject": "Hello",
              "body": "On {day}"} | facts  # fmt: skip
    return MessageTemplate(**values)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("On {dday}", "{dday}"),
        ("{clinic.__class__}", "{clinic.__class__}"),
        ("{clinic!r}", "{clinic!r}"),
        ("{0}", "{0}"),
        ("{}", "{}"),
        ("A stray { brace", "{"),
        ("{{day}}", "{"),
    ],
)
def test_an_unknown_placeholder_is_refused_with_a_sentence(clinic, body, named):
    with pytest.raises(ValidationError) as refusal:
        text(clinic, body=body).full_clean()

    (sentence,) = refusal.value.message_dict["body"]
    assert sentence.startswith(f"“{named}” is not a placeholder. These are: {{given_name}}, ")


def test_a_subject_is_checked_too_and_is_one_line(clinic):
    for subject in ("{treatment}", "One\nTwo"):
        with pytest.raises(ValidationError) as refusal:
            text(clinic, subject=subject).full_clean()
        assert list(refusal.value.message_dict) == ["subject"]


def test_an_email_without_a_subject_is_refused(clinic):
    with pytest.raises(ValidationError, match="An e-mail needs a subject"):
        text(clinic, subject="").full_clean()


def test_a_word_put_in_is_not_read_again():
    assert filled("{given_name} at {clinic}", {"given_name": "{clinic}", "clinic": "C"}) == (
        "{clinic} at C"
    )


def test_a_clinic_starts_with_a_valid_text_for_every_kind_and_channel(clinic):
    for _ in range(2):
        seed_templates(clinic)

    rows = list(MessageTemplate.objects.filter(clinic=clinic))
    for row in rows:
        row.full_clean()
    assert {(row.kind, row.channel) for row in rows} == {
        (kind, channel) for kind in Kind.values for channel in Channel.values
    }
    assert len(rows) == len(Kind.values) * len(Channel.values)
    assert set(default_texts()) == set(Kind.values)


@pytest.mark.parametrize(
    "facts", [{"status": "sent"}, {"status": "failed"}, {"next_try_at": factories.NOW}]
)
def test_a_state_without_its_evidence_is_refused(clinic, facts):
    patient = factories.patient(clinic, email="ada@example.org")
    factories.appointment(patient, factories.NOW.date().replace(day=30))

    with pytest.raises(IntegrityError):
        OutboxMessage.objects.update(**facts)


def test_two_messages_of_one_appointment_kind_and_sequence_are_refused(clinic):
    patient = factories.patient(clinic, email="ada@example.org")
    factories.appointment(patient, factories.NOW.date().replace(day=30))
    twin = OutboxMessage.objects.first()
    twin.pk = None

    with pytest.raises(IntegrityError):
        twin.save(force_insert=True)
