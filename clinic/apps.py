"""The practice as a Django app."""

from django.apps import AppConfig


class ClinicConfig(AppConfig):
    """Staff, patients, diary and audit."""

    name = "clinic"
    verbose_name = "Practice"
    default_auto_field = "django.db.models.BigAutoField"
