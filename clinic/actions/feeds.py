"""Deeds on calendar feeds: a private address per practitioner, shown once and kept as a hash."""

import hashlib
import secrets
from datetime import datetime

from clinic.actions.audit import record
from clinic.actions.locks import deed
from clinic.models import CalendarFeed, User

TOKEN_BYTES = 32


def hash_of(token: str) -> str:
    """Return what is kept of a token; 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()


@deed
def make_feed(*, user: User, clinic, at: datetime) -> str:
    """Give a person a new address for their calendar; the one before stops working.

    Returns the token, which is not kept and cannot be shown again.
    """
    token = secrets.token_urlsafe(TOKEN_BYTES)
    CalendarFeed.objects.update_or_create(
        user=user, defaults={"token_hash": hash_of(token), "created_at": at, "read_at": None}
    )
    record("calendar.address_made", user, clinic=clinic, at=at, by=user)
    return token


@deed
def revoke_feed(*, user: User, clinic, at: datetime) -> None:
    """Shut a person's calendar address; without one nothing happens."""
    gone, _ = CalendarFeed.objects.filter(user=user).delete()
    if gone:
        record("calendar.address_revoked", user, clinic=clinic, at=at, by=user)


def feed_of(token: str) -> CalendarFeed | None:
    """Return the feed a token opens, None for an unknown or revoked one."""
    rows = CalendarFeed.objects.select_related("user")
    return rows.filter(token_hash=hash_of(token), user__is_active=True).first()
