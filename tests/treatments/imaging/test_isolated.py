"""The wall round the decoders: whatever a file does, there is a sentence to show."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from PIL import Image

from tests.attack.corpus import DATA, TURNED_HEIC, picture, poisoned_files, refused_files, saved
from treatments.imaging import isolated
from treatments.imaging.child import TOO_LARGE
from treatments.imaging.intake import DAMAGED, Limits, PhotoRefused, take_in
from treatments.imaging.isolated import FAILED, TOO_LONG, take_in_isolated

LIMITS = Limits()
LITTLE = 128 * 1024**2
posix = pytest.mark.skipif(sys.platform == "win32", reason="the kernel keeps no such limit")


def child_that(monkeypatch, does):
    """Let the child do something else; the parent must not mind."""
    monkeypatch.setattr(isolated, "CHILD", does)


def refusal(data, limits=LIMITS):
    with pytest.raises(PhotoRefused) as refused:
        take_in_isolated(data, limits=limits)
    return refused.value.code, refused.value.sentence


@pytest.mark.parametrize(
    "data", [poisoned_files()[0].data, TURNED_HEIC], ids=["jpeg bytes", "heic path"]
)
def test_the_wall_changes_nothing_in_the_result(data):
    assert take_in_isolated(data, limits=LIMITS) == take_in(data, limits=LIMITS)


def test_a_damaged_photo_is_refused_with_the_same_words():
    damaged = next(file for file in refused_files() if file.name == "half.jpg")

    with pytest.raises(PhotoRefused) as refused:
        take_in(damaged.data, limits=LIMITS)

    assert refusal(damaged.data) == (refused.value.code, refused.value.sentence)


def test_a_file_of_another_kind_costs_no_process(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", None)

    assert refusal(b"%PDF-1.7")[0] == "not_a_photo"
    assert refusal(b"")[0] == "empty"


@posix
def test_a_photo_that_needs_more_memory_than_allowed_is_refused():
    data = saved(Image.new("L", (5_000, 5_000)), "PNG")

    assert refusal(data, replace(LIMITS, memory_bytes=LITTLE)) == (
        "too_much_memory",
        TOO_LARGE,
    )


@posix
@pytest.mark.parametrize("name", ["bomb_1bit.png", "bomb_16bit.png", "bomb_16383.webp", "bomb.jpg"])
def test_a_bomb_is_refused_with_little_memory(name):
    bomb = next(file for file in refused_files() if file.name == name)

    assert refusal(bomb.data, replace(LIMITS, memory_bytes=LITTLE))[0] == "too_many_pixels"


def test_a_photo_is_taken_in_where_the_kernel_tells_of_no_end(monkeypatch):
    monkeypatch.delattr(os, "pidfd_open", raising=False)

    assert isolated.take_in_isolated(saved(picture()), limits=LIMITS).width == picture().width


@posix
def test_a_decoder_that_spins_is_ended_by_its_processor_limit(monkeypatch):
    spin = "import sys, json, types; from treatments.imaging import child\n"
    spin += "child.bind(types.SimpleNamespace(**json.loads(sys.argv[1])))\nwhile True: pass"
    child_that(monkeypatch, spin)

    limits = replace(LIMITS, cpu_seconds=0, wall_seconds=5)

    assert refusal(saved(picture()), limits) == ("took_too_long", TOO_LONG)


@pytest.mark.parametrize("told_by_the_kernel", [True, False])
def test_a_decoder_that_sleeps_is_ended_by_the_clock(monkeypatch, told_by_the_kernel):
    if not told_by_the_kernel:
        monkeypatch.delattr(os, "pidfd_open", raising=False)
    child_that(monkeypatch, "import time; time.sleep(60)")

    assert refusal(saved(picture()), replace(LIMITS, wall_seconds=0.2)) == (
        "took_too_long",
        TOO_LONG,
    )


@pytest.mark.parametrize(
    "does",
    [
        "import os; os.abort()",
        "raise SystemExit(3)",
        "pass",
        "print('{}')",
        "print('not json')",
        "print('[1]')",
        'print(\'{"sha256": "0", "taken_at": null}\')',
    ],
)
def test_a_child_that_crashes_or_talks_nonsense_is_a_photo_not_read(monkeypatch, does):
    child_that(monkeypatch, does)

    assert refusal(saved(picture())) == ("decoder_failed", FAILED)


def test_a_heic_that_crashes_the_decoder_costs_one_child_and_no_server():
    """libheif as bundled with pi_heif 1.4.0 reads this file's header into a segmentation fault."""
    code, sentence = refusal(DATA / "crashes_decoder.heic")

    assert code in ("decoder_failed", "damaged")
    assert sentence in (FAILED, DAMAGED)


def test_the_child_sees_no_secret_of_the_server(monkeypatch):
    monkeypatch.setenv("SECRET_KEY", "canary")

    assert set(isolated._environment()) <= {
        "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_",
        "MALLOC_TRIM_THRESHOLD_",
        "PILLOW_BLOCKS_MAX",
        "SYSTEMROOT",
        "TZ",
    }


def test_the_child_loads_no_django():
    code = "import sys, treatments.imaging.isolated; print('django' in sys.modules)"

    told = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(isolated.ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )

    assert told.stdout == "False\n"
