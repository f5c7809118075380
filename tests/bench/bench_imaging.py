"""What taking in and rendering a photo costs, beside the bare sum of decoding and encoding it.

    python -m tests.bench.bench_imaging

Prints, for 12 and 24 megapixels held sideways: processor seconds (the least of five runs, since
a busy machine only adds), their ratio to the bare floor, seconds by the clock, and the peak memory
of a process that does nothing else. Linux only.
"""

import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

SIZES = ((4032, 3024), (6000, 4000))
WAYS = ("floor", "take_in", "take_in_isolated", "render")
RUNS = 5


def photo(width, height):
    """Return a noisy skin-coloured picture: about as many bytes a pixel as a camera's."""
    shade = Image.effect_noise((width // 16, height // 16), 60).resize((width, height))
    grain = Image.effect_noise((width, height), 14)
    bands = [
        shade.point(lambda v, a=a, b=b: min(255, v * a + b))
        for a, b in ((1, 60), (0.8, 20), (0.7, 10))
    ]
    return Image.blend(Image.merge("RGB", bands), Image.merge("RGB", [grain] * 3), 0.18)


def do(way, path):
    """Do one thing once; return (wall seconds, processor seconds, peak MiB of the decoder)."""
    from treatments.imaging.intake import Limits, take_in
    from treatments.imaging.isolated import take_in_isolated
    from treatments.imaging.renditions import render

    wall, work = time.perf_counter(), sum(os.times()[:4])
    if way == "floor":
        image = Image.open(path)
        image.load()
        image.save(io.BytesIO(), "JPEG", quality=92)
    elif way == "render":
        render(Path(path).read_bytes())
    else:
        {"take_in": take_in, "take_in_isolated": take_in_isolated}[way](path, limits=Limits())
    wall, work = time.perf_counter() - wall, sum(os.times()[:4]) - work
    return wall, work, _peak(of_child=way == "take_in_isolated")


def _peak(*, of_child):
    """Return the peak resident memory of this process, or of its only child, in MiB."""
    import resource

    if of_child:
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status").read_text()  # ru_maxrss remembers the parent's peak
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def make(path, width, height):
    """Write a photo held sideways."""
    exif = Image.Exif()
    exif[0x0112] = 6
    photo(int(width), int(height)).save(path, "JPEG", quality=90, exif=exif)


def fresh(*arguments):
    """Run this file in a fresh process; return the figures it prints."""
    command = [sys.executable, "-m", "tests.bench.bench_imaging", *map(str, arguments)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [float(figure) for figure in told.split()]


def main():
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        for width, height in SIZES:
            path = Path(folder) / f"{width}.jpg"
            fresh("make", path, width, height)
            floor = None
            for way in WAYS:
                runs = zip(*(fresh(way, path) for _ in range(RUNS)), strict=True)
                wall, work, peak = (min(figures) for figures in runs)
                floor = floor or work
                line = (
                    f"{width * height / 1e6:5.1f} MP  {way:17} {work:5.2f} s {work / floor:5.2f} x"
                )
                sys.stdout.write(f"{line}  by the clock {wall:5.2f} s  peak {peak:4.0f} MiB\n")


if __name__ == "__main__":
    if sys.argv[1:2] == ["make"]:
        make(*sys.argv[2:])
    elif sys.argv[1:]:
        sys.stdout.write("{} {} {}\n".format(*do(*sys.argv[1:])))
    else:
        main()
