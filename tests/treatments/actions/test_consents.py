"""Deeds on consents and permissions, and what the record and the gate make of them."""

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from clinic.models import AuditEvent
from tests import factories
from tests.support.consents import STROKES, permitted, signed, text, texts
from tests.support.photos import jpeg, taken
from tests.support.records import answer_all, filled, ready, record
from treatments.actions.consents import (
    give_consent,
    permit_photos,
    refuse_photos,
    withdraw_consent,
    withdraw_permission,
)
from treatments.actions.findings import judge
from treatments.actions.photos import PhotoNotPermitted, open_photo, take_photo
from treatments.actions.plans import stop_course
from treatments.actions.records import Record
from treatments.actions.signing import NotReady, is_intact, sign_session
from treatments.models import Consent, Photo, PhotoPermission


@pytest.fixture
def plan(patient):
    """Return a course that needs all three texts."""
    texts()
    return factories.plan(patient)


def give(plan, by, at, *kinds, **facts):
    """Return what was signed under the texts of these kinds."""
    made = texts()
    facts = {"typed_name": "Ada Testcase"} | facts
    return give_consent(plan=plan, texts=[made[kind] for kind in kinds], at=at, by=by, **facts)


def actions():
    """Return what the log tells, in order."""
    return list(AuditEvent.objects.order_by("seq").values_list("action", flat=True))


def about(session, at, prefix="CO"):
    """Return (level, code, subject) of the findings about consent."""
    return [(one.level, one.code, one.subject) for one in judge(Record(session), at=at)
            if one.code.startswith(prefix)]  # fmt: skip


# --- Give and withdraw ----------------------------------------------------------------------------
def test_a_signature_is_kept_once_a_text_and_logged_without_words(plan, practitioner, now):
    rows = give(plan, practitioner, now, "procedure", "numbing", strokes=STROKES,
                questions="How long until I can swim?")  # fmt: skip

    assert [(row.text.kind, row.strokes, row.taken_by) for row in rows] == [
        ("procedure", STROKES, practitioner), ("numbing", STROKES, practitioner),
    ]  # fmt: skip
    assert actions() == ["consent.given", "consent.given"]
    assert "swim" not in str(list(AuditEvent.objects.values()))


def test_the_same_form_twice_makes_one_row_a_text(plan, practitioner, now):
    key = uuid.uuid4()

    first = give(plan, practitioner, now, "procedure", request_key=key)
    again = give(plan, practitioner, now + timedelta(seconds=2), "procedure", request_key=key)

    assert (first, Consent.objects.count()) == (again, 1)


def test_without_a_signature_nothing_is_given(plan, practitioner, now):
    with pytest.raises(ValidationError, match="Sign with the finger"):
        give(plan, practitioner, now, "procedure", typed_name="  ")


def test_an_old_text_is_not_signed_any_more(plan, practitioner, now):
    old = text("procedure")
    text("procedure", version=2, effective_from=now.date())

    with pytest.raises(ValidationError, match="newer text"):
        give_consent(plan=plan, texts=[old], typed_name="Ada", at=now, by=practitioner)


def test_nothing_is_signed_for_a_course_that_is_over(plan, practitioner, now, today):
    stop_course(plan=plan, because="Moved away", on=today, at=now, by=practitioner)

    with pytest.raises(ValidationError, match="over"):
        give(plan, practitioner, now, "procedure")


def test_a_withdrawal_ends_all_texts_of_a_course_once(plan, practitioner, now):
    give(plan, practitioner, now, "procedure", "numbing")

    ended = withdraw_consent(plan=plan, because=" Wishes so ", at=now, by=practitioner)
    again = withdraw_consent(plan=plan, because="Again", at=now, by=practitioner)

    assert (len(ended), again) == (2, [])
    told = Consent.objects.values_list("status", "withdrawn_because", "withdrawn_by").distinct()
    assert list(told) == [("withdrawn", "Wishes so", practitioner.pk)]
    assert actions().count("consent.withdrawn") == 2


def test_a_withdrawal_says_why(plan, practitioner, now):
    with pytest.raises(ValidationError, match="why"):
        withdraw_consent(plan=plan, because=" ", at=now, by=practitioner)


def test_after_a_withdrawal_it_can_be_given_again(plan, practitioner, now):
    give(plan, practitioner, now, "procedure")
    withdraw_consent(plan=plan, because="Wishes so", at=now, by=practitioner)

    give(plan, practitioner, now, "procedure")

    assert sorted(plan.consents.values_list("status", flat=True)) == ["given", "withdrawn"]


