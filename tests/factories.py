"""Rows for tests: every default is valid and dull, every name plainly made up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count

from clinic.actions.diary import book
from clinic.models import (
    Appointment,
    Clinic,
    Competence,
    Membership,
    Patient,
    Resource,
    Role,
    Service,
    ServicePhase,
    User,
    WeeklyHours,
)
from clinic.models.openings import shape_of, snapshot
from clinic.models.patients import digits, plain
from clinic.scheduling.minutes import minute_of
from clinic.scheduling.slots import Slot, slot_at
from treatments.models import (
    Active,
    AftercareSheet,
    Device,
    DeviceModel,
    DoseLimit,
    Lot,
    PlannedSession,
    PlanZone,
    Product,
    Protocol,
    Question,
    QuestionSet,
    TreatmentPlan,
    View,
    Zone,
)

_next = count(1)
SOURCE = {"source": "Test label", "effective_from": date(2026, 1, 1)}
PASSWORD = "a-long-enough-password"
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def clinic(**facts) -> Clinic:
    """Return a clinic in London without anything in it."""
    n = next(_next)
    return Clinic.objects.create(**{"name": f"Clinic {n}", "slug": f"clinic-{n}"} | facts)


def staff(of: Clinic, role: str = Role.PRACTITIONER, **facts) -> User:
    """Return an account with one role in a clinic; a lead may enter the admin."""
    n = next(_next)
    names = {"username": f"{role}{n}", "first_name": "Test", "last_name": f"Person{n}",
             "email": f"{role}{n}@example.org", "is_staff": role == Role.LEAD}  # fmt: skip
    user = User.objects.create_user(**{"password": PASSWORD} | names | facts)
    Membership.objects.create(user=user, clinic=of, role=role)
    return user


def resource(of: Clinic, kind: str = "practitioner", hours=(540, 1020), **facts) -> Resource:
    """Return a resource that works Monday to Saturday, 09:00 to 17:00 unless told."""
    n = next(_next)
    row = Resource.objects.create(**{"clinic": of, "kind": kind, "name": f"{kind} {n}"} | facts)
    if hours:
        WeeklyHours.objects.bulk_create(
            WeeklyHours(resource=row, weekday=day, from_min=hours[0], to_min=hours[1])
            for day in range(6)
        )
    return row


def service(of: Clinic, **facts) -> Service:
    """Return needling with numbing: room 90 min, person 0-5 and 45-80, device 45-90."""
    row = Service.objects.create(
        **{"clinic": of, "name": f"Needling {next(_next)}", "grid_min": 10} | facts
    )
    ServicePhase.objects.bulk_create([
        ServicePhase(service=row, kind="numbing", offset_min=0, minutes=45, practitioner_min=5),
        ServicePhase(service=row, kind="needling", offset_min=45, minutes=35, practitioner_min=35,
                     needs_device=True),
        ServicePhase(service=row, kind="cleaning", offset_min=80, minutes=10, needs_device=True),
    ])  # fmt: skip
    for unit in of.resources.all():
        Competence.objects.create(resource=unit, service=row)
    return row


def clinic_with_diary(**facts) -> Clinic:
    """Return a clinic with two practitioners, two rooms, two devices and one service."""
    row = clinic(**facts)
    for kind in ("practitioner", "practitioner", "room", "room", "device", "device"):
        resource(row, kind)
    service(row)
    return row


def patient(of: Clinic, **facts) -> Patient:
    """Return an adult patient with a telephone number."""
    n = next(_next)
    values = {
        "clinic": of, "number": 1000 + n, "given_name": "Ada", "family_name": f"Testcase{n}",
        "birth_date": date(1990, 3, 14), "phone": f"020 7946 {n:04d}", "created_at": NOW,
    } | facts  # fmt: skip
    values |= {"search_given": plain(values["given_name"]),
               "search_family": plain(values["family_name"]),
               "phone_digits": digits(values["phone"])}  # fmt: skip
    return Patient.objects.create(**values)


def zone(code: str = "", **facts) -> Zone:
    """Return a zone of the back; usual depth 1 to 2 mm, cap 2.5 mm, 2.25 % of the body."""
    code = code or f"Z{next(_next)}"
    values = {"code": code, "name": f"Zone {code}", "region": "back", "depth_min_mm": Decimal("1"),
              "depth_max_mm": Decimal("2"), "depth_cap_mm": Decimal("2.5"),
              "body_fraction": Decimal("0.0225"), "fraction_source": "Test"} | SOURCE  # fmt: skip
    return Zone.objects.create(**values | facts)


def protocol(zones=(), **facts) -> Protocol:
    """Return a scar protocol: 4 sessions, 28 / 35 / 42 days apart, 1.5 mm, 4 passes."""
    values = {
        "code": f"P{next(_next)}", "name": "Back acne scars", "region": "back",
        "depth_min_mm": Decimal("1"), "depth_default_mm": Decimal("1.5"),
        "depth_max_mm": Decimal("2.5"), "passes_min": 4, "passes_default": 4, "passes_max": 10,
        "gap_days_min": 28, "gap_days_ideal": 35, "gap_days_max": 42, "sessions_min": 3,
        "sessions_default": 4, "sessions_max": 6, "yearly_max": 6,
    } | SOURCE | facts  # fmt: skip
    row = Protocol.objects.create(**values)
    row.zones.set(zones)
    return row


def plan(of: Patient, *, zones=None, sessions: int = 4, **facts) -> TreatmentPlan:
    """Return an open course with its planned sessions and zones, nothing booked."""
    zones = zones or [zone()]
    agreed = facts.pop("protocol", None) or protocol(zones)
    values = {
        "clinic": of.clinic, "patient": of, "protocol": agreed,
        "service": of.clinic.services.first() or service(of.clinic),
        "practitioner": of.clinic.resources.practitioners().first(), "sessions_planned": sessions,
        "gap_days_min": 28, "gap_days_ideal": 35, "gap_days_max": 42, "agreed_on": NOW.date(),
        "next_earliest_on": NOW.date(), "next_ideal_on": NOW.date(), "next_latest_on": NOW.date(),
    } | facts  # fmt: skip
    row = TreatmentPlan.objects.create(**values)
    PlanZone.objects.bulk_create(
        PlanZone(plan=row, zone=area, depth_mm=Decimal("1.5"), passes=4) for area in zones
    )
    PlannedSession.objects.bulk_create(
        PlannedSession(plan=row, number=k, gap_days_min=row.gap_days_min,
                       gap_days_ideal=row.gap_days_ideal, gap_days_max=row.gap_days_max)
        for k in range(1, sessions + 1)
    )  # fmt: skip
    return row


def anaesthetic(**facts) -> Product:
    """Return a lidocaine 2.5 % + prilocaine 2.5 % cream: at most 60 g, 600 cm², 60 to 300 min."""
    values = {"kind": "anaesthetic", "name": f"Cream {next(_next)}", "has_label_cap": True,
              "occlusion": "required", "unit": "g"} | SOURCE | facts  # fmt: skip
    row = Product.objects.create(**values)
    for name in ("lidocaine", "prilocaine"):
        Active.objects.create(product=row, name=name, mg_per_g=Decimal(25), chemical_class="amide")
    DoseLimit.objects.create(
        product=row, label="Adults", min_age_months=216, max_g=Decimal(60),
        max_area_cm2=Decimal(600), min_minutes=60, max_minutes=300, **SOURCE,
    )  # fmt: skip
    return row


def product(kind: str = "serum", **facts) -> Product:
    """Return a sterile product that may enter open channels."""
    values = {"kind": kind, "name": f"{kind} {next(_next)}", "route_allowed": "OPEN_CHANNELS",
              "sterile": True, "single_dose": True} | SOURCE | facts  # fmt: skip
    return Product.objects.create(**values)


def lot(of: Clinic, product: Product, **facts) -> Lot:
    """Return a lot on the shelf that expires at the end of 2027."""
    values = {"clinic": of, "product": product, "number": f"L{next(_next)}",
              "expires_on": date(2027, 12, 31), "received_on": date(2026, 6, 1)}  # fmt: skip
    return Lot.objects.create(**values | facts)


def device(of: Clinic, **facts) -> Device:
    """Return a pen, 0.25 to 2.5 mm in steps of 0.25, evaluated to 1.5 mm."""
    model, _ = DeviceModel.objects.get_or_create(
        manufacturer="Testmaker", name="Pen",
        defaults={"depth_min_mm": Decimal("0.25"), "depth_max_mm": Decimal("2.5"),
                  "depth_step_mm": Decimal("0.25"), "evaluated_depth_max_mm": Decimal("1.5"),
                  "speeds": [7000]} | SOURCE,
    )  # fmt: skip
    unit = of.resources.filter(kind="device", device__isnull=True).first()
    values = {"clinic": of, "model": model, "serial": f"S{next(_next)}", "name": "Pen",
              "resource": unit}  # fmt: skip
    return Device.objects.create(**values | facts)


def sheet(**facts) -> AftercareSheet:
    """Return version 1 of an aftercare sheet."""
    values = {"code": f"A{next(_next)}", "version": 1, "title": "After needling",
              "text": "Wash with lukewarm water."} | SOURCE  # fmt: skip
    return AftercareSheet.objects.create(**values | facts)


def question_set(**facts) -> QuestionSet:
    """Return the questions in use: STOP for INF, a wait of 180 days for ISO, a note for FAINT."""
    found = QuestionSet.objects.filter(status="published").order_by("version").last()
    if found and not facts:
        return found
    values = {"version": next(_next), "title": "Health check", "answer_within_days": 7} | SOURCE
    row = QuestionSet.objects.create(**values | facts)
    questions = [
        {"code": "INF", "group": "skin", "text": "An infection?", "term": "Infection",
         "kind": "ABS", "level": "STOP"},
        {"code": "ISO", "group": "recent", "text": "Isotretinoin before?", "wait_days": 180,
         "term": "Isotretinoin stopped", "kind": "WAIT", "level": "WARN",
         "date_label": "Last capsule on"},
        {"code": "FAINT", "group": "health", "text": "Do you faint?", "term": "Faints",
         "kind": "CAUT", "level": "INFO"},
    ]  # fmt: skip
    Question.objects.bulk_create(
        Question(question_set=row, order=n, **one | SOURCE) for n, one in enumerate(questions)
    )
    QuestionSet.objects.filter(pk=row.pk).update(status="published")
    row.refresh_from_db()
    return row


def view(code: str = "", **facts) -> View:
    """Return a standard photo view of the back."""
    code = code or f"V{next(_next)}"
    return View.objects.create(**{"code": code, "name": f"View {code}", "region": "back"} | facts)


def slot_on(of: Clinic, day: date, start_min: int = 600, who: Resource | None = None) -> Slot:
    """Return the free slot of the clinic's service at a wall minute, 10:00 unless told."""
    service, who = of.services.first(), who or of.resources.practitioners().first()
    known = snapshot(of, service, from_day=day, days=1)
    start = minute_of(day, start_min, of.zone)
    return slot_at(known, shape_of(service), start=start, practitioner_id=who.pk)


def appointment(of: Patient, day: date, start_min: int = 600, **facts) -> Appointment:
    """Return a booked visit, taken as the desk takes it; `rests` are its healing times."""
    values = {"clinic": of.clinic, "patient": of, "service": of.clinic.services.first(), "at": NOW,
              "slot": slot_on(of.clinic, day, start_min, facts.pop("who", None)),
              "by": facts.pop("by", None) or staff(of.clinic, Role.FRONT_DESK)}  # fmt: skip
    return book(**values | facts)
