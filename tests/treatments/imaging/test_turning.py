"""Photos set upright while they are written: band by band, to the same pixels as whole."""

import io

import pytest
from PIL import Image, JpegImagePlugin

from tests.attack.corpus import saved
from treatments.imaging import turning
from treatments.imaging.intake import Limits, take_in


def grainy(width, height):
    """A picture in which every block differs, so that a band out of place is seen."""
    bands = [Image.effect_noise((width, height), 40 + 20 * i) for i in range(3)]
    return Image.merge("RGB", bands)


def turned_whole(stored, orientation, subsampling):
    whole, out = stored.transpose(turning.TURNS[orientation]), io.BytesIO()
    whole.save(out, "JPEG", quality=92, subsampling=subsampling)
    return Image.open(out)


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("subsampling", [0, 2])
@pytest.mark.parametrize("size", [(300, 275), (256, 128), (40, 20), (1, 1)])
def test_bands_joined_decode_to_the_picture_turned_whole(orientation, subsampling, size):
    stored = grainy(*size)
    whole = turned_whole(stored, orientation, subsampling)

    coded = turning.jpeg(stored, turning.TURNS[orientation], quality=92, subsampling=subsampling)

    joined = Image.open(io.BytesIO(coded))
    assert joined.size == whole.size == turning.size_after(size, turning.TURNS[orientation])
    assert JpegImagePlugin.get_sampling(joined) == subsampling
    assert joined.tobytes() == whole.tobytes()


def test_more_bands_than_restart_markers_have_numbers_are_joined_as_well():
    stored = grainy(10 * turning.BAND_ROWS + 3, 24)
    whole = turned_whole(stored, 6, 2)

    coded = turning.jpeg(stored, turning.TURNS[6], quality=92, subsampling=2)

    assert Image.open(io.BytesIO(coded)).tobytes() == whole.tobytes()


def test_the_widest_photo_allowed_counts_its_blocks_between_two_restarts():
    blocks = (Limits().max_side // turning.BLOCK_ROWS[0]) * (
        turning.BAND_ROWS // turning.BLOCK_ROWS[0]
    )

    assert blocks == 32_768 <= 65_535


def test_a_sideways_photo_of_several_bands_is_taken_in_upright():
    exif = Image.Exif()
    exif[0x0112] = 8

    master = take_in(saved(grainy(300, 200), "JPEG", exif=exif), limits=Limits())

    taken = Image.open(io.BytesIO(master.bytes))
    assert (master.width, master.height) == taken.size == (200, 300)
    taken.load()  # raises where a band is missing
