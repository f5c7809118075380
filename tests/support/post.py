"""Messengers for tests: one that is never there, one that leaves a file for every letter."""

import os
from pathlib import Path
from smtplib import SMTPServerDisconnected
from uuid import uuid4


class Down:
    """A mail server that does not answer."""

    def send(self, letter) -> None:
        """Refuse every letter."""
        raise SMTPServerDisconnected("Connection unexpectedly closed")


class Counting:
    """Leaves one file for each time a letter is handed over, named after its key."""

    def send(self, letter) -> None:
        """Write an empty file of its own into the folder NEEDLEPOINT_POST."""
        folder = Path(os.environ["NEEDLEPOINT_POST"])
        (folder / f"{letter.key.replace(':', '-')}~{uuid4()}").touch()
