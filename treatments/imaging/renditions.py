"""Smaller copies of a master for the screen: WebP, upright, sRGB, without metadata.

The record is the master; a rendition can be made again at any time and is never measured.
"""

import hashlib
import io
from dataclasses import dataclass

from PIL import Image

RENDITIONS = (("large", 2560), ("medium", 1280), ("thumb", 400))
QUALITY = 82
EFFORT = 4  # WebP method 0-6; 4 is a third of the time of 6 for about 2 % more bytes


@dataclass(frozen=True)
class Rendition:
    """One smaller copy: WebP bytes, its size in pixels, SHA-256 in hex."""

    bytes: bytes
    width: int
    height: int
    sha256: str


def render(master_bytes, *, sizes=RENDITIONS, effort=EFFORT):
    """Return {name: Rendition} with the long side at most as given; nothing is enlarged.

    ``master_bytes`` is a JPEG that ``intake`` wrote: the decoder is open to no other format.
    The largest comes first, so that a JPEG is decoded no larger than needed and each copy is made
    from the one before (24 megapixels: under 200 MB). Raises OSError on anything else.
    """
    made = {}
    with Image.open(io.BytesIO(master_bytes), formats=("JPEG",)) as image:
        for name, side in sorted(sizes, key=lambda size: -size[1]):
            # thumbnail() on a picture that is not loaded yet lets the JPEG decoder shrink.
            image.thumbnail((side, side), Image.Resampling.LANCZOS)
            made[name] = _rendition(image, effort)
    return {name: made[name] for name, _ in sizes}


def _rendition(image, effort):
    """The picture as it is now, encoded, from its pixels alone."""
    plain = Image.new("RGB", image.size)
    plain.paste(image)
    out = io.BytesIO()
    plain.save(out, "WEBP", quality=QUALITY, method=effort)
    data = out.getvalue()
    return Rendition(data, *plain.size, hashlib.sha256(data).hexdigest())
