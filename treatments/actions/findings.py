"""What the safety rules say about one session record: rows in, findings with their answers out.

The rules are pure and take every limit as an argument; this file turns the rows of a loaded
`Record` into what they read and holds the answers against the findings. It asks no queries of its own.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from clinic.models import Allergy
from clinic.scheduling.minutes import day_number
from treatments.actions import consents, screening
from treatments.actions.records import Record
from treatments.models import FindingAnswer, Product, TreatmentSession, ZoneTreatment
from treatments.safety.depth import (
    DeviceLimits,
    ProtocolRange,
    ZoneLimits,
    ZoneSetting,
    check_depth,
    check_depth_line,
)
from treatments.safety.dose import (
    Active,
    Application,
    Context,
    DoseRules,
    LimitRow,
    OtherAnaesthetic,
    PatientFacts,
    ProductLimits,
    alarm_at,
    check_dose,
    remove_by,
)
from treatments.safety.findings import Finding, Level, in_order
from treatments.safety.intervals import IntervalLimits, check_interval
from treatments.safety.routes import Phase, Route, SerumFacts, check_route
from treatments.safety.udi import LotFacts, check_lot

LOT_SOURCE = "The expiry printed on the pack; [proposal] no use after it or while set aside"
OWN_RULE = "[proposal] the clinic's own rule; no source gives one"
KEY_LONGEST = 120  # FindingAnswer.finding_key
EU = frozenset([
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT",
    "LT", "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
])  # fmt: skip
#: Endpoints as the depth rules name them; wheals belong to RF alone.
ENDPOINTS = {code: "R" if code == TreatmentSession.Reaction.WHEALS else str(code)
             for code in TreatmentSession.Reaction.values}  # fmt: skip
ESTERS = ("tetracaine", "amethocaine", "benzocaine", "procaine")


@dataclass(frozen=True)
class Judged:
    """A finding and the answer that holds for its figures, if there is one."""

    finding: Finding
    answer: FindingAnswer | None

    def __getattr__(self, name):
        return getattr(self.finding, name)

    @property
    def key(self) -> str:
        """Return the finding's key as answers keep it."""
        return answer_key(self.finding)

    @property
    def is_about_consent(self) -> bool:
        """Say whether a signature of the patient would settle it."""
        settled = {"CONSENT_MISSING", "CONSENT_WITHDRAWN", "CONSENT_OLD_TEXT"}
        return self.finding.code in settled

    @property
    def is_open(self) -> bool:
        """Say whether a STOP or WARN still waits for an answer."""
        return self.finding.level is not Level.INFO and self.answer is None

    def to_dict(self) -> dict:
        """Return what a signed record keeps: the finding, and who passed it with which words."""
        kept = self.finding.to_dict()
        if self.answer:
            kept["answer"] = {"reason": self.answer.reason, "by": str(self.answer.by),
                              "at": self.answer.at.isoformat()}  # fmt: skip
        return kept


def answer_key(finding: Finding) -> str:
    """Return a finding's key, cut to what the table holds without losing what tells it apart."""
    if len(finding.key) <= KEY_LONGEST:
        return finding.key
    digest = hashlib.sha256(finding.key.encode()).hexdigest()[:16]
    return f"{finding.key[: KEY_LONGEST - 17]}:{digest}"


def judge(record: Record, *, at: datetime, signing: bool = False) -> list[Judged]:
    """Return all findings about a record, STOP first, each with the answer that holds for it.

    An answer holds for the level and the figures it was given for; `signing` takes the needling as
    begun, so that a cream which nobody took off is found (A12).
    """
    found = in_order(dict.fromkeys([
        *_about_skin(record), *_about_numbing(record, at, signing), *_about_zones(record),
        *_about_lots(record), *_about_products(record), *_about_health(record),
        *consents.about(record),
    ]))  # fmt: skip
    return [Judged(finding, _answer_to(finding, record.answers)) for finding in found]


def _answer_to(finding: Finding, answers) -> FindingAnswer | None:
    given = answers.get(answer_key(finding))
    holds = given and given.level == finding.level and given.figures == dict(finding.figures)
    return given if holds else None


