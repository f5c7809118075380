"""The lead's admin: every list opens and searches, another clinic's rows are not there."""

import pytest
from django.contrib import admin
from django.urls import reverse

from clinic.models import (
    Appointment,
    AuditEvent,
    HoursException,
    Membership,
    Patient,
    Resource,
    Service,
    User,
    WeeklyHours,
)
from clinic.permissions import ADMIN_MODELS
from tests import factories
from tests.attack import world as worlds

pytestmark = pytest.mark.django_db
REGISTERED = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in REGISTERED if model._meta.app_label in {"clinic", "treatments"}]
by_model = pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label_lower)


def address(model, page, *args):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.fixture
def world():
    return worlds.build()


@pytest.fixture
def client(client, world):
    """Return the client of a lead of the world's clinic."""
    lead = factories.staff(world.clinic, "lead", username="chief")
    client.force_login(lead, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_every_model_of_the_table_is_registered_and_no_other():
    names = {f"{model._meta.app_label}_{model._meta.model_name}" for model in OURS}

    assert names == set(ADMIN_MODELS)


@by_model
def test_every_list_opens_and_searches(client, model):
    site = admin.site._registry[model]

    assert client.get(address(model, "changelist")).status_code == 200
    assert site.search_fields
    for text in ("a", "14/3/1990", "x\0y", "%'\""):
        assert client.get(address(model, "changelist"), {"q": text}).status_code == 200


@by_model
def test_every_form_to_add_opens_where_adding_is_allowed(client, model):
    expected = 200 if admin.site._registry[model].has_add_permission(
        client.get("/admin/").wsgi_request) else 403  # fmt: skip

    assert client.get(address(model, "add")).status_code == expected


@by_model
def test_every_row_of_the_own_clinic_opens(client, model):
    site = admin.site._registry[model]
    request = client.get("/admin/").wsgi_request
    row = site.get_queryset(request).first()
    if row is not None:
        assert client.get(address(model, "change", row.pk)).status_code == 200


WALLED = [Patient, Resource, Service, HoursException, Membership, User]


@pytest.mark.parametrize("model", WALLED, ids=lambda model: model._meta.model_name)
def test_another_clinics_rows_are_neither_listed_nor_found(client, model):
    other = factories.clinic_with_diary()
    factories.patient(other)
    factories.staff(other, "lead")
    HoursException.objects.create(clinic=other, from_day="2026-12-24", to_day="2026-12-26")
    path = {User: "memberships__clinic"}.get(model, "clinic")
    foreign = model.objects.filter(**{path: other}).first()

    listed = client.get(address(model, "changelist"), {"all": ""}).context["cl"].queryset
    pages = [client.get(address(model, page, key)).status_code
             for page in ("change", "history", "delete") for key in (foreign.pk, 10**9)]  # fmt: skip

    assert foreign not in list(listed)
    assert set(pages) <= {404, 403}
    assert pages[0] == pages[1] == 404


#: Lists of rows of a clinic. That of courses is of the clinic at hand alone: its pages plan there.
OF_A_CLINIC = [model for model in OURS if model._meta.model_name != "treatmentplan"
               and any(field.name == "clinic" for field in model._meta.fields)]  # fmt: skip
of_a_clinic = pytest.mark.parametrize(
    "model", OF_A_CLINIC, ids=lambda model: model._meta.model_name
)


@of_a_clinic
def test_who_leads_two_clinics_sees_whose_every_row_is_and_can_look_at_one(client, world, model):
    second = factories.clinic_with_diary(name="Aardvark Clinic")
    second.memberships.create(user=User.objects.get(username="chief"), role="lead")
    theirs = factories.patient(second)
    factories.appointment(theirs, factories.NOW.date())

    both = client.get(address(model, "changelist"), {"all": ""}).context["cl"]
    one = client.get(address(model, "changelist"), {"all": "", "clinic": second.pk}).context["cl"]

    assert "clinic" in both.list_display
    assert "clinic" in [spec.title for spec in both.filter_specs]
    assert {row.clinic for row in one.queryset} <= {second}
    if model in {Patient, Appointment}:
        assert {row.clinic for row in both.queryset} == {world.clinic, second}
        assert one.queryset.count() == 1


@of_a_clinic
def test_who_leads_one_clinic_sees_none_of_another_and_needs_no_column_of_it(client, world, model):
    other = factories.clinic_with_diary()
    factories.appointment(factories.patient(other), factories.NOW.date())

    for asked in ({}, {"clinic": other.pk}):
        shown = client.get(address(model, "changelist"), {"all": "", **asked}, follow=True)
        assert {row.clinic for row in shown.context["cl"].queryset} <= {world.clinic}
    shown = client.get(address(model, "changelist")).context["cl"]
    assert "clinic" not in shown.list_display
    assert "clinic" not in [spec.title for spec in shown.filter_specs]


def test_looking_at_a_patient_is_written_into_the_audit(client, world):
    client.get(address(Patient, "change", world.patient.pk))

    assert AuditEvent.objects.values_list("action", "patient_id").get() == (
        "patient.viewed", world.patient.pk,
    )  # fmt: skip


def test_a_patient_is_found_as_on_the_patients_page(client, world):
    factories.patient(world.clinic)

    found = client.get(address(Patient, "changelist"), {"q": "quokka"}).context["cl"].result_list

    assert list(found) == [world.patient]


def test_the_autocomplete_offers_only_the_own_clinics_people(client):
    factories.staff(factories.clinic(), "lead", first_name="Stranger")

    answer = client.get("/admin/autocomplete/", {
        "term": "Stranger", "app_label": "clinic", "model_name": "resource", "field_name": "user",
    })  # fmt: skip

    assert answer.json()["results"] == []


# --- People ---------------------------------------------------------------------------------------

PERSON = {"first_name": "Nora", "last_name": "Testperson", "username": "nora",
          "email": "nora@example.org", "role": "practitioner"}  # fmt: skip


def test_adding_a_person_invites_them(
    client, world, mailoutbox, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(address(User, "add"), PERSON | {"clinic": world.clinic.pk})

    nora = User.objects.get(username="nora")
    assert answer.status_code == 302
    assert not nora.has_usable_password()
    assert nora.memberships.values_list("clinic", "role").get() == (world.clinic.pk, "practitioner")
    assert "http://testserver/account/password/reset/key/" in mailoutbox[0].body


def test_nobody_is_invited_into_another_leads_clinic(client):
    other = factories.clinic()

    answer = client.post(address(User, "add"), PERSON | {"clinic": other.pk})

    assert answer.status_code == 200
    assert not User.objects.filter(username="nora").exists()


@pytest.mark.parametrize("taken", [{"username": "CHIEF"}, {"email": "Writer@Example.org"}])
def test_a_taken_name_or_address_is_said_on_the_form(client, world, taken):
    User.objects.filter(username="writer").update(email="writer@example.org")

    answer = client.post(address(User, "add"), PERSON | {"clinic": world.clinic.pk} | taken)

    assert list(answer.context["errors"])
    assert not User.objects.filter(first_name="Nora").exists()


def test_the_address_of_somebody_who_works_elsewhere_too_is_fixed(client, world):
    shared = factories.staff(world.clinic, email="shared@example.org")
    Membership.objects.create(user=shared, clinic=factories.clinic(), role="practitioner")

    client.post(address(User, "change", shared.pk), {
        "first_name": "New", "last_name": "Name", "email": "thief@example.org", "is_superuser": "on",
    })  # fmt: skip

    shared.refresh_from_db()
    assert (shared.first_name, shared.email, shared.is_superuser) == (
        "New", "shared@example.org", False,
    )  # fmt: skip


def test_a_role_is_changed_by_its_deed(client, world):
    member = factories.staff(world.clinic, "front_desk").memberships.get()

    client.post(address(Membership, "change", member.pk), {"role": "lead"})

    member.refresh_from_db()
    assert (member.role, member.user.is_staff) == ("lead", True)
    assert AuditEvent.objects.latest("pk").action == "membership.given"


def test_the_last_lead_stays_and_the_page_says_why(client, world):
    own = Membership.objects.get(user__username="chief")

    refused = client.post(address(Membership, "change", own.pk), {"role": "auditor"})
    ended = client.post(address(Membership, "changelist"),
                        {"action": "end", "_selected_action": [own.pk]}, follow=True)  # fmt: skip

    own.refresh_from_db()
    assert b"A clinic needs a lead" in refused.content
    assert b"A clinic needs a lead" in ended.content
    assert (own.role, own.ended_at) == ("lead", None)


def test_memberships_are_ended_from_the_list(client, world):
    member = factories.staff(world.clinic, "front_desk").memberships.get()

    client.post(
        address(Membership, "changelist"), {"action": "end", "_selected_action": [member.pk]}
    )

    member.refresh_from_db()
    assert member.ended_at is not None


# --- Settings -------------------------------------------------------------------------------------


def inline(prefix, *rows, initial=0):
    """Return the fields of an inline formset."""
    fields = {f"{prefix}-TOTAL_FORMS": len(rows), f"{prefix}-INITIAL_FORMS": initial}
    for index, row in enumerate(rows):
        fields |= {f"{prefix}-{index}-{name}": value for name, value in row.items()}
    return fields


def test_hours_are_typed_as_clock_times(client, world):
    room = factories.resource(world.clinic, "room", hours=None)
    hours = {"weekday": 0, "from_min": "8.30", "to_min": "24:00"}

    client.post(address(Resource, "change", room.pk), {
        "kind": "room", "name": "Garden room", "order": 1, "active": "on",
        **inline("weekly_hours", hours),
    })  # fmt: skip

    assert WeeklyHours.objects.filter(resource=room).values_list("from_min", "to_min").get() == (
        510, 1440,
    )  # fmt: skip
    assert [line.details for line in AuditEvent.objects.order_by("seq")] == [
        {"fields": ["name", "order"]}, {"fields": ["weekly_hours"]},
    ]  # fmt: skip


@pytest.mark.parametrize("wrong", ["25:00", "soon", "9:75", "24:30"])
def test_an_impossible_time_is_refused_in_words(client, world, wrong):
    room = factories.resource(world.clinic, "room", hours=None)
    hours = {"weekday": 0, "from_min": wrong, "to_min": "17:00"}

    answer = client.post(address(Resource, "change", room.pk), {
        "kind": "room", "name": "Room", "order": 1, **inline("weekly_hours", hours),
    })  # fmt: skip

    assert b"Write a time of day" in answer.content


def test_a_resource_stays_in_its_clinic(client, world):
    second = factories.clinic()
    Membership.objects.create(user=User.objects.get(username="chief"), clinic=second, role="lead")
    room = factories.resource(world.clinic, "room", hours=None)

    client.post(address(Resource, "change", room.pk), {
        "clinic": second.pk, "kind": "room", "name": "Moved", "order": 0, **inline("weekly_hours"),
    })  # fmt: skip

    room.refresh_from_db()
    assert (room.name, room.clinic) == ("Moved", world.clinic)


def test_a_service_takes_resources_of_its_own_clinic_alone(client, world):
    second = factories.clinic()
    Membership.objects.create(user=User.objects.get(username="chief"), clinic=second, role="lead")
    foreign = factories.resource(second, "room", hours=None)
    service = Service.objects.create(clinic=world.clinic, name="Talk", grid_min=10)

    answer = client.post(address(Service, "change", service.pk), {
        "name": "Talk", "grid_min": 10, **inline("phases"),
        **inline("competences", {"resource": foreign.pk, "service": service.pk}),
    })  # fmt: skip

    assert b"This works at" in answer.content
    assert service.competences.count() == 0


def test_the_time_zone_is_fixed_once_visits_are_promised(client, world):
    from clinic.models import Clinic

    client.post(address(Clinic, "change", world.clinic.pk),
                {"name": "New name", "time_zone": "Asia/Tokyo"})  # fmt: skip

    world.clinic.refresh_from_db()
    assert (world.clinic.name, world.clinic.time_zone) == ("New name", "Europe/London")


@by_model
def test_no_list_costs_a_query_per_row(client, world, model, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        client.get(address(model, "changelist"))
