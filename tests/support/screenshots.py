"""Take the pictures of the README from a demo of their own, in a folder that is gone afterwards.

    python3 run.py screenshots

Patients are found by name on today's board, so the story decides what is seen, not a row's key.
"""

import io
import os
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from tests.support.browser import ROOT, choose_playwright_node, launch_args

DESKTOP, IPAD = (1440, 900), (1024, 768)
COLOURS = 192  # of a palette: enough for a page, a third of the bytes
LIMIT_BYTES = 250 * 1024


def today(page):
    """Show who comes today, for the whole clinic."""
    page.goto("/?show=all")


def chart(page):
    """Show a patient's story with photos."""
    today(page)
    page.get_by_role("link", name="Rohan Fictionford", exact=True).click()


def course_dates(page):
    """Show the planner's proposals for a course."""
    today(page)
    page.get_by_role("link", name="Mei-Lin Pretendford", exact=True).click()
    page.get_by_role("link", name="Acne scars of the face").first.click()
    page.get_by_role("link", name="Propose dates").first.click()


def session_record(page):
    """Show a signed record with a finding and its answer."""
    today(page)
    page.get_by_role("link", name="Łukasz Exampleford", exact=True).click()
    page.get_by_role("link", name="Session 1 of 4").first.click()


def photo_compare(page):
    """Show the first and the latest photo side by side."""
    chart(page)
    page.goto(page.url.rstrip("/") + "/photos/compare/")


def admin_planner(page):
    """Show all running courses by state."""
    page.goto("/admin/treatments/treatmentplan/")


def diary(page):
    """Show the day by practitioner, each visit as its phases."""
    page.goto("/diary/")


PICTURES = (
    ("today", "mara", IPAD, "light", today),
    ("chart", "mara", DESKTOP, "light", chart),
    ("course-dates", "mara", DESKTOP, "light", course_dates),
    ("session-record", "mara", DESKTOP, "light", session_record),
    ("photo-compare", "mara", DESKTOP, "dark", photo_compare),
    ("admin-planner", "lead", DESKTOP, "light", admin_planner),
    ("diary", "desk", DESKTOP, "light", diary),
)


def main(folder: Path = ROOT / "docs/images") -> None:
    """Write every picture into a folder."""
    choose_playwright_node()
    folder.mkdir(parents=True, exist_ok=True)
    with running_demo() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**launch_args())
        for name, username, size, scheme, show in PICTURES:
            with _signed_in(browser, url, username, size, scheme) as page:
                show(page)
                page.wait_for_load_state("networkidle")
                data = _small(page.screenshot(animations="disabled"))
            (folder / f"{name}.png").write_bytes(data)
            print(f"{name}.png, {len(data) // 1024} kB", flush=True)
        browser.close()


@contextmanager
def running_demo():
    """Run a fresh demo on a free port inside the block; yields its address."""
    with tempfile.TemporaryDirectory(prefix="needlepoint-pictures-") as var:
        environment = {**os.environ, "NEEDLEPOINT_DEMO": "1", "NEEDLEPOINT_VAR": var}
        manage = [sys.executable, str(ROOT / "manage.py")]
        for command in (["migrate", "-v0"], ["createcachetable"], ["demo"]):
            subprocess.run([*manage, *command], env=environment, cwd=ROOT, check=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [*manage, "runserver", "--noreload", f"127.0.0.1:{port}"], env=environment, cwd=ROOT,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            while server.poll() is None and not _answers(port):
                time.sleep(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


@contextmanager
def _signed_in(browser, url, username, size, scheme):
    """Yield a page of a person who signed in as somebody trying the demo does."""
    context = browser.new_context(
        base_url=url, viewport={"width": size[0], "height": size[1]}, color_scheme=scheme,
        locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto("/")
    page.click(f"[data-demo-username={username}]")
    page.click("#sign-in [type=submit]")
    page.wait_for_url(lambda address: "login" not in address)
    yield page
    context.close()


def _small(png: bytes) -> bytes:
    """Return the picture with a palette, with fewer colours where it would be large."""
    with Image.open(io.BytesIO(png)) as image:
        whole = image.convert("RGB")
    for colours in (COLOURS, 96, 48):
        out = io.BytesIO()
        whole.quantize(colours, method=Image.Quantize.MEDIANCUT, dither=0).save(
            out, "PNG", optimize=True
        )
        if out.tell() <= LIMIT_BYTES:
            break
    return out.getvalue()


if __name__ == "__main__":
    main()
