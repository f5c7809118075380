"""The two demo clinics: staff, rooms, devices, hours, services and what stands on the shelf."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.contrib.auth.hashers import PBKDF2PasswordHasher

from clinic.actions.letters import seed_templates
from clinic.actions.staff import give_role
from clinic.models import (
    Clinic,
    Competence,
    HoursException,
    Resource,
    Role,
    Service,
    ServicePhase,
    User,
    WeeklyHours,
)
from clinic.signin import demo_password
from treatments.models import Device, DeviceModel, Lot, Product

#: Monday to Friday and Saturday morning, by wall minutes; on Sundays nobody is there.
WORKDAYS, SATURDAY = range(5), 5
OPENS_MIN, CLOSES_MIN, SATURDAY_HOURS = 8 * 60, 18 * 60 + 30, (9 * 60, 13 * 60)
SHORT_SHIFT = ((9 * 60, 12 * 60 + 30), (13 * 60 + 10, 16 * 60))
EVENING_DAY, EVENING_MIN = 3, 20 * 60  # Thursdays, somebody stays longer
NUMBING, PLAIN = "Needling with numbing", "Needling without numbing"
CONSULTATION, REVIEW = "Consultation", "Review"
#: kind, starts after, minutes, minutes of a person, device needed
PHASES = {
    NUMBING: [("numbing", 0, 45, 5, False), ("needling", 45, 35, 35, True),
              ("cleaning", 80, 10, 0, True)],
    PLAIN: [("needling", 0, 35, 35, True), ("cleaning", 35, 10, 0, True)],
    CONSULTATION: [("consult", 0, 40, 40, False)],
    REVIEW: [("consult", 0, 30, 30, False)],
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What one clinic is made of: (username, given name, family name) by role, rooms, devices."""

    name: str
    slug: str
    practitioners: tuple
    desk: tuple
    lead: tuple
    auditor: tuple | None
    rooms: tuple
    devices: tuple  # (name, device model)
    shifts: tuple  # of each practitioner the hours around lunch on a long day, wall minutes
    saturdays: tuple = ()  # usernames of those who work on Saturday morning
    evening: str = ""  # username of who stays longer once a week
    part_time: str = ""  # username of who works three days


NORTH = Plan(
    name="Demo Skin Clinic North", slug="demo-north",
    practitioners=(("mara", "Mara", "Needham"), ("jonas", "Jonas", "Penn"),
                   ("priya", "Priya", "Stampford")),
    desk=("desk", "Dana", "Deskworth"), lead=("lead", "Lena", "Leadbetter"),
    auditor=("auditor", "Arthur", "Auditley"), rooms=("Room 1", "Room 2"),
    devices=(("Pen A", "SkinPen"), ("Pen B", "SkinPen"), ("Pen C", "Dermapen 4")),
    shifts=(((480, 740), (790, 1110)), ((480, 790), (840, 1110)), ((540, 790), (840, 1110))),
    saturdays=("mara", "priya"), evening="jonas", part_time="priya",
)  # fmt: skip
SOUTH = Plan(
    name="Demo Skin Clinic South", slug="demo-south",
    practitioners=(("noor", "Noor", "Rollerby"),),
    desk=("southdesk", "Sid", "Southey"), lead=("lead", "Lena", "Leadbetter"), auditor=None,
    rooms=("Studio",), devices=(("Pen S", "SkinPen"),), shifts=(((540, 720), (765, 1020)),),
)  # fmt: skip


@dataclass
class Place:
    """One clinic as it stands, with what the story needs at hand."""

    clinic: Clinic
    desk: User
    lead: User
    practitioners: list[Resource]
    services: dict[str, Service] = field(default_factory=dict)
    lots: dict[str, Lot] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)  # by resource
    weekdays: dict[int, set[int]] = field(default_factory=dict)  # by practitioner

    def working_day(self, who: Resource, day: date, today: date) -> date:
        """Return the day where the person works then, else the next one away from today."""
        step = timedelta(days=1 if day > today else -1)
        while day != today and day.weekday() not in self.weekdays[who.pk]:
            day += step
        return day


