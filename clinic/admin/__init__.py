"""The practice in the Django admin: what the lead looks up and edits."""
