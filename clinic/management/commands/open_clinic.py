"""Found the first clinic on an empty installation and invite its lead."""

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from clinic.actions.staff import found_clinic


class Command(BaseCommand):
    """`manage.py open_clinic --name "…" --lead-username … --lead-email … --site https://…`."""

    help = "Opens the first clinic and prints the link with which its lead chooses a password."

    def add_arguments(self, parser):
        """Ask for the clinic and its lead."""
        parser.add_argument("--name", required=True, help="The clinic's name.")
        parser.add_argument("--time-zone", default="Europe/London", help="Default: %(default)s.")
        parser.add_argument("--lead-username", required=True)
        parser.add_argument("--lead-email", required=True)
        parser.add_argument("--lead-first-name", default="")
        parser.add_argument("--lead-last-name", default="")
        parser.add_argument(
            "--site", default="http://localhost:8000/", help="The address people open."
        )

    def handle(self, **options):
        """Found the clinic; say in one sentence what is wrong where that fails."""
        lead = {part: options[f"lead_{part}"]
                for part in ("username", "email", "first_name", "last_name")}  # fmt: skip
        try:
            clinic, invitation = found_clinic(
                name=options["name"], time_zone=options["time_zone"], lead=lead,
                site=options["site"], at=timezone.now(),
            )  # fmt: skip
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        self.stdout.write(f"{clinic} is open. {invitation.user.username} chooses a password here, "
                          f"once and within 72 hours:\n{invitation.link}")  # fmt: skip
