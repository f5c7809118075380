"""How people sign in: closed sign-up, sealed second factors, a hasher sized for a clinic's machine."""

import base64
import hashlib
import hmac

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher

from clinic.models import Membership


class Argon2(Argon2PasswordHasher):
    """Argon2id with 64 MiB and one lane: ten people signing in at once stay under a gigabyte."""

    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 1


def _ring() -> MultiFernet:
    """Return the ring of field keys: the first seals, every one opens."""
    digests = [hashlib.sha256(b"field:" + key.encode()).digest() for key in settings.FIELD_KEYS]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


class AccountAdapter(DefaultAccountAdapter):
    """Staff are invited by a lead; nobody signs up."""

    def is_open_for_signup(self, request):
        """Say no, always."""
        return False


class MFAAdapter(DefaultMFAAdapter):
    """Keep authenticator secrets and recovery seeds unreadable in the database."""

    def encrypt(self, text: str) -> str:
        """Return the text sealed with the first key of the ring."""
        return _ring().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Return the text a key of the ring opens; cryptography's InvalidToken if none does."""
        return _ring().decrypt(encrypted_text.encode()).decode()


def demo_password(username: str) -> str:
    """Return the password of a demo account: 20 letters and figures that hang on this server's secret.

    The sign-in page lists it in demo mode; outside it nobody can work it out.
    """
    mac = hmac.digest(settings.SECRET_KEY.encode(), b"demo:" + username.encode(), "sha256")
    letters = base64.b32encode(mac)[:20].decode().lower()
    return "-".join(letters[start : start + 5] for start in range(0, 20, 5))


def demo_accounts() -> list[dict]:
    """Return the people of the demo clinics with their passwords, for the sign-in page. One query.

    A person of two clinics comes once, with the first of their roles. Of a demo clinic's name the
    last word tells it from the other.
    """
    people = {}
    for row in Membership.objects.active().filter(clinic__is_demo=True).select_related(
        "user", "clinic"
    ).order_by("pk"):  # fmt: skip
        people.setdefault(row.user.username, {
            "username": row.user.username, "password": demo_password(row.user.username),
            "name": str(row.user),
            "role": f"{row.get_role_display()}, {row.clinic.name.rpartition(' ')[2]}",
        })  # fmt: skip
    return list(people.values())
