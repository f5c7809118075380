"""The practice in the Django admin: what the lead looks up and edits."""

from clinic.admin import messages, patients, services, staff  # noqa: F401 -- registering is their effect
