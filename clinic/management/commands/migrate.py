"""Django's own `migrate`, and the statistics that a table made anew has lost."""

from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from clinic.actions.statistics import gather_statistics


class Command(migrate.Command):
    """`manage.py migrate`, as ever; on SQLite it ends with counting how the rows are spread."""

    def handle(self, *args, **options):
        """Migrate, then count; not where nothing is changed or another database is meant."""
        answer = super().handle(*args, **options)
        looks_only = options["check_unapplied"] or options["plan"]
        if options["database"] == DEFAULT_DB_ALIAS and not looks_only:
            gather_statistics()
        return answer
