"""The two commands: what they refuse, what they skip, and how their processes end."""

import ast
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

import run

SERVE = """
import run, sys
sleep = [sys.executable, "-c", "import os, time; os.write(1, b'up\\\\n'); time.sleep(60)"]
die = [sys.executable, "-c", "raise SystemExit(3)"]
children = {"web server": sleep, "background worker": die if "die" in sys.argv else sleep}
try:
    sys.exit(run.serve(children, None, ("127.0.0.1", 1), "http://127.0.0.1/"))
except run.CannotGoOn as reason:
    sys.exit(str(reason))
"""


@pytest.fixture
def free_port():
    """A port nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_serving(*arguments):
    """Start two sleeping processes through run.serve in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, *arguments],
        cwd=run.ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition, seconds=20):
    """Wait for a condition; tell whether it came true."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_the_script_parses_where_only_its_refusal_runs():
    ast.parse(Path(run.__file__).read_text(), feature_version=(3, 6))


def test_an_old_python_gets_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(run, "OLDEST_PYTHON", (9, 9))

    assert run.main([]) == 1
    assert capsys.readouterr().err == (
        "\nNeedlepoint needs Python 9.9 or newer and this is Python "
        f"{sys.version_info[0]}.{sys.version_info[1]}: start run.py with a newer one.\n"
    )


def test_a_taken_port_gets_one_sentence_before_anything_is_installed(capsys):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]

        assert run.main([f"127.0.0.1:{port}"]) == 1

    said = capsys.readouterr()
    assert said.err == (
        f"\nPort {port} of 127.0.0.1 is taken by another program: choose another one, for example "
        f"python3 run.py {port + 1}\n"
    )
    assert said.out == ""


def test_a_port_whose_server_just_ended_is_free(free_port):
    assert run.refuse_taken_port("127.0.0.1", free_port) is None


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("8001", ("127.0.0.1", 8001)),
        ("localhost", ("localhost", 8000)),
        ("localhost:81", ("localhost", 81)),
        ("[::1]:8000", ("::1", 8000)),
        ("[::1]", ("::1", 8000)),
    ],
)
def test_an_address_may_leave_out_half(text, address):
    assert run.parse_address(text) == address


@pytest.mark.parametrize("text", ["localhost:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:0"])
def test_a_wrong_address_is_refused(text):
    with pytest.raises(run.CannotGoOn, match=r"is not an address like 127\.0\.0\.1:8000\.$"):
        run.parse_address(text)


def test_well_known_passwords_stay_on_this_computer(monkeypatch):
    monkeypatch.delenv("ALLOWED_HOSTS", raising=False)

    with pytest.raises(run.CannotGoOn, match="answers this computer only"):
        run.parse_address("0.0.0.0:8000")

    monkeypatch.setenv("ALLOWED_HOSTS", "clinic.example")
    assert run.parse_address("0.0.0.0:8000") == ("0.0.0.0", 8000)


def test_a_python_without_ensurepip_gets_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "VENV", tmp_path / "venv")
    monkeypatch.setattr(run.importlib.util, "find_spec", lambda name: None)

    with pytest.raises(run.CannotGoOn, match=r"apt-get install python3-venv$"):
        run.make_venv()


@pytest.mark.parametrize(
    ("log", "sentence"),
    [
        ("WARNING: Retrying (Retry(total=1", "the package index did not answer"),
        ("THESE PACKAGES DO NOT MATCH THE HASHES", "is not the one that was locked"),
        ("error: command 'gcc' failed", "pip.log says why"),
    ],
)
def test_what_pip_said_becomes_one_sentence(log, sentence):
    assert sentence in run.explain_pip(log)


def test_a_silent_npm_registry_gets_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(run, "find_npm", lambda: (["npm"], {}))
    monkeypatch.setattr(run, "call_logged", lambda *_, **__: "npm error code ENOTFOUND")
    monkeypatch.setattr(run.Step, "is_done", lambda step: False)

    with pytest.raises(run.CannotGoOn, match="the npm registry did not answer"):
        run.install_node_packages("--omit=dev")


@pytest.mark.skipif(os.name == "nt", reason="npm is a script there is no shell for")
@pytest.mark.parametrize("path", ["", "an old node"])
def test_without_a_node_of_the_machine_npm_comes_from_a_python_package(monkeypatch, tmp_path, path):
    scripts, old = tmp_path / "scripts", tmp_path / "old"
    for folder in (scripts, old):
        folder.mkdir()

    def write(place, text):
        place.write_text(text)
        place.chmod(0o755)

    def install(lock, also_fulfils, what):
        installed.append((lock, what))
        write(scripts / "node", '#!/bin/sh\necho "the wheel\'s node runs ${1##*/} $2"\n')
        write(scripts / "npm", "#!/usr/bin/env node\n")

    installed = []
    write(old / "node", "#!/bin/sh\necho v12.0.0\n")
    write(old / "npm", "#!/bin/sh\necho the old npm\n")
    monkeypatch.setattr(run, "install_python_packages", install)
    monkeypatch.setattr(run, "SCRIPTS", scripts)
    monkeypatch.setenv("PATH", str(old) if path else "")

    npm, environment = run.find_npm()

    said = subprocess.check_output([*npm, "ci"], env=environment, text=True)
    assert installed == [("requirements-node.txt", "Node.js")]
    assert said == "the wheel's node runs npm ci\n"


def test_a_step_is_done_until_its_input_changes_or_its_result_goes(tmp_path):
    lock, folder = tmp_path / "lock", tmp_path / "result"
    lock.write_text("one")
    assert not run.Step(folder, "step", reads=[lock]).is_done()

    run.Step(folder, "step", reads=[lock]).finish()
    assert run.Step(folder, "step", reads=[lock]).is_done()

    lock.write_text("two")
    assert not run.Step(folder, "step", reads=[lock]).is_done()

    lock.write_text("one")
    (folder / ".stamps/step").unlink()
    assert not run.Step(folder, "step", reads=[lock]).is_done()


def test_a_server_s_secrets_and_data_are_not_for_the_demo(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://clinic")
    monkeypatch.setenv("SECRET_KEY_FILE", "/run/secrets/key")
    monkeypatch.setenv("LANG", "C")

    environment = run.clean_environment(NEEDLEPOINT_DEMO="1")

    assert "DATABASE_URL" not in environment
    assert "SECRET_KEY_FILE" not in environment
    assert (environment["LANG"], environment["NEEDLEPOINT_DEMO"]) == ("C", "1")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        (["-x"], ["-m", "not browser", "-x"]),
        (["-m", "race", "-x"], ["-m", "(race) and not browser", "-x"]),
    ],
)
def test_postgresql_runs_what_was_asked_for_but_no_browser(given, used):
    assert run.without_browser(given) == used


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_child(number):
    serving = start_serving()
    assert [serving.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]

    serving.send_signal(number)

    assert serving.wait(timeout=20) == 0
    assert serving.stdout.read() == ""  # the pipe closes when the last child has gone


def test_one_child_s_end_is_everybody_s():
    serving = start_serving("die")

    assert serving.wait(timeout=20) == 1
    assert serving.stderr.read() == "The background worker ended (exit code 3).\n"


@pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
def test_not_even_a_killed_parent_leaves_children_behind():
    serving = start_serving()
    assert [serving.stdout.readline() for _ in range(2)] == ["up\n", "up\n"]
    os.set_blocking(serving.stdout.fileno(), False)

    serving.kill()

    assert wait_until(lambda: serving.stdout.buffer.read() == b"")
