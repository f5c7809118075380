"""What the practice tells its patients: texts, the outbox, and what comes back by link.

A message is a row written by the deed it tells of, in the same transaction; a worker sends it later
and reads the appointment as it is then. `Appointment.told_start` is what the patient last heard.
"""

import re
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import ExpressionWrapper, F, Q

from clinic.models.constraints import all_or_none
from clinic.models.diary import Appointment
from clinic.models.patients import Patient
from clinic.models.staff import Clinic, User

#: A deed can be taken back for this long; its messages leave only then.
UNDO_WINDOW = timedelta(minutes=3)
#: Lists go this far back.
LIST_BACK = timedelta(days=90)
#: A worker that took a message and fell silent loses it after this long.
LEASE = timedelta(minutes=5)

#: What a template may name, and what stands there in the message.
PLACEHOLDERS = {
    "given_name": "the patient's given name",
    "clinic": "the clinic's name",
    "phone": "the clinic's telephone number",
    "address": "the clinic's address",
    "day": "the day of the appointment",
    "hour": "the hour of the appointment",
    "before": "the day and hour the patient was told last",
    "visits": "every appointment of the message, one a line",
    "link": "the address where the patient answers",
}
_BRACES = re.compile(r"\{([^{}]*)\}|[{}]")


def check_placeholders(text: str) -> None:
    """Refuse a text that names a placeholder not on the list, or has a stray brace."""
    for found in _BRACES.finditer(text):
        if found[1] not in PLACEHOLDERS:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise ValidationError(
                f"“{found[0]}” is not a placeholder. These are: {known}.", code="placeholder"
            )


def filled(text: str, words: dict[str, str]) -> str:
    """Return a text with its placeholders replaced; nothing inside a word is read again."""
    return _BRACES.sub(lambda found: words.get(found[1], ""), text)


class Kind(models.TextChoices):
    """What a message tells."""

    COURSE_BOOKED = "course_booked", "Booking"
    REMINDER_7D = "reminder_7d", "Reminder, 7 days before"
    REMINDER_2D = "reminder_2d", "Reminder, 2 days before"
    CHANGED = "changed", "Change"
    CANCELLED = "cancelled", "Cancellation"


#: Reminders and how many calendar days before the visit they leave.
REMINDERS = {Kind.REMINDER_7D: 7, Kind.REMINDER_2D: 2}


class Channel(models.TextChoices):
    """How a message travels."""

    EMAIL = "email", "E-mail"
    SMS = "sms", "SMS"


class MessageTemplate(models.Model):
    """The words of one kind of message on one channel, as this clinic says them."""

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="message_templates")
    kind = models.CharField(max_length=16, choices=Kind)
    channel = models.CharField(max_length=5, choices=Channel)
    subject = models.CharField(max_length=120, blank=True, help_text="For e-mail.")
    body = models.TextField()
    active = models.BooleanField(default=True, help_text="Off: this message is not sent.")

    class Meta:
        verbose_name = "words of a message"
        verbose_name_plural = "words of messages"
        ordering = ["kind", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["clinic", "kind", "channel"], name="messagetemplate_one_text"
            ),
            models.CheckConstraint(
                condition=~Q(channel="email") | ~Q(subject=""),
                name="messagetemplate_email_has_subject",
                violation_error_message="An e-mail needs a subject.",
            ),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} by {self.get_channel_display()}"

    def clean(self):
        """Refuse unknown placeholders, naming the field they stand in."""
        faults = {}
        for name in ("subject", "body"):
            try:
                check_placeholders(getattr(self, name))
            except ValidationError as error:
                faults[name] = error
        if "\n" in self.subject or "\r" in self.subject:
            faults["subject"] = ValidationError("A subject is one line.")
        if faults:
            raise ValidationError(faults)


class OutboxQuerySet(models.QuerySet):
    """Questions about messages."""

    def of(self, clinic):
        """Keep the messages of one clinic."""
        return self.filter(clinic=clinic)

    def queued(self):
        """Keep those still to be sent, those between two tries included."""
        return self.filter(status=OutboxMessage.Status.QUEUED)

    def due(self, at):
        """Return what may be sent now, longest waiting first; a lost worker's too."""
        return self.queued().filter(next_try_at__lte=at).order_by("next_try_at", "pk")

    def lately(self, at):
        """Keep what has left or should have in the last 90 days; reminders of far visits wait."""
        return self.filter(due_at__gt=at - LIST_BACK, due_at__lte=at + UNDO_WINDOW)

    def about(self, visit) -> list["OutboxMessage"]:
        """Return every message that tells of a visit, newest first. One query."""
        rows = self.filter(patient=visit.patient_id).order_by("-due_at", "-pk")
        return [row for row in rows if visit.pk in row.visits]

    def for_list(self):
        """Join what a row prints, newest first."""
        return self.select_related("patient", "appointment").order_by("-due_at", "-pk")


