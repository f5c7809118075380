"""`docs/clinical-safety.md` and the rules name the same findings and the same tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/clinical-safety.md").read_text(encoding="utf-8")
RECORDS = ROOT / "tests/treatments/actions/test_findings.py"
FILES = (
    "consents",
    "contact",
    "depth",
    "dose",
    "dose_amounts",
    "dose_totals",
    "intervals",
    "routes",
    "screening",
    "udi",
)
ROW = re.compile(r"^\| `([A-Z0-9_]+)` \| (?:STOP|WARN|INFO) \|.*\| `(test_\w+)` \|$", re.MULTILINE)
CODE = re.compile(
    r'"((?:ALLERGY|SKIN|CONSENT|COOLING|DOSE|INTERVAL|DEPTH|PASSES|ENDPOINT|ROUTE|LOT|CARTRIDGE|HEALTH)'
    r'_[A-Z0-9_]+)"'
)


def test_the_page_lists_every_code_the_rules_can_give_and_no_other():
    files = [*(f"safety/{name}" for name in FILES), "actions/findings"]
    rules = [(ROOT / f"treatments/{name}.py").read_text("utf-8") for name in files]
    in_code = {code for text in rules for code in CODE.findall(text)}
    assert {code for code, _ in ROW.findall(PAGE)} == in_code


def test_every_test_the_page_names_exists():
    beside = [*Path(__file__).parent.glob("test_*.py"), RECORDS]
    tests = "".join(path.read_text("utf-8") for path in beside)
    named = {name for _, name in ROW.findall(PAGE)}
    assert [name for name in sorted(named) if f"def {name}(" not in tests] == []


def test_every_code_the_page_mentions_is_a_code():
    mentioned = set(
        re.findall(
            r"`((?:CONSENT|COOLING|DOSE|INTERVAL|DEPTH|ROUTE|LOT|CARTRIDGE|HEALTH)_[A-Z0-9_]+)`",
            PAGE,
        )
    )
    assert mentioned <= {code for code, _ in ROW.findall(PAGE)}
