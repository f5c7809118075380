"""Where a visit that was picked up may go: the starts of the days on the screen, each with why not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from clinic.actions.tentative import clear_expired
from clinic.forms.diary import slot_word
from clinic.models import Appointment, Resource
from clinic.models.openings import shape_of, slot_of, snapshot
from clinic.scheduling.minutes import DAY_MIN, day_bounds, minute_of_instant
from clinic.scheduling.reasons import Reason, day_words, sentence
from clinic.scheduling.slots import Slot, Wish, nearest_slots, slot_at
from clinic.scheduling.targets import start_bands
from clinic.views.offers import DayRules, Search

NEAREST, NEAREST_DAYS, LOOKED_AT = 3, 21, 40


@dataclass(frozen=True, kw_only=True)
class PickUp:
    """A visit in the hand. `row` carries clinic, patient and its session of a course, if any."""

    row: Appointment
    units: dict[int, Resource]
    at: datetime

    def stands_at(self, slot: Slot, version: int) -> bool:
        """Say whether it is booked there already, as whoever puts it down saw it: nothing to do."""
        now = slot_of(self.row)
        is_there = now.key == slot.key and slot.room_id in {None, now.room_id}
        is_as_seen = self.row.version == version
        return is_there and is_as_seen and self.row.status == Appointment.Status.BOOKED

    def rules(self) -> DayRules:
        """Return the hard rules of this patient's days, read once."""
        session = getattr(self.row, "planned_session", None)
        if session:
            session.plan.patient, session.plan.clinic = self.row.patient, self.row.clinic
        return DayRules(Search(
            clinic=self.row.clinic, patient=self.row.patient, service=self.row.service, at=self.at,
            units=self.units, from_day=None, practitioner_id=None, session=session, moving=self.row,
        ))  # fmt: skip

    def targets(self, *, from_day: date, days: int, kind: str, columns: Sequence[int]) -> dict:
        """Return verdicts by day and column, as plain values; at most 15 queries."""
        clear_expired(clinic=self.row.clinic, at=self.at)
        rules, shape = self.rules(), shape_of(self.row.service)
        known = self._snapshot(from_day, days)
        able = {row.resource_id for row in known.resources}
        found = {}
        for offset in range(days):
            day = from_day + timedelta(days=offset)
            if because := self._refusal(rules, day):
                found[day.isoformat()] = {"refused": because}
                continue
            lanes = {}
            for key in columns:
                lanes[str(key)] = self._lane(known, shape, day, kind=kind, key=key, able=able)
            found[day.isoformat()] = {"lanes": lanes, "note": rules.note(day)}
        return {
            "days": found, "grid": shape.grid_min, "minutes": shape.total_min,
            "practitioner": self.row.practitioner_id, "room": self.row.room_id,
            "version": self.row.version,
        }  # fmt: skip

    def because(self, slot: Slot, kind: str) -> str:
        """Return why a place cannot be had, as its greyed band says it; "" where it can."""
        rules = self.rules()
        if words := self._refusal(rules, slot.day):
            return words
        known = self._snapshot(slot.day, 1)
        able = {row.resource_id for row in known.resources}
        key = slot.room_id if kind == "room" else slot.practitioner_id
        if key not in self.units:
            return ""
        bands = self._lane(known, shape_of(self.row.service), slot.day, kind=kind, key=key,
                           able=able)  # fmt: skip
        return next((words for first, last, words in bands if first <= slot.wall_min < last), "")

    def nearest(self, slot: Slot, kind: str = "practitioner") -> list[dict]:
        """Return the free places nearest to a wished one that the patient's rules allow.

        Of two at one distance the one with the practitioner, or in the room (`kind`), wished for.
        """
        rules = self.rules()
        day = max(slot.day, rules.window.earliest if rules.window else slot.day)
        around = slot.start + (day - slot.day).days * DAY_MIN
        first = max(day - timedelta(days=NEAREST_DAYS), self.row.clinic.local_date(self.at))
        known = self._snapshot(first, (day - first).days + NEAREST_DAYS)
        found = self._around(known, around, slot, kind)
        here = self.row.is_live and (self.row.local_date, self.row.local_start_min)
        fit = [s for s in found if not rules.refusal(s.day) and (s.day, s.wall_min) != here]
        unit = "room_id" if kind == "room" else "practitioner_id"
        fit.sort(
            key=lambda s: (
                abs(s.start - around), getattr(s, unit) != getattr(slot, unit), s.start,
            )
        )  # fmt: skip
        return [place_of(s, self.units) for s in _apart(fit)]

    def _around(self, known, around: int, slot: Slot, kind: str) -> list[Slot]:
        """Return one slot a start time around a minute: with whom or where it was wished, if free."""
        shape, facts = shape_of(self.row.service), {
            "around": around, "count": LOOKED_AT, "days": NEAREST_DAYS,
            "from_minute": minute_of_instant(self.at),
        }  # fmt: skip
        own = Wish(practitioner_ids=(slot.practitioner_id,))
        found = {row.start: row for row in nearest_slots(known, shape, **facts)}
        found |= {row.start: row for row in nearest_slots(known, shape, wish=own, **facts)}
        if kind != "room":
            return list(found.values())
        return [
            slot_at(known, shape, start=row.start, practitioner_id=row.practitioner_id,
                    room_id=slot.room_id) or row
            for row in found.values()
        ]  # fmt: skip

    def _refusal(self, rules: DayRules, day: date) -> str:
        if day < self.row.clinic.local_date(self.at):
            return "This day is over."
        return rules.refusal_by_past(day)

    def _lane(self, known, shape, day, *, kind, key, able) -> list[list]:
        in_room = kind == "room"
        who, room_id = (self.row.practitioner_id, key) if in_room else (key, None)
        if key not in able:
            service = self.row.service.name
            return [[0, DAY_MIN, f"{self.units[key].name} is not for {service}."]]
        bands = start_bands(
            known, shape, day=day, practitioner_id=who, room_id=room_id, opens=0, closes=DAY_MIN,
            from_minute=max(minute_of_instant(self.at), day_bounds(day, known.zone)[0]),
        )  # fmt: skip
        return [[b.from_min, b.to_min, self._words(b.reason)] for b in bands]

    def _words(self, reason: Reason | None) -> str:
        """Return why a start is refused, with the name of who or what is taken, and until when."""
        if reason is None:
            return ""
        if reason.code != "taken":
            return f"{sentence(reason)}."
        unit = self.units.get(reason["resource"])
        if unit is None:
            return f"Every {reason['need']} is taken at this time."
        if reason.get("busy_to") is None:
            return f"{unit.name} is not free at this time."
        return f"{unit.name} is taken from {_clock(reason['busy_from'])} to {_clock(reason['busy_to'])}."

    def _snapshot(self, from_day: date, days: int):
        row = self.row
        return snapshot(row.clinic, row.service, from_day=from_day, days=days, ignore=(row.pk,))


