"""Contact time of an anaesthetic cream: rules A3, A4, A9 (time only) and A12, and the alarm."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from .dose_inputs import Application, Context, DoseRules, LimitRow, PatientFacts, limit_row
from .findings import Finding, Level
from .quantities import after_minutes, is_aware, minutes_between, rounded, shown


def remove_by(application: Application, patient: PatientFacts, rules: DoseRules) -> datetime | None:
    """When the label's longest contact time ends; None without a start or such a limit."""
    row = limit_row(application.product, patient, rules)
    if row is None or row.max_minutes is None or not is_aware(application.applied_at):
        return None
    return after_minutes(application.applied_at, row.max_minutes)


def alarm_at(application: Application, patient: PatientFacts, rules: DoseRules) -> datetime | None:
    """When the in-room alarm is due, a fraction of the longest contact time (A3); None as above."""
    row = limit_row(application.product, patient, rules)
    if row is None or row.max_minutes is None or not is_aware(application.applied_at):
        return None
    return after_minutes(application.applied_at, row.max_minutes * rules.alarm_fraction)


def check_contact(
    application: Application, patient: PatientFacts, context: Context
) -> Iterator[Finding]:
    """Everything the clock says about one application. Impossible times end the check in a STOP."""
    faults = list(_time_faults(application, context))
    if faults:
        yield Finding(
            Level.STOP,
            "DOSE_TIMES_INVALID",
            f"The times of {application.subject} cannot be right: {'; '.join(faults)}.",
            _times(application),
            context.rules.source,
            application.subject,
        )
        return
    yield from _against_needling(application, context)
    yield from _duration(
        application, limit_row(application.product, patient, context.rules), context
    )


def _tenths(minutes: Decimal) -> Decimal:
    """Minutes for reading, to a tenth; limits compare the exact ones."""
    return minutes.quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def _times(application: Application) -> dict[str, str]:
    moments = {"applied_at": application.applied_at, "removed_at": application.removed_at}
    return {name: at.isoformat() for name, at in moments.items() if at is not None}


def _time_faults(application: Application, context: Context) -> Iterator[str]:
    moments = {
        "applied": application.applied_at,
        "removed": application.removed_at,
        "needling started": context.needling_started_at,
        "now": context.now,
    }
    naive = [name for name, at in moments.items() if at is not None and not is_aware(at)]
    if naive:
        yield f"no time zone for {', '.join(naive)}"
        return
    applied, removed, now = application.applied_at, application.removed_at, context.now
    if applied and removed and removed < applied:
        yield "removed before it was applied"
    if now and applied and applied > now:
        yield "applied in the future"
    if now and removed and removed > now:
        yield "removed in the future"


def _against_needling(application: Application, context: Context) -> Iterator[Finding]:
    """A12: cream still on when needling starts. A9: cream put on after it started."""
    started, removed = context.needling_started_at, application.removed_at
    if started is None:
        return
    subject, figures = application.subject, {"needling_started_at": started.isoformat()}
    if removed is None:
        sentence = f"Needling has started and no removal of {subject} is recorded."
    else:
        late = rounded(minutes_between(started, removed), "0.1")
        sentence = f"{subject} was removed {late} min after needling started."
        figures["removed_at"] = removed.isoformat()
    if removed is None or removed > started:
        source = context.rules.source
        yield Finding(Level.STOP, "DOSE_A12_STILL_ON", sentence, figures, source, subject)
    if application.applied_at is not None and application.applied_at >= started:
        yield Finding(
            Level.STOP,
            "DOSE_A9_AFTER_NEEDLING",
            f"{subject} was applied after needling started; labels allow intact skin only.",
            {**figures, "applied_at": application.applied_at.isoformat()},
            application.product.source,
            subject,
        )


def _duration(
    application: Application, row: LimitRow | None, context: Context
) -> Iterator[Finding]:
    """A3 and A4. While the cream is on, `now` stands in for the removal."""
    subject, end = application.subject, application.removed_at or context.now
    longest = row.max_minutes if row else None
    if application.applied_at is None:
        yield _missing(context, subject, "DOSE_APPLIED_AT_MISSING", "application")
    if application.removed_at is None and (context.now is None or longest is None):
        yield _missing(context, subject, "DOSE_REMOVED_AT_MISSING", "removal")
    if application.applied_at is None or end is None:
        return
    minutes = minutes_between(application.applied_at, end)
    figures = {"contact_minutes": rounded(minutes)}
    if longest is None:
        text = (
            f"{subject}: {rounded(minutes, '1')} min contact; no longest time to check it against."
        )
        source = context.rules.source
        yield Finding(Level.INFO, "DOSE_A3_CONTACT", text, figures, source, subject)
    else:
        running = application.removed_at is None
        yield _against_longest(subject, minutes, row, running=running, rules=context.rules)
    shortest = row.min_minutes if row else None
    if application.removed_at is not None and shortest is not None and minutes < shortest:
        yield Finding(
            Level.INFO,
            "DOSE_A4_SHORT",
            f"{subject}: {shown(_tenths(minutes))} min contact is under the {shown(shortest)} min "
            "the label asks for; the effect may be weak.",
            {**figures, "min_minutes": shown(shortest)},
            row.source,
            subject,
        )


def _against_longest(
    subject: str, minutes: Decimal, row: LimitRow, *, running: bool, rules: DoseRules
) -> Finding:
    """A3: STOP over the longest time, WARN from the alarm fraction on while the cream is on."""
    level, code = Level.INFO, "DOSE_A3_CONTACT"
    if minutes > row.max_minutes:
        level, code = Level.STOP, "DOSE_A3_OVER"
    elif running and minutes >= row.max_minutes * rules.alarm_fraction:
        level, code = Level.WARN, "DOSE_A3_ALARM"
    state = "has been on for" if running else "was on for"
    longest = shown(row.max_minutes)
    sentence = f"{subject} {state} {shown(_tenths(minutes))} min; the longest is {longest} min."
    figures = {"contact_minutes": rounded(minutes), "max_minutes": longest}
    return Finding(level, code, sentence, figures, row.source, subject)


def _missing(context: Context, subject: str, code: str, what: str) -> Finding:
    return Finding(
        Level.WARN,
        code,
        f"The time of {what} of {subject} is not recorded; its contact time is not checked.",
        {},
        context.rules.source,
        subject,
    )
