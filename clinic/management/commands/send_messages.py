"""Send the messages that are due: by hand, or from cron beside the background worker."""

from django.core.management.base import BaseCommand

from clinic.actions.outbox import wake, work
from clinic.models import OutboxMessage


class Command(BaseCommand):
    """Work the outbox once and say what became of each message."""

    help = __doc__

    def handle(self, *args, **options):
        """Send, print one line, and wake the background worker for what still waits."""
        done = work()
        waiting = OutboxMessage.objects.queued().count()
        if waiting:
            wake()
        self.stdout.write(
            f"{done['sent']} sent, {done['queued']} to be tried again, {done['failed']} failed, "
            f"{done['withdrawn']} no longer needed, {waiting} waiting."
        )
