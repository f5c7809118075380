"""Playing the demo: the same every time, whole or not at all, and never beside real people."""

import hashlib
import json
from collections import Counter
from datetime import UTC, date, datetime

import pytest
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import transaction

from clinic.models import Appointment, AuditEvent, Clinic, Patient
from clinic.signin import demo_accounts
from tests import factories
from treatments.management.demo import album, people, play, skin, story
from treatments.models import Photo, TreatmentPlan, TreatmentSession

TODAY = date(2026, 11, 23)


def demo(**options) -> None:
    call_command("demo", today=TODAY, small=True, **options)


def digest() -> str:
    """Return a hash over what a person could see of the demo, keys of rows aside."""
    rows = [
        Patient.objects.order_by("clinic", "number").values_list(
            "number", "given_name", "family_name", "birth_date", "phone", "desk_note"),
        Appointment.objects.order_by("starts_at", "patient__family_name").values_list(
            "patient__number", "local_date", "local_start_min", "status", "practitioner__name",
            "room__name", "booked_at", "confirmed_at", "arrived_at"),
        TreatmentSession.objects.order_by("opened_at", "patient__number").values_list(
            "status", "performed_on", "signed_hash", "findings", "pain_nrs", "notes"),
        Photo.objects.order_by("uploaded_at", "patient__number", "view__order").values_list(
            "taken_on", "sha256", "view__code"),
        AuditEvent.objects.order_by("clinic_id", "seq").values_list(
            "at", "actor_name", "action", "reason"),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps([*map(list, rows)], default=str).encode()).hexdigest()


@pytest.mark.django_db
def test_the_same_day_gives_the_same_demo():
    digests = []
    for _ in range(2):
        with transaction.atomic():
            demo()
            digests.append(digest())
            transaction.set_rollback(True)

    assert digests[0] == digests[1]


@pytest.mark.django_db
def test_a_real_clinic_is_left_alone(clinic):
    with pytest.raises(CommandError, match="a clinic that is not a demo"):
        demo(if_empty=True)

    assert Clinic.objects.get() == clinic


@pytest.mark.django_db
def test_a_story_that_breaks_off_leaves_no_row_and_no_file(monkeypatch):
    monkeypatch.setattr(album.Album, "_file", _then_break(album.Album._file))

    with pytest.raises(RuntimeError):
        demo()

    assert Clinic.objects.count() == 0
    assert _folders() != []  # there were files
    assert [name for folder in _folders() for name in storages["photos"].listdir(folder)[1]] == []


def _then_break(deed):
    def broken(*args, **facts):
        deed(*args, **facts)
        raise RuntimeError

    return broken


def _folders() -> list[str]:
    store = storages["photos"]
    return [f"{top}/{inner}" for top in store.listdir("")[0] for inner in store.listdir(top)[0]]


@pytest.mark.parametrize("hour", [3, 9, 21])
def test_the_story_stops_now_and_writes_nothing_into_the_future(hour):
    now = datetime(2026, 11, 23, hour, 33, tzinfo=UTC)

    assert play.moments(None, now) == (TODAY, now)


def test_a_day_that_is_told_stops_in_its_late_morning_whenever_it_is_played():
    day, until = play.moments(TODAY, datetime(2027, 1, 9, 3, tzinfo=UTC))

    assert (day, until) == (TODAY, datetime(2026, 11, 23, 11, 20, tzinfo=UTC))


SATURDAY, SUNDAY = date(2026, 11, 28), date(2026, 11, 29)


@pytest.mark.django_db
@pytest.mark.parametrize("today", [SATURDAY, SUNDAY])
def test_at_a_weekend_somebody_comes_all_the_same_and_states_are_as_told(today):
    call_command("demo", today=today, small=True)

    found = Counter(TreatmentPlan.objects.with_state(today).values_list("state", flat=True))
    told = Counter("on_track" if one.state == "today" else one.state
                   for one in (*story.SMALL_NORTH, story.SOUTH[4]))  # fmt: skip
    assert found == told
    assert Appointment.objects.filter(local_date=today).count() == 3
    others = Appointment.objects.exclude(local_date=today)
    assert {day.weekday() for day in others.values_list("local_date", flat=True)} <= {*range(6)}


def test_no_two_people_share_a_name_or_a_telephone():
    names = {people.name(number) for number in range(60)}
    phones = {
        people.facts(number, today=TODAY, rng=play.Random(1))["phone"] for number in range(60)
    }

    assert (len(names), len(phones)) == (60, 60)


def test_a_picture_is_the_same_for_the_same_shot_and_another_for_the_next():
    first = skin.photograph(skin.Shot(3, 4, "BK_FULL", 0))

    assert first == skin.photograph(skin.Shot(3, 4, "BK_FULL", 0))
    assert first != skin.photograph(skin.Shot(3, 4, "BK_FULL", 1))


@pytest.mark.django_db
def test_a_person_of_a_real_clinic_is_never_named_on_the_sign_in_page():
    factories.staff(factories.clinic(), "lead")

    assert demo_accounts() == []
