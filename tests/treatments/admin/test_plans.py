"""The lead's list of courses: what it shows, how it sorts, what it costs."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clinic.models import AuditEvent, Membership, Role
from clinic.templatetags.needlepoint import day as day_as
from clinic.templatetags.needlepoint import day_year
from tests import factories
from treatments.admin.plans import TreatmentPlanAdmin
from treatments.models import TreatmentPlan

LIST = reverse("admin:treatments_treatmentplan_changelist")
# Session, account, clinics of the frame; protocols and practitioners
# to filter by; how many; two of the account's own permissions; the rows; how many in each state.
QUERIES = 10


@pytest.fixture
def desk_day(clinic):
    """Return today by the clinic's wall; the list asks the clock."""
    return clinic.local_date(timezone.now())


def course(clinic, today, *, name, next_in=None, booked_in=None, **facts):
    """Return a course whose next session is ideal in `next_in` days."""
    patient = factories.patient(clinic, family_name=name)
    if next_in is not None:
        ideal = today + timedelta(days=next_in)
        facts |= {"next_earliest_on": ideal - timedelta(days=7), "next_ideal_on": ideal,
                  "next_latest_on": ideal + timedelta(days=7)}  # fmt: skip
    if booked_in is not None:
        facts["next_booked_on"] = today + timedelta(days=booked_in)
    return factories.plan(patient, **facts)


def shown(day, today):
    """Return a day as the list prints it."""
    return day_as(day) if day.year == today.year else day_year(day)


def ended(clinic, today, *, name):
    """Return a course that is done."""
    none = dict.fromkeys(("next_earliest_on", "next_ideal_on", "next_latest_on"))
    return course(clinic, today, name=name, status="done", sessions_done=4,
                  last_session_on=today, **none)  # fmt: skip


def names(answer):
    """Return the family names in the order of the rows."""
    return re.findall(r'<span class="who"><a href="[^"]*">(\w+),', answer.content.decode())


@pytest.fixture
def desk(as_user, lead, clinic, desk_day):
    """Return the lead's browser, and a course in every state of a running one."""
    course(clinic, desk_day, name="Atrisk", next_in=-10)
    course(clinic, desk_day, name="Overdue", next_in=-3)
    course(clinic, desk_day, name="Booknow", next_in=5)
    course(clinic, desk_day, name="Blocked", next_in=-3, booked_in=-1)
    course(clinic, desk_day, name="Ontrack", next_in=-3, booked_in=2)
    course(clinic, desk_day, name="Lapsed", next_in=-60)
    ended(clinic, desk_day, name="Finished")
    return as_user(lead)


def test_the_list_opens_with_running_courses_the_most_urgent_first(desk):
    assert names(desk.get(LIST)) == ["Atrisk", "Overdue", "Booknow", "Blocked", "Ontrack", "Lapsed"]


@pytest.mark.parametrize(
    ("state", "found"),
    [("at_risk", ["Atrisk"]), ("overdue", ["Overdue"]), ("book_now", ["Booknow"]),
     ("blocked", ["Blocked"]), ("on_track", ["Ontrack"]), ("lapsed", ["Lapsed"]),
     ("done", ["Finished"]), ("stopped", [])],
)  # fmt: skip
def test_a_state_shows_the_courses_in_it_alone(desk, state, found):
    assert names(desk.get(LIST, {"state": state})) == found


def test_all_shows_the_ended_courses_too(desk):
    shown = names(desk.get(LIST, {"state": "all"}))

    assert shown == [
        "Atrisk", "Overdue", "Booknow", "Blocked", "Ontrack", "Lapsed", "Finished",
    ]  # fmt: skip


def test_each_running_state_says_how_many_courses_it_has(desk):
    page = re.sub(r"<[^>]+>", " ", desk.get(LIST).content.decode())
    words = " ".join(page.split())

    told = "Running 6 At risk 1 Overdue 1 Book now 1 Blocked 1 On track 1 Lapsed 1 Done Stopped All"
    assert told in words


@pytest.mark.parametrize(
    ("column", "first", "last"),
    [("patient_name", "Anton", "Ziegler"), ("progress", "Ziegler", "Anton"),
     ("state_chip", "Ziegler", "Anton"), ("last_on", "Anton", "Ziegler"),
     ("due_on", "Ziegler", "Anton"), ("next_on", "Ziegler", "Anton")],
)  # fmt: skip
def test_every_column_sorts_both_ways(as_user, lead, clinic, desk_day, column, first, last):
    course(clinic, desk_day, name="Ziegler", next_in=-3, booked_in=-1, sessions_done=1,
           last_session_on=desk_day - timedelta(days=38))  # fmt: skip
    course(clinic, desk_day, name="Anton", next_in=5, booked_in=3, sessions_done=2,
           last_session_on=desk_day - timedelta(days=50))  # fmt: skip
    number = TreatmentPlanAdmin.list_display.index(column) + 1  # the tick comes first
    client = as_user(lead)

    assert names(client.get(LIST, {"o": f"{number}"})) == [first, last]
    assert names(client.get(LIST, {"o": f"-{number}"})) == [last, first]


@pytest.mark.parametrize("text", ["overd", "OVERDUE", "ada overdue", "20 7946"])
def test_a_course_is_found_as_patients_are_found_everywhere(desk, text):
    assert "Overdue" in names(desk.get(LIST, {"q": text}))


