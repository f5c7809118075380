"""What can be chosen in a session record: devices, lots, products, zones and sheets, read once."""

from dataclasses import dataclass
from datetime import date

from django import forms

from clinic.models.together import read_together
from treatments.actions.records import Record
from treatments.models import AftercareSheet, Device, Lot, Product, Zone

Kind = Product.Kind
ALL_AT_ONCE = 6  # so many choices lie side by side; more fold into a list


@dataclass(frozen=True)
class Shelf:
    """The clinic's materials on one day, with whatever the record already names."""

    devices: list[Device]
    lots: list[Lot]
    products: list[Product]
    zones: list[Zone]
    sheets: list[AftercareSheet]
    today: date

    @classmethod
    def of(cls, record: Record) -> "Shelf":
        """Read the shelf for a record. One query beside the record's own."""
        session = record.session
        clinic, today = session.clinic, session.performed_on
        read = read_together(
            products=Product.objects.with_lots(clinic, today=today),
            devices=Device.objects.filter(clinic=clinic).select_related("model").order_by("name"),
            zones=Zone.objects.filter(active=True),
            sheets=AftercareSheet.objects.filter(active=True).order_by("title", "-version"),
        )
        rows = read["products"]
        lots = [row.on_shelf for row in rows if hasattr(row, "on_shelf")]
        named = [row.lot for row in [*record.cartridges, *record.numbing, *record.products]]
        lots += [lot for lot in dict.fromkeys(named) if lot and lot not in lots]
        devices = [
            one for one in read["devices"]
            if one.pk == session.device_id or one.retired_on is None or one.retired_on > today
        ]  # fmt: skip
        products = list(dict.fromkeys(row for row in rows if row.kind != Kind.CARTRIDGE))
        return cls(devices, lots, products, read["zones"], read["sheets"], today)

    def device_choices(self) -> list[tuple[int, str]]:
        """Return handpieces by name."""
        return [(one.pk, one.name) for one in self.devices]

    def device(self, key: int | None) -> Device | None:
        """Return a handpiece by its key."""
        return next((one for one in self.devices if one.pk == key), None)

    def speed_unit(self, device_id: int | None) -> str:
        """Return what a handpiece's speed is measured in, "" without one."""
        device = self.device(device_id)
        return device.model.speed_unit if device else ""

    def zone_name(self, code: str) -> str:
        """Return a zone's name by its code."""
        return next((one.name for one in self.zones if one.code == code), code)

    def zone_choices(self) -> list[tuple[int, str]]:
        """Return zones that may be needled at all, in the order of the body."""
        return [(one.pk, one.name) for one in self.zones if not one.forbidden]

    def sheet_choices(self) -> list[tuple[int, str]]:
        """Return aftercare sheets with their version."""
        return [(one.pk, str(one)) for one in self.sheets]

    def cleanser_choices(self) -> list[tuple[int, str]]:
        """Return what skin is cleansed with."""
        kinds = {Kind.CLEANSER, Kind.ANTISEPTIC}
        return [(one.pk, one.name) for one in self.products if one.kind in kinds]

    def cartridge_choices(self, device: Device | None) -> list[tuple[int, str]]:
        """Return cartridge lots: those that fit the device, all of them without one."""
        return [
            (lot.pk, self.lot_words(lot)) for lot in self.lots
            if lot.product.kind == Kind.CARTRIDGE and fits(lot, device)
        ]  # fmt: skip

    def item_choices(self, *kinds: str, keep=()) -> list[tuple[str, str]]:
        """Return products with their lots as one choice each: "lot:12", or "product:5" without.

        A product is offered without a lot where none is on the shelf, or where the record holds it
        so (`keep`: keys of such products).
        """
        choices = []
        for product in self.products:
            if product.kind not in kinds:
                continue
            lots = [lot for lot in self.lots if lot.product_id == product.pk]
            choices += [(f"lot:{lot.pk}", self.lot_words(lot)) for lot in lots]
            if not lots or product.pk in keep:
                choices.append((f"product:{product.pk}", f"{product.name} · lot not noted"))
        return choices

    def item(self, value: str) -> tuple[int, int | None] | None:
        """Return (product key, lot key) of a choice; None for nothing."""
        if not value:
            return None
        kind, _, key = value.partition(":")
        if kind == "product":
            return int(key), None
        lot = next(lot for lot in self.lots if lot.pk == int(key))
        return lot.product_id, lot.pk

    def product(self, key: int) -> Product | None:
        """Return a product on the shelf, or of a lot on it."""
        known = {one.pk: one for one in self.products}
        return known.get(key) or next(
            (lot.product for lot in self.lots if lot.product_id == key), None
        )

    def lot_words(self, lot: Lot) -> str:
        """Return a lot as it is chosen: product, number, and until when it is good."""
        words = f"{lot.product.name} · {lot.number}"
        if lot.quarantined_at:
            return f"{words} · set aside"
        if lot.expires_on is None:
            return words
        expired = "expired" if lot.expires_on < self.today else "to"
        return f"{words} · {expired} {lot.expires_on:%b %Y}"


def fits(lot: Lot, device: Device | None) -> bool:
    """Say whether a cartridge goes into a device; one without a model goes into any."""
    model = lot.product.device_model_id
    return device is None or model is None or model == device.model_id


def item_value(row) -> str:
    """Return a row's product and lot as the value of its choice."""
    return f"lot:{row.lot_id}" if row.lot_id else f"product:{row.product_id}"


def offer(field: forms.ChoiceField, choices) -> None:
    """Give a field its choices: side by side while they are few, else a list with an empty line."""
    if len(choices) <= ALL_AT_ONCE:
        field.widget = forms.RadioSelect()
        field.choices = choices
    else:
        field.widget = forms.Select()
        field.choices = [("", "Choose …"), *choices]
