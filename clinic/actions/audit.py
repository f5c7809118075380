"""Write the audit's next line, in the transaction of the deed it tells of."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import BigIntegerField, Subquery

from clinic.models import AuditEvent, AuditHead, Membership
from clinic.models.prepared import Given, Prepared, change, insert


@transaction.atomic(savepoint=False)  # a line that cannot be written takes its deed along
def record(
    action: str, thing=None, *, clinic=None, at: datetime, by, patient=None, category: str = "",
    reason: str = "", details: dict | None = None, address: str = "",
    actor: str = "Needlepoint",
) -> AuditEvent:  # fmt: skip
    """Append one line to a clinic's chain and return it.

    `thing` is the row acted on (its label and key are kept, no foreign key), `details` holds names
    of fields and ids, never clinical words. `by` is a User, or None for the system and
    for `actor`, who has no account. Holds the clinic's head row until the deed commits, so lines
    cannot fork.
    """
    clinic_id = clinic.pk if clinic is not None else getattr(thing, "clinic_id", None) or 0
    seq, mac, role = _hold_head(clinic_id, by)
    event = AuditEvent(
        clinic_id=clinic_id, seq=seq + 1, at=at,
        actor_id=by.pk if by else None, actor_name=str(by)[:150] if by else actor,
        actor_role=role or "", action=action,
        object_type=thing._meta.label_lower if thing is not None else "",
        object_id=str(thing.pk) if thing is not None else "",
        patient_id=patient.pk if patient is not None else getattr(thing, "patient_id", None),
        category=category, reason=reason, details=details or {}, address=address,
        previous_mac=mac,
    )  # fmt: skip
    event.mac = event.expected_mac(settings.AUDIT_KEY)
    insert([event])
    change(AuditHead(clinic_id=clinic_id), seq=event.seq, mac=event.mac)
    return event


@Prepared
def _head():
    """Ask for the end of a clinic's chain, held until commit, and the role of a person there."""
    clinic, user = Given("clinic", BigIntegerField()), Given("user", BigIntegerField())
    members = Membership.objects.active().filter(user=user, clinic=clinic)
    heads = AuditHead.objects.select_for_update().filter(clinic_id=clinic)
    return heads.values_list("seq", "mac", Subquery(members.values("role")[:1]))


def _hold_head(clinic_id: int, by) -> tuple[int, str, str | None]:
    """Return (seq, mac) of the end of a clinic's chain, held until commit, and the role of `by`.

    The end is made where this is its first line; the role is None where they have none here.
    """
    asked = {"clinic": clinic_id, "user": by.pk if by else None}
    found = _head(**asked)
    if not found:
        AuditHead.objects.get_or_create(clinic_id=clinic_id)
        found = _head(**asked)
    return found[0]
