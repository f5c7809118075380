"""Presentation filters of the planning desk and the admin's pages. No queries, no clock."""

from django import template

register = template.Library()


@register.filter
def hours(minutes: int) -> str:
    """Return minutes as hours, in halves where there are any: "24", "7.5"."""
    halves = round(minutes / 30)
    return str(halves // 2) if halves % 2 == 0 else f"{halves / 2:.1f}"
