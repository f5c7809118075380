"""What is answered when others write to the database for too long: never an error, nothing lost.

A deed refuses with a sentence, and its page shows it beside what was typed (clinic/actions/locks.py).
Everything else that waited in vain ends here: a page of its own that carries what was typed and
sends it again at a tap, or the bare sentence for a part of a page and for a script.
"""

import logging

from django.contrib.sessions.backends.base import UpdateError
from django.contrib.sessions.exceptions import SessionInterrupted
from django.contrib.sessions.middleware import SessionMiddleware as Sessions

from clinic.actions.refusals import waited_in_vain
from clinic.views.errors import busy

log = logging.getLogger(__name__)


class BusyMiddleware:
    """Answer a request whose view waited for the database in vain."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, exception):
        """Return the busy answer, or None for every other error."""
        if not _waited(exception):
            return None
        log.warning("Waited in vain for the database: %s", request.resolver_match.view_name)
        return busy(request)


class SessionMiddleware(Sessions):
    """Let an answer go out though the session's own row could not be written in time.

    By then the deed stands. What is lost is what the session would have remembered: an undo.
    """

    def process_response(self, request, response):
        """Save the session; whoever is written for too long keeps the answer and loses the note."""
        try:
            return super().process_response(request, response)
        except SessionInterrupted as error:
            if not _waited(error):
                raise
            log.warning("A session could not be saved in time.")
            return response


def _waited(error: BaseException | None) -> bool:
    """Say whether the database was waited for in vain; a session's error hides what it came from."""
    while isinstance(error, UpdateError | SessionInterrupted):
        error = error.__context__
    return waited_in_vain(error)
