"""The rules of a course: what forbids a day, and what a slot costs, each with its reason.

Hard rules are asked in fixed order, medical before logistic: too soon after the last session,
blackout (medical first), clinic closed, no free slot. The first that fails is the reason.
"""

from datetime import date, timedelta

from .finder import Slot
from .path import FAR, Edge
from .reasons import Reason
from .terms import Blackout, CourseRequest, CourseWish, SessionWish, Weights


def edge_of(session: SessionWish, weights: Weights) -> Edge:
    """The cost of the days between a session and the one before it."""
    return Edge(
        session.gap_min_days,
        session.gap_ideal_days,
        session.gap_max_days,
        weights.early_per_day,
        weights.late_per_day,
        weights.past_max_per_day,
    )


def too_soon(session: SessionWish, day: date, after: date | None) -> Reason | None:
    """Whether healing forbids `day` after a session on `after`; None when it does not."""
    if after is None or (day - after).days >= session.gap_min_days:
        return None
    return Reason.of(
        "too_soon",
        gap=(day - after).days,
        min=session.gap_min_days,
        first_ok=after + timedelta(days=session.gap_min_days),
    )


def blackout_on(day: date, blackouts: tuple[Blackout, ...]) -> Reason | None:
    """The blackout, margins included, that forbids `day`: a medical one first, the longest."""
    hits = []
    for row in blackouts:
        until = row.to_day + timedelta(days=row.margin_after)
        if row.from_day - timedelta(days=row.margin_before) <= day <= until:
            hits.append((row.kind != "medical", -until.toordinal(), row.kind, until))
    if not hits:
        return None
    _, _, kind, until = min(hits)
    return Reason.of("blackout", kind=kind, until=until)


def forbids_fixed(day: date, blackouts: tuple[Blackout, ...]) -> Reason | None:
    """The medical blackout on `day`: the only one a date set by hand does not override."""
    return blackout_on(day, tuple(row for row in blackouts if row.kind == "medical"))


def forbidden(
    request: CourseRequest, session: SessionWish, day: date, after: date | None
) -> Reason | None:
    """The first hard rule that forbids `day`, the slots of the day included; None when legal."""
    reason = too_soon(session, day, after)
    if reason or (session.is_fixed and session.booked.day == day):
        return reason or forbids_fixed(day, request.wish.blackouts)
    reason = blackout_on(day, request.wish.blackouts)
    if reason or (session.booked is not None and session.booked.day == day):
        return reason
    return request.candidates.why_empty(day)


def disturbs_event(request: CourseRequest, day: date, *, is_last: bool) -> bool:
    """Whether a session on `day` lies in the calm days, or the course ends after they began.

    An event that is already past when planning begins is not looked at.
    """
    wish = request.wish
    if wish.event_day is None or wish.event_day < request.first_day:
        return False
    last_good = wish.event_day - timedelta(days=wish.calm_days)
    return day > last_good and (is_last or day <= wish.event_day)


def origin_of(request: CourseRequest, weights: Weights) -> tuple[date, Edge]:
    """The day the first gap is counted from, and what it costs: healing, or waiting for a start."""
    if request.last_done is not None:
        return request.last_done, edge_of(request.sessions[0], weights)
    return request.first_day, Edge(-FAR, 0, FAR, 0, weights.late_per_day, 0)


def _gap_charges(
    request: CourseRequest, session: SessionWish, weights: Weights, day: date, after: date | None
) -> list[Reason]:
    if after is None:
        days = max((day - request.first_day).days, 0)
        return [Reason.of("wait", days=days, cost=weights.late_per_day * days)]
    gap = (day - after).days
    over = max(gap - session.gap_max_days, 0)
    late = max(gap - session.gap_ideal_days, 0)
    early = max(session.gap_ideal_days - gap, 0)
    return [
        Reason.of("past_max", days=over, cost=weights.past_max_per_day * over),
        Reason.of("late", days=late, cost=weights.late_per_day * late),
        Reason.of("early", days=early, cost=weights.early_per_day * early),
    ]


def wish_charges(slot: Slot, wish: CourseWish, weights: Weights) -> list[Reason]:
    """What a slot costs because it is not as the patient would like it."""
    out = []
    if wish.weekdays is not None and slot.day.weekday() not in wish.weekdays:
        out.append(Reason.of("weekday", cost=weights.weekday))
    if not slot.lies_within(wish.from_min, wish.to_min):
        out.append(Reason.of("hours", cost=weights.hours))
    if wish.primary_practitioner_id not in (None, slot.practitioner_id):
        out.append(Reason.of("not_primary", cost=weights.not_primary))
    return out


def charges(
    request: CourseRequest,
    weights: Weights,
    index: int,
    slot: Slot,
    before: Slot | None,
) -> tuple[Reason, ...]:
    """Everything a slot for session `index` costs after the slot `before`, with its points.

    Each reason carries the figure `cost`. A kept booking is not charged for the patient's
    wishes; the gap, a change of practitioner and the event still count.
    """
    session, wish = request.sessions[index], request.wish
    after = request.last_done if before is None else before.day
    out = [row for row in _gap_charges(request, session, weights, slot.day, after) if row["days"]]
    if disturbs_event(request, slot.day, is_last=index == len(request.sessions) - 1):
        out.append(
            Reason.of(
                "event_calm",
                event_day=wish.event_day,
                calm_days=wish.calm_days,
                cost=weights.event_calm,
            )
        )
    kept = session.booked is not None and session.booked.key == slot.key
    if not kept:
        out += wish_charges(slot, wish, weights)
    if before is not None and before.practitioner_id != slot.practitioner_id:
        out.append(Reason.of("other_practitioner", cost=weights.switch))
    if kept:
        out.append(Reason.of("fixed" if session.is_fixed else "kept", cost=0))
    elif session.booked is not None:
        out.append(Reason.of("changed", booked=session.booked.day, cost=weights.changed))
    return tuple(out)
