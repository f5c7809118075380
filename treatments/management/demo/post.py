"""The demo's post: what patients were told along the story, one that failed and one who answers."""

from datetime import datetime, timedelta

from django.db.models import F, OuterRef, Subquery

from clinic.actions.messages import ask_to_move
from clinic.models import Appointment, Clinic, OutboxMessage, Patient
from clinic.models.messages import Kind
from clinic.scheduling.minutes import minute_of_instant

State = OutboxMessage.Status
REFUSED = "The mail server refused it: 550 mailbox unavailable"
AWAY = "TimeoutError: timed out"


def deliver(at: datetime) -> None:
    """Let every message that is due have left by now; nothing is really sent."""
    due = list(OutboxMessage.objects.due(at).values_list("pk", "kind", "visits"))
    gone = [pk for _, kind, visits in due if kind == Kind.CANCELLED for pk in visits]
    told = [pk for _, kind, visits in due if kind != Kind.CANCELLED for pk in visits]
    Appointment.objects.filter(pk__in=told).update(told_start=F("starts_at"))
    Appointment.objects.filter(pk__in=gone).update(told_start=None)
    address = Patient.objects.filter(pk=OuterRef("patient_id")).values("email")
    OutboxMessage.objects.filter(pk__in=[pk for pk, _, _ in due]).update(
        status=State.SENT, sent_at=F("next_try_at"), sent_to=Subquery(address), attempts=1
    )


def troubles(clinic: Clinic, at: datetime) -> None:
    """Leave the desk something to do: a failed message, one being tried again, a wish to move."""
    sent = OutboxMessage.objects.of(clinic).filter(status=State.SENT).order_by("-sent_at", "-pk")
    facts = {"sent_at": None, "sent_to": "", "status": State.FAILED, "attempts": 6,
             "last_error": REFUSED}  # fmt: skip
    again = facts | {"status": State.QUEUED, "attempts": 3, "last_error": AWAY,
                     "next_try_at": at + timedelta(minutes=30)}  # fmt: skip
    for pk, what in zip(list(sent.values_list("pk", flat=True)[1:3]), (facts, again), strict=False):
        OutboxMessage.objects.filter(pk=pk).update(**what)
    coming = Appointment.objects.of(clinic).filter(
        status="booked", starts_at__gt=at + timedelta(days=2)
    )
    if visit := coming.order_by("starts_at", "pk").first():
        ask_to_move(
            appointment=visit, start=minute_of_instant(visit.starts_at), at=at,
            words="Could it be a Friday, after three?",
        )  # fmt: skip
