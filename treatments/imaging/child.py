"""What runs behind the wall: one photo from standard input, one answer to standard output.

Started by ``isolated`` for each photo, with its limits as the one argument. It imports what it
needs and not a module more: half of a small photo's time would go into that.
"""

import json
import sys
import warnings
from types import SimpleNamespace

from PIL import Image

from treatments.imaging.cleaning import PhotoRefused, clean

FILE_HANDLES = 32
TOO_LARGE = "This photo needs too much memory to read. Save it again as a JPEG, smaller."


def main():
    """The child's whole life: bind the limits, take one photo in, answer."""
    limits = SimpleNamespace(**json.loads(sys.argv[1]))
    bind(limits)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    pixels = b""
    try:
        pixels, *facts = cleaned = clean(sys.stdin.buffer.read(), limits=limits)
        answer = dict(zip(cleaned._fields[1:], facts, strict=True))
        answer |= {"length": len(pixels), "taken_at": cleaned.taken_at and str(cleaned.taken_at)}
    except PhotoRefused as refused:
        answer = {"refused": [refused.code, refused.sentence]}
    except MemoryError:
        answer = {"refused": ["too_much_memory", TOO_LARGE]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(pixels)


def bind(limits):
    """Set the limits that the kernel keeps; Windows has none of them."""
    try:
        import resource
    except ImportError:
        return
    seconds = limits.cpu_seconds
    for limit, soft, hard in (
        (resource.RLIMIT_AS, limits.memory_bytes, limits.memory_bytes),
        (resource.RLIMIT_CPU, seconds, seconds + 1),
        (resource.RLIMIT_FSIZE, 4 * limits.max_bytes, 4 * limits.max_bytes),
        (resource.RLIMIT_NOFILE, FILE_HANDLES, FILE_HANDLES),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        resource.setrlimit(limit, (soft, hard))
