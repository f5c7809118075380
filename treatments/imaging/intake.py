"""Taking a photograph in: a stranger's file goes in, our own clean JPEG comes out.

A file is decoded once, in full, and only the pixels go on: upright, 8-bit sRGB, on white,
re-encoded. So nothing else can go on: no place, serial number, thumbnail of an uncropped
picture, comment, or second file hidden behind the first. The time of capture is kept as a value.

A web request calls ``isolated.take_in_isolated``: a decoder that crashes, spins or swells then
takes down a child process and not the server. ``take_in`` is the same sum without that wall, for
that child and for files of our own.
"""

import hashlib
import io
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PIL import Image, JpegImagePlugin, WebPImagePlugin  # noqa: F401 (WebP: registers itself)

from treatments.imaging import colour, kinds

QUALITY = 92
# A transpose holds two pictures of 4 bytes a pixel. Above this size it goes strip by strip through
# 3 bytes a pixel, which is slower and keeps a 24-megapixel photo under 200 MB (measured:
# 0.18 against 0.08 s, 190 against 210 MB).
WHOLE_TURN_PIXELS = 16_000_000
STRIP_ROWS = 32  # small enough for a processor's cache
# EXIF orientation 2-8 and the turn that sets it upright (CIPA DC-008, tag 0x0112).
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = {TURNS[5], TURNS[6], TURNS[7], TURNS[8]}
TOP_COMES_LAST = {TURNS[3], TURNS[4], TURNS[6], TURNS[7]}
ORIENTATION, EXIF_IFD, INTEROP_IFD = 0x0112, 0x8769, 0xA005
# (time, offset) of the exposure, else of the digitising. 0x0132 is the time of the last edit.
TIME_TAGS = ((0x9003, 0x9011), (0x9004, 0x9012))

EMPTY = "This file is empty. Choose the photo again."
DAMAGED = "This photo is damaged or incomplete. Copy it again from the camera and choose that file."


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


class PhotoRefused(Exception):  # noqa: N818 (a verdict with a sentence, not a fault)
    """A file was not taken in. ``code`` is for programs, ``sentence`` for the person choosing."""

    def __init__(self, code, sentence):
        super().__init__(code, sentence)
        self.code = code
        self.sentence = sentence

    def __str__(self):
        return self.sentence


def inspect(source, *, limits):
    """Return PhotoFacts from the header alone, or raise PhotoRefused. Nothing is decoded.

    Not for a web process either: the bundled libheif has been seen to crash on a HEIC's header.
    """
    data = read(source, limits)
    with _open(data, limits) as image:
        return PhotoFacts(_format(image), *image.size, len(data))


def take_in(source, *, limits):
    """Return the Master of a photo given as bytes or path, or raise PhotoRefused."""
    data = read(source, limits)
    original_sha256 = hashlib.sha256(data).hexdigest()
    image = _open(data, limits)
    del source, data  # once decoded they are in the way: memory is counted here
    original_format = _format(image)
    exif = _exif(image)
    taken_at, taken_offset = capture_time(exif)
    profile = _profile(image, exif)
    subsampling = _subsampling(image, original_format)
    image = _decoded(image)
    image, name = colour.to_srgb(image, profile=profile, max_profile_bytes=limits.max_profile_bytes)
    image = upright(image, exif.get(ORIENTATION))
    clean = _encode(image, subsampling)
    return Master(
        bytes=clean,
        width=image.width,
        height=image.height,
        sha256=hashlib.sha256(clean).hexdigest(),
        original_sha256=original_sha256,
        original_format=original_format,
        taken_at=taken_at,
        taken_offset=taken_offset,
        converted_from_profile=name,
    )


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


def _open(data, limits):
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


def _format(image):
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
        try:
            written = _text(details.get(time_tag))
            taken_at = datetime.strptime(written, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 (as written)
        except ValueError:
            continue
        offset = _text(details.get(offset_tag))
        try:
            datetime.strptime(offset, "%z")
        except ValueError:
            offset = ""
        return taken_at, offset
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
        return colour.display_p3()
    try:
        if _text(exif.get_ifd(INTEROP_IFD).get(1)) == "R03":  # DCF: Adobe RGB
            return colour.adobe_rgb()
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


def upright(image, orientation):
    """Return an RGB picture turned by its EXIF orientation; the one passed in is used up."""
    turn = TURNS.get(orientation) if isinstance(orientation, int) else None
    if turn is None:
        return image
    if image.width * image.height <= WHOLE_TURN_PIXELS:
        return image.transpose(turn)
    return _turned_in_strips(image, turn)


def _turned_in_strips(image, turn):
    """Turn a picture without ever holding it twice at 4 bytes a pixel."""
    width, height = image.size
    strips = []
    for top in range(0, height, STRIP_ROWS):
        strip = image.crop((0, top, width, min(top + STRIP_ROWS, height))).transpose(turn)
        strips.append((strip.size, strip.tobytes()))
    image.close()
    sideways = turn in SIDEWAYS
    turned = Image.new("RGB", (height, width) if sideways else (width, height), None)
    if turn not in TOP_COMES_LAST:
        strips.reverse()  # they are taken from the end
    at = 0
    while strips:  # each is let go when it is in its place
        size, pixels = strips.pop()
        turned.paste(Image.frombytes("RGB", size, pixels), (at, 0) if sideways else (0, at))
        at += size[0] if sideways else size[1]
    return turned


def _encode(image, subsampling):
    """The picture as JPEG. Not optimised or progressive: both would hold every coefficient."""
    image.info = {}  # Pillow would write the comment of the original again
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling=subsampling)
    return out.getvalue()
