"""Look up the earliest free day of every course without a booking, now instead of tonight."""

from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.models import Clinic
from treatments.actions.lookahead import look_up
from treatments.models import TreatmentPlan

CHUNK = 500


class Command(BaseCommand):
    """Keep on each course the first day that is legal and free for its next session.

    The background worker does the same every night (treatments/actions/lookahead.py). The courses looked up longest ago come first, so a round that was cut short goes on.
    """

    help = __doc__

    def add_arguments(self, parser):
        """Take --limit."""
        parser.add_argument("--limit", type=int, metavar="N",
                            help="Look up at most N courses of each clinic.")  # fmt: skip

    def handle(self, *args, limit, **options):
        """Walk the courses of every clinic and print the round's figures in one line."""
        looked = full = skipped = 0
        for clinic in Clinic.objects.order_by("pk"):
            for plan in self._waiting(clinic, limit):
                plan.clinic = clinic
                found = look_up(plan, at=timezone.now())
                looked += found
                skipped += not found
                full += plan.has_no_free_day
        self.stdout.write(
            f"{looked} courses looked up, {full} without a free day in time, {skipped} left out."
        )

    def _waiting(self, clinic, limit):
        """Yield the courses to look up; their keys are read at once, as the order changes."""
        today = clinic.local_date(timezone.now())
        rows = TreatmentPlan.objects.of(clinic)
        keys = list(rows.to_look_ahead(today).values_list("pk", flat=True)[:limit])
        people = rows.select_related("patient", "service")
        for start in range(0, len(keys), CHUNK):
            found = people.in_bulk(keys[start : start + CHUNK])
            yield from (found[key] for key in keys[start : start + CHUNK] if key in found)
