"""Documents that cannot rot: what they name exists, and what exists is named."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READS = re.compile(r'env\.\w+\(\s*"([A-Z0-9_]+)"')


def test_every_variable_the_settings_read_is_a_row_of_the_configuration_page():
    read = set(READS.findall((ROOT / "clinic/settings.py").read_text()))
    page = (ROOT / "docs/configuration.md").read_text()
    rows = set(re.findall(r"^\| `([A-Z0-9_]+)`", page, re.M))

    assert read - {"EMAIL_URL"} == rows - {"EMAIL_URL"}
    assert {"EMAIL_URL", "DATABASE_URL"} <= rows


def test_every_command_the_operations_page_names_exists():
    named = set(re.findall(r"manage\.py (\w+)", (ROOT / "docs/operations.md").read_text()))
    own = {path.stem for path in ROOT.glob("*/management/commands/*.py")} - {"__init__"}
    libraries = {"migrate", "createcachetable", "collectstatic", "db_worker", "clearsessions",
                 "prune_db_task_results"}  # fmt: skip

    assert named - libraries - own == set()


def test_every_local_link_in_a_document_leads_somewhere():
    broken = [
        (page.name, target)
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text())
        if not (page.parent / target).exists()
    ]

    assert broken == []


def test_a_decision_fits_on_a_page():
    long = {
        path.name: len(path.read_text().splitlines())
        for path in (ROOT / "docs/decisions").glob("*.md")
        if len(path.read_text().splitlines()) > 40
    }

    assert long == {}
