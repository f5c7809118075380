"""Deeds on health checks: give answers, say that nothing has changed, countersign.

`about` is what the rules say about a visit's check; the session record and the check's own page
both ask it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from django.core.exceptions import ValidationError

from clinic.actions.audit import record as audit
from clinic.actions.locks import deed
from clinic.models import Appointment, Patient
from clinic.scheduling.reasons import day_words
from treatments.actions.thresholds import HouseRules
from treatments.models import Protocol, Question, QuestionSet, ScreeningResponse, TreatmentSession
from treatments.safety.findings import Finding
from treatments.safety.screening import (
    Answer,
    check_age,
    check_answers,
    check_fresh,
    check_missing,
)

OPEN = ("booked", "arrived", "in_session", "fulfilled")
WORDS_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Checked:
    """Whose check it is, for which day, and what is to be done: all that the rules read."""

    patient: Patient
    day: date
    response: ScreeningResponse | None
    protocol: Protocol | None
    creams: frozenset[str]
    rules: HouseRules
    jurisdiction: str


def about(checked: Checked) -> Iterator[Finding]:
    """Return what the rules say about a visit's health check and the patient's age."""
    limits, response = checked.rules.age, checked.response
    if not checked.jurisdiction.upper().startswith("US"):
        limits = replace(limits, label_from_years=None)
    yield from check_age(checked.patient.birth_date, day=checked.day, limits=limits)
    if response is None:
        yield check_missing(checked.day)
        return
    asked = response.question_set
    yield from check_fresh(
        response.given_on, day=checked.day, within_days=asked.answer_within_days,
        source=asked.source,
    )  # fmt: skip
    yield from check_answers(
        [row.as_asked() for row in asked.asked_of(checked.protocol)], response.read,
        day=checked.day, creams=checked.creams,
    )  # fmt: skip


def creams_of(numbing) -> frozenset[str]:
    """Return actives and chemical classes of creams, lower case; their actives are prefetched."""
    actives = [active for row in numbing for active in row.product.actives.all()]
    return frozenset(
        word.lower() for one in actives for word in (one.name, one.chemical_class) if word
    )


@deed
def give_answers(
    *, appointment: Appointment, question_set: QuestionSet, answers: dict[str, Answer],
    filled_by: str, at: datetime, by, request_key: UUID | None = None,
) -> ScreeningResponse:  # fmt: skip
    """Keep what was answered for a visit and return it; the same `request_key` makes one row.

    Later answers for the same visit stand beside the earlier ones, and the newest count. Raises
    ValidationError for a visit that is over or too far ahead, for a signed record, and for answers
    that are not whole.
    """
    visit = Appointment.objects.select_for_update().select_related("clinic").get(pk=appointment.pk)
    if made := _made(visit, request_key):
        return made
    _must_be_open(visit, question_set, at)
    _must_be_whole(visit, question_set, answers, at)
    return _keep(visit, question_set, answers, at=at, by=by, filled_by=filled_by,
                 request_key=request_key)  # fmt: skip


@deed
def repeat_answers(
    *, appointment: Appointment, previous_id: int, filled_by: str, at: datetime, by,
    request_key: UUID | None = None,
) -> ScreeningResponse:  # fmt: skip
    """Keep that nothing has changed since the patient's newest check: its answers count again.

    `previous_id` is the check the person saw. Raises ValidationError where another one has come
    meanwhile, where the questions are of another version now, or where this visit asks more.
    """
    visit = Appointment.objects.select_for_update().select_related("clinic").get(pk=appointment.pk)
    if made := _made(visit, request_key):
        return made
    last = ScreeningResponse.objects.of_patient(visit.patient_id)
    if last is None or last.pk != previous_id:
        raise ValidationError("The last health check is another one now; read it again.")
    asked = QuestionSet.objects.in_force(visit.local_date)
    if asked != last.question_set:
        raise ValidationError("The questions have changed since; answer them anew.")
    _must_be_open(visit, asked, at)
    _must_be_whole(visit, asked, last.read, at)
    return _keep(visit, asked, last.read, at=at, by=by, filled_by=filled_by,
                 request_key=request_key, unchanged=True)  # fmt: skip


@deed
def countersign(*, response: ScreeningResponse, at: datetime, by) -> ScreeningResponse:
    """Countersign answers that were read; a second time changes nothing."""
    changed = ScreeningResponse.objects.filter(pk=response.pk, status="given").update(
        status=ScreeningResponse.Status.COUNTERSIGNED, countersigned_at=at, countersigned_by=by
    )
    response = ScreeningResponse.objects.for_page().get(pk=response.pk)
    if changed:
        audit("screening.countersigned", response, at=at, by=by, category="note",
              details={"appointment": response.appointment_id})  # fmt: skip
    return response


@deed
def new_version(*, question_set: QuestionSet, at: datetime, by) -> QuestionSet:
    """Copy a version with its questions into a draft with the next number."""
    newest = QuestionSet.objects.select_for_update().order_by("version").last()
    draft = QuestionSet.objects.create(
        version=newest.version + 1, title=question_set.title, source=question_set.source,
        answer_within_days=question_set.answer_within_days,
        effective_from=max(question_set.effective_from, at.date()),
    )  # fmt: skip
    copies = list(question_set.questions.all())
    for row in copies:
        row.pk, row.question_set = None, draft
    Question.objects.bulk_create(copies)
    audit("catalogue.added", draft, at=at, by=by, details={"from": question_set.version})
    return draft


@deed
def publish(*, question_set: QuestionSet, at: datetime, by) -> QuestionSet:
    """Put a version into use: from its day on it is asked, and it never changes again."""
    if not question_set.questions.exists():
        raise ValidationError("A version without questions is not put into use.")
    drafts = QuestionSet.objects.filter(pk=question_set.pk, status=QuestionSet.Status.DRAFT)
    if drafts.update(status=QuestionSet.Status.PUBLISHED):
        audit("catalogue.published", question_set, at=at, by=by,
              details={"version": question_set.version})  # fmt: skip
    question_set.refresh_from_db()
    return question_set


def content_of(response: ScreeningResponse | None) -> dict | None:
    """Return a check as a signed record keeps it: version, people, and every answer in words."""
    if response is None:
        return None
    return {
        "version": response.question_set.version,
        "given_at": response.given_at.isoformat(), "given_by": str(response.given_by),
        "filled_by": response.get_filled_by_display(), "unchanged": response.unchanged,
        "countersigned_at": response.countersigned_at and response.countersigned_at.isoformat(),
        "countersigned_by": response.countersigned_by and str(response.countersigned_by),
        "yeses": len(response.yeses),
        "answers": [
            {"code": row.question.code, "question": row.question.text, "yes": row.answer.yes,
             "on": row.answer.on and row.answer.on.isoformat(), "words": row.answer.words}
            for row in response.rows
        ],
    }  # fmt: skip


def _made(visit, request_key) -> ScreeningResponse | None:
    if request_key is None:
        return None
    return ScreeningResponse.objects.filter(appointment=visit, request_key=request_key).first()


def _must_be_open(visit, question_set, at) -> None:
    """Refuse a visit that is over, too far ahead, or signed (held until the deed commits)."""
    if visit.status not in OPEN:
        raise ValidationError(f"This visit is marked “{visit.get_status_display()}”.")
    if question_set is None or question_set.status != QuestionSet.Status.PUBLISHED:
        raise ValidationError("No questions are in use on this day; a lead puts them into use.")
    days = (visit.local_date - visit.clinic.local_date(at)).days
    if days > question_set.answer_within_days:
        raise ValidationError(
            f"The visit is {day_words(visit.local_date)}, in {days} days; answers count from"
            f" {question_set.answer_within_days} days before it.", code="too_early",
        )  # fmt: skip
    records = TreatmentSession.objects.select_for_update().filter(appointment=visit)
    if any(row.status == TreatmentSession.Status.SIGNED for row in records):
        raise ValidationError("The record of this visit is signed; it can only be amended.")


def _must_be_whole(visit, question_set, answers, at) -> None:
    planned = getattr(visit, "planned_session", None)
    asked = question_set.asked_of(planned.plan.protocol if planned else None)
    codes = {row.code for row in asked}
    if missing := [row.text for row in asked if row.code not in answers]:
        raise ValidationError(f"Not answered yet: {missing[0]}", code="missing")
    if answers.keys() - {row.code for row in question_set.questions.all()}:
        raise ValidationError("These answers belong to other questions.", code="unknown")
    today = visit.clinic.local_date(at)
    for row in question_set.questions.all():
        answer = answers.get(row.code)
        if row.code not in codes or not answer or not answer.yes or not row.wants_date:
            continue
        if answer.on is None or answer.on > today:
            raise ValidationError(f"Give the day, today or earlier: {row.text}", code="date")


def _keep(visit, question_set, answers, *, at, by, **facts) -> ScreeningResponse:
    last = ScreeningResponse.objects.filter(patient_id=visit.patient_id).order_by("-pk").first()
    terms = {row.code: row.term for row in question_set.questions.all()}
    response = ScreeningResponse.objects.create(
        clinic=visit.clinic, patient_id=visit.patient_id, appointment=visit,
        question_set=question_set,
        answers={code: _plain(one, terms[code]) for code, one in answers.items()},
        given_on=visit.clinic.local_date(at), given_at=at, given_by=by,
        previous=last, **facts,
    )  # fmt: skip
    audit("screening.given", response, at=at, by=by, category="note",
          details={"appointment": visit.pk, "version": question_set.version,
                   "unchanged": response.unchanged})  # fmt: skip
    return response


def _plain(answer: Answer, term: str) -> dict:
    if not answer.yes:
        return {"yes": False}
    on = answer.on.isoformat() if answer.on else None
    return {"yes": True, "on": on, "words": answer.words.strip()[:WORDS_LONGEST], "term": term}
