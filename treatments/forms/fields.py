"""Fields of a session record: figures as they are typed and times by the clinic's wall clock."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from django import forms
from django.utils import timezone

AHEAD = timedelta(minutes=2)  # a tablet's clock may be that far ahead of the server's


class Quantity(forms.DecimalField):
    """A figure as it is typed: 1.5 or 1,5."""

    default_error_messages = {
        "invalid": "Type a number, such as 12.5.",
        "max_digits": "That is more than fits; check the number.",
        "max_whole_digits": "That is more than fits; check the number.",
        "max_decimal_places": "Two places after the point are enough.",
        "min_value": "Type a number above 0.",
    }

    def to_python(self, value):
        """Read a decimal comma as a point."""
        return super().to_python(value.replace(",", ".") if isinstance(value, str) else value)


class WallTime(forms.TimeField):
    """A time of the session's day by the clinic's wall clock."""

    default_error_messages = {"invalid": "Write the time as 14:30."}

    def __init__(self, **kwargs):
        widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
        super().__init__(required=False, widget=widget, **kwargs)


def typed_grams(**kwargs) -> Quantity:
    """Return a field for a weighed or measured figure, typed as text so that a slip stays visible."""
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return Quantity(required=False, widget=widget, min_value=Decimal("0.01"), **kwargs)


def wall_time(instant: datetime | None) -> time | None:
    """Return an instant as the clinic's wall time."""
    return timezone.localtime(instant).time().replace(microsecond=0) if instant else None


def instant_at(typed: time | None, *, stored: datetime | None, day, zone, at: datetime):
    """Return the instant of a wall time on the session's day.

    A stored instant of the same minute stays as it is. A time up to two minutes ahead is taken as
    now: the tablet's clock is fast, nobody works in the future.
    """
    if typed is None:
        return None
    if stored and wall_time(stored).replace(second=0) == typed.replace(second=0):
        return stored
    moment = datetime.combine(day, typed, zone)
    if at < moment <= at + AHEAD:
        return timezone.localtime(at, zone).replace(second=0, microsecond=0)
    return moment


def plain(figure: Decimal | None) -> str:
    """Return a figure as people write it: 20, 2.5."""
    return "" if figure is None else f"{figure.normalize():f}"
