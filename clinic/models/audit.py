"""Who did what: an append-only, chained log without foreign keys.

Each line's MAC covers the line before it, so an edit, a removal, an insertion or a reordering shows
when the chain is verified (`manage.py verify_audit`). Whoever owns both machine and key can rewrite
everything after the last head kept elsewhere; docs/operations.md says how to keep heads elsewhere.
"""

import hashlib
import hmac
import json
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import models

from clinic.models.constraints import AppendOnly
from clinic.models.patients import Patient
from clinic.models.staff import Role

#: How many of the last lines say which deeds there are to choose from.
KINDS_FROM = 5000
#: What the first line of a chain ties to.
START = "0" * 64


def deed_words(action: str) -> str:
    """Return a deed's code in words: "patient.viewed" is "Patient viewed"."""
    return action.replace(".", " ").replace("_", " ").capitalize()


class Break(NamedTuple):
    """The first place where a chain does not hold."""

    clinic_id: int
    seq: int
    why: str

    def __str__(self):
        return f"Clinic {self.clinic_id}, line {self.seq}: {self.why}"


class AuditEventQuerySet(models.QuerySet):
    """Questions about the log; every way to change it is closed."""

    def update(self, **kwargs):
        """Refuse: the log is append-only."""
        raise ValidationError("The audit log is append-only.", code="append_only")

    def delete(self):
        """Refuse: the log is append-only."""
        raise ValidationError("The audit log is append-only.", code="append_only")

    def of_clinic(self, clinic_id):
        """Return one clinic's chain in order."""
        return self.filter(clinic_id=clinic_id).order_by("seq")

    def for_log(self, clinic_id):
        """Return what the auditor's page shows: newest first, with patients by their number."""
        number = Patient.objects.filter(pk=models.OuterRef("patient_id")).values("number")[:1]
        rows = self.filter(clinic_id=clinic_id).order_by("-seq").defer("reason", "previous_mac")
        return rows.annotate(patient_number=models.Subquery(number))

    def about(self, thing, actions):
        """Return a patient's row's own lines of some deeds, in order: what its page tells of it."""
        rows = self.filter(patient_id=thing.patient_id, action__in=actions)
        mine = rows.filter(object_type=thing._meta.label_lower, object_id=str(thing.pk))
        return mine.order_by("at", "seq")

    def kinds(self, clinic_id) -> list[str]:
        """Return the deeds that occur in the last lines of a clinic's log, by name."""
        names = self.filter(clinic_id=clinic_id).order_by("-seq").values_list("action", flat=True)
        return sorted(set(names[:KINDS_FROM]))

    def narrowed(self, clinic, *, action="", actor_id="", patient_number=None, day=None):
        """Keep lines of one deed, one person, one patient (by number) or one of the clinic's days."""
        rows = self
        if action:
            rows = rows.filter(action=action)
        if actor_id:
            rows = rows.filter(actor_id=actor_id)
        if patient_number:
            keys = clinic.patients.filter(number=patient_number).values_list("pk", flat=True)
            rows = rows.filter(patient_id__in=list(keys))
        return rows.on(clinic, day) if day else rows

    def on(self, clinic, day: date):
        """Keep the lines of one of the clinic's days."""
        midnight = datetime.combine(day, time(), tzinfo=clinic.zone)
        return self.filter(at__gte=midnight, at__lt=midnight + timedelta(days=1))

    def has_look(self, clinic, *, on: date, patient_id, category, actor_id) -> bool:
        """Say whether somebody's look at one part of a patient is in the log of a clinic's day."""
        looks = self.on(clinic, on).filter(clinic_id=clinic.pk, action="patient.viewed")
        found = looks.filter(patient_id=patient_id, category=category, actor_id=actor_id)
        return found.exists()

    def chains(self) -> list[int]:
        """Return the clinics that have lines or a head."""
        heads = AuditHead.objects.values_list("clinic_id", flat=True)
        return sorted({*heads, *self.order_by().values_list("clinic_id", flat=True).distinct()})

    def first_break(self, clinic_id: int, key: str) -> Break | None:
        """Return the first line of a clinic's chain that does not hold under this key, or None.

        Each line's MAC covers its facts, its place and the MAC before it; the head says where the
        chain ends, so a removed last line shows too.
        """
        seq, mac = 0, START
        for line in self.of_clinic(clinic_id).iterator(chunk_size=2000):
            seq += 1
            if line.seq != seq:
                return Break(clinic_id, seq, "is missing.")
            if line.previous_mac != mac:
                return Break(clinic_id, seq, "does not follow the line before it.")
            if not hmac.compare_digest(line.mac, line.expected_mac(key)):
                return Break(clinic_id, seq, "was changed after it was written.")
            mac = line.mac
        head = AuditHead.objects.filter(clinic_id=clinic_id).first()
        if head is None or (head.seq, head.mac) != (seq, mac):
            return Break(clinic_id, seq + 1, "is where the log ends, but its head says otherwise.")
        return None


class AuditEvent(models.Model):
    """One thing one person did or saw, written in the deed's own transaction."""

    clinic_id = models.BigIntegerField()  # 0 = no clinic (sign-in, settings)
    seq = models.BigIntegerField()
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=150)
    actor_role = models.CharField(max_length=16, blank=True)
    action = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    patient_id = models.BigIntegerField(null=True)
    category = models.CharField(max_length=20, blank=True)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)  # names of fields and ids; never clinical words
    address = models.CharField(max_length=45, blank=True)
    previous_mac = models.CharField(max_length=64)
    mac = models.CharField(max_length=64)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clinic_id", "seq"], name="auditevent_one_line_per_seq"
            ),
            AppendOnly(name="auditevent_append_only"),
        ]
        indexes = [
            models.Index(fields=["patient_id", "at"], name="auditevent_patient_at"),
            models.Index(fields=["clinic_id", "at"], name="auditevent_clinic_at"),
        ]

    def __str__(self):
        return f"{self.seq} {self.action} by {self.actor_name}"

    @property
    def deed(self) -> str:
        """Return the deed as a person reads it: "patient.viewed" is "Patient viewed"."""
        return deed_words(self.action)

    @property
    def role_words(self) -> str:
        """Return the role the person acted in, as it is called on screen."""
        return dict(Role.choices).get(self.actor_role, self.actor_role)

    @property
    def thing(self) -> str:
        """Return what was acted on, by kind and key: "Appointment 12"; never its words."""
        kind = self.object_type.rpartition(".")[2].capitalize()
        return f"{kind} {self.object_id}".strip()

    def canonical(self) -> bytes:
        """Return the bytes the MAC covers: every fact of the line in one fixed form."""
        facts = {
            field.attname: getattr(self, field.attname)
            for field in self._meta.concrete_fields
            if field.attname not in {"id", "mac", "at"}
        }
        facts["at"] = self.at.isoformat(timespec="microseconds")
        return json.dumps(facts, sort_keys=True, separators=(",", ":")).encode()

    def expected_mac(self, key: str) -> str:
        """Return the HMAC-SHA256 this line should carry under this key."""
        return hmac.new(key.encode(), self.canonical(), hashlib.sha256).hexdigest()


class AuditHead(models.Model):
    """The end of one clinic's chain: what the next line ties to. One row a clinic, 0 for none."""

    clinic_id = models.BigIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)
    mac = models.CharField(max_length=64, default=START)

    def __str__(self):
        return f"clinic {self.clinic_id} at {self.seq}"
