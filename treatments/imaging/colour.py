"""Colour of a decoded picture: every depth, mode and profile becomes 8-bit sRGB on white.

Clinics compare redness between sessions, so a photograph taken in Display P3 or Adobe RGB must
not be read as if its numbers were sRGB, and 16-bit grey must be scaled, never clipped.
"""

import io
import struct

from PIL import Image, ImageCms

WHITE = 255
PROFILE_NAME_LENGTH = 80
SAME_COLOUR = 1  # 8-bit levels: a profile this close to sRGB everywhere needs no conversion
PROFILE_SPACE = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}

# CIE XYZ of the red, green and blue primaries, adapted to D50 as ICC profiles hold them.
# Sources: Adobe RGB (1998) Color Image Encoding, 4.3; SMPTE EG 432-1 (Display P3, D65 white).
ADOBE_RGB_PRIMARIES = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
DISPLAY_P3_PRIMARIES = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
D50 = (0.96420, 1.0, 0.82491)
ADOBE_RGB_GAMMA = (0x0233,)  # 2.19921875 as u8Fixed8, the figure of the Adobe RGB specification


def to_srgb(image, *, profile, max_profile_bytes):
    """Return (picture in mode RGB, name of the profile it was converted from or "").

    ``profile`` is the ICC profile as bytes or None. One that is too large, broken or meant for
    another kind of picture is left aside: its numbers are then taken as sRGB. The picture passed
    in may be changed and must not be used afterwards.
    """
    image = on_white(eight_bit(image))
    name = ""
    if profile and len(profile) <= max_profile_bytes:
        image, name = _convert(image, profile)
    return (image if image.mode == "RGB" else image.convert("RGB")), name


def eight_bit(image):
    """Scale 16- and 32-bit grey (0-65535) to 8 bits; Pillow's own conversion clips to white."""
    if image.mode.startswith("I"):
        # 65535 / 255 = 257; the half rounds instead of cutting off.
        return image.point(lambda level: level * (1 / 257) + 0.5).convert("L")
    return image


def on_white(image):
    """Return the picture in mode RGB, L or CMYK with transparency laid on white."""
    if image.mode in PROFILE_SPACE and not image.has_transparency_data:
        return image
    grey = image.mode in ("1", "L", "LA", "La")
    if not image.has_transparency_data:
        return image.convert("L" if grey else "RGB")
    layered = image.convert("LA" if grey else "RGBA")
    plain = Image.new("L" if grey else "RGB", image.size, WHITE if grey else (WHITE,) * 3)
    plain.paste(layered.convert(plain.mode), mask=layered.getchannel("A"))
    return plain


def _convert(image, profile):
    """Return (picture, profile name): converted to sRGB where the profile says something else."""
    try:
        source = ImageCms.getOpenProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != PROFILE_SPACE[image.mode]:
            return image, ""
        transform = ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            image.mode,
            "RGB",
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
        if image.mode == "RGB" and _is_srgb(transform):
            return image, ""
        # In place where the mode allows it: a second full-size picture would double the memory.
        in_place = image.mode == "RGB"
        result = ImageCms.applyTransform(image, transform, inPlace=in_place)
        return (image if in_place else result), profile_name(source)
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return image, ""


def _is_srgb(transform):
    """Whether a transform leaves a sample of colours where they are (to one level)."""
    steps = (0, 32, 64, 128, 192, 255)
    colours = [(r, g, b) for r in steps for g in steps for b in steps]
    sample = Image.new("RGB", (len(colours), 1))
    sample.putdata(colours)
    changed = ImageCms.applyTransform(sample, transform).tobytes()
    return all(abs(a - b) <= SAME_COLOUR for a, b in zip(sample.tobytes(), changed, strict=True))


def profile_name(profile):
    """The profile's own description, printable and bounded: it is text from a stranger's file."""
    text = ImageCms.getProfileDescription(profile) or ""
    printable = "".join(c for c in text if c.isprintable()).strip()
    return printable[:PROFILE_NAME_LENGTH] or "unnamed profile"


def adobe_rgb():
    """Adobe RGB (1998) as ICC bytes, for cameras that only name it in their EXIF data."""
    return matrix_profile("Adobe RGB (1998)", ADOBE_RGB_PRIMARIES, ADOBE_RGB_GAMMA)


def display_p3():
    """Display P3 as ICC bytes, for HEIC files that name it by number (nclx primaries 12)."""
    return matrix_profile("Display P3", DISPLAY_P3_PRIMARIES, srgb_curve())


def srgb_curve(points=1024):
    """The sRGB transfer curve (IEC 61966-2-1) as 16-bit samples for an ICC 'curv' tag."""
    levels = (i / (points - 1) for i in range(points))
    linear = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in levels)
    return tuple(round(v * 65535) for v in linear)


def matrix_profile(name, primaries, curve):
    """Build a version 2 ICC display profile of three primaries and one tone curve.

    ``primaries``: XYZ of red, green, blue adapted to D50. ``curve``: one u8Fixed8 gamma, or
    16-bit samples. Source: ICC.1:2001-04, sections 6.1 to 6.5.
    """
    description = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name.encode("ascii")
    tone = b"curv" + bytes(4) + struct.pack(f">I{len(curve)}H", len(curve), *curve)
    tags = [
        (b"desc", description + bytes(1 + 4 + 4 + 2 + 1 + 67)),
        (b"cprt", b"text" + bytes(4) + b"No copyright\0"),
        (b"wtpt", _xyz(D50)),
        *(
            (key, _xyz(xyz))
            for key, xyz in zip((b"rXYZ", b"gXYZ", b"bXYZ"), primaries, strict=True)
        ),
        *((key, tone) for key in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for key, data in tags:
        table += key + struct.pack(">II", start + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    head = struct.pack(
        ">I4sI4s4s4s12s4s28s12s48s",
        start + len(body),
        b"",
        0x02100000,
        b"mntr",
        b"RGB ",
        b"XYZ ",
        struct.pack(">6H", 2000, 1, 1, 0, 0, 0),
        b"acsp",
        b"",
        b"".join(_fixed(v) for v in D50),
        b"",
    )
    return head + table + body


def _xyz(values):
    """One ICC XYZ tag."""
    return b"XYZ " + bytes(4) + b"".join(_fixed(v) for v in values)


def _fixed(value):
    """A number as ICC s15Fixed16."""
    return struct.pack(">i", round(value * 65536))
