"""What was seen: progress photos. Bytes live outside the web root under random keys."""

import uuid
from datetime import date, tzinfo

from django.db import models
from django.db.models import Q
from django.urls import reverse

from clinic.models import Clinic, Patient
from treatments.models.protocols import View
from treatments.models.sessions import TreatmentSession


class PhotoQuerySet(models.QuerySet):
    """Questions about photos."""

    def of(self, clinic):
        """Keep the photos of one clinic."""
        return self.filter(clinic=clinic)

    def shown(self):
        """Keep photos with a stored file that are not struck out."""
        return self.filter(struck_at__isnull=True).exclude(state="pending")

    def days_of(self, patient_ids, from_day, to_day) -> set[tuple[int, date]]:
        """Return (patient, day) of every day on which one of these patients was photographed."""
        taken = self.shown().filter(patient_id__in=patient_ids, taken_on__range=(from_day, to_day))
        return set(taken.order_by().values_list("patient_id", "taken_on").distinct())

    def for_gallery(self):
        """Return photos by view, oldest first, with what a gallery prints."""
        return self.select_related("view", "session").order_by("view__order", "taken_on", "pk")


class Photo(models.Model):
    """A progress photo of one standard view.

    `pending`: the row is written, the file may not be; `stored`: the stripped master is safe on
    disk; `ready`: its three sizes are too; `failed`: the sizes could not be made, the master is
    there all the same.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Arriving"
        STORED = "stored", "Stored"
        READY = "ready", "Ready"
        FAILED = "failed", "Could not be prepared"

    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="photos")
    patient = models.ForeignKey(Patient, models.PROTECT, related_name="photos")
    session = models.ForeignKey(
        TreatmentSession, models.PROTECT, null=True, blank=True, related_name="photos"
    )
    view = models.ForeignKey(View, models.PROTECT, null=True, blank=True, related_name="photos")
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    taken_on = models.DateField()
    taken_at = models.DateTimeField(null=True, blank=True)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey("clinic.User", models.PROTECT, related_name="+")
    storage_name = models.CharField(max_length=100, unique=True)
    width = models.PositiveIntegerField(default=0)
    height = models.PositiveIntegerField(default=0)
    size_bytes = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, blank=True)
    original_sha256 = models.CharField(max_length=64, blank=True)
    original_format = models.CharField(max_length=8, blank=True)
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(
        "clinic.User", models.PROTECT, null=True, blank=True, related_name="+"
    )
    struck_because = models.CharField(max_length=200, blank=True)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state="pending") | (~Q(sha256="") & Q(width__gt=0, height__gt=0)),
                name="photo_stored_with_its_hash",
            ),
            models.CheckConstraint(
                condition=(Q(struck_at__isnull=True, struck_by__isnull=True, struck_because=""))
                | (Q(struck_at__isnull=False, struck_by__isnull=False) & ~Q(struck_because="")),
                name="photo_struck_with_reason",
                violation_error_message="Say why this photo is a mistake.",
            ),
            models.UniqueConstraint(
                fields=["patient", "original_sha256"],
                condition=Q(struck_at__isnull=True) & ~Q(original_sha256=""),
                name="photo_same_file_once",
                violation_error_message="This photo is already on file.",
            ),
        ]
        indexes = [models.Index(fields=["patient", "view", "taken_on"], name="photo_patient_view")]

    def __str__(self):
        return f"Photo of {self.taken_on}"

    def get_absolute_url(self):
        """Return the gate that hands out the large size."""
        return reverse("photo_file", args=[self.key, "large"])

    def is_dated_apart(self, zone: tzinfo) -> bool:
        """Say whether the camera's day, by the clinic's wall, is not that of the photo's session.

        Which of the two is right only a person knows; until then the photo stands in no row.
        """
        if self.session is None or self.taken_at is None:
            return False
        camera = self.taken_at.astimezone(zone).date()
        return camera == self.taken_on != self.session.performed_on

    @property
    def has_sizes(self) -> bool:
        """Say whether its small sizes can be shown; the large one (or the master) always can."""
        return self.state == self.State.READY

    @property
    def thumb_url(self) -> str:
        """Return the address of the small size, which is a 404 until `has_sizes`."""
        return reverse("photo_file", args=[self.key, "thumb"])

    @property
    def medium_url(self) -> str:
        """Return the address for a page that shows two: the medium size, the large one until then."""
        return reverse("photo_file", args=[self.key, "medium" if self.has_sizes else "large"])


class Rendition(models.Model):
    """One smaller WebP of a photo."""

    photo = models.ForeignKey(Photo, models.CASCADE, related_name="renditions")
    name = models.CharField(max_length=8)
    storage_name = models.CharField(max_length=100, unique=True)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    size_bytes = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["photo", "name"], name="rendition_once")]

    def __str__(self):
        return f"{self.name} of {self.photo_id}"
