"""Who works here: people, clinics and the role a person has in a clinic."""

from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property


class Role(models.TextChoices):
    """What a person does in one clinic; clinic/permissions.py says what that opens."""

    PRACTITIONER = "practitioner", "Practitioner"
    FRONT_DESK = "front_desk", "Front desk"
    LEAD = "lead", "Lead practitioner"
    AUDITOR = "auditor", "Auditor"


class User(AbstractUser):
    """A person who signs in. What they may do hangs on their memberships, never on this row."""

    class Meta:
        verbose_name = "account"
        verbose_name_plural = "accounts"

    def __str__(self):
        return self.get_full_name() or self.username

    @property
    def initials(self) -> str:
        """Return two letters for a small badge."""
        letters = f"{self.first_name[:1]}{self.last_name[:1]}" or self.username[:2]
        return letters.upper()

    @cached_property
    def is_lead(self) -> bool:
        """Say whether this person leads in any clinic; asked once for each load of the row."""
        return Membership.objects.active().filter(user=self, role=Role.LEAD).exists()


def validate_time_zone(name: str) -> None:
    """Refuse a name that is not an IANA time zone."""
    if name not in available_timezones():
        raise ValidationError("This is not a known time zone, such as Europe/London.")


class ClinicQuerySet(models.QuerySet):
    """Questions about clinics."""

    def before_round(self, day):
        """Keep clinics whose nightly rounds of a day nobody has begun."""
        return self.filter(Q(rounds_on__isnull=True) | Q(rounds_on__lt=day))


class Clinic(models.Model):
    """One site of the practice: its time zone, its resources, its staff and its patients."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(unique=True)
    time_zone = models.CharField(
        max_length=64, default="Europe/London", validators=[validate_time_zone],
        help_text="The wall clock patients are promised, for example Europe/London.",
    )  # fmt: skip
    jurisdiction = models.CharField(
        max_length=8, blank=True, help_text="Country code for product rules, for example GB or IE."
    )
    phone = models.CharField(max_length=40, blank=True)
    email = models.EmailField(blank=True)
    address = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False, editable=False)
    rounds_on = models.DateField(
        null=True, editable=False
    )  # the last night's: clinic.actions.nightly

    objects = ClinicQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Return the clinic's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def dialled(self) -> str:
        """Return the telephone number as a telephone takes it: its digits, + before a country."""
        digits = "".join(char for char in self.phone if char.isdecimal())
        return ("+" if self.phone.lstrip().startswith("+") else "") + digits

    def local_date(self, at):
        """Return the clinic's calendar day at an aware instant."""
        return timezone.localtime(at, self.zone).date()


class MembershipQuerySet(models.QuerySet):
    """Questions about memberships."""

    def active(self):
        """Keep memberships that open doors today."""
        return self.filter(ended_at__isnull=True, user__is_active=True)

    def for_frame(self, user):
        """Return the clinics a person may switch between, by name."""
        return self.active().filter(user=user).select_related("clinic").order_by("clinic__name")


class Membership(models.Model):
    """The role one person has in one clinic."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    clinic = models.ForeignKey(Clinic, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "role"
        verbose_name_plural = "roles"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "clinic"], name="membership_one_role_per_clinic",
                violation_error_message="This person already has a role in this clinic.",
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values), name="membership_known_role"
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.user}, {self.get_role_display().lower()} at {self.clinic}"
