"""What a file is comes from its bytes."""

import pytest

from tests.attack.corpus import boxed, picture, saved
from treatments.imaging import kinds


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_told_from_its_first_bytes(kind):
    assert kinds.of(saved(picture(), kind)) == kind


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"msf1", b"hevc"])
def test_a_heic_is_told_from_its_brand(brand):
    assert kinds.of(boxed(brand, b"mif1", b"heic")) == "HEIF"


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"GIF89a", "a GIF"),
        (b"BM", "a BMP"),
        (b"%PDF-1.4", "a PDF document"),
        (b"PK\x03\x04", "a ZIP archive or an Office document"),
        (b"8BPS", "a Photoshop document"),
        (b"II*\0", "a TIFF or a raw camera file"),
        (b"\xef\xbb\xbf  <!DOCTYPE HTML>", "a web page"),
        (b"<svg width='1'>", "an SVG drawing"),
        (b"<?xml version='1.0'?><a/>", "an XML document"),
        (b"Dear colleague", "a text"),
        (boxed(b"avif"), "an AVIF"),
        (boxed(b"qt  "), "a video"),
        (b"RIFF\0\0\0\0WAVE", "a sound"),
        (b"\xff", ""),
        (b"", ""),
        (bytes(40), ""),
    ],
)
def test_another_kind_is_named_in_plain_words(data, kind):
    assert kinds.of(data) == kind
