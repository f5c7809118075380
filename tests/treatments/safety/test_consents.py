"""Consent: what has to be signed, when it stands, and the time to think before a first session."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from treatments.safety.consents import (
    ConsentFacts,
    CoolingOff,
    check_consent,
    check_cooling_off,
    kinds_needed,
)

LONDON = ZoneInfo("Europe/London")
GIVEN = datetime(2026, 11, 20, 9, 0, tzinfo=LONDON)
STARTED = datetime(2026, 11, 23, 9, 0, tzinfo=LONDON)
LIMIT = CoolingOff(Decimal(48), "Test committee")
SECOND = timedelta(seconds=1)


def found(*parts, started=STARTED):
    """Return (level, code, sentence) of what is said about parts of a consent."""
    told = check_consent(parts, needling_started_at=started, source="Test guidance")
    assert {one.source for one in told} <= {"Test guidance"}
    return [(one.level, one.code, one.sentence) for one in told]


@pytest.mark.parametrize(
    ("authorised_from", "age", "is_off_label"),
    [(22, 21, True), (22, 22, False), (22, 23, False), (None, 60, True)],
)
def test_under_the_authorised_age_or_without_one_the_use_is_off_label(
    authorised_from, age, is_off_label
):
    kinds = kinds_needed(labelled_from_years=authorised_from, age_years=age, numbs=False)

    assert kinds == (("procedure", "off_label") if is_off_label else ("procedure",))


def test_a_cream_asks_for_a_text_of_its_own():
    kinds = kinds_needed(labelled_from_years=22, age_years=40, numbs=True)

    assert kinds == ("procedure", "numbing")


def test_nothing_on_file_stops():
    assert found(ConsentFacts("Needling")) == [
        ("STOP", "CONSENT_MISSING", "Needling: no consent is on file.")
    ]


def test_what_stands_and_is_current_says_nothing():
    assert found(ConsentFacts("Needling", given_at=GIVEN)) == []


def test_each_part_is_judged_by_itself():
    codes = [code for _, code, _ in found(
        ConsentFacts("Needling", given_at=GIVEN), ConsentFacts("Numbing cream")
    )]  # fmt: skip

    assert codes == ["CONSENT_MISSING"]


@pytest.mark.parametrize(
    ("withdrawn_at", "codes"),
    [
        (STARTED - SECOND, ["CONSENT_WITHDRAWN"]),
        (STARTED, []),
        (STARTED + SECOND, []),
    ],
)
def test_a_consent_withdrawn_before_needling_stops_and_not_after(withdrawn_at, codes):
    part = ConsentFacts("Needling", withdrawn_at=withdrawn_at)

    assert [code for _, code, _ in found(part)] == codes


def test_a_withdrawal_stops_while_needling_has_not_begun():
    part = ConsentFacts("Needling", withdrawn_at=GIVEN)

    assert found(part, started=None) == [(
        "STOP", "CONSENT_WITHDRAWN",
        "Needling: consent was withdrawn on 20 Nov 2026 and not given again.",
    )]  # fmt: skip


@pytest.mark.parametrize(
    ("given_at", "codes"),
    [
        (STARTED - SECOND, []),
        (STARTED, []),
        (STARTED + SECOND, ["CONSENT_AFTER_NEEDLING"]),
    ],
)
def test_a_consent_given_after_needling_began_stops(given_at, codes):
    assert [code for _, code, _ in found(ConsentFacts("Needling", given_at=given_at))] == codes


def test_a_text_replaced_meanwhile_is_a_warning_with_both_texts():
    part = ConsentFacts("Needling", given_at=GIVEN, is_current=False,
                        signed_text="Needling, version 1", current_text="“Needling, version 2”")  # fmt: skip

    assert found(part) == [(
        "WARN", "CONSENT_OLD_TEXT",
        "Needling: signed is “Needling, version 1”, in force is “Needling, version 2”.",
    )]  # fmt: skip


def test_a_visit_outside_courses_asks_where_its_consent_is():
    (one,) = check_consent(None, needling_started_at=None, source="Test guidance")

    assert (one.level, one.code) == ("WARN", "CONSENT_NO_COURSE")


@pytest.mark.parametrize(
    ("passed", "hours"),
    [
        (timedelta(hours=48) - SECOND, "47"),
        (timedelta(hours=48), None),
        (timedelta(hours=48) + SECOND, None),
        (timedelta(minutes=59), "0"),
        (-timedelta(hours=1), "0"),
    ],
)
def test_a_first_session_within_the_cooling_off_warns_with_the_hours(passed, hours):
    told = check_cooling_off(GIVEN, begins_at=GIVEN + passed, sessions_before=0, limit=LIMIT)

    assert [one.figures["hours"] for one in told] == ([hours] if hours else [])


def test_the_warning_shows_its_figures_and_source():
    (one,) = check_cooling_off(GIVEN, begins_at=GIVEN + timedelta(hours=20), sessions_before=0,
                               limit=LIMIT)  # fmt: skip

    assert (one.level, one.code, one.source) == ("WARN", "COOLING_OFF", "Test committee")
    assert one.sentence == (
        "Consent was given 20 h before this first session; 48 h to think it over have not passed."
    )


@pytest.mark.parametrize(("before", "count"), [(0, 1), (1, 0), (2, 0)])
def test_the_cooling_off_is_waived_for_repeat_sessions(before, count):
    told = check_cooling_off(GIVEN, begins_at=GIVEN, sessions_before=before, limit=LIMIT)

    assert len(told) == count


def test_without_consent_there_is_no_time_to_count():
    assert check_cooling_off(None, begins_at=STARTED, sessions_before=0, limit=LIMIT) == ()


def test_hours_are_counted_through_a_change_of_clocks():
    given = datetime(2026, 10, 24, 12, 0, tzinfo=LONDON)  # clocks go back on the 25th
    by_the_wall = datetime(2026, 10, 26, 11, 0, tzinfo=LONDON)

    assert check_cooling_off(given, begins_at=by_the_wall, sessions_before=0, limit=LIMIT) == ()


def test_a_cooling_off_of_no_hours_is_no_limit():
    with pytest.raises(ValueError, match="above 0"):
        CoolingOff(Decimal(0), "Test committee")