def _about_skin(record: Record):
    """A9 and the needles' own contraindication: broken skin, and allergy to their metal."""
    if record.session.skin_cleansed is False:
        text = "The skin is recorded as not cleansed before needling."
        yield Finding(Level.WARN, "SKIN_NOT_CLEANSED", text, {}, "[proposal] session checklist")
    if record.session.skin_intact is False:
        text = "The skin is recorded as not intact: creams and needles are for intact skin only."
        source = "Labels of topical anaesthetics: intact skin only; SkinPen manual: open wounds"
        yield Finding(Level.STOP, "SKIN_NOT_INTACT", text, {}, source)
    yield from _about_contact(record)


def _about_contact(record: Record):
    """Allergies to what touches the skin: needles, the antiseptic, gloves, a dressing."""
    known = {row.code for row in record.allergies}
    cleanser = record.session.cleansed_with if Allergy.Code.ANTISEPTIC in known else None
    if Allergy.Code.METAL in known:
        text = "An allergy to metals is on file; needles are of stainless steel with nickel."
        source = "SkinPen manual: contraindicated in stainless steel allergy; Chu 2021"
        yield Finding(Level.STOP, "ALLERGY_METAL", text, {}, source)
    if cleanser and cleanser.kind == Product.Kind.ANTISEPTIC:
        text = f"An allergy to antiseptics is on file; the skin was cleansed with {cleanser.name}."
        yield Finding(Level.STOP, "ALLERGY_ANTISEPTIC", text, {}, OWN_RULE, cleanser.name)
    if Allergy.Code.LATEX in known:
        text = "An allergy to latex is on file: gloves and whatever touches the skin without latex."
        yield Finding(Level.INFO, "ALLERGY_LATEX", text, {}, OWN_RULE)
    if Allergy.Code.ADHESIVE in known:
        for product in dict.fromkeys(row.product for row in record.numbing if row.occluded):
            text = (f"An allergy to dressings and adhesives is on file; {product.name} is recorded"
                    " as covered.")  # fmt: skip
            yield Finding(Level.INFO, "ALLERGY_ADHESIVE", text, {}, OWN_RULE, product.name)


def years(months: int | None) -> Decimal | None:
    """Return months as years; whole years stay whole, and months stay in their order."""
    return None if months is None else (Decimal(months) / 12).quantize(Decimal("0.01"))


def limits_of(product: Product, on: date, rules: DoseRules) -> ProductLimits:
    """Return a product's label as the dose rules read it, with the rows that hold on a day."""
    rows = [row for row in product.limits.all() if row.effective_from <= on]
    rows.sort(key=lambda row: (row.min_age_months or 0, row.effective_from))
    adult_from = rules.adult_from_years * 12
    adults = [row for row in rows if row.max_age_months is None or row.max_age_months > adult_from]
    return ProductLimits(
        name=product.name,
        actives=tuple(
            Active(row.name, row.mg_per_g, row.chemical_class) for row in product.actives.all()
        ),
        adult=_limit_row(adults[-1]) if adults else None,
        child_rows=tuple(_limit_row(row) for row in rows if (row.min_age_months or 0) < adult_from),
        has_label_cap=product.has_label_cap,
        occlusion_allowed=product.occlusion != Product.Occlusion.NONE,
        occlusion_required=product.occlusion == Product.Occlusion.REQUIRED,
        source=product.source,
        house_mg_per_kg=product.house_limit_mg_per_kg,
        area_table=tuple((row.area_cm2, row.grams) for row in product.area_table.all()),
        max_g_per_10cm2=adults[-1].max_g_per_10cm2 if adults else None,
        effective_from=product.effective_from,
    )


def _limit_row(row) -> LimitRow:
    def minutes(value):
        return None if value is None else Decimal(value)

    return LimitRow(
        max_g=row.max_g, max_area_cm2=row.max_area_cm2, max_minutes=minutes(row.max_minutes),
        min_minutes=minutes(row.min_minutes), source=row.source,
        min_age_years=years(row.min_age_months), max_age_years=years(row.max_age_months),
        min_weight_kg=row.min_weight_kg,
    )  # fmt: skip


