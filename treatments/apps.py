"""The care as a Django app."""

from django.apps import AppConfig


class TreatmentsConfig(AppConfig):
    """Protocols, courses, session records and photos."""

    name = "treatments"
    verbose_name = "Care"
    default_auto_field = "django.db.models.BigAutoField"
