"""What was agreed to: texts, consents to a course, and permissions for photos.

A text is never edited: a new version replaces it, and what was signed keeps the version it answers.
The database freezes a signature; a withdrawal is a state with its evidence, never a deletion.
"""

from datetime import date

from django.db import models
from django.db.models import Exists, OuterRef, Q

from clinic.models import Clinic, Patient
from clinic.models.constraints import Frozen, all_or_none
from treatments.models.plans import TreatmentPlan

GIVEN, REFUSED, WITHDRAWN = "given", "refused", "withdrawn"
WITHDRAWAL = ("withdrawn_at", "withdrawn_by", "withdrawn_because")
#: The drawing field of a signature, in units of its own (static/js/signature.js draws in it too).
PAD_WIDTH, PAD_HEIGHT = 600, 200


class ConsentTextQuerySet(models.QuerySet):
    """Questions about texts."""

    def in_force(self, day: date):
        """Keep the newest version in use on a day, of each text and language."""
        taken_effect = self.model.objects.filter(active=True, effective_from__lte=day)
        newer = taken_effect.filter(
            code=OuterRef("code"), language=OuterRef("language"), version__gt=OuterRef("version")
        )
        return self.filter(~Exists(newer), active=True, effective_from__lte=day)


class ConsentText(models.Model):
    """One version of a text that patients agree to."""

    class Kind(models.TextChoices):
        PROCEDURE = "procedure", "Needling"
        OFF_LABEL = "off_label", "Use outside what the device is authorised for"
        NUMBING = "numbing", "Numbing cream"
        PHOTO = "photo", "Photos"

    kind = models.CharField(max_length=12, choices=Kind)
    code = models.CharField(max_length=24)
    version = models.PositiveSmallIntegerField()
    language = models.CharField(max_length=8, default="en")
    title = models.CharField(max_length=120)
    text = models.TextField()
    source = models.CharField(max_length=600)
    effective_from = models.DateField()
    active = models.BooleanField(default=True)

    objects = ConsentTextQuerySet.as_manager()

    class Meta:
        verbose_name = "consent text"
        ordering = ["kind", "code", "language", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["code", "version", "language"], name="consenttext_one_per_version",
                violation_error_message="This version exists. A new text takes the next number.",
            ),
            Frozen(
                column="kind", values=("procedure", "off_label", "numbing", "photo"),
                mutable=("active",), name="consenttext_never_edited",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.title}, version {self.version}"


class Signature(models.Model):
    """How somebody put their name to a text: drawn strokes, a typed name, or both.

    `strokes` is a list of lines, each a list of [x, y] whole numbers inside the pad.
    """

    strokes = models.JSONField(null=True, blank=True)
    typed_name = models.CharField(max_length=160, blank=True)

    class Meta:
        abstract = True

    @property
    def path(self) -> str:
        """Return the strokes as the path of an SVG whose view box is the pad; "" without a drawing."""
        lines = ([f"{int(x)} {int(y)}" for x, y in line] for line in self.strokes or ())
        # A tap alone draws nothing in SVG: a line of no length with a round end is a dot.
        return " ".join(f"M{line[0]} L{' '.join(line[1:] or line)}" for line in lines if line)


def _signed_stays(name: str) -> list[Frozen]:
    """Return the promises of a signed row: it stays, but for one withdrawal, and that stays too."""
    return [
        Frozen(column="status", values=(GIVEN,), mutable=WITHDRAWAL, moves=((GIVEN, WITHDRAWN),),
               name=f"{name}_given_stays"),
        Frozen(column="status", values=(REFUSED, WITHDRAWN), name=f"{name}_ended_stays"),
    ]  # fmt: skip


def _with_evidence(name: str) -> list[models.CheckConstraint]:
    """Return the promises of a withdrawal: who, when and why, and only for one withdrawn."""
    return [
        models.CheckConstraint(
            condition=(Q(status=WITHDRAWN, withdrawn_at__isnull=False))
            | (~Q(status=WITHDRAWN) & Q(withdrawn_at__isnull=True)),
            name=f"{name}_withdrawn_when",
        ),
        models.CheckConstraint(
            condition=all_or_none("withdrawn_at", "withdrawn_by", blank=("withdrawn_because",)),
            name=f"{name}_withdrawn_with_reason",
            violation_error_message="Say why it is withdrawn.",
        ),
    ]


class ConsentQuerySet(models.QuerySet):
    """Questions about consents."""

    def standing(self):
        """Leave out what was withdrawn."""
        return self.filter(status=GIVEN)

    def for_page(self):
        """Join what a page about consents prints, newest first."""
        rows = self.select_related("text", "taken_by", "withdrawn_by")
        return rows.order_by("-given_at", "pk")


