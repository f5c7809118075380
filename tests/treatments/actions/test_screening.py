"""Health checks: given once and for good, repeated in one tap, countersigned, kept with the signature."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction

from clinic.actions.refusals import Conflict
from clinic.models import AuditEvent
from tests import factories
from tests.support.records import appointment, checked, filled, ready, record
from treatments.actions.findings import judge
from treatments.actions.records import Record
from treatments.actions.screening import (
    countersign,
    give_answers,
    new_version,
    publish,
    repeat_answers,
)
from treatments.actions.sessions import open_record
from treatments.actions.signing import NotReady, is_intact, sign_session
from treatments.models import QuestionSet, ScreeningResponse, TreatmentSession
from treatments.safety.screening import Answer

NO, YES = Answer(yes=False), Answer(yes=True)


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


@pytest.fixture
def visit(plan):
    """Return the visit of the first session, today."""
    return appointment(plan, status="arrived")


def health(session, at, *, signing=False):
    """Return what the rules say about health in a record, as (level, code)."""
    session = TreatmentSession.objects.get(pk=session.pk)
    judged = judge(Record(session), at=at, signing=signing)
    return [(str(one.level), one.code) for one in judged if one.code.startswith("HEALTH")]


# --- Give -----------------------------------------------------------------------------------------
def test_answers_are_kept_with_version_person_and_day(visit, practitioner, now):
    given = checked(visit, practitioner, now, ISO=Answer(yes=True, on=now.date(), words=" 20 mg "))

    assert given.answers["ISO"] == {
        "yes": True, "on": "2026-11-23", "words": "20 mg", "term": "Isotretinoin stopped",
    }  # fmt: skip
    assert given.answers["INF"] == {"yes": False}
    assert (given.patient, given.given_on, given.given_by) == (
        visit.patient,
        now.date(),
        practitioner,
    )
    assert (given.status, given.previous, given.question_set) == (
        "given", None, factories.question_set(),
    )  # fmt: skip


def test_giving_answers_is_audited_without_a_word_of_them(visit, practitioner, now):
    given = checked(visit, practitioner, now, INF=Answer(yes=True, words="Impetigo"))

    line = AuditEvent.objects.get(action="screening.given")
    assert (line.patient_id, line.object_id) == (visit.patient_id, str(given.pk))
    assert line.details == {
        "appointment": visit.pk, "version": given.question_set.version, "unchanged": False,
    }  # fmt: skip


def test_a_double_tap_makes_one_row(visit, practitioner, now):
    key, asked = uuid.uuid4(), factories.question_set()
    answers = {row.code: NO for row in asked.questions.all()}
    rows = [
        give_answers(appointment=visit, question_set=asked, answers=answers, filled_by="patient",
                     request_key=key, at=now, by=practitioner)
        for _ in range(2)
    ]  # fmt: skip

    assert rows[0] == rows[1]
    assert AuditEvent.objects.filter(action="screening.given").count() == 1


def test_a_correction_is_another_row_and_the_newest_counts(visit, practitioner, now):
    first = checked(visit, practitioner, now, INF=YES)
    second = checked(visit, practitioner, now)

    assert second.previous == first
    assert ScreeningResponse.objects.of_visit(visit.pk) == second
    assert [row.question.code for row in second.changes] == ["INF"]
    first.refresh_from_db()
    assert first.answers["INF"]["yes"] is True


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"INF": NO, "FAINT": NO}, "Not answered yet: Isotretinoin before?"),
        ({"INF": NO, "FAINT": NO, "ISO": YES}, "Give the day, today or earlier: Isotretinoin before?"),
        ({"INF": NO, "FAINT": NO, "ISO": NO, "X": NO}, "These answers belong to other questions."),
    ],
)  # fmt: skip
def test_answers_that_are_not_whole_are_refused(visit, practitioner, now, answers, sentence):
    with pytest.raises(ValidationError, match=sentence[:20]) as refused:
        give_answers(appointment=visit, question_set=factories.question_set(), answers=answers,
                     filled_by="staff", at=now, by=practitioner)  # fmt: skip

    assert refused.value.messages == [sentence]


@pytest.mark.parametrize(("days", "given"), [(6, 1), (7, 1), (8, 0)])
def test_answers_count_from_seven_days_before_the_visit(plan, practitioner, now, days, given):
    visit = appointment(plan, day=now.date() + timedelta(days=days))

    if given:
        checked(visit, practitioner, now)
    else:
        with pytest.raises(ValidationError, match="answers count from 7 days before it"):
            checked(visit, practitioner, now)

    assert ScreeningResponse.objects.count() == given


def test_a_draft_of_questions_is_not_asked(visit, practitioner, now):
    asked = factories.question_set()
    draft = new_version(question_set=asked, at=now, by=practitioner)

    with pytest.raises(ValidationError, match="No questions are in use"):
        give_answers(appointment=visit, question_set=draft, answers={}, filled_by="staff", at=now,
                     by=practitioner)  # fmt: skip


# --- Nothing has changed --------------------------------------------------------------------------
def test_nothing_has_changed_copies_the_answers_in_one_tap(plan, practitioner, now):
    old = checked(
        appointment(plan, number=1), practitioner, now, FAINT=Answer(yes=True, words="At needles")
    )
    visit = appointment(plan, number=2)

    again = repeat_answers(appointment=visit, previous_id=old.pk, filled_by="patient", at=now,
                           by=practitioner)  # fmt: skip

    assert (again.answers, again.previous, again.unchanged) == (old.answers, old, True)
    assert again.appointment == visit


def test_nothing_has_changed_speaks_of_the_check_that_was_seen(plan, practitioner, now):
    old = checked(appointment(plan, number=1), practitioner, now)
    visit = appointment(plan, number=2)
    checked(visit, practitioner, now, INF=YES)

    with pytest.raises(ValidationError, match="another one now"):
        repeat_answers(appointment=visit, previous_id=old.pk, filled_by="staff", at=now,
                       by=practitioner)  # fmt: skip


def test_after_a_new_version_the_questions_are_asked_anew(plan, practitioner, now):
    old = checked(appointment(plan, number=1), practitioner, now)
    draft = new_version(question_set=old.question_set, at=now, by=practitioner)
    publish(question_set=draft, at=now, by=practitioner)

    with pytest.raises(ValidationError, match="The questions have changed since"):
        repeat_answers(appointment=appointment(plan, number=2), previous_id=old.pk,
                       filled_by="staff", at=now, by=practitioner)  # fmt: skip


# --- Versions -------------------------------------------------------------------------------------
def test_a_new_version_begins_as_a_copy_and_counts_from_its_day(visit, practitioner, now):
    first = factories.question_set()
    draft = new_version(question_set=first, at=now, by=practitioner)

    assert QuestionSet.objects.in_force(now.date()) == first
    publish(question_set=draft, at=now, by=practitioner)

    assert QuestionSet.objects.in_force(now.date()) == draft
    assert QuestionSet.objects.in_force(now.date() - timedelta(days=1)) == first
    assert [row.text for row in draft.questions.all()] == [
        row.text for row in first.questions.all()
    ]


# --- In the record --------------------------------------------------------------------------------
def test_a_record_without_a_check_waits_for_a_reason(plan, practitioner, now):
    session = record(plan, practitioner, now)

    assert health(session, now) == [("WARN", "HEALTH_CHECK_MISSING")]


def test_a_check_that_was_moved_out_of_its_week_is_asked_again(plan, practitioner, now):
    before = now - timedelta(days=8)
    visit = appointment(plan, day=before.date(), status="arrived")
    checked(visit, practitioner, before)
    type(visit).objects.filter(pk=visit.pk).update(local_date=now.date())
    session = open_record(appointment=visit, at=now, by=practitioner)

    assert health(session, now) == [("WARN", "HEALTH_CHECK_OLD")]


def test_a_stop_blocks_the_signature_until_a_lead_overrides(plan, practitioner, now):
    session = record(plan, practitioner, now)
    session = filled(session, practitioner, now)
    checked(session.appointment, practitioner, now, INF=YES)

    assert health(session, now) == [("STOP", "HEALTH_ANSWER")]
    with pytest.raises(NotReady) as refused:
        sign_session(session=session, version=session.version, at=now, by=practitioner)
    assert [one.code for one in refused.value.open_findings] == ["HEALTH_ANSWER"]


@pytest.mark.parametrize(("days", "found"), [
    (179, ("WARN", "HEALTH_WAIT")), (180, ("INFO", "HEALTH_WAITED")), (181, ("INFO", "HEALTH_WAITED")),
])  # fmt: skip
def test_a_wait_counts_to_the_day_of_the_session(plan, practitioner, now, days, found):
    session = record(plan, practitioner, now)
    stopped = Answer(yes=True, on=now.date() - timedelta(days=days))
    checked(session.appointment, practitioner, now, ISO=stopped)

    assert health(session, now) == [found]


@pytest.mark.parametrize(("born", "found"), [
    ("2008-11-24", [("STOP", "HEALTH_AGE")]), ("2008-11-23", []),
])  # fmt: skip
def test_a_minor_is_stopped(plan, practitioner, now, born, found):
    type(plan.patient).objects.filter(pk=plan.patient.pk).update(birth_date=born)
    session = ready(plan, practitioner, now)

    assert health(session, now) == found


# --- Countersign and sign -------------------------------------------------------------------------
def test_countersigning_keeps_who_and_when_and_happens_once(visit, practitioner, lead, now):
    given = checked(visit, practitioner, now)

    first = countersign(response=given, at=now, by=practitioner)
    second = countersign(response=given, at=now + timedelta(hours=1), by=lead)

    assert (first.countersigned_by, first.countersigned_at) == (practitioner, now)
    assert (second.countersigned_by, second.countersigned_at) == (practitioner, now)
    assert AuditEvent.objects.filter(action="screening.countersigned").count() == 1


def test_the_signature_countersigns_and_keeps_version_and_answers(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    checked(session.appointment, practitioner, now, FAINT=Answer(yes=True, words="At needles"))

    signed = sign_session(session=session, version=session.version, at=now, by=practitioner)

    check = ScreeningResponse.objects.of_visit(session.appointment_id)
    kept = signed.signed_content["health_check"]
    assert (check.status, check.countersigned_by) == ("countersigned", practitioner)
    assert kept["version"] == check.question_set.version
    assert kept["countersigned_by"] == str(practitioner)
    assert kept["answers"] == [
        {"code": "INF", "question": "An infection?", "yes": False, "on": None, "words": ""},
        {"code": "ISO", "question": "Isotretinoin before?", "yes": False, "on": None, "words": ""},
        {"code": "FAINT", "question": "Do you faint?", "yes": True, "on": None, "words": "At needles"},
    ]  # fmt: skip
    assert is_intact(signed)


def test_a_check_answered_again_meanwhile_is_read_before_it_is_signed(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    seen = ScreeningResponse.objects.of_visit(session.appointment_id)
    checked(session.appointment, practitioner, now, FAINT=YES)

    with pytest.raises(Conflict, match="answered again"):
        sign_session(session=session, version=session.version, check_seen=seen.pk, at=now,
                     by=practitioner)  # fmt: skip

    assert TreatmentSession.objects.get().status == "draft"


def test_after_the_signature_no_more_answers_come_in(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    sign_session(session=session, version=session.version, at=now, by=practitioner)

    with pytest.raises(ValidationError, match="is signed; it can only be amended"):
        checked(session.appointment, practitioner, now)


# --- What the database keeps ----------------------------------------------------------------------
def refused(deed) -> bool:
    """Say whether the database refuses a deed."""
    try:
        with transaction.atomic():
            deed()
    except DatabaseError:
        return True
    return False


def test_answers_never_change_and_never_go(visit, practitioner, now):
    given = checked(visit, practitioner, now)
    rows = ScreeningResponse.objects.filter(pk=given.pk)

    assert refused(lambda: rows.update(answers={}))
    assert refused(lambda: rows.update(given_on=now.date() - timedelta(days=1)))
    assert refused(lambda: rows.update(status="countersigned"))
    assert refused(lambda: rows.update(countersigned_at=now, countersigned_by=practitioner))
    assert refused(rows.delete)


def test_a_countersignature_stays(visit, practitioner, lead, now):
    given = countersign(response=checked(visit, practitioner, now), at=now, by=practitioner)
    rows = ScreeningResponse.objects.filter(pk=given.pk)

    assert refused(lambda: rows.update(countersigned_by=lead))
    assert refused(
        lambda: rows.update(status="given", countersigned_at=None, countersigned_by=None)
    )
    assert refused(rows.delete)


def test_nothing_changed_needs_what_it_did_not_change_from(visit, practitioner, now):
    given = checked(visit, practitioner, now)
    given.pk, given.unchanged, given.request_key = None, True, None

    assert refused(given.save)


def test_questions_in_use_are_neither_added_changed_nor_removed(visit):
    asked = factories.question_set()
    row = asked.questions.first()

    assert refused(lambda: asked.questions.filter(pk=row.pk).update(text="Other"))
    assert refused(asked.questions.filter(pk=row.pk).delete)
    assert refused(lambda: type(row).objects.create(
        question_set=asked, code="NEW", group="skin", text="?", term="?", kind="ABS", level="STOP",
        **factories.SOURCE))  # fmt: skip
    assert refused(lambda: QuestionSet.objects.filter(pk=asked.pk).update(title="Other"))
    assert refused(lambda: QuestionSet.objects.filter(pk=asked.pk).update(status="draft"))


@pytest.mark.parametrize(
    "facts", [{"kind": "WAIT"}, {"kind": "ABS", "wait_days": 3}, {"level": "X"}]
)
def test_a_question_says_what_it_needs(visit, practitioner, now, facts):
    draft = new_version(question_set=factories.question_set(), at=now, by=practitioner)

    assert refused(lambda: draft.questions.filter(code="INF").update(**facts))
