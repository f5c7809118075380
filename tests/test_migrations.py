"""The schema can be built, taken back and built again."""

import os
import subprocess
import sys


def migrate(var, *arguments):
    """Run `manage.py migrate` on a SQLite file of its own, never on a database that is set."""
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0", *arguments],
        env=environment | {"NEEDLEPOINT_VAR": str(var)}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_schema_of_the_care_goes_forward_back_to_nothing_and_forward_again(tmp_path):
    steps = [(), ("treatments", "zero"), ()]

    done = [migrate(tmp_path, *arguments) for arguments in steps]

    assert [(step.returncode, step.stderr) for step in done] == [(0, "")] * 3
