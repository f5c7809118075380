"""Addresses of pages, kept: a board or diary of a full day asks for the same hundreds every minute."""

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=16384)
def address(name: str, *args: int | str) -> str:
    """Return the address of the page of this URL name."""
    return reverse(name, args=args)
