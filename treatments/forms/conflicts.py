"""Two people wrote in one record: what each changed since the page was opened, and what stays.

Three states meet: what the page was opened with, what is being saved from it (mine) and what is
stored by now (theirs). What only one of the two changed stays as that one has it; what both changed
differently is for a person to choose.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from treatments.actions.records import Record
from treatments.actions.sessions import FIELDS, ROWS, row_state
from treatments.forms.fields import plain, wall_time
from treatments.forms.shelf import Shelf
from treatments.models import ProductUse, TreatmentSession

NOTHING, ABSENT = "nothing", "not there"
WHOLE = (*FIELDS, "cartridges")  # each one line
KEYED = tuple(name for name in ROWS if name != "cartridges")  # a line for each row
LABELS = {
    "device_id": "Device", "needling_started_at": "Needling started",
    "skin_cleansed": "Skin cleansed", "cleansed_with_id": "Cleansed with",
    "skin_intact": "Skin intact", "no_numbing_because": "No numbing, because",
    "other_anaesthetic_24h": "Other anaesthetic", "other_anaesthetic_asked": "Asked for others",
    "pain_nrs": "Pain", "reaction": "Skin reaction", "cartridge_discarded": "Cartridge in sharps",
    "notes": "Notes", "aftercare_sheet_id": "Aftercare sheet",
    "aftercare_explained": "Aftercare explained", "cartridges": "Cartridge",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One thing the two have differently, in words. `stays` is the choice made: mine, theirs, ""."""

    key: str
    label: str
    mine: str
    theirs: str
    stays: str = ""


@dataclass(frozen=True)
class Merge:
    """Two people's work put together.

    `values` is what `save_draft` takes. `clashes` were changed by both, differently: what is not
    chosen yet stands in `values` as theirs, so nothing of theirs is lost to a save too many.
    `only_theirs` was changed by them alone.
    """

    values: dict
    clashes: list[Difference]
    only_theirs: list[Difference]

    @property
    def is_decided(self) -> bool:
        """Say whether every clash has been chosen."""
        return all(one.stays for one in self.clashes)


def opened_with(record: Record) -> str:
    """Return what a page is opened with, as text the page carries and posts back."""
    state = {name: getattr(record.session, name) for name in FIELDS}
    state |= {name: [row_state(name, row) for row in getattr(record, name)] for name in ROWS}
    return json.dumps({key: _fixed(value) for key, value in _lines(state).items()})


def read_opened(text: str) -> dict | None:
    """Read back what `opened_with` wrote; None where it is not that."""
    try:
        opened = json.loads(text)
    except ValueError:
        return None
    return opened if isinstance(opened, dict) else None


def merge(
    mine: dict, theirs: dict, opened: Mapping | None, shelf: Shelf, stays: Mapping[str, str]
) -> Merge:
    """Put together what is being saved and what is stored.

    `opened` is what the page was opened with; without it every difference is a clash. `stays` are
    the choices made so far by key. What `mine` leaves out (a field with a fault) stays theirs.
    """
    ours, others = _lines(mine), _lines(theirs)
    kept, clashes, only_theirs = {}, [], []
    for key in {**ours, **others}:
        is_left_out = key not in ours and key in WHOLE
        one, two = _fixed(ours.get(key)), _fixed(others.get(key))
        keep_theirs = is_left_out or one == two
        if not keep_theirs:
            line = Difference(key, *_words_of(key, ours, others, shelf), stays.get(key, ""))
            if opened is not None and one == opened.get(key):
                only_theirs.append(line)
                keep_theirs = True
            elif opened is None or two != opened.get(key):
                clashes.append(line)
                keep_theirs = line.stays != "mine"
        kept[key] = others.get(key) if keep_theirs else ours.get(key)
    return Merge(_values(kept), clashes, only_theirs)


def _lines(state: Mapping) -> dict:
    """Return a state line by line: fields by name, rows by a key however they are ordered."""
    lines = {name: state[name] for name in WHOLE if name in state}
    for name in KEYED:
        lines |= keyed(name, state.get(name, []))
    return lines


