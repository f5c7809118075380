"""An absence kept on the repair: who or what is away and why is said, and the visits become work."""

import pytest
from django.urls import reverse

from clinic.models import Appointment, HoursException
from tests import factories
from tests.support.diary import TUESDAY
from tests.support.planner import text

pytestmark = pytest.mark.django_db
URL = reverse("admin:treatments_treatmentplan_repair")


@pytest.fixture(autouse=True)
def _monday(time_machine, now):
    time_machine.move_to(now, tick=False)


def test_keeping_an_absence_lists_the_visits_with_new_times(as_user, clinic, lead):
    visit = factories.appointment(factories.patient(clinic), TUESDAY)
    who = clinic.resources.practitioners()[0]

    answer = as_user(lead).post(URL, {"absent": "1", "resource": who.pk, "reason": "sick",
                                      "from_day": TUESDAY, "from_min": "", "to_min": ""},
                                follow=True)  # fmt: skip

    assert HoursException.objects.get().to_day == TUESDAY
    assert f"{who} is ill, Tue 24 Nov. 1 appointment has to move." in text(answer)
    page = answer.content.decode()
    assert all(f'name="v{visit.pk}-{name}"' in page
               for name in ("place", "decision", "refused", "version"))  # fmt: skip


def test_an_absence_kept_in_the_settings_is_offered_and_made_work_of(as_user, clinic, lead):
    visit = factories.appointment(factories.patient(clinic), TUESDAY)
    row = HoursException.objects.create(
        clinic=clinic, resource=visit.practitioner, reason="leave", from_day=TUESDAY, to_day=TUESDAY
    )
    client = as_user(lead)
    assert "1 appointment is still booked into it." in text(client.get(URL))

    answer = client.post(URL, {"again": row.pk}, follow=True)

    visit.refresh_from_db()
    assert visit.status == "proposed"
    assert HoursException.objects.count() == 1
    assert "still booked into it" not in text(answer)


def test_another_clinics_absence_is_not_found(as_user, lead):
    abroad = factories.clinic_with_diary()
    row = HoursException.objects.create(clinic=abroad, from_day=TUESDAY, to_day=TUESDAY)

    assert as_user(lead).post(URL, {"again": row.pk}).status_code == 404


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"from_day": "2026-11-24", "from_min": "9:00"}, "Give both hours"),
        ({"from_day": "2026-11-24", "to_day": "2026-11-23"}, "The last day cannot come before"),
        ({"from_day": "2026-10-24"}, "These days are over."),
        ({}, "Choose a day."),
    ],
)
def test_an_absence_that_makes_no_sense_is_refused(as_user, lead, sent, words):
    answer = as_user(lead).post(
        URL, {"absent": "1", "resource": "clinic", "reason": "sick", **sent}
    )

    assert answer.status_code == 422
    assert words in text(answer)
    assert HoursException.objects.count() == 0


def test_who_is_away_and_why_must_be_chosen_and_nothing_typed_is_lost(as_user, lead):
    factories.appointment(factories.patient(lead.memberships.get().clinic), TUESDAY)
    client = as_user(lead)
    form = client.get(URL).context["form"]
    assert [(form[name].initial, form.fields[name].required) for name in ("resource", "reason")] == [
        (None, True), (None, True),
    ]  # fmt: skip
    assert form.fields["resource"].choices[:2] == [
        ("", "Choose …"), ("clinic", "The whole clinic"),
    ]  # fmt: skip

    answer = client.post(URL, {"absent": "1", "resource": "", "reason": "", "from_day": TUESDAY,
                               "from_min": "9:15", "to_min": "11:00"})  # fmt: skip

    assert answer.status_code == 422
    said = text(answer)
    assert "Choose who or what is away: a person, a room, a device or the whole clinic." in said
    assert "Choose the reason." in said
    page = answer.content.decode()
    assert all(f'value="{typed}"' in page for typed in ("2026-11-24", "9:15", "11:00"))
    assert HoursException.objects.count() == 0
    assert Appointment.objects.get().status == "booked"


def test_the_whole_clinic_is_closed_when_it_is_chosen(as_user, clinic, lead):
    factories.appointment(factories.patient(clinic), TUESDAY)

    answer = as_user(lead).post(
        URL, {"absent": "1", "resource": "clinic", "reason": "holiday", "from_day": TUESDAY},
        follow=True,
    )  # fmt: skip

    assert HoursException.objects.get().resource is None
    assert "The clinic is closed, Tue 24 Nov. 1 appointment has to move." in text(answer)


def test_another_clinics_practitioner_cannot_be_away_here(as_user, lead):
    other = factories.clinic_with_diary().resources.practitioners()[0]

    answer = as_user(lead).post(
        URL, {"absent": "1", "reason": "sick", "from_day": TUESDAY, "resource": other.pk}
    )

    assert answer.status_code == 422
    assert HoursException.objects.count() == 0
