"""How a text to agree to is printed."""

from datetime import datetime

from django import template

register = template.Library()


@register.filter
def paragraphs(text: str) -> list[tuple[str, str]]:
    """Return (heading, words) of each block parted by an empty line; a block of one line has no heading."""
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        first, _, rest = block.strip().partition("\n")
        found.append((first, rest.strip()) if rest.strip() else ("", first))
    return found


@register.filter
def instant(text: str) -> datetime:
    """Return the instant a signed record wrote as text."""
    return datetime.fromisoformat(text)
