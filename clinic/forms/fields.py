"""Fields several chapters' forms share; each says in its own words what it takes."""

from datetime import date

from django import forms
from django.core.exceptions import ValidationError

#: What is wrong with a number, whatever it is: every one of them is answered by an example.
NUMBER_FAULTS = (
    "invalid", "min_value", "max_value", "max_digits", "max_decimal_places", "max_whole_digits",
)  # fmt: skip
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


class DayField(forms.DateField):
    """A day from the browser's own date picker."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    default_error_messages = {
        "required": "Choose a day.",
        "invalid": "Choose a day, or write it as 2026-03-14.",
    }


class SaidOnce:
    """A field whose faults share one sentence, which is said once however many there are."""

    def run_validators(self, value):
        """Refuse a value with each sentence once."""
        try:
            super().run_validators(value)
        except ValidationError as refused:
            raise ValidationError(list(dict.fromkeys(refused.messages))) from None


class WholeNumber(SaidOnce, forms.IntegerField):
    """A count within bounds, which its one sentence names."""

    def __init__(self, *, min_value: int, max_value: int, error_messages=None, **kwargs):
        text = f"Type a whole number from {min_value} to {max_value}."
        words = dict.fromkeys(("required", *NUMBER_FAULTS), text) | (error_messages or {})
        super().__init__(min_value=min_value, max_value=max_value, error_messages=words, **kwargs)


class Measured(SaidOnce, forms.DecimalField):
    """A measured figure; `example` says its unit and what one looks like, for every fault."""

    def __init__(self, *, example: str, error_messages=None, **kwargs):
        words = dict.fromkeys(("required", *NUMBER_FAULTS), example) | (error_messages or {})
        super().__init__(error_messages=words, **kwargs)

    def to_python(self, value):
        """Read a decimal comma as a point."""
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


def no_such_day(year: int, month: int, day: int) -> str:
    """Return that a day is in no calendar, as "There is no 31 February.", "" where it is no such.

    The year is said where another one has the day.
    """
    if not (1 <= month <= 12 and 1 <= day <= 31 and 1 <= year <= 9999):
        return ""
    try:
        date(year, month, day)
    except ValueError:
        of_year = f" {year}" if (month, day) == (2, 29) else ""
        return f"There is no {day} {MONTHS[month - 1]}{of_year}."
    return ""
