"""Look up the earliest free day of every course without a booking; run it every night."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.utils import timezone

from clinic.models import Clinic
from treatments.actions.kept import keep_free_day
from treatments.models import TreatmentPlan
from treatments.models.openings import next_free_day

CHUNK = 500


class Command(BaseCommand):
    """Keep on each course the first day that is legal and free for its next session.

    A course for which no such day is left before its latest one is then *at risk* before it is
    late. The courses looked up longest ago come first, so a round that was cut short goes on.
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
                found = self._look(plan)
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

    def _look(self, plan) -> bool:
        """Look up one course; False where nothing can be looked for."""
        at = timezone.now()
        try:
            day = next_free_day(plan, today=plan.clinic.local_date(at))
        except ValidationError:  # nobody is there to serve it
            return False
        if day:
            keep_free_day(plan=plan, day=day, at=at)
        return day is not None
