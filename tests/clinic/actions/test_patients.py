"""Deeds on patients: one door, one number each, nobody's words lost, the log without words."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
from django.http import Http404

from clinic.actions.patients import (
    HealthFacts,
    edit_patient,
    note_health,
    open_patient,
    register_patient,
)
from clinic.actions.refusals import Conflict
from clinic.models import AuditEvent, Patient
from tests import factories

FACTS = {"given_name": "Zoë", "family_name": "O’Testcase", "birth_date": date(1990, 3, 14),
         "phone": "+44 20 7946 0001"}  # fmt: skip


def register(clinic, by, now, **changes):
    return register_patient(clinic=clinic, facts=FACTS | changes, at=now, by=by)


def last_line():
    return AuditEvent.objects.latest("pk")


def test_opening_a_patient_writes_who_saw_which_part(clinic, patient, practitioner, now):
    opened = open_patient(pk=patient.pk, clinic=clinic, category="note", at=now, by=practitioner)

    line = last_line()
    assert opened == patient
    assert (line.action, line.category, line.patient_id, line.actor_id, line.clinic_id) == (
        "patient.viewed", "note", patient.pk, practitioner.pk, clinic.pk,
    )  # fmt: skip


def test_unknown_and_foreign_patients_are_the_same_404_and_leave_no_line(clinic, desk, now):
    foreign = factories.patient(factories.clinic())
    messages = []

    for pk in (foreign.pk, 10**6, 10**30):
        with pytest.raises(Http404) as refused:
            open_patient(pk=pk, clinic=clinic, category="note", at=now, by=desk)
        messages.append(str(refused.value))

    assert len(set(messages)) == 1
    assert AuditEvent.objects.count() == 0


def test_numbers_are_counted_per_clinic(clinic, desk, now):
    other = factories.clinic()

    first, second = register(clinic, desk, now), register(clinic, desk, now)
    elsewhere = register(other, desk, now)

    assert (first.number, second.number, elsewhere.number) == (1001, 1002, 1001)


def test_registering_fills_what_search_compares(clinic, desk, now):
    patient = register(clinic, desk, now)

    assert (patient.search_given, patient.search_family, patient.phone_digits) == (
        "zoe", "o’testcase", "442079460001",
    )  # fmt: skip
    assert patient.phone == "+44 20 7946 0001"


def test_a_name_that_grows_in_search_still_fits(clinic, desk, now):
    patient = register(clinic, desk, now, given_name="\ufdfa" * 80)

    assert len(patient.search_given) == 80


def test_a_form_sent_twice_makes_one_patient(clinic, desk, now):
    key = uuid.uuid4()

    first, second = (
        register_patient(clinic=clinic, facts=FACTS, at=now, by=desk, request_key=key)
        for _ in range(2)
    )

    assert first == second
    assert Patient.objects.count() == 1
    assert AuditEvent.objects.filter(action="patient.registered").count() == 1


def test_the_desk_cannot_write_health_through_demographics(clinic, patient, desk, now):
    with pytest.raises(ValueError, match="skin_phototype"):
        edit_patient(patient=patient, version=1, facts={"skin_phototype": 2}, at=now, by=desk)


def test_editing_writes_names_of_changed_fields_and_none_of_the_words(patient, desk, now):
    facts = {"family_name": "Canaryname", "phone": patient.phone, "desk_note": "Canarynote"}

    edited = edit_patient(patient=patient, version=1, facts=facts, at=now, by=desk)

    line = last_line()
    assert (edited.family_name, edited.search_family, edited.version) == (
        "Canaryname", "canaryname", 2,
    )  # fmt: skip
    assert line.details == {"fields": ["desk_note", "family_name"]}
    assert b"anary" not in line.canonical()


def test_saving_the_same_again_changes_and_logs_nothing(patient, desk, now):
    same = {"given_name": patient.given_name, "phone": patient.phone}

    unchanged = edit_patient(patient=patient, version=1, facts=same, at=now, by=desk)

    assert unchanged.version == 1
    assert AuditEvent.objects.count() == 0


def test_the_second_of_two_editors_is_refused_and_sees_what_stands(patient, desk, now):
    edit_patient(patient=patient, version=1, facts={"phone": "020 7946 0111"}, at=now, by=desk)

    with pytest.raises(Conflict) as refused:
        edit_patient(patient=patient, version=1, facts={"phone": "020 7946 0222"}, at=now, by=desk)

    assert refused.value.current.phone == "020 7946 0111"
    assert Patient.objects.get().phone == "020 7946 0111"


def noted(patient, by, now, version=1, **facts):
    return note_health(patient=patient, version=version, health=HealthFacts(**facts),
                       today=now.date(), at=now, by=by)  # fmt: skip


def test_health_facts_are_dated_and_signed(patient, practitioner, now, today):
    after = noted(
        patient, practitioner, now, phototype=4, phototype_on=today, phototype_method="observer",
        allergies_asked_on=today, new_allergies=[("amide", ""), ("other", "Canarynut")],
        new_medicines=[("Canaryretin", date(2026, 1, 1), "")], height_cm=Decimal("172.5"),
        measured_on=date(2026, 11, 20),
    )  # fmt: skip

    line = last_line()
    assert (after.skin_phototype, after.skin_phototype_on, after.version) == (4, today, 2)
    assert [(str(row), row.noted_on, row.noted_by) for row in after.allergies.all()] == [
        ("Amide anaesthetics (lidocaine, prilocaine)", today, practitioner),
        ("Canarynut", today, practitioner),
    ]
    assert [row.name for row in after.medicines.all()] == ["Canaryretin"]
    assert [(row.height_cm, row.weight_kg, row.measured_on) for row in after.measures.all()] == [
        (Decimal("172.5"), None, date(2026, 11, 20))
    ]
    assert line.details == {"fields": [
        "allergies_asked_on", "skin_phototype", "skin_phototype_method", "skin_phototype_on",
        "allergies", "medicines", "measures",
    ]}  # fmt: skip
    assert b"anary" not in line.canonical()


def test_an_allergy_on_file_is_not_added_twice(patient, practitioner, now):
    noted(patient, practitioner, now, new_allergies=[("latex", "")])

    noted(patient, practitioner, now, version=2, new_allergies=[("latex", "")])

    assert patient.allergies.count() == 1


def test_an_allergy_ends_with_day_and_reason_and_may_come_back(patient, practitioner, now, today):
    noted(patient, practitioner, now, new_allergies=[("latex", "")])
    held = patient.allergies.get()

    noted(patient, practitioner, now, version=2, ended_allergies={held.pk: "Patch test negative"})
    noted(patient, practitioner, now, version=3, new_allergies=[("latex", "")])

    assert [(row.ended_on, row.ended_because) for row in patient.allergies.order_by("pk")] == [
        (today, "Patch test negative"), (None, ""),
    ]  # fmt: skip


def test_nobody_ends_the_allergies_or_medicines_of_another_patient(patient, practitioner, now):
    other = factories.patient(patient.clinic)
    noted(other, practitioner, now, new_allergies=[("latex", "")],
          new_medicines=[("Aspirin", None, "")])  # fmt: skip
    allergy, medicine = other.allergies.get(), other.medicines.get()

    after = noted(patient, practitioner, now, ended_allergies={allergy.pk: "No"},
                  ended_medicines={medicine.pk: now.date()})  # fmt: skip

    allergy.refresh_from_db()
    medicine.refresh_from_db()
    assert (allergy.ended_on, medicine.until, after.version) == (None, None, 1)


def test_health_written_over_another_hand_is_refused_whole(patient, practitioner, now):
    noted(patient, practitioner, now, new_allergies=[("latex", "")])

    with pytest.raises(Conflict):
        noted(patient, practitioner, now, new_allergies=[("amide", "")], height_cm=Decimal(170))

    assert [row.code for row in patient.allergies.all()] == ["latex"]
    assert patient.measures.count() == 0