# --- In the record --------------------------------------------------------------------------------
def test_a_record_without_consent_stops_text_by_text(plan, practitioner, now):
    session = record(plan, practitioner, now, unsigned=True)

    assert about(session, now) == [
        ("STOP", "CONSENT_MISSING", "Needling"),
        ("STOP", "CONSENT_MISSING", "Use outside what the device is authorised for"),
    ]  # fmt: skip


def test_cream_in_the_record_asks_for_its_own_consent(plan, practitioner, now):
    signed(plan, practitioner, kinds=("procedure", "off_label"))
    session = filled(record(plan, practitioner, now), practitioner, now, numbed=True)

    assert about(session, now) == [("STOP", "CONSENT_MISSING", "Numbing cream")]


def test_one_consent_covers_the_later_sessions(plan, practitioner, now):
    before = now - timedelta(days=35)
    signed(plan, practitioner, before - timedelta(days=3))
    first = ready(plan, practitioner, before)
    sign_session(session=first, version=first.version, at=before, by=practitioner)

    assert about(record(plan, practitioner, now, number=2), now) == []


def test_a_withdrawal_between_two_sessions_stops_the_next(plan, practitioner, now):
    signed(plan, practitioner)
    withdraw_consent(plan=plan, because="Wishes so", at=now - timedelta(hours=1), by=practitioner)
    session = record(plan, practitioner, now, unsigned=True)

    assert {code for _, code, _ in about(session, now)} == {"CONSENT_WITHDRAWN"}


@pytest.mark.parametrize(("hours", "codes"), [(47, ["COOLING_OFF"]), (48, []), (49, [])])
def test_a_first_session_too_soon_after_consent_asks_for_a_reason(
    plan, practitioner, now, hours, codes
):
    signed(plan, practitioner, now - timedelta(hours=hours))

    assert [code for _, code, _ in about(record(plan, practitioner, now), now)] == codes


def test_a_repeat_session_is_not_held_up_by_a_fresh_signature(plan, practitioner, now):
    before = now - timedelta(days=35)
    first = ready(plan, practitioner, before)
    sign_session(session=first, version=first.version, at=before, by=practitioner)
    withdraw_consent(plan=plan, because="Thought again", at=now - timedelta(hours=3),
                     by=practitioner)  # fmt: skip
    signed(plan, practitioner, now - timedelta(hours=2))

    assert about(record(plan, practitioner, now, number=2), now) == []


def test_a_record_without_consent_is_signed_with_a_leads_override_only(
    plan, practitioner, lead, now
):
    session = record(plan, practitioner, now, unsigned=True)
    session = filled(session, practitioner, now)

    with pytest.raises(NotReady):
        sign_session(session=session, version=session.version, at=now, by=practitioner)
    answer_all(session, lead, now)
    done = sign_session(session=session, version=session.version, at=now, by=practitioner)

    kept = [one for one in done.findings if one["code"] == "CONSENT_MISSING"]
    assert [one["answer"]["by"] for one in kept] == [str(lead)] * 2
    assert done.signed_content["consents"] == []


def test_the_signature_keeps_which_text_was_agreed_to_and_when(plan, practitioner, now):
    given_at = now - timedelta(days=7)
    session = ready(plan, practitioner, now)

    done = sign_session(session=session, version=session.version, at=now, by=practitioner)

    assert done.signed_content["consents"][0] == {
        "kind": "procedure", "text": "Text about procedure", "code": "T-procedure", "version": 1,
        "language": "en", "given_at": given_at.isoformat(), "taken_by": str(practitioner),
    }  # fmt: skip
    assert is_intact(done)


def test_a_withdrawal_leaves_what_was_signed_as_it_is(plan, practitioner, now):
    session = ready(plan, practitioner, now)
    done = sign_session(session=session, version=session.version, at=now, by=practitioner)

    withdraw_consent(plan=plan, because="Wishes so", at=now, by=practitioner)

    done.refresh_from_db()
    assert (is_intact(done), len(done.signed_content["consents"])) == (True, 2)


def test_a_visit_outside_courses_asks_for_a_word_about_its_consent(patient, practitioner, now):
    session = record(patient=patient, by=practitioner, at=now)

    assert about(session, now) == [("WARN", "CONSENT_NO_COURSE", "")]


# --- Photos ---------------------------------------------------------------------------------------
def take(patient, by, at):
    """Return a photo taken in now."""
    return take_photo(patient=patient, upload=jpeg(), view=None, session=None, taken_on=None,
                      at=at, by=by)  # fmt: skip


def test_without_permission_no_photo_is_taken_and_nothing_is_left(patient, practitioner, now):
    with pytest.raises(PhotoNotPermitted, match="has not permitted"):
        take(patient, practitioner, now)

    assert (Photo.objects.count(), AuditEvent.objects.count()) == (0, 0)


