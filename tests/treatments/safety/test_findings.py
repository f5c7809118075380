import json

import pytest

from treatments.safety.findings import (
    Finding,
    Level,
    in_order,
    needing_override,
    needing_reason,
    worst,
)


def finding(level=Level.STOP, code="DOSE_A1_GRAMS", subject="EMLA", **figures):
    return Finding(level, code, "61 g is over 60 g.", figures, "label", subject)


def test_levels_are_ordered_by_seriousness_not_by_letter():
    assert sorted([Level.WARN, Level.STOP, Level.INFO]) == [Level.INFO, Level.WARN, Level.STOP]


def test_every_comparison_of_levels_agrees_with_the_rank():
    assert [Level.STOP > Level.WARN, Level.WARN >= Level.WARN, Level.INFO <= Level.WARN] == [
        True, True, True,
    ]  # fmt: skip
    assert [Level.STOP < Level.WARN, Level.INFO >= Level.WARN, Level.STOP <= Level.INFO] == [
        False, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("level", list(Level))
def test_a_level_is_neither_over_nor_under_itself(level):
    assert [level < level, level > level, level <= level, level >= level] == [
        False, False, True, True,
    ]  # fmt: skip


def test_a_level_has_the_word_on_screen():
    assert [level.label for level in Level] == ["Stop", "Warning", "Note"]


def test_a_finding_survives_json():
    there = json.dumps(finding(total_g="61", max_g="60").to_dict())
    assert Finding.from_dict(json.loads(there)) == finding(total_g="61", max_g="60")


def test_a_finding_without_a_subject_in_old_data_reads_as_one_without():
    data = finding(subject="").to_dict()
    del data["subject"]
    assert Finding.from_dict(data).subject == ""


@pytest.mark.parametrize("part", ["level", "code", "sentence", "figures", "source"])
def test_a_stored_finding_with_a_part_missing_is_refused(part):
    data = finding().to_dict()
    del data[part]
    with pytest.raises(KeyError):
        Finding.from_dict(data)


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="FINE"):
        Finding.from_dict(finding().to_dict() | {"level": "FINE"})


@pytest.mark.parametrize("code", ["", "A:1", "A 1"])
def test_a_code_is_one_word_without_a_colon(code):
    with pytest.raises(ValueError, match="one word"):
        finding(code=code)


@pytest.mark.parametrize(("sentence", "source"), [(" ", "label"), ("Over.", " ")])
def test_a_finding_without_a_sentence_or_a_source_is_refused(sentence, source):
    with pytest.raises(ValueError, match="needs a sentence and a source"):
        Finding(Level.INFO, "X", sentence, {}, source)


def test_figures_are_text_and_cannot_be_changed():
    one = finding(total_g=61)
    assert dict(one.figures) == {"total_g": "61"}
    with pytest.raises(TypeError):
        one.figures["total_g"] = "1"


def test_the_key_is_code_and_subject_whatever_the_figures():
    assert finding(total_g="61").key == finding(total_g="90").key == "DOSE_A1_GRAMS:EMLA"


def test_the_fingerprint_changes_with_the_figures_and_the_level():
    prints = {
        finding(total_g="61").fingerprint,
        finding(total_g="90").fingerprint,
        finding(Level.WARN, total_g="61").fingerprint,
    }
    assert len(prints) == 3
    assert finding(total_g="61").fingerprint in prints


def test_findings_read_stop_first_then_by_code():
    mixed = [finding(Level.INFO, "A"), finding(Level.STOP, "C"), finding(Level.STOP, "B")]
    assert [one.code for one in in_order(mixed)] == ["B", "C", "A"]


def test_the_worst_level_of_nothing_is_nothing():
    assert worst([]) is None


def test_the_worst_level_is_the_most_serious_one():
    assert worst([finding(Level.INFO), finding(Level.STOP), finding(Level.WARN)]) is Level.STOP


def test_stops_need_an_override_and_warnings_a_reason():
    mixed = [finding(Level.INFO, "A"), finding(Level.WARN, "B"), finding(Level.STOP, "C")]
    assert [one.code for one in needing_override(mixed)] == ["C"]
    assert [one.code for one in needing_reason(mixed)] == ["B"]
