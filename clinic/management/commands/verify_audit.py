"""Verify that no line of the audit log was changed, removed, added or moved."""

from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from clinic.models import AuditEvent, AuditHead


class Command(BaseCommand):
    """`manage.py verify_audit`: exit code 1 and the first broken line where a chain does not hold.

    `--head` prints each chain's end to keep on another machine; `--kept FILE` holds such lines
    against the log, which finds a log that was cut short or written anew together with its head.
    """

    help = "Verifies each clinic's audit chain and names the first broken line."

    def add_arguments(self, parser):
        """Take what to print or compare."""
        parser.add_argument("--head", action="store_true", help="Print heads to keep elsewhere.")
        parser.add_argument("--kept", metavar="FILE", help="Heads kept earlier, to compare.")

    def handle(self, *, head, kept, **options):
        """Check every chain, then what was kept."""
        chains = AuditEvent.objects.chains()
        breaks = [found for clinic_id in chains
                  if (found := AuditEvent.objects.first_break(clinic_id, settings.AUDIT_KEY))]  # fmt: skip
        breaks += self._missing(kept) if kept else []
        if breaks:
            raise CommandError("\n".join(str(found) for found in breaks), returncode=1)
        if head:
            for row in AuditHead.objects.order_by("clinic_id"):
                self.stdout.write(f"{row.clinic_id} {row.seq} {row.mac}")
            return
        lines = AuditEvent.objects.count()
        self.stdout.write(f"Audit log intact: {lines} lines in {len(chains)} chains.")

    def _missing(self, kept: str) -> list[str]:
        """Return a sentence for each kept head that the log no longer holds."""
        gone = []
        for text in Path(kept).read_text().splitlines():
            if not text.strip():
                continue
            clinic_id, seq, mac = text.split()
            held = AuditEvent.objects.filter(clinic_id=clinic_id, seq=seq, mac=mac)
            if int(seq) and not held.exists():
                gone.append(f"Clinic {clinic_id}: line {seq} is not the line that was kept.")
        return gone
