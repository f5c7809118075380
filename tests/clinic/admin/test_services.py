"""Services in the admin: phases one after the other, drawn as a strip, and said where they are not."""

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from clinic.models import Service, ServicePhase
from clinic.templatetags.desk import visit_strip
from tests import factories
from tests.support.planner import text

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


def phase(kind, offset, minutes, person=0, **facts):
    """Return one row of phases as the page sends it."""
    return {"kind": kind, "offset_min": offset, "minutes": minutes, "practitioner_min": person,
            "needs_room": "on"} | facts  # fmt: skip


def send(client, service, *rows, initial=0):
    """Return the answer to a service saved with these phases."""
    sent = {"name": service.name, "grid_min": 10, "active": "on", "competences-TOTAL_FORMS": 0,
            "competences-INITIAL_FORMS": 0, "phases-TOTAL_FORMS": len(rows),
            "phases-INITIAL_FORMS": initial}  # fmt: skip
    for number, row in enumerate(rows):
        sent |= {f"phases-{number}-{name}": value for name, value in row.items()}
    return client.post(reverse("admin:clinic_service_change", args=[service.pk]), sent, follow=True)


@pytest.fixture
def bare(clinic):
    """Return a service without phases."""
    return Service.objects.create(clinic=clinic, name="Talk and needles", grid_min=10)


def test_a_phase_that_begins_while_another_lasts_is_refused_in_words(desk, bare):
    answer = send(desk, bare, phase("numbing", 0, 45, 5), phase("needling", 10, 35, 35))

    assert (
        "Needling begins after 10 minutes, while Numbing lasts until 45: let it begin after 45 "
        "or shorten Numbing." in text(answer)
    )
    assert bare.phases.count() == 0


def test_a_phase_that_begins_with_the_end_of_the_one_before_is_kept(desk, bare):
    send(desk, bare, phase("numbing", 0, 45, 5), phase("needling", 45, 35, 35))

    assert list(bare.phases.values_list("offset_min", flat=True)) == [0, 45]


def test_a_visit_that_begins_with_a_wait_is_refused(desk, bare):
    answer = send(desk, bare, phase("needling", 10, 35, 35))

    assert "The visit begins with Needling after 10 minutes" in text(answer)


def test_a_gap_between_phases_is_kept_and_said(desk, bare):
    answer = send(desk, bare, phase("numbing", 0, 45, 5), phase("needling", 55, 35, 35))

    assert bare.phases.count() == 2
    assert "Between Numbing and Needling nothing happens for 10 minutes" in text(answer)


def test_phases_change_places_and_lengths_in_one_save(desk, bare):
    first, second = (
        ServicePhase.objects.create(service=bare, kind=kind, offset_min=start, minutes=minutes)
        for kind, start, minutes in (("consult", 0, 20), ("needling", 20, 35))
    )

    send(desk, bare, phase("consult", 40, 25, 20, id=first.pk, service=bare.pk),
         phase("needling", 0, 40, 40, id=second.pk, service=bare.pk), initial=2)  # fmt: skip

    assert list(bare.phases.values_list("kind", "offset_min", "minutes")) == [
        ("needling", 0, 40), ("consult", 40, 25),
    ]  # fmt: skip


@pytest.mark.parametrize(("offset", "is_kept"), [(44, False), (45, True), (46, True)])
def test_the_database_refuses_phases_that_overlap(bare, offset, is_kept):
    ServicePhase.objects.create(service=bare, kind="numbing", offset_min=0, minutes=45)

    try:
        with transaction.atomic():
            ServicePhase.objects.create(
                service=bare, kind="needling", offset_min=offset, minutes=35
            )
    except IntegrityError:
        pass

    assert bare.phases.count() == 1 + is_kept


def test_a_phase_made_longer_is_held_against_the_next_one_by_the_database(bare):
    first = ServicePhase.objects.create(service=bare, kind="numbing", offset_min=0, minutes=45)
    ServicePhase.objects.create(service=bare, kind="needling", offset_min=45, minutes=35)

    with pytest.raises(IntegrityError), transaction.atomic():
        ServicePhase.objects.filter(pk=first.pk).update(minutes=50)


def test_a_visit_is_drawn_with_its_phases_its_gap_and_the_person():
    rows = [
        ServicePhase(kind="numbing", offset_min=0, minutes=40, practitioner_min=10),
        ServicePhase(kind="needling", offset_min=60, minutes=40, practitioner_min=40),
    ]

    strip = visit_strip(rows)

    assert [(row["bar"], row["person"]) for row in strip["phases"]] == [
        (("0.0%", "40.0%"), ("0.0%", "10.0%")), (("60.0%", "40.0%"), ("60.0%", "40.0%")),
    ]  # fmt: skip
    assert (strip["gaps"], strip["total"], strip["person_min"]) == ([("40.0%", "20.0%")], 100, 50)


def test_the_page_of_a_service_shows_the_visit(desk, clinic):
    service = clinic.services.get()

    page = text(desk.get(reverse("admin:clinic_service_change", args=[service.pk])))

    assert "A person is needed for" in page


# --- A lead of two clinics ------------------------------------------------------------------------
@pytest.fixture
def second(lead):
    """Return another clinic of the same lead."""
    other = factories.clinic_with_diary(name="Aardvark Clinic")
    other.memberships.create(user=lead, role="lead")
    return other


LISTS = pytest.mark.parametrize("name", ["resource", "hoursexception", "service"])


@LISTS
def test_a_lead_of_two_clinics_sees_whose_a_row_is_and_looks_at_one(
    desk, clinic, second, name, today
):
    for one in (clinic, second):
        one.hours_exceptions.create(from_day=today, to_day=today)
    address = reverse(f"admin:clinic_{name}_changelist")

    both = desk.get(address).context["cl"]
    one = desk.get(address, {"clinic": second.pk}).context["cl"]

    assert "clinic" in both.list_display
    assert {row.clinic for row in both.result_list} == {clinic, second}
    assert {row.clinic for row in one.result_list} == {second}


@LISTS
def test_a_lead_of_one_clinic_needs_no_column_of_it(desk, clinic, name):
    shown = desk.get(reverse(f"admin:clinic_{name}_changelist")).context["cl"]

    assert "clinic" not in shown.list_display
    assert "clinic" not in [spec.title for spec in shown.filter_specs]


def test_people_rooms_and_devices_are_offered_under_their_clinic(desk, clinic, second):
    form = desk.get(reverse("admin:clinic_hoursexception_add")).context["adminform"].form

    groups = [title for title, rows in form.fields["resource"].choices if isinstance(rows, list)]
    assert groups == [
        f"{name}: {kind}" for name in ("Aardvark Clinic", clinic.name)
        for kind in ("practitioners", "rooms", "devices")
    ]  # fmt: skip


def test_one_clinics_people_rooms_and_devices_are_offered_by_kind(desk, clinic):
    form = desk.get(reverse("admin:clinic_hoursexception_add")).context["adminform"].form

    groups = [title for title, rows in form.fields["resource"].choices if isinstance(rows, list)]
    assert groups == ["Practitioners", "Rooms", "Devices"]


def test_an_absence_is_named_by_house_dates(desk, clinic):
    answer = desk.post(
        reverse("admin:clinic_hoursexception_add"),
        {"clinic": clinic.pk, "resource": "", "kind": "off", "reason": "holiday",
         "from_day": "2026-12-01", "to_day": "2026-12-04", "from_min": "", "to_min": ""},
        follow=True,
    )  # fmt: skip

    assert "Closed or away, Tue 1 Dec to Fri 4 Dec 2026" in text(answer)
