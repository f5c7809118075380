"""The session record's form: one page, saved as it is filled in, in any order and half way.

A field with a fault keeps what was typed on the page and what was stored in the table; everything
else is saved. Nothing is required until the record is signed.
"""

import json
from datetime import datetime

from crispy_forms.layout import Column, Div, Field, Row
from django import forms

from clinic.forms.layout import Moment, Scale, Section, Segmented, Switch, TouchChoice
from treatments.actions.records import Record, zone_areas
from treatments.actions.sessions import row_state
from treatments.forms.fields import WallTime, instant_at, wall_time
from treatments.forms.rows import NumbingRow, ProductRow, RecordRows, ZoneRow, part, row_initial
from treatments.forms.shelf import Shelf, offer
from treatments.models import TreatmentSession

YES_NO = [("yes", "Yes"), ("no", "No")]
PAIN = [(figure, str(figure)) for figure in range(11)]
ROW_FORMS = {"zones": ZoneRow, "numbing": NumbingRow, "products": ProductRow}
MOST_ROWS = 30


def yes_no(label: str, help_text: str = "") -> forms.TypedChoiceField:
    """Return a question with two buttons and no answer to begin with."""
    return forms.TypedChoiceField(
        label=label, help_text=help_text, choices=YES_NO, required=False, coerce=lambda value: value == "yes",
        empty_value=None, widget=forms.RadioSelect,
    )  # fmt: skip


def choice(label: str, **kwargs) -> forms.TypedChoiceField:
    """Return a choice of keys, empty to begin with."""
    return forms.TypedChoiceField(
        label=label, coerce=int, empty_value=None, required=False, **kwargs
    )


