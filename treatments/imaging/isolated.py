"""Taking a photograph in behind a wall: the decoders run in a short-lived process of their own.

The child loads Pillow alone, sees no settings and no secrets, holds limits on memory, processor
time and open files, reads the photo from its standard input and writes one line of JSON and the
clean JPEG to its standard output. Whatever the file does to it, the parent has a sentence to show.
"""

import hashlib
import importlib.util
import json
import os
import sys
import warnings
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from PIL import Image

from treatments.imaging.intake import Limits, Master, PhotoRefused, read, take_in

ROOT = Path(__file__).resolve().parents[2]
CHILD = "from treatments.imaging.isolated import _child; _child()"
HEADER_BYTES = 4096
FILE_HANDLES = 32

TOO_LONG = "This photo took too long to read. Save it again as a JPEG and choose that file."
TOO_LARGE = "This photo needs too much memory to read. Save it again as a JPEG, smaller."
FAILED = "This photo could not be read. Save it again as a JPEG and choose that file."


def take_in_isolated(source, *, limits):
    """Return the Master of a photo given as bytes or path, or raise PhotoRefused.

    Same result as ``intake.take_in``, at about 0.1 s more. Memory and processor limits need
    POSIX; the wall clock binds everywhere.
    """
    import tempfile  # here and below: not for the child, which should start quickly

    data = read(source, limits)  # refuses the wrong kind and size without a process
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        given.write(data)
        given.seek(0)
        _run(given, taken, limits)
        taken.seek(0)
        header, clean = taken.readline(HEADER_BYTES), taken.read()
    return _master(header, clean, hashlib.sha256(data).hexdigest())


def _run(given, taken, limits):
    """Run the child to its end or to the end of its time."""
    import subprocess

    # Isolated and without a site: no setting of the machine reaches the child, and it starts in
    # half the time. So it is told where the libraries are.
    command = [sys.executable, "-I", "-S", "-c", _paths() + CHILD, json.dumps(asdict(limits))]
    try:
        ended = subprocess.run(
            command,
            stdin=given,
            stdout=taken,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            timeout=limits.wall_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise PhotoRefused("took_too_long", TOO_LONG) from None
    if _ran_out_of_time(ended.returncode):
        raise PhotoRefused("took_too_long", TOO_LONG)
    if ended.returncode:
        raise PhotoRefused("decoder_failed", FAILED)


def _paths():
    """The first line of the child: where our code and the two decoders' packages are."""
    found = filter(None, map(importlib.util.find_spec, ("PIL", "pi_heif")))
    homes = dict.fromkeys([str(ROOT), *(str(Path(spec.origin).parents[1]) for spec in found)])
    return f"import sys; sys.path[:0] = {list(homes)!r}\n"


def _environment():
    """What the child may see: nothing that could be stolen."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TZ") if name in os.environ}
    return kept | {
        # One heap instead of one per decoder thread: each would claim 64 MB of the address space.
        "MALLOC_ARENA_MAX": "1",
        # Large pages where the C library offers them: turning 24 megapixels takes half the time.
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
    }


def _ran_out_of_time(return_code):
    """Whether the processor limit ended the child: the soft one first, then the hard one."""
    return return_code in (-24, -9)  # SIGXCPU, SIGKILL


def _master(header, clean, original_sha256):
    """Read the child's answer; anything but a clean answer is a photo that was not read."""
    try:
        answer = json.loads(header)
        if "refused" in answer:
            raise PhotoRefused(*answer["refused"])
        if hashlib.sha256(clean).hexdigest() != answer["sha256"]:
            raise PhotoRefused("decoder_failed", FAILED)
        taken_at = answer.pop("taken_at")
        answer["taken_at"] = taken_at and datetime.fromisoformat(taken_at)
        answer["original_sha256"] = original_sha256
        return Master(bytes=clean, **answer)
    except (ValueError, KeyError, TypeError):
        raise PhotoRefused("decoder_failed", FAILED) from None


def _child():
    """The child's whole life: bind the limits, take one photo in, answer."""
    limits = Limits(**json.loads(sys.argv[1]))
    _bind(limits)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    clean = b""
    try:
        master = take_in(sys.stdin.buffer.read(limits.max_bytes + 1), limits=limits)
        clean = master.bytes
        answer = {**vars(master), "taken_at": master.taken_at and master.taken_at.isoformat()}
        del answer["bytes"]
    except PhotoRefused as refused:
        answer = {"refused": [refused.code, refused.sentence]}
    except MemoryError:
        answer = {"refused": ["too_much_memory", TOO_LARGE]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(clean)


def _bind(limits):
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
