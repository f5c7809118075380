"""Two people wrote in one record: what differs, in words, and which of the two to keep."""

from dataclasses import dataclass
from datetime import datetime

from treatments.actions.sessions import FIELDS
from treatments.forms.fields import plain, wall_time
from treatments.forms.shelf import Shelf
from treatments.models import ProductUse, TreatmentSession

NOTHING, ABSENT = "nothing", "not there"
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
    """One thing the two saved differently. `key` is what the choice sends back."""

    key: str
    label: str
    mine: str
    theirs: str

    @property
    def is_only_theirs(self) -> bool:
        """Say whether mine is empty: then theirs stays unless somebody says otherwise."""
        return self.mine in {NOTHING, ABSENT}


def differences(mine: dict, theirs: dict, shelf: Shelf) -> list[Difference]:
    """Return what differs between what is being saved and what is stored, in the page's order."""
    found = []
    for name in [*FIELDS, "cartridges"]:
        if name in mine and mine[name] != theirs[name]:
            words = (_words(name, side[name], shelf) for side in (mine, theirs))
            found.append(Difference(name, LABELS[name], *words))
    for name in ("zones", "numbing", "products"):
        ours, others = keyed(name, mine.get(name, [])), keyed(name, theirs[name])
        for key in {**ours, **others}:
            if ours.get(key) != others.get(key):
                words = (_row_words(name, side.get(key), shelf) for side in (ours, others))
                row = ours.get(key) or others[key]
                found.append(Difference(key, _row_label(name, row, shelf), *words))
    return found


def merged(mine: dict, theirs: dict, take: set[str]) -> dict:
    """Return mine, with theirs for the keys in `take`."""
    values = {name: value for name, value in mine.items() if name not in take}
    for name in ("zones", "numbing", "products"):
        ours, others = keyed(name, mine.get(name, [])), keyed(name, theirs[name])
        rows = []
        for key in {**ours, **others}:
            row = others.get(key) if key in take else ours.get(key)
            rows += [row] if row else []
        values[name] = rows
    return values


def keyed(name: str, rows: list[dict]) -> dict[str, dict]:
    """Return rows by a key that stays the same however they are ordered."""
    found = {}
    for row in rows:
        base = f"{name}:{row.get('zone_id') or row['product_id']}"
        key = next(key for n in range(len(rows)) if (key := f"{base}:{n}") not in found)
        found[key] = row
    return found


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


def _row_words(name: str, row: dict | None, shelf: Shelf) -> str:
    if row is None:
        return ABSENT
    lots = {lot.pk: lot.number for lot in shelf.lots}
    lot = f"lot {lots.get(row.get('lot_id'), 'not noted')}"
    if name == "zones":
        end = row["endpoint"]
        parts = [f"{plain(row['depth_mm'])} mm", _count(row["passes"], "passes"),
                 _count(row["speed"], "rpm"),
                 TreatmentSession.Reaction(end).label if end is not None else ""]  # fmt: skip
    elif name == "products":
        parts = [lot, ProductUse.Phase(row["phase"]).label,
                 _count(plain(row["amount"]), row["unit"])]  # fmt: skip
    else:
        times = [f"{word} {wall_time(row[at]):%H:%M}" for word, at in
                 (("on", "applied_at"), ("off", "removed_at")) if row[at]]  # fmt: skip
        parts = [lot, _count(plain(row["amount_g"]), "g"), _count(plain(row["area_cm2"]), "cm²"),
                 *times, "covered" if row["occluded"] else "", "heat" if row["heat_used"] else "",
                 row["prescription_ref"]]  # fmt: skip
    return ", ".join(str(part) for part in parts if part)


def _count(figure, unit: str) -> str:
    return f"{figure} {unit}" if figure else ""
