"""Fill an empty database with two fictitious clinics, so that there is something to look at."""

from datetime import date

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.models import Clinic, Patient
from treatments.management.demo.play import play

REAL = "This database holds a clinic that is not a demo: demo data belong into a database of their own."


class Command(BaseCommand):
    """Write the demo once. On a database with real clinics or patients nothing is written."""

    help = __doc__

    def add_arguments(self, parser):
        """Take --if-empty, --today and --small."""
        parser.add_argument("--if-empty", action="store_true",
                            help="Do nothing where demo data stand already.")  # fmt: skip
        parser.add_argument("--today", type=date.fromisoformat, metavar="YYYY-MM-DD",
                            help="Play up to this day's late morning instead of up to now.")  # fmt: skip
        parser.add_argument("--small", action="store_true", help="A few people only, for tests.")

    def handle(self, *args, if_empty, today, small, **options):
        """Refuse, do nothing or play the story; print one line."""
        others = Clinic.objects.filter(is_demo=False)
        if others.exists() or Patient.objects.exclude(clinic__is_demo=True).exists():
            raise CommandError(REAL)
        if Clinic.objects.exists():
            if if_empty:
                return None
            raise CommandError("Demo data stand here already.")
        call_command("seed_catalogue", stdout=self.stdout)
        return play(today=today, now=timezone.now(), small=small)
