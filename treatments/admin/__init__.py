"""The care in the Django admin: the lead's planning desk and catalogue."""

from treatments.admin import plans, products, protocols  # noqa: F401 -- registering is their effect
