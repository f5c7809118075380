"""A practitioner's calendar address: made, read, read again, shut."""

from datetime import date, timedelta

import pytest
import time_machine
from django.urls import reverse
from icalendar import Calendar

from clinic.models import AuditEvent, CalendarFeed, Membership
from tests import factories

PAGE = "/account/calendar/"


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def visit(clinic, practitioner):
    """Return a visit with the practitioner who signs in."""
    clinic.resources.practitioners().filter(pk=who(clinic).pk).update(user=practitioner)
    patient = factories.patient(clinic, given_name="Zanzi", family_name="Quokka")
    return factories.appointment(patient, date(2026, 12, 14), who=who(clinic))


def who(clinic):
    """Return the first practitioner."""
    return clinic.resources.practitioners().first()


@pytest.fixture
def make(as_user, practitioner):
    """Return a function that makes a new address and returns its path."""

    def make():
        page = as_user(practitioner).post(PAGE, {"do": "make"}, follow=True)
        return page.context["address"].removeprefix("http://testserver")

    return make


def test_the_address_opens_the_persons_own_visits_without_names(visit, make, clinic, client):
    other = factories.patient(clinic)
    factories.appointment(other, date(2026, 12, 15), who=clinic.resources.practitioners().last())
    path = make()
    client.logout()

    answer = client.get(path)

    (event,) = Calendar.from_ical(answer.content).walk("VEVENT")
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert event["DTSTART"].dt == visit.starts_at
    for word in (b"Zanzi", b"Quokka", visit.service.name.encode()):
        assert word not in answer.content


def test_the_token_is_long_shown_once_and_kept_as_a_hash(visit, make, client):
    path = make()
    token = path.removeprefix("/ics/").removesuffix(".ics")

    assert len(token) == 43  # 256 bits
    assert token not in str(CalendarFeed.objects.values_list().get())
    assert token not in client.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(action="calendar.address_made").count() == 1


def test_an_unchanged_calendar_is_answered_with_304_and_a_changed_one_whole(
    visit, make, client, clinic
):
    path = make()
    etag = client.get(path)["ETag"]

    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304
    factories.appointment(visit.patient, date(2026, 12, 21), who=who(clinic))
    again = client.get(path, headers={"If-None-Match": etag})

    assert (again.status_code, again["ETag"] != etag) == (200, True)


def test_a_revoked_address_and_one_replaced_are_not_found(visit, make, client):
    first = make()
    second = make()
    assert [client.get(first).status_code, client.get(second).status_code] == [404, 200]

    client.post(PAGE, {"do": "revoke"})

    assert client.get(second).status_code == 404
    assert client.get("/ics/guess.ics").status_code == 404


def test_whoever_leaves_the_clinic_or_the_house_sees_nothing_more(
    visit, make, client, practitioner, now
):
    path = make()

    Membership.objects.filter(user=practitioner).update(ended_at=now)
    assert b"VEVENT" not in client.get(path).content
    type(practitioner).objects.filter(pk=practitioner.pk).update(is_active=False)
    assert client.get(path).status_code == 404


def test_the_calendar_reaches_30_days_back_and_180_ahead(visit, make, client):
    path = make()
    seen = []
    for days in (-181, -179, 29, 31):
        with time_machine.travel(visit.starts_at + timedelta(days=days), tick=False):
            seen.append(b"VEVENT" in client.get(path).content)

    assert seen == [False, True, True, False]


def test_the_calendar_is_read_with_the_same_questions_for_one_visit_and_for_many(
    visit, make, client, clinic, django_assert_num_queries, django_assert_max_num_queries
):
    path = make()
    client.get(path)
    with django_assert_max_num_queries(20) as few:
        client.get(path)
    for n in range(1, 6):
        factories.appointment(
            visit.patient, date(2026, 12, 14) + timedelta(days=n), who=who(clinic)
        )

    with django_assert_num_queries(len(few)):
        client.get(path)


def test_the_desk_has_no_calendar_of_its_own(as_user, desk):
    assert as_user(desk).get(reverse("calendar_address")).status_code == 403
