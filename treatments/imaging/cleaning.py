"""The sum behind the wall: a stranger's bytes go in, the bytes of our own clean JPEG come out.

A file is decoded once, in full, and only the pixels go on: upright, 8-bit sRGB, on white,
re-encoded. So nothing else can go on: no place, serial number, thumbnail of an uncropped
picture, comment, or second file hidden behind the first. The time of capture is kept as a value.

This is what a process of its own loads for every photo: nothing is imported here that it can do
without.
"""

import io
import re
from datetime import datetime
from typing import NamedTuple

from PIL import Image, JpegImagePlugin

from treatments.imaging import kinds, turning

QUALITY = 92
ORIENTATION, EXIF_IFD, INTEROP_IFD = 0x0112, 0x8769, 0xA005
# (time, offset) of the exposure, else of the digitising. 0x0132 is the time of the last edit.
TIME_TAGS = ((0x9003, 0x9011), (0x9004, 0x9012))
# As the camera writes them (CIPA DC-008); strptime would cost the process a tenth of its start.
TIME = re.compile(r"(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)", re.ASCII)
OFFSET = re.compile(r"[+-](0\d|1\d|2[0-3]):[0-5]\d", re.ASCII)

DAMAGED = "This photo is damaged or incomplete. Copy it again from the camera and choose that file."


class Clean(NamedTuple):
    """A clean photograph before anybody has taken its hash; fields as ``intake.Master``."""

    bytes: bytes
    width: int
    height: int
    original_format: str
    taken_at: datetime | None
    taken_offset: str
    converted_from_profile: str


class PhotoRefused(Exception):  # noqa: N818 (a verdict with a sentence, not a fault)
    """A file was not taken in. ``code`` is for programs, ``sentence`` for the person choosing."""

    def __init__(self, code, sentence):
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self):
        return self.sentence


def clean(data, *, limits):
    """Return the Clean photo of a file's bytes, or raise PhotoRefused.

    ``limits`` has ``max_side``, ``max_pixels`` and ``max_profile_bytes`` of ``intake.Limits``.
    """
    image = opened(data, limits)
    del data  # once decoded it is in the way: memory is counted here
    original_format = format_of(image)
    exif = _exif(image)
    taken_at, taken_offset = capture_time(exif)
    profile = _profile(image, exif)
    subsampling = _subsampling(image, original_format)
    image, name = _srgb(_decoded(image), profile, limits.max_profile_bytes)
    turn = turning.turn_of(exif.get(ORIENTATION))
    width, height = turning.size_after(image.size, turn)
    pixels = _encoded(image, turn, subsampling)
    return Clean(pixels, width, height, original_format, taken_at, taken_offset, name)


def opened(data, limits):
    """Open a picture's header and check its size before a pixel is decoded."""
    kind = kinds.of(data)
    if kind == "HEIF":
        import pi_heif  # costs 30 ms and 4 MB: only for those who need it

        pi_heif.register_heif_opener(thumbnails=False, depth_images=False, aux_images=False)
    try:
        image = Image.open(io.BytesIO(data), formats=(kind,))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise PhotoRefused("too_many_pixels", _too_many_pixels(limits)) from None
    except MemoryError:
        raise
    except Exception:  # decoders raise nearly everything on hostile bytes; none of it is ours
        raise PhotoRefused("damaged", DAMAGED) from None
    width, height = image.size
    if max(width, height) > limits.max_side:
        sentence = f"This photo is more than {limits.max_side:,} pixels long. Choose a smaller one."
        raise PhotoRefused("too_long", sentence)
    if width * height > limits.max_pixels:
        raise PhotoRefused("too_many_pixels", _too_many_pixels(limits))
    if not width or not height:
        raise PhotoRefused("damaged", DAMAGED)
    return image


def _too_many_pixels(limits):
    megapixels = limits.max_pixels / 1_000_000
    return f"This photo has more than {megapixels:g} megapixels. Choose a smaller one."


def format_of(image):
    """The format's name; a JPEG with further pictures behind the first is a JPEG here."""
    return "JPEG" if image.format == "MPO" else image.format


def _exif(image):
    """The picture's EXIF data; unreadable data is no data and never costs the photo."""
    try:
        exif = image.getexif()
        exif.get_ifd(EXIF_IFD)
        return exif
    except Exception:  # parser of hostile bytes, as above
        return Image.Exif()


def capture_time(exif):
    """Return (naive time of exposure or None, its offset as written or "")."""
    details = exif.get_ifd(EXIF_IFD)
    for time_tag, offset_tag in TIME_TAGS:
        written = TIME.fullmatch(_text(details.get(time_tag)))
        try:
            taken_at = written and datetime(*map(int, written.groups()))  # noqa: DTZ001 (as written)
        except ValueError:  # a day that is in no calendar
            continue
        if taken_at:
            offset = _text(details.get(offset_tag))
            return taken_at, offset if OFFSET.fullmatch(offset) else ""
    return None, ""


def _text(value):
    """An EXIF text as it was meant: without padding, "" when it is no text."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return value.strip(" \0") if isinstance(value, str) else ""


def _profile(image, exif):
    """The ICC profile as bytes, or one made for a colour space that is only named."""
    if embedded := image.info.get("icc_profile"):
        return embedded
    if (image.info.get("nclx_profile") or {}).get("color_primaries") == 12:  # ITU-T H.273: P3 D65
        return _colour().display_p3()
    try:
        if _text(exif.get_ifd(INTEROP_IFD).get(1)) == "R03":  # DCF: Adobe RGB
            return _colour().adobe_rgb()
    except Exception:  # parser of hostile bytes, as above
        return None
    return None


def _decoded(image):
    """Decode the first (in HEIC: the primary) picture of a file, whole or not at all."""
    try:
        image.load()
        # A file of several pictures decodes anew at every touch and would undo work in place.
        return image.copy() if getattr(image, "n_frames", 1) > 1 else image
    except MemoryError:
        raise
    except Exception:  # parser of hostile bytes, as above
        raise PhotoRefused("damaged", DAMAGED) from None


def _subsampling(image, original_format):
    """JPEG chroma sampling of the master: 4:2:0 (2) where the original had it, else 4:4:4 (0).

    Redness lives in the chroma. A second 4:2:0 pass over a 4:2:0 camera photo changes R-G by as
    much as a 4:4:4 pass (RMS 0.9 levels either way) in three quarters of the bytes; a PNG or a
    4:4:4 JPEG would lose detail.
    """
    if original_format == "JPEG":
        return 2 if JpegImagePlugin.get_sampling(image) == 2 else 0
    return 2 if original_format in ("HEIF", "WEBP") else 0


def _srgb(image, profile, max_profile_bytes):
    """Return (8-bit sRGB picture, name of the profile it was converted from or "")."""
    if image.mode == "RGB" and not profile and not image.has_transparency_data:
        return image, ""
    return _colour().to_srgb(image, profile=profile, max_profile_bytes=max_profile_bytes)


def _colour():
    """The colour sums, which load the colour engine: only for those who need them."""
    from treatments.imaging import colour

    return colour


def _encoded(image, turn, subsampling):
    """The picture as JPEG. Not optimised or progressive: both would hold every coefficient."""
    image.info = {}  # Pillow would write the comment of the original again
    if turn is not None:
        return turning.jpeg(image, turn, quality=QUALITY, subsampling=subsampling)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling=subsampling)
    return out.getvalue()
