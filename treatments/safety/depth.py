"""Set depth, passes and endpoint of one zone against device, zone and protocol.

The *set* depth is what the device was set to; nobody here knows how deep a needle went.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from .findings import Finding, Level, in_order
from .quantities import fault_of, must_be_quantity, shown

ENDPOINTS = {
    "0": "none",
    "1": "faint erythema",
    "2": "uniform erythema",
    "3": "erythema and scattered pinpoint bleeding",
    "4": "uniform pinpoint bleeding",
    "5": "excess bleeding or oozing",
    "R": "wheal-like papules",
}
"""The ordered endpoint vocabulary; R is for radio-frequency needling."""

EXCESS_ENDPOINT = "5"


@dataclass(frozen=True, slots=True)
class ZoneSetting:
    """What was set or is planned in one zone. None: not recorded (yet)."""

    zone: str
    depth_mm: Decimal | None
    passes: int | None = None
    endpoint: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceLimits:
    """A device's dial: from, to, step (None: no dial), and how deep it has been evaluated."""

    name: str
    min_mm: Decimal
    max_mm: Decimal
    step_mm: Decimal | None
    evaluated_max_mm: Decimal | None
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("min_mm", self.min_mm, zero_allowed=True)
        for name in ("max_mm", "step_mm", "evaluated_max_mm"):
            must_be_quantity(name, getattr(self, name))


@dataclass(frozen=True, slots=True)
class ZoneLimits:
    """The clinic's cap for a zone (None: none set), or that it is not to be needled at all."""

    cap_mm: Decimal | None
    forbidden: bool
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("cap_mm", self.cap_mm)


@dataclass(frozen=True, slots=True)
class ProtocolRange:
    """The protocol's usual depths and the most passes (None: no limit)."""

    name: str
    min_mm: Decimal
    max_mm: Decimal
    max_passes: int | None
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("min_mm", self.min_mm)
        must_be_quantity("max_mm", self.max_mm)


@dataclass(frozen=True, slots=True)
class DepthLine:
    """A depth from which the law asks for more, for example a listed procedure at 1.5 mm.

    `consequence` completes "this is ...". Before `in_force_from`, or where that is None, the
    finding is INFO; from that day on it has `level`.
    """

    jurisdiction: str
    depth_mm_from: Decimal
    rf_at_any_depth: bool
    prescribed_anaesthetic_counts: bool
    consequence: str
    level: Level
    in_force_from: date | None
    source: str

    def __post_init__(self) -> None:
        must_be_quantity("depth_mm_from", self.depth_mm_from)


def check_depth(
    setting: ZoneSetting,
    *,
    device: DeviceLimits | None,
    zone: ZoneLimits | None,
    protocol: ProtocolRange | None,
) -> tuple[Finding, ...]:
    """Findings about one zone's settings, STOP first; empty where all is known and within.

    A limit is inside: 1.5 mm under a maximum of 1.5 mm passes. A missing device, zone cap or
    protocol is a WARN of its own.
    """
    findings = [*_missing_limits(setting, device, zone, protocol)]
    if zone is not None and zone.forbidden:
        text = f"{setting.zone} is not to be needled."
        findings.append(Finding(Level.STOP, "DEPTH_FORBIDDEN", text, {}, zone.source, setting.zone))
    if setting.depth_mm is None:
        text = f"{setting.zone}: the set depth is not recorded; not checked."
        findings.append(_say(Level.WARN, "DEPTH_MISSING", text, setting))
    elif fault := fault_of(setting.depth_mm):
        text = f"{setting.zone}: the set depth {setting.depth_mm} mm {fault}."
        findings.append(_say(Level.STOP, "DEPTH_INVALID", text, setting))
    else:
        findings += _against_device(setting, device)
        findings += _against_zone(setting, zone)
        findings += _against_protocol(setting, protocol)
    return in_order((*findings, *_passes(setting, protocol), *_endpoint(setting)))


RECORD = "[proposal] a session record is complete"


def _say(
    level: Level,
    code: str,
    text: str,
    setting: ZoneSetting,
    source: str = RECORD,
    **limits: Decimal,
) -> Finding:
    figures = {} if setting.depth_mm is None else {"depth_mm": str(setting.depth_mm)}
    figures |= {name: shown(limit) for name, limit in limits.items()}
    return Finding(level, code, text, figures, source, setting.zone)


def _missing_limits(
    setting: ZoneSetting,
    device: DeviceLimits | None,
    zone: ZoneLimits | None,
    protocol: ProtocolRange | None,
) -> Iterator[Finding]:
    for limits, code, name in (
        (device, "DEPTH_NO_DEVICE", "device"),
        (zone, "DEPTH_NO_ZONE", "zone cap"),
        (protocol, "DEPTH_NO_PROTOCOL", "protocol"),
    ):
        if limits is None:
            text = f"{setting.zone}: no {name} is known; the depth is not checked against it."
            yield _say(Level.WARN, code, text, setting)
    if zone is not None and zone.cap_mm is None and not zone.forbidden:
        text = f"{setting.zone}: the catalogue has no cap for this zone; not checked."
        yield _say(Level.WARN, "DEPTH_NO_ZONE", text, setting, zone.source)


