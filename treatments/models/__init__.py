"""The care's tables, one file a chapter."""

from treatments.models.consented import (
    CourseConsent,
    consent_columns,
    consent_of,
    lacking_consent,
    lacks_consent,
)
from treatments.models.consents import Consent, ConsentText, PhotoPermission
from treatments.models.photos import Photo, Rendition
from treatments.models.planned import PlannedSession
from treatments.models.plans import PlanZone, TreatmentPlan
from treatments.models.products import (
    Active,
    AreaDose,
    Device,
    DeviceModel,
    DoseLimit,
    Lot,
    Product,
)
from treatments.models.protocols import AftercareSheet, Protocol, Threshold, View, Zone
from treatments.models.screening import Question, QuestionSet, ScreeningResponse
from treatments.models.sessions import (
    Addendum,
    AnaestheticApplication,
    CartridgeUse,
    FindingAnswer,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
    standing_record,
)
from treatments.models.standing import PlanState
from treatments.models.worklist import ContactLog, WaitlistEntry

__all__ = [
    "Active", "Addendum", "AftercareSheet", "AnaestheticApplication", "AreaDose", "CartridgeUse",
    "Consent", "ConsentText", "ContactLog", "CourseConsent",
    "Device", "DeviceModel", "DoseLimit", "FindingAnswer", "Lot", "Photo", "PhotoPermission",
    "PlanState", "PlanZone",
    "PlannedSession", "Product", "ProductUse", "Protocol", "Question", "QuestionSet", "Rendition",
    "ScreeningResponse", "Threshold",
    "TreatmentPlan",
    "TreatmentSession", "View", "WaitlistEntry", "Zone", "ZoneTreatment",
    "consent_columns", "consent_of", "lacking_consent", "lacks_consent", "standing_record",
]  # fmt: skip
