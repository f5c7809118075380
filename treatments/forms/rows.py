"""The rows of a session record: zones, numbing, products. Each keeps what is valid of it."""

from decimal import Decimal
from functools import cached_property

from crispy_forms.layout import Column, Div, Field, Row
from django import forms

from clinic.forms.fields import WholeNumber
from clinic.forms.layout import (
    Measure,
    Moment,
    Segmented,
    Stepper,
    Switch,
    TouchChoice,
    touch_helper,
)
from treatments.forms.fields import Quantity, WallTime, instant_at, plain, typed_grams, wall_time
from treatments.forms.shelf import Kind, item_value, offer
from treatments.models import ProductUse

ENDPOINTS = [(0, "None"), (1, "Faint"), (2, "Even red"), (3, "Scattered"), (4, "Pinpoint"),
             (5, "Excess")]  # fmt: skip
WHEALS = (6, "Wheals")  # RF needling alone leaves them
HIGHEST_SPEED = 99_999  # beyond it, it is a slip of the keyboard


def part(*layout):
    """Return a helper for a part of a form whose tag and token stand around it."""
    helper = touch_helper(*layout, form_tag=False)
    helper.disable_csrf = True
    return helper


class RecordRow(forms.Form):
    """One row. `shelf`: what can be chosen; `record`: the record it is part of; `stored`: its past."""

    key = ""  # the field that makes it a row at all
    key_missing = ""
    title, new_title = "", ""  # what stands above the row
    last = None  # what was done there the last time

    def __init__(self, *args, shelf, record, stored=(), at=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.shelf, self.record, self.stored_rows, self.at = shelf, record, stored, at
        self.offer()

    def offer(self) -> None:
        """Fill in the choices."""

    def key_of(self, row: dict):
        """Return what makes a stored row the same as this one."""
        return row[self.key]

    def clean(self):
        """Say which part makes the row whole, where anything else is filled in."""
        cleaned = super().clean()
        if self.key not in self.errors and cleaned.get(self.key) in (None, "") and self.is_used:
            self.add_error(self.key, self.key_missing)
        return cleaned

    @property
    def is_used(self) -> bool:
        """Say whether somebody typed something into it and did not take it away."""
        return self.has_changed() and not self.cleaned_data.get("DELETE")

    def values(self) -> dict | None:
        """Return the row by the columns of the table; None where there is none to keep.

        A field with a fault keeps what was stored.
        """
        raise NotImplementedError

    def stored(self, key) -> dict:
        """Return the stored row with this key; empty where there is none."""
        return next((row for row in self.stored_rows if self.key_of(row) == key), {})

    def pick(self, name: str, stored: dict, column: str = ""):
        """Return a field's clean value, what is stored where it has a fault."""
        if name in self.cleaned_data:
            return self.cleaned_data[name]
        return stored.get(column or name)


class ZoneRow(RecordRow):
    """One zone: set depth, passes, speed, endpoint."""

    key, key_missing, new_title = "zone", "Choose the zone.", "Another zone"
    fixed_speed, speed_unit = "", ""  # the one speed there is; the unit of one that is typed

    zone = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    depth_mm = Quantity(
        label="Set depth", required=False, min_value=Decimal("0.01"), max_value=Decimal(4),
        max_digits=4, decimal_places=2,
        error_messages={"max_value": "Set depth is at most 4 mm; check the dial."},
    )  # fmt: skip
    passes = WholeNumber(required=False, min_value=1, max_value=50)
    speed = forms.TypedChoiceField(coerce=int, empty_value=None, required=False)
    endpoint = forms.TypedChoiceField(
        coerce=int, empty_value=None, required=False, choices=ENDPOINTS, widget=forms.RadioSelect
    )

    def key_of(self, row):
        """Return the zone's key."""
        return row["zone_id"]

    def offer(self):
        """Offer zones, and the device's own steps and speeds."""
        known = dict(self.shelf.zone_choices())
        if zone_id := self.initial.get("zone"):
            row = next(one for one in self.record.zones if one.zone_id == zone_id)
            known.setdefault(zone_id, row.zone.name)
            self.title, self.last = row.zone.name, self.record.last_in(zone_id)
            self.fields["zone"].widget = forms.HiddenInput()
        self.fields["zone"].choices = [("", "Choose …"), *known.items()]
        device = self.record.session.device
        self._speeds(device)
        if (device and device.model.kind == "rf") or self.initial.get("endpoint") == WHEALS[0]:
            self.fields["endpoint"].choices = [*ENDPOINTS, WHEALS]
        model = device.model if device else None
        self.fields["depth_mm"].widget.attrs.update(
            step=str(model.depth_step_mm.normalize() if model else Decimal("0.1")),
            min=str(model.depth_min_mm.normalize() if model else Decimal("0.1")),
            max=str(model.depth_max_mm.normalize() if model else 4),
        )

    def _speeds(self, device):
        """Offer the device's speeds; a figure to type where the catalogue lists none."""
        if device and not device.model.speeds:
            self.speed_unit = device.model.speed_unit
            self.fields["speed"] = WholeNumber(
                label="Speed", required=False, min_value=1, max_value=HIGHEST_SPEED
            )
            return
        field, offered = self.fields["speed"], list(device.model.speeds) if device else []
        unit = device.model.speed_unit if device else ""
        if (used := self.initial.get("speed")) and used not in offered:
            offered.append(used)
        field.label = f"Speed, {unit}"
        offer(field, [(speed, f"{speed}") for speed in sorted(offered)])
        if len(offered) < 2:  # nothing to choose: it is said above the row
            field.widget = forms.HiddenInput()
            if offered and self.initial.get("speed") is None:
                self.initial["speed"] = offered[0]
            self.fixed_speed = f"{offered[0]} {unit}".strip() if offered else ""

    @property
    def helper(self):
        """Lay one zone out in a line, its endpoint below."""
        steps = [Column(Stepper("depth_mm", unit="mm"), css_class="col-sm-6 col-xl-4"),
                 Column(Stepper("passes", start=1), css_class="col-sm-6 col-xl-4")]  # fmt: skip
        speed = self.fields["speed"].widget
        if speed.is_hidden:
            return part("zone", "speed", Row(*steps), Segmented("endpoint"))
        bar, width = Field("speed"), "col-xl-4"
        if isinstance(speed, forms.RadioSelect):
            bar = Segmented("speed")
        elif self.speed_unit:
            bar, width = (
                Measure("speed", unit=self.speed_unit, inputmode="numeric"),
                "col-sm-6 col-xl-4",
            )
        steps.append(Column(bar, css_class=width))
        return part("zone", Row(*steps), Segmented("endpoint"))

    def values(self):
        """Return the zone's row; a new one without a depth is said to be unsaved."""
        zone_id = self.cleaned_data.get("zone")
        if not zone_id or self.cleaned_data.get("DELETE"):
            return None
        stored = self.stored(zone_id)
        depth = self.pick("depth_mm", stored)
        if depth is None:
            if "depth_mm" not in self.errors:
                self.add_error("depth_mm", "Set the depth; this zone is not saved without one.")
            depth = stored.get("depth_mm")
        if depth is None:
            return None
        return {"zone_id": zone_id, "depth_mm": depth, "passes": self.pick("passes", stored),
                "speed": self.pick("speed", stored),
                "endpoint": self.pick("endpoint", stored)}  # fmt: skip


class ItemRow(RecordRow):
    """A row of something with a lot: product and lot are one choice."""

    key, key_missing = "item", "Choose the product."
    kinds = ()

    item = forms.ChoiceField(label="Product and lot", required=False)

    def key_of(self, row):
        """Return the product's key."""
        return row["product_id"]

    def offer(self):
        """Offer products with their lots."""
        keep = {row["product_id"] for row in self.stored_rows if row["lot_id"] is None}
        choices = self.shelf.item_choices(*self.kinds, keep=keep)
        offer(self.fields["item"], choices)
        if isinstance(self.fields["item"].widget, forms.Select):
            here = [one for one in choices if one[0].startswith("lot:")]
            rest = [one for one in choices if one not in here]
            groups = [("On the shelf", here), ("No lot on the shelf", rest)]
            self.fields["item"].choices = [("", "Choose …"), *groups]
        if chosen := self.shelf.item(self.initial.get("item", "")):
            product = self.shelf.product(chosen[0])
            self.title = product.name if product else ""

    def chosen(self) -> tuple[int, int | None] | None:
        """Return (product, lot) to keep; None for a row that is none."""
        if self.cleaned_data.get("DELETE"):
            return None
        if "item" in self.errors:
            return self.shelf.item(self.initial.get("item", ""))
        return self.shelf.item(self.cleaned_data.get("item", ""))

    def item_layout(self):
        """Return the choice as a bar or a list."""
        radio = isinstance(self.fields["item"].widget, forms.RadioSelect)
        return Segmented("item", wrapper_class="choose-lot") if radio else Field("item")


class NumbingRow(ItemRow):
    """One cream put on, and taken off."""

    kinds, new_title = (Kind.ANAESTHETIC,), "Cream"

    amount_g = typed_grams(label="Amount", max_digits=6, decimal_places=2)
    zone_codes = forms.MultipleChoiceField(
        label="Put on", required=False, widget=forms.CheckboxSelectMultiple
    )
    area_cm2 = typed_grams(label="Area", max_digits=7, decimal_places=1)
    applied_at = WallTime(label="Put on at")
    removed_at = WallTime(label="Taken off at")
    occluded = forms.BooleanField(label="Covered with a dressing", required=False)
    heat_used = forms.BooleanField(label="Heat used", required=False)
    prescription_ref = forms.CharField(
        label="Prescription, where the product needs one", max_length=80, required=False
    )

    def offer(self):
        """Offer creams, and the zones of this session with their cm²."""
        super().offer()
        zones = {row.zone.code: row.zone.name for row in self.record.zones}
        names = {zone.code: zone.name for zone in self.shelf.zones}
        for code in self.initial.get("zone_codes", ()):
            zones.setdefault(code, names.get(code, code))
        self.fields["zone_codes"].choices = list(zones.items())
        self.fields["area_cm2"].help_text = self._why_measured()

    def _why_measured(self) -> str:
        """Return why the area has to be measured, "" where it is worked out from the zones."""
        if self.record.body_surface_m2 is None:
            return "Height or weight is not on file: measure the area and type it."
        bare = [row.zone.name for row in self.record.zones if row.zone.body_fraction is None]
        if not bare:
            return ""
        return f"No share of the body is known for {', '.join(bare)}: measure the area and type it."

    @property
    def needs_prescription(self) -> bool:
        """Say whether to ask for a prescription: always, but for a product with a label."""
        chosen = self.shelf.item(self.initial.get("item", ""))
        product = self.shelf.product(chosen[0]) if chosen else None
        asked = self.initial.get("prescription_ref") or "prescription_ref" in self.errors
        return bool(asked) or product is None or not product.has_label_cap

    @property
    def helper(self):
        """Lay the cream out in the order it is used."""

        def half(field):
            return Column(field, css_class="col-sm-6")

        return part(
            self.item_layout(),
            TouchChoice("zone_codes") if self.fields["zone_codes"].choices else Div(),
            Row(half(Measure("amount_g", unit="g")), half(Measure("area_cm2", unit="cm²"))),
            Row(half(Moment("applied_at")), half(Moment("removed_at"))),
            Row(half(Switch("occluded")), half(Switch("heat_used"))),
            "prescription_ref" if self.needs_prescription else Div(),
        )  # fmt: skip

    def values(self):
        """Return the cream's row; a removal before the application is a fault."""
        chosen = self.chosen()
        if chosen is None:
            return None
        stored = self.stored(chosen[0])
        session = self.record.session
        applied, removed = (self._instant(name, stored, session)
                            for name in ("applied_at", "removed_at"))  # fmt: skip
        if applied and removed and removed < applied:
            self.add_error("removed_at", "Cream cannot come off before it goes on.")
            kept = stored.get("removed_at")
            removed = kept if kept and kept >= applied else None
        return {
            "product_id": chosen[0], "lot_id": chosen[1], "amount_g": self.pick("amount_g", stored),
            "zone_codes": self.pick("zone_codes", stored) or [],
            "area_cm2": self.pick("area_cm2", stored), "applied_at": applied,
            "removed_at": removed, "occluded": self.cleaned_data["occluded"],
            "heat_used": self.cleaned_data["heat_used"],
            "prescription_ref": self.pick("prescription_ref", stored) or "",
        }  # fmt: skip

    def _instant(self, name, stored, session):
        if name in self.errors:
            return stored.get(name)
        return instant_at(self.cleaned_data[name], stored=stored.get(name), at=self.at,
                          day=session.performed_on, zone=session.clinic.zone)  # fmt: skip


class ProductRow(ItemRow):
    """One serum or ointment: product and lot, when, how much."""

    kinds, new_title = (Kind.SERUM, Kind.OINTMENT), "Product"

    phase = forms.ChoiceField(
        label="When", required=False, choices=ProductUse.Phase.choices, widget=forms.RadioSelect
    )
    amount = typed_grams(max_digits=6, decimal_places=2)

    @property
    def helper(self):
        """Lay one product out in two lines."""
        product = self.shelf.product((self.shelf.item(self.initial.get("item")) or (0,))[0])
        unit = product.unit if product else "mL or g"
        return part(
            self.item_layout(),
            Row(Column(Segmented("phase"), css_class="col-sm-7"),
                Column(Measure("amount", unit=unit), css_class="col-sm-5")),
        )  # fmt: skip

    def values(self):
        """Return the product's row; without a phase it was used during needling."""
        chosen = self.chosen()
        if chosen is None:
            return None
        stored = self.stored(chosen[0])
        product = self.shelf.product(chosen[0])
        return {
            "product_id": chosen[0], "lot_id": chosen[1],
            "phase": self.pick("phase", stored) or ProductUse.Phase.DURING,
            "amount": self.pick("amount", stored), "unit": product.unit,
        }  # fmt: skip


class RecordRows(forms.BaseFormSet):
    """The rows of one kind. What was posted meets what is stored by its key, not by its place.

    A page stays open while it saves: a row added on it is stored by the first save and still stands
    behind the page's own count. Django would read it as an untouched empty form and drop it.
    """

    def _construct_form(self, i, **kwargs):
        if self.is_bound:
            known = self._stored_for(i)
            kwargs |= {"initial": known, "empty_permitted": not known}
        return super()._construct_form(i, **kwargs)

    def _posted(self, i: int) -> str:
        return self.data.get(f"{self.add_prefix(i)}-{self.form.key}", "")

    @cached_property
    def _by_key(self) -> dict[str, dict]:
        return {str(row[self.form.key]): row for row in self.initial or ()}

    def _stored_for(self, i: int) -> dict:
        """Return what is stored of a posted row; of one with a new or no key, what stood there."""
        if row := self._by_key.get(self._posted(i)):
            return row
        claimed = {self._posted(n) for n in range(self.total_form_count())}
        there = self.initial[i] if i < min(self.initial_form_count(), len(self.initial)) else {}
        return there if there and str(there[self.form.key]) not in claimed else {}


def row_initial(name: str, row) -> dict:
    """Return a stored row as its form shows it."""
    if name == "zones":
        return {"zone": row.zone_id, "depth_mm": row.depth_mm.normalize(), "passes": row.passes,
                "speed": row.speed, "endpoint": row.endpoint}  # fmt: skip
    if name == "products":
        return {"item": item_value(row), "phase": row.phase, "amount": plain(row.amount)}
    return {
        "item": item_value(row), "amount_g": plain(row.amount_g), "zone_codes": row.zone_codes,
        "area_cm2": plain(row.area_cm2), "applied_at": wall_time(row.applied_at),
        "removed_at": wall_time(row.removed_at), "occluded": row.occluded,
        "heat_used": row.heat_used, "prescription_ref": row.prescription_ref,
    }  # fmt: skip