def _values(lines: Mapping) -> dict:
    """Undo `_lines`; a row that is None is gone."""
    values = {key: value for key, value in lines.items() if key in WHOLE}
    for name in KEYED:
        values[name] = [row for key, row in lines.items() if row and key.startswith(f"{name}:")]
    return values


def keyed(name: str, rows: list[dict]) -> dict[str, dict]:
    """Return rows by a key that stays the same however they are ordered."""
    found = {}
    for row in rows:
        base = f"{name}:{row.get('zone_id') or row['product_id']}"
        key = next(key for n in range(len(rows)) if (key := f"{base}:{n}") not in found)
        found[key] = row
    return found


def _fixed(value):
    """Return a value in one spelling that JSON keeps; times to the minute, as the page shows them."""
    if isinstance(value, Mapping):
        return {key: _fixed(part) for key, part in value.items()}
    if isinstance(value, list):
        return sorted((_fixed(part) for part in value), key=str)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


# --- In words -------------------------------------------------------------------------------------
def _words_of(key: str, ours: Mapping, others: Mapping, shelf: Shelf) -> tuple[str, str, str]:
    """Return (label, mine, theirs) of a line."""
    if key in WHOLE:
        mine, theirs = (_words(key, side.get(key), shelf) for side in (ours, others))
        return LABELS[key], mine, theirs
    name = key.partition(":")[0]
    units = [shelf.speed_unit(side.get("device_id")) for side in (ours, others)]
    mine, theirs = (_row_words(name, side.get(key), shelf, unit)
                    for side, unit in zip((ours, others), units, strict=True))  # fmt: skip
    return _row_label(name, ours.get(key) or others[key], shelf), mine, theirs


def _words(name: str, value, shelf: Shelf) -> str:
    if value in (None, "", []):
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime):
        return f"{wall_time(value):%H:%M}"
    lists = {"device_id": shelf.device_choices, "cleansed_with_id": shelf.cleanser_choices,
             "aftercare_sheet_id": shelf.sheet_choices}  # fmt: skip
    if name in lists:
        return dict(lists[name]()).get(value, str(value))
    if name == "cartridges":
        lots = {lot.pk: shelf.lot_words(lot) for lot in shelf.lots}
        return ", ".join(lots.get(row["lot_id"], "a lot") for row in value)
    if name == "reaction":
        return str(TreatmentSession.Reaction(value).label)
    return str(value)


def _row_label(name: str, row: dict, shelf: Shelf) -> str:
    if name == "zones":
        return next((zone.name for zone in shelf.zones if zone.pk == row["zone_id"]), "Zone")
    product = shelf.product(row["product_id"])
    return product.name if product else name.capitalize()


def _row_words(name: str, row: dict | None, shelf: Shelf, speed_unit: str) -> str:
    if row is None:
        return ABSENT
    lots = {lot.pk: lot.number for lot in shelf.lots}
    lot = f"lot {lots.get(row.get('lot_id'), 'not noted')}"
    if name == "zones":
        end = row["endpoint"]
        parts = [f"{plain(row['depth_mm'])} mm", _count(row["passes"], "passes"),
                 _count(row["speed"], speed_unit),
                 TreatmentSession.Reaction(end).label if end is not None else ""]  # fmt: skip
    elif name == "products":
        parts = [lot, ProductUse.Phase(row["phase"]).label,
                 _count(plain(row["amount"]), row["unit"])]  # fmt: skip
    else:
        times = [f"{word} {wall_time(row[at]):%H:%M}" for word, at in
                 (("on", "applied_at"), ("off", "removed_at")) if row[at]]  # fmt: skip
        places = ", ".join(shelf.zone_name(code) for code in row["zone_codes"])
        parts = [lot, _count(plain(row["amount_g"]), "g"), _count(plain(row["area_cm2"]), "cm²"),
                 places, *times, "covered" if row["occluded"] else "",
                 "heat" if row["heat_used"] else "", row["prescription_ref"]]  # fmt: skip
    return ", ".join(str(part) for part in parts if part)


def _count(figure, unit: str) -> str:
    return f"{figure} {unit}".strip() if figure else ""
