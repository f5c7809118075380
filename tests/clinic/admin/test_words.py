"""The admin in plain words: the home by use, weeks at a glance, absences with their consequence."""

import re
from datetime import date
from html import unescape

import pytest
import time_machine
from django.apps import apps
from django.contrib.admin.widgets import AutocompleteMixin, FilteredSelectMultiple
from django.urls import reverse

from clinic.actions.absences import Absence
from clinic.actions.absences import visits_in as repaired
from clinic.admin.services import visits_in
from clinic.models import Appointment, HoursException, Patient, WeeklyHours
from clinic.permissions import ADMIN_MODELS
from clinic.templatetags.desk import by_use, hours, week_strip
from tests import factories
from tests.support.planner import text
from treatments.models import TreatmentPlan

MONDAY = date(2026, 11, 23)
# Session, account, clinics of the frame, whether the person leads; two of the account's own
# permissions; how many, twice (found and in all); the rows; the visits that fall into them.
ABSENCE_QUERIES = 9


@pytest.fixture(autouse=True)
def _monday(now):
    """Let it be Monday 23 November 2026, 09:00."""
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def desk(as_user, lead):
    """Return the lead's browser."""
    return as_user(lead)


def away(clinic, **facts):
    """Return an absence on Tuesday."""
    day = {"from_day": date(2026, 11, 24), "to_day": date(2026, 11, 24)}
    return HoursException.objects.create(**{"clinic": clinic, "kind": "off"} | day | facts)


def test_the_home_groups_every_model_by_use(desk):
    page = desk.get(reverse("admin:index"))

    titles = re.findall(r'<h2 id="group-\d"><i[^>]*></i> ([^<]+)</h2>', page.content.decode())
    assert titles[:4] == ["Plan", "Practice", "Catalogue", "Staff"]
    assert "Absences and extra hours" in text(page)


def test_a_model_nobody_grouped_is_shown_last():
    model = {"object_name": "Stranger", "name": "Strangers", "admin_url": "/x/", "add_url": None}

    (group,) = by_use([{"models": [model]}])

    assert (group["title"], group["cards"][0]["title"]) == ("More", "Strangers")


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0"), (60, "1"), (90, "1.5"), (100, "1.5"), (1440, "24")]
)
def test_minutes_are_hours_in_halves(minutes, words):
    assert hours(minutes) == words


def test_a_week_is_drawn_from_the_hours_that_hold_today():
    rows = [
        WeeklyHours(weekday=0, from_min=540, to_min=720),
        WeeklyHours(weekday=0, from_min=780, to_min=1020),
        WeeklyHours(weekday=1, from_min=540, to_min=1020, valid_to=date(2026, 11, 1)),
    ]

    days = week_strip(rows, MONDAY)

    assert days[0]["words"] == "09:00 to 12:00, 13:00 to 17:00"
    assert days[0]["bars"] == [("18.8%", "18.8%"), ("43.8%", "25.0%")]
    assert (days[1]["words"], days[1]["bars"]) == ("closed", [])


def test_the_visits_an_absence_falls_on_are_counted_once_each(clinic, now):
    one, two = clinic.resources.practitioners()
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=one)
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 840, who=one)
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=two)
    rows = [away(clinic, resource=one), away(clinic), away(clinic, resource=one, from_min=780,
            to_min=1020), away(clinic, kind="extra", from_min=1020, to_min=1080),
            away(clinic, from_day=date(2026, 11, 2), to_day=date(2026, 11, 3))]  # fmt: skip

    counts = visits_in(rows, at=now)

    assert [counts.get(row.pk, 0) for row in rows] == [2, 3, 1, 0, 0]


def test_only_what_repair_would_move_is_counted(clinic, now, lead):
    """A visit that is done, under way, over or to be moved already is nobody's work here."""
    for number, status in enumerate(("fulfilled", "in_session", "arrived", "cancelled", "booked")):
        visit = factories.appointment(
            factories.patient(clinic), date(2026, 11, 24), 540 + 90 * number
        )
        stamps = {"fulfilled": ("arrived_at", "started_at", "finished_at"),
                  "in_session": ("arrived_at", "started_at"), "arrived": ("arrived_at",)}  # fmt: skip
        facts = dict.fromkeys(stamps.get(status, ()), now)
        if status == "cancelled":
            facts = {"ended_at": now, "ended_by": lead, "cancel_reason": "patient"}
        Appointment.objects.filter(pk=visit.pk).update(status=status, **facts)
    factories.appointment(factories.patient(clinic), date(2026, 11, 23), 540)  # begins now
    absence = away(clinic, from_day=date(2026, 11, 23))

    found = repaired(clinic, Absence.of(absence), at=now)

    assert visits_in([absence], at=now) == {absence.pk: len(found)} == {absence.pk: 1}


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_of_absences_costs_the_same_queries_for_one_row_and_for_three(
    desk, clinic, rows, django_assert_num_queries
):
    for _ in range(rows):
        away(clinic)
    address = reverse("admin:clinic_hoursexception_changelist")
    desk.get(address)

    with django_assert_num_queries(ABSENCE_QUERIES):
        assert desk.get(address).status_code == 200