def build(plan: Plan, *, opened: date, today: date, at: datetime) -> Place:
    """Open a demo clinic that has worked since `opened`."""
    clinic = Clinic.objects.create(
        name=plan.name, slug=plan.slug, time_zone="Europe/London", jurisdiction="GB", is_demo=True,
        phone="020 7946 0000", email=f"{plan.slug}@example.org",
        address="1 Nowhere Lane\nExampletown\nZZ1 9ZZ",
    )  # fmt: skip
    seed_templates(clinic)
    lead = _person(clinic, plan.lead, Role.LEAD, at)
    desk = _person(clinic, plan.desk, Role.FRONT_DESK, at)
    people = [_person(clinic, who, Role.PRACTITIONER, at) for who in plan.practitioners]
    if plan.auditor:
        _person(clinic, plan.auditor, Role.AUDITOR, at)
    place = Place(clinic, desk, lead, _resources(clinic, plan, people))
    _hours(place, plan, today)
    _services(place)
    _devices(place, plan, today)
    _lots(place, opened, today)
    _open_today(place, plan, today)
    _exceptions(place, today)
    return place


def _person(clinic, who: tuple[str, str, str], role: str, at: datetime) -> User:
    username, first_name, last_name = who
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User(username=username, first_name=first_name, last_name=last_name,
                    email=f"{username}@example.org")  # fmt: skip
        user.password = _quick_hash(demo_password(username))
        user.save(force_insert=True)
    give_role(clinic=clinic, user=user, role=role, at=at, by=None)
    return user


def _quick_hash(password: str) -> str:
    """Hash a demo password in a moment: 100 bits of a server's secret need no slow hash.

    The first sign-in makes it the slow one, as every hash that is not.
    """
    quick = PBKDF2PasswordHasher()
    return quick.encode(password, quick.salt(), iterations=1)


def _resources(clinic, plan: Plan, people: list[User]) -> list[Resource]:
    rows = [Resource(clinic=clinic, kind="practitioner", name=str(user), user=user, order=n)
            for n, user in enumerate(people)]  # fmt: skip
    rows += [Resource(clinic=clinic, kind="room", name=room, order=n)
             for n, room in enumerate(plan.rooms)]  # fmt: skip
    rows += [Resource(clinic=clinic, kind="device", name=name, order=n)
             for n, (name, _) in enumerate(plan.devices)]  # fmt: skip
    for row in rows:
        row.save(force_insert=True)
    return rows[: len(people)]


def _hours(place: Place, plan: Plan, today: date) -> None:
    """Open from Monday to Friday around lunch, long on today's weekday, else until four.

    One evening, and where told on Saturday morning; who works part time is there today.
    """
    rows = []
    for who, shift in zip(place.practitioners, plan.shifts, strict=True):
        name = who.user.username
        week = {day: shift if day == today.weekday() else SHORT_SHIFT for day in WORKDAYS}
        if name == plan.part_time:
            week = {day: week[day] for day in week if (day - today.weekday()) % 5 not in (1, 3)}
        if name == plan.evening:
            first, last = week[EVENING_DAY]
            week[EVENING_DAY] = (first, (last[0], EVENING_MIN))
        if name in plan.saturdays:
            week[SATURDAY] = (SATURDAY_HOURS,)
        place.weekdays[who.pk] = set(week)
        rows += [(who, day, *span) for day, spans in week.items() for span in spans]
    for unit in place.clinic.resources.exclude(kind="practitioner"):
        ends = dict.fromkeys(WORKDAYS, CLOSES_MIN)
        if plan.evening:
            ends[EVENING_DAY] = EVENING_MIN
        rows += [(unit, day, OPENS_MIN, last) for day, last in ends.items()]
        rows += [(unit, SATURDAY, *SATURDAY_HOURS)] if plan.saturdays else []
    WeeklyHours.objects.bulk_create(
        WeeklyHours(resource=unit, weekday=day, from_min=first, to_min=last)
        for unit, day, first, last in rows
    )