class SessionForm(forms.Form):
    """What a record holds of its own; the rows are forms beside it."""

    version = forms.IntegerField(widget=forms.HiddenInput)
    skin_cleansed = yes_no("Skin cleansed")
    cleansed_with = choice("Cleansed with")
    skin_intact = yes_no("Skin intact", "No wounds, infection, sunburn or eczema.")
    other_anaesthetic = forms.ChoiceField(
        label="Other local anaesthetic in 24 h", required=False,
        choices=[("no", "No"), ("yes", "Yes")], widget=forms.RadioSelect,
    )  # fmt: skip
    other_anaesthetic_24h = forms.CharField(
        label="Which, and how many mg", max_length=200, required=False,
        widget=forms.TextInput(attrs={"placeholder": "articaine 68 mg, dentist"}),
    )  # fmt: skip
    no_numbing_because = forms.CharField(
        label="No numbing, because", max_length=200, required=False,
        widget=forms.TextInput(attrs={"placeholder": "short session, patient's wish …"}),
    )  # fmt: skip
    device = choice("Device")
    cartridge = forms.TypedMultipleChoiceField(
        label="Cartridge", coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text="The lot on the packet. A second lot only if the cartridge was changed.",
    )  # fmt: skip
    needling_started_at = WallTime(label="Needling started")
    pain_nrs = choice("Pain during needling", choices=PAIN, widget=forms.RadioSelect)
    reaction = choice(
        "Skin reaction", choices=TreatmentSession.Reaction.choices, widget=forms.RadioSelect
    )
    notes = forms.CharField(
        required=False, max_length=10_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    aftercare_sheet = choice("Aftercare sheet")
    aftercare_explained = forms.BooleanField(label="Explained and handed over", required=False)
    cartridge_discarded = forms.BooleanField(label="Cartridge in the sharps bin", required=False)

    def __init__(self, *args, record: Record, shelf: Shelf, at: datetime | None = None, **kwargs):
        super().__init__(*args, **kwargs)
        self.record, self.shelf, self.at = record, shelf, at
        offer(self.fields["device"], shelf.device_choices())
        offer(self.fields["cleansed_with"], shelf.cleanser_choices())
        offer(self.fields["aftercare_sheet"], shelf.sheet_choices())
        rf = record.session.device and record.session.device.model.kind == "rf"
        if not rf and record.session.reaction != TreatmentSession.Reaction.WHEALS:
            self.fields["reaction"].choices = [
                one for one in TreatmentSession.Reaction.choices
                if one[0] != TreatmentSession.Reaction.WHEALS
            ]  # fmt: skip
        self.fields["cartridge"].choices = shelf.cartridge_choices(self._device())
        self.fields["notes"].label = "Notes"

    def _device(self):
        """Return the handpiece that is chosen on the page: its cartridges are offered."""
        chosen = str(self["device"].value() or "")
        return next((one for one in self.shelf.devices if str(one.pk) == chosen), None)

    def clean(self):
        """Ask for the words where another anaesthetic was given."""
        cleaned = super().clean()
        words = cleaned.get("other_anaesthetic_24h")
        if cleaned.get("other_anaesthetic") == "yes" and not words:
            self.add_error("other_anaesthetic_24h", "Say which one and how many mg.")
        return cleaned

    def values(self) -> dict:
        """Return the record's own columns, without those of fields with a fault."""
        plain = {"device": "device_id", "cleansed_with": "cleansed_with_id",
                 "aftercare_sheet": "aftercare_sheet_id"}  # fmt: skip
        same = ("skin_cleansed", "skin_intact", "no_numbing_because", "pain_nrs", "reaction",
                "notes", "aftercare_explained", "cartridge_discarded")  # fmt: skip
        columns = plain | {name: name for name in same}
        clean = self.cleaned_data
        values = {column: clean[name] for name, column in columns.items() if name in clean}
        if "needling_started_at" in clean:
            session = self.record.session
            values["needling_started_at"] = instant_at(
                clean["needling_started_at"], stored=session.needling_started_at, at=self.at,
                day=session.performed_on, zone=session.clinic.zone,
            )  # fmt: skip
        if "cartridge" in clean:
            values["cartridges"] = [{"lot_id": key} for key in clean["cartridge"]]
        return values | self._other_anaesthetic(clean)

    def _other_anaesthetic(self, clean) -> dict:
        """Return whether it was asked, and the words where the answer was yes."""
        answer, words = clean.get("other_anaesthetic"), clean.get("other_anaesthetic_24h")
        if answer == "yes" and words:
            return {"other_anaesthetic_asked": True, "other_anaesthetic_24h": words}
        if answer == "yes" or answer is None:
            return {}
        return {"other_anaesthetic_asked": answer == "no", "other_anaesthetic_24h": ""}

    def _bar(self, name):
        """Return a choice as a bar, or as a list where it is long."""
        radio = isinstance(self.fields[name].widget, forms.RadioSelect)
        return Segmented(name) if radio else Field(name)

    @property
    def skin(self):
        """Lay out: skin prepared."""

        def half(field):
            return Column(field, css_class="col-sm-6")

        with_what = self._bar("cleansed_with") if self.fields["cleansed_with"].choices else Div()
        return part(
            Row(half(Segmented("skin_cleansed")), half(Segmented("skin_intact"))), with_what,
        )  # fmt: skip

    @property
    def other(self):
        """Lay out: other anaesthetics of the day."""
        return part(
            Row(Column(Segmented("other_anaesthetic"), css_class="col-sm-6"),
                Column("other_anaesthetic_24h", css_class="col-sm-6")),
        )  # fmt: skip

    @property
    def without(self):
        """Lay out: the reason for no numbing."""
        return part("no_numbing_because")

    @property
    def needles(self):
        """Lay out: device, cartridge, start."""
        return part(
            self._bar("device"), TouchChoice("cartridge"),
            Row(Column(Moment("needling_started_at"), css_class="col-sm-6")),
        )  # fmt: skip

    @property
    def response(self):
        """Lay out: pain, skin, notes."""
        return part(
            Section(
                "Response", Scale("pain_nrs", low="No pain", high="Worst pain"),
                Segmented("reaction"), "notes", css_id="response",
            ),
        )  # fmt: skip

    @property
    def closing(self):
        """Lay out: aftercare and sharps."""
        return part(
            Section(
                "Aftercare and sharps", self._bar("aftercare_sheet"),
                Row(Column(Switch("aftercare_explained"), css_class="col-sm-6"),
                    Column(Switch("cartridge_discarded"), css_class="col-sm-6")),
                css_id="aftercare",
            ),
        )  # fmt: skip


class RecordForms:
    """The whole page's form: the record's own fields and its three kinds of rows.

    `data` is what was posted, None for a page that is only shown. `at` is now. `add` names the rows
    that get an empty one, for a page without a script.
    """

    def __init__(self, record: Record, *, at: datetime, data=None, add: str = ""):
        self.record, self.shelf, self.at = record, Shelf.of(record), at
        given = {"record": record, "shelf": self.shelf, "at": at}
        self.main = SessionForm(data, initial=self._initial(), **given)
        self.rows = {}
        for name, form in ROW_FORMS.items():
            rows = getattr(record, name)
            formset = forms.formset_factory(
                form,
                formset=RecordRows,
                extra=int(name == add),
                can_delete=True,
                max_num=MOST_ROWS,
                absolute_max=MOST_ROWS,
            )
            stored = [row_state(name, row) for row in rows]
            self.rows[name] = formset(
                data, prefix=name, initial=[row_initial(name, row) for row in rows],
                form_kwargs={**given, "stored": stored},
            )  # fmt: skip

    @property
    def zones(self):
        """Return the zones' formset."""
        return self.rows["zones"]

    @property
    def numbing(self):
        """Return the creams' formset."""
        return self.rows["numbing"]

    @property
    def products(self):
        """Return the products' formset."""
        return self.rows["products"]

    @property
    def areas_text(self) -> str:
        """Return cm² by zone code as JSON, for the page's sums."""
        zones = zone_areas(self.record, self.shelf.zones)
        return json.dumps({code: f"{area:f}" for code, area in zones.items()})

    @property
    def blanks(self):
        """Return (name, empty form) of each kind of rows, for the page to copy."""
        return [(name, formset.empty_form) for name, formset in self.rows.items()]

    def _initial(self) -> dict:
        session = self.record.session
        answers = {True: "yes", False: "no", None: ""}
        names = ("pain_nrs", "reaction", "notes", "no_numbing_because", "other_anaesthetic_24h",
                 "aftercare_explained", "cartridge_discarded", "version")  # fmt: skip
        asked = "no" if session.other_anaesthetic_asked else ""
        return {name: getattr(session, name) for name in names} | {
            "skin_cleansed": answers[session.skin_cleansed],
            "skin_intact": answers[session.skin_intact],
            "device": session.device_id, "cleansed_with": session.cleansed_with_id,
            "aftercare_sheet": session.aftercare_sheet_id,
            "other_anaesthetic": "yes" if session.other_anaesthetic_24h else asked,
            "needling_started_at": wall_time(session.needling_started_at),
            "cartridge": [row.lot_id for row in self.record.cartridges],
        }  # fmt: skip

    def is_whole(self) -> bool:
        """Say whether the post carries a version and the counts of its rows: a page of ours."""
        counted = all(formset.management_form.is_valid() for formset in self.rows.values())
        return self.main.is_bound and "version" not in self.main.errors and counted

    def values(self) -> dict:
        """Return everything that can be saved, by the names of the deed `save_draft`."""
        self.main.full_clean()
        values = self.main.values()
        before, device = self.record.session.device, self.shelf.device(values.get("device_id"))
        for name, formset in self.rows.items():
            rows, seen = [], set()
            for form in formset.forms:
                form.full_clean()
                row = form.values()
                if row is None:
                    continue
                if name == "zones" and row["zone_id"] in seen:
                    form.add_error("zone", "This zone is already there.")
                    continue
                seen.add(row.get("zone_id"))
                if name == "zones" and device and device != before:
                    was = before.model if before else None
                    row["speed"] = device.model.speed_instead(row["speed"], was=was)
                rows.append(row)
            values[name] = rows
        return values

    def faults(self) -> list[tuple[str, str, str]]:
        """Return (input's id, label, sentence) for every field that was not saved."""
        forms_ = [self.main, *(form for rows in self.rows.values() for form in rows.forms)]
        return [
            (form[name].auto_id, str(form[name].label), error)
            for form in forms_
            for name, errors in form.errors.items() if name in form.fields
            for error in errors
        ]  # fmt: skip
