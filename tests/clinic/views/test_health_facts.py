"""The page of what safety needs to know: allergies, medicines, skin type, height and weight."""

from datetime import date

import pytest
from django.urls import reverse

from clinic.actions.patients import HealthFacts, note_health
from tests.support.clock import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_noon")]


def post(client, name, *args, **facts):
    """Send a form as the page does: with its key, so the double tap can be told."""
    return client.post(reverse(name, args=args), facts)


def health(patient, **changes):
    return {"version": patient.version} | changes


def test_health_facts_are_written_and_stand_on_the_chart(clinic, practitioner, as_user, patient):
    client = as_user(practitioner)

    answer = post(client, "patient_health", patient.pk, **health(
        patient, new_allergies=["amide"], other_allergy="Made-up nut", allergy_detail="Rash",
        allergies_asked="on", allergies_asked_on="2026-11-23", medicine_name="Fictionol",
        medicine_since="2026-01-02", phototype="4", phototype_method="observer",
        phototype_on="2026-11-23", height_cm="172.5", weight_kg="70", measured_on="2026-11-20",
    ))  # fmt: skip

    chart = client.get(answer.url).content.decode()
    patient.refresh_from_db()
    assert answer.url == patient.get_absolute_url()
    assert list(patient.allergies.values_list("code", "text")) == [
        ("amide", "Rash"), ("other", "Made-up nut, Rash"),
    ]  # fmt: skip
    assert all(
        word in chart for word in ("Amide anaesthetics", "Made-up nut", "Skin type IV", "Fictionol")
    )


def test_an_allergy_and_a_medicine_end(clinic, practitioner, as_user, patient):
    note_health(patient=patient, version=1, today=NOON.date(), at=NOON, by=practitioner,
                health=HealthFacts(new_allergies=[("latex", "")],
                                   new_medicines=[("Fictionol", date(2026, 1, 1), "")]))  # fmt: skip
    allergy, medicine = patient.allergies.get(), patient.medicines.get()

    answer = post(as_user(practitioner), "patient_health", patient.pk, version=2, **{
        f"end_allergy_{allergy.pk}": "Patch test negative",
        f"end_medicine_{medicine.pk}": "2026-11-01", "again": "1",
    })  # fmt: skip

    allergy.refresh_from_db()
    medicine.refresh_from_db()
    assert answer.url == reverse("patient_health", args=[patient.pk])
    assert (allergy.ended_because, medicine.until) == ("Patch test negative", date(2026, 11, 1))


@pytest.mark.parametrize(("wrong", "says"), [
    ({"phototype": "4"}, "how the skin type was found"),
    ({"phototype_method": "observer"}, "Choose the skin type"),
    ({"height_cm": "17"}, "Height in centimetres, for example 168."),
    ({"weight_kg": "heavy"}, "Weight in kilograms, for example 72.5."),
    ({"measured_on": "2026-11-24", "height_cm": "170"}, "has not come yet"),
    ({"allergies_asked": "on", "allergies_asked_on": ""}, "Say when you asked"),
    ({"medicine_note": "5 mg"}, "Name the medicine"),
    ({"allergy_detail": "Rash"}, "Choose or name the allergy"),
    ({"new_allergies": "other"}, "valid choice"),
])  # fmt: skip
def test_wrong_health_input_keeps_what_was_typed(
    clinic, practitioner, as_user, patient, wrong, says
):
    sent = health(patient, other_allergy="Keepthis") if "allergy_detail" not in wrong else health(
        patient, medicine_name="Keepthis")  # fmt: skip

    answer = post(as_user(practitioner), "patient_health", patient.pk, **sent | wrong)

    page = answer.content.decode()
    assert answer.status_code == 422
    assert says in page
    assert "Keepthis" in page
    assert (patient.allergies.count(), patient.medicines.count()) == (0, 0)


def test_health_written_by_two_is_not_lost(clinic, practitioner, as_user, patient):
    note_health(patient=patient, version=1, today=NOON.date(), at=NOON, by=practitioner,
                health=HealthFacts(new_allergies=[("latex", "")]))  # fmt: skip

    answer = post(as_user(practitioner), "patient_health", patient.pk,
                  **health(patient, other_allergy="Keepthis"))  # fmt: skip

    page = answer.content.decode()
    assert answer.status_code == 409
    assert ("Latex" in page, "Keepthis" in page, 'value="2"' in page) == (True, True, True)
    assert patient.allergies.count() == 1
