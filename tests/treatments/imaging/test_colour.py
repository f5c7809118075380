"""Every depth, mode and profile becomes 8-bit sRGB on white."""

import io

import pytest
from PIL import Image, ImageCms

from tests.attack.corpus import chunk, png, saved
from treatments.imaging import colour
from treatments.imaging.intake import Limits, take_in

SKIN = (200, 100, 50)


def srgb(image, profile=None, max_profile_bytes=10**6):
    return colour.to_srgb(image, profile=profile, max_profile_bytes=max_profile_bytes)


def pixels(image):
    return list(image.get_flattened_data())


def flat(rgb, size=(32, 32), mode="RGB"):
    return Image.new(mode, size, rgb)


def decoded(master):
    return Image.open(io.BytesIO(master.bytes)).getpixel((16, 16))


def display_p3_by_formula(rgb):
    """Return the sRGB levels of a Display P3 colour from the published matrices (D65)."""
    linear = [
        v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)
    ]
    matrix = ((1.22494, -0.22494, 0), (-0.04206, 1.04206, 0), (-0.01964, -0.07864, 1.09827))
    mixed = [min(1, max(0, sum(m * v for m, v in zip(row, linear, strict=True)))) for row in matrix]
    coded = [12.92 * v if v <= 0.0031308 else 1.055 * v ** (1 / 2.4) - 0.055 for v in mixed]
    return tuple(round(v * 255) for v in coded)


@pytest.mark.parametrize(
    "rgb", [SKIN, (180, 130, 110), (128, 128, 128), (0, 0, 0), (255, 255, 255)]
)
def test_display_p3_is_converted_as_the_published_matrices_say(rgb):
    image, name = srgb(flat(rgb), colour.display_p3())

    expected = display_p3_by_formula(rgb)
    assert name == "Display P3"
    assert image.getpixel((0, 0)) == pytest.approx(expected, abs=1)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_embedded_display_p3_profile_is_obeyed_in_every_format(kind):
    options = {} if kind == "PNG" else {"quality": 95}
    data = saved(flat(SKIN), kind, icc_profile=colour.display_p3(), **options)

    master = take_in(data, limits=Limits())

    assert master.converted_from_profile == "Display P3"
    assert decoded(master) == pytest.approx(display_p3_by_formula(SKIN), abs=4)


def test_adobe_rgb_is_converted_when_embedded():
    image, name = srgb(flat(SKIN), colour.adobe_rgb())

    assert name == "Adobe RGB (1998)"
    assert image.getpixel((0, 0)) == pytest.approx((227, 100, 42), abs=1)


def test_adobe_rgb_is_converted_when_the_camera_only_names_it():
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0xA005] = {1: "R03"}

    master = take_in(saved(flat(SKIN), exif=exif, quality=95), limits=Limits())

    assert master.converted_from_profile == "Adobe RGB (1998)"
    assert decoded(master) == pytest.approx((227, 100, 42), abs=3)


def test_an_srgb_profile_changes_nothing_and_names_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    image, name = srgb(flat(SKIN), profile)

    assert (name, image.getpixel((0, 0))) == ("", SKIN)


@pytest.mark.parametrize(
    "profile",
    [b"", b"not a profile", colour.display_p3()[:200], colour.display_p3()[:128] + bytes(500)],
)
def test_a_broken_profile_is_left_aside(profile):
    image, name = srgb(flat(SKIN), profile)

    assert (name, image.getpixel((0, 0))) == ("", SKIN)


def test_a_profile_over_the_limit_is_left_aside():
    profile = colour.display_p3()

    at_limit = srgb(flat(SKIN), profile, len(profile))
    over_limit = srgb(flat(SKIN), profile, len(profile) - 1)

    assert (at_limit[1], over_limit[1]) == ("Display P3", "")


def test_a_profile_for_another_kind_of_picture_is_left_aside():
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()

    image, name = srgb(flat(SKIN), lab)

    assert (name, image.getpixel((0, 0))) == ("", SKIN)


def test_a_profile_name_is_printable_and_bounded():
    name = "A\n<b>" + "x" * 200
    profile = colour.matrix_profile(name, colour.ADOBE_RGB_PRIMARIES, colour.ADOBE_RGB_GAMMA)

    _, shown = srgb(flat(SKIN), profile)

    assert shown == ("A<b>" + "x" * 200)[:80]


def test_sixteen_bit_grey_is_scaled_and_not_clipped():
    levels = (0, 255, 257, 20_000, 32_896, 65_535)
    image = Image.new("I;16", (len(levels), 1))
    for x, level in enumerate(levels):
        image.putpixel((x, 0), level)
    reopened = Image.open(io.BytesIO(saved(image, "PNG")))

    result, _ = srgb(reopened)

    assert [r for r, _, _ in pixels(result)] == [0, 1, 1, 78, 128, 255]


def test_sixteen_bit_colour_keeps_its_high_byte():
    row = b"\0" + bytes.fromhex("c800 6480 32ff") * 8
    data = png(8, 8, depth=16, pixels=row * 8)

    assert take_in(data, limits=Limits()).original_format == "PNG"
    assert srgb(Image.open(io.BytesIO(data)))[0].getpixel((3, 3)) == (200, 100, 50)


def test_cmyk_becomes_rgb():
    master = take_in(
        saved(Image.new("CMYK", (32, 32), (0, 128, 255, 0)), quality=95), limits=Limits()
    )

    assert decoded(master) == pytest.approx((255, 127, 0), abs=3)


@pytest.mark.parametrize("mode", ["1", "L", "P", "LA", "RGBA", "PA"])
def test_every_mode_becomes_rgb(mode):
    result, _ = srgb(Image.new("RGB", (4, 4), (255, 255, 255)).convert(mode))

    assert (result.mode, result.getpixel((1, 1))) == ("RGB", (255, 255, 255))


def test_a_palette_keeps_its_colours():
    image = flat(SKIN).convert("P", palette=Image.Palette.ADAPTIVE, colors=4)

    assert srgb(image)[0].getpixel((0, 0)) == SKIN


@pytest.mark.parametrize(
    ("colour_in", "mode", "expected"),
    [
        ((200, 0, 0, 0), "RGBA", (255, 255, 255)),
        ((200, 0, 0, 255), "RGBA", (200, 0, 0)),
        ((200, 100, 0, 128), "RGBA", (227, 177, 127)),
        ((0, 128), "LA", (127, 127, 127)),
    ],
)
def test_transparency_is_laid_on_white(colour_in, mode, expected):
    result, _ = srgb(Image.new(mode, (2, 2), colour_in))

    assert result.getpixel((0, 0)) == pytest.approx(expected, abs=1)


def test_a_colour_that_a_png_names_transparent_becomes_white():
    rows = (b"\0" + bytes(SKIN) * 4) * 4
    see_through = chunk(b"tRNS", b"\0\xc8\0\x64\0\x32")
    image = Image.open(io.BytesIO(png(4, 4, pixels=rows, extra=see_through)))

    assert srgb(image)[0].getpixel((0, 0)) == (255, 255, 255)
