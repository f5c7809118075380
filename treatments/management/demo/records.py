"""What a practitioner writes into a session record, minute by minute, within the labels' figures."""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from treatments.actions.sessions import answer_finding, row_state, save_draft
from treatments.actions.signing import NotReady, sign_session
from treatments.management.demo.places import Place
from treatments.models import Product, TreatmentSession

#: Minutes from the start of a visit; the creams' labels: LMX4 30 to 60, EMLA at least 60 minutes.
ON_MIN = {"lmx": 3, "lmx old": 3, "emla": -18}
OFF_MIN, NEEDLES_MIN = 45, 48
LATE_OFF_MIN = 66
#: g on cm²: both labels name 1.5 to 2 g for 10 cm² (LMX4 UK SmPC 2019, EMLA UK/IE SmPC).
GRAMS_PER_CM2 = Decimal("0.15")
AREA_CM2 = {2: (180, 240), 3: (240, 320)}  # by number of zones: the scarred fields, as measured
NOTES = (
    "Scars softer to the touch, edges flatter. Patient pleased.", "", "",
    "Right side took one pass more than the left.", "Skin calm since the last session.",
    "Tolerated well, talked all the way through.", "", "Small scab of the last session healed.",
)  # fmt: skip
REASONS = {
    "DEPTH_NOT_EVALUATED": "Thick scar bands; agreed with the lead and explained to the patient.",
    "ROUTE_NOT_STERILE": "From a fresh sachet, put on with sterile gauze after needling.",
    "ROUTE_MULTI_DOSE": "Single sachet of the pot's batch, the rest thrown away.",
    "DOSE_A7_WEIGHT": "Patient says the weight has not changed; weighed at the next visit.",
    "DOSE_A3_OVER": "Taken off late because of a fire alarm. Watched for 30 minutes, no symptoms.",
    "HEALTH_WAIT": "Small patch at the neck, wiped off; that part is left out today.",
    "DOSE_NO_LIMITS": "Label read on paper.",
    "COOLING_OFF": "Had the texts at the first talk and asked to keep the date.",
}
USUAL = "Seen, discussed with the patient and accepted."
NO_CREAM = "Allergy to amide anaesthetics on file; patient prefers none."


def begin(session: TreatmentSession, *, course, place: Place, start: datetime, at: datetime, by,
          rng: Random) -> TreatmentSession:  # fmt: skip
    """Write what is known once the patient lies down: skin, settings and the cream put on."""
    values = {
        "skin_cleansed": True, "skin_intact": True, "other_anaesthetic_asked": True,
        "cleansed_with_id": Product.objects.get(name="Hypochlorous acid spray").pk,
        "zones": _zones(session, course),
    }  # fmt: skip
    if course.cream:
        on = start + timedelta(minutes=ON_MIN[course.cream])
        values["numbing"] = [_cream(course, place, rng) | {"applied_at": on, "removed_at": None}]
    else:
        values["no_numbing_because"] = NO_CREAM
    return save_draft(session=session, version=session.version, values=values, at=at, by=by)


def take_off(session: TreatmentSession, *, at: datetime, by) -> TreatmentSession:
    """Write that the cream is off and the needles begin."""
    row = session.numbing.get()
    values = {"numbing": [row_state("numbing", row) | {"removed_at": at}]}
    return save_draft(session=session, version=session.version, values=values, at=at, by=by)


def off_min(course, number: int) -> int:
    """Return how long after the start of a visit the cream comes off, in minutes."""
    return LATE_OFF_MIN if "late cream" in course.turns and number == 1 else OFF_MIN


def _zones(session, course) -> list[dict]:
    """Return the zones as agreed; a deep session goes a quarter of a millimetre further."""
    is_deep = "deeper" in course.turns and session.planned_session and (
        session.planned_session.number == 2
    )  # fmt: skip
    more = Decimal("0.25") if is_deep else 0
    rows = session.zones.order_by("zone__order", "pk")
    return [
        {"zone_id": row.zone_id, "depth_mm": row.depth_mm + more, "passes": row.passes,
         "speed": row.speed, "endpoint": None}
        for row in rows
    ]  # fmt: skip


def _cream(course, place: Place, rng: Random) -> dict:
    lot = place.lots[course.cream]
    area_cm2 = Decimal(rng.randrange(*AREA_CM2[len(course.zones)], 10))
    return {
        "product_id": lot.product_id, "lot_id": lot.pk, "zone_codes": list(course.zones),
        "amount_g": (area_cm2 * GRAMS_PER_CM2).quantize(Decimal(1)), "area_cm2": area_cm2,
        "occluded": course.cream == "emla",
        "heat_used": False, "prescription_ref": "",
    }  # fmt: skip


def complete(session: TreatmentSession, *, course, place: Place, start: datetime, number: int,
             at: datetime, by, rng: Random) -> TreatmentSession:  # fmt: skip
    """Write the rest after the last pass: times, cartridge, endpoints, serum, reaction, advice."""
    device = session.device.model.name
    cartridge = place.lots["dermapen" if device == "Dermapen 4" else "skinpen"]
    off = start + timedelta(minutes=off_min(course, number))
    values = {
        "cartridges": [{"lot_id": cartridge.pk}], "cartridge_discarded": True,
        "products": _products(course, place), "reaction": rng.choice((1, 2, 2, 3)),
        "pain_nrs": rng.choice((2, 3, 3, 4)) if course.cream else 6,
        "notes": rng.choice(NOTES), "aftercare_explained": True,
        "needling_started_at": off + timedelta(minutes=NEEDLES_MIN - OFF_MIN) if course.cream
        else start + timedelta(minutes=4),
        "zones": [row_state("zones", row) | {"endpoint": rng.choice((2, 3, 3, 4))}
                  for row in session.zones.order_by("zone__order", "pk")],
    }  # fmt: skip
    if course.cream:
        row = session.numbing.get()
        off_at = off if row.applied_at else None
        values["numbing"] = [row_state("numbing", row) | {"removed_at": off_at}]
    return save_draft(session=session, version=session.version, values=values, at=at, by=by)


def _products(course, place: Place) -> list[dict]:
    glide = {"product_id": place.lots["ha"].product_id, "lot_id": place.lots["ha"].pk,
             "phase": "DURING", "amount": Decimal("2.00"), "unit": "mL"}  # fmt: skip
    word = "petrolatum" if "petrolatum" in course.turns else "gel"
    after = {"product_id": place.lots[word].product_id, "lot_id": place.lots[word].pk,
             "phase": "AFTER", "amount": Decimal("3.00"), "unit": "g"}  # fmt: skip
    return [glide, after]


def sign(session: TreatmentSession, *, place: Place, at: datetime, by) -> TreatmentSession:
    """Sign; where findings wait for an answer give it first (a stop is the lead's to pass)."""
    try:
        return sign_session(session=session, version=session.version, at=at, by=by)
    except NotReady as waiting:
        if waiting.gaps:
            raise
        for one in waiting.open_findings:
            answer_finding(
                session=session, key=one.key, seen=one.finding.fingerprint,
                reason=REASONS.get(one.code, USUAL), at=at,
                by=place.lead if one.level == "STOP" else by,
            )  # fmt: skip
    return sign_session(session=session, version=session.version, at=at, by=by)
