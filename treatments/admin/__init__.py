"""The care in the Django admin: the lead's planning desk and catalogue."""
