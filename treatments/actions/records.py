"""A session record as the rules, the form and the signature read it: loaded once, whole."""

from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from django.db.models import Q, prefetch_related_objects

from clinic.models import Allergy, BodyMeasure, Rest
from clinic.models.together import read_together
from clinic.scheduling.minutes import day_number
from treatments.actions.thresholds import HouseRules, house_rules
from treatments.models import (
    AnaestheticApplication,
    CartridgeUse,
    CourseConsent,
    FindingAnswer,
    ProductUse,
    ScreeningResponse,
    TreatmentSession,
    ZoneTreatment,
    consent_of,
)
from treatments.safety.area import bsa_m2, zone_area_cm2


class Record:
    """A session record with everything the rules, the form and the signature read.

    Its lists are read together when the first of them is asked for, everything else when it is first
    asked for, and once: a fixed number of queries, however many rows. `session` comes with
    `patient`, `clinic`, `device__model` and `plan__protocol` joined.
    """

    def __init__(self, session: TreatmentSession):
        self.session = session

    @cached_property
    def _lists(self) -> dict[str, list]:
        """Return what the record and its patient hold, one list each, in one query."""
        session = self.session
        return read_together(
            zones=self._zones_of_patient(), numbing=self._numbing_of_patient(), rests=self._rests(),
            cartridges=session.cartridges.select_related("lot__product"),
            products=session.products.select_related("product", "lot"),
            answers=session.answers.select_related("by"),
            allergies=session.patient.allergies.filter(ended_on=None),
            measures=session.patient.measures.filter(measured_on__lte=session.performed_on),
        )  # fmt: skip

    def _zones_of_patient(self):
        """Ask for the zones of this and of all valid sessions of the patient, newest first."""
        rows = ZoneTreatment.objects.filter(session__patient_id=self.session.patient_id)
        rows = rows.filter(Q(session=self.session) | Q(session__status="signed"))
        return rows.select_related("zone", "session").order_by(
            "-session__performed_on", "-session_id", "zone__order", "pk"
        )

    def _numbing_of_patient(self):
        """Ask for the creams of this session, and of valid ones from 24 hours before its day on."""
        session = self.session
        midnight = datetime.combine(session.performed_on, datetime.min.time(), session.clinic.zone)
        rows = AnaestheticApplication.objects.filter(
            Q(session=session)
            | Q(session__patient_id=session.patient_id, session__status="signed",
                applied_at__gte=midnight - timedelta(hours=24))
        )  # fmt: skip
        return rows.select_related("product", "lot")

    def _rests(self):
        """Ask for healing time that covers the day."""
        today = day_number(self.session.performed_on)
        rows = Rest.objects.filter(
            area__patient_id=self.session.patient_id, kind=Rest.Kind.TREATED,
            start_day__lt=today, end_day__gt=today,
        )  # fmt: skip
        return rows.select_related("area")

    @property
    def _all_zones(self) -> list[ZoneTreatment]:
        return self._lists["zones"]

    @property
    def _all_numbing(self) -> list[AnaestheticApplication]:
        return self._lists["numbing"]

    @property
    def zones(self) -> list[ZoneTreatment]:
        """Return the zones of this session."""
        return [row for row in self._all_zones if row.session_id == self.session.pk]

    @property
    def past_zones(self) -> list[ZoneTreatment]:
        """Return the zones of the patient's other valid sessions, newest first."""
        return [row for row in self._all_zones if row.session_id != self.session.pk]

    @property
    def numbing(self) -> list[AnaestheticApplication]:
        """Return the creams of this session."""
        return [row for row in self._all_numbing if row.session_id == self.session.pk]

    @property
    def zone_names(self) -> dict[str, str]:
        """Return the names of all zones of the record and of those before it, by code."""
        return {row.zone.code: row.zone.name for row in self._all_zones}

    @property
    def creams(self) -> list[tuple[AnaestheticApplication, str]]:
        """Return the creams of this session, each with the zones it was put on in words."""
        names = self.zone_names
        return [(row, ", ".join(names.get(code, code) for code in row.zone_codes))
                for row in self.numbing]  # fmt: skip

    @property
    def earlier_numbing(self) -> list[AnaestheticApplication]:
        """Return earlier applications of the same creams within 24 hours of this session's."""
        own = self.numbing
        first = min((row.applied_at for row in own if row.applied_at), default=None)
        used = {row.product_id for row in own}
        return [
            row for row in self._all_numbing
            if row not in own and row.product_id in used
            and (first is None or first - row.applied_at < timedelta(hours=24))
        ]  # fmt: skip

    def read_labels(self) -> None:
        """Read the labels of all creams, once: what the dose rules and the signature need of them."""
        products = [row.product for row in self._all_numbing]
        prefetch_related_objects(products, "actives", "limits", "area_table")

    @property
    def cartridges(self) -> list[CartridgeUse]:
        """Return the cartridges used."""
        return self._lists["cartridges"]

    @property
    def products(self) -> list[ProductUse]:
        """Return serums and ointments."""
        return self._lists["products"]

    @cached_property
    def answers(self) -> dict[str, FindingAnswer]:
        """Return answers to findings by key."""
        return {row.finding_key: row for row in self._lists["answers"]}

    @property
    def allergies(self) -> list[Allergy]:
        """Return the allergies that hold."""
        return self._lists["allergies"]

    @property
    def measures(self) -> list[BodyMeasure]:
        """Return heights and weights up to the day, newest first."""
        return self._lists["measures"]

    @cached_property
    def rests(self) -> dict[str, Rest]:
        """Return healing time that covers the day, by zone code."""
        return {row.area.zone_code: row for row in self._lists["rests"]}

    @cached_property
    def health_check(self) -> ScreeningResponse | None:
        """Return the visit's newest health check, with its questions."""
        if self.session.appointment_id is None:
            return None
        return ScreeningResponse.objects.of_visit(self.session.appointment_id)

    @cached_property
    def rules(self) -> HouseRules:
        """Return the house's limits on the day of the session."""
        return house_rules(self.session.performed_on)

    @cached_property
    def consent(self) -> CourseConsent | None:
        """Return the consent of the session's course on its day; None outside courses.

        Cream is asked for where this session used one, whatever the service plans.
        """
        session, plan = self.session, self.session.plan
        if plan is None:
            return None
        plan.patient = session.patient
        return consent_of(plan, day=session.performed_on, numbs=bool(self.numbing))

    @property
    def sessions_before(self) -> int:
        """Count the sessions of the same course done before this one."""
        mine = self.session
        return len({
            row.session_id for row in self.past_zones
            if row.session.plan_id == mine.plan_id
            and row.session.performed_on <= mine.performed_on
        })  # fmt: skip

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
