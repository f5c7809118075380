"""The health check as a form for fingers: yes or no, a day and words only where a yes asks for them."""

import uuid
from datetime import date

from crispy_forms.layout import Div
from django import forms
from django.core.exceptions import ValidationError

from clinic.forms.layout import Actions, Section, Segmented, touch_helper
from clinic.scheduling.reasons import day_words
from treatments.actions.screening import WORDS_LONGEST
from treatments.models import Question, ScreeningResponse
from treatments.safety.screening import Answer

YES_NO = [("no", "No"), ("yes", "Yes")]


class HealthCheckForm(forms.Form):
    """The questions asked of one visit.

    `before` are the patient's last answers, shown beside each question; `start` are answers to
    begin with. `today` bounds the days that are given.
    """

    filled_by = forms.ChoiceField(
        label="Who answers these questions?", choices=ScreeningResponse.FilledBy.choices, widget=forms.RadioSelect,
        error_messages={"required": "Say who answers."},
    )  # fmt: skip
    request_key = forms.UUIDField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args, asked: list[Question], today: date, before=None, start=None,
                 cancel_url="", **kwargs):  # fmt: skip
        kwargs.setdefault("initial", {"request_key": uuid.uuid4(), **_initial(start or {})})
        super().__init__(*args, **kwargs)
        self.asked, self.today, self.before = asked, today, before or {}
        for row in asked:
            self._add(row)
        self.helper = touch_helper(*self._layout(cancel_url), id="health-form", data_unsaved="")

    def _add(self, row: Question) -> None:
        self.fields[f"yes_{row.code}"] = forms.ChoiceField(
            label=row.text, choices=YES_NO, widget=forms.RadioSelect,
            help_text=_last_time(self.before.get(row.code)),
            error_messages={"required": "Answer yes or no."},
        )  # fmt: skip
        if row.wants_date:
            self.fields[f"on_{row.code}"] = forms.DateField(
                label=row.date_label or "On which day", required=False,
                widget=forms.DateInput(format="%Y-%m-%d", attrs={
                    "type": "date", "max": self.today.isoformat(), "autocomplete": "off"}),
            )  # fmt: skip
        self.fields[f"words_{row.code}"] = forms.CharField(
            label="What should we know?", required=False, max_length=WORDS_LONGEST,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )  # fmt: skip

    def _layout(self, cancel_url):
        yield Section("Who answers", Segmented("filled_by"))
        for group in Question.Group:
            rows = [self._block(row) for row in self.asked if row.group == group]
            if rows:
                yield Section(group.label, *rows)
        yield "request_key"
        yield Actions("Save answers", icon="check2", sticky=True, cancel_url=cancel_url,
                      extra=[("All no", "all_no", "1")])  # fmt: skip

    def _by_heading(self) -> list[Question]:
        """Return the questions as they stand on the page."""
        return [row for group in Question.Group for row in self.asked if row.group == group]

    def _block(self, row: Question) -> Div:
        more = [f"on_{row.code}"] if row.wants_date else []
        return Div(
            Segmented(f"yes_{row.code}"),
            Div(*more, f"words_{row.code}", css_class="health-more"),
            css_class="health-question",
        )

    def clean(self):
        """Hold the day of each yes that needs one against the calendar."""
        given = super().clean()
        for row in self.asked:
            name = f"on_{row.code}"
            if not row.wants_date or given.get(f"yes_{row.code}") != "yes" or name in self.errors:
                continue
            if given.get(name) is None:
                self.add_error(name, ValidationError("Give the day, roughly if need be."))
            elif given[name] > self.today:
                self.add_error(name, ValidationError("This day has not come yet."))
        return given

    @property
    def answers(self) -> dict[str, Answer]:
        """Return the answers that were given, once the form is valid."""
        given = self.cleaned_data
        return {
            row.code: Answer(
                yes=True, on=given.get(f"on_{row.code}"), words=given[f"words_{row.code}"]
            )
            if given[f"yes_{row.code}"] == "yes" else Answer(yes=False)
            for row in self.asked
        }  # fmt: skip

    @property
    def still_open(self) -> list[str]:
        """Return the ids of the questions nobody has answered, from the top of the page down."""
        asked = ["filled_by", *(f"yes_{row.code}" for row in self._by_heading())]
        return [f"div_id_{name}" for name in asked if self.has_error(name, "required")]

    @property
    def faults(self) -> list[tuple[str, str, str]]:
        """Return (id of the field, its label, sentence) of all that is wrong but `still_open`."""
        return [
            (self[name].id_for_label or f"div_id_{name}", self[name].label, sentence)
            for name, sentences in self.errors.items()
            if name in self.fields and not self.has_error(name, "required")
            for sentence in sentences
        ]  # fmt: skip


def with_the_rest_no(sent, asked: list[Question]) -> dict:
    """Return what was sent as initial values, with no for every question still open."""
    known = {name: sent.get(name) for name in sent}
    return known | {f"yes_{row.code}": sent.get(f"yes_{row.code}") or "no" for row in asked}


def _initial(start: dict[str, Answer]) -> dict:
    found = {}
    for code, answer in start.items():
        found |= {f"yes_{code}": "yes" if answer.yes else "no", f"on_{code}": answer.on,
                  f"words_{code}": answer.words}  # fmt: skip
    return found


def _last_time(answer: Answer | None) -> str:
    if answer is None:
        return ""
    if not answer.yes:
        return "Last time: no"
    facts = [f"{day_words(answer.on)} {answer.on.year}"] if answer.on else []
    facts += [f"“{answer.words}”"] if answer.words else []
    return ", ".join(["Last time: yes", *facts])