def patient_facts(record: Record) -> PatientFacts:
    """Return the patient as the dose rules read them on the day of the session."""
    patient, day = record.session.patient, record.session.performed_on
    born = patient.birth_date
    months = (day.year - born.year) * 12 + day.month - born.month - (day.day < born.day)
    asked = patient.allergies_asked_on is not None or bool(record.allergies)
    known = {str(row.code) for row in record.allergies} | {row.text for row in record.allergies}
    return PatientFacts(
        age_years=years(months),
        weight_kg=record.weight.weight_kg if record.weight else None,
        weight_on=record.weight.measured_on if record.weight else None,
        allergies=frozenset(known - {"", "other"}) if asked else None,
    )


def _applications(record: Record, rows) -> list[Application]:
    record.read_labels()
    names = record.zone_names
    return [
        Application(
            product=limits_of(row.product, record.session.performed_on, record.rules.dose),
            grams=row.amount_g,
            area_cm2=row.area_cm2, applied_at=row.applied_at, removed_at=row.removed_at,
            occluded=row.occluded, heat_used=row.heat_used,
            zones=tuple(names.get(code, code) for code in row.zone_codes),
        )
        for row in rows
    ]  # fmt: skip


def _about_numbing(record: Record, at: datetime, signing: bool):  # noqa: FBT001 -- judge's own
    session = record.session
    context = Context(
        today=session.performed_on, rules=record.rules.dose, now=at,
        needling_started_at=session.needling_started_at or (at if signing else None),
        other_anaesthetic_24h=_other_anaesthetic(session),
        prescription_recorded=_is_prescribed(record.numbing),
    )  # fmt: skip
    applications = _applications(record, [*record.numbing, *record.earlier_numbing])
    return check_dose(applications, patient_facts(record), context)


def clocks(record: Record) -> list[tuple[datetime | None, datetime | None]]:
    """Return (when to warn, when it has to come off) of each cream; Nones where no label says."""
    facts, rules = patient_facts(record), record.rules.dose
    creams = _applications(record, record.numbing)
    return [(alarm_at(one, facts, rules), remove_by(one, facts, rules)) for one in creams]


def _is_prescribed(numbing) -> bool:
    """Say whether each cream that needs a prescription has one; any will do where none needs it."""
    strict = [row for row in numbing if not row.product.has_label_cap]
    if strict:
        return all(row.prescription_ref for row in strict)
    return any(row.prescription_ref for row in numbing)


def _other_anaesthetic(session) -> tuple[OtherAnaesthetic, ...] | None:
    """Read "articaine 68 mg; lidocaine 40 mg": one entry a drug, parted by semicolon, plus or "and".

    Each is an amide unless it names an ester. A drug without milligrams is summed as unknown,
    which is a finding of its own.
    """
    text = session.other_anaesthetic_24h.strip()
    if not text:
        return () if session.other_anaesthetic_asked else None
    drugs = [part.strip() for part in re.split(r";|\+|\band\b", text) if part.strip()]
    return tuple(_one_other(drug) for drug in drugs)


def _one_other(text: str) -> OtherAnaesthetic:
    amounts = re.findall(r"(\d+(?:[.,]\d+)?)\s*mg\b", text)
    mg = sum(Decimal(amount.replace(",", ".")) for amount in amounts) if amounts else None
    is_ester = any(name in text.lower() for name in ESTERS)
    return OtherAnaesthetic(text, "", "ester" if is_ester else "amide", mg)


def _about_zones(record: Record):
    session = record.session
    device, protocol = _device_limits(session.device), _protocol_range(session.plan)
    for row in record.zones:
        endpoint = ENDPOINTS.get(row.endpoint)
        setting = ZoneSetting(row.zone.name, row.depth_mm, row.passes, endpoint)
        cap = ZoneLimits(row.zone.depth_cap_mm, row.zone.forbidden, row.zone.source)
        yield from check_depth(setting, device=device, zone=cap, protocol=protocol)
        yield from _interval(record, row)
    if record.zones and session.clinic.jurisdiction.upper().startswith("GB-SC"):
        yield from check_depth_line(
            max(row.depth_mm for row in record.zones), record.rules.depth_line,
            is_rf=bool(session.device and session.device.model.kind == "rf"),
            prescribed_anaesthetic=any(row.prescription_ref for row in record.numbing),
            on=session.performed_on,
        )  # fmt: skip


