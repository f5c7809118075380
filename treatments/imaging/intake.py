"""Taking a photograph in: a stranger's file goes in, our own clean JPEG comes out.

A web request calls ``isolated.take_in_isolated``: a decoder that crashes, spins or swells then
takes down a child process and not the server. ``take_in`` is the same sum without that wall, for
files of our own. What is done to the pixels is told in ``cleaning``.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from treatments.imaging import kinds
from treatments.imaging.cleaning import DAMAGED, Clean, PhotoRefused, clean, format_of, opened

__all__ = [
    "DAMAGED", "EMPTY", "Limits", "Master", "PhotoFacts", "PhotoRefused", "inspect", "master_of",
    "read", "sha256", "take_in",
]  # fmt: skip

EMPTY = "This file is empty. Choose the photo again."


@dataclass(frozen=True)
class Limits:
    """What a file may cost. The last three bind only ``take_in_isolated``."""

    max_bytes: int = 25 * 1024 * 1024
    max_pixels: int = 64_000_000
    max_side: int = 16_384
    max_profile_bytes: int = 4 * 1024 * 1024
    formats: tuple = ("JPEG", "PNG", "WEBP", "HEIF")
    cpu_seconds: int = 8
    wall_seconds: float = 10
    memory_bytes: int = 1024**3


@dataclass(frozen=True)
class PhotoFacts:
    """What a file's header says; the pixels have not been looked at. Sizes as stored, unturned."""

    format: str
    width: int
    height: int
    byte_count: int


@dataclass(frozen=True)
class Master:
    """A clean photograph: sRGB JPEG bytes, upright, without metadata.

    ``taken_at`` is naive, ``taken_offset`` the offset as the camera wrote it ("+01:00") or "".
    ``converted_from_profile`` names the colour profile of the original when it was not sRGB.
    Hashes are SHA-256 in hex.
    """

    bytes: bytes
    width: int
    height: int
    sha256: str
    original_sha256: str
    original_format: str
    taken_at: datetime | None
    taken_offset: str
    converted_from_profile: str


def inspect(source, *, limits):
    """Return PhotoFacts from the header alone, or raise PhotoRefused. Nothing is decoded.

    Not for a web process either: the bundled libheif has been seen to crash on a HEIC's header.
    """
    data = read(source, limits)
    with opened(data, limits) as image:
        return PhotoFacts(format_of(image), *image.size, len(data))


def take_in(source, *, limits):
    """Return the Master of a photo given as bytes or path, or raise PhotoRefused."""
    data = read(source, limits)
    original_sha256 = sha256(data)
    del source
    return master_of(clean(data, limits=limits), original_sha256=original_sha256)


def master_of(cleaned: Clean, *, original_sha256):
    """Return the Master of a cleaned photo: the same with its hashes."""
    return Master(
        **cleaned._asdict(), sha256=sha256(cleaned.bytes), original_sha256=original_sha256
    )


def sha256(data):
    """SHA-256 in hex."""
    return hashlib.sha256(data).hexdigest()


def read(source, limits):
    """Return the bytes of a source whose size and kind are allowed, or raise PhotoRefused."""
    if isinstance(source, (str, os.PathLike)):
        with Path(source).open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    else:
        data = bytes(source)
    if not data:
        raise PhotoRefused("empty", EMPTY)
    kind = kinds.of(data)
    if kind not in limits.formats:
        raise PhotoRefused("not_a_photo", not_a_photo(kind))
    if len(data) > limits.max_bytes:
        megabytes = limits.max_bytes / 1024**2
        raise PhotoRefused(
            "too_many_bytes", f"This file is larger than {megabytes:g} MB. Choose a smaller photo."
        )
    return data


def not_a_photo(kind):
    """The sentence for a file of another kind; ``kind`` as ``kinds.of`` returns it."""
    known = kind or "of a kind that is not known here"
    return f"This file is not a photo: it is {known}. Choose a JPEG, PNG, WebP or HEIC."
