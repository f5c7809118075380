"""Forms of a course: agree or edit it, stop it, and the dates chosen for its sessions."""

import uuid
from datetime import date
from decimal import Decimal
from itertools import groupby

from crispy_forms.layout import Column, Row
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from clinic.forms.diary import SlotField
from clinic.forms.fields import DayField, Measured, WholeNumber
from clinic.forms.layout import Actions, Section, Segmented, Stepper, touch_helper
from clinic.models import Appointment, Service
from clinic.scheduling.slots import Slot
from treatments.models import Protocol, TreatmentPlan, Zone

SESSIONS_MOST, GAP_LONGEST_DAYS, PASSES_MOST = 12, 365, 20
FIGURES = ("gap_days_min", "gap_days_ideal", "gap_days_max")


class ZoneRow:
    """One zone to choose, with the fields that go with it."""

    def __init__(self, form, zone: Zone) -> None:
        self.zone = zone
        self.depth, self.passes = form[f"depth_{zone.pk}"], form[f"passes_{zone.pk}"]
        self.is_chosen = str(zone.pk) in form.chosen_zones

    @property
    def has_errors(self) -> bool:
        """Say whether a figure of this zone is wrong."""
        return bool(self.depth.errors or self.passes.errors)


class CourseForm(forms.Form):
    """What is agreed with a patient; `plan` is the course to edit, whose protocol stays.

    Depth and passes have a field per zone (`depth_<key>`, `passes_<key>`); only those of the zones
    chosen count.
    """

    zones = forms.MultipleChoiceField(
        error_messages={"required": "Choose at least one zone."}, required=True
    )
    sessions = WholeNumber(label="Sessions", min_value=1, max_value=SESSIONS_MOST)
    gap_days_min = WholeNumber(label="Shortest", min_value=1, max_value=GAP_LONGEST_DAYS)
    gap_days_ideal = WholeNumber(label="Ideal", min_value=1, max_value=GAP_LONGEST_DAYS)
    gap_days_max = WholeNumber(label="Longest", min_value=1, max_value=GAP_LONGEST_DAYS)
    service = forms.ModelChoiceField(label="Booked as", queryset=None, empty_label=None)
    practitioner = forms.ModelChoiceField(
        label="Practitioner", queryset=None, required=False, empty_label="Whoever is free"
    )
    event_on = DayField(label="A date that matters", required=False,
                        help_text="A wedding, a holiday: the course should be over by then.")  # fmt: skip
    calm_days = WholeNumber(
        label="Calm days before it", min_value=0, max_value=GAP_LONGEST_DAYS, required=False,
        help_text="Days the skin shall have before that date; a clinician decides.",
    )  # fmt: skip
    notes = forms.CharField(
        label="Notes", max_length=4000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, clinic, today: date, protocol: Protocol | None = None,
                 plan: TreatmentPlan | None = None, cancel_url: str = "", **kwargs):  # fmt: skip
        self.protocol, self.plan, self.today = protocol, plan, today
        kwargs.setdefault("initial", of_plan(plan) if plan else of_protocol(protocol))
        super().__init__(*args, **kwargs)
        shown = Q(active=True, forbidden=False)  # and what the course has, even if retired since
        if plan:
            shown |= Q(pk__in=self.initial["zones"])
        self.all_zones = list(Zone.objects.filter(shown))
        self.own_zones = set(protocol.zones.values_list("pk", flat=True)) if protocol else set()
        self.fields["zones"].choices = [(str(row.pk), row.name) for row in self.all_zones]
        for zone in self.all_zones:
            self._add_zone(zone)
        services = Service.objects.filter(clinic=clinic)
        needling = Q(active=True, phases__kind="needling")
        services = services.filter(needling | Q(pk=plan.service_id if plan else None)).distinct()
        self.fields["service"].queryset = services
        if plan is None:
            first = services.order_by("name").first()
            self.initial.setdefault("service", first and first.pk)
        people = clinic.resources.practitioners()
        kept = Q(pk=plan.practitioner_id if plan else None)
        self.fields["practitioner"].queryset = people.filter(Q(active=True) | kept)
        self.fields["event_on"].widget.attrs["min"] = today.isoformat()
        self.figures_helper = touch_helper(*_figures(), form_tag=False)
        self.rest_helper = touch_helper(*_rest(plan, cancel_url), form_tag=False)

    def _add_zone(self, zone: Zone) -> None:
        depth, passes = _defaults(self.protocol, zone)
        self.fields[f"depth_{zone.pk}"] = Measured(
            example="Set depth in millimetres, for example 1.5.",
            label=f"Set depth, {zone.name}", max_digits=4, decimal_places=2, required=False,
            min_value=0, max_value=zone.depth_cap_mm, initial=depth,
            widget=forms.NumberInput(attrs={"step": "0.25"}),
            error_messages={"max_value": f"The cap of this zone is {zone.depth_cap_mm:f} mm."},
        )  # fmt: skip
        self.fields[f"passes_{zone.pk}"] = WholeNumber(
            label=f"Passes, {zone.name}", min_value=1, max_value=PASSES_MOST, required=False,
            initial=passes,
        )  # fmt: skip

    @property
    def chosen_zones(self) -> set[str]:
        """Return the keys of the zones that are pressed."""
        return {str(key) for key in self["zones"].value() or ()}

    @property
    def regions(self) -> list[tuple[str, list[ZoneRow], bool]]:
        """Return (region, its zones, whether the protocol names one of them), those first."""
        rows = [ZoneRow(self, zone) for zone in self.all_zones]
        found = []
        for region, group in groupby(rows, key=lambda row: row.zone.region):
            members = list(group)
            own = any(r.zone.pk in self.own_zones or r.is_chosen for r in members)
            found.append((region.capitalize(), members, own))
        return sorted(found, key=lambda item: not item[2])

    def clean(self):
        """Hold together what belongs together: intervals, zones with their depth, event."""
        facts = super().clean()
        gaps = [facts.get(name) for name in FIGURES]
        if None not in gaps and sorted(gaps) != gaps:
            self.add_error("gap_days_ideal", "Intervals go from shortest to ideal to longest.")
        for key in facts.get("zones", ()):
            for name, what in (("depth", "the set depth"), ("passes", "how many passes")):
                field = f"{name}_{key}"
                if not facts.get(field) and field not in self.errors:
                    self.add_error(field, f"Say {what}.")
        self._drop_faults_of_other_zones()
        if facts.get("calm_days") is not None and not facts.get("event_on"):
            self.add_error("event_on", "Calm days need the date they come before.")
        if self.plan is None and facts.get("event_on") and facts["event_on"] < self.today:
            self.add_error("event_on", "This day is over.")
        return facts

    def _drop_faults_of_other_zones(self) -> None:
        """Forget what is wrong with figures of zones that are not chosen."""
        chosen = self.chosen_zones
        for name in list(self.errors):
            kind, _, key = name.partition("_")
            if kind in {"depth", "passes"} and key not in chosen:
                del self.errors[name]

    @property
    def facts(self) -> dict:
        """Return what the actions take, the protocol and the patient aside."""
        given = self.cleaned_data
        names = ("sessions", *FIGURES, "service", "practitioner", "event_on", "calm_days", "notes")
        by_key = {str(zone.pk): zone for zone in self.all_zones}
        wishes = [(by_key[key], given[f"depth_{key}"], given[f"passes_{key}"])
                  for key in given["zones"]]  # fmt: skip
        return {"zones": wishes} | {name: given[name] for name in names}

    def onto(self, current: TreatmentPlan) -> "CourseForm":
        """Return the form as typed, to be saved over the course as it stands now."""
        self.data = self.data.copy()
        self.data["version"] = current.version
        return self