def _clock(wall_min: int) -> str:
    return f"{wall_min // 60:02d}:{wall_min % 60:02d}"


def _apart(slots: Sequence[Slot]) -> list[Slot]:
    """Keep the first three that are real alternatives: no two starts within half an hour."""
    kept: list[Slot] = []
    for slot in slots:
        if len(kept) < NEAREST and all(abs(slot.start - other.start) >= 30 for other in kept):
            kept.append(slot)
    return sorted(kept or slots[:NEAREST], key=lambda slot: slot.key)


def place_of(slot: Slot, units: dict[int, Resource]) -> dict:
    """Return a slot as a button of the page sends and says it."""
    room = units.get(slot.room_id)
    words = [f"{day_words(slot.day)}, {_clock(slot.wall_min)}"]
    words += [units[slot.practitioner_id].name] + ([room.name] if room else [])
    return {
        "day": slot.day.isoformat(), "minute": slot.wall_min, "practitioner": slot.practitioner_id,
        "room": slot.room_id, "words": " · ".join(words), "word": slot_word(slot),
    }  # fmt: skip


def month_of(day: date) -> Iterator[date]:
    """Yield the days of the weeks, Monday to Sunday, that a month of `day` touches."""
    first = day.replace(day=1)
    start = first - timedelta(days=first.weekday())
    one = start
    while one.weekday() or one == start or (one.year, one.month) == (day.year, day.month):
        yield one
        one += timedelta(days=1)
