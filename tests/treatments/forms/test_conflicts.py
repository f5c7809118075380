"""Two people in one record: what each changed stays, what both changed is a choice."""

from decimal import Decimal

import pytest

from tests import factories
from tests.support.records import ready
from treatments.actions.records import Record
from treatments.actions.sessions import save_draft, state_of
from treatments.forms.conflicts import merge, opened_with, read_opened
from treatments.forms.shelf import Shelf


@pytest.fixture
def plan(patient):
    """Return a course of one zone."""
    return factories.plan(patient, zones=[factories.zone("BACK_UL", name="Upper left back")])


@pytest.fixture
def three(plan, practitioner, now):
    """Return a ready draft's state as it was opened, its shelf, and what the page carries of it."""
    session = ready(plan, practitioner, now)
    session = save_draft(session=session, version=session.version,
                         values={"notes": "", "pain_nrs": 2}, at=now, by=practitioner)  # fmt: skip
    record = Record(session)
    return state_of(session), Shelf.of(record), read_opened(opened_with(record))


def deeper(state, depth_mm):
    """Return the state's zones with another depth."""
    return {"zones": [state["zones"][0] | {"depth_mm": Decimal(depth_mm)}]}


def test_what_one_of_two_changed_stays_as_that_one_has_it(three):
    opened, shelf, carried = three
    mine = opened | {"notes": "Mine"} | deeper(opened, "1.25")
    theirs = opened | {"pain_nrs": 6, "aftercare_explained": False, "cartridge_discarded": False}

    both = merge(mine, theirs, carried, shelf, {})

    assert both.clashes == []
    assert [(one.label, one.theirs) for one in both.only_theirs] == [
        ("Pain", "6"), ("Cartridge in sharps", "No"), ("Aftercare explained", "No"),
    ]  # fmt: skip
    assert both.values == theirs | {"notes": "Mine"} | deeper(opened, "1.25")


def test_what_both_changed_differently_is_a_choice_in_words(three):
    opened, shelf, carried = three
    mine = opened | {"notes": "Mine", "pain_nrs": None} | deeper(opened, "1.25")
    theirs = opened | {"notes": "Theirs", "pain_nrs": 6} | deeper(opened, "1.75")

    both = merge(mine, theirs, carried, shelf, {})

    assert [(one.label, one.mine, one.theirs) for one in both.clashes] == [
        ("Pain", "nothing", "6"),
        ("Notes", "Mine", "Theirs"),
        (
            "Upper left back",
            "1.25 mm, 6 passes, 7000 rpm, Redness, scattered pinpoint bleeding",
            "1.75 mm, 6 passes, 7000 rpm, Redness, scattered pinpoint bleeding",
        ),
    ]
    assert both.is_decided is False


def test_a_choice_keeps_the_side_that_was_chosen(three):
    opened, shelf, carried = three
    mine = opened | {"notes": "Mine"} | deeper(opened, "1.25")
    theirs = opened | {"notes": "Theirs"} | deeper(opened, "1.75")
    zone = f"zones:{opened['zones'][0]['zone_id']}:0"

    both = merge(mine, theirs, carried, shelf, {"notes": "theirs", zone: "mine"})

    assert both.is_decided is True
    assert both.values == opened | {"notes": "Theirs"} | deeper(opened, "1.25")


def test_the_same_change_by_both_is_no_choice(three):
    opened, shelf, carried = three
    same = opened | {"notes": "Seen together"}

    both = merge(same, dict(same), carried, shelf, {})

    assert (both.clashes, both.only_theirs, both.values) == ([], [], same)


def test_a_zone_one_took_away_is_gone_and_one_added_is_there(three):
    opened, shelf, carried = three
    chest = opened["zones"][0] | {"zone_id": factories.zone("CHEST", name="Chest").pk}
    mine, theirs = opened | {"zones": []}, opened | {"zones": [*opened["zones"], chest]}

    both = merge(mine, theirs, carried, shelf, {})

    assert both.values["zones"] == [chest]


def test_a_field_with_a_fault_stays_theirs(three):
    opened, shelf, carried = three
    mine = {name: value for name, value in opened.items() if name != "pain_nrs"}

    both = merge(mine, opened | {"pain_nrs": 6}, carried, shelf, {})

    assert both.values["pain_nrs"] == 6


def test_without_what_was_opened_every_difference_is_a_choice(three):
    opened, shelf, _ = three

    both = merge(opened | {"pain_nrs": 4}, opened, read_opened("no JSON"), shelf, {})

    assert [one.label for one in both.clashes] == ["Pain"]
    assert both.values["pain_nrs"] == 2
