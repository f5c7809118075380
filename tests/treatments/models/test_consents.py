"""Consents and permissions in the database: what is signed stays, and where a course stands."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from tests import factories
from tests.support.consents import KINDS, STROKES, needs, permitted, signed, text, texts
from treatments.models import Consent, ConsentText, PhotoPermission, lacking_consent

TODAY = factories.NOW.date()
ALL = ("procedure", "off_label", "numbing")


@pytest.fixture
def plan(patient):
    """Return a course that needs all three texts; its service numbs, its protocol is off-label."""
    texts()
    return factories.plan(patient)


def refused(rows, **values) -> bool:
    """Say whether the database refuses to write these values into rows, or to delete them."""
    try:
        with transaction.atomic():
            rows.update(**values) if values else rows.delete()
    except IntegrityError:
        return True
    return False


def rows_of(row):
    """Return a queryset of one row, past every manager."""
    return type(row)._base_manager.filter(pk=row.pk)


# --- What is signed stays -------------------------------------------------------------------------
@pytest.mark.parametrize("change", [
    {"given_at": factories.NOW}, {"typed_name": "Somebody else"}, {"strokes": None},
    {"questions": "None"}, {},
])  # fmt: skip
def test_a_consent_is_neither_changed_nor_deleted(plan, practitioner, change):
    (one, *_) = signed(plan, practitioner, strokes=STROKES)

    assert refused(rows_of(one), **change)


def test_a_withdrawal_needs_who_when_and_why(plan, practitioner, now):
    (one, *_) = signed(plan, practitioner)
    whole = {"withdrawn_at": now, "withdrawn_by": practitioner, "withdrawn_because": "Wishes so"}

    for name in whole:
        part = {key: value for key, value in whole.items() if key != name}
        assert refused(rows_of(one), status="withdrawn", **part)
    assert refused(rows_of(one), **whole)  # evidence of what is not withdrawn
    assert not refused(rows_of(one), status="withdrawn", **whole)


def test_a_withdrawal_stays_as_it_was_told(plan, practitioner, now):
    (one, *_) = signed(plan, practitioner)
    told = {"withdrawn_at": now, "withdrawn_by": practitioner, "withdrawn_because": "Wishes so"}
    rows_of(one).update(status="withdrawn", **told)

    assert refused(rows_of(one), withdrawn_because="Another word")
    assert refused(rows_of(one), status="given", withdrawn_at=None, withdrawn_by=None,
                   withdrawn_because="")  # fmt: skip
    assert refused(rows_of(one))


def test_a_consent_nobody_signed_is_refused(plan, practitioner, now):
    with pytest.raises(IntegrityError, match="consent_is_signed"):
        Consent.objects.create(clinic=plan.clinic, patient=plan.patient, plan=plan, given_at=now,
                               text=text(), taken_by=practitioner)  # fmt: skip


def test_one_text_of_a_course_is_signed_once_while_it_stands(plan, practitioner):
    (one, *_) = signed(plan, practitioner)

    one.pk = None
    with pytest.raises(IntegrityError):
        one.save(force_insert=True)


@pytest.mark.parametrize("change", [{"text": "Other words"}, {"title": "Other"}, {"source": "-"},
                                    {"version": 9}, {"kind": "photo"}, {}])  # fmt: skip
def test_a_text_is_never_edited(db, change):
    assert refused(rows_of(text()), **change)


def test_the_use_of_a_text_can_end(db):
    assert not refused(rows_of(text()), active=False)


def test_use_beyond_the_record_needs_a_signature(patient, practitioner):
    with pytest.raises(IntegrityError, match="beyond_the_record"):
        permitted(patient, practitioner, scope="MARKETING_SITE")


def test_a_permission_is_neither_changed_nor_deleted(patient, practitioner, now):
    one = permitted(patient, practitioner)

    assert refused(rows_of(one), face_identifiable=True)
    assert refused(rows_of(one), status="refused")
    assert refused(rows_of(one))


# --- Texts in force -------------------------------------------------------------------------------
def test_a_version_holds_from_its_day_until_the_next(db):
    first = text(version=1, effective_from=date(2026, 1, 1))
    second = text(version=2, effective_from=date(2026, 11, 1))

    def in_force(day):
        return list(ConsentText.objects.in_force(day))

    assert in_force(date(2025, 12, 31)) == []
    assert in_force(date(2026, 1, 1)) == [first]
    assert in_force(date(2026, 10, 31)) == [first]
    assert in_force(date(2026, 11, 1)) == [second]


def test_each_language_has_its_own_version_in_force(db):
    english, german = text(version=2), text(version=1, language="de")
    text(version=1)

    assert set(ConsentText.objects.in_force(TODAY)) == {english, german}


# --- Where a course stands ------------------------------------------------------------------------
def test_a_course_needs_what_its_protocol_and_service_ask(plan):
    assert needs(plan) == [(kind, "missing") for kind in ALL]


def test_a_labelled_use_without_cream_needs_the_needling_alone(patient):
    texts()
    plan = factories.plan(patient, protocol=factories.protocol(labelled_from_years=22))
    plan.service.phases.filter(kind="numbing").delete()

    assert needs(plan) == [("procedure", "missing")]


def test_a_kind_the_catalogue_has_no_text_for_is_not_asked_but_the_needling_is(plan):
    ConsentText.objects.update(active=False)

    assert needs(plan) == [("procedure", "missing")]


def test_a_new_version_makes_it_needed_again(plan, practitioner):
    signed(plan, practitioner)
    before = lacking_consent({plan.pk}, TODAY)
    text("numbing", version=2, effective_from=TODAY)

    assert (before, lacking_consent({plan.pk}, TODAY)) == (set(), {plan.pk})
    assert needs(plan) == [("procedure", "given"), ("off_label", "given"), ("numbing", "old")]


def test_a_text_taken_out_of_use_makes_it_needed_again(plan, practitioner):
    signed(plan, practitioner)
    ConsentText.objects.filter(kind="procedure").update(active=False)

    assert needs(plan)[0] == ("procedure", "old")
    assert lacking_consent({plan.pk}, TODAY) == {plan.pk}


@pytest.mark.parametrize("kinds", [("procedure",), ("procedure", "numbing"), ALL])
def test_many_courses_are_asked_in_one_query_and_agree_with_one(
    plan, clinic, practitioner, kinds, django_assert_num_queries
):
    other = factories.plan(factories.patient(clinic))
    signed(plan, practitioner, kinds=kinds)

    with django_assert_num_queries(1):
        lacking = lacking_consent({plan.pk, other.pk}, TODAY)

    whole = all(state == "given" for _, state in needs(plan))
    assert lacking == ({other.pk} if whole else {plan.pk, other.pk})
    assert whole == (kinds == ALL)


def test_no_course_is_no_query(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert lacking_consent(set(), TODAY) == set()


def test_the_newest_answer_about_photos_holds(clinic, patient, practitioner, now):
    other = factories.patient(clinic)
    facts = {"clinic": clinic, "text": text("photo"), "taken_by": practitioner, "scope": "RECORD"}
    PhotoPermission.objects.create(patient=patient, status="refused", answered_at=now, **facts)
    PhotoPermission.objects.create(patient=other, status="refused", answered_at=now, **facts)
    permitted(patient, practitioner, now + timedelta(days=1))

    assert PhotoPermission.objects.declined_record([patient.pk, other.pk]) == {other.pk}
    assert PhotoPermission.objects.latest_of(patient)["RECORD"].status == "given"


def test_a_signature_is_drawn_as_a_path_and_a_tap_as_a_dot(plan, practitioner):
    (one, *_) = signed(plan, practitioner, strokes=[[[1, 2], [3, 4], [5, 6]], [[7, 8]]])

    assert one.path == "M1 2 L3 4 5 6 M7 8 L7 8"
    assert set(KINDS) == set(ConsentText.Kind.values)
