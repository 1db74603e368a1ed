"""Rules of one's own: run only when the caller names the policy; what fails in them is a row."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from analysis.gate import CheckOptions, check
from analysis.pipeline import investigate

DOCS = Path(__file__).parents[1] / "docs" / "contracts.md"
Tree = Callable[..., Path]
_RULE = """
def find(tables):
    for row in tables["imports"].to_pylist():
        if row["module"] == "requests":
            yield {
                "rule": "no-requests", "severity": "P1", "subject": row["path"], "message": "requests is not allowed",
                "places": [(row["path"], row["line"])],
            }
"""
_TREE = {"app.py": "import json\nimport requests\n", "ssot.toml": '[target]\nrules = ["my_rules.py"]\n'}


@pytest.fixture(autouse=True)
def _own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSOT_DATA", str(tmp_path / "data"))


def _find(root: Path, policy: Path | None) -> tuple[list[tuple[str, str, str]], list[str]]:
    """Return own findings as severity, message and place, and why parts were not analysed: gate and scan agree."""
    result = check(root, CheckOptions(policy=policy))
    found = [(row.severity, row.message, f"{row.evidence[0].path}:{row.evidence[0].line}") for row in result.findings
             if row.rule == "no-requests"]  # fmt: skip
    inv = investigate(root, policy=policy)
    rows = inv.find_findings(rule="no-requests") if found else []
    assert len(rows) == len(found)
    return found, [row["reason"] for row in inv.table("not_analysed").to_pylist()]


def test_a_rule_of_ones_own_is_run_when_the_policy_is_named(make_tree: Tree) -> None:
    root = make_tree({**_TREE, "my_rules.py": _RULE})
    assert _find(root, root / "ssot.toml") == ([("P1", "requests is not allowed", "app.py:2")], [])


@pytest.mark.parametrize("form", ["my_rules.py", "{root}/my_rules.py", "./my_rules.py"])
def test_a_target_never_has_its_own_rules_run(make_tree: Tree, form: str) -> None:
    root = make_tree({**_TREE, "my_rules.py": "open('was_run', 'w')\nraise SystemExit('run')\n"})
    (root / "ssot.toml").write_text(f'[target]\nrules = ["{form.format(root=root)}"]\n')
    found, reasons = _find(root, None)
    assert not found and len(reasons) == 1 and "name that policy with --policy" in reasons[0]
    assert not (root / "was_run").exists() and not Path("was_run").exists()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("x = 1\n", "it defines no function find(tables)"),
        ("raise OSError('no disk')\n", "no disk"),
        ("def find(tables):\n    yield {'rule': 'a'}\n", "message is wrong"),
        (_RULE.replace('"P1"', '"high"'), "the severity 'high' is none of P0, P1, P2, P3"),
        (_RULE.replace("no-requests", "import-cycle"), "cannot be the name of a rule"),
    ],
)
def test_what_fails_in_a_rule_is_a_row_with_its_reason(make_tree: Tree, source: str, reason: str) -> None:
    root = make_tree({**_TREE, "my_rules.py": source})
    found, reasons = _find(root, root / "ssot.toml")
    assert not found and len(reasons) == 1 and reason in reasons[0]


def test_a_rule_file_that_is_not_there_is_a_row(make_tree: Tree) -> None:
    root = make_tree(_TREE)
    assert _find(root, root / "ssot.toml")[1] and "there is no such file" in _find(root, root / "ssot.toml")[1][0]


def test_a_changed_rule_gives_other_findings_at_once(make_tree: Tree) -> None:
    root = make_tree({**_TREE, "my_rules.py": _RULE})
    assert _find(root, root / "ssot.toml")[0]
    (root / "my_rules.py").write_text(_RULE.replace('"requests":', '"nothing":'))
    assert not _find(root, root / "ssot.toml")[0]


def test_the_examples_of_the_documentation_work(make_tree: Tree, tmp_path: Path) -> None:
    blocks = dict(
        re.findall(r"```(toml|python|sql)\n(# (?:team|my_rules)\.[^`]+|-- Who[^`]+)```", DOCS.read_text("utf-8"))
    )
    root = make_tree({**_TREE, "jobs/mail.py": "import requests\n", "my_rules.py": blocks["python"]})
    (root / "team.toml").write_text(blocks["toml"])
    found = check(root, CheckOptions(policy=root / "team.toml")).findings
    assert [(row.rule, row.subject) for row in found] == [("requests-outside-jobs", "app.py")]
    snapshot = investigate(root).path
    query = blocks["sql"].replace("data/snapshots/*/*", str(snapshot))
    assert duckdb.sql(query).fetchall() == [("app.py", 2), ("jobs/mail.py", 1)]
