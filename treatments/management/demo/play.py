"""Play the whole story into the database, up to now."""

from contextlib import contextmanager
from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from clinic.models import Appointment, Clinic, Patient
from treatments.management.demo import desk, post, story
from treatments.management.demo.agenda import Agenda, instant
from treatments.management.demo.album import VIEWS, album
from treatments.management.demo.places import NORTH, SOUTH, build, quarantine
from treatments.management.demo.visits import CourseLife, SingleVisit, World, register
from treatments.models import (
    AftercareSheet,
    DeviceModel,
    DoseLimit,
    Photo,
    Product,
    Protocol,
    Threshold,
    TreatmentPlan,
    Zone,
)

ZONE = ZoneInfo("Europe/London")
USUAL_MIN = 680  # a board shows every state at once then
PEOPLE, NORTHERNERS = 60, 46


def play(*, today: date | None, now: datetime, small: bool = False) -> str:
    """Write the demo in one transaction; return a sentence with what there is now.

    With `today` the same rows come out every time, whenever it is run.
    """
    day, until = moments(today, now)
    views = VIEWS[:1] if small else VIEWS
    with _without_a_log_of_statements(), album(f"{day}", views) as pictures, transaction.atomic():
        _date_catalogue(day - timedelta(days=story.STARTED_DAYS_AGO + 30))
        agenda = Agenda(now=until)
        opened = day - timedelta(days=story.STARTED_DAYS_AGO)
        casts = _small_casts() if small else _casts()
        for plan, courses, visits, numbers in casts:
            place = build(plan, opened=opened, today=day, at=instant(opened, 540, ZONE))
            rng = Random(f"{plan.slug} {day}")  # noqa: S311 -- a die, no secret
            world = World(place, agenda, day, rng, pictures)
            _cast(world, courses, visits, list(numbers))
        for days in range((day - opened).days + 1):
            agenda.put(instant(opened + timedelta(days=days), 19 * 60, ZONE), post.deliver)
        agenda.run()
        post.deliver(until)
        for clinic in Clinic.objects.order_by("pk"):
            post.troubles(clinic, until)
            desk.keep_lists(clinic, until)
            if not small:
                desk.fill_days(clinic, until)
    return _told()


@contextmanager
def _without_a_log_of_statements():
    """Spare what DEBUG costs here: Django would keep and spell out every one of 25 000 statements."""
    before, settings.DEBUG = settings.DEBUG, False
    try:
        yield
    finally:
        settings.DEBUG = before


def moments(today: date | None, now: datetime) -> tuple[date, datetime]:
    """Return the demo's day and the instant its story stops: now, or late morning of a day told."""
    if today:
        return today, instant(today, USUAL_MIN, ZONE)
    return now.astimezone(ZONE).date(), now


def _casts() -> list[tuple]:
    return [
        (NORTH, story.NORTH, story.NORTH_VISITS, range(NORTHERNERS)),
        (SOUTH, story.SOUTH, story.SOUTH_VISITS, range(NORTHERNERS, PEOPLE)),
    ]


def _small_casts() -> list[tuple]:
    return [
        (NORTH, story.SMALL_NORTH, story.NORTH_VISITS[:1], range(11)),
        (SOUTH, story.SOUTH[4:5], (), range(NORTHERNERS, NORTHERNERS + 1)),
    ]


def _cast(world: World, courses, visits, numbers: list[int]) -> None:
    """Give every course and visit a person; whoever is left is registered and nothing more."""
    for course in courses:
        CourseLife(world, course, numbers.pop(0)).begin()
    for visit in visits:
        SingleVisit(world, numbers.pop(0), *visit).begin()
    for number in numbers:
        at = world.at(-(number % 50) - 2, 615 + number)
        world.agenda.put(at, lambda at, number=number: register(world, number, at=at) and None)
    world.agenda.put(world.at(-25, 640), lambda at: quarantine(world.place, at))


def _date_catalogue(day: date) -> None:
    """Let the catalogue hold from before the first session: these clinics have had it all along."""
    for model in (AftercareSheet, DeviceModel, DoseLimit, Product, Protocol, Threshold, Zone):
        model.objects.filter(effective_from__gt=day).update(effective_from=day)


def _told() -> str:
    return (
        f"Demo data: {Patient.objects.count()} patients, {TreatmentPlan.objects.count()} courses, "
        f"{Appointment.objects.count()} appointments, {Photo.objects.count()} photos."
    )
