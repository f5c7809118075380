"""Compare what is kept on courses with what their sessions say."""

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Prefetch

from treatments.actions.kept import derive, keep_dates
from treatments.models import PlannedSession, TreatmentPlan

CHUNK = 500


class Command(BaseCommand):
    """Report courses whose kept dates differ from their sessions; `--fix` writes them anew."""

    help = "Compare the kept dates of all courses with their sessions. Fails when any differs."

    def add_arguments(self, parser):
        """Take --fix."""
        parser.add_argument("--fix", action="store_true", help="Write the kept dates anew.")

    def handle(self, *args, fix, **options):
        """Walk all courses in chunks: two queries for each 500."""
        checked = wrong = 0
        sessions = PlannedSession.objects.select_related("appointment").order_by("number")
        plans = TreatmentPlan.objects.order_by("pk").prefetch_related(
            Prefetch("sessions", sessions)
        )
        for plan in plans.iterator(chunk_size=CHUNK):
            checked += 1
            if changes := derive(plan, list(plan.sessions.all())).differs_from(plan):
                wrong += 1
                self._say(plan, changes)
                if fix:
                    keep_dates(plan)
        self.stdout.write(f"{checked} courses checked, {wrong} {'put right' if fix else 'wrong'}.")
        if wrong and not fix:
            raise CommandError("Kept dates differ; run again with --fix.")

    def _say(self, plan, changes):
        parts = (f"{name} is {kept}, should be {now}" for name, (kept, now) in changes.items())
        self.stdout.write(f"Course {plan.pk}: {'; '.join(parts)}")
