"""The demo as people look at it: nothing is missing, every page opens."""

from collections import Counter
from datetime import date
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.urls import reverse

from clinic.models import AuditEvent, Clinic, Patient, Rest, User
from clinic.signin import demo_accounts, demo_password
from treatments.actions.kept import derive
from treatments.actions.signing import is_intact
from treatments.management.demo import story
from treatments.models import (
    Addendum,
    FindingAnswer,
    Photo,
    PlanState,
    TreatmentPlan,
    TreatmentSession,
)

TODAY = date(2026, 11, 23)
CARE = ("today", "patient_list", "patient_new", "appointment_new")


def demo(**options) -> str:
    out = StringIO()
    call_command("demo", today=TODAY, small=True, stdout=out, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def _played(django_db_setup, django_db_blocker, tmp_path_factory):
    """Play the small demo once; every test of it only looks."""
    root = {"BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": str(tmp_path_factory.mktemp("photos"))}}  # fmt: skip
    hasher = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    kept = {"default": {"BACKEND": root["BACKEND"]}, "photos": root}
    with django_db_blocker.unblock(), transaction.atomic():
        with override_settings(PASSWORD_HASHERS=hasher, STORAGES=kept):
            demo()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def played(_played, db):
    """Return the first clinic of the demo."""
    return Clinic.objects.get(slug="demo-north")


def test_every_state_a_course_can_be_in_is_there(played):
    states = set(TreatmentPlan.objects.with_state(TODAY).values_list("state", flat=True))

    assert states == set(PlanState.values)


def test_each_course_is_in_the_state_its_story_says(played):
    found = Counter(TreatmentPlan.objects.with_state(TODAY).values_list("state", flat=True))
    told = Counter(
        "on_track" if one.state == "today" else one.state
        for one in (*story.SMALL_NORTH, story.SOUTH[4])
    )

    assert found == told


def test_the_kept_dates_are_what_the_sessions_say(played):
    wrong = [
        plan.pk
        for plan in TreatmentPlan.objects.all()
        if derive(plan, plan.sessions.select_related("appointment").order_by("number"))
        .differs_from(plan)
    ]  # fmt: skip

    assert wrong == []


def test_signed_records_are_intact_and_their_skin_rests(played):
    signed = TreatmentSession.objects.valid()

    assert signed.count() > 10
    assert all(is_intact(session) for session in signed)
    assert Rest.objects.filter(kind="treated").exists()


def test_findings_were_answered_and_records_amended_and_struck_out(played):
    levels = set(FindingAnswer.objects.values_list("level", flat=True))
    struck = TreatmentSession.objects.filter(status="entered_in_error")

    assert levels == {"WARN", "STOP"}
    assert (Addendum.objects.exists(), struck.exists()) == (True, True)


def test_every_lot_of_the_shelf_that_needs_care_is_there(played):
    lots = played.lots.all()

    assert lots.filter(expires_on__lt=TODAY).count() == 1
    assert lots.filter(quarantined_at__isnull=False).count() == 1
    assert lots.filter(expires_on__range=(TODAY, date(2026, 12, 23))).count() == 1


def test_photos_are_ready_and_kept_whole(played):
    photos = Photo.objects.all()

    assert photos.count() > 3
    assert set(photos.values_list("state", flat=True)) == {"ready"}
    assert {photo.renditions.count() for photo in photos} == {3}


def test_the_audit_of_each_clinic_holds(played, settings):
    breaks = [
        AuditEvent.objects.first_break(chain, settings.AUDIT_KEY)
        for chain in AuditEvent.objects.chains()
    ]

    assert breaks == [None, None]


def test_demo_accounts_are_told_with_passwords_that_open(played, client, settings):
    settings.DEMO = True

    told = client.get(reverse("account_login")).context["demo_accounts"]

    assert [one["username"] for one in told] == [
        "lead", "desk", "mara", "jonas", "priya", "auditor", "southdesk", "noor",
    ]  # fmt: skip
    assert min(len(one["password"]) for one in told) >= 15
    assert all(User.objects.get(username=one["username"]).check_password(one["password"])
               for one in told)  # fmt: skip
    # A quick hash of 100 random bits; whoever signs in gets the usual one.
    assert {user.password.split("$")[0] for user in User.objects.all()} == {"md5"}


def test_demo_accounts_cost_one_query(played, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert demo_accounts()


def test_outside_demo_mode_the_sign_in_page_names_nobody(played, client, settings):
    settings.DEMO = False

    page = client.get(reverse("account_login"))

    assert "demo_accounts" not in page.context
    assert demo_password("mara") not in page.content.decode()


def pages(clinic) -> list[str]:
    """Return the addresses a practitioner opens, of the richest patient and record there is."""
    session = TreatmentSession.objects.filter(status="signed", answers__isnull=False).first()
    patient, plan = session.patient_id, session.plan_id
    draft = TreatmentSession.objects.filter(status="draft").first()
    return [
        *map(reverse, CARE),
        *(reverse(name, args=[patient]) for name in ("chart", "patient_edit", "patient_health",
                                                     "photos", "photo_compare", "course_new")),
        *(reverse(name, args=[plan]) for name in ("course", "course_dates", "course_edit")),
        *(reverse("session_record", args=[one.pk]) for one in (session, draft)),
        reverse("appointment", args=[session.appointment_id]),
    ]  # fmt: skip


@pytest.mark.parametrize("username", ["mara", "lead"])
def test_every_main_page_of_a_practitioner_opens(played, as_user, username):
    client = as_user(User.objects.get(username=username))

    answers = {address: client.get(address).status_code for address in pages(played)}

    assert answers == dict.fromkeys(answers, 200)


def test_every_main_page_of_the_desk_opens(played, as_user):
    client = as_user(User.objects.get(username="desk"))
    plan = TreatmentPlan.objects.of(played).first()
    addresses = [*map(reverse, CARE), reverse("chart", args=[plan.patient_id]),
                 reverse("course_dates", args=[plan.pk])]  # fmt: skip

    assert [client.get(address).status_code for address in addresses] == [200] * 6


def test_the_planning_list_and_the_audit_log_open(played, as_user):
    courses = reverse("admin:treatments_treatmentplan_changelist")
    planned = as_user(User.objects.get(username="lead")).get(courses)
    logged = as_user(User.objects.get(username="auditor")).get(reverse("audit_log"))

    assert [planned.status_code, logged.status_code] == [200, 200]


def test_another_demo_is_not_written_over_the_first(played):
    before = Patient.objects.count()

    with pytest.raises(CommandError, match="Demo data stand here already"):
        demo()
    demo(if_empty=True)

    assert Patient.objects.count() == before
