"""Files somebody could upload instead of a photo: built here, byte by byte, no download.

``refused_files()`` must be turned away with the code beside them; ``poisoned_files()`` are real
photos carrying something that must be gone from everything the system keeps.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw

DATA = Path(__file__).parents[1] / "treatments" / "imaging" / "data"
TURNED_HEIC = DATA / "turned_with_place.heic"
CANARY = b"CANARY-PLACE-OF-PATIENT"
SCRIPT = b"<script>alert('canary')</script>"


@dataclass(frozen=True)
class Refused:
    """A file to turn away: its name, bytes and the code of the refusal."""

    name: str
    data: bytes
    code: str


@dataclass(frozen=True)
class Poisoned:
    """A photo to accept: its name, bytes and the marks that must be gone from what is kept."""

    name: str
    data: bytes
    marks: tuple


def picture(width=120, height=80, mode="RGB"):
    """Return a picture whose four quarters differ: red, green, blue, light grey."""
    image = Image.new("RGB", (width, height), (200, 40, 40))
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height // 2 - 1), fill=(40, 160, 40))
    draw.rectangle((0, height // 2, width // 2 - 1, height), fill=(40, 40, 200))
    draw.rectangle((width // 2, height // 2, width, height), fill=(230, 230, 230))
    return image.convert(mode)


def saved(image, kind="JPEG", **options):
    """Return a picture's bytes in one format."""
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def chunk(name, data):
    """Return one PNG chunk."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, *, depth=8, colour=2, pixels=b"", extra=b""):
    """Return a PNG that claims a size; ``pixels`` are the raw rows, as many as one likes."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + extra + body