def test_a_search_that_finds_nothing_says_so_and_shows_the_way_back(desk):
    answer = desk.get(LIST, {"q": "zzz"})

    assert names(answer) == []
    assert "No course fits" in answer.content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_the_list_costs_the_same_queries_for_one_row_and_for_three(
    as_user, lead, clinic, desk_day, rows, django_assert_num_queries
):
    for number in range(rows):
        course(clinic, desk_day, name=f"Row{number}", next_in=5)
    client = as_user(lead)
    client.get(LIST)

    with django_assert_num_queries(QUERIES):
        assert len(names(client.get(LIST))) == rows


def test_a_row_prints_everything_it_shows_of_its_course(as_user, lead, clinic, desk_day):
    plan = course(clinic, desk_day, name="Whole", next_in=-3, sessions_done=1,
                  last_session_on=desk_day - timedelta(days=38))  # fmt: skip

    page = as_user(lead).get(LIST).content.decode()
    row = page[page.index('<td class="action-checkbox">'):page.index("</tbody>")]  # fmt: skip

    assert " ".join(re.sub(r"<[^>]+>", " ", row).split()) == (
        f"{plan.patient} {plan.protocol} · {plan.practitioner} 1 of 4 Overdue "
        f"{shown(plan.last_session_on, desk_day)} 38 days ago {shown(plan.next_ideal_on, desk_day)} 3 days ago Not booked "
        f"Plan the course of {plan.patient}"
    )


@pytest.mark.parametrize(
    ("days", "state", "late"), [(7, "On track", ""), (8, "At risk", "1 day late")]
)
def test_a_next_day_past_the_latest_one_is_told_in_the_list_and_found_by_its_state(
    as_user, lead, clinic, desk_day, days, state, late
):
    plan = course(clinic, desk_day, name="Far", next_in=20, booked_in=20 + days)
    client = as_user(lead)

    page = client.get(LIST).content.decode()
    cells = page[page.index('<td class="field-state_chip">'):page.index('<td class="field-plan_it">')]  # fmt: skip

    assert " ".join(re.sub(r"<[^>]+>", " ", cells).split()) == " ".join(
        f"{state} None yet {shown(plan.next_ideal_on, desk_day)} in 20 days "
        f"{shown(plan.next_booked_on, desk_day)} in {20 + days} days {late}".split()
    )
    assert names(client.get(LIST, {"state": "at_risk"})) == (["Far"] if late else [])


def test_an_ended_course_has_no_way_into_the_planner(desk):
    assert "planner/?plan=" not in desk.get(LIST, {"state": "done"}).content.decode()


def test_courses_are_ranked_by_their_state_in_the_order_of_urgency(desk, desk_day):
    rows = TreatmentPlan.objects.with_state(desk_day).by_state(desk_day)

    assert [plan.state for plan in rows] == [
        "at_risk", "overdue", "book_now", "blocked", "on_track", "lapsed", "done",
    ]  # fmt: skip


def test_a_lead_of_two_clinics_sees_the_courses_of_the_clinic_at_hand_which_the_title_names(
    desk, clinic, lead, desk_day
):
    other = factories.clinic_with_diary(name="ZZ other clinic")
    course(other, desk_day, name="Elsewhere", next_in=-10)

    alone = desk.get(LIST).context["title"]
    Membership.objects.create(user=lead, clinic=other, role=Role.LEAD)
    answer = desk.get(LIST, {"state": "all"})
    page = answer.content.decode()

    assert (alone, answer.context["title"]) == ("Courses", f"Courses, {clinic}")
    assert "Elsewhere" not in page
    assert all(row.name not in page for row in other.resources.all())


def test_another_clinics_course_is_not_found(desk, desk_day):
    other = factories.clinic_with_diary()
    foreign = course(other, desk_day, name="Elsewhere", next_in=-10)

    answer = desk.get(reverse("admin:treatments_treatmentplan_change", args=[foreign.pk]))

    assert answer.status_code == 404


def test_reading_a_course_in_the_admin_is_written_into_the_audit(desk, lead):
    plan = TreatmentPlan.objects.get(patient__family_name="Overdue")

    answer = desk.get(reverse("admin:treatments_treatmentplan_change", args=[plan.pk]))

    assert answer.status_code == 200
    seen = AuditEvent.objects.filter(action="patient.viewed", patient_id=plan.patient_id)
    assert [event.actor_id for event in seen] == [lead.pk]


def test_the_course_page_of_the_admin_writes_nothing(desk):
    plan = TreatmentPlan.objects.get(patient__family_name="Overdue")
    before = TreatmentPlan.objects.filter(pk=plan.pk).values().get()
    url = reverse("admin:treatments_treatmentplan_change", args=[plan.pk])
    formset = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
    sent = {
        f"{name}-{key}": value for name in ("sessions", "zones") for key, value in formset.items()
    }

    desk.post(url, sent | {"sessions_planned": "9", "notes": "Other words"})

    assert TreatmentPlan.objects.filter(pk=plan.pk).values().get() == before


@pytest.mark.parametrize("page", ["add", "delete"])
def test_courses_are_neither_added_nor_deleted_in_the_admin(desk, page):
    plan = TreatmentPlan.objects.first()
    args = [plan.pk] if page == "delete" else []

    assert desk.get(reverse(f"admin:treatments_treatmentplan_{page}", args=args)).status_code == 403
