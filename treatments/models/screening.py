"""The health check: versioned questions, and what a patient answered before a visit.

A text is never edited once patients may have answered it: a new version of the set replaces it.
Answers never change either; a correction is another response, and the newest of a visit counts.
"""

import json
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.db.models.functions import JSONObject

from clinic.models import Appointment, Clinic, Patient
from clinic.models.constraints import Frozen, FrozenWith, all_or_none
from treatments.safety.findings import Level
from treatments.safety.screening import Answer, Asked, Kind

SOON_DAYS = 7  # how far ahead a page says that a check is missing
PUBLISHED = ("published",)


class QuestionSetQuerySet(models.QuerySet):
    """Questions about question sets."""

    def in_force(self, day: date) -> "QuestionSet | None":
        """Return the version asked on a day, with its questions; None before the first."""
        rows = self.filter(status=QuestionSet.Status.PUBLISHED, effective_from__lte=day)
        return rows.prefetch_related("questions").order_by("effective_from", "version").last()


class QuestionSet(models.Model):
    """One version of the questions asked before a session."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "In use"

    version = models.PositiveSmallIntegerField(unique=True)
    title = models.CharField("name", max_length=120)
    status = models.CharField("state", max_length=12, choices=Status, default=Status.DRAFT)
    answer_within_days = models.PositiveSmallIntegerField("days before the visit, at most")
    source = models.CharField(max_length=300)
    effective_from = models.DateField("holds from")

    objects = QuestionSetQuerySet.as_manager()

    class Meta:
        verbose_name = "health check"
        verbose_name_plural = "health checks"
        ordering = ["-version"]
        constraints = [Frozen(column="status", values=PUBLISHED, name="questionset_frozen")]

    def __str__(self):
        return f"{self.title}, version {self.version}"

    def asked_of(self, protocol) -> list["Question"]:
        """Return the questions that concern a protocol; without one, all but those of RF."""
        return [row for row in self.questions.all() if row.concerns(protocol)]


class Question(models.Model):
    """One question in the patient's words, with what a yes means to the clinician."""

    class Group(models.TextChoices):
        SKIN = "skin", "The skin we treat"
        RECENT = "recent", "In the last weeks and months"
        HEALTH = "health", "Your health"
        NUMBING = "numbing", "Numbing cream"

    class AppliesTo(models.TextChoices):
        NEEDLING = "needling", "Every needling"
        NUMBING = "numbing", "Only with numbing cream"
        RF = "rf", "Only RF needling"

    KINDS = [(Kind.ABS.value, "Never"), (Kind.REL.value, "Doctor or lead reviews"),
             (Kind.WAIT.value, "Wait"), (Kind.CAUT.value, "With care")]  # fmt: skip
    LEVELS = [(level.value, level.label) for level in Level]

    question_set = models.ForeignKey(QuestionSet, models.PROTECT, related_name="questions")
    code = models.CharField("short name", max_length=24)
    order = models.PositiveSmallIntegerField("place in the list", default=0)
    group = models.CharField("heading", max_length=8, choices=Group)
    text = models.CharField("question", max_length=300)
    term = models.CharField("in the findings", max_length=120)
    kind = models.CharField("a yes means", max_length=4, choices=KINDS)
    level = models.CharField("a yes raises", max_length=4, choices=LEVELS)
    wait_days = models.PositiveSmallIntegerField("wait in days", null=True, blank=True)
    date_label = models.CharField("words at the date", max_length=80, blank=True)
    advice = models.CharField("what to do", max_length=300, blank=True)
    applies_to = models.CharField(
        "counts for", max_length=8, choices=AppliesTo, default=AppliesTo.NEEDLING
    )
    region = models.CharField("only this part of the body", max_length=24, blank=True)
    drugs = models.JSONField("only with these actives", default=list, blank=True)
    source = models.CharField(max_length=300)
    effective_from = models.DateField("holds from")

    class Meta:
        ordering = ["order", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["question_set", "code"], name="question_one_code"),
            models.CheckConstraint(
                condition=Q(kind="WAIT", wait_days__isnull=False, wait_days__gte=1)
                | (~Q(kind="WAIT") & Q(wait_days__isnull=True)),
                name="question_wait_has_days",
                violation_error_message="A wait has its days, and nothing else has.",
            ),
            models.CheckConstraint(
                condition=Q(level__in=[level.value for level in Level]), name="question_has_a_level"
            ),
            FrozenWith(
                parent="question_set", column="status", values=PUBLISHED, name="question_frozen"
            ),
        ]

    def __str__(self):
        return self.text

    @property
    def wants_date(self) -> bool:
        """Say whether a yes needs its day."""
        return self.kind == Kind.WAIT

    def concerns(self, protocol) -> bool:
        """Say whether the question is asked for a protocol (None: a session outside a course)."""
        if self.applies_to == self.AppliesTo.RF:
            return protocol is not None and protocol.modality == "rf"
        return protocol is None or self.region in {"", protocol.region}

    def as_asked(self) -> Asked:
        """Return the question as the rules read it."""
        return Asked(
            self.code, self.term, Kind(self.kind), Level(self.level), self.source, self.advice,
            self.wait_days, numbing=self.applies_to == self.AppliesTo.NUMBING,
            drugs=frozenset(self.drugs),
        )  # fmt: skip


