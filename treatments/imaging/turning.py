"""Setting a photograph upright while it is written, band by band.

A camera held sideways stores its picture sideways and says so in the EXIF data. Turning a decoded
picture whole would hold it twice, 4 bytes a pixel each: 210 MB at 24 megapixels. Here each band of
rows of the upright picture is cut out, turned and compressed while it is small enough for the
processor's cache, and the bands are joined at JPEG's own restart markers (ITU-T T.81, E.1.4), where
the decoder begins anew. Decoded, that is to the last level the picture turned whole.
"""

import io
from threading import Thread

from PIL import Image

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
TOP_COMES_LAST = {TURNS[3], TURNS[4], TURNS[7], TURNS[8]}  # the upright top is stored at the end
# Rows of a band: whole blocks at any chroma sampling, and at the widest photo allowed (16,384)
# half of the 65,535 blocks that JPEG can count between two restarts.
BAND_ROWS = 128
BLOCK_ROWS = {0: 8, 2: 16}  # by chroma sampling: 4:4:4, 4:2:0
FRAME, SCAN, RESTART, END = 0xC0, 0xDA, 0xD0, b"\xff\xd9"


def turn_of(orientation):
    """The turn that sets an EXIF orientation upright; None where there is nothing to turn."""
    return TURNS.get(orientation) if isinstance(orientation, int) else None


def size_after(size, turn):
    """(width, height) of a picture after its turn."""
    return size[::-1] if turn in SIDEWAYS else size


def jpeg(image, turn, *, quality, subsampling):
    """The picture turned, as baseline JPEG; ``subsampling`` 0 is 4:4:4 and 2 is 4:2:0."""
    rows = size_after(image.size, turn)[1]
    out = io.BytesIO()
    for number, band in enumerate(_bands(image, turn, rows)):
        coded = io.BytesIO()
        band.save(
            coded, "JPEG", quality=quality, subsampling=subsampling,
            restart_marker_rows=BAND_ROWS // BLOCK_ROWS[subsampling],
        )  # fmt: skip
        head, scan = _parts(coded.getvalue(), rows)
        out.write(bytes((0xFF, RESTART + (number - 1) % 8)) if number else head)
        out.write(scan)
    out.write(END)
    return out.getvalue()


class _Turned(Thread):
    """One band, cut out and turned beside whoever compresses the band before it."""

    def __init__(self, *band):
        super().__init__(daemon=True)
        self._wanted, self._result, self._error = band, None, None
        self.start()

    def run(self):
        """Turn; what goes wrong is kept for whoever asks for the result."""
        try:
            self._result = _band(*self._wanted)
        except BaseException as error:
            self._error = error

    def result(self):
        """Wait for the band and return it."""
        self.join()
        if self._error:
            raise self._error
        return self._result


def _bands(image, turn, rows):
    """The bands from the top; while one is compressed the next is turned on another core.

    Pillow lets go of the interpreter while it cuts and turns.
    """
    coming = None
    for top in range(0, rows, BAND_ROWS):
        ready, coming = coming, _Turned(image, turn, top, min(top + BAND_ROWS, rows))
        if ready:
            yield ready.result()
    yield coming.result()


def _band(image, turn, top, bottom):
    """Rows ``top`` to ``bottom`` of the upright picture, cut out of the one that is stored."""
    width, height = image.size
    stored = width if turn in SIDEWAYS else height
    if turn in TOP_COMES_LAST:
        top, bottom = stored - bottom, stored - top
    box = (top, 0, bottom, height) if turn in SIDEWAYS else (0, top, width, bottom)
    return image.crop(box).transpose(turn)


def _parts(coded, rows):
    """(what stands before the pixels, the pixels) of a band; its header tells the whole height."""
    head, at = bytearray(coded), 2
    while True:
        marker, length = coded[at + 1], int.from_bytes(coded[at + 2 : at + 4], "big")
        if marker == FRAME:
            head[at + 5 : at + 7] = rows.to_bytes(2, "big")
        at += 2 + length
        if marker == SCAN:
            return bytes(head[:at]), memoryview(coded)[at : -len(END)]