class OutboxMessage(models.Model):
    """One message to one patient, from the deed that caused it until it is sent or taken back.

    `visits` are the appointments it tells of, by key; `appointment` is the first of them. A worker
    claims a row by its version: `next_try_at` then moves past the lease.
    """

    class Status(models.TextChoices):
        QUEUED = "queued", "Waiting"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    clinic = models.ForeignKey(Clinic, models.CASCADE, related_name="messages")
    patient = models.ForeignKey(Patient, models.CASCADE, related_name="messages")
    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="messages")
    visits = models.JSONField(default=list)
    kind = models.CharField(max_length=16, choices=Kind)
    channel = models.CharField(max_length=5, choices=Channel)
    key = models.CharField(
        max_length=64, unique=True, help_text="Appointment, kind and sequence: told once."
    )
    queued_at = models.DateTimeField()
    due_at = models.DateTimeField()
    not_before = models.DateTimeField(help_text="The deed can be taken back until then.")
    status = models.CharField(max_length=9, choices=Status, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    sent_to = models.CharField(max_length=254, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = OutboxQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(status="sent") & Q(sent_at__isnull=False))
                | (~Q(status="sent") & Q(sent_at__isnull=True)),
                name="outboxmessage_sent_with_when",
            ),
            models.CheckConstraint(
                condition=all_or_none("sent_at", blank=("sent_to",)),
                name="outboxmessage_sent_to_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(status="failed") | ~Q(last_error=""),
                name="outboxmessage_failed_with_why",
            ),
            models.CheckConstraint(
                condition=Q(next_try_at__gte=F("not_before")),
                name="outboxmessage_waits_for_undo",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_try_at"], condition=Q(status="queued"), name="outboxmessage_due"
            ),
            models.Index(fields=["clinic", "status", "-due_at"], name="outboxmessage_list"),
            models.Index(fields=["clinic", "-due_at"], name="outboxmessage_recent"),
        ]

    def __str__(self):
        return f"{self.get_kind_display()} of appointment {self.appointment_id}"

    @property
    def look(self) -> str:
        """Return its state as lists show it: a failed try is no ordinary waiting."""
        return "retrying" if self.status == self.Status.QUEUED and self.attempts else self.status

    def is_leaving(self, at) -> bool:
        """Say whether a worker has it in hand at this moment."""
        waiting = self.status == self.Status.QUEUED and self.claimed_at is not None
        return waiting and self.claimed_at > at - LEASE


class MoveWishQuerySet(models.QuerySet):
    """Questions about wishes for another time."""

    def unanswered(self, clinic):
        """Return what the desk of a clinic has to answer, longest waiting first, with the people."""
        # The sum keeps SQLite from reading every appointment of the clinic to find the few wishes.
        where = ExpressionWrapper(F("appointment__clinic_id") + 0, models.BigIntegerField())
        rows = self.alias(where=where).filter(where=clinic.pk, settled_at=None)
        return rows.select_related("appointment__patient").order_by("asked_at", "pk")


class MoveWish(models.Model):
    """A patient asked by link for another time; the desk calls back and settles it."""

    appointment = models.ForeignKey(Appointment, models.CASCADE, related_name="move_wishes")
    asked_at = models.DateTimeField()
    words = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    objects = MoveWishQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "move wishes"
        ordering = ["asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["appointment"], condition=Q(settled_at__isnull=True),
                name="movewish_one_open",
            ),
            models.CheckConstraint(
                condition=Q(settled_by__isnull=True) | Q(settled_at__isnull=False),
                name="movewish_settled_with_when",
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"Another time for appointment {self.appointment_id}"


class CalendarFeed(models.Model):
    """A practitioner's private address for their calendar program; only its hash is kept."""

    user = models.OneToOneField(User, models.CASCADE, related_name="calendar_feed")
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self):
        return f"Calendar of {self.user}"
