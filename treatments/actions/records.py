"""A session record as the rules, the form and the signature read it: loaded once, whole."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Q

from clinic.models import Allergy, BodyMeasure, Rest
from clinic.scheduling.minutes import day_number
from treatments.actions.thresholds import HouseRules, house_rules
from treatments.models import (
    AnaestheticApplication,
    CartridgeUse,
    FindingAnswer,
    ProductUse,
    TreatmentSession,
    ZoneTreatment,
)
from treatments.safety.area import bsa_m2, zone_area_cm2


@dataclass(frozen=True)
class Record:
    """A session record with everything the rules, the form and the signature read."""

    session: TreatmentSession
    zones: list[ZoneTreatment]
    numbing: list[AnaestheticApplication]
    cartridges: list[CartridgeUse]
    products: list[ProductUse]
    answers: dict[str, FindingAnswer]
    allergies: list[Allergy]
    measures: list[BodyMeasure]
    past_zones: list[ZoneTreatment]  # of the patient's other valid sessions, newest first
    earlier_numbing: list[AnaestheticApplication]  # the same creams within 24 hours
    rests: dict[str, Rest]  # healing time that covers the day, by zone code
    rules: HouseRules  # the house's limits on the day of the session

    @property
    def weight(self) -> BodyMeasure | None:
        """Return the latest measure with a weight."""
        return next((row for row in self.measures if row.weight_kg is not None), None)

    @property
    def body_surface_m2(self) -> Decimal | None:
        """Return the body surface from the latest height and weight; None without both."""
        height = next((row.height_cm for row in self.measures if row.height_cm is not None), None)
        if height is None or self.weight is None:
            return None
        return bsa_m2(height, self.weight.weight_kg)

    @property
    def last(self) -> TreatmentSession | None:
        """Return the patient's last valid session before this one."""
        return self.past_zones[0].session if self.past_zones else None

    @property
    def days_since_last(self) -> int | None:
        """Return calendar days since the patient's last valid session."""
        return (self.session.performed_on - self.last.performed_on).days if self.last else None

    def last_in(self, zone_id: int) -> ZoneTreatment | None:
        """Return what was done in a zone the last time."""
        return next((row for row in self.past_zones if row.zone_id == zone_id), None)


def zone_areas(record: Record, zones) -> dict[str, Decimal]:
    """Return cm² by zone code, from the patient's body surface; empty without height or weight."""
    surface = record.body_surface_m2
    if surface is None:
        return {}
    return {
        zone.code: zone_area_cm2(surface, zone.body_fraction).quantize(Decimal("0.1"))
        for zone in zones if zone.body_fraction
    }  # fmt: skip


def load_record(session: TreatmentSession) -> Record:
    """Read everything about a record in a fixed number of queries.

    `session` comes with `patient`, `clinic`, `device__model` and `plan__protocol` joined.
    """
    day_before = datetime.combine(session.performed_on, datetime.min.time(), session.clinic.zone)
    zones = list(
        ZoneTreatment.objects.filter(session__patient_id=session.patient_id)
        .filter(Q(session=session) | Q(session__status=TreatmentSession.Status.SIGNED))
        .select_related("zone", "session").order_by("-session__performed_on", "zone__order", "pk")
    )  # fmt: skip
    numbing = list(
        AnaestheticApplication.objects.filter(
            Q(session=session)
            | Q(session__patient_id=session.patient_id, session__status="signed",
                applied_at__gte=day_before - timedelta(hours=24))
        ).select_related("product", "lot")
        .prefetch_related("product__actives", "product__limits", "product__area_table")
    )  # fmt: skip
    own = [row for row in numbing if row.session_id == session.pk]
    today = day_number(session.performed_on)
    rests = Rest.objects.filter(
        area__patient_id=session.patient_id, kind=Rest.Kind.TREATED,
        start_day__lt=today, end_day__gt=today,
    ).select_related("area")  # fmt: skip
    return Record(
        session=session,
        zones=[row for row in zones if row.session_id == session.pk],
        numbing=own,
        cartridges=list(session.cartridges.select_related("lot__product")),
        products=list(session.products.select_related("product", "lot")),
        answers={row.finding_key: row for row in session.answers.select_related("by")},
        allergies=list(session.patient.allergies.filter(ended_on=None)),
        measures=list(session.patient.measures.filter(measured_on__lte=session.performed_on)),
        past_zones=[row for row in zones if row.session_id != session.pk],
        earlier_numbing=_within_24_h(numbing, own),
        rests={row.area.zone_code: row for row in rests},
        rules=house_rules(session.performed_on),
    )


def _within_24_h(numbing, own) -> list[AnaestheticApplication]:
    """Return earlier applications of the same products within 24 hours of this session's."""
    first = min((row.applied_at for row in own if row.applied_at), default=None)
    used = {row.product_id for row in own}
    return [
        row for row in numbing
        if row not in own and row.product_id in used
        and (first is None or first - row.applied_at < timedelta(hours=24))
    ]  # fmt: skip
