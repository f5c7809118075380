"""The rules of the house that a reader would otherwise have to remember."""

import ast
import io
import re
import tokenize
from functools import cache
from pathlib import Path

import pytest
from django.core.management import call_command
from importlinter import api as importlinter

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 400
LONGEST_VIEW = 25  # lines of a function a URL leads to
LONGEST_FUNCTION = 60  # a screen
FORBIDDEN_NAMES = {
    "FloatField": "quantities are Decimal",
    "RawSQL": "questions are QuerySet methods",
    "csrf_exempt": "every form carries its token",
    "mark_safe": "HTML is written in templates",
    "receiver": "deeds say what they do; nothing listens",
}
# Rows that may be there already, which is as good: one per patient and zone.
MADE_ON_THE_WAY = {"TreatedArea.objects.bulk_create"}
DJANGO_SIGNALS = {"django.db.models.signals", "django.dispatch"}
FORBIDDEN_IN_TEMPLATES = {
    "a filter that stops escaping": re.compile(r"\|\s*safe(seq)?\b|\{%\s*autoescape\s+off"),
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=|<style\b", re.IGNORECASE),
    "an inline handler": re.compile(r"<[^>]*\s(hx-)?on[a-z:-]+\s*=", re.IGNORECASE),
    "an inline script": re.compile(
        r"<script\b(?![^>]*\bsrc=)(?![^>]*\btype=\"application/json\")", re.IGNORECASE
    ),
    "a link that runs script": re.compile(r"javascript:", re.IGNORECASE),
}


@cache
def app_modules():
    """Return the Python files of both packages, migrations left out."""
    found = [
        path for package in ("clinic", "treatments") for path in (ROOT / package).rglob("*.py")
    ]
    assert found
    return [path for path in found if "migrations" not in path.parts]


@cache
def templates():
    """Return every template."""
    found = list((ROOT / "templates").rglob("*.html"))
    assert found
    return found


@cache
def names_of(path):
    """Return the names a Python file uses, with their lines; words in texts do not count."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return [(token.string, token.start[0]) for token in tokens if token.type == tokenize.NAME]


@cache
def tree_of(path):
    """Return a Python file's syntax tree."""
    return ast.parse(path.read_text())


def place(path, line):
    """Return `file:line` for a message."""
    return f"{path.relative_to(ROOT)}:{line}"


def test_imports_run_one_way(capsys):
    kept = importlinter.use_cases.lint_imports(
        config_filename=str(ROOT / "pyproject.toml"), cache_dir=None, no_logo=True
    )

    assert kept, capsys.readouterr().out


@pytest.mark.parametrize("name", FORBIDDEN_NAMES)
def test_the_packages_do_without(name):
    used = [
        place(path, line)
        for path in app_modules()
        for found, line in names_of(path)
        if found == name
    ]

    assert used == [], FORBIDDEN_NAMES[name]


@pytest.mark.parametrize("fault", FORBIDDEN_IN_TEMPLATES)
def test_no_template_has(fault):
    found = [
        place(path, text.count("\n", 0, match.start()) + 1)
        for path in templates()
        for text in [path.read_text()]
        for match in FORBIDDEN_IN_TEMPLATES[fault].finditer(text)
    ]

    assert found == []


def test_no_model_overrides_save_or_delete():
    overrides = [
        place(path, method.lineno)
        for path in app_modules()
        for kind in ast.walk(tree_of(path))
        if isinstance(kind, ast.ClassDef) and is_model(kind)
        for method in kind.body
        if isinstance(method, ast.FunctionDef) and method.name in ("save", "delete")
    ]

    assert overrides == []


def is_model(kind):
    """Tell whether a class is a model: its base is one, or it has a Meta inside models/."""
    return any(ast.unparse(base).endswith("Model") for base in kind.bases) or any(
        isinstance(part, ast.ClassDef) and part.name == "Meta" for part in kind.body
    )


def test_nothing_listens_to_the_signals_of_models():
    listening = [
        place(path, node.lineno)
        for path in app_modules()
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom) and node.module in DJANGO_SIGNALS
    ]

    assert listening == []


def test_no_refused_row_goes_unheard():
    """`ignore_conflicts` is for parents made on the way; with it a double booking would be silent."""
    silent = [
        place(path, call.lineno)
        for path in app_modules()
        for call in ast.walk(tree_of(path))
        if isinstance(call, ast.Call)
        and any(keyword.arg == "ignore_conflicts" for keyword in call.keywords)
        and ast.unparse(call.func) not in MADE_ON_THE_WAY
    ]

    assert silent == []


def test_no_file_is_longer_than_two_chapters_would_be():
    files = [
        path
        for folder in ("clinic", "treatments", "tests", "templates", "static")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".html", ".css", ".js"} and "migrations" not in path.parts
    ]

    lengths = {
        str(path.relative_to(ROOT)): path.read_text().count("\n")
        for path in [*files, ROOT / "run.py"]
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def functions_of(path):
    """Return the functions and methods of a Python file."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [node for node in ast.walk(tree_of(path)) if isinstance(node, kinds)]


def length_of(function):
    """Return how many lines a function has, its name and docstring counted."""
    return function.end_lineno - function.lineno + 1


def test_no_view_is_longer_than_it_takes_to_fetch_hand_on_and_answer():
    views = {
        place(path, function.lineno): length_of(function)
        for path in app_modules()
        if path.parent.name == "views"
        for function in functions_of(path)
        if function.args.args and function.args.args[0].arg == "request"
    }

    assert views
    assert {name: lines for name, lines in views.items() if lines > LONGEST_VIEW} == {}


def test_no_function_is_longer_than_a_screen():
    lengths = {
        place(path, function.lineno): length_of(function)
        for path in [*app_modules(), ROOT / "run.py"]
        for function in functions_of(path)
    }

    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_whatever_is_public_says_what_it_is_for():
    """Modules, classes, functions and methods; lists of choices speak for themselves."""
    silent = []
    for path in app_modules():
        tree = tree_of(path)
        if path.read_text().strip() and not ast.get_docstring(tree):
            silent.append(place(path, 1))
        holders = [tree, *(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
        for holder in holders:
            if getattr(holder, "name", "").startswith("_"):
                continue
            silent += [
                place(path, part.lineno)
                for part in holder.body
                if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)
                or (isinstance(part, ast.ClassDef) and holder is tree)
                if not part.name.startswith("_")
                if not ast.get_docstring(part)
            ]

    assert silent == []


@pytest.mark.django_db
def test_every_change_of_a_model_has_its_migration(capsys):
    try:
        call_command("makemigrations", check_changes=True, dry_run=True)
    except SystemExit:
        pytest.fail(capsys.readouterr().out)
