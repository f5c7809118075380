from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests.treatments.safety.shelf import serious
from treatments.safety.seeds import CARTRIDGE_SOURCE, LOT_SOURCE, LOT_WARN_WITHIN_DAYS
from treatments.safety.udi import (
    LotFacts,
    check_cartridge_discarded,
    check_cartridge_reuse,
    check_lot,
)

JUNE = LotFacts("Lot AB123", date(2027, 6, 30), expiry_day_given=False, quarantined=False)


def check(lot=JUNE, on=date(2026, 11, 23), *, at_intake=False):
    return check_lot(
        lot,
        on=on,
        warn_within_days=LOT_WARN_WITHIN_DAYS,
        at_intake=at_intake,
        source=LOT_SOURCE,
    )


@pytest.mark.parametrize(
    ("days_left", "in_session", "at_intake"),
    [
        (-1, "STOP", "STOP"),
        (0, "INFO", "WARN"),
        (1, "INFO", "WARN"),
        (29, "INFO", "WARN"),
        (30, None, None),
        (31, None, None),
    ],
)
def test_a_lot_is_good_through_its_day_of_expiry(days_left, in_session, at_intake):
    on = JUNE.expires_on - timedelta(days=days_left)
    assert [one.level.value for one in check(on=on)] == ([in_session] if in_session else [])
    assert [one.level.value for one in check(on=on, at_intake=True)] == (
        [at_intake] if at_intake else []
    )


def test_an_expired_lot_names_the_month_where_no_day_is_printed():
    (finding,) = check(on=date(2027, 7, 1))
    assert (finding.code, finding.sentence) == (
        "LOT_EXPIRED",
        "Lot AB123 expired at the end of Jun 2027, 1 day before 1 Jul 2027.",
    )


def test_an_expired_lot_names_the_day_where_one_is_printed():
    (finding,) = check(replace(JUNE, expiry_day_given=True), date(2027, 7, 2))
    assert finding.sentence == "Lot AB123 expired on 30 Jun 2027, 2 days before 2 Jul 2027."


def test_a_lot_without_an_expiry_is_a_warning():
    assert serious(check(replace(JUNE, expires_on=None))) == [("WARN", "LOT_EXPIRY_MISSING")]


@pytest.mark.parametrize(
    ("quarantined", "found"),
    [
        (False, []),
        (True, [("STOP", "LOT_QUARANTINED")]),
        (None, [("WARN", "LOT_QUARANTINE_MISSING")]),
    ],
)
def test_quarantine(quarantined, found):
    assert serious(check(replace(JUNE, quarantined=quarantined))) == found


def test_an_expired_lot_in_quarantine_says_both():
    held = replace(JUNE, quarantined=True)
    assert serious(check(held, date(2028, 1, 1))) == [
        ("STOP", "LOT_EXPIRED"),
        ("STOP", "LOT_QUARANTINED"),
    ]


def reuse(*, has_serial=True, used_before=False, uses=None, stock=None):
    return serious(
        check_cartridge_reuse(
            "Cartridge S-42",
            has_serial=has_serial,
            used_before=used_before,
            uses_of_lot=uses,
            stock_of_lot=stock,
            source=CARTRIDGE_SOURCE,
        )
    )


@pytest.mark.parametrize(
    ("used_before", "found"),
    [
        (False, []),
        (True, [("STOP", "CARTRIDGE_REUSED")]),
        (None, [("WARN", "CARTRIDGE_USE_MISSING")]),
    ],
)
def test_a_serial_is_used_once(used_before, found):
    assert reuse(used_before=used_before) == found


@pytest.mark.parametrize(
    ("uses", "stock", "found"),
    [
        (9, 10, []),
        (10, 10, []),
        (11, 10, [("WARN", "CARTRIDGE_COUNT")]),
        (None, 10, [("WARN", "CARTRIDGE_USE_MISSING")]),
        (1, None, [("WARN", "CARTRIDGE_USE_MISSING")]),
    ],
)
def test_a_lot_without_serials_is_counted_against_its_stock(uses, stock, found):
    assert reuse(has_serial=False, uses=uses, stock=stock) == found


@pytest.mark.parametrize(("discarded", "stopped"), [(True, False), (False, True), (None, True)])
def test_a_cartridge_ends_in_the_sharps_box(discarded, stopped):
    findings = check_cartridge_discarded(
        "Cartridge S-42", discarded_in_sharps=discarded, source=CARTRIDGE_SOURCE
    )
    assert serious(findings) == ([("STOP", "CARTRIDGE_NOT_DISCARDED")] if stopped else [])
