"""Bring photos' rows and files back together after a crash; run it every night."""

from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from treatments.actions.photo_rounds import reconcile


class Command(BaseCommand):
    """Finish or remove unfinished uploads, delete stray files, ask again for missing sizes.

    Exit code 1 when a photo's master file is gone or altered: nothing here can mend that, and the
    backup can.
    """

    help = __doc__

    def add_arguments(self, parser):
        """Take the age below which nothing is touched, and whether to read every file."""
        parser.add_argument("--grace-hours", type=float, default=24, metavar="HOURS",
                            help="Leave everything alone that is younger (default: 24).")  # fmt: skip
        parser.add_argument("--verify", action="store_true",
                            help="Read every file and compare it with its hash.")  # fmt: skip

    def handle(self, *args, grace_hours, verify, **options):
        """Make one round and print its figures in one line."""
        if grace_hours < 0:
            raise CommandError("--grace-hours is 0 or more.")
        done = reconcile(at=timezone.now(), grace=timedelta(hours=grace_hours), verify=verify)
        self.stdout.write(
            f"{done.finished} uploads finished, {done.removed} taken back, {done.orphans} stray"
            f" files deleted, {done.remade} sizes forgotten, {done.ordered} photos asked for again."
        )
        if not done.is_sound:
            gone = ", ".join(map(str, done.lost)) or "none"
            altered = ", ".join(map(str, done.altered)) or "none"
            raise CommandError(f"Restore from the backup: photos without a file: {gone};"
                               f" photos whose file was altered: {altered}.")  # fmt: skip
