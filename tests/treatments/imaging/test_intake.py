"""Photos taken in: what comes out is upright, clean, and only what was seen."""

import hashlib
import io
import time
import warnings
from dataclasses import replace
from datetime import datetime

import pytest
from PIL import Image, JpegImagePlugin

from tests.attack.corpus import (
    DATA,
    TURNED_HEIC,
    jpeg_claiming,
    picture,
    png,
    poisoned_files,
    refused_files,
    saved,
)
from treatments.imaging.intake import (
    DAMAGED,
    EMPTY,
    Limits,
    Master,
    PhotoFacts,
    PhotoRefused,
    inspect,
    take_in,
)

LIMITS = Limits()
WRITTEN, TAKEN_AT = "2026:11:02 09:15:30", datetime.fromisoformat("2026-11-02T09:15:30")
QUARTERS = [(200, 40, 40), (40, 160, 40), (40, 40, 200), (230, 230, 230)]
CHOOSE = "Choose a JPEG, PNG, WebP or HEIC."
# EXIF orientation -> the turn a camera held that way applies to what it stores.
AS_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def opened(master):
    return Image.open(io.BytesIO(master.bytes))


def quarters(image):
    width, height = image.size
    places = ((1, 1), (3, 1), (1, 3), (3, 3))
    return [image.getpixel((width * x // 4, height * y // 4)) for x, y in places]


def assert_quarters(image, expected=QUARTERS):
    for seen, wanted in zip(quarters(image), expected, strict=True):
        assert seen == pytest.approx(wanted, abs=6)


def oriented(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def taken(**tags):
    exif = Image.Exif()
    exif.get_ifd(0x8769).update({int(tag[1:], 16): value for tag, value in tags.items()})
    return take_in(saved(picture(), exif=exif), limits=LIMITS)


def refusal(data, limits=LIMITS):
    with pytest.raises(PhotoRefused) as refused:
        take_in(data, limits=limits)
    return refused.value.code, refused.value.sentence


def segments(jpeg):
    """Return the names of the marker segments before the scan."""
    names, at = [], 2
    while jpeg[at + 1] != 0xDA:
        names.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")
    return names


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_each_format_becomes_a_jpeg_of_the_same_pixels(kind):
    data = saved(picture(), kind, **({} if kind == "PNG" else {"quality": 95}))

    master = take_in(data, limits=LIMITS)

    image = opened(master)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (120, 80))
    assert (master.width, master.height, master.original_format) == (120, 80, kind)
    assert_quarters(image)


def test_a_heic_with_place_and_turn_comes_out_upright_and_clean():
    master = take_in(TURNED_HEIC, limits=LIMITS)

    assert (master.width, master.height, master.original_format) == (320, 240, "HEIF")
    assert (master.taken_at, master.taken_offset) == (TAKEN_AT, "+01:00")
    assert_quarters(opened(master))


def test_a_heic_of_two_pictures_gives_its_primary_one_in_srgb():
    master = take_in(DATA / "two_pictures_p3.heic", limits=LIMITS)

    assert (master.width, master.height, master.converted_from_profile) == (160, 120, "Display P3")
    assert opened(master).getpixel((80, 60)) == pytest.approx((215, 93, 31), abs=3)


def test_hashes_are_of_the_file_given_and_of_the_file_made():
    data = saved(picture())

    master = take_in(data, limits=LIMITS)

    assert master.original_sha256 == hashlib.sha256(data).hexdigest()
    assert master.sha256 == hashlib.sha256(master.bytes).hexdigest()


def test_the_same_photo_gives_the_same_master_from_bytes_and_from_a_path(tmp_path):
    data = saved(picture())
    (tmp_path / "x.png").write_bytes(data)

    assert take_in(tmp_path / "x.png", limits=LIMITS) == take_in(data, limits=LIMITS)
    assert take_in(str(tmp_path / "x.png"), limits=LIMITS) == take_in(
        memoryview(data), limits=LIMITS
    )


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(orientation, kind):
    turn = AS_STORED.get(orientation)
    stored = picture().transpose(turn) if turn is not None else picture()

    master = take_in(saved(stored, kind, exif=oriented(orientation)), limits=LIMITS)

    assert (master.width, master.height) == (120, 80)
    assert_quarters(opened(master))


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_orientation_that_does_not_exist_is_ignored(orientation):
    master = take_in(saved(picture(), exif=oriented(orientation)), limits=LIMITS)

    assert_quarters(opened(master))


@pytest.mark.parametrize("poisoned", poisoned_files(), ids=lambda file: file.name)
def test_nothing_but_pixels_goes_on(poisoned):
    assert [mark for mark in poisoned.marks if mark not in poisoned.data] == []

    master = take_in(poisoned.data, limits=LIMITS)

    assert [mark for mark in poisoned.marks if mark in master.bytes] == []
    assert opened(master).info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_master_holds_no_segment_but_the_ones_a_decoder_needs():
    master = take_in(poisoned_files()[0].data, limits=LIMITS)

    app0, tables, frame, huffman, restarts = 0xE0, 0xDB, 0xC0, 0xC4, 0xDD
    assert set(segments(master.bytes)) - {restarts} == {app0, tables, frame, huffman}
    assert master.bytes.endswith(b"\xff\xd9")


@pytest.mark.parametrize(
    ("kind", "sampling", "kept"),
    [("JPEG", 2, 2), ("JPEG", 1, 0), ("JPEG", 0, 0), ("PNG", None, 0), ("WEBP", None, 2)],
)
def test_chroma_is_halved_only_where_it_already_was(kind, sampling, kept):
    options = {} if sampling is None else {"subsampling": sampling}

    master = take_in(saved(picture(), kind, **options), limits=LIMITS)

    assert JpegImagePlugin.get_sampling(opened(master)) == kept


def test_the_time_of_exposure_is_kept_as_the_camera_wrote_it():
    master = taken(x9003=WRITTEN, x9011="+01:00", x9004="2026:11:05 00:00:00")

    assert master.taken_at == TAKEN_AT
    assert (master.taken_at.tzinfo, master.taken_offset) == (None, "+01:00")


def test_the_time_of_digitising_stands_in_with_its_own_offset():
    master = taken(x9004="2026:11:05 10:00:00", x9011="+01:00", x9012="-05:00")

    assert (master.taken_at, master.taken_offset) == (
        datetime.fromisoformat("2026-11-05T10:00"),
        "-05:00",
    )


@pytest.mark.parametrize(
    "text", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday", "", "\0"]
)
def test_a_time_nobody_set_is_no_time(text):
    master = taken(x9003=text, x9011="+01:00")

    assert (master.taken_at, master.taken_offset) == (None, "")


@pytest.mark.parametrize("offset", ["local", "", "+99:99", "<script>"])
def test_an_offset_that_is_none_is_left_out(offset):
    master = taken(x9003=WRITTEN, x9011=offset)

    assert (master.taken_at, master.taken_offset) == (TAKEN_AT, "")


def test_the_time_of_the_last_edit_is_not_taken_for_the_exposure():
    exif = Image.Exif()
    exif[0x0132] = WRITTEN

    assert take_in(saved(picture(), exif=exif), limits=LIMITS).taken_at is None


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_exif_data_that_cannot_be_read_does_not_cost_the_photo():
    data = saved(picture(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff" + b"\xff" * 40)

    master = take_in(data, limits=LIMITS)

    assert (master.taken_at, master.width) == (None, 120)


@pytest.mark.parametrize("kind", ["WEBP", "PNG", "MPO"])
def test_of_several_pictures_the_first_is_taken(kind):
    rest = [Image.new("RGB", (120, 80), (0, 0, 0))]
    data = saved(picture(), kind, save_all=True, append_images=rest)

    master = take_in(data, limits=LIMITS)

    assert master.original_format == ("JPEG" if kind == "MPO" else kind)
    assert_quarters(opened(master))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("file", refused_files(), ids=lambda file: file.name)
def test_a_hostile_file_is_refused_at_once(file):
    started = time.process_time()

    code, sentence = refusal(file.data)

    assert code == file.code
    assert sentence.endswith(".")
    assert len(sentence) < 130
    assert time.process_time() - started < 1


def test_the_corpus_is_as_large_as_promised():
    assert len(refused_files()) + len(poisoned_files()) >= 40


@pytest.mark.parametrize(
    ("data", "code", "sentence"),
    [
        (b"", "empty", EMPTY),
        (b"%PDF-1.7", "not_a_photo", f"This file is not a photo: it is a PDF document. {CHOOSE}"),
        (
            bytes(9),
            "not_a_photo",
            f"This file is not a photo: it is of a kind that is not known here. {CHOOSE}",
        ),
        (saved(picture())[:400], "damaged", DAMAGED),
        (
            png(30_000, 30_000),
            "too_many_pixels",
            "This photo has more than 64 megapixels. Choose a smaller one.",
        ),
        (
            jpeg_claiming(1, 16_385),
            "too_long",
            "This photo is more than 16,384 pixels long. Choose a smaller one.",
        ),
        (
            b"\xff\xd8\xff" + bytes(25 * 1024 * 1024),
            "too_many_bytes",
            "This file is larger than 25 MB. Choose a smaller photo.",
        ),
    ],
    ids=["empty", "kind", "unknown", "damaged", "pixels", "side", "bytes"],
)
def test_a_refusal_says_what_is_wrong_and_what_to_do(data, code, sentence):
    assert refusal(data) == (code, sentence)


def test_a_refusal_reads_as_its_sentence():
    with pytest.raises(PhotoRefused, match=r"^This file is empty\. Choose the photo again\.$"):
        take_in(b"", limits=LIMITS)


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [("max_pixels", 9_600, "too_many_pixels"), ("max_side", 120, "too_long")],
)
def test_a_limit_holds_one_over_and_not_at_it(limit, value, code):
    data = saved(picture(120, 80))

    assert take_in(data, limits=replace(LIMITS, **{limit: value + 1})).width == 120
    assert take_in(data, limits=replace(LIMITS, **{limit: value})).width == 120
    assert refusal(data, replace(LIMITS, **{limit: value - 1}))[0] == code


def test_the_byte_limit_holds_one_over_and_not_at_it(tmp_path):
    data = saved(picture())
    (tmp_path / "photo").write_bytes(data)

    assert take_in(data, limits=replace(LIMITS, max_bytes=len(data))).width == 120
    over = replace(LIMITS, max_bytes=len(data) - 1)
    assert refusal(data, over)[0] == "too_many_bytes"
    assert refusal(tmp_path / "photo", over)[0] == "too_many_bytes"


def test_a_format_that_is_not_allowed_is_refused():
    assert refusal(saved(picture(), "PNG"), replace(LIMITS, formats=("JPEG",)))[0] == "not_a_photo"


def test_a_bomb_is_refused_where_warnings_are_errors_too():
    bomb = next(file for file in refused_files() if file.name == "bomb_1bit.png")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code, _ = refusal(bomb.data)

    assert code == "too_many_pixels"


def test_inspect_reads_the_header_and_not_the_pixels():
    data = saved(picture(400, 300), exif=oriented(6))[:-200]

    assert inspect(data, limits=LIMITS) == PhotoFacts("JPEG", 400, 300, len(data))


def test_inspect_refuses_what_take_in_refuses_by_its_header():
    with pytest.raises(PhotoRefused) as refused:
        inspect(png(30_000, 30_000), limits=LIMITS)

    assert refused.value.code == "too_many_pixels"


def test_a_master_cannot_be_changed():
    master = take_in(saved(picture()), limits=LIMITS)

    assert isinstance(master, Master)
    with pytest.raises(AttributeError):
        master.width = 1
