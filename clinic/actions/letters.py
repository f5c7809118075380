"""What a queued message says at the moment it leaves."""

import json
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from clinic.actions.links import token_for
from clinic.models import Appointment, Clinic, MessageTemplate, OutboxMessage
from clinic.models.messages import REMINDERS, Channel, Kind, filled

TEXTS = Path(__file__).resolve().parent.parent / "fixtures" / "messages.json"
REMINDER_LATE = timedelta(hours=24)
_OVER = frozenset({Appointment.Status.CANCELLED, Appointment.Status.ENTERED_IN_ERROR})


class CannotSend(Exception):  # noqa: N818 -- a verdict; trying again would not help
    """This message will never leave as things stand; the sentence says why."""


class Obsolete(Exception):  # noqa: N818 -- a verdict, not a fault
    """There is nothing left to tell; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One message as it leaves.

    `told` is what it makes the patient know: the start of each visit by key, None for one that is
    cancelled. `key` names the message for mail programs that meet it twice.
    """

    key: str
    clinic: Clinic
    to: str
    subject: str
    body: str
    kind: str
    visits: tuple[Appointment, ...]
    told: dict[int, datetime | None]

    @property
    def cancels(self) -> bool:
        """Say whether it takes appointments away."""
        return self.kind == Kind.CANCELLED

    @property
    def invites(self) -> bool:
        """Say whether it carries entries for the patient's calendar."""
        return self.kind not in REMINDERS


def compose(message: OutboxMessage, *, at: datetime) -> Letter:
    """Return the letter a message makes now. Raises Obsolete or CannotSend instead."""
    visits = _worth_telling(message, at)
    clinic, patient = message.clinic, message.patient
    to = patient.email if message.channel == Channel.EMAIL else patient.phone
    if not to:
        missing = "e-mail address" if message.channel == Channel.EMAIL else "telephone number"
        raise CannotSend(f"The patient has no {missing} on file.")
    subject, body = _text(message)
    words = _words(clinic, patient, visits)
    is_gone = message.kind == Kind.CANCELLED
    return Letter(
        key=message.key, clinic=clinic, to=to, kind=message.kind, visits=tuple(visits),
        subject=" ".join(filled(subject, words).split()),
        body=re.sub(r"\n{3,}", "\n\n", filled(body, words)).strip(),
        told={visit.pk: None if is_gone else visit.starts_at for visit in visits},
    )  # fmt: skip


def _worth_telling(message: OutboxMessage, at: datetime) -> list[Appointment]:
    """Return the visits this message still has something to say about, in order of time."""
    rows = Appointment.objects.filter(pk__in=message.visits).select_related("practitioner")
    rows = list(rows.order_by("starts_at", "pk"))
    for row in rows:
        row.clinic, row.patient = message.clinic, message.patient
    if message.kind == Kind.CANCELLED:
        rows = [row for row in rows if row.status in _OVER and row.told_start is not None]
    else:
        rows = [row for row in rows if row.status == Appointment.Status.BOOKED]
        if message.kind not in REMINDERS and all(row.told_start == row.starts_at for row in rows):
            raise Obsolete("The patient knows already")
    rows = [row for row in rows if (row.told_start or row.starts_at) > at or row.starts_at > at]
    if not rows:
        raise Obsolete("Nothing left to tell")
    if message.kind in REMINDERS and at > message.due_at + REMINDER_LATE:
        raise Obsolete("Too late to remind")
    return rows


# --- Texts ----------------------------------------------------------------------------------------
@cache
def default_texts() -> dict[str, dict[str, dict[str, str]]]:
    """Return the texts a clinic starts with: kind -> channel -> subject and body."""
    return json.loads(TEXTS.read_text(encoding="utf-8"))


def seed_templates(clinic: Clinic) -> None:
    """Give a clinic the texts it has none of its own for; the lead rewrites them in the admin."""
    have = set(clinic.message_templates.values_list("kind", "channel"))
    MessageTemplate.objects.bulk_create(
        MessageTemplate(clinic=clinic, kind=kind, channel=channel, **text)
        for kind, channels in default_texts().items()
        for channel, text in channels.items()
        if (kind, channel) not in have
    )


def _text(message: OutboxMessage) -> tuple[str, str]:
    """Return subject and body of the clinic's own text, or of the usual one where it has none."""
    own = MessageTemplate.objects.filter(
        clinic=message.clinic_id, kind=message.kind, channel=message.channel
    ).first()
    if own is None:
        usual = default_texts()[message.kind][message.channel]
        return usual.get("subject", ""), usual["body"]
    if not own.active:
        raise Obsolete("This clinic does not send this message")
    return own.subject, own.body


def _words(clinic: Clinic, patient, visits: list[Appointment]) -> dict[str, str]:
    """Return what the placeholders stand for."""
    first = visits[0]
    before = timezone.localtime(first.told_start, clinic.zone) if first.told_start else None
    start = before if first.status in _OVER else timezone.localtime(first.starts_at, clinic.zone)
    return {
        "given_name": patient.given_name, "clinic": clinic.name,
        "phone": clinic.phone or clinic.email,
        "address": clinic.address, "day": day_in_full(start.date()), "hour": f"{start:%H:%M}",
        "link": link_to(first),
        "before": f"{day_in_full(before.date())} at {before:%H:%M}" if before else "",
        "visits": "\n".join(
            f"{day_in_full(visit.local_date)} at {visit.start_clock}" for visit in visits
        ),
    }  # fmt: skip


def day_in_full(day: date) -> str:
    """Return a date as a letter says it: Monday 23 November 2026."""
    return f"{day:%A} {day.day} {day:%B %Y}"


def link_to(visit: Appointment) -> str:
    """Return the address where the patient answers for one visit."""
    return settings.SITE_URL.rstrip("/") + reverse("visit_answer", args=[token_for(visit)])
