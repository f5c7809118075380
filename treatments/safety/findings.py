"""One vocabulary for everything a safety rule can say: STOP, WARN, INFO.

STOP needs a recorded override by a named person allowed to give one; WARN needs a reason in
words; INFO is shown and kept. A missing input is a finding of its own, never silence.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

RULES_VERSION = "2026.12.1"
"""Version of the rules in `treatments.safety`, kept with every signed record. Change it whenever
a rule can give another answer for the same input."""


class Level(StrEnum):
    """How serious a finding is. Ordered: `Level.INFO < Level.WARN < Level.STOP`."""

    STOP = "STOP"
    WARN = "WARN"
    INFO = "INFO"

    @property
    def rank(self) -> int:
        """0 for INFO, 1 for WARN, 2 for STOP."""
        return _RANKS[self.value]

    @property
    def label(self) -> str:
        """The word on screen: Stop, Warning or Note."""
        return _LABELS[self.value]

    # `str` would compare alphabetically, which puts WARN above STOP.
    def __lt__(self, other: str) -> bool:
        return self.rank < Level(other).rank

    def __le__(self, other: str) -> bool:
        return self.rank <= Level(other).rank

    def __gt__(self, other: str) -> bool:
        return self.rank > Level(other).rank

    def __ge__(self, other: str) -> bool:
        return self.rank >= Level(other).rank


_RANKS = {"INFO": 0, "WARN": 1, "STOP": 2}
_LABELS = {"INFO": "Note", "WARN": "Warning", "STOP": "Stop"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule says about one subject.

    `code` is the rule (`DOSE_A1_GRAMS`), `sentence` is shown as it stands and has the figures in
    it, `figures` are the same figures as text (unit in the name), `source` names the label, study
    or proposal behind the limit, `subject` is what was judged (a product, a zone), or empty.
    Raises `ValueError` for an empty code, sentence or source, a code with a colon or a blank, or
    a level outside the vocabulary.
    """

    level: Level
    code: str
    sentence: str
    figures: Mapping[str, str] = field(hash=False)
    source: str
    subject: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "level", Level(self.level))
        if not self.code or ":" in self.code or any(sign.isspace() for sign in self.code):
            raise ValueError(f"a finding's code is one word without a colon, not {self.code!r}")
        if not self.sentence.strip() or not self.source.strip():
            raise ValueError(f"finding {self.code} needs a sentence and a source")
        figures = {str(name): str(value) for name, value in self.figures.items()}
        object.__setattr__(self, "figures", MappingProxyType(figures))

    @property
    def key(self) -> str:
        """Stable id, code and subject: matches an override or a reason to its finding."""
        return f"{self.code}:{self.subject}"

    @property
    def fingerprint(self) -> str:
        """Digest of level, code, subject and figures.

        An override given for one sum should not silently cover a larger one: compare this as well
        as `key` where the figures must be the ones the person saw.
        """
        ground = [self.level.value, self.code, self.subject, sorted(self.figures.items())]
        return hashlib.sha256(json.dumps(ground).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain strings only, safe for a JSON field."""
        return {
            "level": self.level.value,
            "code": self.code,
            "sentence": self.sentence,
            "figures": dict(self.figures),
            "source": self.source,
            "subject": self.subject,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Finding:
        """Undo `to_dict`. Raises `KeyError` for a missing part, `ValueError` for a bad one."""
        return cls(
            level=Level(data["level"]),
            code=data["code"],
            sentence=data["sentence"],
            figures=data["figures"],
            source=data["source"],
            subject=data.get("subject", ""),
        )


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted for reading: STOP first, then WARN, then INFO, each by code."""
    return tuple(sorted(findings, key=lambda one: (-one.level.rank, one.code, one.subject)))


def worst(findings: Iterable[Finding]) -> Level | None:
    """The most serious level present, or None where there is no finding at all."""
    return max((one.level for one in findings), default=None)


def needing_override(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The STOPs: each needs a named person allowed to override, and a reason that is kept."""
    return in_order(one for one in findings if one.level is Level.STOP)


def needing_reason(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The WARNs: each needs a reason in words."""
    return in_order(one for one in findings if one.level is Level.WARN)
