"""Measured: taking in and rendering a photo, beside the bare sum of decoding and encoding it.

    python -m tests.bench.photos [--samples 10]

Photos are held sideways, as an iPad or telephone stores them. `floor` is decode and encode at the
master's own quality in this process, `floor, own process` the same in a Python that does nothing
else, started anew for each photo, as the isolated intake is. Times are by the clock; the memory is
the peak of the process that decodes. Linux only.
"""

import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

SIZES = ((4032, 3024), (6000, 4000))
QUALITY = 92  # of the master, treatments/imaging/intake.py
SAMPLES = 10
FLOOR_CHILD = (
    "import io, sys; from PIL import Image\n"
    "image = Image.open(sys.argv[1]); out = io.BytesIO()\n"
    f"image.save(out, 'JPEG', quality={QUALITY})\n"
    "sys.stdout.buffer.write(out.getvalue())"
)


def photo(width: int, height: int) -> Image.Image:
    """Return a noisy skin-coloured picture: about as many bytes a pixel as a camera's."""
    shade = Image.effect_noise((width // 16, height // 16), 60).resize((width, height))
    grain = Image.effect_noise((width, height), 14)
    bands = [
        shade.point(lambda v, a=a, b=b: min(255, v * a + b))
        for a, b in ((1, 60), (0.8, 20), (0.7, 10))
    ]
    return Image.blend(Image.merge("RGB", bands), Image.merge("RGB", [grain] * 3), 0.18)


def make(path: str, width: str, height: str) -> None:
    """Write a photo held sideways."""
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(int(width), int(height)).save(path, "JPEG", quality=90, exif=exif)


def floor(path: str) -> None:
    """Decode and encode, nothing else."""
    Image.open(path).save(io.BytesIO(), "JPEG", quality=QUALITY)


def floor_apart(path: str) -> None:
    """Decode and encode in a process of its own, the result read back."""
    command = [sys.executable, "-I", "-S", "-c", _found(FLOOR_CHILD), path]
    subprocess.run(command, stdout=subprocess.PIPE, check=True)


def _found(program: str) -> str:
    """Return a program that finds Pillow although no site is set up."""
    return f"import sys; sys.path.append({str(Path(Image.__file__).parents[1])!r})\n{program}"


def take_in(path: str) -> None:
    """Take in without the wall."""
    from treatments.imaging import intake

    intake.take_in(path, limits=intake.Limits())


def take_in_isolated(path: str) -> None:
    """Take in as a web request does."""
    from treatments.imaging import intake, isolated

    isolated.take_in_isolated(path, limits=intake.Limits())


def render(path: str) -> None:
    """Make the three sizes, as the background worker does."""
    from treatments.imaging import renditions

    renditions.render(Path(path).read_bytes())


WAYS = {deed.__name__: deed for deed in (floor, floor_apart, take_in, take_in_isolated, render)}
APART = {"floor_apart", "take_in_isolated"}


def peak_mb(of_child: bool) -> float:
    """Return the peak resident memory of this process, or of its largest child, in 10^6 bytes."""
    import resource

    if of_child:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6
    status = Path("/proc/self/status").read_text()  # ru_maxrss remembers the parent's peak
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1e6


def peak_of(way: str, path: str) -> float:
    """Return the peak of one way in a fresh process that does nothing else."""
    command = [sys.executable, "-m", "tests.bench.photos", "--peak", way, path]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return float(told)


def processor_seconds() -> float:
    """Return what this process and its ended children have used of the processors."""
    import resource

    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(one.ru_utime + one.ru_stime for one in used)


def times_of(path: str, samples: int) -> dict[str, list[tuple[float, float]]]:
    """Return (ms by the clock, ms of processor) by way.

    The ways take turns, so that a busy moment hits all alike.
    """
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in WAYS}
    for number in range(samples + 1):
        for way, deed in WAYS.items():
            begun, work = time.perf_counter(), processor_seconds()
            deed(path)
            work, clock = processor_seconds() - work, time.perf_counter() - begun
            if number:  # the first is a warm-up
                found[way].append((clock * 1000, work * 1000))
    return found


def photos(samples: int) -> Iterator:
    """Measure intake and renditions of 12 and 24 megapixels."""
    from tests.bench.timing import Result

    isolated = {"target": "≤ 1.5 × floor, ≤ 200 MB", "target_ratio": 1.5, "target_mb": 200}
    names = {
        "take_in_isolated": ("intake behind its wall", "floor_apart", isolated),
        "take_in": ("intake, no wall", "floor", {"target": "≤ 200 MB", "target_mb": 200}),
        "render": ("three sizes", "floor", {"target": "≤ 200 MB", "target_mb": 200}),
        "floor_apart": ("bare decode and encode in its own process", "floor", {}),
    }
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            path = str(Path(folder) / f"{width}.jpg")
            subprocess.run([sys.executable, "-m", "tests.bench.photos", "--make", path, str(width),
                            str(height)], check=True)  # fmt: skip
            times = times_of(path, min(samples, SAMPLES))
            for way, (name, against, target) in names.items():
                clock, work = (list(column) for column in zip(*times[way], strict=True))
                yield Result(
                    f"{width * height / 1e6:.0f} MP: {name}", clock,
                    [floor for floor, _ in times[against]], work=work,
                    peak_mb=peak_of(way, path), **target,
                )  # fmt: skip


def main(arguments: list[str]) -> None:
    """Print the photos' rows of the table, or do one thing for a parent process."""
    if arguments[:1] == ["--make"]:
        make(*arguments[1:])
    elif arguments[:1] == ["--peak"]:
        way, path = arguments[1:]
        WAYS[way](path)
        print(peak_mb(of_child=way in APART))
    else:
        from tests.bench.table import row

        for result in photos(int(arguments[1]) if arguments else SAMPLES):
            print(row(result), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
