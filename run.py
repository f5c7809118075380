#!/usr/bin/env python3
"""Set Needlepoint up on this machine and start it, or test it.

    python3 run.py [host:port]           the app with demo data, http://127.0.0.1:8000 unless told
    python3 run.py test [pytest args]    all tests, on SQLite and on PostgreSQL
    python3 run.py screenshots           the README's pictures, from a demo of its own

Only Python is needed. What is installed goes into .venv, node_modules and .cache, the demo's data
into var; all four may be deleted at any time. A step whose input has not changed is skipped.
"""

# This file must parse on any Python 3, so that an old one can be told in a sentence.

import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
SCRIPTS = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = SCRIPTS / ("python.exe" if os.name == "nt" else "python")
OLDEST_PYTHON, OLDEST_NODE = (3, 11), 18
PYTHON_VERSION = tuple(str(part) for part in sys.version_info[:2])
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
# The demo and the tests are a laptop's: what points a server at its secrets and data is not for them.
SERVER_VARIABLES = (
    *("SECRET_KEY", "DEBUG", "DATABASE_URL", "EMAIL_URL", "FIELD_KEYS", "AUDIT_KEY"),
    *("PHOTO_BUCKET", "PHOTO_ROOT", "PHOTO_ACCEL_PREFIX", "MFA_REQUIRED"),
)
WORKER = ("db_worker", "--no-reload", "--queue-name", "*")
PREPARE = """
import django
from django.core.management import call_command
django.setup()
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
call_command("demo", if_empty=True)
"""


class CannotGoOn(Exception):
    """A reason to stop that the reader can do something about; its text is one sentence."""