@dataclass(frozen=True)
class AnswerRow:
    """One question with its answer and what was answered before, None where it was not asked."""

    question: Question
    answer: Answer | None
    before: Answer | None

    @property
    def is_new(self) -> bool:
        """Say whether the answer differs from the one before."""
        return self.before is not None and self.answer != self.before


class ScreeningResponseQuerySet(models.QuerySet):
    """Questions about health checks that were answered."""

    def for_page(self):
        """Load a response with its questions and people, newest first. Two queries."""
        rows = self.select_related("question_set", "given_by", "countersigned_by", "previous")
        return rows.prefetch_related("question_set__questions").order_by("-pk")

    def of_visit(self, appointment_id: int | None) -> "ScreeningResponse | None":
        """Return what counts for a visit: its newest response."""
        return self.for_page().filter(appointment_id=appointment_id).first()

    def of_patient(self, patient_id: int) -> "ScreeningResponse | None":
        """Return a patient's newest response, of whichever visit."""
        return self.for_page().filter(patient_id=patient_id).first()


class ScreeningResponse(models.Model):
    """What was answered for one visit. `answers` is {code: {"yes", "on", "words", "term"}}.

    A no has its "yes" alone; "term" is the clinician's word as it was on the day.
    """

    class Status(models.TextChoices):
        GIVEN = "given", "To be countersigned"
        COUNTERSIGNED = "countersigned", "Countersigned"

    class FilledBy(models.TextChoices):
        PATIENT = "patient", "The patient, on this device"
        STAFF = "staff", "Staff, asking the patient"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="health_checks")
    appointment = models.ForeignKey(Appointment, models.PROTECT, related_name="health_checks")
    question_set = models.ForeignKey(QuestionSet, models.PROTECT, related_name="responses")
    answers = models.JSONField()
    filled_by = models.CharField(max_length=8, choices=FilledBy)
    given_on = models.DateField()  # by the clinic's wall
    given_at = models.DateTimeField()
    given_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    previous = models.ForeignKey("self", models.PROTECT, null=True, related_name="+")
    unchanged = models.BooleanField(default=False)  # "nothing has changed", in one tap
    status = models.CharField(max_length=16, choices=Status, default=Status.GIVEN)
    countersigned_at = models.DateTimeField(null=True)
    countersigned_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, related_name="+"
    )  # fmt: skip
    request_key = models.UUIDField(null=True, unique=True, editable=False)

    objects = ScreeningResponseQuerySet.as_manager()

    class Meta:
        verbose_name = "answered health check"
        constraints = [
            models.CheckConstraint(
                condition=Q(unchanged=False) | Q(previous__isnull=False),
                name="screeningresponse_unchanged_from_what",
            ),
            models.CheckConstraint(
                condition=all_or_none("countersigned_at", "countersigned_by")
                & (Q(status="given", countersigned_at__isnull=True)
                   | Q(status="countersigned", countersigned_at__isnull=False)),
                name="screeningresponse_countersigned_with_evidence",
            ),
            Frozen(
                column="status", values=("given",), moves=(("given", "countersigned"),),
                mutable=("countersigned_at", "countersigned_by"),
                name="screeningresponse_answers_stay",
            ),
            Frozen(
                column="status", values=("countersigned",), name="screeningresponse_signature_stays"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["patient", "-id"], name="screening_patient_newest")]

    def __str__(self):
        return f"Health check of {self.given_on}"

    @property
    def is_countersigned(self) -> bool:
        """Say whether somebody who treats has countersigned it."""
        return self.status == self.Status.COUNTERSIGNED

    @property
    def read(self) -> dict[str, Answer]:
        """Return the answers as the rules read them."""
        return {code: _answer(plain) for code, plain in self.answers.items()}

    @property
    def rows(self) -> list[AnswerRow]:
        """Return every question that was asked with its answer, in the order of the set."""
        now = self.read
        before = self.previous.read if self.previous_id else {}
        return [
            AnswerRow(row, now[row.code], before.get(row.code))
            for row in self.question_set.questions.all()
            if row.code in now
        ]

    @property
    def yeses(self) -> list[AnswerRow]:
        """Return what was answered yes."""
        return [row for row in self.rows if row.answer.yes]

    @property
    def noes(self) -> list[AnswerRow]:
        """Return what was answered no."""
        return [row for row in self.rows if not row.answer.yes]

    @property
    def changes(self) -> list[AnswerRow]:
        """Return what was answered otherwise than in the response before."""
        return [row for row in self.rows if row.is_new]


