"""Post for tests: messengers that need no server, and a mail server that takes what a worker sends."""

import os
import queue
from collections.abc import Callable
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from smtplib import SMTPServerDisconnected
from uuid import uuid4

from aiosmtpd.controller import Controller
from icalendar import Calendar, Event


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


class _FreePort(Controller):
    """Takes the port the system gave it."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """A mail server of its own thread on a free port; what it takes is in `letters`, in order.

    `answer` is what it says to a letter, `refusal` to its address ("" for none); `on_letter` is
    called with a letter that it has taken, before it says so.
    """

    def __init__(self) -> None:
        self.letters: queue.Queue[EmailMessage] = queue.Queue()
        self.answer, self.refusal = "250 Taken", ""
        self.on_letter: Callable[[], None] | None = None
        self._controller = _FreePort(self, hostname="127.0.0.1", port=0)

    def __enter__(self):
        self._controller.start()
        return self

    def __exit__(self, *problem):
        self._controller.stop()

    @property
    def url(self) -> str:
        """Return what EMAIL_URL says to use it."""
        return f"smtp://{self._controller.hostname}:{self._controller.port}"

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refusal:
            return self.refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        if self.answer.startswith("2"):
            self.letters.put(message_from_bytes(envelope.content, policy=policy.default))
            if self.on_letter:
                self.on_letter()
        return self.answer


def entries(letter: EmailMessage) -> list[tuple[str, Event]]:
    """Return (method, event) of each calendar file of a letter, in order."""
    files = [
        part for part in letter.iter_attachments() if part.get_content_type() == "text/calendar"
    ]
    return [
        (part.get_param("method"), Calendar.from_ical(part.get_content()).walk("VEVENT")[0])
        for part in files
    ]