def _against_device(setting: ZoneSetting, device: DeviceLimits | None) -> Iterator[Finding]:
    if device is None:
        return
    depth, low, high = setting.depth_mm, device.min_mm, device.max_mm
    on_dial = f"{setting.zone}: {shown(depth)} mm"
    if not low <= depth <= high:
        text = f"{on_dial} is outside the {shown(low)} to {shown(high)} mm of {device.name}."
        yield _say(
            Level.STOP, "DEPTH_DEVICE_RANGE", text, setting, device.source, min_mm=low, max_mm=high
        )
    elif device.step_mm is not None and (depth - low) % device.step_mm:
        step = shown(device.step_mm)
        text = f"{on_dial} is between two settings of {device.name} ({step} mm steps)."
        yield _say(
            Level.WARN, "DEPTH_DEVICE_STEP", text, setting, device.source, step_mm=device.step_mm
        )
    evaluated = device.evaluated_max_mm
    if evaluated is not None and depth > evaluated:
        text = f"{on_dial} is over the {shown(evaluated)} mm {device.name} has been evaluated to."
        yield _say(
            Level.WARN,
            "DEPTH_NOT_EVALUATED",
            text,
            setting,
            device.source,
            evaluated_max_mm=evaluated,
        )


def _against_zone(setting: ZoneSetting, zone: ZoneLimits | None) -> Iterator[Finding]:
    if zone is None or zone.cap_mm is None:
        return
    if setting.depth_mm > zone.cap_mm:
        text = (
            f"{setting.zone}: {shown(setting.depth_mm)} mm is over this zone's cap of "
            f"{shown(zone.cap_mm)} mm."
        )
        yield _say(Level.STOP, "DEPTH_ZONE_CAP", text, setting, zone.source, cap_mm=zone.cap_mm)


def _against_protocol(setting: ZoneSetting, protocol: ProtocolRange | None) -> Iterator[Finding]:
    if protocol is None:
        return
    low, high = protocol.min_mm, protocol.max_mm
    if not low <= setting.depth_mm <= high:
        text = (
            f"{setting.zone}: {shown(setting.depth_mm)} mm is outside the {shown(low)} to "
            f"{shown(high)} mm of {protocol.name}."
        )
        yield _say(
            Level.WARN, "DEPTH_PROTOCOL", text, setting, protocol.source, min_mm=low, max_mm=high
        )


def _passes(setting: ZoneSetting, protocol: ProtocolRange | None) -> Iterator[Finding]:
    passes, zone = setting.passes, setting.zone
    most = protocol.max_passes if protocol else None
    if passes is None:
        yield _say(Level.INFO, "PASSES_MISSING", f"{zone}: passes are not recorded.", setting)
    elif passes < 1:
        text = f"{zone}: {passes} passes cannot be right."
        yield _say(Level.STOP, "PASSES_INVALID", text, setting)
    elif most is not None and passes > most:
        text = f"{zone}: {passes} passes is over the {most} of {protocol.name}."
        figures = {"passes": str(passes), "max_passes": str(most)}
        yield Finding(Level.WARN, "PASSES_OVER", text, figures, protocol.source, zone)


def _endpoint(setting: ZoneSetting) -> Iterator[Finding]:
    endpoint, zone = setting.endpoint, setting.zone
    if endpoint is None:
        yield _say(Level.INFO, "ENDPOINT_MISSING", f"{zone}: no endpoint is recorded.", setting)
    elif endpoint not in ENDPOINTS:
        text = f"{zone}: the endpoint {endpoint!r} is not in the vocabulary."
        yield _say(Level.WARN, "ENDPOINT_UNKNOWN", text, setting)
    elif endpoint == EXCESS_ENDPOINT:
        text = f"{zone}: endpoint 5, {ENDPOINTS['5']}: a sign of overtreatment."
        yield _say(Level.WARN, "ENDPOINT_EXCESS", text, setting)


def check_depth_line(
    deepest_mm: Decimal | None,
    line: DepthLine,
    *,
    is_rf: bool,
    prescribed_anaesthetic: bool,
    on: date,
) -> tuple[Finding, ...]:
    """Whether the session's deepest zone falls under a legal depth line. The line is inside.

    A missing or impossible depth counts as on the line, since it cannot be ruled out.
    """
    fault = fault_of(deepest_mm)
    if is_rf and line.rf_at_any_depth:
        why = "radio-frequency at any depth"
    elif fault:
        why = f"the depth {fault}, so it cannot be ruled out"
    elif deepest_mm >= line.depth_mm_from:
        why = f"{shown(deepest_mm)} mm is at or over {shown(line.depth_mm_from)} mm"
    elif prescribed_anaesthetic and line.prescribed_anaesthetic_counts:
        why = "a prescribed anaesthetic"
    else:
        return ()
    in_force = line.in_force_from is not None and on >= line.in_force_from
    state = "" if in_force else " Not known to be in force on this day."
    text = f"{line.jurisdiction}: this is {line.consequence} ({why}).{state}"
    figures = {"depth_mm": str(deepest_mm), "depth_mm_from": shown(line.depth_mm_from)}
    level = line.level if in_force else Level.INFO
    return (Finding(level, "DEPTH_LEGAL_LINE", text, figures, line.source, line.jurisdiction),)
