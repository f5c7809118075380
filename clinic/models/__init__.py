"""The practice's tables, one file a chapter."""

from clinic.models.audit import AuditEvent, AuditHead
from clinic.models.diary import Appointment, Hold
from clinic.models.freed import FreedTime
from clinic.models.messages import CalendarFeed, MessageTemplate, MoveWish, OutboxMessage
from clinic.models.patients import Allergy, Blackout, BodyMeasure, Medicine, Patient
from clinic.models.refusals import Refusal
from clinic.models.rests import Rest, TreatedArea
from clinic.models.services import (
    Competence,
    HoursException,
    Resource,
    Service,
    ServicePhase,
    WeeklyHours,
)
from clinic.models.staff import Clinic, Membership, Role, User

__all__ = [
    "Allergy", "Appointment", "AuditEvent", "AuditHead", "Blackout", "BodyMeasure", "CalendarFeed",
    "Clinic", "Competence", "FreedTime", "Hold", "HoursException", "Medicine", "Membership",
    "MessageTemplate", "MoveWish", "OutboxMessage", "Patient", "Refusal", "Resource", "Rest", "Role",
    "Service", "ServicePhase", "TreatedArea", "User", "WeeklyHours",
]  # fmt: skip