class StopForm(forms.Form):
    """Why a course ends before its last session, and what its bookings are cancelled with."""

    because = forms.CharField(
        label="Why does the course end?", max_length=200,
        error_messages={"required": "Say why the course ends."},
    )  # fmt: skip
    cancel_reason = forms.ChoiceField(
        label="Booked visits are cancelled as", choices=Appointment.CancelReason.choices,
        initial=Appointment.CancelReason.CLINIC, widget=forms.RadioSelect,
    )  # fmt: skip

    def __init__(self, *args, cancel_url: str, **kwargs):
        super().__init__(*args, **kwargs)
        self.helper = touch_helper(
            Section("Reason", "because", Segmented("cancel_reason")),
            Actions("Stop the course", icon="stop-circle", cancel_url=cancel_url,
                    cancel_label="Keep the course"),
        )  # fmt: skip


class DatesForm(forms.Form):
    """The slots chosen for the sessions of a course: `slot_<k>`; `seen_<k>` is the version of the
    booking that was on screen, so that a booking moved meanwhile is not moved back.
    """

    def __init__(self, *args, sessions, zone, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.sessions = {row.number: row for row in sessions}
        for number in self.sessions:
            self.fields[f"slot_{number}"] = SlotField(zone=zone, today=today, required=False)
            self.fields[f"seen_{number}"] = forms.IntegerField(required=False)

    @property
    def slots(self) -> dict[int, Slot]:
        """Return the slots that are well-formed, by number; for what is sent while choosing."""
        self.is_valid()
        found = {n: self.cleaned_data.get(f"slot_{n}") for n in self.sessions}
        return {number: slot for number, slot in found.items() if slot}

    @property
    def moved_meanwhile(self) -> dict[int, str]:
        """Return number -> sentence of sessions whose booking is no longer the one on screen."""
        found = {}
        for number, row in self.sessions.items():
            now = row.appointment.version if row.is_booked else None
            if self.cleaned_data.get(f"slot_{number}") and now != self.cleaned_data.get(
                f"seen_{number}"
            ):
                found[number] = _moved_words(row)
        return found


def _moved_words(row) -> str:
    if not row.is_booked:
        return "Somebody cancelled this booking meanwhile."
    visit = row.appointment
    return f"Somebody booked this session meanwhile: {visit.local_date:%a} {visit.local_date.day} {visit.local_date:%b}, {visit.start_clock}."


def of_protocol(protocol: Protocol | None) -> dict:
    """Return what a form starts with: the protocol's figures; without one only a new key."""
    facts = {"request_key": uuid.uuid4(), "zones": []}
    if protocol:
        facts |= {name: getattr(protocol, name) for name in FIGURES}
        facts |= {"sessions": protocol.sessions_default, "calm_days": protocol.calm_days}
    return facts


def of_plan(plan: TreatmentPlan) -> dict:
    """Return a course as its form shows it."""
    facts = {name: getattr(plan, name) for name in (*FIGURES, "event_on", "calm_days", "notes",
                                                    "version")}  # fmt: skip
    facts |= {"sessions": plan.sessions_planned, "service": plan.service_id,
              "practitioner": plan.practitioner_id, "zones": []}  # fmt: skip
    for row in plan.zones.all():
        facts["zones"].append(str(row.zone_id))
        facts[f"depth_{row.zone_id}"], facts[f"passes_{row.zone_id}"] = row.depth_mm, row.passes
    return facts


def _defaults(protocol: Protocol | None, zone: Zone) -> tuple[Decimal | None, int | None]:
    """Return the protocol's usual depth, no deeper than is usual in this zone, and its passes."""
    if protocol is None:
        return None, None
    return min(protocol.depth_default_mm, zone.depth_max_mm), protocol.passes_default


def _figures():
    third = "col-sm-4"
    return (
        Section(
            "Sessions and intervals",
            Row(Column(Stepper("sessions"), css_class=third)),
            Row(Column(Stepper("gap_days_min", unit="days"), css_class=third),
                Column(Stepper("gap_days_ideal", unit="days"), css_class=third),
                Column(Stepper("gap_days_max", unit="days"), css_class=third)),
            hint="From one session to the next. The shortest is healing time and is never undercut.",
        ),
        Section("Is there a date that matters?",
                Row(Column("event_on", css_class="col-sm-6"),
                    Column(Stepper("calm_days", unit="days"), css_class="col-sm-6"))),
    )  # fmt: skip


def _rest(plan, cancel_url):
    label = "Save the course" if plan else "Agree the course"
    half = "col-sm-6"
    return (
        "request_key", "version",
        Section("How it is booked",
                Row(Column("service", css_class=half), Column("practitioner", css_class=half)),
                "notes"),
        Actions(label, icon="check-lg", cancel_url=cancel_url, sticky=True),
    )  # fmt: skip


def protocol_asked(text: str) -> Protocol | None:
    """Return the active protocol with this key, None for anything else."""
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        return None
    return Protocol.objects.filter(active=True, pk=int(text)).first()


def must_have_protocol(protocol: Protocol | None) -> Protocol:
    """Return the protocol; ValidationError where none was chosen."""
    if protocol is None:
        raise ValidationError("Choose what is treated.", code="protocol")
    return protocol
