"""The e-mail channel: Django's mail backend, with invitations for the patient's calendar."""

from email.utils import formataddr, parseaddr
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from clinic.actions.letters import CannotSend, Letter
from clinic.exports import ics

PERMANENT = 500  # answers from here on will not change by trying again


class Mail:
    """Sends a letter by the backend of EMAIL_URL."""

    def send(self, letter: Letter) -> None:
        """Send one e-mail; raises what the mail server answers, CannotSend where that is for good.

        A refusal of the address or of the letter by 5xx is (RFC 5321, 4.2.1). Signing in, the
        sender and the connection are the clinic's own to mend: its letters wait for that.
        """
        try:
            built(letter).send()
        except SMTPRecipientsRefused as refusal:
            ((code, words),) = refusal.recipients.values()
            raise _verdict(code, words) from refusal
        except SMTPDataError as refusal:
            raise _verdict(refusal.smtp_code, refusal.smtp_error) from refusal


def _verdict(code: int, words: bytes | str) -> Exception:
    """Return what a mail server's answer means: CannotSend for good, else a failed try."""
    said = words.decode(errors="replace") if isinstance(words, bytes) else words
    if code < PERMANENT:
        return SMTPException(f"{code} {said}")
    return CannotSend(f"The mail server refused it: {code} {said}")


def built(letter: Letter) -> EmailMultiAlternatives:
    """Return the e-mail of a letter.

    One visit is both a part that mail programs show as an invitation and a file; several are files
    only, because an invitation is about one event.
    """
    clinic, address = letter.clinic, parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    mail = EmailMultiAlternatives(
        letter.subject, letter.body, formataddr((" ".join(clinic.name.split()), address)),
        [letter.to], reply_to=[clinic.email] if clinic.email else None,
        headers={
            "Message-ID": f"<{letter.key.replace(':', '.')}@{urlsplit(settings.SITE_URL).hostname}>",
            "Auto-Submitted": "auto-generated",
        },
    )  # fmt: skip
    if letter.invites:
        _invite(mail, letter, organiser=clinic.email or address)
    return mail


def _invite(mail: EmailMultiAlternatives, letter: Letter, *, organiser: str) -> None:
    kind = f"text/calendar; method={'CANCEL' if letter.cancels else 'REQUEST'}"
    for number, visit in enumerate(letter.visits, start=1):
        entry = ics.invitation(
            visit, attendee=letter.to, organiser=organiser, cancels=letter.cancels
        ).decode()
        if len(letter.visits) == 1:
            mail.attach_alternative(entry, kind)
        mail.attach(f"appointment-{number}.ics", entry, kind)