def _open_today(place: Place, plan: Plan, today: date) -> None:
    """Open once more at a weekend, so that whichever day it is, somebody comes."""
    if today.weekday() in WORKDAYS:
        return
    extra = [(None, (OPENS_MIN, CLOSES_MIN))]
    for who, shift in zip(place.practitioners, plan.shifts, strict=True):
        extra += [(who, span) for span in shift]
    HoursException.objects.bulk_create(
        HoursException(clinic=place.clinic, resource=who, kind="extra", reason="other",
                       from_day=today, to_day=today, from_min=first, to_min=last)
        for who, (first, last) in extra
    )  # fmt: skip


def _services(place: Place) -> None:
    for name, phases in PHASES.items():
        service = Service.objects.create(clinic=place.clinic, name=name, grid_min=10)
        ServicePhase.objects.bulk_create(
            ServicePhase(service=service, kind=kind, offset_min=offset, minutes=minutes,
                         practitioner_min=person, needs_device=device)
            for kind, offset, minutes, person, device in phases
        )  # fmt: skip
        Competence.objects.bulk_create(
            Competence(resource=row, service=service) for row in place.clinic.resources.all()
        )
        place.services[name] = service


def _devices(place: Place, plan: Plan, today: date) -> None:
    models = dict(plan.devices)
    for n, row in enumerate(place.clinic.resources.filter(kind="device")):
        place.devices[row.pk] = Device.objects.create(
            clinic=place.clinic, model=DeviceModel.objects.get(name=models[row.name]),
            serial=f"DEMO-{place.clinic.slug[-5:].upper()}-{n + 1}", name=row.name, resource=row,
            service_due_on=today + timedelta(days=40 + 60 * n),
        )  # fmt: skip


#: word -> product, lot number, days to expiry, opened; the words are the story's.
SHELF = {
    "lmx": ("LMX4 4 % cream", "DEMO-LX41", 300, True),
    "lmx old": ("LMX4 4 % cream", "DEMO-LX17", -20, True),
    "emla": ("EMLA 5 % cream", "DEMO-EM82", 18, True),
    "emla next": ("EMLA 5 % cream", "DEMO-EM95", 410, False),
    "skinpen": ("SkinPen cartridge", "DEMO-SP300", 500, True),
    "skinpen held": ("SkinPen cartridge", "DEMO-SP271", 380, False),
    "dermapen": ("Dermapen 4 cartridge", "DEMO-DP44", 450, True),
    "ha": ("Hyaluronic acid gel, sterile, not cross-linked", "DEMO-HA12", 240, True),
    "glide": ("Hydrogel glide", "DEMO-HG07", 330, True),
    "gel": ("Sterile post-treatment gel", "DEMO-PG55", 270, True),
    "petrolatum": ("Healing ointment (petrolatum)", "DEMO-HO31", 600, True),
}


def _lots(place: Place, opened: date, today: date) -> None:
    for word, (product, number, days, is_open) in SHELF.items():
        place.lots[word] = Lot.objects.create(
            clinic=place.clinic, product=Product.objects.get(name=product), number=number,
            expires_on=today + timedelta(days=days), received_on=opened,
            opened_on=opened + timedelta(days=5) if is_open else None,
        )  # fmt: skip


def quarantine(place: Place, at: datetime) -> None:
    """Set one lot aside, as after a letter of its maker."""
    Lot.objects.filter(pk=place.lots["skinpen held"].pk).update(
        quarantined_at=at, quarantined_because="Damaged seals in the delivery; maker informed."
    )


def _exceptions(place: Place, today: date) -> None:
    """Write down a week of leave and a day of training to come."""
    who = place.practitioners[-1]
    leave = today + timedelta(days=24)
    training = place.working_day(place.practitioners[0], today + timedelta(days=17), today)
    HoursException.objects.create(clinic=place.clinic, resource=who, kind="off", reason="leave",
                                  from_day=leave, to_day=leave + timedelta(days=6))  # fmt: skip
    HoursException.objects.create(clinic=place.clinic, resource=place.practitioners[0], kind="off",
                                  reason="training", from_day=training, to_day=training)  # fmt: skip