def main(arguments):
    """Do what the command line asks; return the exit code."""
    try:
        if sys.version_info < OLDEST_PYTHON:
            raise CannotGoOn(
                "Needlepoint needs Python {}.{} or newer and this is Python {}.{}: start run.py with "
                "a newer one.".format(*OLDEST_PYTHON, *sys.version_info[:2])
            )
        os.chdir(str(ROOT))
        if arguments and arguments[0] == "test":
            return test(arguments[1:])
        if arguments == ["screenshots"]:
            return screenshots()
        if len(arguments) > 1 or (arguments and arguments[0].startswith("-")):
            print(__doc__.strip())
            return 0 if arguments[0] in ("-h", "--help") else 2
        return run(*parse_address(*arguments))
    except CannotGoOn as reason:
        print(f"\n{reason}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
    except OSError as error:
        print(f"\nThis step did not work: {error}.", file=sys.stderr)
    return 1


# --- The three commands ---------------------------------------------------------------------------
def run(host, port):
    """Start the demo and stay until it ends; return the exit code."""
    refuse_taken_port(host, port)
    install_python_packages("requirements.txt", also_fulfils=())
    install_node_packages("--omit=dev")
    environment = clean_environment(NEEDLEPOINT_DEMO="1", DJANGO_RUNSERVER_HIDE_WARNING="true")
    print("Preparing the database ...", flush=True)
    if subprocess.call([str(PYTHON), "-c", PREPARE], env=environment):
        raise CannotGoOn(
            "The demo's database could not be prepared; the messages above say why, and moving the "
            "folder var away starts afresh."
        )
    refuse_taken_port(host, port)
    shown = f"[{host}]" if ":" in host else host
    commands = {
        "web server": ["runserver", "--noreload", f"{shown}:{port}"],
        "background worker": [*WORKER],
    }
    return serve(
        {name: [str(PYTHON), "manage.py", *command] for name, command in commands.items()},
        environment,
        address=(host, port),
        url=f"http://{shown}:{port}/",
    )


def test(arguments):
    """Run every test on SQLite, then all but the browser's on PostgreSQL; return the worst code."""
    install_python_packages("requirements-dev.txt", also_fulfils=("requirements.txt",))
    install_node_packages()
    pytest = [str(PYTHON), "-m", "pytest"]
    beside_postgres = [str(PYTHON), "-m", "tests.support.postgres"]
    interrupted, nothing_chosen = 2, 5  # pytest's exit codes
    with tempfile.TemporaryDirectory(prefix="needlepoint-test-") as var:
        environment = clean_environment(NEEDLEPOINT_VAR=var)
        print("\nOn SQLite, with a browser:", flush=True)
        codes = [call_patiently([*pytest, *arguments], environment)]
        if codes == [interrupted]:
            return interrupted
        print("\nOn PostgreSQL:", flush=True)
        command = [*beside_postgres, *pytest, *without_browser(arguments)]
        codes.append(call_patiently(command, environment))
    # Arguments may name tests of one of the two alone.
    return max((code for code in codes if code != nothing_chosen), default=nothing_chosen)


def screenshots():
    """Take the README's pictures of a fresh demo; return the exit code."""
    install_python_packages("requirements-dev.txt", also_fulfils=("requirements.txt",))
    install_node_packages()
    environment = clean_environment(NEEDLEPOINT_DEMO="1")
    return call_patiently([str(PYTHON), "-m", "tests.support.screenshots"], environment)


def call_patiently(command, environment):
    """Run a command that ends by itself on Ctrl-C and then still has things to tidy and to say."""
    child = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    try:
        code = child.wait()
    except KeyboardInterrupt:
        end([child], asked=True)
        code = 2
    return code if code >= 0 else 128 - code  # a negative code names the signal that ended it


def without_browser(arguments):
    """Return pytest's arguments with "not browser" joined to their -m expression."""
    arguments = list(arguments)
    if "-m" not in arguments[:-1]:
        return ["-m", "not browser", *arguments]
    place = arguments.index("-m") + 1
    arguments[place] = f"({arguments[place]}) and not browser"
    return arguments


# --- Steps ----------------------------------------------------------------------------------------
def install_python_packages(lock, also_fulfils, what="the Python packages"):
    """Install a lock file's packages into .venv; `also_fulfils` names the lock files it contains."""
    make_venv()
    step = Step(VENV, lock, reads=[lock])
    if step.is_done():
        return
    print(f"Installing {what} ...", flush=True)
    options = ["--require-hashes", "--no-input", "--retries=2"]
    log = call_logged([str(PYTHON), "-m", "pip", "install", *options, "-r", lock], "pip")
    if log is not None:
        raise CannotGoOn(explain_pip(log))
    for done in (lock, *also_fulfils):
        Step(VENV, done, reads=[done]).finish()


def explain_pip(log):
    """Return one sentence for what pip wrote before it gave up."""
    if "DO NOT MATCH THE HASHES" in log:
        return "A fetched Python package is not the one that was locked: nothing was installed."
    offline = ("Retrying (", "ConnectionError", "Temporary failure", "timed out", "SSLError")
    if any(sign in log for sign in offline):
        return (
            "The Python packages could not be fetched because the package index did not answer: "
            "check the network and run the same command again."
        )
    return f"The Python packages could not be installed; {CACHE / 'pip.log'} says why."


def make_venv():
    """Make .venv with this Python, again when this Python is another one than last time."""
    step = Step(VENV, "python", knows=".".join(PYTHON_VERSION))
    if step.is_done():
        return
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        raise CannotGoOn(
            "This Python cannot make a virtual environment because its ensurepip module is missing; "
            "on Debian and Ubuntu install it with: apt-get install python3-venv"
        )
    if not is_usable(PYTHON):
        print("Making the virtual environment ...", flush=True)
        shutil.rmtree(str(VENV), ignore_errors=True)
        if call_logged([sys.executable, "-m", "venv", str(VENV)], "venv") is not None:
            raise CannotGoOn(
                f"The virtual environment could not be made; {CACHE / 'venv.log'} says why."
            )
    step.finish()


def is_usable(python):
    """Tell whether a virtual environment's Python is of this version and has pip."""
    code = "import sys, pip; print(*sys.version_info[:2])"
    try:
        found = subprocess.check_output([str(python), "-c", code], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        return False
    return tuple(found.decode().split()) == PYTHON_VERSION


def install_node_packages(*options):
    """Install what package-lock.json names; without options also what only the tests need."""
    lock = ["package-lock.json", ".npmrc"]
    everything = Step(ROOT / "node_modules", "everything", reads=lock)
    step = Step(ROOT / "node_modules", "needed", reads=lock) if options else everything
    if everything.is_done() or step.is_done():
        return
    npm, environment = find_npm()
    print("Installing the front-end files ...", flush=True)
    command = [*npm, "ci", "--loglevel=error", "--prefer-offline", *options]
    log = call_logged(command, "npm", env=environment)
    offline = ("ENOTFOUND", "EAI_AGAIN", "ECONN", "ETIMEDOUT", "ENETUNREACH")
    if log is not None and any(sign in log for sign in offline):
        raise CannotGoOn(
            "The front-end files could not be fetched because the npm registry did not answer: "
            "check the network and run the same command again."
        )
    if log is not None:
        raise CannotGoOn(
            f"The front-end files could not be installed; {CACHE / 'npm.log'} says why."
        )
    step.finish()


def find_npm():
    """Return the npm command and its environment: the machine's, else one from a Python package."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_version(node) >= OLDEST_NODE:
        return [npm], dict(os.environ)
    install_python_packages("requirements-node.txt", also_fulfils=(), what="Node.js")
    search_path = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", "")])
    return [shutil.which("npm", path=search_path)], {**os.environ, "PATH": search_path}


def node_version(node):
    """Return the main version of a Node.js program, 0 where it does not run."""
    try:
        return int(subprocess.check_output([node, "--version"]).decode().lstrip("v").split(".")[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


class Step:
    """Work that need not be done twice: a stamp beside its result holds what it was done with."""

    def __init__(self, folder, name, reads=(), knows=""):
        """`folder` is where the result lies, `reads` names files whose content counts."""
        self.stamp = folder / ".stamps" / name
        facts = [knows] + [(ROOT / path).read_text(encoding="utf-8") for path in reads]
        self.made_with = hashlib.sha256("\0".join(facts).encode()).hexdigest()

    def is_done(self):
        """Tell whether the work was finished with the same inputs and is still there."""
        return self.stamp.is_file() and self.stamp.read_text() == self.made_with

    def finish(self):
        """Write the stamp."""
        self.stamp.parent.mkdir(parents=True, exist_ok=True)
        self.stamp.write_text(self.made_with)


def call_logged(command, name, **options):
    """Run a command with its output in .cache/<name>.log; return that output if it failed."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / f"{name}.log"
    with path.open("wb") as log:
        code = subprocess.call(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, **options
        )
    return path.read_text(errors="replace") if code else None


def clean_environment(**additions):
    """Return this environment without a server's variables (also as …_FILE), with `additions`."""
    unwanted = {name + suffix for name in SERVER_VARIABLES for suffix in ("", "_FILE")}
    kept = {name: value for name, value in os.environ.items() if name not in unwanted}
    ours = {"DJANGO_SETTINGS_MODULE": "clinic.settings", "PYTHONUNBUFFERED": "1"}
    return {**kept, **ours, **additions}


# --- Address and processes ------------------------------------------------------------------------
def parse_address(text="127.0.0.1:8000"):
    """Return host and port of `host:port`, `[host]:port`, `host` or `port`."""
    host, _, port = text.rpartition(":") if not text.endswith("]") else (text, "", "8000")
    if not host and not port.isdigit():
        host, port = port, "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotGoOn(f"{text} is not an address like 127.0.0.1:8000.")
    host = host.strip("[]") or "127.0.0.1"
    if host not in LOCAL_HOSTS and "ALLOWED_HOSTS" not in os.environ:
        raise CannotGoOn(
            "The demo has well-known passwords and therefore answers this computer only, on "
            "127.0.0.1, unless the variable ALLOWED_HOSTS names who else may be let in."
        )
    return host, int(port)


def refuse_taken_port(host, port):
    """Stop unless the address is free."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # a port of a server that just ended is free
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except PermissionError:
        raise CannotGoOn(
            f"Port {port} is reserved for the system: choose one above 1023."
        ) from None
    except socket.gaierror:
        raise CannotGoOn(f"There is no computer called {host} here.") from None
    except OSError:
        raise CannotGoOn(
            f"Port {port} of {host} is taken by another program: choose another one, for example "
            f"python3 run.py {min(port + 1, 65535)}"
        ) from None


def serve(commands, environment, address, url):
    """Keep all commands running side by side until one ends or a signal comes; end them all."""
    asked_to_stop = []
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(
                getattr(signal, name), lambda number, _frame: asked_to_stop.append(number)
            )
    # In a session of their own, so that Ctrl-C reaches them once, through this process.
    children = {
        name: subprocess.Popen(
            command, env=environment, start_new_session=True, preexec_fn=stop_with_parent()
        )
        for name, command in commands.items()
    }
    try:
        announced = False
        while not asked_to_stop:
            for name, child in children.items():
                if child.poll() is not None:
                    raise CannotGoOn(f"The {name} ended (exit code {child.returncode}).")
            if not announced and answers(address):
                announced = True
                print(f"\nNeedlepoint runs at {url}", flush=True)
                print("The sign-in page lists the demo accounts. Ctrl-C ends it.\n", flush=True)
            time.sleep(0.1)
        return 0
    finally:
        end(children.values())


def answers(address):
    """Tell whether something listens at an address."""
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True


def end(children, asked=False, patience=10):
    """Ask the processes to end unless they have been asked already, then make them."""
    for child in children:
        if not asked:
            child.terminate()
    deadline = time.monotonic() + patience
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def stop_with_parent():
    """Return what a child does before it starts, so that on Linux it also ends when we are killed."""
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
