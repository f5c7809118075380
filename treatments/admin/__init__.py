"""The care in the Django admin: the lead's planning desk and catalogue."""

from treatments.admin import (  # noqa: F401 -- registering is their effect
    plans,
    products,
    protocols,
    screening,
)
