"""What a file is, told from its first bytes; its name and declared type are never asked."""

PHOTO_BRANDS = (
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1",
)  # fmt: skip
# (offset, bytes, what it is in a clinician's words); the first match wins.
OTHER_KINDS = (
    (0, b"GIF8", "a GIF"),
    (0, b"BM", "a BMP"),
    (0, b"II*\0", "a TIFF or a raw camera file"),
    (0, b"MM\0*", "a TIFF or a raw camera file"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"%PDF", "a PDF document"),
    (0, b"%!PS", "a PostScript document"),
    (0, b"\xc5\xd0\xd3\xc6", "a PostScript document"),
    (0, b"PK\x03\x04", "a ZIP archive or an Office document"),
    (0, b"PK\x05\x06", "a ZIP archive or an Office document"),
    (0, b"SIMPLE  =", "a FITS file"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\0\0\1\0", "an icon"),
    (0, b"MZ", "a program"),
    (0, b"\x7fELF", "a program"),
    (0, b"#!", "a program"),
    (0, b"\x1f\x8b", "an archive"),
    (0, b"7z\xbc\xaf", "an archive"),
    (0, b"Rar!", "an archive"),
    (0, b"\x1a\x45\xdf\xa3", "a video"),
    (8, b"AVI ", "a video"),
    (8, b"WAVE", "a sound"),
    (0, b"ID3", "a sound"),
    (128, b"DICM", "a DICOM file"),
)


def of(data):
    """Return "JPEG", "PNG", "WEBP" or "HEIF", else what it is with its article, or ""."""
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:8] == b"\x89PNG\r\n\x1a\n":
        return "PNG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp":
        return _boxed(data)
    for offset, mark, kind in OTHER_KINDS:
        if data[offset : offset + len(mark)] == mark:
            return kind
    return _written(data)


def _boxed(data):
    """A file in ISO base media boxes (ISO/IEC 14496-12): still pictures or video."""
    length = min(int.from_bytes(data[:4], "big"), 256)
    brands = {data[at : at + 4] for at in (8, *range(16, length, 4))}
    if data[8:12] in (b"avif", b"avis") or (b"avif" in brands and b"heic" not in brands):
        return "an AVIF"
    return "HEIF" if data[8:12] in PHOTO_BRANDS else "a video"


def _written(data):
    """A file of text: a web page, a drawing, or plain words."""
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "a web page"
    if head.startswith((b"<?xml", b"<!")):
        return "an XML document"
    if head and head.isascii() and b"\0" not in head:
        return "a text"
    return ""