def webp_canvas(width, height):
    """Return an extended WebP that claims a canvas and holds one small frame."""
    small = saved(picture(16, 16), "WEBP", quality=50)[12:]
    sizes = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sizes + small
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg_claiming(width, height):
    """Return a JPEG whose frame header claims another size."""
    data = bytearray(saved(picture()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = struct.pack(">HH", height, width)
    return bytes(data)


def boxed(brand, *others):
    """Return the start of a file in ISO boxes with its brands."""
    brands = brand + bytes(4) + b"".join(others)
    return struct.pack(">I", 8 + len(brands)) + b"ftyp" + brands + bytes(64)


@cache
def refused_files():
    """Return every file that must be refused."""
    return (
        *_nothing(),
        *(Refused(name, data, "not_a_photo") for name, data in _disguised().items()),
        *(Refused(name, data, "damaged") for name, data in _broken().items()),
        *_bombs(),
    )


def _nothing():
    return (
        Refused("empty.jpg", b"", "empty"),
        Refused("one_byte.jpg", b"\xff", "not_a_photo"),
        Refused("zeros.jpg", bytes(5000), "not_a_photo"),
    )


def _disguised():
    """Return files of other kinds under a photo's name."""
    tiny = picture(8, 8)
    return {
        "page.jpg": b"<!DOCTYPE html><html><body>" + SCRIPT,
        "drawing.jpg": b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT,
        "letter.jpg": b"%PDF-1.7\n" + SCRIPT,
        "archive.jpg": b"PK\x03\x04" + bytes(60),
        "empty_archive.jpg": b"PK\x05\x06" + bytes(18),
        "postscript.jpg": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "dos_postscript.jpg": b"\xc5\xd0\xd3\xc6" + bytes(60),
        "gif.jpg": saved(tiny, "GIF"),
        "bmp.jpg": saved(tiny, "BMP"),
        "tiff.jpg": saved(tiny, "TIFF"),
        "big_endian_tiff.jpg": b"MM\0*" + bytes(60),
        "photoshop.jpg": b"8BPS\0\1" + bytes(60),
        "fits.jpg": b"SIMPLE  =                    T" + b" " * 2850,
        "icon.jpg": saved(tiny, "ICO"),
        "jpeg2000.jpg": b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(60),
        "jpegxl.jpg": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(60),
        "avif.jpg": boxed(b"avif", b"mif1"),
        "avif_in_disguise.heic": boxed(b"mif1", b"mif1", b"avif"),
        "film.jpg": boxed(b"isom", b"mp42"),
        "film.heic": boxed(b"qt  "),
        "clip.jpg": b"RIFF\0\0\0\0AVI LIST" + bytes(60),
        "program.jpg": b"MZ\x90" + bytes(60),
        "elf.jpg": b"\x7fELF" + bytes(60),
        "script.jpg": b"#!/bin/sh\nexit 0\n",
        "words.jpg": b"These are words, not a photo.\n",
        "gzip.jpg": b"\x1f\x8b\x08" + bytes(60),
        "scan.jpg": bytes(128) + b"DICM" + bytes(60),
    }


def _broken():
    """Return photos that stop early or lie about themselves."""
    jpeg, whole_png = saved(picture(400, 300)), saved(picture(400, 300), "PNG")
    webp, heic = saved(picture(400, 300), "WEBP"), TURNED_HEIC.read_bytes()
    bad_sum = bytearray(whole_png)
    bad_sum[29] ^= 0xFF
    return {
        "half.jpg": jpeg[: len(jpeg) // 2],
        "nearly_whole.jpg": jpeg[:-200],
        "header_only.jpg": jpeg[:20],
        "start_mark_only.jpg": b"\xff\xd8\xff",
        "all_ff.jpg": b"\xff\xd8" + b"\xff" * 5000,
        "noise_after_mark.jpg": b"\xff\xd8\xff\xe0" + bytes(range(256)) * 20,
        "half.png": whole_png[: len(whole_png) // 2],
        "mark_only.png": whole_png[:8],
        "wrong_sum.png": bytes(bad_sum),
        "no_rows.png": png(100, 100),
        "no_width.png": png(0, 100),
        "no_height.png": png(100, 0),
        "half.webp": webp[: len(webp) // 2],
        "mark_only.webp": webp[:12],
        "half.heic": heic[: len(heic) // 2],
        "nearly_whole.heic": heic[:-300],
        "brand_only.heic": boxed(b"heic", b"mif1"),
        "text_bomb.png": png(8, 8, pixels=bytes(200), extra=_packed(b"zTXt", b"Comment\0\0")),
        "profile_bomb.png": png(8, 8, pixels=bytes(200), extra=_packed(b"iCCP", b"icc\0\0")),
    }


def _packed(name, head):
    """Return a PNG chunk of 4 MB of zeros packed into 4 kB."""
    return chunk(name, head + zlib.compress(bytes(4_000_000)))


def _bombs():
    rows = bytes(13_300 * (1 + 13_300 // 8 + 1))
    return (
        Refused(
            "bomb_1bit.png", png(13_300, 13_300, depth=1, colour=0, pixels=rows), "too_many_pixels"
        ),
        Refused("bomb_30000.png", png(30_000, 30_000), "too_many_pixels"),
        Refused("bomb_16bit.png", png(9_400, 9_400, depth=16, colour=6), "too_many_pixels"),
        Refused("line.png", png(65_000, 1), "too_long"),
        Refused("bomb.jpg", jpeg_claiming(65_000, 65_000), "too_many_pixels"),
        Refused("line.jpg", jpeg_claiming(1, 65_000), "too_long"),
        Refused("bomb_16383.webp", webp_canvas(16_383, 16_383), "too_many_pixels"),
        Refused("bomb_13000.webp", webp_canvas(13_000, 13_000), "damaged"),
    )


@cache
def poisoned_files():
    """Return photos whose pixels are welcome and whose rest is not."""
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    exif[0x9286] = SCRIPT.decode()
    exif.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 14.0), 29: "2026:11:02"})
    page = b"<html><body>" + SCRIPT
    jpeg = saved(picture(), exif=exif, comment=CANARY, xmp=b"<x:xmpmeta>" + CANARY)
    flat_png = saved(picture(), "PNG", exif=exif)
    text = chunk(b"tEXt", b"Comment\0" + CANARY)
    return (
        Poisoned("everything.jpg", jpeg, (CANARY, SCRIPT, b"Exif", b"xmpmeta")),
        Poisoned("page_behind.jpg", saved(picture()) + page, (SCRIPT, b"<html")),
        Poisoned("archive_behind.jpg", saved(picture()) + b"PK\x03\x04" + CANARY, (b"PK", CANARY)),
        Poisoned("letter_inside.jpg", saved(picture(), comment=b"%PDF-1.7 " + CANARY), (b"%PDF",)),
        Poisoned("everything.png", flat_png[:33] + text + flat_png[33:], (CANARY, SCRIPT)),
        Poisoned("page_behind.png", flat_png + page, (SCRIPT, b"<html")),
        Poisoned(
            "everything.webp",
            saved(picture(), "WEBP", exif=exif, xmp=CANARY) + page,
            (CANARY, SCRIPT, b"EXIF", b"XMP "),
        ),
        Poisoned(
            "everything.heic",
            TURNED_HEIC.read_bytes(),
            (b"CameraMakerX", b"SERIAL-4711", b"XMP-CANARY", b"2026:11:02"),
        ),
    )
