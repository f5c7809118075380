"""Smaller copies: sizes, pixels, and nothing but pixels."""

import hashlib
import io

import pytest
from PIL import Image

from tests.attack.corpus import CANARY, picture, poisoned_files, saved
from treatments.imaging.intake import Limits, take_in
from treatments.imaging.renditions import RENDITIONS, render

MARKS = (b"EXIF", b"XMP ", b"ICCP", b"Exif")


def sizes(made):
    return {name: (one.width, one.height) for name, one in made.items()}


def opened(rendition):
    return Image.open(io.BytesIO(rendition.bytes))


def test_the_long_side_is_as_named_and_the_shape_is_kept():
    made = render(saved(picture(3000, 1500)))

    assert sizes(made) == {"large": (2560, 1280), "medium": (1280, 640), "thumb": (400, 200)}
    assert [opened(one).size for one in made.values()] == list(sizes(made).values())


def test_an_upright_photo_is_bounded_by_its_height():
    made = render(saved(picture(300, 600)), sizes=(("thumb", 200),))

    assert sizes(made) == {"thumb": (100, 200)}


def test_nothing_is_enlarged():
    assert sizes(render(saved(picture(500, 300)))) == {
        "large": (500, 300),
        "medium": (500, 300),
        "thumb": (400, 240),
    }


def test_the_order_asked_for_is_the_order_given_and_does_not_change_the_pictures():
    master = saved(picture(900, 600))
    small_first = (("thumb", 100), ("large", 800))

    one, other = render(master, sizes=small_first), render(master, sizes=small_first[::-1])

    assert list(one) == ["thumb", "large"]
    assert one == other


def test_a_rendition_is_webp_and_carries_its_hash():
    made = render(saved(picture()))

    for one in made.values():
        assert opened(one).format == "WEBP"
        assert one.sha256 == hashlib.sha256(one.bytes).hexdigest()


def test_the_quarters_stay_where_they_are():
    thumb = opened(render(saved(picture(1200, 800)))["thumb"]).convert("RGB")

    corners = [thumb.getpixel(at) for at in ((100, 60), (300, 60), (100, 200), (300, 200))]
    expected = [(200, 40, 40), (40, 160, 40), (40, 40, 200), (230, 230, 230)]
    for seen, wanted in zip(corners, expected, strict=True):
        assert seen == pytest.approx(wanted, abs=8)


@pytest.mark.parametrize("poisoned", poisoned_files(), ids=lambda file: file.name)
def test_no_rendition_carries_what_came_with_the_photo(poisoned):
    master = take_in(poisoned.data, limits=Limits())

    for one in render(master.bytes).values():
        assert [mark for mark in (*poisoned.marks, *MARKS) if mark in one.bytes] == []


def test_no_rendition_carries_what_a_careless_master_still_had():
    exif = Image.Exif()
    exif[0x010F] = CANARY.decode()
    careless = saved(picture(), exif=exif, comment=CANARY, xmp=CANARY)

    for one in render(careless).values():
        assert [mark for mark in (CANARY, *MARKS) if mark in one.bytes] == []


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_only_a_master_is_rendered(kind):
    with pytest.raises(OSError, match="cannot identify"):
        render(saved(picture(), kind))


def test_the_names_and_sizes_are_the_agreed_ones():
    assert RENDITIONS == (("large", 2560), ("medium", 1280), ("thumb", 400))
