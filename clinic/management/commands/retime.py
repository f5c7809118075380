"""Report visits whose instants no longer match their wall time; with --apply put them right."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.actions.retime import retime, shifts
from clinic.models import Clinic


class Command(BaseCommand):
    """Run it after an update of the time zone data."""

    help = (
        "Derive what lies ahead from the wall times promised, after the rules of a time zone "
        "changed. Reports the differences; --apply writes them, one visit at a time."
    )

    def add_arguments(self, parser):
        """Take --apply and --clinic."""
        parser.add_argument("--apply", action="store_true", help="Write what the report says.")
        parser.add_argument("--clinic", help="Short name of one clinic; all of them without it.")

    def handle(self, *args, apply, clinic, **options):
        """Report, write where asked, and name what is in the way."""
        at, found, taken = timezone.now(), 0, 0
        clinics = Clinic.objects.order_by("pk")
        for row in clinics.filter(slug=clinic) if clinic else clinics:
            for shift in list(shifts(row, at=at)):
                found += 1
                done = retime(shift=shift, at=at) if apply else True
                taken += not done
                self.stdout.write(
                    f"{row.slug}: {shift.words}{'' if done else ': TAKEN, not moved'}"
                )
        self.stdout.write(_sum(found, taken, apply=apply))


def _sum(found: int, taken: int, *, apply: bool) -> str:
    if not found:
        return "Every visit to come stands at its wall time."
    if not apply:
        return f"{found} to put right; run again with --apply."
    rest = f", {taken} taken: move them by hand" if taken else ""
    return f"{found - taken} put right{rest}."
