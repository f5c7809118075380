"""An SMS channel that writes files: for trying things out, and for a gateway that reads a folder."""

import os
from pathlib import Path

from django.conf import settings

from clinic.actions.letters import Letter


class FileSms:
    """Writes each message into SMS_FOLDER, one file a message, whole or not at all.

    The name is the message's key, so one that is sent twice is there once. The first line is the
    number, the rest is the text.
    """

    def send(self, letter: Letter) -> None:
        """Write one message; raises OSError where the folder cannot be written."""
        folder = Path(settings.SMS_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{letter.key.replace(':', '-')}.txt"
        part = path.with_suffix(".part")
        with part.open("w", encoding="utf-8") as file:
            file.write(f"{letter.to}\n{letter.body}\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