def _device_limits(device) -> DeviceLimits | None:
    if device is None:
        return None
    model = device.model
    return DeviceLimits(
        str(device), model.depth_min_mm, model.depth_max_mm, model.depth_step_mm,
        model.evaluated_depth_max_mm, model.source,
    )  # fmt: skip


def _protocol_range(plan) -> ProtocolRange | None:
    if plan is None:
        return None
    agreed = plan.protocol
    return ProtocolRange(
        agreed.name, agreed.depth_min_mm, agreed.depth_max_mm, agreed.passes_max, agreed.source
    )


def _interval(record: Record, row: ZoneTreatment):
    """Days since this zone was needled, from valid records and from healing time set otherwise."""
    session, rest, rules = record.session, record.rests.get(row.zone.code), record.rules
    earlier = [past for past in record.past_zones if past.zone_id == row.zone_id]
    days = [(session.performed_on - past.session.performed_on).days for past in earlier]
    plan, planned = session.plan, session.planned_session
    minimum = planned.gap_days_min if planned else plan.gap_days_min if plan else 0
    if rest:
        days.append(day_number(session.performed_on) - rest.start_day)
        minimum = max(minimum, rest.end_day - rest.start_day)
    limits = IntervalLimits(
        minimum_days=max(minimum, rules.hard_stop_days), hard_stop_days=rules.hard_stop_days,
        hard_stop_depth_mm=rules.hard_stop_depth_mm,
        max_sessions=plan.protocol.yearly_max if plan else rules.yearly_max,
        source=plan.protocol.source if plan else rules.interval_source,
    )  # fmt: skip
    deeper = max([row.depth_mm, *(past.depth_mm for past in earlier[:1])])
    return check_interval(
        row.zone.name, days_since_last=min(days, default=None), depth_mm=deeper,
        earlier_sessions_12_months=sum(0 <= one < rules.yearly_days for one in days[: len(earlier)]),
        limits=limits,
    )  # fmt: skip


def _about_health(record: Record):
    """The health check of the visit, with the creams of this session, and the patient's age."""
    session = record.session
    record.read_labels()
    return screening.about(screening.Checked(
        patient=session.patient, day=session.performed_on, response=record.health_check,
        protocol=session.plan.protocol if session.plan else None,
        creams=screening.creams_of(record.numbing), rules=record.rules,
        jurisdiction=session.clinic.jurisdiction,
    ))  # fmt: skip


def _about_lots(record: Record):
    """Expiry and quarantine of every lot used, and products used without naming one."""
    used = [(row.lot.product, row.lot) for row in record.cartridges]
    used += [(row.product, row.lot) for row in [*record.numbing, *record.products]]
    for product, lot in dict.fromkeys(used):
        facts = LotFacts(f"{product.name} without a lot", None, expiry_day_given=True,
                         quarantined=False)  # fmt: skip
        if lot:
            held = lot.quarantined_at is not None
            facts = LotFacts(f"{product.name} lot {lot.number}", lot.expires_on,
                             expiry_day_given=True, quarantined=held)  # fmt: skip
        yield from check_lot(
            facts, on=record.session.performed_on, at_intake=False, source=LOT_SOURCE,
            soon_source=record.rules.lot_source, warn_within_days=record.rules.lot_warn_days,
        )  # fmt: skip


def _about_products(record: Record):
    """Routes of serums and ointments; what goes on after needling goes on at once."""
    country = record.session.clinic.jurisdiction.upper()[:2]
    where = "UK" if country == "GB" else "EU" if country in EU else country or None
    for row in record.products:
        product = row.product
        facts = SerumFacts(product.name, Route(product.route_allowed), product.sterile,
                           product.single_dose,
                           product.human_origin and "exosome" in product.contains,
                           frozenset(product.contains) - {"exosome"})  # fmt: skip
        yield from check_route(
            facts, phase=Phase(row.phase), hours_since_needling=Decimal(0), jurisdiction=where,
            limits=record.rules.routes,
        )  # fmt: skip
