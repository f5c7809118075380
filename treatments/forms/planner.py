"""Forms of the lead's planner: a course laid out before it is agreed, and what was pressed."""

from collections.abc import Mapping

from crispy_forms.layout import Column, Row

from clinic.forms.layout import Section, touch_helper
from clinic.models import Patient
from clinic.scheduling.course import WEIGHTINGS
from clinic.scheduling.slots import Slot
from treatments.forms.plans import CourseForm, DatesForm
from treatments.models import PlannedSession, TreatmentPlan
from treatments.models.openings import Course

#: What a prefilled form keeps of what was typed before the protocol was chosen.
TYPED = ("zones", "event_on", "calm_days", "service", "practitioner", "notes")


class PlannerForm(CourseForm):
    """A course of the planner: agreed and booked by one button, which stands by the dates."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        half = "col-sm-6"
        self.rest_helper = touch_helper(
            "request_key",
            Section("How it is booked",
                    Row(Column("practitioner", css_class=half), Column("service", css_class=half)),
                    "notes"),
            form_tag=False,
        )  # fmt: skip

    def keep_typed(self, sent) -> None:
        """Start with what was typed before a protocol filled in its figures."""
        typed = {name: sent.get(name, "") for name in TYPED if name != "zones"}
        self.initial |= {name: value for name, value in typed.items() if value}
        self.initial["zones"] = sent.getlist("zones")

    def draft(self, *, patient: Patient) -> Course:
        """Return the course as it would be agreed, without writing it; for a valid form."""
        facts = self.facts
        zones, sessions = facts.pop("zones"), facts.pop("sessions")
        gaps = {name: facts[name] for name in ("gap_days_min", "gap_days_ideal", "gap_days_max")}
        plan = TreatmentPlan(
            clinic=patient.clinic, patient=patient, protocol=self.protocol,
            sessions_planned=sessions, agreed_on=self.today, **facts,
        )  # fmt: skip
        rows = [PlannedSession(plan=plan, number=k, **gaps) for k in range(1, sessions + 1)]
        return Course.draft(plan, rows, [zone.code for zone, _, _ in zones])


class PressedForm(DatesForm):
    """The dates on the sheet and what was pressed last.

    `weighting` is the proposal on the sheet, `proposal` the one that was pressed; `pick` is a time
    for a session, "3:29384756.1"; `edit` opens a session's row and `look` shows another day in it,
    "3:2026-12-21"; `own` numbers the sessions whose time was chosen by hand. `figures_changed`
    says that the course itself is another one: then only the times chosen by hand stay.
    `day_typed` says that a day was typed into the open row, `day` into that of `opened`.
    """

    def __init__(self, *args, figures_changed: bool = False, day_typed: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.figures_changed, self.day_typed = figures_changed, day_typed

    @property
    def proposal(self) -> str:
        """Return the name of the proposal to show, the first one unless another was chosen."""
        asked = self.data.get("proposal") or self.data.get("weighting", "")
        return asked if asked in WEIGHTINGS else WEIGHTINGS[0]

    @property
    def own(self) -> set[int]:
        """Return the sessions whose time was chosen by hand."""
        if "proposal" in self.data:
            return set()
        sent = self.data.getlist("own")
        kept = {number for number in self.sessions if str(number) in sent}
        return kept | set(self._picked)

    @property
    def editing(self) -> int:
        """Return the session whose row is open, 0 for none."""
        asked = self.data.get("edit") or self._looked[0]
        return next((number for number in self.sessions if str(number) == asked), 0)

    @property
    def day(self) -> str:
        """Return the day to look at in that row as it was sent, "" for the session's own."""
        return self._looked[1]

    @property
    def _looked(self) -> tuple[str, str]:
        if self.day_typed:
            return self.data.get("opened", ""), self.data.get("day", "")
        number, _, day = self.data.get("look", "").partition(":")
        return number, day

    @property
    def chosen(self) -> Mapping[int, Slot]:
        """Return the times to lay over the proposal, by number."""
        if "proposal" in self.data:
            return {}
        kept = {n: slot for n, slot in self.slots.items()
                if not self.figures_changed or n in self.own}  # fmt: skip
        return kept | self._picked

    @property
    def _picked(self) -> dict[int, Slot]:
        number, _, word = self.data.get("pick", "").partition(":")
        field = self.fields.get(f"slot_{number}")
        if not field or not word:
            return {}
        one = DatesForm({f"slot_{number}": word}, sessions=[self.sessions[int(number)]],
                        zone=field.zone, today=field.today)  # fmt: skip
        return one.slots