def _answer(plain: dict) -> Answer:
    on = date.fromisoformat(plain["on"]) if plain.get("on") else None
    return Answer(bool(plain["yes"]), on, plain.get("words", ""))


@dataclass(frozen=True)
class CheckTold:
    """What one line about a visit's health check prints; comes with the visit's own row.

    `yeses` are (term, answer); None where the answers were not read.
    """

    key: int
    appointment_id: int
    given_on: date
    version: int
    within_days: int
    is_countersigned: bool
    unchanged: bool
    yeses: tuple[tuple[str, Answer], ...] | None

    @classmethod
    def of(cls, visit: Appointment) -> "CheckTold | None":
        """Return what a row read by `with_check` tells, None where no check was answered."""
        told = visit.check_told
        if told is None:
            return None
        return cls(
            told["pk"], visit.pk, date.fromisoformat(told["given_on"][:10]), told["version"],
            told["within_days"], told["status"] == ScreeningResponse.Status.COUNTERSIGNED,
            bool(told["unchanged"]), _yeses(told.get("answers")),
        )  # fmt: skip

    def counts_on(self, day: date) -> bool:
        """Say whether it was answered late enough to count for a visit of a day."""
        return (day - self.given_on).days <= self.within_days


def _yeses(answers) -> tuple[tuple[str, Answer], ...] | None:
    if answers is None:
        return None
    answers = json.loads(answers) if isinstance(answers, str) else answers  # SQLite's way
    return tuple((one["term"], _answer(one)) for one in answers.values() if one["yes"])


def with_check(visits, *, answers: bool):
    """Give visits their newest health check as `check_told`, in the query that reads them.

    `answers` reads them too: never for the front desk.
    """
    newest = ScreeningResponse.objects.filter(appointment=OuterRef("pk")).order_by("-pk")
    told = newest.values(told=JSONObject(
        pk="pk", given_on="given_on", version="question_set__version", status="status",
        within_days="question_set__answer_within_days", unchanged="unchanged",
        **({"answers": "answers"} if answers else {}),
    ))  # fmt: skip
    return visits.annotate(check_told=Subquery(told[:1], output_field=models.JSONField()))


def needs_check(visit: Appointment) -> bool:
    """Say whether a visit is one of needling, still to come or going on; phases are prefetched."""
    ahead = visit.status in {"booked", "arrived", "in_session"}
    return ahead and any(phase.kind == "needling" for phase in visit.service.phases.all())


def lacking(visits, *, today: date) -> set[int]:
    """Return the keys of needling visits from today to a week ahead that have no health check.

    One query for all of them; of no answer is anything read.
    """
    last = today + timedelta(days=SOON_DAYS)
    soon = {
        row.pk: row.local_date for row in visits
        if today <= row.local_date <= last and needs_check(row)
    }  # fmt: skip
    if not soon:
        return set()
    rows = ScreeningResponse.objects.filter(appointment__in=list(soon)).order_by("pk")
    rows = rows.values_list("appointment_id", "given_on", "question_set__answer_within_days")
    newest = {pk: (given_on, within) for pk, given_on, within in rows}
    fresh = {
        pk for pk, (given_on, within) in newest.items() if (soon[pk] - given_on).days <= within
    }
    return soon.keys() - fresh
