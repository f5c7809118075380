"""The auditor's page: newest first, narrowed, without a word of any record."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clinic.actions.audit import record
from clinic.actions.patients import edit_patient, open_patient
from tests import factories
from tests.support import charts

pytestmark = pytest.mark.django_db


def seqs(answer):
    return [line.seq for line in answer.context["page"]]


@pytest.fixture
def log(clinic, patient, desk, practitioner, now):
    """Write three lines: the desk edits, a practitioner looks twice, the second time a day later."""
    edit_patient(patient=patient, version=1, facts={"phone": "020 7946 0999"}, at=now, by=desk)
    other = factories.patient(clinic)
    for row, at in ((patient, now), (other, now + timedelta(days=1))):
        open_patient(pk=row.pk, clinic=clinic, category="note", at=at, by=practitioner)


@pytest.mark.usefixtures("log")
def test_lines_stand_newest_first_with_who_what_and_to_whom(auditor, patient, desk, as_user):
    answer = as_user(auditor).get(reverse("audit_log"))

    page = answer.content.decode()
    assert seqs(answer) == [3, 2, 1]
    told = (str(desk), "Front desk", "Patient edited", "phone", f"Patient No. {patient.number}",
            "Mon 23 Nov 2026", "09:00:00")  # fmt: skip
    assert [word for word in told if word not in page] == []


@pytest.mark.usefixtures("log")
@pytest.mark.parametrize(("asked", "expected"), [
    (lambda patient, desk: {"action": "patient.viewed"}, [3, 2]),
    (lambda patient, desk: {"person": desk.pk}, [1]),
    (lambda patient, desk: {"patient": patient.number}, [2, 1]),
    (lambda patient, desk: {"patient": 999999}, []),
    (lambda patient, desk: {"day": "2026-11-24"}, [3]),
    (lambda patient, desk: {"action": "nothing"}, []),
])  # fmt: skip
def test_the_log_is_narrowed_by(auditor, patient, desk, as_user, asked, expected):
    answer = as_user(auditor).get(reverse("audit_log"), asked(patient, desk))

    assert seqs(answer) == expected


def test_a_day_is_the_clinics_day(clinic, patient, lead, auditor, as_user):
    clinic.time_zone = "America/New_York"
    clinic.save()
    late = datetime(2026, 11, 24, 4, 30, tzinfo=UTC)  # 23:30 the day before in New York
    record("patient.viewed", patient, at=late, by=lead)

    answer = as_user(auditor).get(reverse("audit_log"), {"day": "2026-11-23"})

    assert seqs(answer) == [1]
    assert b"23:30:00" in answer.content


def test_no_word_of_a_record_stands_in_the_log(clinic, auditor, practitioner, as_user, now):
    with time_machine.travel(now, tick=False):
        patient = charts.story(clinic, now, given_name="Canaryname", desk_note="Canarydesk")
        open_patient(pk=patient.pk, clinic=clinic, category="note", at=now, by=practitioner)
        record("session.signed", patient, at=now, by=practitioner, patient=patient,
               reason="Canaryreason")  # fmt: skip

        page = as_user(auditor).get(reverse("audit_log")).content.decode()

    words = (*charts.CANARIES, "Canaryname", "Canarydesk", "Canaryreason", patient.family_name)
    assert [word for word in words if word in page] == []


def test_another_clinics_lines_are_not_there(auditor, as_user, now):
    elsewhere = factories.patient(factories.clinic())
    record("patient.viewed", elsewhere, at=now, by=auditor)

    answer = as_user(auditor).get(reverse("audit_log"), {"patient": elsewhere.number})

    assert seqs(answer) == []


def test_pages_hold_fifty_lines_and_keep_the_filter(patient, lead, auditor, as_user, now):
    for _ in range(51):
        record("patient.viewed", patient, at=now, by=lead)
    client = as_user(auditor)

    first = client.get(reverse("audit_log"), {"action": "patient.viewed"})
    second = client.get(reverse("audit_log"), {"action": "patient.viewed", "page": 2})

    assert (len(seqs(first)), seqs(second)) == (50, [1])
    assert b"?action=patient.viewed&amp;page=2" in first.content


@pytest.mark.parametrize("asked", [
    {"page": "999"}, {"page": "x"}, {"page": "9" * 5000}, {"page": "-1"},
])  # fmt: skip
def test_odd_page_numbers_are_answered(patient, lead, auditor, as_user, now, asked):
    record("patient.viewed", patient, at=now, by=lead)

    assert seqs(as_user(auditor).get(reverse("audit_log"), asked)) == [1]


@pytest.mark.parametrize("asked", [
    {"day": "yesterday"}, {"patient": "Ada"}, {"person": "0"}, {"patient": "9" * 40},
    {"action": "a\0b"},
])  # fmt: skip
def test_a_filter_that_makes_no_sense_says_so(auditor, as_user, asked):
    assert as_user(auditor).get(reverse("audit_log"), asked).status_code == 422


@pytest.mark.parametrize("role", ["practitioner", "front_desk", "lead"])
def test_nobody_else_reads_the_log(clinic, as_user, role):
    assert as_user(factories.staff(clinic, role)).get(reverse("audit_log")).status_code == 403


def test_more_lines_cost_no_more_queries(patient, lead, auditor, as_user, now):
    client = as_user(auditor)
    counts = []
    for _ in range(3):
        record("patient.viewed", patient, at=now, by=lead)
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("audit_log"))
        counts.append(len(queries))

    assert counts[0] == counts[2] <= 8