def test_a_permission_for_another_use_is_none_for_the_record(patient, practitioner, now):
    permitted(patient, practitioner, scope="MARKETING_SITE", typed_name="Ada")

    with pytest.raises(PhotoNotPermitted):
        take(patient, practitioner, now)


def test_after_a_withdrawal_nothing_new_is_taken_and_care_still_sees_the_old(
    patient, clinic, practitioner, now
):
    photo = taken(patient, practitioner)
    withdraw_permission(patient=patient, scope="RECORD", because="Enough", at=now, by=practitioner)

    with pytest.raises(PhotoNotPermitted):
        take(patient, practitioner, now)
    opened = open_photo(key=photo.key, size="thumb", clinic=clinic, purpose="RECORD", at=now,
                        by=practitioner)  # fmt: skip
    assert opened.content_type == "image/webp"


@pytest.mark.parametrize("scope", [one for one in PhotoPermission.Scope.values if one != "RECORD"])
def test_any_other_use_needs_its_own_standing_permission(patient, clinic, practitioner, now, scope):
    photo = taken(patient, practitioner, view=factories.view())
    facts = {"key": photo.key, "size": "large", "clinic": clinic, "at": now, "by": practitioner}

    with pytest.raises(PhotoNotPermitted):
        open_photo(purpose=scope, **facts)
    permit_photos(patient=patient, scope=scope, typed_name="Ada", at=now, by=practitioner)
    assert open_photo(purpose=scope, **facts).storage_name
    withdraw_permission(patient=patient, scope=scope, because="Enough", at=now, by=practitioner)
    with pytest.raises(PhotoNotPermitted):
        open_photo(purpose=scope, **facts)


@pytest.mark.parametrize(
    ("region", "with_face", "opens"),
    [("back", False, True), ("face", False, False), ("face", True, True), (None, False, False),
     (None, True, True)],
)  # fmt: skip
def test_a_photo_that_may_show_the_face_needs_that_said(
    patient, clinic, practitioner, now, region, with_face, opens
):
    view = factories.view(region=region) if region else None
    photo = taken(patient, practitioner, view=view)
    permit_photos(patient=patient, scope="TEAM_TEACHING", face_identifiable=with_face,
                  typed_name="Ada", at=now, by=practitioner)  # fmt: skip
    facts = {"key": photo.key, "size": "large", "clinic": clinic, "at": now, "by": practitioner}

    try:
        open_photo(purpose="TEAM_TEACHING", **facts)
    except PhotoNotPermitted:
        assert not opens
    else:
        assert opens


def test_a_purpose_that_is_none_is_an_error(patient, clinic, practitioner, now):
    photo = taken(patient, practitioner)

    with pytest.raises(ValueError, match="ANYTHING"):
        open_photo(key=photo.key, size="large", clinic=clinic, purpose="ANYTHING", at=now,
                   by=practitioner)  # fmt: skip


def test_use_beyond_the_record_wants_a_signature(patient, practitioner, now):
    texts()

    with pytest.raises(ValidationError, match="signature"):
        permit_photos(patient=patient, scope="PROMO_PRINT", at=now, by=practitioner)


def test_permitting_and_refusing_twice_is_once(patient, practitioner, now):
    texts()
    facts = {"patient": patient, "at": now, "by": practitioner}

    first, again = (refuse_photos(scope="RECORD", **facts) for _ in range(2))
    given, twice = (permit_photos(scope="RECORD", **facts) for _ in range(2))

    assert (first, given) == (again, twice)
    assert actions() == ["photo.not_permitted", "photo.permitted"]


def test_what_was_permitted_is_withdrawn_and_not_refused(patient, practitioner, now):
    permitted(patient, practitioner)

    with pytest.raises(ValidationError, match="withdraw"):
        refuse_photos(patient=patient, scope="RECORD", at=now, by=practitioner)


def test_withdrawing_twice_is_once(patient, practitioner, now):
    permitted(patient, practitioner)
    facts = {"patient": patient, "scope": "RECORD", "at": now, "by": practitioner}

    first = withdraw_permission(because="Enough", **facts)

    assert (first.status, withdraw_permission(because="Again", **facts)) == ("withdrawn", None)
    assert actions() == ["photo.permission_withdrawn"]


def test_without_a_text_in_force_nothing_is_permitted(patient, practitioner, now):
    with pytest.raises(ValidationError, match="no text about photos"):
        permit_photos(patient=patient, scope="RECORD", at=now, by=practitioner)
