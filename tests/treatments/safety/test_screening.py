"""What each answer of a health check raises, just before, on and just after every day that counts."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from treatments.safety.findings import Level
from treatments.safety.screening import (
    AgeLimits,
    Answer,
    Asked,
    Kind,
    age_on,
    check_age,
    check_answers,
    check_fresh,
    check_missing,
)

DAY = date(2026, 11, 23)
FIXTURE = Path(__file__).parents[3] / "treatments/fixtures/screening.json"
SEEDS = json.loads(FIXTURE.read_text("utf-8"))[0]["questions"]
WAITS = [(row["code"], row["wait_days"], row["level"]) for row in SEEDS if "wait_days" in row]
INFECTION = Asked("INF", "Infection", Kind.ABS, Level.STOP, "Manual", "Not until healed.")
RETINOID = Asked("RETIN", "Retinoid", Kind.WAIT, Level.WARN, "Manual", wait_days=3)
FAINT = Asked("FAINT", "Faints", Kind.CAUT, Level.INFO, "From knowledge")
G6PD = Asked("G6PD", "G6PD deficiency", Kind.ABS, Level.STOP, "SmPC", numbing=True,
             drugs=frozenset({"prilocaine", "benzocaine"}))  # fmt: skip
ILL = Asked("ILL", "Ill", Kind.CAUT, Level.WARN, "Labels", numbing=True)
ADULT = AgeLimits(18, "House rule", 22, "FDA")
NO, YES = Answer(yes=False), Answer(yes=True)


def say(asked, answer, **facts):
    """Return (level, code, sentence) of what one answered question raises."""
    found = check_answers([asked], {asked.code: answer}, day=DAY, **facts)
    return [(str(one.level), one.code, one.sentence) for one in found]


def test_everything_answered_no_raises_nothing():
    asked = [INFECTION, RETINOID, FAINT, G6PD]

    assert check_answers(asked, dict.fromkeys(["INF", "RETIN", "FAINT", "G6PD"], NO), day=DAY) == ()


def test_a_contraindication_stops_with_what_to_do_and_the_patients_words():
    answer = Answer(yes=True, words="on the left")

    assert say(INFECTION, answer) == [
        ("STOP", "HEALTH_ANSWER", "Infection: yes (“on the left”). Not until healed.")
    ]


def test_a_caution_is_noted():
    assert say(FAINT, YES) == [("INFO", "HEALTH_ANSWER", "Faints: yes.")]


@pytest.mark.parametrize(("code", "wait", "level"), WAITS)
def test_a_wait_holds_to_the_day_before_it_is_over(code, wait, level):
    asked = Asked(code, "It", Kind.WAIT, Level(level), "Catalogue", wait_days=wait)

    def one(days):
        found = check_answers([asked], {code: Answer(True, DAY - timedelta(days))}, day=DAY)
        return [(str(row.level), row.code, row.figures.get("days_to_wait")) for row in found]

    assert one(wait - 1) == [(level, "HEALTH_WAIT", "1")]
    assert one(wait) == [("INFO", "HEALTH_WAITED", None)]
    assert one(wait + 1) == [("INFO", "HEALTH_WAITED", None)]


def test_a_wait_says_the_days_since_and_those_to_come():
    answer = Answer(yes=True, on=date(2026, 11, 21), words="Tretinoin")

    assert say(RETINOID, answer) == [(
        "WARN", "HEALTH_WAIT",
        "Retinoid: 2 days before the visit (“Tretinoin”); 1 of 3 days still to wait, until 24 Nov 2026.",
    )]  # fmt: skip


def test_a_wait_that_is_over_is_noted():
    assert say(RETINOID, Answer(yes=True, on=date(2026, 11, 20))) == [
        ("INFO", "HEALTH_WAITED", "Retinoid: 3 days before the visit; the wait is 3 days.")
    ]


@pytest.mark.parametrize(
    ("on", "why"),
    [(None, "without a date"), (DAY + timedelta(1), "dated 24 Nov 2026, after the visit")],
)
def test_a_wait_without_a_day_that_can_be_counted_warns(on, why):
    assert say(RETINOID, Answer(yes=True, on=on)) == [
        ("WARN", "HEALTH_WAIT_DATE", f"Retinoid: yes, {why}; 3 days must have passed.")
    ]


def test_an_answer_about_a_cream_counts_where_such_a_cream_is_used():
    assert say(G6PD, YES, creams=frozenset({"prilocaine", "amide"})) == [
        ("STOP", "HEALTH_ANSWER", "G6PD deficiency: yes.")
    ]
    for creams in (frozenset(), frozenset({"lidocaine", "amide"})):
        assert say(G6PD, YES, creams=creams) == [(
            "INFO", "HEALTH_NO_CREAM",
            "G6PD deficiency: yes. It matters with a cream with benzocaine or prilocaine; none is recorded.",
        )]  # fmt: skip


def test_an_answer_about_any_cream_counts_with_every_cream():
    assert say(ILL, YES, creams=frozenset({"tetracaine"})) == [
        ("WARN", "HEALTH_ANSWER", "Ill: yes.")
    ]
    assert say(ILL, YES) == [
        ("INFO", "HEALTH_NO_CREAM", "Ill: yes. It matters with a numbing cream; none is recorded.")
    ]


def test_questions_without_an_answer_are_one_warning_that_names_them():
    found = check_answers([INFECTION, RETINOID, FAINT], {"FAINT": NO}, day=DAY)

    assert [(one.code, one.sentence, dict(one.figures)) for one in found] == [
        ("HEALTH_UNANSWERED", "Not answered: Infection; Retinoid.", {"unanswered": "2"})
    ]


def test_a_visit_without_a_check_is_a_warning():
    found = check_missing(DAY)

    assert (str(found.level), found.code, found.sentence) == (
        "WARN", "HEALTH_CHECK_MISSING", "No health check was answered for the visit of 23 Nov 2026.",
    )  # fmt: skip


@pytest.mark.parametrize(("days", "codes"), [(6, []), (7, []), (8, ["HEALTH_CHECK_OLD"]), (-1, [])])
def test_a_check_of_more_days_before_than_allowed_is_old(days, codes):
    found = check_fresh(DAY - timedelta(days), day=DAY, within_days=7, source="Set")

    assert [one.code for one in found] == codes


@pytest.mark.parametrize(
    ("born", "found"),
    [
        (date(2008, 11, 24), [("STOP", "HEALTH_AGE")]),
        (date(2008, 11, 23), [("INFO", "HEALTH_AGE_LABEL")]),
        (date(2008, 11, 22), [("INFO", "HEALTH_AGE_LABEL")]),
        (date(2004, 11, 24), [("INFO", "HEALTH_AGE_LABEL")]),
        (date(2004, 11, 23), []),
        (date(2004, 11, 22), []),
    ],
)
def test_age_counts_from_the_birthday(born, found):
    assert [(str(one.level), one.code) for one in check_age(born, day=DAY, limits=ADULT)] == found


def test_where_no_label_asks_for_more_an_adult_is_an_adult():
    limits = AgeLimits(18, "House rule")

    assert check_age(date(2008, 11, 23), day=DAY, limits=limits) == ()


@pytest.mark.parametrize(("day", "years"), [(date(2026, 2, 28), 17), (date(2026, 3, 1), 18)])
def test_a_birthday_on_29_february_is_on_1_march(day, years):
    assert age_on(date(2008, 2, 29), day) == years


@pytest.mark.parametrize(("kind", "days"), [(Kind.WAIT, None), (Kind.ABS, 3), (Kind.WAIT, 0)])
def test_days_belong_to_waits_alone(kind, days):
    with pytest.raises(ValueError, match="X: a wait"):
        Asked("X", "It", kind, Level.WARN, "Source", wait_days=days)


def test_a_changed_answer_needs_a_new_reason():
    before, after = (
        check_answers([INFECTION], {"INF": Answer(yes=True, words=words)}, day=DAY)[0]
        for words in ("left", "right")
    )

    assert before.key == after.key
    assert before.fingerprint != after.fingerprint


def test_every_seeded_contraindication_and_review_stops():
    levels = {(row["kind"], row["level"]) for row in SEEDS if row["kind"] in {"ABS", "REL"}}

    assert levels == {("ABS", "STOP"), ("REL", "STOP")}


def test_every_seeded_question_names_its_source_and_day():
    assert [row["code"] for row in SEEDS if not (row["source"] and row["effective_from"])] == []
