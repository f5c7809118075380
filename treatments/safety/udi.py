"""Lots and cartridges: expiry, quarantine, one cartridge for one patient and one session."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from .findings import Finding, Level, in_order
from .quantities import days_text


@dataclass(frozen=True, slots=True)
class LotFacts:
    """A lot on the shelf. A label without a day expires at the end of its month: then `expires_on`
    is that last day and `expiry_day_given` False. `quarantined=None`: not known."""

    subject: str
    expires_on: date | None
    expiry_day_given: bool
    quarantined: bool | None


def check_lot(
    lot: LotFacts, *, on: date, warn_within_days: int, at_intake: bool, source: str,
    soon_source: str = "",
) -> tuple[Finding, ...]:  # fmt: skip
    """Findings about using (or taking in) a lot on a day; empty where nothing is to be said.

    The day of expiry itself is the last good day. A near expiry is a WARN at stock intake and an
    INFO in a session. `soon_source` says where the days ahead come from, if not from `source`.
    """
    expiry = _expiry(
        lot, on=on, warn_within_days=warn_within_days, at_intake=at_intake, source=source,
        soon_source=soon_source or source,
    )  # fmt: skip
    return in_order((*expiry, *_held(lot, source)))


def _expiry(
    lot: LotFacts, *, on: date, warn_within_days: int, at_intake: bool, source: str,
    soon_source: str,
) -> Iterator[Finding]:  # fmt: skip
    if lot.expires_on is None:
        text = f"{lot.subject}: no expiry date is recorded; not checked."
        yield Finding(Level.WARN, "LOT_EXPIRY_MISSING", text, {}, source, lot.subject)
        return
    days = (lot.expires_on - on).days
    figures = {"expires_on": lot.expires_on.isoformat(), "on": on.isoformat(), "days": str(days)}
    if days < 0:
        text = f"{lot.subject} expired {_printed(lot)}, {days_text(-days)} before {_day(on)}."
        yield Finding(Level.STOP, "LOT_EXPIRED", text, figures, source, lot.subject)
    elif days < warn_within_days:
        level = Level.WARN if at_intake else Level.INFO
        text = f"{lot.subject} expires {_printed(lot)}, {days_text(days)} ahead."
        yield Finding(level, "LOT_EXPIRES_SOON", text, figures, soon_source, lot.subject)


def _printed(lot: LotFacts) -> str:
    """The expiry as the label prints it: with a day, or at the end of a month."""
    if lot.expiry_day_given:
        return f"on {_day(lot.expires_on)}"
    return f"at the end of {lot.expires_on:%b %Y}"


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _held(lot: LotFacts, source: str) -> Iterator[Finding]:
    if lot.quarantined:
        text = f"{lot.subject} is in quarantine."
        yield Finding(Level.STOP, "LOT_QUARANTINED", text, {}, source, lot.subject)
    elif lot.quarantined is None:
        text = f"Whether {lot.subject} is in quarantine is not known."
        yield Finding(Level.WARN, "LOT_QUARANTINE_MISSING", text, {}, source, lot.subject)


def check_cartridge_reuse(
    subject: str,
    *,
    has_serial: bool,
    used_before: bool | None,
    uses_of_lot: int | None,
    stock_of_lot: int | None,
    source: str,
) -> tuple[Finding, ...]:
    """One cartridge, one patient, one session.

    With a serial: STOP where the same GTIN, lot and serial was used before (in any other session),
    WARN where nobody could look. Without one: WARN where the lot's uses, this one included, exceed
    the cartridges taken into stock, or where either count is missing.
    """
    if has_serial and used_before is None:
        text = f"{subject}: earlier use of this serial could not be looked up."
        finding = Finding(Level.WARN, "CARTRIDGE_USE_MISSING", text, {}, source, subject)
    elif has_serial and used_before:
        text = f"{subject}: a cartridge with this serial was used before."
        finding = Finding(Level.STOP, "CARTRIDGE_REUSED", text, {}, source, subject)
    elif has_serial:
        return ()
    elif uses_of_lot is None or stock_of_lot is None:
        text = f"{subject} has no serial and its lot is not counted; reuse is not checked."
        finding = Finding(Level.WARN, "CARTRIDGE_USE_MISSING", text, {}, source, subject)
    elif uses_of_lot > stock_of_lot:
        text = f"{subject}: {uses_of_lot} uses of a lot of {stock_of_lot} cartridges."
        figures = {"uses": str(uses_of_lot), "stock": str(stock_of_lot)}
        finding = Finding(Level.WARN, "CARTRIDGE_COUNT", text, figures, source, subject)
    else:
        return ()
    return (finding,)


def check_cartridge_discarded(
    subject: str, *, discarded_in_sharps: bool | None, source: str
) -> tuple[Finding, ...]:
    """STOP at sign-off unless the cartridge is recorded as discarded in the sharps box."""
    if discarded_in_sharps:
        return ()
    text = f"{subject}: disposal in the sharps box is not recorded."
    return (Finding(Level.STOP, "CARTRIDGE_NOT_DISCARDED", text, {}, source, subject),)