class Consent(Signature):
    """A patient's consent to one text for all sessions of one course (FHIR Consent)."""

    class Status(models.TextChoices):
        GIVEN = GIVEN, "Given"
        WITHDRAWN = WITHDRAWN, "Withdrawn"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="consents")
    plan = models.ForeignKey(TreatmentPlan, models.PROTECT, related_name="consents")
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="consents")
    status = models.CharField(max_length=9, choices=Status, default=Status.GIVEN)
    questions = models.TextField(blank=True)  # what the patient asked, and was told
    given_at = models.DateTimeField()
    taken_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    request_key = models.UUIDField(null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_because = models.CharField(max_length=300, blank=True)

    objects = ConsentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "text"], condition=Q(status=GIVEN), name="consent_stands_once"
            ),
            models.UniqueConstraint(fields=["request_key", "text"], name="consent_one_per_request"),
            models.CheckConstraint(
                condition=Q(strokes__isnull=False) | ~Q(typed_name=""), name="consent_is_signed",
                violation_error_message="Sign with the finger, or type the name.",
            ),
            *_with_evidence("consent"),
            *_signed_stays("consent"),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.text} ({self.get_status_display().lower()})"

    @property
    def stands(self) -> bool:
        """Say whether it was not withdrawn."""
        return self.status == GIVEN


class PhotoPermissionQuerySet(models.QuerySet):
    """Questions about permissions for photos; the newest row of a scope is what holds."""

    def latest_of(self, patient) -> dict[str, "PhotoPermission"]:
        """Return by scope the row that holds."""
        rows = self.filter(patient=patient).select_related("text", "taken_by", "withdrawn_by")
        return {row.scope: row for row in rows.order_by("pk")}

    def permits(self, patient_id: int, scope: str, *, with_face: bool = False) -> bool:
        """Say whether a permission for a scope stands, also for recognisable faces if asked."""
        rows = self.filter(patient_id=patient_id, scope=scope, status=GIVEN)
        return rows.filter(face_identifiable=True).exists() if with_face else rows.exists()

    def declined_record(self, patient_ids) -> set[int]:
        """Return which of these patients refused photos for their record, or withdrew that."""
        rows = self.filter(patient_id__in=patient_ids, scope=PhotoPermission.Scope.RECORD)
        last = dict(rows.order_by("pk").values_list("patient_id", "status"))
        return {patient_id for patient_id, status in last.items() if status != GIVEN}


class PhotoPermission(Signature):
    """What a patient answered about photos for one purpose; each purpose is asked by itself.

    RECORD is the treatment record itself. Photos taken while it stood remain part of the record
    after a withdrawal; every other scope ends for all photos at once.
    """

    class Scope(models.TextChoices):
        RECORD = "RECORD", "Treatment record"
        TEAM_TEACHING = "TEAM_TEACHING", "Teaching inside the team"
        EXTERNAL = "EXTERNAL_TEACHING_PUBLICATION", "Teaching outside and publication"
        MARKETING_SITE = "MARKETING_SITE", "The clinic's website"
        MARKETING_SOCIAL = "MARKETING_SOCIAL", "Social media"
        PROMO_PRINT = "PROMO_PRINT", "Printed advertising"

    class Status(models.TextChoices):
        GIVEN = GIVEN, "Given"
        REFUSED = REFUSED, "Refused"
        WITHDRAWN = WITHDRAWN, "Withdrawn"

    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="+")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="photo_permissions")
    scope = models.CharField(max_length=32, choices=Scope)
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="permissions")
    status = models.CharField(max_length=9, choices=Status)
    face_identifiable = models.BooleanField(
        "also photos on which the face can be recognised", default=False
    )
    answered_at = models.DateTimeField()
    taken_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    withdrawn_because = models.CharField(max_length=300, blank=True)

    objects = PhotoPermissionQuerySet.as_manager()

    class Meta:
        verbose_name = "photo permission"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "scope"], condition=Q(status=GIVEN),
                name="photopermission_stands_once",
            ),
            models.CheckConstraint(
                condition=Q(scope="RECORD") | Q(status=REFUSED) | Q(strokes__isnull=False)
                | ~Q(typed_name=""),
                name="photopermission_beyond_the_record_is_signed",
                violation_error_message="Any use beyond the record needs a signature.",
            ),
            models.CheckConstraint(
                condition=~Q(status=REFUSED) | Q(face_identifiable=False),
                name="photopermission_refused_has_no_face",
            ),
            *_with_evidence("photopermission"),
            *_signed_stays("photopermission"),
        ]  # fmt: skip
        indexes = [models.Index(fields=["patient", "scope"], name="photopermission_patient")]

    def __str__(self):
        return f"{self.get_scope_display()}: {self.get_status_display().lower()}"

    @property
    def stands(self) -> bool:
        """Say whether it was given and not withdrawn."""
        return self.status == GIVEN
