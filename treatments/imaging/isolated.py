"""Taking a photograph in behind a wall: the decoders run in a short-lived process of their own.

The child loads Pillow alone, sees no settings and no secrets, holds limits on memory, processor
time and open files, reads the photo from its standard input and writes one line of JSON and the
clean JPEG to its standard output (`child`). Whatever the file does to it, the parent has a sentence to show.
"""

import functools
import importlib.util
import json
import os
import select
import subprocess
import sys
import tempfile
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from treatments.imaging.cleaning import Clean, PhotoRefused
from treatments.imaging.intake import master_of, read, sha256

ROOT = Path(__file__).resolve().parents[2]
CHILD = "from treatments.imaging.child import main; main()"
HEADER_BYTES = 4096

TOO_LONG = "This photo took too long to read. Save it again as a JPEG and choose that file."
FAILED = "This photo could not be read. Save it again as a JPEG and choose that file."


def take_in_isolated(source, *, limits):
    """Return the Master of a photo given as bytes or path, or raise PhotoRefused.

    Same result as ``intake.take_in``, at about 0.1 s more for the process. Memory and processor limits need
    POSIX; the wall clock binds everywhere.
    """
    data = read(source, limits)  # refuses the wrong kind and size without a process
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as taken:
        given.write(data)
        given.seek(0)
        with _started(given, taken, limits) as child:
            original_sha256 = sha256(data)  # while the child works
            _wait(child, limits)
        taken.seek(0)
        header, pixels = taken.readline(HEADER_BYTES), taken.read()
    return master_of(_answer(header, pixels), original_sha256=original_sha256)


def _started(given, taken, limits):
    """Start the child: isolated and without a site.

    No setting of the machine reaches it, and it starts in half the time. So it is told where the
    libraries are.
    """
    command = [sys.executable, "-I", "-S", "-c", _paths() + CHILD, json.dumps(asdict(limits))]
    return subprocess.Popen(
        command, stdin=given, stdout=taken, stderr=subprocess.DEVNULL, env=_environment()
    )


def _wait(child, limits):
    """Wait for the child to its end or to the end of its time."""
    try:
        return_code = _end_of(child, limits.wall_seconds)
    except subprocess.TimeoutExpired:
        raise PhotoRefused("took_too_long", TOO_LONG) from None
    finally:
        child.kill()  # one that has ended minds nothing; whatever happens here, none is left
    if _ran_out_of_time(return_code):
        raise PhotoRefused("took_too_long", TOO_LONG)
    if return_code:
        raise PhotoRefused("decoder_failed", FAILED)


def _end_of(child, seconds):
    """The child's return code, the moment it ends; subprocess.TimeoutExpired after ``seconds``.

    ``Popen.wait`` with a limit looks twenty times a second, a tenth of a photo's time. Linux tells
    of the end itself; elsewhere that look has to do.
    """
    if not hasattr(os, "pidfd_open"):
        return child.wait(seconds)
    ending = os.pidfd_open(child.pid)
    try:
        ended = select.poll()
        ended.register(ending, select.POLLIN)
        return child.wait(None if ended.poll(seconds * 1000) else 0)
    finally:
        os.close(ending)


@functools.cache
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
        # What a band gave back serves the next one, instead of being fetched anew from the kernel: a
        # tenth of the time. Large pages (glibc.malloc.hugetlb) save as much where memory is whole
        # and cost several times that where it is not.
        "MALLOC_MMAP_THRESHOLD_": str(32 * 1024**2),
        "MALLOC_TRIM_THRESHOLD_": str(256 * 1024**2),
        "PILLOW_BLOCKS_MAX": "8",
    }


def _ran_out_of_time(return_code):
    """Whether the processor limit ended the child: the soft one first, then the hard one."""
    return return_code in (-24, -9)  # SIGXCPU, SIGKILL


def _answer(header, pixels):
    """Read the child's answer; anything but a clean answer is a photo that was not read."""
    try:
        answer = json.loads(header)
        if "refused" in answer:
            raise PhotoRefused(*answer["refused"])
        if len(pixels) != answer.pop("length"):
            raise PhotoRefused("decoder_failed", FAILED)
        taken_at = answer.pop("taken_at")
        return Clean(pixels, taken_at=taken_at and datetime.fromisoformat(taken_at), **answer)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise PhotoRefused("decoder_failed", FAILED) from None