def test_an_absence_that_is_saved_says_what_falls_into_it(desk, clinic):
    who = clinic.resources.practitioners().first()
    factories.appointment(factories.patient(clinic), date(2026, 11, 24), 600, who=who)

    answer = desk.post(
        reverse("admin:clinic_hoursexception_add"),
        {"clinic": clinic.pk, "resource": who.pk, "kind": "off", "reason": "sick",
         "from_day": "2026-11-24", "to_day": "2026-11-24", "from_min": "", "to_min": ""},
        follow=True,
    )  # fmt: skip

    assert "1 appointment falls into it" in text(answer)


def test_the_course_page_speaks_words_instead_of_columns(desk, patient):
    plan = factories.plan(patient)

    shown = text(desk.get(reverse("admin:treatments_treatmentplan_change", args=[plan.pk])))

    assert "Days between sessions: 28 to 42 days, ideally 35" in shown
    assert "Gap days" not in shown


# --- Every form and list --------------------------------------------------------------------------

REGISTERED = sorted(
    (apps.get_model(name.replace("_", ".", 1)) for name in ADMIN_MODELS),
    key=lambda model: model._meta.label,
)
of = pytest.mark.parametrize("model", REGISTERED, ids=lambda model: model._meta.label_lower)


def fields_of(page):
    """Return every field of a form of the admin, those of the rows below included."""
    forms = [page.context["adminform"].form]
    forms += [form for rows in page.context["inline_admin_formsets"] for form in rows.formset.forms]
    forms += [rows.formset.empty_form for rows in page.context["inline_admin_formsets"]]
    return [field for form in forms for field in form.fields.values()]


@of
def test_no_form_has_a_searching_box_or_a_list_of_thousands(desk, clinic, model):
    page = desk.get(reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_add"))
    if page.status_code == 403:
        return

    fields = fields_of(page)

    offered = {field.queryset.model for field in fields if hasattr(field, "queryset")}
    assert offered & {Patient, Appointment, TreatmentPlan} == set()
    assert [
        f for f in fields if isinstance(f.widget, AutocompleteMixin | FilteredSelectMultiple)
    ] == []


@pytest.mark.parametrize(
    ("name", "crumbs"),
    [("clinic_hoursexception", "Home › Practice › Absences and extra hours"),
     ("clinic_resource", "Home › Practice › People, rooms and devices"),
     ("clinic_messagetemplate", "Home › Practice › Words of messages"),
     ("clinic_membership", "Home › Staff › Roles"),
     ("clinic_user", "Home › Staff › Accounts"),
     ("treatments_treatmentplan", "Home › Plan › Courses"),
     ("treatments_threshold", "Home › Catalogue › Limits of the house")],
)  # fmt: skip
def test_the_way_back_reads_in_the_clinics_words(desk, name, crumbs):
    assert crumbs in unescape(text(desk.get(reverse(f"admin:{name}_changelist"))))


def test_columns_and_filters_carry_plain_names(desk, clinic):
    page = desk.get(reverse("admin:clinic_resource_changelist"))

    assert [spec.title for spec in page.context["cl"].filter_specs] == ["kind", "In use"]
    assert "Name Kind Hours, Monday to Sunday Signs in as In use" in text(page)


def test_a_column_under_a_plain_name_still_sorts_and_shows_yes_and_no(desk, clinic):
    clinic.resources.update(active=True)
    clinic.resources.filter(kind="room").update(active=False)
    page = desk.get(reverse("admin:clinic_resource_changelist"), {"o": "4"})

    shown = [row.active for row in page.context["cl"].result_list]
    assert shown == sorted(shown)
    assert 'alt="False"' in page.content.decode()


def test_days_and_times_look_as_in_the_rest_of_the_house(desk, lead, now):
    page = text(desk.get(reverse("admin:clinic_user_changelist")))

    assert "Mon 23 Nov 2026 09:00" in page


def test_a_new_absence_starts_at_the_clinic_at_hand(desk, clinic):
    form = desk.get(reverse("admin:clinic_hoursexception_add")).context["adminform"].form

    assert [key for key, _ in form.fields["clinic"].choices] == [clinic.pk]
    assert form["clinic"].initial == clinic.pk


def test_zones_of_a_protocol_are_ticked(desk, clinic):
    left, right = factories.zone(name="Left"), factories.zone(name="Right")
    protocol = factories.protocol([left])
    address = reverse("admin:treatments_protocol_change", args=[protocol.pk])
    page = desk.get(address)
    sent = {name: "" if value is None else value
            for name, value in page.context["adminform"].form.initial.items()}  # fmt: skip

    answer = desk.post(address, sent | {"zones": [right.pk]})

    assert answer.status_code == 302
    assert list(protocol.zones.all()) == [right]


def test_a_lot_is_set_aside_with_day_and_time(desk, clinic):
    lot = factories.lot(clinic, factories.product())
    sent = {"clinic": clinic.pk, "product": lot.product_id, "number": lot.number,
            "received_on": "2026-11-02", "quarantined_at": "2026-11-23T08:30",
            "quarantined_because": "Seal broken"}  # fmt: skip

    desk.post(reverse("admin:treatments_lot_change", args=[lot.pk]), sent)

    lot.refresh_from_db()
    assert lot.quarantined_at.isoformat() == "2026-11-23T08:30:00+00:00"
